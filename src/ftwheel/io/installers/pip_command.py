"""Runs the pip of an interpreter as a subprocess: pip has no plug-ins and no stable API."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

from ftwheel.core.errors import InputError, MissingToolError
from ftwheel.io.system.folders import python_of

__all__ = ["PipRun", "dry_run", "user_python"]

_STDERR = 2  # the descriptor, whatever sys.stderr is


# pip 26.3 _internal/network/session.py and _internal/index/collector.py, with urllib3's messages in them
_UNREACHABLE = re.compile(
    r"connection broken by|Max retries exceeded|Could not fetch URL .*: (connection|There was a problem)|timed out\."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PipRun:
    """The result of ``pip install``; ``report`` is its installation report, None if it wrote none.

    ``offline`` means that it failed after an index could not be reached.
    """

    exit_code: int
    report: object
    offline: bool = False


def user_python() -> str:
    """The default interpreter: the one of the activated environment, else the running one."""
    environment = os.environ.get("VIRTUAL_ENV")
    if environment and os.path.realpath(environment) != os.path.realpath(sys.prefix):
        python = python_of(environment)
        if os.path.exists(python):
            return python
    return sys.executable


def dry_run(python: str, arguments: Sequence[str]) -> PipRun:
    """Run ``pip install --dry-run`` with these arguments for an interpreter; pip's output goes to standard error.

    Raises MissingToolError if neither that interpreter nor the running one has pip.
    """
    with tempfile.TemporaryDirectory(prefix="ftwheel-") as folder:
        path, log = os.path.join(folder, "report.json"), os.path.join(folder, "log")
        command = [*_pip(python), "install", "--log", log, "--dry-run", *arguments, "--report", path]
        done = subprocess.run(command, stdout=_STDERR)
        try:
            with open(path, encoding="utf-8") as file:
                return PipRun(exit_code=done.returncode, report=json.load(file))
        except FileNotFoundError:
            return PipRun(exit_code=done.returncode, report=None, offline=done.returncode == 1 and _is_offline(log))


def _is_offline(log: str) -> bool:
    """Whether pip's log reports an unreachable index, for which pip exits with 1 as for any other failure."""
    try:
        with open(log, encoding="utf-8", errors="replace") as file:
            return any(_UNREACHABLE.search(line) for line in file)
    except OSError:  # the user has configured a log file
        return False


def _pip(python: str) -> list[str]:
    """The command to run pip; an environment without pip is managed by ours, with ``pip --python``."""
    if _has_pip(python):
        return [python, "-m", "pip"]
    if _has_pip(sys.executable):
        return [sys.executable, "-m", "pip", "--python", python]
    raise MissingToolError(
        f"{python}: has no pip, nor has the interpreter that runs ftwheel",
        hint=f"get one with: {python} -m ensurepip; or use ftwheel missing, which needs no pip",
    )


def _has_pip(python: str) -> bool:
    program = "import importlib.util, sys; sys.exit(importlib.util.find_spec('pip') is None)"
    try:
        return subprocess.run([python, "-c", program], stdin=subprocess.DEVNULL, timeout=30).returncode == 0
    except (OSError, subprocess.SubprocessError) as error:
        raise InputError(
            f"{python}: cannot be run ({type(error).__name__})", hint="pass the path of a python executable"
        ) from error
