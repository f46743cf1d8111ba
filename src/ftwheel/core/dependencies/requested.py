"""Decides from resolved inputs which targets need which version of which project, and by which paths.

A project that only some targets need, due to markers or resolution, is requested only for those. Also decides which
part of a large input belongs to a shard.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from zlib import crc32

from ftwheel.core.dependencies.inputs import Dependencies, PinnedVersion, RequirementEdge
from ftwheel.core.dependencies.readiness import Shard
from ftwheel.core.index.page import File
from ftwheel.core.installers.requirements import Requirement

if TYPE_CHECKING:
    from ftwheel.core.dependencies.resolution import Resolution, ResolvedPin

__all__ = ["RequestedProject", "RequestedVersion", "in_shard", "requested_projects"]

_MOST_PATHS = 50_000  # searched one by one
_MOST_CHAINS = 8  # of one project; a library that everything needs has one for each root


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedVersion:
    """The version of a project that a target needs.

    ``pinned`` is the version from a lock, an environment or a resolution, empty when only the requirement counts.
    ``resolved`` means that the version was resolved for this target, so the target accounts for an older version.
    ``locked`` are the files that a lock allows for that version; empty means any file on the index. ``hashes`` are the
    files that requirements allow, as pairs of algorithm and lower-case hex digest; empty means any. ``notes`` are for
    the verdict.
    """

    requirement: Requirement
    pinned: str = ""
    resolved: bool = False
    locked: tuple[File, ...] = ()
    hashes: frozenset[tuple[str, str]] = frozenset()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedProject:
    """One project: what each target, by number, needs of it, and the dependency paths to it.

    ``chains`` and ``dependents`` are as in ``ProjectReport``. With several inputs, a target may need several versions.
    ``extras`` are the requested extras without which nothing would require the project: ``httpx[brotli]``.
    """

    name: str
    versions: tuple[tuple[int, RequestedVersion], ...]
    chains: tuple[tuple[str, ...], ...] = ()
    dependents: int = 0
    extras: tuple[str, ...] = ()

    @property
    def requirement(self) -> str:
        """The request as text, with every pin and requirement once."""
        texts = (
            f"{self.name}=={requested.pinned}" if requested.pinned else requested.requirement.text.strip()
            for _, requested in self.versions
        )
        return ", ".join(dict.fromkeys(texts))


def requested_projects(
    inputs: Iterable[tuple[Dependencies, Mapping[int, Resolution]]], targets: Sequence[Mapping[str, str]]
) -> tuple[RequestedProject, ...]:
    """Every project that a target needs, by name; ``targets`` are their markers.

    Each input comes with its resolutions by target number; an unresolved input without any contributes just the
    projects it names.
    """
    versions: dict[str, list[tuple[int, RequestedVersion]]] = {}
    graphs: list[_Graph] = []
    for dependencies, resolutions in inputs:
        for number, markers in enumerate(targets):
            found, pins = _requested_versions(dependencies, resolutions.get(number), markers)
            for name, requested in found:
                versions.setdefault(name, []).append((number, requested))
            graphs.append(_graph(dependencies, pins, [name for name, _ in found], markers))
    chains: dict[str, dict[tuple[str, ...], None]] = {}
    for graph in graphs:
        for name, paths in graph.chains.items():
            chains.setdefault(name, {}).update(paths)
    dependents = _dependents({edge for graph in graphs for edge in graph.edges})
    return tuple(
        RequestedProject(
            name=name,
            versions=tuple(dict.fromkeys(sorted(found, key=lambda pair: pair[0]))),
            chains=tuple(sorted(chains[name], key=lambda path: (len(path), path))[:_MOST_CHAINS]),
            dependents=dependents.get(name, 0),
            extras=_extras(name, graphs),
        )
        for name, found in sorted(versions.items())
    )


def _dependents(edges: Iterable[tuple[str, str]]) -> dict[str, int]:
    """How many projects require each project, directly or not; ``edges`` are (project, required project) pairs."""
    parents: dict[str, set[str]] = {}
    for parent, child in edges:
        if parent != child:
            parents.setdefault(child, set()).add(parent)
    bits = {name: 1 << number for number, name in enumerate(sorted({each for pair in edges for each in pair}))}
    above = dict.fromkeys(bits, 0)  # bit sets, because a tree of thousands has millions of pairs
    changed = True
    while changed:
        changed = False
        for child, names in parents.items():
            found = above[child]
            for parent in names:
                found |= above[parent] | bits[parent]
            changed |= found != above[child]
            above[child] = found
    return {name: (found & ~bits[name]).bit_count() for name, found in above.items()}


def _extras(name: str, graphs: Iterable[_Graph]) -> tuple[str, ...]:
    """The extras that are the only reason for a project; empty if any target or input needs it without them."""
    requiring = [graph for graph in graphs if name in graph.chains]
    if not all(name in graph.optional for graph in requiring):
        return ()
    return tuple(sorted({graph.optional[name] for graph in requiring}))


def in_shard(name: str, shard: Shard | None) -> bool:
    """Whether a project belongs to a shard, which depends only on its normalized name."""
    return shard is None or crc32(name.encode()) % shard.of == shard.number - 1


def _requested_versions(
    dependencies: Dependencies, resolution: Resolution | None, markers: Mapping[str, str]
) -> tuple[list[tuple[str, RequestedVersion]], tuple[PinnedVersion | ResolvedPin, ...]]:
    hashes: dict[str, frozenset[tuple[str, str]]] = {}
    for each in (*dependencies.wanted, *dependencies.constraints):
        if each.requirement.applies(markers):
            name = each.requirement.name
            hashes[name] = hashes.get(name, frozenset()) | each.hashes
    if resolution is not None:
        return [
            (
                pin.name,
                RequestedVersion(
                    requirement=pin.requirement,
                    pinned=pin.version,
                    resolved=True,
                    hashes=hashes.get(pin.name, frozenset()),
                    notes=(f"its dependencies are unknown: {pin.untold}",) if pin.untold else (),
                ),
            )
            for pin in resolution.pins
        ], resolution.pins
    if dependencies.resolved:
        pins = dependencies.pins_for(markers)
        locks = dependencies.is_lock
        return [
            (
                pin.name,
                RequestedVersion(
                    requirement=Requirement(text=pin.name, name=pin.name),
                    pinned=pin.version,
                    locked=_files(pin) if locks else (),
                ),
            )
            for pin in pins
        ], pins
    return [
        (each.requirement.name, RequestedVersion(requirement=each.requirement, hashes=hashes[each.requirement.name]))
        for each in dependencies.wanted
        if each.requirement.applies(markers)
    ], ()


def _files(pin: PinnedVersion) -> tuple[File, ...]:
    """The files of a lock, as a page would list them, with a placeholder for a missing URL."""
    return tuple(
        File(filename=file.filename, url=f"https://lock.invalid/{file.filename}", hashes=file.hashes)
        for file in pin.files
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Graph:
    """The dependency graph of one input and target.

    ``chains`` has the shortest paths from each root to each project; a project that no root leads to is its own root.
    ``edges`` are pairs of a project and one that it requires. ``optional`` maps a project reached only through a
    requested extra to that extra: ``httpx[brotli]``.
    """

    chains: Mapping[str, Mapping[tuple[str, ...], None]]
    edges: frozenset[tuple[str, str]]
    optional: Mapping[str, str]


def _graph(
    dependencies: Dependencies,
    pins: Iterable[PinnedVersion | ResolvedPin],
    names: Iterable[str],
    markers: Mapping[str, str],
) -> _Graph:
    """The graph below the requested projects; with very many roots in a large tree, some paths are omitted."""
    by_name: dict[str, list[RequirementEdge]] = {}
    for pin in pins:
        by_name.setdefault(pin.name, []).extend(pin.requires)
    asked = {name: frozenset[str]() for name in dependencies.roots}
    for name, more in (
        *((edge.name, edge.extras) for edge in dependencies.asked),
        *((each.requirement.name, each.requirement.extras) for each in dependencies.wanted),
    ):
        asked[name] = asked.get(name, frozenset()).union(more)
    if not asked:
        required = {edge.name for edges in by_name.values() for edge in edges}
        asked = {name: frozenset() for name in by_name if name not in required}
    # first from any root, so every project has a path however many roots there are
    whole = _walk(asked, by_name, markers)
    plain = _walk(dict.fromkeys(asked, frozenset()), by_name, markers) if any(asked.values()) else whole
    chains: dict[str, dict[tuple[str, ...], None]] = {name: {path: None} for name, (path, _) in whole.paths.items()}
    left = _MOST_PATHS
    for root, extras in asked.items():
        if left <= 0:
            break
        for path, _ in _walk({root: extras}, by_name, markers).paths.values():
            left -= 1
            chains[path[-1]][path] = None
    for name in names:
        chains.setdefault(name, {(name,): None})
    return _Graph(
        chains=chains,
        edges=frozenset(whole.edges),
        optional={name: extra for name, (_, extra) in whole.paths.items() if name not in plain.paths},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """The shortest path to each project, with the root's extra that it starts from (or ""), and all edges."""

    paths: Mapping[str, tuple[tuple[str, ...], str]]
    edges: set[tuple[str, str]]


def _walk(
    roots: Mapping[str, Iterable[str]], by_name: Mapping[str, Sequence[RequirementEdge]], markers: Mapping[str, str]
) -> _Walk:
    """Walk breadth first over everything that the roots and their extras require."""
    paths: dict[str, tuple[tuple[str, ...], str]] = {root: ((root,), "") for root in roots}
    edges: set[tuple[str, str]] = set()
    seen: set[tuple[str, str]] = set()
    waiting = deque((root, extra) for root, extras in roots.items() for extra in ("", *sorted(extras)))
    while waiting:
        name, extra = waiting.popleft()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        path, first = paths[name]
        if extra and len(path) == 1:
            first = f"{name}[{extra}]"
        for edge in by_name.get(name, ()):
            if edge.within == extra and edge.name in by_name and _holds(edge, markers):
                paths.setdefault(edge.name, ((*path, edge.name), first))
                edges.add((name, edge.name))
                waiting.extend((edge.name, wanted) for wanted in ("", *edge.extras))
    return _Walk(paths=paths, edges=edges)


def _holds(edge: RequirementEdge, markers: Mapping[str, str]) -> bool:
    return not edge.marker or _evaluate(edge.marker, tuple(markers.items()))


@lru_cache(maxsize=4096)
def _evaluate(marker: str, markers: tuple[tuple[str, str], ...]) -> bool:
    return Requirement(text="", name="", marker=marker).applies(dict(markers))
