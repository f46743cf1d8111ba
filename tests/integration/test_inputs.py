"""What is read of each format: the files in tests/inputs were written by the real tools for one project."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from ftwheel.core.dependencies.inputs import Dependencies
from ftwheel.core.errors import InputError
from ftwheel.core.tags.environments import parse_environment
from ftwheel.io.dependencies.inputs import read_arguments, read_input, read_interpreter
from ftwheel.io.dependencies.inputs.formats import LOCK_FORMATS

HERE = Path(__file__).resolve().parents[1] / "inputs"
LINUX = dict(parse_environment("cp314t-manylinux_2_28_x86_64").markers)
WINDOWS = dict(parse_environment("cp314t-win_amd64").markers)
MAIN = ["markdown-it-py", "mdurl", "pygments", "pyyaml", "rich"]
TEST = ["iniconfig", "packaging", "pluggy", "pytest"]


def read(name: str, *, extras: tuple[str, ...] = (), groups: tuple[str, ...] = ()) -> Dependencies:
    return read_input(str(HERE / name), extras=extras, groups=groups)


def names(dependencies: Dependencies, markers: dict[str, str] = LINUX) -> list[str]:
    return sorted(pin.name for pin in dependencies.pins_for(markers))


@pytest.mark.parametrize("lock", ["uv.lock", "poetry.lock", "pdm.lock"])
def test_locks_agree_about_one_project(lock: str) -> None:
    assert names(read(lock)) == MAIN
    assert names(read(lock), WINDOWS) == sorted([*MAIN, "colorama"])
    assert names(read(lock, extras=("fast",))) == sorted([*MAIN, "msgpack"])
    assert names(read(lock, groups=("test",))) == sorted([*MAIN, *TEST])
    everything = read(lock, extras=("*",), groups=("*",))
    assert names(everything, WINDOWS) == sorted([*MAIN, *TEST, "msgpack", "colorama"])


@pytest.mark.parametrize("lock", [each.filename for each in LOCK_FORMATS])
def test_locks_name_versions_files_and_hashes(lock: str) -> None:
    found = read(lock, extras=("*",), groups=("*",))
    assert (found.is_lock, found.resolved, found.wanted) == (True, True, ())
    pin = next(pin for pin in found.pins if pin.name == "pyyaml")
    assert pin.version == "6.0.3"
    files = {file.filename: file for file in pin.files}
    wheel = next(file for name, file in files.items() if "cp314t-manylinux" in name and "x86_64" in name)
    assert any(name.endswith(".tar.gz") for name in files)
    assert [algorithm for algorithm, digest in wheel.hashes if len(digest) == 64] == ["sha256"]
    rich = next(pin for pin in found.pins if pin.name == "rich")
    if lock != "pylock.toml":  # uv writes no edges into it
        assert [edge.name for edge in rich.requires] == ["markdown-it-py", "pygments"]


def test_the_files_of_one_lock_are_those_of_the_other() -> None:
    def files(lock: str) -> set[str]:
        return {file.filename for pin in read(lock).pins if pin.name == "pyyaml" for file in pin.files}

    assert files("uv.lock") == files("pylock.toml")
    # uv and PDM leave out what no Python of the project can take, Poetry does not
    assert set() < files("uv.lock") <= files("pdm.lock") < files("poetry.lock")


def test_uv_lock_says_who_was_asked_for() -> None:
    assert read("uv.lock").roots == ("colorama", "pyyaml", "rich")
    assert {pin.index for pin in read("uv.lock").pins} == {"https://index.example.org/simple"}


def test_an_application_of_hundreds_of_projects_is_one_input() -> None:
    found = read("airflow-requirements.txt")
    assert (len(found.wanted), found.resolved) == (671, False)
    assert all(each.requirement.pinned for each in found.wanted)


def test_requirements_of_pip_tools_and_uv() -> None:
    for name in ("requirements.txt", "uv-requirements.txt"):
        found = read(name)
        assert (found.is_lock, found.resolved, found.pins) == (False, False, ())
        wanted = {each.requirement.name: each for each in found.wanted}
        assert set(MAIN) <= wanted.keys()
        assert wanted["pyyaml"].requirement.pinned
        assert len(wanted["pyyaml"].hashes) > 40
    assert wanted["colorama"].requirement.marker == 'sys_platform == "win32"'


def test_constraints_are_apart() -> None:
    found = read("requirements.in")
    assert [each.requirement.name for each in found.wanted] == ["rich", "pyyaml", "colorama"]
    assert [each.requirement.text for each in found.constraints] == ["rich<15"]
    assert found.wanted[0].origin.endswith("requirements.in:2")


def test_pyproject_with_extras_and_groups() -> None:
    found = read("pyproject.toml", extras=("FAST",), groups=("*",))
    assert found.roots == ("rich", "pyyaml", "colorama", "msgpack", "pytest")
    assert found.requires_python == ">=3.11"
    assert read_input(str(HERE)).roots == ("rich", "pyyaml", "colorama")
    with pytest.raises(InputError, match="has no extra slow") as error:
        read("pyproject.toml", extras=("slow",))
    assert error.value.hint == "it has fast"


def test_a_report_and_an_inspection_of_pip() -> None:
    report, inspection = read("report.json"), read("inspect.json")
    assert (report.is_lock, report.roots) == (False, ("rich", "pyyaml"))
    assert names(report) == MAIN
    assert all(not pin.files for pin in report.pins)
    assert (inspection.is_lock, inspection.resolved) == (False, True)
    assert set(MAIN) < set(names(inspection))


def test_standard_input_is_json(monkeypatch: pytest.MonkeyPatch) -> None:
    class Pipe:
        buffer = io.BytesIO((HERE / "report.json").read_bytes())

    monkeypatch.setattr(sys, "stdin", Pipe)
    assert names(read_input("-")) == MAIN


def test_the_environment_of_a_real_interpreter(default_python: str, free_threaded_python: str) -> None:
    for python in (default_python, free_threaded_python):
        found = read_interpreter(python)
        assert found.resolved
        assert "pip" in names(found)


def test_what_is_installed_from_a_folder_is_set_aside() -> None:
    found = read_interpreter(sys.executable)  # ftwheel itself is installed from this checkout
    assert {"ftwheel", "ftwheel-build"} <= {each.name for each in found.set_aside}
    assert "packaging" in names(found)


def test_arguments() -> None:
    found = read_arguments(["lxml>=5", "Django[argon2]", "./local", "demo @ https://files.example.org/demo-1.zip"])
    assert [each.requirement.name for each in found.wanted] == ["lxml", "django"]
    assert [each.name for each in found.set_aside] == ["./local", "demo"]


def written(folder: Path, **files: str) -> str:
    for name, text in files.items():
        (folder / f"{name}.txt").write_text(text)
    return str(folder / "main.txt")


def test_everything_a_requirements_file_may_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INDEX_HOST", "index.example.org")
    monkeypatch.delenv("NOT_SET", raising=False)
    path = written(
        tmp_path,
        main="""\
# a comment
-i https://${INDEX_HOST}/simple
--extra-index-url=https://${NOT_SET}/simple
--find-links wheels --pre
--no-binary :all:
--only-binary=lxml
--use-feature fast-deps
-r more.txt
-cbounds.txt
foo[bar,baz] >= 1, \\
  < 2 ; python_version > "3"   # with a comment
Foo_Bar == 1.0 \\
    --hash=sha256:ABCDEF \\
# a comment ends the line
plain  --config-settings "key=a value"
-e git+https://git.example.org/thing#egg=thing
-e .
./downloads/numpy-1.9.2-cp34-none-win32.whl
https://files.example.org/some-1.0.tar.gz
direct @ file:///somewhere/direct-1.0.whl
""",
        more="-r deeper.txt\nmore",
        deeper="deeper",
        bounds="bound<3\n-r more2.txt",
        more2="unbound",
    )
    found = read_input(path)
    assert [str(each.requirement.text) for each in found.wanted] == [
        "deeper",
        "more",
        "unbound",
        'foo[bar,baz] >= 1,   < 2 ; python_version > "3"',
        "Foo_Bar == 1.0",
        "plain",
    ]
    assert found.wanted[3].origin.endswith("main.txt:10")
    assert found.wanted[4].hashes == {("sha256", "abcdef")}
    assert [each.requirement.name for each in found.constraints] == ["bound"]
    assert [each.name for each in found.set_aside] == ["thing", ".", "numpy", "some", "direct"]
    options = found.options
    assert options.index_url == "https://index.example.org/simple"
    assert options.extra_index_urls == ("https://${NOT_SET}/simple",)
    assert (options.find_links, options.prereleases) == (("wheels",), True)
    assert options.formats == (("no-binary", ":all:"), ("only-binary", "lxml"))


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (b"\xef\xbb\xbfd\xc3\xa9j\xc3\xa0", None),
        (b"\xef\xbb\xbfplain", ["plain"]),
        ("plain\nother".encode("utf-16"), ["plain", "other"]),
        ("plain".encode("utf-32"), ["plain"]),
        (b"# -*- coding: latin-1 -*-\nplain  # \xe9", ["plain"]),
        (b"plain\r\nother\r\n", ["plain", "other"]),
    ],
)
def test_encodings(tmp_path: Path, body: bytes, names: list[str] | None) -> None:
    path = tmp_path / "requirements.txt"
    path.write_bytes(body)
    if names is None:
        with pytest.raises(InputError, match=r"requirements\.txt:1: "):
            read_input(str(path))
    else:
        assert [each.requirement.name for each in read_input(str(path)).wanted] == names
