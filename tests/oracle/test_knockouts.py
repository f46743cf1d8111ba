"""Would the comparisons notice a rule that is missing? Each rule is taken away in turn, and has to be missed.

Where the simulator agrees with the installer, as ``test_pip`` and ``test_uv`` show on the same cases, a case whose
answer changes without the rule is a case that would disagree.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest

from support.comparing import DEFAULT_SEED, SIZES
from support.finder_oracle import finder_case
from support.index_generator import Case, generate
from support.knockouts import KNOCKOUTS, Knockout
from support.simulated import agree, simulate

pytestmark = pytest.mark.oracle

ROOT = "http://127.0.0.1:9/"
TABLE = os.environ.get("FTWHEEL_ORACLE_TABLE")  # a file for the shares of all rules; without it, one case is enough


@cache
def cases(installer: str) -> tuple[Case, ...]:
    """Those of the default run, whatever the seed: another set could miss what is rare."""
    draw = generate if installer in {"pip", "uv"} else finder_case
    drawn = (draw(installer, DEFAULT_SEED, number) for number in range(SIZES[installer]))
    return tuple(case for case in drawn if case.places)


@pytest.mark.parametrize(
    ("knockout", "installer"),
    [
        pytest.param(knockout, installer, id=f"{installer}-{knockout.rule}")
        for knockout in KNOCKOUTS
        for installer in knockout.installers
    ],
)
def test_a_missing_rule_is_noticed(
    knockout: Knockout, installer: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folders = tmp_path_factory.getbasetemp() / "knockouts" / installer
    noticed = 0
    for number, case in enumerate(cases(installer)):
        if noticed and not TABLE:
            break
        said = answer(installer, number, folders)
        noticed += not agree(said, knockout.simulate(case, ROOT, folders / str(number)))
    assert noticed, f"{knockout.rule}: none of {len(cases(installer))} cases of {installer} needs it"
    if TABLE:
        with open(TABLE, "a", encoding="utf-8") as file:
            file.write(f"| {knockout.rule} | {installer} | {noticed} | {noticed / len(cases(installer)):.1%} |\n")


@cache
def answer(installer: str, number: int, folders: Path) -> str:
    """What the simulator says with all rules."""
    return simulate(cases(installer)[number], ROOT, folders / str(number))
