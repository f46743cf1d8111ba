"""Installs ftwheel for its GitHub Action: from the Action's own checkout, into a separate environment.

Standard library only, run by the interpreter that the Action set up::

    python tools/action_setup.py key        names the cache of the environment, and where it is
    python tools/action_setup.py install    makes the environment unless the cache had it

Both write step outputs. The environment is below ``RUNNER_TEMP``, so the Python of the job is not touched, and the
Action's version is the tool's version, whatever any index has.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

INTERPRETER = os.path.realpath(sys.executable)  # the same file whatever link it was called by
SOURCES = ("pyproject.toml", "README.md", "src", "templates", "docs/rules", "backend/pyproject.toml", "backend/src")


def main(arguments: list[str]) -> int:
    """Run one step; returns pip's exit code."""
    folder = Path(os.environ["RUNNER_TEMP"]) / "ftwheel" / "installed"
    checkout = Path(__file__).resolve().parent.parent
    if arguments == ["key"]:
        output(folder=os.fspath(folder), key=key(checkout))
        return 0
    python = folder / "venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    complete = folder / "complete"
    if not complete.exists():
        if code := install(python, folder / "venv", checkout):
            return code
        complete.touch()
    output(python=os.fspath(python))
    return 0


def key(checkout: Path) -> str:
    """Names what the environment depends on: the sources, the interpreter, and what week it is.

    The week, because the dependencies are the newest of the configured index.
    """
    digest = hashlib.sha256(INTERPRETER.encode())
    for path in sorted(files(checkout)):
        digest.update(path.relative_to(checkout).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    year, week, _ = dt.datetime.now(dt.UTC).isocalendar()
    machine = f"{platform.system()}-{platform.machine()}-{platform.python_version()}"
    return f"ftwheel-{machine}-{year}-{week}-{digest.hexdigest()[:32]}"


def files(checkout: Path) -> Iterator[Path]:
    """What ftwheel is installed from."""
    for name in SOURCES:
        path = checkout / name
        found = [path] if path.is_file() else path.rglob("*")
        yield from (each for each in found if each.is_file() and each.suffix != ".pyc")


def install(python: Path, folder: Path, checkout: Path) -> int:
    """Make the environment; returns the exit code of what failed."""
    commands: list[list[str | Path]] = [
        ["venv", "--clear", "--without-pip", folder],
        [
            "pip",
            "--python",
            python,
            "--disable-pip-version-check",
            "install",
            "--quiet",
            checkout / "backend",
            checkout,
        ],
    ]
    for command in commands:
        if code := subprocess.run([INTERPRETER, "-m", *command]).returncode:
            print("::error title=ftwheel could not be installed::See the log of this step.", flush=True)
            return code
    return 0


def output(**values: str) -> None:
    """Set outputs of the step."""
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8", newline="\n") as stream:
        stream.writelines(f"{name}={value}\n" for name, value in values.items())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
