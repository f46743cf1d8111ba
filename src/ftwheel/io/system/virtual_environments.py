"""Create throw-away virtual environments for a given interpreter, with uv if available, else with venv and pip.

``build.env.DefaultIsolatedEnv`` always uses the interpreter it runs under, but building both wheels of a pair needs two
others. So ftwheel implements the protocol that ``build`` publishes for that purpose (``build.env.IsolatedEnv``).
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from ftwheel.core.build.interpreters import Interpreter
from ftwheel.core.build.log_excerpt import interesting
from ftwheel.core.errors import BuildError, MissingToolError
from ftwheel.io.system.child_environment import clean_environ, installer_environ
from ftwheel.io.system.folders import python_of, scripts_of
from ftwheel.io.system.processes import ProcessGroup
from ftwheel.io.system.texts import read_log

__all__ = ["VirtualEnvironment", "find_uv"]


def find_uv() -> str | None:
    """The uv installed by ``ftwheel[uv]``, else the one that ``$UV`` names, else the one on PATH; None without uv."""
    try:
        from uv import find_uv_bin

        return os.fspath(find_uv_bin())
    except (ImportError, FileNotFoundError):
        return shutil.which(os.environ.get("UV") or "uv")


class VirtualEnvironment:
    """One virtual environment in ``folder``; all output of the programs goes to ``log``."""

    def __init__(self, interpreter: Interpreter, folder: Path, *, processes: ProcessGroup, log: Path) -> None:
        """Create it. Raises MissingToolError if uv (else venv) fails, Stopped if the process group was stopped."""
        self._folder = folder
        self._interpreter = interpreter
        self._processes = processes
        self._log = log
        self._uv = find_uv()
        if self._uv:
            command: Sequence[str | Path] = [
                self._uv, "venv", "--quiet", "--no-project", "--python", interpreter.executable, folder
            ]  # fmt: skip
        else:
            command = [interpreter.executable, "-I", "-m", "venv", folder]
        if processes.run(command, log=log, env=clean_environ()):
            raise MissingToolError(
                f"{interpreter.executable} cannot create a virtual environment\n{interesting(read_log(log))}",
                hint="install uv (pip install 'ftwheel[uv]'); for Debian's interpreters, install python3-venv",
            )

    @property
    def scripts(self) -> Path:
        return Path(scripts_of(self._folder))

    @property
    def site_packages(self) -> Path:
        """Where packages are installed that are not compiled."""
        if sys.platform == "win32":
            return self._folder / "Lib" / "site-packages"
        return self._folder / "lib" / f"python{self._interpreter.label}" / "site-packages"

    @property
    def python_executable(self) -> str:
        """Part of ``build.env.IsolatedEnv``."""
        return python_of(self._folder)

    def make_extra_environ(self) -> Mapping[str, str]:
        """Part of ``build.env.IsolatedEnv``: put the programs that the requirements installed on the backend's PATH."""
        return {"PATH": os.pathsep.join(filter(None, [os.fspath(self.scripts), os.environ.get("PATH")]))}

    def install(
        self,
        requirements: Collection[str],
        *,
        dependencies: bool = True,
        sdists: bool = True,
        beside_index: Path | None = None,
    ) -> None:
        """Install requirements or wheel files; raises BuildError with an excerpt of the installer's output.

        Without ``sdists``, only wheels are installed, from an older release if the newest has none. ``beside_index`` is
        a folder whose wheels are candidates in addition to those on the index.
        """
        if not requirements:
            return
        flags = [] if dependencies else ["--no-deps"]
        flags += [] if sdists else ["--only-binary=:all:"]
        wanted = sorted(requirements)
        if odd := [each for each in wanted if each.startswith("-") or "\0" in each or "\n" in each]:
            raise BuildError(
                f"cannot install {odd[0][:200]!r}: not a requirement",
                hint="correct [build-system] requires, or what the backend's get_requires_for_build_ hooks return",
            )
        if self._uv:
            command = [self._uv, "pip", "install", "--python", self.python_executable, *flags, *wanted]
            environ = installer_environ(VIRTUAL_ENV=os.fspath(self._folder))
            if beside_index:  # an option would override the variable
                links = filter(None, [environ.get("UV_FIND_LINKS"), beside_index.as_uri()])
                environ["UV_FIND_LINKS"] = ",".join(links)
            code = self._processes.run(command, log=self._log, env=environ)
        else:
            # pip honours environment markers in a requirements file, not on its command line
            with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False, encoding="utf-8") as handle:
                handle.write("\n".join(wanted))
            try:
                command = [self.python_executable, "-Im", "pip", "install", "--no-input", "--no-compile"]
                command += ["--disable-pip-version-check", *flags, "-r", handle.name]
                command += ["--find-links", beside_index.as_uri()] if beside_index else []
                code = self._processes.run(command, log=self._log, env=installer_environ())
            finally:
                os.unlink(handle.name)
        if code:
            raise BuildError(f"cannot install {', '.join(wanted)}\n{interesting(read_log(self._log))}")
