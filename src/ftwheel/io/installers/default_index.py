"""Finds the index that an installer uses if none is configured.

ftwheel hard-codes no URL: the installed pip and uv print theirs in their help. pip's modules are never imported; its
command line is its only interface.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator

from ftwheel.core.errors import ConfigurationError
from ftwheel.io.system.folders import cache_root, scripts_of
from ftwheel.io.system.texts import read_text

__all__ = ["default_index"]

_SECONDS = 30.0
_DEFAULT = r"default:?\s+<?(https?://[^\s<>)]+)"


def default_index(installer: str) -> str:
    """The index that an installer uses without any configuration, or another installer's if it cannot be run.

    The result is cached on disk until the executable changes. Raises ConfigurationError if there is no installer.
    """
    kept = os.path.join(cache_root(), "default-indexes.json")
    known = _read(kept)
    for name in sorted(_COMMANDS, key=lambda name: name != installer):
        answer = known.get(name)
        if isinstance(answer, dict) and answer.get("changed") == _changed(str(answer.get("program"))):
            return str(answer["url"])
        for program, command in _COMMANDS[name]():
            if url := _ask(command):
                _keep(kept, {**known, name: {"program": program, "changed": _changed(program), "url": url}})
                return url
    raise ConfigurationError(
        "no index is configured, and there is neither pip nor uv to take one from",
        hint="pass --index-url, or install pip or uv",
    )


def _pip() -> Iterator[tuple[str, list[str]]]:
    """Possible pip executables, each with the command that prints its help."""
    import shutil

    own = [os.environ.get("VIRTUAL_ENV"), sys.prefix]
    pythons = [shutil.which("python", path=scripts_of(folder)) for folder in own if folder]
    listed = ["list", "--help"]  # for install, pip loads twice as much, and pyenv makes its shims anew
    for path in dict.fromkeys([*pythons, shutil.which("python3"), shutil.which("python")]):
        if path:
            yield path, [path, "-m", "pip", *listed]
    for program in ("pip", "pip3"):
        if path := shutil.which(program):
            yield path, [path, *listed]


def _uv() -> Iterator[tuple[str, list[str]]]:
    """Possible uv executables, each with the command that prints its help."""
    import shutil

    for folder in (None, scripts_of(sys.prefix)):
        if path := shutil.which("uv", path=folder):
            yield path, [path, "pip", "install", "--help"]


_COMMANDS = {"pip": _pip, "uv": _uv}


def _ask(command: list[str]) -> str:
    """The URL in the help text; empty if the program is something else."""
    import subprocess

    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    # Both print a configured index as the default, so configuration is disabled; both wrap long lines.
    clean |= {"PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1", "COLUMNS": "1000", "NO_COLOR": "1"}
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=True,
            env=clean,
            encoding="utf-8",
            errors="replace",
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    found = re.search(_DEFAULT, done.stdout)
    return found[1] if found else ""


def _changed(program: str) -> float | None:
    try:
        return os.stat(program).st_mtime
    except OSError:
        return None


def _read(path: str) -> dict[str, object]:
    try:
        known = json.loads(read_text(path))
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


def _keep(path: str, known: dict[str, object]) -> None:
    temporary = f"{path}.{os.getpid()}-{time.monotonic_ns()}.tmp"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(known, file)
        os.replace(temporary, path)
    except OSError:
        return  # the program is run again next time
