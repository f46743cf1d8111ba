"""``ftwheel check`` and ``ftwheel tag`` as people and their pipelines run them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ftwheel.cli.main import main
from ftwheel.io.system.child_environment import clean_environ
from support.documents import documented
from support.modules import UNDECLARED, build_module, ext_suffix
from support.wheels import make_wheel

pytestmark = pytest.mark.e2e

CLASSIFIER = "Programming Language :: Python :: Free Threading :: 2 - Beta"
CRASH = """
#include <Python.h>
#include <stdlib.h>
PyMODINIT_FUNC PyInit_{name}(void) {{ abort(); }}
"""
Run = Callable[..., tuple[int, str, str]]


def for_this_machine(arguments: Sequence[str | Path]) -> list[str]:
    """``check`` as for wheels that nobody uploads: those made here have the plain tag of this machine."""
    command, *rest = [os.fspath(one) for one in arguments]
    return [command, *(["--index-rules", "any"] if command == "check" else []), *rest]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, default_python: str, free_threaded_python: str) -> Path:
    """``good/`` has a right pair, ``bad/`` a free-threaded wheel that does not declare."""
    folder = tmp_path_factory.mktemp("made")
    for python, abi in ((default_python, "cp313"), (free_threaded_python, "cp313t")):
        module = build_module(folder / abi, python)
        files: dict[str, str | bytes] = {"pkg/__init__.py": "", f"pkg/_ext{ext_suffix(python)}": module}
        make_wheel(folder / "good", f"pkg-1.0-cp313-{abi}-linux_x86_64.whl", files, classifiers=[CLASSIFIER])
    undeclared = build_module(folder / "undeclared", free_threaded_python, source=UNDECLARED)
    files = {f"pkg/_ext{ext_suffix(free_threaded_python)}": undeclared}
    make_wheel(folder / "bad", "pkg-1.0-cp313-cp313t-linux_x86_64.whl", files, classifiers=[CLASSIFIER])
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Exit code, standard output and standard error of the command line, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        code = main(for_this_machine(arguments))
        return code, *capsys.readouterr()

    return call


def process(*arguments: str | Path, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ftwheel", *for_this_machine(arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, env=clean_environ(**environ))


def test_a_right_pair(run: Run, made: Path) -> None:
    code, out, err = run("check", made / "good")
    assert (code, err) == (0, "")
    assert "2 wheels: no findings" in out
    assert "declares not needed" in out
    assert run("check", "--quiet", made / "good")[1] == "2 wheels: no findings\n"


def test_a_module_that_does_not_declare(run: Run, made: Path) -> None:
    code, out, _ = run("check", made / "bad")
    assert code == 1
    assert "error FTW401 pkg/_ext.cpython-313t-x86_64-linux-gnu.so" in out
    assert "{Py_mod_gil, Py_MOD_GIL_NOT_USED}" in out


def test_what_the_documentation_shows(tmp_path: Path, free_threaded_python: str) -> None:
    """The free-threaded wheel of the example that is wrong on purpose."""
    module = build_module(tmp_path / "built", free_threaded_python, name="undeclared", source=UNDECLARED)
    wheel = "wrong_no_gil_slot-1.0-cp313-cp313t-manylinux_2_17_x86_64.whl"
    make_wheel(tmp_path / "bad", wheel, {f"undeclared{ext_suffix(free_threaded_python)}": module})
    command = [sys.executable, "-m", "ftwheel", "check"]
    imported = ("--import", "--python", free_threaded_python, "--quiet", "--ignore", "FTW401,FTW501")
    for shown, options in (("ftwheel check bad", ()), ("ftwheel check --import", imported)):
        done = subprocess.run(
            [*command, *options, "bad"], cwd=tmp_path, capture_output=True, text=True, env=clean_environ(COLUMNS="200")
        )
        assert done.returncode == 1, done.stderr
        documented("check.md", shown, done.stdout)


def test_files_and_patterns_may_be_named_too(run: Run, made: Path) -> None:
    (wheel,) = (made / "bad").iterdir()
    assert run("check", wheel, wheel)[1].endswith("1 wheel: 1 error\n")
    assert run("check", made / "bad" / "*.whl")[0] == 1


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("missing.whl", "not a file, a folder or NAME==VERSION"),
        (".", "no wheels in this folder"),
        ("*.whl", "no file matches"),
        ("pkg==one", "'one' is not a version"),
    ],
)
def test_what_is_no_wheel_to_be_found(target: str, message: str, run: Run) -> None:
    code, out, err = run("check", target)
    assert (code, out) == (2, "")
    assert message in err


def test_nothing_named(run: Run) -> None:
    assert run("check")[0] == 2


def test_a_broken_file_is_told_and_the_others_are_checked(run: Run, made: Path, tmp_path: Path) -> None:
    broken = tmp_path / "pkg-1.0-py3-none-any.whl"
    broken.write_bytes((next((made / "good").iterdir())).read_bytes()[:1000])
    code, out, _ = run("check", broken, made / "bad")
    assert code == 2
    assert "error FTW100" in out
    assert "error FTW401" in out
    assert str(tmp_path) not in out  # the finding's subject is the file's name


def test_rules_are_chosen_on_the_command_line(run: Run, made: Path) -> None:
    assert run("check", "--ignore", "FTW401", made / "bad")[0] == 0
    assert run("check", "--select", "ftw2,FTW3", made / "bad")[0] == 0
    assert run("check", "--severity", "FTW401=warning", made / "bad")[0] == 0
    assert run("check", "--severity", "FTW401=warning", "--fail-on", "warning", made / "bad")[0] == 1
    for wrong in (["--ignore", "FTW999"], ["--severity", "FTW401"], ["--severity", "FTW999=error"]):
        assert run("check", *wrong, made / "bad")[0] == 2


def test_rules_are_chosen_in_the_project(run: Run, made: Path, tmp_path: Path) -> None:
    project = tmp_path / "pyproject.toml"

    def with_table(text: str) -> int:
        project.write_text(text)
        return run("check", made / "bad")[0]

    assert with_table("[project]\nname = 'pkg'\n") == 1
    assert with_table("[tool.ftwheel.check]\nignore = ['FTW4']\n") == 0
    assert with_table("[tool.ftwheel.check]\nundeclared = ['pkg.*']\n") == 0
    assert with_table("[tool.ftwheel.check]\nseverity = {FTW401 = 'warning'}\n") == 0
    assert with_table("[tool.ftwheel]\ngil = 'allow-used'\n") == 0
    assert with_table("[tool.ftwheel.check]\nseverity = {FTW401 = 'fatal'}\n") == 3
    assert with_table("[tool.ftwheel.check]\nignored = []\n") == 3
    assert with_table("[tool.ftwheel.check\n") == 3
    project.unlink()
    assert run("check", "--config", "other.toml", made / "bad")[0] == 3


def test_json(run: Run, made: Path) -> None:
    code, out, _ = run("check", "--format", "json", made / "bad", made / "good")
    document = json.loads(out)
    assert (code, document["schema_version"]) == (1, 1)
    assert [len(wheel["findings"]) for wheel in document["wheels"]] == [1, 0, 0]
    (module,) = document["wheels"][0]["modules"]
    assert (module["built_for"], module["gil"]["answer"]) == ("free-threaded", "does not declare")
    assert document["wheels"][0]["findings"][0]["url"] == "docs/rules/FTW401.md"
    assert document["summary"].startswith("1 error")


def test_markdown(run: Run, made: Path) -> None:
    out = run("check", "--format", "markdown", made / "bad")[1]
    assert "| error | FTW401 |" in out
    assert "| `pkg/_ext.cpython-313t-x86_64-linux-gnu.so` | free-threaded | does not declare |" in out
    assert "No findings." in run("check", "--format", "markdown", made / "good")[1]


def test_github_annotations(run: Run, made: Path) -> None:
    out = run("check", "--format", "github", made / "bad")[1]
    path = os.fspath(made / "bad" / "pkg-1.0-cp313-cp313t-linux_x86_64.whl")
    assert out.startswith(f"::error file={path},title=FTW401 pkg/_ext")
    assert out.count("\n") == 1


def test_text_of_a_wheel_starts_no_command(run: Run, tmp_path: Path) -> None:
    evil = "pkg/\n::error::x\x1b[2J.py"
    wheel = make_wheel(tmp_path / "dist", "pkg-1.0-py3-none-any.whl")
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr(evil, "")
    for form in ("text", "json", "markdown", "github", "sarif"):
        out = run("check", "--format", form, tmp_path / "dist")[1]
        assert "\x1b" not in out
        assert not any(line.startswith("::error::x") for line in out.splitlines())


def test_sarif(run: Run, made: Path) -> None:
    document = json.loads(run("check", "--format", "sarif", made / "bad")[1])
    (sarif,) = document["runs"]
    (result,) = sarif["results"]
    assert (document["version"], result["ruleId"], result["level"]) == ("2.1.0", "FTW401", "error")
    rule = sarif["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert rule["id"] == "FTW401"
    (location,) = result["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"].endswith("bad/pkg-1.0-cp313-cp313t-linux_x86_64.whl")


def test_the_rules_explain_themselves(run: Run) -> None:
    assert run("check", "--explain", "ftw401")[1].startswith("# FTW401: ")
    listed = run("check", "--list-rules")[1]
    assert listed.splitlines()[0].split() == ["RULE", "SEVERITY", "TITLE"]
    assert run("check", "--explain", "FTW000")[0] == 2


def test_imports_prove_what_reading_said(run: Run, made: Path, default_python: str, free_threaded_python: str) -> None:
    pythons = ["--python", f"{default_python},{free_threaded_python}"]
    code, out, _ = run("check", "--import", *pythons, "--format", "json", made / "good")
    imports = [each for wheel in json.loads(out)["wheels"] for each in wheel["imports"]]
    assert code == 0
    assert [(each["interpreter"], each["outcome"], each["gil_after"]) for each in imports] == [
        ("3.13", "loaded", None if imports[0]["gil_after"] is None else True),
        ("3.13t", "loaded", False),
    ]
    code, out, _ = run("check", "--import", *pythons, made / "bad")
    assert code == 1
    assert "error FTW703" in out
    assert "importing pkg._ext on 3.13t enables the GIL, because of pkg._ext" in out


def test_a_crash_is_a_finding(run: Run, free_threaded_python: str, tmp_path: Path) -> None:
    crash = build_module(tmp_path / "crash", free_threaded_python, source=CRASH)
    files = {f"_ext{ext_suffix(free_threaded_python)}": crash}
    wheel = make_wheel(tmp_path / "dist", "pkg-1.0-cp313-cp313t-linux_x86_64.whl", files)
    code, out, _ = run("check", "--import", "--python", free_threaded_python, wheel)
    assert code == 1
    assert "error FTW702" in out
    assert "SIGABRT" in out


def test_an_import_needs_the_right_interpreter(run: Run, made: Path, default_python: str) -> None:
    code, out, _ = run("check", "--import", "--python", default_python, made / "bad", "--ignore", "FTW401")
    assert code == 0
    assert "warning FTW704" in out
    assert "no interpreter on this machine is 3.13t for linux_x86_64" in out


def test_the_platform_policy_is_auditwheels(run: Run, free_threaded_python: str, tmp_path: Path) -> None:
    source = UNDECLARED.replace(
        "PyMODINIT_FUNC", "#include <threads.h>\nint now(void) {{ thrd_t t; return thrd_join(t, 0); }}\nPyMODINIT_FUNC"
    )
    module = build_module(tmp_path / "new", free_threaded_python, source=source)  # C11 threads came with glibc 2.28
    files = {f"_ext{ext_suffix(free_threaded_python)}": module}
    tags = ("manylinux_2_17_x86_64", "manylinux_2_39_x86_64")
    for tag in tags:
        make_wheel(tmp_path / tag, f"pkg-1.0-cp313-cp313t-{tag}.whl", files)
    old, new = (run("check", "--select", "FTW304", tmp_path / tag) for tag in tags)
    assert (old[0], new[0]) == (1, 0)
    assert "has the tag manylinux_2_17_x86_64; auditwheel finds it consistent with manylinux_2_" in old[1]


def test_a_release_is_taken_from_where_the_options_say(run: Run, made: Path) -> None:
    links = made / "good"
    code, out, _ = run("check", "--no-config", "--no-index", "--find-links", links, "PKG==1.0")
    assert (code, out.splitlines()[-1]) == (0, "2 wheels: no findings")
    code, _, err = run("check", "--no-config", "--no-index", "--find-links", links, "pkg==2.0")
    assert code == 2
    assert "no wheel of this version" in err
    assert "the newest with wheels is 1.0" in err


def test_many_cores_say_the_same_as_one(made: Path, tmp_path: Path) -> None:
    targets = (made / "good", made / "bad")
    one, two = (process("check", "--cores", cores, *targets, cwd=tmp_path) for cores in ("1", "2"))
    assert one.returncode == two.returncode == 1
    assert one.stdout == two.stdout
    assert one.stderr == two.stderr == ""


def test_ctrl_c_ends_everything(tmp_path: Path) -> None:
    data = bytes(range(256)) * (4 << 10)
    files = {f"pkg/{number}.bin": data for number in range(60)}
    for number in range(6):
        make_wheel(tmp_path / "dist", f"pkg-1.{number}-py3-none-any.whl", files, compression=zipfile.ZIP_STORED)
    command = [sys.executable, "-m", "ftwheel", "check", "--cores", "2", "dist"]
    started = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    children = Path(f"/proc/{started.pid}/task/{started.pid}/children")
    while started.poll() is None and not children.read_text():
        time.sleep(0.01)
    os.killpg(started.pid, signal.SIGINT)  # as a terminal does it: the whole foreground group
    _, err = started.communicate(timeout=30)
    # CPython ends by the signal itself when it came while an import ran exec(), though it was handled
    assert started.returncode in {130, -signal.SIGINT}
    assert err == "ftwheel: interrupted\n"
    assert _gone(started.pid)


def _gone(group: int) -> bool:
    """Whether no process of the group is left, given a few seconds."""
    for _ in range(50):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_command_that_is_ended_removes_what_it_began(name: str, tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "pkg-1.0-py3-none-any.whl", {"pkg/data.bin": os.urandom(40 << 20)})
    command = [sys.executable, "-m", "ftwheel", "tag", "--python-tag", "py2.py3", os.fspath(wheel)]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while started.poll() is None and not any(tmp_path.glob(".ftwheel-new-*/new/*.whl")):
        time.sleep(0.001)
    started.send_signal(signal.Signals[name])
    assert started.communicate(timeout=60) == ("", "ftwheel: interrupted\n")
    assert started.returncode == 130
    assert list(tmp_path.iterdir()) == [wheel]


def test_as_the_audit_command_of_cibuildwheel(made: Path, tmp_path: Path) -> None:
    """It is called with the path of one wheel, and its exit code counts."""
    (wheel,) = (made / "bad").iterdir()
    assert process("check", wheel, cwd=tmp_path).returncode == 1
    right = made / "good" / wheel.name
    assert process("check", right, cwd=tmp_path).returncode == 0


def test_the_stable_abi_of_both_builds_is_right(run: Run, tmp_path: Path) -> None:
    """PEP 803's form; other auditors reject it."""
    wheel = make_wheel(tmp_path / "dist", "pkg-1.0-cp315-abi3.abi3t-linux_x86_64.whl", classifiers=[CLASSIFIER])
    assert run("check", wheel)[:2] == (0, "1 wheel: no findings\n")


def test_tags_that_the_code_supports(run: Run, made: Path) -> None:
    code, out, _ = run("tag", "--suggest", *sorted((made / "good").iterdir()))
    assert code == 0
    assert out.split() == [
        "pkg-1.0-cp313-cp313-linux_x86_64.whl:",
        "cp313-cp313-linux_x86_64",
        "pkg-1.0-cp313-cp313t-linux_x86_64.whl:",
        "cp313-cp313t-linux_x86_64",
    ]


def test_tags_that_the_code_does_not_support_are_refused(run: Run, made: Path, tmp_path: Path) -> None:
    wheel = made / "good" / "pkg-1.0-cp313-cp313t-linux_x86_64.whl"
    for asked in (["--abi-tag", "cp313"], ["--abi-tag=+cp313"], ["--platform-tag", "win_amd64"], ["--abi-tag", "none"]):
        code, out, err = run("tag", *asked, "--out-dir", tmp_path / "out", wheel)
        assert (code, out) == (1, "")
        assert "nothing was written" in err
        assert "tags that its code supports: cp313-cp313t-linux_x86_64" in err
    assert not (tmp_path / "out").exists()
    assert run("tag", "--abi-tag=-cp313t", wheel)[0] == 2
    assert run("tag", wheel)[0] == 2


def test_a_wheel_gets_other_tags(run: Run, made: Path, tmp_path: Path) -> None:
    shutil.copy(made / "good" / "pkg-1.0-cp313-cp313t-linux_x86_64.whl", tmp_path)
    wheel = tmp_path / "pkg-1.0-cp313-cp313t-linux_x86_64.whl"
    new = tmp_path / "pkg-1.0-1-cp313-cp313t-linux_x86_64.manylinux_2_39_x86_64.whl"
    code, out, _ = run("tag", "--platform-tag=+manylinux_2_39_x86_64", "--build", "1", "--remove", wheel)
    assert (code, out) == (0, f"{new}\n")
    assert [path.name for path in tmp_path.glob("*.whl")] == [new.name]
    assert run("check", new)[0] == 0


def test_a_renamed_wheel_gets_its_own_name_back(run: Run, made: Path, tmp_path: Path) -> None:
    renamed = tmp_path / "pkg-1.0-cp313-cp313-linux_x86_64.whl"
    shutil.copy(made / "good" / "pkg-1.0-cp313-cp313t-linux_x86_64.whl", renamed)
    code, out, _ = run("tag", "--abi-tag", "cp313t", "--remove", renamed)
    assert (code, out) == (0, f"{tmp_path / 'pkg-1.0-cp313-cp313t-linux_x86_64.whl'}\n")
    assert run("check", tmp_path)[0] == 0
