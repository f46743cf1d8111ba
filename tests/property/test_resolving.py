"""What has to hold for any resolution, whoever's rules apply; nothing but memory takes part."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from ftwheel.app.dependencies.candidates import CandidateSource
from ftwheel.app.dependencies.resolver import Resolver
from ftwheel.core.dependencies.resolution import (
    CoreMetadata,
    Resolution,
    ResolutionError,
    UnknownMetadata,
    parse_core_metadata,
)
from ftwheel.core.index.page import File, ProjectDetails, SourceKind, Yanked
from ftwheel.core.index.pages import Pages
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.installers.selection import ProjectFiles, walk
from ftwheel.core.tags.environments import parse_environment
from support.resolved import dependencies
from support.universes import Dist, Universe, generate

frugal = settings(max_examples=60, deadline=None)

ENVIRONMENT = parse_environment("cp314t-manylinux_2_28_x86_64")
MARKERS = dict(ENVIRONMENT.markers)
TAGS = ("cp314-cp314t-manylinux_2_17_x86_64", "cp314-cp314-manylinux_2_17_x86_64", "py3-none-any")
numbers = st.integers(0, 100_000)
installers = st.sampled_from(["pip", "uv"])


class Said:
    """What the files of a universe say of themselves."""

    def __init__(self, dists: tuple[Dist, ...]) -> None:
        self._texts = {dist.filename: dist.metadata for dist in dists}

    def metadata(self, file: File) -> CoreMetadata | UnknownMetadata:
        return parse_core_metadata(self._texts[file.filename])


def pages(world: Universe) -> tuple[ProjectDetails, ...]:
    return tuple(
        ProjectDetails(
            name=name,
            files=tuple(
                File(
                    filename=dist.filename,
                    url=f"https://files.example.org/{dist.filename}",
                    requires_python=dist.requires_python if dist.said and dist.requires_python else None,
                    yanked=Yanked(reason="taken back") if dist.yanked else None,
                )
                for dist in world.dists
                if dist.project == name
            ),
        )
        for name in sorted({dist.project for dist in world.dists})
    )


def resolve(world: Universe, installer: str, *constraints: str, forgiving: bool = False) -> Resolution | None:
    found = CandidateSource([Pages.of(pages(world))], Said(world.dists), jobs=2)
    rules = rules_of(world, installer)
    resolver = Resolver(found, lambda _: rules, forgiving=forgiving)
    try:
        return resolver(dependencies(*world.roots, constraints=(*world.constraints, *constraints)), ENVIRONMENT)
    except ResolutionError:
        return None


def rules_of(world: Universe, installer: str) -> InstallerOptions:
    return InstallerOptions(name=installer, only_binary=frozenset({":all:"} if world.only_binary else ()))


def needs(world: Universe, filename: str, extras: frozenset[str]) -> Iterator[Requirement]:
    """What a file requires with these extras, by packaging alone."""
    (dist,) = (dist for dist in {each.filename: each for each in world.dists}.values() if dist.filename == filename)
    for text in dist.requires:
        requirement = Requirement(text)
        contexts = [{**MARKERS, "extra": extra} for extra in ("", *extras)]
        if requirement.marker is None or any(requirement.marker.evaluate(context) for context in contexts):
            yield requirement


def closure(world: Universe, chosen: dict[str, str]) -> dict[str, frozenset[str]] | None:
    """The projects that are reached from the roots, with their extras; None when a requirement is not met."""
    reached: dict[str, frozenset[str]] = {}
    left = [Requirement(text) for text in world.roots]
    left = [one for one in left if one.marker is None or one.marker.evaluate({**MARKERS, "extra": ""})]
    limits = [Requirement(text) for text in world.constraints]
    while left:
        one = left.pop()
        name = canonicalize_name(one.name)
        if name not in chosen:
            return None
        version = Version(parse_name(chosen[name]))
        specifiers = [one.specifier, *(limit.specifier for limit in limits if limit.name == name)]
        if not all(specifier.contains(version, prereleases=True) for specifier in specifiers):
            return None
        extras = frozenset(map(canonicalize_name, one.extras))
        if name not in reached or not extras <= reached[name]:
            reached[name] = reached.get(name, frozenset()) | extras
            left += needs(world, chosen[name], reached[name])
    return reached


def parse_name(filename: str) -> str:
    return filename.removesuffix(".tar.gz").split("-")[1]


@frugal
@example(number=12, installer="pip")  # two projects that were given up require each other
@example(number=937, installer="pip")  # all who asked for a project are taken back
@given(number=numbers, installer=installers)
def test_a_resolution_meets_every_requirement_and_has_nothing_more(number: int, installer: str) -> None:
    world = generate(7, number, "3.14", tags=TAGS)
    found = resolve(world, installer)
    if found is None:
        return
    chosen = {pin.name: pin.candidate.metadata_file.filename for pin in found.pins if pin.candidate is not None}
    reached = closure(world, chosen)
    assert reached is not None, world.describe()
    assert reached.keys() == chosen.keys(), world.describe()
    for pin in found.pins:
        required = {canonicalize_name(one.name) for one in needs(world, chosen[pin.name], reached[pin.name])}
        assert {edge.name for edge in pin.requires} == required - {pin.name}


@frugal
@given(number=numbers, installer=installers)
def test_a_resolution_is_its_own_constraint(number: int, installer: str) -> None:
    world = generate(7, number, "3.14", tags=TAGS)
    found = resolve(world, installer)
    if found is None:
        return
    again = resolve(world, installer, *(f"{pin.name}=={pin.version}" for pin in found.pins))
    assert again is not None
    assert [(pin.name, pin.version) for pin in again.pins] == [(pin.name, pin.version) for pin in found.pins]


@frugal
@given(number=numbers)
def test_uv_finds_a_solution_exactly_where_there_is_one(number: int) -> None:
    """Every choice of files is tried; worlds with too many of them are left to the other tests."""
    world = generate(7, number, "3.14", tags=TAGS)
    rules = rules_of(world, "uv")
    pins = {name: frozenset[Version]() for name in {dist.project for dist in world.dists}}
    for text in (*world.roots, *world.constraints):
        one = parse_requirement(text)
        if one.applies(MARKERS) and one.single is not None:
            pins[one.name] |= {one.single}
    metadata = Said(world.dists)
    options: list[list[str | None]] = []
    for details in pages(world):
        asked = parse_requirement(details.name)
        found = walk(
            ProjectFiles(details.name, [(SourceKind.INDEX, details)]),
            asked,
            ENVIRONMENT,
            rules,
            pins=pins[details.name],
        )
        files = [candidate.metadata_file for candidate in found]
        options.append([None, *(file.filename for file in files if takes(metadata, file))])
    total = 1
    for one_project in options:
        total *= len(one_project)
    if total > 600:
        return
    names = [details.name for details in pages(world)]
    exists = any(
        closure(world, {name: file for name, file in zip(names, files, strict=True) if file is not None}) is not None
        for files in product(*options)
    )
    assert (resolve(world, "uv") is not None) is exists, world.describe()


def takes(metadata: Said, file: File) -> bool:
    """Whether uv stays with a file when it has read its METADATA: the lower bounds of these worlds are plain."""
    said = metadata.metadata(file)
    assert isinstance(said, CoreMetadata)
    return said.requires_python != ">=3.15"


@frugal
@given(number=numbers, installer=installers)
def test_forgiving_finds_the_same_where_there_is_a_solution(number: int, installer: str) -> None:
    world = generate(7, number, "3.14", tags=TAGS)
    strict = resolve(world, installer)
    forgiving = resolve(world, installer, forgiving=True)
    if strict is not None:
        assert forgiving == strict
    elif forgiving is not None:
        assert [pin for pin in forgiving.pins if pin.candidate is None]
