"""Compares the simulator with an installer over many cases, and makes the first disagreement small."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence

from support.index_generator import Case, shrink
from support.simulated import agree

__all__ = ["BATCHES", "DEFAULT_SEED", "FINDERS", "SEED", "SIZES", "batch", "compare"]

DEFAULT_SEED = 20
SEED = int(os.environ.get("FTWHEEL_ORACLE_SEED", DEFAULT_SEED))
BATCHES = 10
SIZES = {"pip": 5200, "uv": 1100, "poetry": 600, "pdm": 600}
FINDERS = int(os.environ.get("FTWHEEL_ORACLE_FINDERS", SIZES["pdm"]))

Answer = Callable[[Case], str]


def batch(installer: str, number: int) -> list[int]:
    """The numbers of the cases in one of ``BATCHES`` parts, which run in parallel.

    ``FTWHEEL_ORACLE_PIP`` and ``FTWHEEL_ORACLE_UV`` say how many cases there are in all, ``FTWHEEL_ORACLE_SEED`` which.
    """
    size = int(os.environ.get(f"FTWHEEL_ORACLE_{installer.upper()}", SIZES[installer])) // BATCHES
    return list(range(number * size, (number + 1) * size))


def compare(cases: Iterable[Case], installer: Callable[[Sequence[Case]], list[str]], simulator: Answer) -> None:
    """Ask both about every case. Fails with the number of disagreements and the smallest form of the first ones."""
    cases = list(cases)
    answers = installer(cases)
    wrong = [case for case, answer in zip(cases, answers, strict=True) if not agree(answer, simulator(case))]
    if not wrong:
        return
    shown = []
    for case in wrong[:3]:
        small = shrink(case, lambda each: not agree(installer([each])[0], simulator(each)))
        shown.append(f"{small.describe()}\n  {case.installer}: {installer([small])[0]}\n  ftwheel: {simulator(small)}")
    raise AssertionError(
        f"{len(wrong)} of {len(cases)} cases disagree: {', '.join(case.number for case in wrong[:40])}\n"
        + "\n".join(shown)
    )
