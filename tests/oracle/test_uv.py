"""The simulator against the real uv: random indexes on the loopback, machines we do not have, and the real pair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from support.comparing import BATCHES, SEED, batch, compare
from support.index_generator import Case, generate
from support.index_generator_machines import Machine
from support.simulated import simulate
from support.uv_oracle import Uv

pytestmark = pytest.mark.oracle


def without_dependencies(case: Case) -> Case:
    """The same question with ``--no-deps``, for which uv reads no METADATA."""
    return replace(case, options=replace(case.options, dependencies=False))


@pytest.mark.parametrize("number", range(BATCHES))
def test_uv_takes_what_is_said(number: int, uv: Uv) -> None:
    cases = [generate("uv", SEED, case) for case in batch("uv", number)]
    compare(
        [*cases, *map(without_dependencies, cases[::10])],
        uv.answers,
        lambda case: simulate(case, uv.root(case), uv.folders(case)),
    )


@pytest.mark.parametrize("version", ["0.11.2", "0.11.20"])
def test_older_uvs_accept_other_tags(version: str, uv_release: Callable[[str], Uv]) -> None:
    """``abi3t`` came with uv 0.11.3; before 0.11.21 the oldest musllinux won. Plain cases, as for older pips."""
    older = uv_release(version)
    compare(
        [generate("uv", SEED, case, plain=True) for case in range(150)],
        older.answers,
        lambda case: simulate(case, older.root(case), older.folders(case), version=version),
    )


def test_uv_asks_the_real_interpreter(native: tuple[str, Machine], uv: Uv) -> None:
    """No stand-in: uv runs the interpreter itself, named by its path, so 3.13t is taken as well."""
    interpreter, machine = native
    compare(
        [generate("uv", SEED + 1, case, machine=machine) for case in range(40)],
        lambda cases: uv.answers(cases, interpreter=interpreter),
        lambda case: simulate(case, uv.root(case), uv.folders(case)),
    )
