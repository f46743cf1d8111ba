"""Hostile inputs, tried in processes with hard limits."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from support.hostile import HostileInput

__all__ = ["Runner", "trouble"]

_RUNNER = Path(__file__).with_name("bounded_runner.py")
_ENDS = {0, 1, 2, 3, 4, 5, 6, 7, 8}
_BAD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]")


class Runner:
    def __init__(self) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen([sys.executable, str(_RUNNER)], stdin=pipe, stdout=pipe, text=True)

    def run(self, case: HostileInput, folder: Path) -> dict[str, object]:
        folder.mkdir()
        arguments = [each.encode("utf-8", "surrogateescape").hex() for each in case.lay_out(folder)]
        line = {"arguments": arguments, "cwd": str(folder), "environ": case.environ, "files": case.files}
        line |= {"disk": case.disk, "gone": case.gone}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()
        answer: dict[str, object] = json.loads(self._process.stdout.readline())
        answer["left"] = [path.name for path in folder.glob("cache/work/*") if path.suffix != ".lock"]
        return answer

    def close(self) -> None:
        self._process.communicate()


def trouble(answer: dict[str, object]) -> str:
    """What is wrong with an end; empty when nothing is."""
    said = str(answer["said"])
    if answer["code"] not in _ENDS:
        return f"exit code {answer['code']}"
    for word in ("Traceback", "internal error", "out of memory", "hunter2"):
        if word in said:
            return word
    if answer["left"]:
        return f"left {answer['left']}"
    if _BAD.search(said):
        return "a control character"
    if any(line.lstrip().startswith("::") for line in said.splitlines()):
        return "a command of a workflow"
    return ""
