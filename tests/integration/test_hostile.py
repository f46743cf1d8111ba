"""Every hostile input ends in a reason within bounds: memory, processor time and disk are hard limits of the process.

The modules ``hostile*.py`` of ``tests/support`` have the inputs. No traceback, no bug caught by the last guard, no
control character, no password, nothing left in the folder for builds.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.bounded import Runner, trouble
from support.hostile_machine import hostile_inputs
from support.server import serve

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="hard limits of Linux")

GROUPS = (
    "wheels: zip", "wheels: other commands", "wheels: metadata", "binaries", "descriptions", "source distributions",
    "pages: HTML", "pages: charset", "pages: JSON", "answers", "arguments", "configuration", "lists of dependencies",
    "files of an index", "builds", "the machine",
)  # fmt: skip


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    running = Runner()
    yield running
    running.close()


@pytest.mark.parametrize("group", GROUPS)
def test_hostile_inputs(group: str, runner: Runner, tmp_path: Path) -> None:
    failed: list[str] = []
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
