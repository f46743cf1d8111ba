"""Runs real installers against a local index; the file that they request is the one that they select.

A selected wheel is actually installed, into a temporary environment, where its extension modules are imported. A
source distribution is not served: the request alone shows that it was selected.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from ftwheel.core.build.interpreters import Interpreter
from ftwheel.core.errors import InputError, MissingToolError
from ftwheel.core.installers.comparison import RealInstall
from ftwheel.io.release.server import LocalIndex
from ftwheel.io.system.child_environment import clean_environ
from ftwheel.io.system.processes import ProcessGroup
from ftwheel.io.system.virtual_environments import VirtualEnvironment, find_uv
from ftwheel.io.system.workspace import workspace
from ftwheel.io.wheel.importing import import_installed
from ftwheel.io.wheel.reading import read_wheel

__all__ = ["ask_installer", "installed_version"]

_TIMEOUT = 300.0  # seconds for one installation


def _pip_version(interpreter: Interpreter) -> str:
    done = _run([interpreter.executable, "-I", "-c", "import pip; print(pip.__version__)"])
    return done.stdout.strip() if done.returncode == 0 else ""


def _uv_version(_: Interpreter) -> str:
    uv = find_uv()
    return _run([uv, "--version"]).stdout.split()[1] if uv else ""


def _pip(interpreter: Interpreter, environment: VirtualEnvironment, *, prereleases: bool) -> list[str | Path]:
    # the interpreter's own pip installs into the environment, which needs no pip
    command: list[str | Path] = [interpreter.executable, "-I", "-m", "pip", "--python", environment.python_executable]
    command += ["install", "--isolated", "--no-cache-dir", "--disable-pip-version-check", "--no-input"]
    return [*command, "--retries", "0", *(["--pre"] if prereleases else [])]


def _uv(_: Interpreter, environment: VirtualEnvironment, *, prereleases: bool) -> list[str | Path]:
    uv = find_uv()
    if uv is None:
        raise MissingToolError("uv is not installed", hint="pip install 'ftwheel[uv]'")
    command: list[str | Path] = [uv, "pip", "install", "--python", environment.python_executable, "--no-config"]
    return [*command, "--no-cache", *(["--prerelease", "allow"] if prereleases else [])]


_VERSIONS: dict[str, Callable[[Interpreter], str]] = {"pip": _pip_version, "uv": _uv_version}
_COMMANDS: dict[str, Callable[..., list[str | Path]]] = {"pip": _pip, "uv": _uv}


def installed_version(installer: str, interpreter: Interpreter) -> str:
    """The version of the installer that would install for this interpreter; empty if there is none.

    Raises InputError for an installer that cannot install a single file.
    """
    if installer not in _VERSIONS:
        raise InputError(
            f"{installer}: installs whole projects, not a single file", hint=f"use {' or '.join(_VERSIONS)}"
        )
    return _VERSIONS[installer](interpreter)


def ask_installer(
    installer: str,
    interpreter: Interpreter,
    requirement: str,
    *,
    index: LocalIndex,
    address: str,
    prereleases: bool = False,
) -> RealInstall:
    """Let an installer install the requirement from the index into a new environment of the interpreter.

    ``address`` is the URL of the served index. Dependencies are not installed. Raises MissingToolError if the
    environment cannot be created.
    """
    processes = ProcessGroup()
    with workspace() as scratch:
        environment = VirtualEnvironment(
            interpreter, scratch / "installed", processes=processes, log=scratch / "environment.log"
        )
        command = _COMMANDS[installer](interpreter, environment, prereleases=prereleases)
        start = len(index.requests)
        done = _run([*command, "--no-deps", "--index-url", address, requirement])
        asked = index.requests[start:]
        if not asked or done.returncode:
            error = next((line.strip() for line in reversed(done.stderr.splitlines()) if line.strip()), "")
            return RealInstall(filename=asked[0] if asked else "", error=error)
        filename = asked[-1]
        path = index.path_of(filename)
        modules = sorted(read_wheel(Path(path)).modules) if path is not None else []
        imports = import_installed(environment, modules, scratch=scratch, processes=processes)
        return RealInstall(filename=filename, imports=imports)


def _run(command: list[str | Path]) -> subprocess.CompletedProcess[str]:
    hidden = ("PIP_", "UV_")
    environ = {name: value for name, value in clean_environ().items() if not name.startswith(hidden)}
    try:
        return subprocess.run(
            [os.fspath(part) for part in command],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"no answer within {_TIMEOUT:.0f} seconds")
