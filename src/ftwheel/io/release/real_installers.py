"""Asks the real pip and uv: they install from a local index, and the file they ask it for is what they take.

A wheel that is taken is really installed, into a throw-away environment, and its extension modules are imported there.
A source distribution is not handed out: that it is asked for is the answer.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from ftwheel.core.build.interpreters import Interpreter
from ftwheel.core.errors import MissingToolError
from ftwheel.core.installers.comparison import RealInstall
from ftwheel.io.release.server import LocalIndex
from ftwheel.io.system.child_environment import clean_environ
from ftwheel.io.system.processes import ProcessGroup
from ftwheel.io.system.virtual_environments import VirtualEnvironment, find_uv
from ftwheel.io.system.workspace import workspace
from ftwheel.io.wheel.importing import import_installed
from ftwheel.io.wheel.reading import read_wheel

__all__ = ["ask_installer", "pip_version", "uv_version"]

_TIMEOUT = 300.0  # seconds for one installation


def pip_version(interpreter: Interpreter) -> str:
    """The version of an interpreter's pip; empty when it has none."""
    done = _run([interpreter.executable, "-I", "-c", "import pip; print(pip.__version__)"])
    return done.stdout.strip() if done.returncode == 0 else ""


def uv_version() -> str:
    """The version of uv; empty when there is none."""
    uv = find_uv()
    return _run([uv, "--version"]).stdout.split()[1] if uv else ""


def ask_installer(
    installer: str,
    interpreter: Interpreter,
    requirement: str,
    *,
    index: LocalIndex,
    address: str,
    prereleases: bool = False,
) -> RealInstall:
    """Let ``pip`` or ``uv`` install the requirement from the index into a new environment of the interpreter.

    ``address`` is where the index is served. Dependencies are not installed. Raises MissingToolError when no
    environment can be made.
    """
    crew = ProcessGroup()
    with workspace() as place:
        environment = VirtualEnvironment(interpreter, place / "installed", crew=crew, log=place / "environment.log")
        command: list[str | Path]
        if installer == "pip":
            # the interpreter's own pip installs for the environment, which needs none
            command = [interpreter.executable, "-I", "-m", "pip", "--python", environment.python_executable, "install"]
            command += ["--isolated", "--no-cache-dir", "--disable-pip-version-check", "--no-input", "--retries", "0"]
            command += ["--pre"] if prereleases else []
        else:
            uv = find_uv()
            if uv is None:
                raise MissingToolError("uv is not on this machine", hint="pip install 'ftwheel[uv]'")
            command = [uv, "pip", "install", "--python", environment.python_executable, "--no-config", "--no-cache"]
            command += ["--prerelease", "allow"] if prereleases else []
        start = len(index.requests)
        done = _run([*command, "--no-deps", "--index-url", address, requirement])
        asked = index.requests[start:]
        if not asked or done.returncode:
            error = next((line.strip() for line in reversed(done.stderr.splitlines()) if line.strip()), "")
            return RealInstall(filename=asked[0] if asked else "", error=error)
        filename = asked[-1]
        path = index.path_of(filename)
        modules = sorted(read_wheel(Path(path)).modules) if path is not None else []
        imports = import_installed(environment, modules, place=place, crew=crew)
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
