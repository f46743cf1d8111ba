"""The simulator against pip's own finder: thousands of random indexes, and every tag list."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.comparing import BATCHES, SEED, batch, compare
from support.index_generator import Case, generate
from support.index_generator_machines import MACHINES, RARE
from support.pip_oracle import NEWEST, PipFinder
from support.simulated import environment, simulate

pytestmark = pytest.mark.oracle

Pip = Callable[[str], PipFinder]


def root(case: Case) -> str:
    """Nothing answers there: the pages are handed over."""
    return f"http://127.0.0.1:9/{case.number}/{abs(hash(case)):x}/"


def test_tags_are_those_of_pip_in_the_same_order(pip: Pip) -> None:
    finder = pip(NEWEST)
    wrong = [machine.label for machine in (*MACHINES, *RARE) if environment(machine.label).tags != finder.tags(machine)]
    assert not wrong


@pytest.mark.parametrize("number", range(BATCHES))
def test_pip_takes_what_is_said(number: int, pip: Pip, tmp_path: Path) -> None:
    finder = pip(NEWEST)

    def folders(case: Case) -> Path:
        return tmp_path / case.number / f"{abs(hash(case)):x}"

    compare(
        [generate("pip", SEED, case) for case in batch("pip", number)],
        lambda cases: [finder.answer(case, root(case), folders(case)) for case in cases],
        lambda case: simulate(case, root(case), folders(case)),
    )


@pytest.mark.parametrize("version", ["24.0", "24.2", "26.0", "26.2"])
def test_older_pips_differ_where_free_threading_came_in(version: str, pip: Pip, tmp_path: Path) -> None:
    """24.0 takes ``cp313`` on 3.13t; before 26.1 no pip knows ``abi3t``; before 26.3 ``linux_*`` comes last.

    What else changed between releases of pip (how names are read, when pre-releases count) is not modelled, so the
    cases are plain: see docs/oracles.md.
    """
    finder = pip(version)
    compare(
        [generate("pip", SEED, case, plain=True) for case in range(250)],
        lambda cases: [finder.answer(case, root(case), tmp_path) for case in cases],
        lambda case: simulate(case, root(case), tmp_path, version=version),
    )
