"""Every example, built as its README says, installed, and tested by its own tests on both interpreters."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ftwheel.core.tags.cpython import on
from ftwheel.io.system.child_environment import clean_environ
from ftwheel.io.system.interpreters import probe
from ftwheel.io.system.virtual_environments import find_uv
from support.commands import ftwheel, ftwheel_environ
from support.documents import documented
from support.server import serve

pytestmark = pytest.mark.e2e

PAIR = ("{default}-{default}", "{default}-{free_threaded}")
# The tags that come out, platforms aside; {default} is cp313 and {free_threaded} cp313t for the pair 3.13.
EXPECTED = {
    "bundled-library": PAIR,
    "ctypes-library": ("py3-none",),
    "hatchling-pure": ("py3-none",),
    "maturin-pyo3": PAIR,
    "meson-python": PAIR,
    "scikit-build-nanobind": PAIR,
    "scikit-build-pybind11": PAIR,
    "setuptools-c": PAIR,
    "setuptools-cython": PAIR,
    "setuptools-limited-api": ("cp310-abi3", "{default}-{free_threaded}"),
    "stable-abi-setuptools": ("cp310-abi3", "{default}-{free_threaded}"),
}
PURE = {"hatchling-pure"}
FAILING = {"cffi-api", "wrong-no-gil-slot"}  # cffi-api on 3.13t only
SHOWN = {  # the page of docs/ that shows what building them prints
    "bundled-library": "examples.md",
    "ctypes-library": "examples.md",
    "scikit-build-pybind11": "build.md",
    "setuptools-limited-api": "examples.md",
}
LATER = {"stable-abi-maturin"}  # PyO3 0.29 has no 3.13t


def run(*command: str | Path, cwd: Path, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [os.fspath(one) for one in command], cwd=cwd, env=environ, capture_output=True, text=True, timeout=280
    )


@pytest.fixture
def environ(request: pytest.FixtureRequest) -> dict[str, str]:
    """A user's environment. What cargo compiled is kept between runs of the tests; it takes the most time of all.

    Each example has a folder of its own: their modules have one name, and cargo would take the other's for fresh.
    """
    assert request.config.cache is not None
    kept = request.config.cache.mkdir("cargo-target") / request.getfixturevalue("project").name
    return clean_environ(CARGO_TARGET_DIR=os.fspath(kept))


@pytest.fixture
def project(request: pytest.FixtureRequest, examples: Path, tmp_path: Path) -> Path:
    """A copy of the example that the test is about: the checkout stays clean."""
    name = request.param
    if name.startswith("maturin") and shutil.which("cargo") is None:
        reason = "cargo is not on PATH: install Rust to try the example for maturin"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return Path(shutil.copytree(examples / name, tmp_path / name))


def build(
    project: Path, *pythons: str, environ: Mapping[str, str]
) -> tuple[subprocess.CompletedProcess[str], list[Path]]:
    """``ftwheel build`` as a user runs it: what it said, and the files it made."""
    out = project.parent / "wheels"
    done = run(
        sys.executable, "-m", "ftwheel", "build", project.name, "--python", ",".join(pythons), "-o", out,
        cwd=project.parent, environ=environ,
    )  # fmt: skip
    return done, sorted(out.iterdir()) if out.exists() else []


def project_name(project: Path) -> str:
    name: str = tomllib.loads((project / "pyproject.toml").read_text())["project"]["name"]
    return name


def own_tests(project: Path, wheels: Path, python: str, environ: Mapping[str, str]) -> str:
    """Run the example's tests on a wheel that an installer chose for the interpreter; returns what pytest printed."""
    uv = find_uv()
    assert uv is not None
    folder = project.parent / f"env-{probe(python).abi_tag}"
    settings = tomllib.loads((project / "pyproject.toml").read_text())
    wanted = [project_name(project), *settings["dependency-groups"]["test"]]
    interpreter = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    for command in (
        [uv, "venv", "--quiet", "--python", python, folder],
        [uv, "pip", "install", "--quiet", "--python", interpreter, "--only-binary", ":all:", "-f", wheels, *wanted],
    ):
        done = run(*command, cwd=project.parent, environ=environ)
        assert done.returncode == 0, done.stderr
    tested = run(interpreter, "-m", "pytest", "-p", "no:cacheprovider", "tests", cwd=project, environ=environ)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    return tested.stdout


def is_supported(label: str) -> bool:
    """Whether a target's CPython is supported today: a release may drop versions past their end of life."""
    return int(label.partition("-")[0].removeprefix("cp3").removesuffix("t")) in on(datetime.now(UTC).date())


def check_that_no_wheel_is_lost_unnoticed(project: Path, files: list[Path]) -> None:
    """Over an index with an older release: without any one wheel, exactly the targets that took it have a problem."""

    def verified(folder: Path) -> dict[str, dict[str, Any]]:
        options = ["--no-config", "-i", f"{server.url}/simple/", "--format", "json"]
        done = ftwheel("verify", folder, *options, environ=ftwheel_environ(FTWHEEL_CACHE_DIR=str(project.parent / "c")))
        assert done.code in {0, 1}, done.err
        return {place["environment"]: place for place in done.json["places"]}

    def troubled(places: dict[str, dict[str, Any]]) -> set[str]:
        return {label for label, place in places.items() if place["expected"] and not place["served"]}

    with serve() as server:
        older = [path.name.replace("-1.0-", "-0.9-") for path in files]
        page = "".join(f'<a href="../../files/{name}">{name}</a>' for name in older)
        server.put(f"/simple/{project_name(project)}/", page, content_type="text/html")
        whole = verified(files[0].parent)
        assert any(place["served"] for place in whole.values())
        for lost in files:
            rest = project.parent / f"without-{lost.stem}"
            rest.mkdir()
            for path in files:
                if path != lost:
                    shutil.copy(path, rest)
            took_it = {
                label
                for label, place in whole.items()
                if any(taken["filename"] == lost.name for taken in place["gets"]) and is_supported(label)
            }
            places = verified(rest)
            assert took_it
            assert troubled(places) - troubled(whole) == took_it & troubled(places) == took_it
            assert all(places[label]["codes"] for label in took_it)


def check_pair(
    project: Path, default_python: str, free_threaded_python: str, expected: tuple[str, ...], environ: Mapping[str, str]
) -> None:
    """The right files come out, and installed from them the example passes its own tests on both interpreters."""
    abis = {"default": probe(default_python).abi_tag, "free_threaded": probe(free_threaded_python).abi_tag}

    done, files = build(project, default_python, free_threaded_python, environ=environ)

    assert done.returncode == 0, done.stdout + done.stderr
    tags = [path.stem.split("-")[2:] for path in files]
    assert sorted(f"{python}-{abi}" for python, abi, _ in tags) == sorted(tag.format(**abis) for tag in expected)
    platforms = {platform for *_, compressed in tags for platform in compressed.split(".")}
    if project.name in PURE:
        assert platforms == {"any"}
    elif sys.platform == "linux":
        assert all(platform.startswith(("manylinux", "musllinux")) for platform in platforms)
    assert all(path.name in done.stdout for path in files)
    if page := SHOWN.get(project.name):
        documented(page, f"ftwheel build examples/{project.name}", done.stdout)

    checked = run(sys.executable, "-m", "ftwheel", "check", files[0].parent, cwd=project.parent, environ=environ)
    assert checked.returncode == 0
    assert checked.stdout.endswith(": no findings\n"), checked.stdout

    if project.name == "setuptools-c":
        documented("check.md", "ftwheel check dist", checked.stdout)
        tagged = run(sys.executable, "-m", "ftwheel", "tag", "--suggest", *files, cwd=project.parent, environ=environ)
        documented("tag.md", "ftwheel tag --suggest", tagged.stdout)
        relabel = ("tag", "--abi-tag", abis["default"], files[1])
        refused = run(sys.executable, "-m", "ftwheel", *relabel, cwd=project.parent, environ=environ)
        documented("tag.md", "ftwheel tag --abi-tag", refused.stderr)
    if len(files) > 1:
        check_that_no_wheel_is_lost_unnoticed(project, files)

    assert " passed" in own_tests(project, files[0].parent, default_python, environ)
    # nothing is skipped here: the last test of each example is about the GIL of a free-threaded interpreter
    assert "skipped" not in own_tests(project, files[0].parent, free_threaded_python, environ)


@pytest.mark.parametrize("project", sorted(EXPECTED), indirect=True)
def test_the_right_files_come_out_and_pass_the_tests_of_the_example(
    project: Path, default_python: str, free_threaded_python: str, environ: dict[str, str]
) -> None:
    check_pair(project, default_python, free_threaded_python, EXPECTED[project.name], environ)


def loaded(folder: Path, wheel: Path, python: str) -> str:
    """What the interpreter says to a histogram of an unpacked wheel: its counts, or the last line of its traceback."""
    place = folder / f"{wheel.stem}-{probe(python).abi_tag}"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    code = "import histogram; one = histogram.Histogram(0, 4, 4); one.add(1); print(one.counts())"
    done = run(python, "-c", code, cwd=place, environ=clean_environ())
    return (done.stdout or done.stderr).strip().splitlines()[-1]


COUNTS = "[0, 1, 0, 0]"


@pytest.mark.parametrize("project", ["stable-abi-setuptools"], indirect=True)
def test_three_wheels_serve_every_version(
    *,
    project: Path,
    default_python: str,
    free_threaded_python: str,
    python_314: str,
    python_315: str,
    environ: dict[str, str],
) -> None:
    pythons = (default_python, free_threaded_python, python_314, python_315)
    done, files = build(project, *pythons, environ=environ)

    assert done.returncode == 0, done.stdout + done.stderr
    # 3.14 gets the wheel that an older one builds
    assert sorted(line for line in done.stderr.splitlines() if line.endswith(": building")) == sorted(
        f"{probe(python).label}: building" for python in pythons if python != python_314
    )
    builder = probe(default_python).label
    assert f"{builder}: the tag serves 3.10 and newer, but CPython {builder} built it" in done.stdout
    abi3, specific, both = files
    threads = probe(free_threaded_python).abi_tag
    tags = ["-".join(path.name.split("-")[2:4]) for path in files]
    assert tags == ["cp310-abi3", f"{threads.removesuffix('t')}-{threads}", "cp315-abi3.abi3t"]
    documented("build.md", "ftwheel build examples/stable-abi-setuptools", done.stdout)
    assert {loaded(project.parent, abi3, python) for python in (default_python, python_314, python_315)} == {COUNTS}
    assert loaded(project.parent, specific, free_threaded_python) == COUNTS
    assert loaded(project.parent, both, python_315) == COUNTS
    assert loaded(project.parent, both, python_314).startswith("ModuleNotFoundError")


@pytest.mark.parametrize("project", ["setuptools-c"], indirect=True)
def test_a_wheel_that_serves_one_version_is_not_the_one_that_stable_abi_names(
    project: Path, default_python: str, python_314: str, environ: dict[str, str]
) -> None:
    with (project / "pyproject.toml").open("a") as file:
        file.write('stable-abi = "3.10"\n')
    assert "[tool.ftwheel]" in (project / "pyproject.toml").read_text().splitlines()[-3:]

    done, files = build(project, default_python, python_314, environ=environ)

    assert (done.returncode, files) == (6, [])
    assert f"built with {probe(default_python).label}, does not serve 3.14: [tool.ftwheel] stable-abi" in done.stderr


@pytest.mark.parametrize("project", ["setuptools-limited-api"], indirect=True)
def test_the_limited_api_of_an_old_version_builds_on_3_15_for_the_old_versions(
    project: Path, default_python: str, python_314: str, python_315: str, environ: dict[str, str]
) -> None:
    done, files = build(project, python_315, environ=environ)

    assert done.returncode == 0, done.stdout + done.stderr
    [wheel] = files
    assert wheel.name.split("-")[2:4] == ["cp310", "abi3"]
    assert {loaded(project.parent, wheel, python) for python in (default_python, python_314, python_315)} == {COUNTS}


@pytest.mark.network
@pytest.mark.parametrize("project", ["stable-abi-maturin"], indirect=True)
def test_maturin_makes_the_wheel_of_both_builds(
    project: Path, default_python: str, python_314: str, python_315: str, environ: dict[str, str]
) -> None:
    done, files = build(project, default_python, python_315, environ=environ)

    assert done.returncode == 0, done.stdout + done.stderr
    abi3, both = files
    assert [path.name.split("-")[2:4] for path in files] == [["cp310", "abi3"], ["cp315", "abi3.abi3t"]]
    assert {loaded(project.parent, abi3, python) for python in (default_python, python_314, python_315)} == {COUNTS}
    assert loaded(project.parent, both, python_315) == COUNTS


@pytest.mark.network
@pytest.mark.parametrize("project", ["stable-abi-maturin"], indirect=True)
def test_pyo3_with_the_feature_for_both_builds_refuses_3_13t(
    project: Path, free_threaded_python: str, environ: dict[str, str]
) -> None:
    said = "PyO3 does not support the free-threaded build of CPython versions below 3.14"
    assert said in " ".join((project / "README.md").read_text().split())
    if probe(free_threaded_python).minor > (3, 13):
        return

    done, files = build(project, free_threaded_python, environ=environ)

    assert (done.returncode, files) == (6, [])
    assert said in " ".join(done.stderr.split())


@pytest.mark.parametrize("project", ["setuptools-cython"], indirect=True)
def test_the_sdist_has_the_sources_and_nothing_that_was_built(
    project: Path, default_python: str, environ: dict[str, str]
) -> None:
    uv = find_uv()
    assert uv is not None

    done = run(uv, "build", "--sdist", "--python", default_python, cwd=project, environ=environ)

    assert done.returncode == 0, done.stderr
    with tarfile.open(next((project / "dist").glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"src/_histogram.pyx", "src/histogram/__init__.py", "tests/test_histogram.py"} <= names
    assert not any(name.startswith("build") for name in names)


@pytest.mark.parametrize("project", ["wrong-no-gil-slot"], indirect=True)
def test_a_module_that_turns_the_gil_on_is_named_with_the_line_to_add(
    project: Path, default_python: str, free_threaded_python: str, environ: dict[str, str]
) -> None:
    done, files = build(project, default_python, free_threaded_python, environ=environ)

    assert done.returncode == 1, done.stdout + done.stderr
    assert files == []
    assert "undeclared" in done.stdout
    documented("build.md", "ftwheel build examples/wrong-no-gil-slot", done.stdout)
    documented("examples.md", "ftwheel build examples/wrong-no-gil-slot", done.stdout)


@pytest.mark.parametrize("project", ["wrong-no-gil-slot"], indirect=True)
def test_adding_that_line_is_enough(
    project: Path, default_python: str, free_threaded_python: str, environ: dict[str, str]
) -> None:
    source = project / "src" / "undeclared.c"
    missing = "/* missing: {Py_mod_gil, Py_MOD_GIL_NOT_USED} */"
    assert missing in source.read_text()
    source.write_text(source.read_text().replace(missing, "{Py_mod_gil, Py_MOD_GIL_NOT_USED},"))

    done, files = build(project, default_python, free_threaded_python, environ=environ)

    assert done.returncode == 0, done.stdout + done.stderr
    assert len(files) == 2


@pytest.mark.parametrize("project", ["cffi-api"], indirect=True)
def test_cffi_says_why_it_refuses_the_free_threaded_3_13_and_builds_on_newer_ones(
    project: Path, default_python: str, free_threaded_python: str, environ: dict[str, str]
) -> None:
    if probe(free_threaded_python).minor > (3, 13):
        check_pair(project, default_python, free_threaded_python, PAIR, environ)
        return

    refused, nothing = build(project, default_python, free_threaded_python, environ=environ)

    assert refused.returncode == 6, refused.stdout + refused.stderr
    said = " ".join(refused.stderr.split())  # uv wraps its lines to the width of the terminal
    assert "CFFI does not support the free-threaded build of CPython 3.13" in said
    assert nothing == []

    done, files = build(project, default_python, environ=environ)

    assert done.returncode == 0, done.stdout + done.stderr
    abi = probe(default_python).abi_tag
    assert [path.name.split("-")[2:4] for path in files] == [[abi, abi]]
    assert " passed" in own_tests(project, files[0].parent, default_python, environ)


@pytest.mark.network
@pytest.mark.parametrize("project", sorted({*EXPECTED, *FAILING, *LATER}), indirect=True)
def test_every_example_passes_its_tests_on_the_default_3_14_and_3_15(
    project: Path, python_314: str, python_315: str, environ: dict[str, str]
) -> None:
    """No session of the default suite has the time for all; nothing here declares anything to a free-threaded build."""
    done, files = build(project, python_314, python_315, environ=environ)

    assert done.returncode == 0, done.stdout + done.stderr
    if (project / "tests").is_dir():  # the wrong one has none
        for python in (python_314, python_315):
            assert " passed" in own_tests(project, files[0].parent, python, environ)


def test_every_example_is_tried(examples: Path) -> None:
    assert {path.parent.name for path in examples.glob("*/pyproject.toml")} == {*EXPECTED, *FAILING, *LATER}


def test_copies_in_the_examples_are_still_the_same(examples: Path) -> None:
    """An example stands alone, so what several of them share is in each; a change has to reach all."""
    tests = {path.read_text() for path in examples.glob("*/tests/test_histogram.py")}
    sources = {(examples / name / "src" / "_histogram.c").read_text() for name in ("setuptools-c", "meson-python")}
    assert (len(tests), len(sources)) == (1, 1)


@pytest.mark.parametrize(
    ("fragment", "example"),
    [
        ("cffi", "cffi-api"),
        ("hatchling", "hatchling-pure"),
        ("maturin", "maturin-pyo3"),
        ("meson-python", "meson-python"),
        ("scikit-build", "ctypes-library"),
        ("scikit-build-nanobind", "scikit-build-nanobind"),
        ("scikit-build-pybind11", "scikit-build-pybind11"),
        ("setuptools", "setuptools-c"),
        ("setuptools-cython", "setuptools-cython"),
        ("setuptools-limited-api", "setuptools-limited-api"),
    ],
)
def test_what_a_template_asks_for_is_what_the_example_is_built_with(
    examples: Path, fragment: str, example: str
) -> None:
    template = tomllib.loads((examples.parent / "templates" / "pyproject" / f"{fragment}.toml").read_text())
    used = tomllib.loads((examples / example / "pyproject.toml").read_text())
    wrapped = used.get("tool", {}).get("ftwheel", used["build-system"])["build-backend"]
    assert template["tool"]["ftwheel"] == {"build-backend": wrapped}
    assert template["build-system"]["build-backend"] == "ftwheel_build"
    assert set(template["build-system"]["requires"]) == {"ftwheel-build", *used["build-system"]["requires"]}
