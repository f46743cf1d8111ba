"""Import checks with real modules in real processes of both interpreters."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ftwheel.core.build.interpreters import Interpreter
from ftwheel.core.errors import BuildError
from ftwheel.core.wheel.imports import ImportOutcome, ImportResult
from ftwheel.io.system.child_environment import clean_environ, installer_environ
from ftwheel.io.system.interpreters import probe
from ftwheel.io.wheel.importing import import_modules
from support.modules import build_module
from support.projects import c_source
from support.wheels import make_wheel

MODULES = {
    "good": c_source("good"),
    "silent": c_source("silent", declares=False),
    "raising": c_source("raising", body='PyErr_SetString(PyExc_OSError, "no \\xf0\\x9f\\x90\\x8d here"); return -1;'),
    "crashing": c_source("crashing", body="raise(SIGSEGV);"),
    "leaving": c_source("leaving", body="_exit(7);"),
    "sleeping": c_source("sleeping", body="sleep(600);"),
    "dying": c_source("dying", body="Py_AtExit(abort);"),
}
LAZY = "def late():\n    from pkg import silent\n"


def compiled(source: str, interpreter: Interpreter, folder: Path) -> bytes:
    return build_module(folder, interpreter.executable, source=source.replace("{", "{{").replace("}", "}}"))


@pytest.fixture(scope="session")
def free_threaded(free_threaded_python: str) -> Interpreter:
    return probe(free_threaded_python)


@pytest.fixture(scope="session")
def default(default_python: str) -> Interpreter:
    return probe(default_python)


def tag(interpreter: Interpreter) -> str:
    platform = interpreter.platform.replace("-", "_").replace(".", "_")
    return f"cp{interpreter.version[0]}{interpreter.version[1]}-{interpreter.abi_tag}-{platform}"


@pytest.fixture(scope="session")
def wheel(free_threaded: Interpreter, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One free-threaded wheel with modules that behave and misbehave in every way."""
    folder = tmp_path_factory.mktemp("wheel")
    members = {"pkg/__init__.py": LAZY.encode()}
    for name, source in MODULES.items():
        members[f"pkg/{name}{free_threaded.extension_suffixes[0]}"] = compiled(source, free_threaded, folder)
    members["pkg/through.py"] = b"from pkg import silent\n"
    return make_wheel(folder, f"ways-1.0-{tag(free_threaded)}.whl", members)


@pytest.fixture(scope="session")
def results(wheel: Path, free_threaded: Interpreter) -> dict[str, ImportResult]:
    """Everything imported in one go, with an environment set that would hide what is wrong."""
    names = [*(f"pkg.{name}" for name in MODULES), "pkg.through", "pkg.missing"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHON_GIL", "0")
        patch.setenv("PYTHONWARNINGS", "ignore")
        found = import_modules(wheel, free_threaded, names, timeout=5)
    assert [each.module for each in found] == names
    return {each.module: each for each in found}


def test_a_module_that_declares_leaves_the_gil_off(results: dict[str, ImportResult]) -> None:
    good = results["pkg.good"]
    assert (good.outcome, good.gil_before, good.gil_after, good.culprits) == (ImportOutcome.LOADED, False, False, ())
    assert not good.enables_gil
    assert good.seconds > 0


@pytest.mark.parametrize("module", ["pkg.silent", "pkg.through"])
def test_the_module_that_turns_the_gil_on_is_named(results: dict[str, ImportResult], module: str) -> None:
    silent = results[module]
    assert silent.outcome is ImportOutcome.LOADED
    assert silent.enables_gil
    assert silent.culprits == ("pkg.silent",)


def test_an_exception_is_a_result(results: dict[str, ImportResult]) -> None:
    assert results["pkg.raising"].outcome is ImportOutcome.FAILED
    assert results["pkg.raising"].detail == "OSError: no 🐍 here"
    assert results["pkg.missing"].detail == "ModuleNotFoundError: No module named 'pkg.missing'"


def test_a_crash_is_a_result_with_the_stack(results: dict[str, ImportResult]) -> None:
    crash = results["pkg.crashing"]
    assert crash.outcome is ImportOutcome.CRASHED
    assert "SIGSEGV" in crash.detail
    assert "Fatal Python error" in crash.detail
    assert crash.gil_after is None


def test_leaving_without_an_answer_is_a_result(results: dict[str, ImportResult]) -> None:
    assert results["pkg.leaving"].outcome is ImportOutcome.CRASHED
    assert results["pkg.leaving"].detail.startswith("the process left with exit code 7")


def test_a_crash_at_exit_is_a_result(results: dict[str, ImportResult]) -> None:
    assert results["pkg.dying"].outcome is ImportOutcome.CRASHED
    assert "SIGABRT after the import, at exit" in results["pkg.dying"].detail


def test_an_import_that_never_ends_is_a_result(results: dict[str, ImportResult]) -> None:
    assert results["pkg.sleeping"].outcome is ImportOutcome.TIMED_OUT
    assert results["pkg.sleeping"].detail == "no answer after 5 seconds"


ANSWER = "import json, os, sys\nanswer = sys.orig_argv[-2]\n"
FORGED = "json.dump({{'before': {0}, 'after': {0}, 'error': {1}, 'missing': {1}, 'package': {0}, 'culprits': {2}}}"
ANSWERS = {
    "wrong": f"{FORGED.format(7, ['no'], [[1], 2])}, open(answer, 'w'))",
    "objects": f"{FORGED.format({}, 'None', {'a': 1})}, open(answer, 'w'))",
    "depth": "open(answer, 'w').write('[' * 100_000)",
    "length": "open(answer, 'w').write('1' * 2_000_000)",
    "link": "os.symlink('/dev/zero', answer)",
    "pipe": "os.mkfifo(answer)",
}


@pytest.mark.skipif(sys.platform == "win32", reason="links, FIFOs")
def test_an_answer_that_the_module_wrote_itself_is_a_result(default: Interpreter, tmp_path: Path) -> None:
    files = {f"{name}.py": f"{ANSWER}{code}\nos._exit(0)\n" for name, code in ANSWERS.items()}
    files["wordy.py"] = "raise ValueError('x\\n' * 50_000_000)\n"
    path = make_wheel(tmp_path, "user-1.0-py3-none-any.whl", files)

    results = dict(zip([*ANSWERS, "wordy"], import_modules(path, default, [*ANSWERS, "wordy"]), strict=True))

    assert {name for name, each in results.items() if each.outcome is ImportOutcome.FAILED} == {"wrong", "wordy"}
    assert (results["wrong"].gil_after, results["wrong"].culprits) == (None, ("[1]", "2"))
    assert results["objects"].outcome is ImportOutcome.LOADED
    for name in ("depth", "length", "link", "pipe"):
        assert results[name].outcome is ImportOutcome.CRASHED
        assert results[name].detail == "the process left with exit code 0"
    assert len(results["wordy"].detail) == 10_000


def test_importing_the_package_alone_looks_clean(wheel: Path, free_threaded: Interpreter) -> None:
    (package,) = import_modules(wheel, free_threaded, ["pkg"])
    assert package.outcome is ImportOutcome.LOADED
    assert not package.enables_gil


def test_a_renamed_wheel_installs_and_cannot_be_imported(
    default: Interpreter, free_threaded: Interpreter, tmp_path: Path
) -> None:
    code = compiled(MODULES["good"], default, tmp_path)
    members = {f"good{default.extension_suffixes[0]}": code}
    honest = make_wheel(tmp_path, f"ways-1.0-{tag(default)}.whl", members)
    renamed = make_wheel(tmp_path, f"ways-1.0-{tag(free_threaded)}.whl", members)

    (loaded,) = import_modules(honest, default, ["good"])
    (failed,) = import_modules(renamed, free_threaded, ["good"])

    assert (loaded.outcome, loaded.enables_gil) == (ImportOutcome.LOADED, False)
    assert (failed.outcome, failed.detail) == (ImportOutcome.FAILED, "ModuleNotFoundError: No module named 'good'")


def test_a_wheel_for_another_interpreter_is_refused_by_the_installer(wheel: Path, default: Interpreter) -> None:
    with pytest.raises(BuildError, match=r"cannot install .*ways-1\.0") as caught:
        import_modules(wheel, default, ["pkg.good"])
    assert default.abi_tag in caught.value.message


def test_what_the_wheel_requires_is_there_when_it_is_imported(
    default: Interpreter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = make_wheel(tmp_path, "ftwheelneeds-1.0-py3-none-any.whl", {"ftwheelneeds.py": ""})
    metadata = "Metadata-Version: 2.1\nName: user\nVersion: 1.0\nRequires-Dist: ftwheelneeds\n"
    files = {"user.py": "import ftwheelneeds\n"}
    path = make_wheel(tmp_path, "user-1.0-py3-none-any.whl", files, replace={"METADATA": metadata})
    monkeypatch.setenv("UV_FIND_LINKS", os.fspath(needed.parent))
    monkeypatch.setenv("UV_NO_INDEX", "1")

    (with_it,) = import_modules(path, default, ["user"])
    (without,) = import_modules(path, default, ["user"], requires=False)

    assert with_it.outcome is ImportOutcome.LOADED, with_it.detail
    assert without.detail == "ModuleNotFoundError: No module named 'ftwheelneeds'"


def test_without_uv_venv_and_pip_do(default: Interpreter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uv", None)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("UV", os.fspath(tmp_path / "none"))
    path = make_wheel(tmp_path, "user-1.0-py3-none-any.whl", {"user.py": ""})

    (result,) = import_modules(path, default, ["user"])

    assert result.outcome is ImportOutcome.LOADED


def test_the_environment_for_other_interpreters_has_nothing_that_steers_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHON_GIL", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("CFLAGS", "-O1")
    environ = clean_environ(MORE="1")
    assert (environ["CFLAGS"], environ["MORE"]) == ("-O1", "1")
    assert not {"PYTHON_GIL", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"} & environ.keys()


_TAKEN = (
    "GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY", "GITHUB_STATE", "GITHUB_TOKEN", "GH_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_RUNTIME_TOKEN", "INPUT_MATRIX",
    "TWINE_PASSWORD", "UV_PUBLISH_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "pypi_api_token", "NPM_AUTH",
    "MY_APIKEY", "DB_PASSWORD_FILE", "SSH_AUTH_SOCK", "UV_INDEX_CORP_PASSWORD", "GOOGLE_APPLICATION_CREDENTIALS",
    "GH_PAT", "MYSQL_PWD", "SMTP_PASS",
)  # fmt: skip
_KEPT = (
    "GITHUB_ACTIONS", "GITHUB_SHA", "CI", "RUNNER_TEMP", "TOKENIZERS_PARALLELISM", "GIT_AUTHOR_NAME", "XAUTHORITY",
    "CIBW_ENVIRONMENT_PASS_LINUX", "CIBW_ENVIRONMENT_PASS", "FTWHEEL_PASS", "PIP_INDEX_URL", "UV_INDEX",
    "SECRETARY", "KEYBOARD",
)  # fmt: skip


def test_what_a_workflow_can_do_is_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*_TAKEN, *_KEPT, "PIP_PASSWORD"):
        monkeypatch.setenv(name, "x")
    assert not set(_TAKEN) & clean_environ().keys()
    assert set(_KEPT) <= clean_environ().keys()
    more = installer_environ().keys() - clean_environ().keys()
    assert more == {"PIP_PASSWORD", "UV_INDEX_CORP_PASSWORD", "SSH_AUTH_SOCK"}
    monkeypatch.setenv("FTWHEEL_PASS", "GH_TOKEN NPM_AUTH")
    assert {"GH_TOKEN", "NPM_AUTH"} == set(_TAKEN) & clean_environ().keys()
