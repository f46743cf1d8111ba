"""The simulator against Poetry's resolver and chooser, and PDM's finder unearth, on the random indexes of pip and uv.

Left out are options that the tool does not have, and for Poetry what its own parser refuses: see docs/installers.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from support.comparing import SEED, compare
from support.finder_oracle import ENDLESS, REQUIREMENTS, FinderProcess
from support.index_generator import Case, generate
from support.pip_oracle import environment_with
from support.simulated import simulate

pytestmark = pytest.mark.oracle

OWN_FAULTS = (ENDLESS, "refused: IndexError: list index out of range", "refused: AssertionError: ")
"""What Poetry's resolver does with one in a few hundred cases: it does not come to an end, or not to a decent one."""
ROOT = "http://127.0.0.1:9/"


@pytest.fixture(scope="module", params=["poetry", "pdm"])
def finder(request: pytest.FixtureRequest, installers: Path, default_python: str) -> Iterator[FinderProcess]:
    tool: str = request.param
    process = FinderProcess(tool, environment_with(installers / tool, default_python, REQUIREMENTS[tool]))
    yield process
    process.close()


def _read_by_poetry(specifier: str | None) -> str | None:
    """The specifier, unless Poetry fails on it: invalid ones, ``===``, and those that nothing can meet."""
    try:
        wanted = SpecifierSet(specifier or "")
    except InvalidSpecifier:
        return None
    versions = (f"{major}.{minor}.{micro}" for major in (2, 3, 4) for minor in range(25) for micro in range(5))
    readable = all(one.operator != "===" for one in wanted)
    return specifier if readable and any(wanted.contains(one, prereleases=True) for one in versions) else None


def _asked(tool: str, number: int) -> Case:
    case = generate(tool, SEED, number)
    options = replace(case.options, hashes=(), ignore_requires_python=False, index_strategy="first-index")
    places = tuple(place for place in case.places if place.kind != "folder")
    if tool == "pdm":
        places = tuple(replace(place, files=tuple(replace(file, odd="") for file in place.files)) for place in places)
        return replace(case, options=options, places=places)
    return replace(
        case,
        options=replace(options, cutoff=None),
        specifier="" if "===" in case.specifier else case.specifier,
        places=tuple(
            replace(
                place,
                files=tuple(
                    replace(file, odd="", requires_python=_read_by_poetry(file.requires_python))
                    for file in place.files
                    if file.version.islower() or not any(map(str.isalpha, file.version))  # of others it never ends
                ),
            )
            for place in places
            if place.kind == "index"
        ),
    )


def test_the_tool_takes_what_is_said(finder: FinderProcess, tmp_path: Path) -> None:
    drawn = (_asked(finder.tool, number) for number in range(int(os.environ.get("FTWHEEL_ORACLE_FINDERS", "100"))))
    answers = {case: finder.answer(case, ROOT, tmp_path) for case in drawn if case.places}
    own = [case for case, answer in answers.items() if answer in OWN_FAULTS]
    assert len(own) <= (1 + len(answers) // 100 if finder.tool == "poetry" else 0), own
    compare(
        [case for case in answers if case not in own],
        lambda asked: [answers.get(case) or finder.answer(case, ROOT, tmp_path) for case in asked],
        lambda case: simulate(case, ROOT, tmp_path),
    )
