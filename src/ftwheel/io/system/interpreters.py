"""Find the CPython interpreters on this machine and identify each by running it.

Uses only the standard library: ``tools/provision.py`` imports this module before anything is installed. The name of
an interpreter proves nothing: ``python3.14`` may be a free-threaded build, so each candidate runs once.
"""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ftwheel.core.build.interpreters import Interpreter
from ftwheel.core.errors import InputError, refused
from ftwheel.io.system.folders import cache_root
from ftwheel.io.system.not_python import not_a_python

__all__ = ["cache_folder", "candidates", "discover", "interpreter_cache", "probe", "uv_folder"]

_PROBE = """
import importlib.machinery, json, sys, sysconfig
print(json.dumps({
    "implementation": sys.implementation.name,
    "version": list(sys.version_info[:3]),
    "release_level": sys.version_info.releaselevel,
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "debug": bool(sysconfig.get_config_var("Py_DEBUG")) or hasattr(sys, "gettotalrefcount"),
    "platform": sysconfig.get_platform(),
    "extension_suffixes": importlib.machinery.EXTENSION_SUFFIXES,
}))
"""
_TIMEOUT = 20.0  # seconds; a cold network home folder is slow, a hung wrapper script is not an interpreter
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM)  # says nothing about the file
_EXECUTABLE = re.compile(r"python(3(\.\d+)?t?)?(\.exe)?")


def cache_folder() -> Path:
    """``cache_root`` as a path."""
    return Path(cache_root())


def interpreter_cache() -> Path:
    """The folder of the interpreters that ftwheel's development tools built or installed."""
    return cache_folder() / "interpreters"


def probe(executable: str | Path) -> Interpreter:
    """Run one interpreter to find out what it is.

    Raises InputError if the file cannot be run, does not answer in time, or does not answer like a Python, and
    SystemRefusedError if the system can start no program now.
    """
    try:
        done = subprocess.run(
            [os.fspath(executable), "-I", "-B", "-c", _PROBE],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT,
            check=True,
        )
        answer = json.loads(done.stdout)
        return Interpreter(
            executable=os.fspath(executable),
            implementation=answer["implementation"],
            version=tuple(answer["version"]),
            release_level=answer["release_level"],
            free_threaded=answer["free_threaded"],
            debug=answer["debug"],
            platform=answer["platform"],
            extension_suffixes=tuple(answer["extension_suffixes"]),
        )
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, OSError) and error.errno in _EXHAUSTED:
            raise refused(error) from error
        raise not_a_python(executable, error) from error


def _folders() -> Iterator[Path]:
    """Folders to search, in order of preference: PATH, a CI runner's tools, pyenv, uv, then ftwheel's own cache."""
    for entry in os.environ.get("PATH", "").split(os.pathsep):
        # A pyenv shim runs whichever version the current folder selects; the versions behind it are listed below.
        if entry and Path(entry).name != "shims":
            yield Path(entry)
    if tools := os.environ.get("RUNNER_TOOL_CACHE"):
        # actions/setup-python installs into VERSION/ARCHITECTURE and VERSION/ARCHITECTURE-freethreaded
        for folder in sorted(Path(tools, "Python").glob("*/*"), key=lambda path: _natural(str(path)), reverse=True):
            yield folder if sys.platform == "win32" else folder / "bin"
    roots = [
        Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions",
        uv_folder(),
        interpreter_cache(),
    ]
    for root in roots:
        try:
            found = sorted(root.iterdir(), key=lambda path: _natural(path.name), reverse=True)
        except OSError:
            continue
        for version in found:
            yield version if sys.platform == "win32" else version / "bin"


def uv_folder(*, system: str = sys.platform) -> Path:
    """The folder of the interpreters that uv installs."""
    if explicit := os.environ.get("UV_PYTHON_INSTALL_DIR"):
        return Path(explicit)
    if system == "win32":
        return Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming") / "uv" / "data" / "python"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "uv" / "python"


def _natural(name: str) -> list[tuple[int, str]]:
    """A sort key that puts 3.13.10 after 3.13.9."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.findall(r"\d+|\D+", name)]


def candidates(extra: Sequence[str | Path] = ()) -> Iterator[Path]:
    """Executables named like a Python, each real file once, in order of preference (``extra`` first)."""
    seen: set[Path] = set()

    def new(path: Path) -> bool:
        try:
            real = path.resolve(strict=True)
        except OSError:
            return False
        # A virtual environment's python resolves to its base interpreter, and the base builds wheels.
        return real not in seen and not seen.add(real)  # type: ignore[func-returns-value]

    for path in map(Path, extra):
        if new(path):
            yield path
    for folder in _folders():
        try:
            names = sorted(os.listdir(folder), key=_natural)
        except OSError:
            continue
        for name in names:
            if _EXECUTABLE.fullmatch(name) and os.access(folder / name, os.X_OK) and new(folder / name):
                yield folder / name


def discover(extra: Sequence[str | Path] = ()) -> tuple[Interpreter, ...]:
    """All interpreters on this machine that answer, in order of preference."""

    def ask(path: Path) -> Interpreter | None:
        try:
            return probe(path)
        except InputError:
            return None

    with ThreadPoolExecutor(max_workers=8) as pool:
        return tuple(found for found in pool.map(ask, candidates(extra)) if found is not None)
