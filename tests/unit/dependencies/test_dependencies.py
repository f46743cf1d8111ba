"""What of an input counts in an environment."""

from __future__ import annotations

import pytest

from ftwheel.core.dependencies.inputs import (
    Dependencies,
    IndexOptions,
    PinnedVersion,
    RequirementEdge,
    UnindexedDependency,
    WantedRequirement,
    merged,
)
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.tags.environments import parse_environment

LINUX = dict(parse_environment("cp314t-manylinux_2_28_x86_64").markers)
WINDOWS = dict(parse_environment("cp314t-win_amd64").markers)


def pin(name: str, *requires: RequirementEdge, version: str = "1.0", markers: tuple[str, ...] = ()) -> PinnedVersion:
    return PinnedVersion(name=name, version=version, origin="lock", requires=requires, markers=markers)


def lock(*pins: PinnedVersion, asked: tuple[RequirementEdge, ...] = (), extras: tuple[str, ...] = ()) -> Dependencies:
    return Dependencies(label="a lock", resolved=True, pins=pins, asked=asked, extras=extras, groups=("docs",))


def names(dependencies: Dependencies, markers: dict[str, str]) -> list[str]:
    return [f"{each.name} {each.version}" for each in dependencies.pins_for(markers)]


def test_a_pin_counts_where_one_of_its_markers_is_true() -> None:
    found = lock(pin("a"), pin("b", markers=("sys_platform == 'win32'", "python_version < '3'")))
    assert names(found, LINUX) == ["a 1.0"]
    assert names(found, WINDOWS) == ["a 1.0", "b 1.0"]


@pytest.mark.parametrize("marker", ["extra == 'fast'", "'fast' in extras", "'docs' in dependency_groups"])
def test_markers_are_asked_with_the_extras_and_groups_that_were_taken(marker: str) -> None:
    assert names(lock(pin("a", markers=(marker,)), extras=("fast",)), LINUX) == ["a 1.0"]
    other = Dependencies(label="", resolved=True, pins=(pin("a", markers=(marker,)),))
    assert names(other, LINUX) == []


def test_a_marker_that_cannot_be_evaluated_leaves_nothing_out() -> None:
    assert names(lock(pin("a", markers=("python_version ~= 'x'",))), LINUX) == ["a 1.0"]


def test_in_a_lock_for_all_platforms_a_pin_counts_where_the_edges_lead_to_it() -> None:
    found = lock(
        pin("a", RequirementEdge(name="b", marker="sys_platform == 'win32'"), RequirementEdge(name="c", within="fast")),
        pin("b", RequirementEdge(name="a")),
        pin("c"),
        pin("d"),
        asked=(
            RequirementEdge(name="a"),
            RequirementEdge(name="gone"),
            RequirementEdge(name="d", marker="sys_platform == 'win32'"),
        ),
    )
    assert names(found, LINUX) == ["a 1.0"]
    assert names(found, WINDOWS) == ["a 1.0", "b 1.0", "d 1.0"]


def test_an_edge_takes_the_extras_and_the_version_it_names() -> None:
    found = lock(
        pin("a", RequirementEdge(name="c", within="fast")),
        pin("c"),
        pin("n", version="1.0"),
        pin("n", version="2.0"),
        asked=(RequirementEdge(name="a", extras=("fast",)), RequirementEdge(name="n", version="2.0")),
    )
    assert names(found, LINUX) == ["a 1.0", "c 1.0", "n 2.0"]


def test_several_inputs_are_resolved_together() -> None:
    def one(text: str, **options: object) -> Dependencies:
        requirement = parse_requirement(text)
        return Dependencies(
            label=f"{requirement.name}.txt",
            resolved=False,
            wanted=(WantedRequirement(requirement=requirement, origin="1"),),
            roots=(requirement.name,),
            options=IndexOptions(**options),  # type: ignore[arg-type]
            set_aside=(UnindexedDependency(name="x", origin="2", reason="y"),),
            requires_python=">=3.13",
        )

    first = one("a>=1", index_url="https://one.example.org", formats=(("no-binary", "a"),))
    second = one("b", index_url="https://two.example.org", prereleases=True, find_links=("wheels",))
    both = merged([first, second])
    assert (both.label, both.is_lock, both.resolved) == ("a.txt, b.txt", False, False)
    assert (both.names, both.roots, len(both.set_aside), both.requires_python) == (
        ("a", "b"),
        ("a", "b"),
        2,
        ">=3.13",
    )
    assert both.options == IndexOptions(
        index_url="https://two.example.org", find_links=("wheels",), prereleases=True, formats=(("no-binary", "a"),)
    )
    assert merged([first]) is first
