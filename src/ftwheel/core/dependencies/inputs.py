"""The content of an input of ``ftwheel missing``: requirements, pins, and dependency edges.

Environments, lock files and installers' reports are resolved: they name one version of each project, or several with
markers. Requirements, a project's metadata and plain arguments still have to be resolved for each target. Names are
normalized; versions are as written.
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
    """One requirement to resolve.

    ``origin`` is its location, such as ``requirements.txt:3``. ``hashes`` identify the allowed files, as pairs of
    algorithm and lower-case hex digest; empty means any file.
    """

    requirement: Requirement
    origin: str
    hashes: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedFile:
    """A file in a lock. ``url`` is empty if the lock only has file names."""

    filename: str
    url: str = ""
    hashes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementEdge:
    """A dependency of one project on another, with these extras.

    ``marker`` is the text of the marker, empty if there is none. ``within`` is the extra of the requiring project that
    the edge belongs to, empty for the project itself. ``version`` names one of several pins, empty when there is one.
    """

    name: str
    extras: tuple[str, ...] = ()
    marker: str = ""
    within: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedVersion:
    """One version of one project.

    ``files`` are those a lock lists; if empty, any file of the index may be used. The pin applies if one of the
    ``markers`` is true, or if there are none. ``index`` is the URL of the index named in the lock, without credentials,
    or empty.
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
    """A dependency that is not looked up on an index: a direct URL, a folder, or version control; with the reason."""

    name: str
    origin: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexOptions:
    """The index and selection options of a requirements file; lists are in the order of the file.

    ``formats`` are ``(option, names)`` with ``no-binary`` or ``only-binary``, in order, because later ones change the
    effect of earlier ones.
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
    """The content of one input.

    ``label`` is its name for people. ``resolved`` is true for locks, environments and reports, which have ``pins``;
    other inputs have ``wanted`` and ``constraints`` (which apply only to projects that something requires). ``roots``
    are the directly requested projects; empty if the input does not say. ``asked`` are the edges to the roots in a lock
    for all platforms at once, in which a pin counts only if these edges lead to it. ``extras`` and ``groups`` are those
    with which to evaluate the markers of pins. ``requires_python`` is the input's own, or empty. ``is_lock`` is true if
    the input names the files that an installer may use.
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
        """The pins that apply in an environment with these markers (PEP 508 variables), in the order of the input."""
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
    """The names and versions of the pins that these edges lead to, directly or through other pins."""
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
    """Whether a marker is true; one that cannot be evaluated counts as true, so that nothing is missed."""
    if not marker:
        return True
    from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName  # noqa: PLC0415  # 20 ms

    try:
        return Marker(marker).evaluate({"extra": "", **markers}, context="lock_file")
    except (UndefinedComparison, UndefinedEnvironmentName):
        return True


def merged(inputs: Iterable[Dependencies]) -> Dependencies:
    """Merge unresolved inputs into one, to be resolved together, as installers do with several ``-r``.

    Options are combined as in pip: the last ``index_url`` wins.
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
