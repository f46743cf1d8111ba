"""What to do next, and when nothing has to be done."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ftwheel.core.index.page import File
from ftwheel.core.installers.candidates import Candidate
from ftwheel.core.installers.outcomes import Outcome
from ftwheel.core.installers.registry import installer
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.installers.simulations import Simulation, SimulationCell
from ftwheel.core.installers.upload_hints import advise, is_resolved, listed
from ftwheel.core.tags.environments import Loading, parse_environment

RULES = (installer("pip"), installer("uv"))
WHEEL = Candidate(
    file=File(filename="demo-1.0-w.whl", url=""), kind="wheel", version="1.0", tag="cp314-abi3t-win_amd64"
)
SDIST = Candidate(file=File(filename="demo-1.0.tar.gz", url=""), kind="sdist", version="1.0")


def cell(
    label: str, outcome: Outcome, *, who: int = 0, loading: Loading | None = None, **fields: object
) -> SimulationCell:
    best = {Outcome.NOTHING: None, Outcome.SDIST: SDIST}.get(outcome, WHEEL)
    values = {"environment": parse_environment(label), "installer": RULES[who], "best": best, "outcome": outcome}
    return SimulationCell(**{**values, "loading": loading, **fields})  # type: ignore[arg-type]


def simulation(*cells: SimulationCell) -> Simulation:
    places = tuple({each.environment.label: each.environment for each in cells}.values())
    rules = tuple(each for each in RULES if any(one.installer is each for one in cells))
    return Simulation(
        requirement=parse_requirement("demo"),
        environments=places,
        installers=rules,
        newest=tuple("1.0" for _ in rules),
        cells=cells,
    )


def texts(cells: Sequence[SimulationCell]) -> list[str]:
    return [advice.text for advice in advise(simulation(*cells))]


def test_a_missing_wheel_is_named_by_its_tag() -> None:
    cells = [
        cell("cp313-win_amd64", Outcome.SDIST),
        cell("cp313-win_amd64", Outcome.SDIST, who=1),
        cell("cp313t-win_amd64", Outcome.FREE_THREADED, loading=Loading.YES),
        cell("cp313t-win_amd64", Outcome.FREE_THREADED, who=1, loading=Loading.YES),
    ]
    (advice,) = advise(simulation(*cells))
    assert advice.wheels == ("cp313-cp313-win_amd64",)
    assert advice.installers == ("pip", "uv")
    assert advice.text == "default 3.13 gets the sdist on win_amd64 (pip and uv): upload a cp313-cp313-win_amd64 wheel"


def test_platforms_of_one_build_that_fare_alike_are_one_piece_of_advice() -> None:
    cells = [
        cell("cp314t-win32", Outcome.NOTHING),
        cell("cp314t-win_amd64", Outcome.NOTHING),
        cell("cp314t-win_arm64", Outcome.OLDER_VERSION),
        cell("cp315t-win32", Outcome.SDIST),
        cell("cp315t-win_amd64", Outcome.SDIST),
    ]
    assert texts(cells) == [
        "free-threaded 3.14 gets nothing on win32 and win_amd64 (pip): upload a cp314-cp314t wheel for each",
        "free-threaded 3.14 gets the older version 1.0 on win_arm64 (pip): upload a cp314-cp314t-win_arm64 wheel",
        "free-threaded 3.15 gets the sdist on every platform (pip): upload a cp315-cp315t wheel for each",
    ]


def test_installers_that_differ_get_different_advice() -> None:
    cells = [cell("cp314-win32", Outcome.SDIST), cell("cp314-win32", Outcome.NOTHING, who=1)]
    assert [advice.installers for advice in advise(simulation(*cells))] == [("pip",), ("uv",)]


@pytest.mark.parametrize(
    ("tag", "gets"),
    [
        ("cp314-abi3t-win_amd64", "an abi3t wheel it cannot load"),
        ("cp314-cp314-win_amd64", "a cp314 wheel it cannot load"),
    ],
)
def test_a_wheel_that_cannot_be_loaded_is_no_wheel(tag: str, gets: str) -> None:
    best = Candidate(file=WHEEL.file, kind="wheel", version="1.0", tag=tag)
    (advice,) = advise(simulation(cell("cp314t-win_amd64", Outcome.STABLE_ABI, loading=Loading.NO, best=best)))
    assert advice.outcome == gets
    assert advice.wheels == ("cp314-cp314t-win_amd64",)


def test_there_is_no_advice_about_a_page_that_cannot_be_read() -> None:
    assert texts([cell("cp314-win32", Outcome.NOTHING, refusal="the page is broken")]) == []


@pytest.mark.parametrize("outcome", Outcome)
def test_what_counts_as_resolved(outcome: Outcome) -> None:
    unwanted = outcome in {Outcome.OLDER_VERSION, Outcome.SDIST, Outcome.NOTHING}
    assert is_resolved(cell("cp314-win32", outcome)) is not unwanted
    assert is_resolved(cell("cp314-win32", outcome), [outcome])
    assert is_resolved(cell("cp314-win32", outcome, marker_excludes=True))
    assert not is_resolved(cell("cp314-win32", outcome, loading=Loading.NO), [outcome])


def test_a_list_of_words() -> None:
    assert [listed(words) for words in ("a", "ab", "abc")] == ["a", "a and b", "a, b and c"]


def test_a_cell_is_found_by_its_environment_and_installer() -> None:
    one, other = cell("cp314-win32", Outcome.SDIST), cell("cp314-win32", Outcome.PURE, who=1)
    whole = simulation(one, other._replace(environment=one.environment))
    assert whole.at(one.environment, RULES[1]).outcome is Outcome.PURE
    with pytest.raises(KeyError):
        whole.at(parse_environment("cp313-win32"), RULES[0])
