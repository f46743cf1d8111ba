"""Finding interpreters, with real ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ftwheel.core.errors import InputError, SystemRefusedError
from ftwheel.core.tags.cpython_builds import CPythonBuild
from ftwheel.core.wheel.suffixes import parse_suffix
from ftwheel.io.system.interpreters import candidates, discover, probe


def test_an_interpreter_says_which_build_it_is(default_python: str, free_threaded_python: str) -> None:
    default, free_threaded = probe(default_python), probe(free_threaded_python)
    assert (default.free_threaded, free_threaded.free_threaded) == (False, True)
    assert default.minor == free_threaded.minor
    assert f"-{default.abi_tag.removeprefix('cp')}t-" in "".join(free_threaded.extension_suffixes)


@pytest.mark.parametrize("name", ["default_python", "free_threaded_python", "python_315"])
def test_suffixes_are_searched_in_the_order_of_the_interpreter(name: str, request: pytest.FixtureRequest) -> None:
    found = probe(request.getfixturevalue(name))
    build = CPythonBuild(minor=found.minor[1], onwards=False, free_threaded=found.free_threaded)
    suffixes = [parse_suffix(f"_m{text}") for text in found.extension_suffixes]
    assert sorted(suffixes, key=build.order) == suffixes
    assert all(map(build.searches, suffixes))


def test_a_name_is_not_believed(tmp_path: Path, free_threaded_python: str) -> None:
    liar = tmp_path / "python3.14"
    liar.symlink_to(free_threaded_python)
    assert probe(liar).free_threaded


@pytest.mark.parametrize("text", ["#!/bin/sh\necho hello\n", "#!/bin/sh\nexit 3\n", "no program"])
def test_what_does_not_answer_is_an_input_error(tmp_path: Path, text: str) -> None:
    program = tmp_path / "python3"
    program.write_text(text)
    program.chmod(0o755)
    with pytest.raises(InputError, match=r"cannot be run|does not answer like a Python interpreter"):
        probe(program)
    assert str(program) not in {found.executable for found in discover([program])}


@pytest.mark.skipif(sys.platform == "win32", reason="limits of the process")
def test_too_few_open_files_are_no_missing_interpreter(default_python: str) -> None:
    import resource

    most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, most[1]))
    try:
        with pytest.raises(SystemRefusedError, match="Too many open files"):
            discover([default_python])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, most)


def test_path_is_searched_first_and_each_interpreter_is_listed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, default_python: str
) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "python3").symlink_to(default_python)
    (tmp_path / "one" / "python3-config").touch(mode=0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/one:{tmp_path}/two:{tmp_path}/none")
    found = list(candidates())
    assert found[0] == tmp_path / "one" / "python3"
    assert all(tmp_path / "two" not in path.parents for path in found)


def test_uvs_and_pyenvs_folders_are_searched_newest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("cpython-3.13.9-x", "cpython-3.13.10-x"):
        (tmp_path / name / "bin").mkdir(parents=True)
        program = tmp_path / name / "bin" / "python3.13"
        program.write_text(name)
        program.chmod(0o755)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "none"))
    monkeypatch.setenv("FTWHEEL_CACHE_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path))
    assert [path.parent.parent.name for path in candidates()] == ["cpython-3.13.10-x", "cpython-3.13.9-x"]


PROVISION = Path(__file__).parents[2] / "tools" / "provision.py"


def provision(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **environment}
    return subprocess.run([sys.executable, PROVISION, *arguments], capture_output=True, text=True, env=env)


def test_provisioning_names_a_pair_and_default_builds_of_later_versions() -> None:
    found = json.loads(provision("cc", "--default=3.14", "--default=3.15").stdout)
    assert probe(found["free_threaded"]).free_threaded
    for version in ("3.14", "3.15"):
        assert (probe(found[version]).label, probe(found[version]).release_level) == (version, "final")


def test_provisioning_refuses_unknown_programs_and_versions() -> None:
    done = provision("fortran")
    assert (done.returncode, "unknown program 'fortran'" in done.stderr) == (2, True)
    done = provision("--default=newest")
    assert (done.returncode, "'newest': expected a version such as 3.15" in done.stderr) == (2, True)


def test_provisioning_says_what_it_cannot_have(tmp_path: Path, free_threaded_python: str, default_python: str) -> None:
    for name, python in (("python3", default_python), ("python3t", free_threaded_python)):
        (tmp_path / name).symlink_to(python)
    none = str(tmp_path / "none")  # neither uv nor apt-get, and no other interpreters
    folders = dict.fromkeys(("HOME", "FTWHEEL_CACHE_DIR", "PYENV_ROOT", "UV_PYTHON_INSTALL_DIR"), none)
    done = provision("--default=3.15", PATH=str(tmp_path), RUNNER_TOOL_CACHE="", **folders)
    assert done.returncode == 7
    assert "error: no CPython 3.15 on this machine, uv could not install it" in done.stderr
    assert "hint: install it by hand, for example with pyenv: pyenv install 3.15" in done.stderr
