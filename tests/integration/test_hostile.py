"""Every hostile input ends in a reason within bounds: memory, processor time and disk are hard limits of the process.

``tests/support/hostile.py`` has the inputs. No traceback, no bug caught by the last guard, no control character, no
password.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.hostile import HostileInput, hostile_inputs
from support.server import serve

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="hard limits of Linux")

_RUNNER = Path(__file__).resolve().parents[1] / "support" / "bounded_runner.py"
_ENDS = {0, 1, 2, 3, 4, 5, 6, 7, 8}
_BAD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]")
GROUPS = (
    "wheels: zip", "wheels: other commands", "wheels: metadata", "binaries", "pages: HTML", "pages: charset",
    "pages: JSON", "arguments", "configuration", "lists of dependencies", "the machine",
)  # fmt: skip


class Runner:
    def __init__(self) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen([sys.executable, str(_RUNNER)], stdin=pipe, stdout=pipe, text=True)

    def run(self, case: HostileInput, folder: Path) -> dict[str, object]:
        folder.mkdir()
        arguments = [each.encode("utf-8", "surrogateescape").hex() for each in case.lay_out(folder)]
        line = {"arguments": arguments, "cwd": str(folder), "environ": case.environ, "files": case.files}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()
        answer: dict[str, object] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    running = Runner()
    yield running
    running.close()


def trouble(answer: dict[str, object]) -> str:
    """What is wrong with an end; empty when nothing is."""
    said = str(answer["said"])
    if answer["code"] not in _ENDS:
        return f"exit code {answer['code']}"
    for word in ("Traceback", "internal error", "out of memory", "hunter2"):
        if word in said:
            return word
    if _BAD.search(said):
        return "a control character"
    if any(line.lstrip().startswith("::") for line in said.splitlines()):
        return "a command of a workflow"
    return ""


@pytest.mark.parametrize("group", GROUPS)
def test_hostile_inputs(group: str, runner: Runner, tmp_path: Path) -> None:
    failed = []
    with serve() as server:
        cases = [case for case in hostile_inputs(server) if case.group == group]
        assert cases
        for number, case in enumerate(cases):
            answer = runner.run(case, tmp_path / str(number))
            if why := trouble(answer):
                spent = f"{answer['seconds']} s, {answer['peak']} MiB"
                failed.append(f"{case.name}: {why} ({spent}): {str(answer['said'])[-300:]!r}")
    assert not failed, "\n".join(failed)


def test_there_are_enough_and_no_group_is_forgotten() -> None:
    with serve() as server:
        cases = hostile_inputs(server)
    assert len(cases) >= 300
    assert {case.group for case in cases} == set(GROUPS)
    assert len({(case.group, case.name) for case in cases}) == len(cases)
