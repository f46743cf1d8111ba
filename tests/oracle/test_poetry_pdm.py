"""The simulator against Poetry's resolver and chooser, and PDM's finder unearth, on the random indexes of pip and uv.

``finder_case`` leaves out what the tool cannot be asked: see docs/installers.md.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.comparing import FINDERS, SEED, compare
from support.finder_oracle import ENDLESS, FinderProcess, finder_case
from support.simulated import simulate

pytestmark = pytest.mark.oracle

OWN_FAULTS = (ENDLESS, "refused: IndexError: list index out of range", "refused: AssertionError: ")
"""What Poetry's resolver does with one in a few hundred cases: it does not come to an end, or not to a decent one."""
ROOT = "http://127.0.0.1:9/"


@pytest.fixture(scope="module", params=["poetry", "pdm"])
def finder(request: pytest.FixtureRequest, processes: Callable[[str], FinderProcess]) -> FinderProcess:
    return processes(request.param)


def test_the_tool_takes_what_is_said(finder: FinderProcess, tmp_path: Path) -> None:
    drawn = (finder_case(finder.tool, SEED, number) for number in range(FINDERS))
    answers = {case: finder.answer(case, ROOT, tmp_path) for case in drawn if case.places}
    own = [case for case, answer in answers.items() if answer in OWN_FAULTS]
    assert len(own) <= (1 + len(answers) // 100 if finder.tool == "poetry" else 0), own
    compare(
        [case for case in answers if case not in own],
        lambda asked: [answers.get(case) or finder.answer(case, ROOT, tmp_path) for case in asked],
        lambda case: simulate(case, ROOT, tmp_path),
    )
