"""Run ``ftwheel`` as a user does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Done", "ftwheel", "ftwheel_environ"]

_TIMEOUT = 280.0  # seconds


@dataclass(frozen=True)
class Done:
    """What a run said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        assert self.code in {0, 1}, self.err
        answer = json.loads(self.out)
        assert isinstance(answer, dict)
        return answer


def ftwheel_environ(**changes: str) -> dict[str, str]:
    """A user's environment: what the test run set for itself taken out."""
    hidden = {"PYTHON_GIL", "PYTHONPATH", "VIRTUAL_ENV", "SOURCE_DATE_EPOCH"}
    return {name: value for name, value in os.environ.items() if name not in hidden} | changes


def ftwheel(*arguments: str | Path, cwd: Path | None = None, environ: Mapping[str, str] | None = None) -> Done:
    command = [sys.executable, "-m", "ftwheel", *(os.fspath(one) for one in arguments)]
    done = subprocess.run(
        command, cwd=cwd, env=environ or ftwheel_environ(), capture_output=True, text=True, timeout=_TIMEOUT
    )
    return Done(done.returncode, done.stdout, done.stderr)
