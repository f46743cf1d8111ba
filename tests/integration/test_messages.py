"""What people type by mistake, what they are told, and the exit code: one row a mistake.

Each answer is an error and a hint of one line each, on standard error; the exit code is never 1, which means findings.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ftwheel.cli import main as command_line
from ftwheel.cli import pip_companion
from support.commands import ftwheel, ftwheel_environ

WHEEL = "x-1.0-py3-none-any.whl"


@pytest.fixture
def tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Run a command in a folder with a project ``cfg``, a wheel, and empty and unreadable files."""
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_", "VIRTUAL_ENV")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("FTWHEEL_CACHE_DIR", str(tmp_path / "cache"))
    here = tmp_path / "here"
    for folder in ("cfg", "dist", "wheels", "locked"):
        (here / folder).mkdir(parents=True)
    (here / "cfg" / "pyproject.toml").write_text('[project]\nname = "cfg"\nversion = "1"\n')
    (here / "locked" / "uv.lock").write_text("version = 1\n")
    (here / "latin.toml").write_bytes(b'name = "caf\xe9"\n')
    (here / "torn.toml").write_text("[project\n")
    (here / "torn.json").write_text("{")
    (here / "other.json").write_text("{}")
    (here / "binary.txt").write_bytes(b"numpy\0\xff\n")
    (here / "requirements.txt").write_text("numpy=1.0\n")
    with zipfile.ZipFile(here / WHEEL, "w") as archive:
        archive.writestr("x-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: x\nVersion: 1.0\n")
    (here / "wheels" / WHEEL).write_bytes((here / WHEEL).read_bytes())
    monkeypatch.chdir(here)

    def told(line: str) -> tuple[int, str]:
        program, *arguments = line.split("|")
        code = command_line.main(arguments) if program == "ftwheel" else pip_companion.main(arguments)
        return code, capsys.readouterr().err

    return told


@pytest.mark.parametrize(
    ("typed", "error", "hint"),
    [
        # commands and options
        ("ftwheel|bild", "unknown command 'bild'", "did you mean 'build'?"),
        ("ftwheel|Check", "unknown command 'Check'", "did you mean 'check'?"),
        ("ftwheel|frobnicate", "unknown command 'frobnicate'", "ftwheel --help lists the commands"),
        ("ftwheel|--jobs|3|missing", "unknown option --jobs", "options of a command go after it"),
        ("ftwheel|missing|--targt|3.14t", "missing: unknown option --targt", "did you mean --target?"),
        ("ftwheel|missing|--targt=3.14t", "missing: unknown option --targt", "did you mean --target?"),
        ("ftwheel|simulate|numpy|-format|json", "simulate: unknown option -format", "did you mean --format?"),
        ("ftwheel|simulate|numpy|--json", "simulate: unknown option --json", "did you mean --format json?"),
        ("ftwheel|check|--zzz", "check: unknown option --zzz", "ftwheel check --help lists the options"),
        ("ftwheel|missing|--format|jsn", "missing: --format: invalid choice 'jsn', wanted text, ", "'json'?"),
        ("ftwheel|missing|--format", "missing: --format: expected one argument", "ftwheel missing --help"),
        ("ftwheel|missing|--jobs|x", "missing: --jobs: 'x' is not a whole number from 1 on", "ftwheel missing --help"),
        ("ftwheel|serve|dist|--port|x", "serve: --port: 'x' is not a whole number", "ftwheel serve --help"),
        ("ftwheel|verify", "verify: missing argument DIST", "for example: ftwheel verify dist/"),
        ("ftwheel|build|.|more", "build: unexpected argument 'more'", "ftwheel build --help"),
        ("pip-ftwheel|lsit", "WORD: invalid choice 'lsit', wanted install, list or check", "did you mean 'list'?"),
        ("pip-ftwheel|--targt|x|list", "unknown option --targt", "did you mean --target?"),
        ("ftwheel|check|--severity|FTW401=warn|dist", "--severity FTW401=warn: wanted CODE=LEVEL", "'warning'?"),
        # environments and targets
        ("ftwheel|simulate|x|--env|3.14t", "3.14t: not an environment", "did you mean cp314t-manylinux_2_28_x86_64?"),
        ("ftwheel|simulate|x|--env|cp314tt-win_amd64", "not an environment", "did you mean cp314t-win_amd64?"),
        ("ftwheel|simulate|x|--env|cp314t_win_amd64", "not an environment", "did you mean cp314t-win_amd64?"),
        ("ftwheel|simulate|x|--env|python3.14t-win64", "not an environment", "did you mean cp314t-win_amd64?"),
        ("ftwheel|simulate|x|--env|cp314t-win-arm64", "not an environment", "did you mean cp314t-win_arm64?"),
        ("ftwheel|simulate|x|--env|cp314t-linux", "linux: not a platform tag", "cp314t-manylinux_2_28_x86_64?"),
        ("ftwheel|simulate|x|--env|cp314t-linux_aarch64x", "not a platform tag", "cp314t-manylinux_2_28_x86_64?"),
        ("ftwheel|simulate|x|--env|cp314t-macos_x86_64", "not a platform tag", "cp314t-macosx_14_0_x86_64?"),
        ("ftwheel|simulate|x|--env|cp314t-manylinux2_28_x86_64", "not a platform", "cp314t-manylinux_2_28_x86_64?"),
        ("ftwheel|simulate|x|--env|cp314t-frob", "frob: not a platform tag", "for example manylinux_2_28_x86_64"),
        ("ftwheel|simulate|x|--env|al", "al: not an environment", "did you mean all?"),
        ("ftwheel|simulate|x|--env|zzz", "zzz: not an environment", "wanted ABI-PLATFORM"),
        ("ftwheel|missing|x|--target|3.14tt", "3.14tt: not a target", "did you mean cp314t?"),
        ("ftwheel|missing|x|--target|pairz", "pairz: not a target", "did you mean pairs?"),
        ("ftwheel|missing|x|--target|zzz", "zzz: not a target", "wanted VERSION or VERSION-PLATFORM"),
        # requirements and releases
        ("ftwheel|simulate|numpy=1.0", "numpy=1.0: not a requirement", "did you mean 'numpy==1.0'?"),
        ("ftwheel|missing|numpy=1.0", "numpy=1.0: not a requirement", "did you mean 'numpy==1.0'?"),
        ("ftwheel|missing|-r|requirements.txt", "requirements.txt:1: numpy=1.0: not", "did you mean 'numpy==1.0'?"),
        ("ftwheel|simulate|numpy 1.0", "numpy 1.0: not a requirement", "did you mean 'numpy==1.0'?"),
        ("ftwheel|missing|numpy@1.0", "an address leaves nothing to choose", "did you mean 'numpy==1.0'?"),
        ("ftwheel|simulate|numpy=>1", "numpy=>1: not a requirement", "did you mean 'numpy>=1'?"),
        ("ftwheel|simulate|numpy==2.x", "numpy==2.x: not a requirement", "did you mean 'numpy==2.*'?"),
        ("ftwheel|simulate|numpy~2", "numpy~2: not a requirement", "did you mean 'numpy~=2.0'?"),
        ("ftwheel|simulate|numpy^2", "numpy^2: not a requirement", "did you mean 'numpy>=2'?"),
        ("ftwheel|simulate|numpy[a]=2", "numpy[a]=2: not a requirement", "did you mean 'numpy[a]==2'?"),
        ("ftwheel|simulate|a b c", "a b c: not a requirement", "for example numpy, or 'numpy>=2,<3'"),
        ("ftwheel|check|numpy=1.0", "numpy=1.0: neither a file nor a folder", "did you mean numpy==1.0?"),
        ("ftwheel|check|numpy", "numpy: neither a file nor a folder", "name its version: numpy==VERSION"),
        ("ftwheel|verify|numpy>=1", "numpy>=1: neither a file nor a folder", "name its version: numpy==VERSION"),
        ("ftwheel|check|numpy==one", "numpy==one: 'one' is not a version", "name one release"),
        # files and folders
        ("ftwheel|check|dits", "dits: neither a file nor a folder nor NAME==VERSION", "did you mean dist?"),
        ("ftwheel|verify|dits/", "dits/: neither a file nor a folder nor NAME==VERSION", "did you mean dist?"),
        ("ftwheel|check|no.whl", "no.whl: neither a file nor a folder", "give a wheel, a folder of wheels"),
        ("ftwheel|check|dist", "dist: no wheels in this folder", "give the folder the wheels were built to"),
        ("ftwheel|verify|dist", "dist: no wheel and no source distribution in it", "build them first"),
        ("ftwheel|serve|dist", "dist: no wheel and no source distribution in it", "build them first"),
        ("ftwheel|missing|dist/", "dist/: a folder without pyproject.toml", "name a requirements file"),
        ("ftwheel|missing|wheels/", "wheels/: a folder without pyproject.toml", "ftwheel check wheels/ looks into"),
        ("ftwheel|missing|locked/", "a folder without pyproject.toml", f"did you mean locked{os.sep}uv.lock?"),
        ("ftwheel|missing|cfg", "cfg: both a project's folder here and the name", f"did you mean .{os.sep}cfg?"),
        (f"ftwheel|missing|{WHEEL}", "a wheel, not a list of dependencies", "ftwheel missing x==1.0 follows"),
        ("ftwheel|missing|no-2.0.tar.gz", "an archive, not a list of dependencies", "ftwheel missing no==2.0 follows"),
        ("ftwheel|missing|requirments.txt", "cannot be read (No such file", "did you mean requirements.txt?"),
        ("ftwheel|missing|latin.toml", "latin.toml: is not TOML: it is not UTF-8", "save it as UTF-8"),
        ("ftwheel|missing|torn.toml", "torn.toml: is not TOML", "mend it there"),
        ("ftwheel|missing|torn.json", "torn.json: is not JSON", "make the file again"),
        ("ftwheel|missing|other.json", "other.json: neither from pip inspect nor", "write it with pip inspect"),
        ("ftwheel|missing|binary.txt", "binary.txt: is not text in utf-8", "save it as UTF-8"),
        ("ftwheel|build|cgf", "does not exist", "did you mean"),
        ("ftwheel|build|dist", "no pyproject.toml and no setup.py", "give the folder that holds pyproject.toml"),
        ("ftwheel|missing|--python|/no/python", "does not answer like a Python interpreter", "give the path of"),
    ],
)
def test_a_mistake_is_told_with_what_to_do(
    tell: Callable[..., tuple[int, str]], typed: str, error: str, hint: str
) -> None:
    code, err = tell(typed)
    assert code == 2, err
    assert_told(err, error, hint)


def assert_told(err: str, error: str, hint: str) -> None:
    first, second = err.splitlines()
    assert ": error: " in first
    assert error in first
    assert ": hint: " in second
    assert hint in second


@pytest.mark.parametrize("command", ["check", "verify", "build"])
def test_a_configuration_that_is_not_utf_8(tell: Callable[..., tuple[int, str]], command: str) -> None:
    Path("pyproject.toml").write_bytes(b'name = "caf\xe9"\n')
    code, err = tell(f"ftwheel|{command}|{'.' if command == 'build' else 'wheels'}")
    assert code == 3
    assert_told(err, "pyproject.toml: not valid TOML: it is not UTF-8", "save it as UTF-8")


@pytest.mark.parametrize(
    ("table", "error", "hint"),
    [
        ("[tool.ftwheel]\nplatform = []", "found the unknown key 'platform'", "did you mean 'platforms'?"),
        ('[tool.ftwheel]\nlimited-api = "kep"', "found 'kep', wanted one of 'auto'", "did you mean 'keep'?"),
        ('[tool.ftwheel.check.severity]\nFTW401 = "warn"', "found 'warn', wanted one of", "did you mean 'warning'?"),
    ],
)
def test_a_configuration_with_a_wrong_key_or_value(
    tell: Callable[..., tuple[int, str]], table: str, error: str, hint: str
) -> None:
    Path("pyproject.toml").write_text(f"{table}\n")
    code, err = tell("ftwheel|check|wheels")
    assert code == 3
    assert_told(err, error, hint)


def test_no_network_says_what_still_works(tell: Callable[..., tuple[int, str]]) -> None:
    code, err = tell("ftwheel|simulate|numpy|--index-url|http://127.0.0.1:9/simple/")
    assert code == 5
    assert_told(err, "cannot be reached (Connection refused)", "--offline uses the pages already in the cache")


def test_no_compiler_says_how_to_get_one(tmp_path: Path, free_threaded_python: str, examples: Path) -> None:
    """With a PATH that has a shell and uv, and no compiler."""
    for name in ("sh", "env", "uname", "uv"):
        (tmp_path / name).symlink_to(shutil.which(name) or pytest.fail(f"{name} is not on PATH"))
    environ = ftwheel_environ(PATH=str(tmp_path))
    project = tmp_path / "project"
    shutil.copytree(examples / "setuptools-c", project)
    done = ftwheel("build", project, "--python", free_threaded_python, environ=environ)
    assert done.code == 7, done.err
    assert "No such file or directory: '" in done.err
    assert done.err.splitlines()[-1].startswith("ftwheel: hint: install a C and C++ compiler: ")


def test_a_broken_build_shows_the_first_error_of_the_compiler(
    tmp_path: Path, free_threaded_python: str, examples: Path
) -> None:
    project = tmp_path / "project"
    shutil.copytree(examples / "setuptools-c", project)
    source = next(project.rglob("*.c"))
    source.write_text(source.read_text().replace("static ", "sttic ", 1))
    done = ftwheel("build", project, "--python", free_threaded_python)
    assert done.code == 6
    shown = done.err.partition("ftwheel: error: ")[2].splitlines()
    assert any(": error: " in line and "sttic" in line for line in shown[:4])
    assert len(shown) < 14
    assert shown[-1] == "ftwheel: hint: ftwheel build -v shows the whole log"
    assert "Deprecat" not in done.err


def test_no_such_python(tell: Callable[..., tuple[int, str]]) -> None:
    code, err = tell("ftwheel|build|cfg|--python|3.99")
    assert code == 7
    assert_told(err, "no default CPython 3.99 here (found: ", "uv python install 3.99; or name its file: --python PATH")


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_a_full_disk() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ftwheel", "completion", "bash"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 8
    assert_told(done.stderr, "No space left on device", "free some space")


def test_a_cache_that_cannot_be_written(tmp_path: Path, free_threaded_python: str, examples: Path) -> None:
    """Pages are asked for again each time; a build, which needs a place to work in, says which variable to set."""
    (tmp_path / "file").touch()
    environ = ftwheel_environ(FTWHEEL_CACHE_DIR=str(tmp_path / "file" / "cache"))
    done = ftwheel("build", examples / "setuptools-c", "--python", free_threaded_python, environ=environ)
    assert done.code == 8
    assert_told(done.err, "cannot be written (Not a directory)", "set FTWHEEL_CACHE_DIR to a folder that can")
    links = tmp_path / "links"
    links.mkdir()
    (links / "x-1.0-py3-none-any.whl").touch()
    asked = ("simulate", "x", "--no-index", "--find-links", links, "--env", "cp314t-win_amd64")
    done = ftwheel(*asked, environ=environ)
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize(
    ("typed", "error", "hint"),
    [
        ("ftwheel|verify|wheels|--report|json=file/x", "file/x: cannot be written (Not a directory)", "check the path"),
        ("ftwheel|simulate|x|--record|file/x", "file/x: cannot be written (File exists)", "a file is in the way"),
    ],
)
def test_an_output_that_cannot_be_written(
    tell: Callable[..., tuple[int, str]], typed: str, error: str, hint: str
) -> None:
    Path("file").touch()
    code, err = tell(f"{typed}|--no-index|--find-links|wheels")
    assert code == 2
    assert_told(err, error, hint)


def test_a_bug_is_told_without_a_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(name: str) -> command_line.Command:
        raise KeyError(name)

    monkeypatch.setattr(command_line, "load", broken)
    assert command_line.main(["check"]) == 70
    assert_told(capsys.readouterr().err, "internal error: KeyError: 'check'", "please report it")


def test_the_program_alone_shows_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error and with 2, as uv and ruff do."""
    assert command_line.main([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert all(f"\n  {name} " in err for name in command_line.COMMANDS)


def test_help_is_a_command_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        command_line.main(["help", "verify"])
    assert stopped.value.code == 0
    assert "ftwheel verify dist/" in capsys.readouterr().out
