"""What an input of ``ftwheel missing`` says: what is asked for, what is pinned, and who requires whom.

An environment, a lock file and an installer's report are resolved: they name one version of each project, maybe
several with markers. Requirements, a project's own metadata and plain arguments are not; somebody has to resolve them
for each target. Names are normalized, versions are texts as written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ftwheel.core.installers.requirements import Requirement

__all__ = [
    "Dependencies",
    "IndexOptions",
    "PinnedFile",
    "PinnedVersion",
    "RequirementEdge",
    "UnindexedDependency",
    "WantedRequirement",
    "merged",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRequirement:
    """One requirement that is still to be resolved.

    ``origin`` is where it stands, ``requirements.txt:3``. ``hashes`` are the files it may be met with, as pairs of
    algorithm and lower-case hex digest; empty means any.
    """

    requirement: Requirement
    origin: str
    hashes: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedFile:
    """A file that a lock lets an installer take. ``url`` is empty when the lock names files only."""

    filename: str
    url: str = ""
    hashes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementEdge:
    """One project requires another, with these extras of it.

    ``marker`` is the text of the marker, empty when it is always so. ``within`` is the extra of the requiring project
    for whose sake it is, empty when for its own. ``version`` names one of several pins, empty when there is one.
    """

    name: str
    extras: tuple[str, ...] = ()
    marker: str = ""
    within: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedVersion:
    """One version of one project.

    ``files`` are what a lock lists of it, empty when the input names no files; then any file of the index counts.
    ``markers`` are texts of which one has to be true for the pin to count, empty when it always does. ``index`` is the
    address of the index the lock names, without credentials, empty when it names none.
    """

    name: str
    version: str
    origin: str
    files: tuple[PinnedFile, ...] = ()
    markers: tuple[str, ...] = ()
    requires: tuple[RequirementEdge, ...] = ()
    index: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnindexedDependency:
    """A dependency that no index is asked about: a direct address, a folder, a version control system; and why."""

    name: str
    origin: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexOptions:
    """What a requirements file says about where to look and what to take; lists are in the order of the file.

    ``formats`` are ``(option, names)`` with ``no-binary`` or ``only-binary``, in order, since later ones change what
    earlier ones said.
    """

    index_url: str = ""
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    prereleases: bool = False
    prefer_binary: bool = False
    formats: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """One input, read.

    ``label`` names it to people. ``resolved`` is true for locks, environments and reports, which have ``pins``; the
    others have ``wanted`` and ``constraints`` (which only count for projects that something requires). ``roots`` are
    the projects that were asked for themselves, not for another's sake; empty when the input does not say. ``asked``
    are the edges to them in a lock for all platforms at once: there a pin counts only where they lead to it.
    ``extras`` and ``groups`` are those that markers of pins are to be asked with. ``requires_python`` is the input's
    own, empty when there is none. ``is_lock`` is
    true where the input names the files that an installer may take.
    """

    label: str
    resolved: bool
    wanted: tuple[WantedRequirement, ...] = ()
    constraints: tuple[WantedRequirement, ...] = ()
    pins: tuple[PinnedVersion, ...] = ()
    roots: tuple[str, ...] = ()
    asked: tuple[RequirementEdge, ...] = ()
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    options: IndexOptions = IndexOptions()
    set_aside: tuple[UnindexedDependency, ...] = ()
    requires_python: str = ""
    is_lock: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The projects that the input itself names, sorted."""
        return tuple(sorted({pin.name for pin in self.pins} | {each.requirement.name for each in self.wanted}))

    def pins_for(self, markers: Mapping[str, str]) -> tuple[PinnedVersion, ...]:
        """The pins that count in an environment with these markers (PEP 508 variables), in the order of the input."""
        context: dict[str, str | frozenset[str]] = {
            **markers,
            "extras": frozenset(self.extras),
            "dependency_groups": frozenset(self.groups),
        }
        pins = tuple(
            pin
            for pin in self.pins
            if not pin.markers
            or any(_holds(one, {**context, "extra": extra}) for one in pin.markers for extra in ("", *self.extras))
        )
        if not self.asked:
            return pins
        reached = _reached(pins, self.asked, markers)
        return tuple(pin for pin in pins if (pin.name, pin.version) in reached)


def _reached(
    pins: Iterable[PinnedVersion], asked: Iterable[RequirementEdge], markers: Mapping[str, str]
) -> set[tuple[str, str]]:
    """Name and version of the pins that these edges lead to, over the edges of other pins."""
    by_name: dict[str, list[PinnedVersion]] = {}
    for pin in pins:
        by_name.setdefault(pin.name, []).append(pin)
    reached: set[tuple[str, str]] = set()
    seen: set[tuple[str, str, str]] = set()
    edges = [edge for edge in asked if _holds(edge.marker, markers)]
    while edges:
        edge = edges.pop()
        for pin in by_name.get(edge.name, ()):
            if edge.version not in {"", pin.version}:
                continue
            reached.add((pin.name, pin.version))
            for extra in ("", *edge.extras):
                if (pin.name, pin.version, extra) not in seen:
                    seen.add((pin.name, pin.version, extra))
                    edges += [one for one in pin.requires if one.within == extra and _holds(one.marker, markers)]
    return reached


def _holds(marker: str, markers: Mapping[str, str | frozenset[str]]) -> bool:
    """Whether a marker is true; one that cannot be evaluated is, so that nothing is left out for it."""
    if not marker:
        return True
    from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName  # noqa: PLC0415  # 20 ms

    try:
        return Marker(marker).evaluate({"extra": "", **markers}, context="lock_file")
    except (UndefinedComparison, UndefinedEnvironmentName):
        return True


def merged(inputs: Iterable[Dependencies]) -> Dependencies:
    """Several unresolved inputs as one, to be resolved together: what an installer does with several ``-r``.

    Options of later inputs go after, or before, those of earlier ones as with pip: the last ``index_url`` counts.
    """
    found = tuple(inputs)
    if len(found) == 1:
        return found[0]
    options = [each.options for each in found]
    return Dependencies(
        label=", ".join(each.label for each in found if each.label),
        resolved=all(each.resolved for each in found),
        wanted=tuple(wanted for each in found for wanted in each.wanted),
        constraints=tuple(wanted for each in found for wanted in each.constraints),
        pins=tuple(pin for each in found for pin in each.pins),
        roots=tuple(dict.fromkeys(name for each in found for name in each.roots)),
        asked=tuple(edge for each in found for edge in each.asked),
        extras=tuple(dict.fromkeys(extra for each in found for extra in each.extras)),
        groups=tuple(dict.fromkeys(group for each in found for group in each.groups)),
        options=IndexOptions(
            index_url=next((each.index_url for each in reversed(options) if each.index_url), ""),
            extra_index_urls=tuple(dict.fromkeys(url for each in options for url in each.extra_index_urls)),
            find_links=tuple(dict.fromkeys(place for each in options for place in each.find_links)),
            no_index=any(each.no_index for each in options),
            prereleases=any(each.prereleases for each in options),
            prefer_binary=any(each.prefer_binary for each in options),
            formats=tuple(pair for each in options for pair in each.formats),
        ),
        set_aside=tuple(one for each in found for one in each.set_aside),
        requires_python=", ".join(filter(None, dict.fromkeys(each.requires_python for each in found))),
    )
