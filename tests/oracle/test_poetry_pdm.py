"""The simulator against Poetry's resolver and chooser, and PDM's finder unearth, on the random indexes of pip and uv.

``finder_case`` leaves out what the tool cannot be asked: see docs/installers.md.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.version import Version

from ftwheel.core.installers.poetry.constraints import allowed_ranges, allows, without
from ftwheel.core.installers.requirements import parse_requirement
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


VERSIONS = (
    "0.9", "0.9.1", "1", "1.0", "1.0.0.1", "1.0.5", "1.1", "2.0", "1.2.3.4", "1!0.1", "1.0.dev1", "1.0rc1",
    "1.0rc1.dev3", "1.0rc1.post1", "1.0.post1.dev2", "1.0.post1", "1.0.post2", "2.0.post1", "1.0+a", "1.0+b",
    "1.0.dev1+x", "1.0.post1+x", "2.0+cu1", "1.2rc1+l", "1.2.3.4+a",
)  # fmt: skip
SERIES = ("1.0.*", "1.*", "0.*", "1.2.3.*", "1.2.3.4.*", "1!0.*")


def draw_constraint(rng: random.Random) -> tuple[str, list[str], str]:
    """One to three specifiers, versions to cut out, and the version that is asked for."""

    def specifier() -> str:
        operator = rng.choice(("!=", "!=", "!=", "==", ">=", "<=", ">", "<", "~="))
        if operator in {"!=", "=="}:
            return operator + rng.choice(SERIES if rng.random() < 0.2 else VERSIONS)
        version = rng.choice(VERSIONS).partition("+")[0]
        return operator + ("1.0" if operator == "~=" and version == "1" else version)

    specifiers = ",".join(specifier() for _ in range(rng.randint(1, 3)))
    return specifiers, rng.choices(VERSIONS, k=rng.choice((0, 0, 1, 2, 3))), rng.choice(VERSIONS)


def test_poetry_core_allows_what_is_said(processes: Callable[[str], FinderProcess]) -> None:
    """Five times ``FINDERS`` combinations of specifiers."""
    rng = random.Random(f"constraints {SEED}")
    cases = [draw_constraint(rng) for _ in range(5 * FINDERS)]
    answers = processes("poetry-core").choose(cases=cases)
    wrong = []
    for (specifiers, rejected, version), answer in zip(cases, answers, strict=True):
        ranges = allowed_ranges(parse_requirement(f"foo{specifiers}"))
        for one in map(Version, rejected):
            ranges = without(ranges, one)
        if allows(ranges, Version(version)) is not (answer == "1"):
            wrong.append(f"{version} in {specifiers} without {rejected}: poetry-core {answer}")
    assert not wrong, wrong[:9]
