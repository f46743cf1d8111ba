"""Reads versions, files, markers and dependency edges from ``poetry.lock`` and ``pdm.lock``.

Sources: Poetry 2.5 ``poetry/packages/locker.py`` (formats 1.1 to 2.1); PDM 2.22 ``pdm/formats`` and
``pdm/project/lockfile`` (format 4).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ftwheel.core.dependencies.inputs import (
    Dependencies,
    PinnedFile,
    PinnedVersion,
    RequirementEdge,
    UnindexedDependency,
)
from ftwheel.core.index.page import normalized
from ftwheel.core.index.urls import split_credentials
from ftwheel.io.dependencies.inputs.entries import DIRECT, edges
from ftwheel.io.dependencies.inputs.reading import Table
from ftwheel.io.dependencies.inputs.selecting import Parts
from ftwheel.io.dependencies.inputs.tables import LockTable, entries, pinned_file

__all__ = ["read_pdm_lock", "read_poetry_lock"]

_POETRY_DIRECT = frozenset({"directory", "file", "git", "url"})
_PDM_DIRECT = ("editable", "git", "path", "ref", "revision", "url")
_MAIN = "main"  # Poetry's group for the main dependencies
_DEFAULT = "default"  # PDM's


def _files(tables: Iterable[Any], where: str) -> tuple[PinnedFile, ...]:
    return tuple(filter(None, map(pinned_file, entries(list(tables), where))))


def read_poetry_lock(path: str, table: Table, parts: Parts) -> Dependencies:
    """Read the pins of a ``poetry.lock``, with the selected groups and extras. Raises InputError."""
    document = LockTable(table, path)
    extras = parts.of("extras", document.table_at("extras"), path)
    older = document.table_at("metadata").get("files", {})  # where Poetry before 1.3 stored them
    tables = list(entries(document.list("package"), f"{path}: package"))
    known = {str(group) for entry in tables for group in entry.list("groups")} - {_MAIN}
    groups = {_MAIN, *parts.of("groups", sorted(known), path)}
    pins: list[PinnedVersion] = []
    set_aside: list[UnindexedDependency] = []
    for entry in tables:
        own = {str(group) for group in entry.list("groups")} or {_MAIN}
        if groups.isdisjoint(own):
            continue
        name = normalized(entry.name)
        source = LockTable(entry.table_at("source"), f"{entry.where}: source")
        if source.text("type") in _POETRY_DIRECT:
            set_aside.append(UnindexedDependency(name=name, origin=entry.where, reason=DIRECT))
            continue
        markers = entry.table.get("markers", ())
        if isinstance(markers, dict):  # one per group
            given = [str(markers[group]) for group in sorted(own & groups) if group in markers]
            markers = given if len(given) == len(own & groups) else ()
        files = entry.list("files") or (older.get(entry.name, []) if isinstance(older, dict) else [])
        pins.append(
            PinnedVersion(
                name=name,
                version=entry.text("version"),
                origin=entry.where,
                files=_files(files, f"{entry.where}: files"),
                markers=(markers,) if isinstance(markers, str) else tuple(markers),
                requires=tuple(_poetry_edges(entry.table_at("dependencies"))),
                index=split_credentials(source.text("url"))[0],
            )
        )
    return Dependencies(
        label=path,
        is_lock=True,
        resolved=True,
        pins=tuple(pins),
        extras=tuple(map(normalized, extras)),
        set_aside=tuple(set_aside),
        requires_python=str(document.table_at("metadata").get("python-versions", "")),
    )


def _poetry_edges(dependencies: Table) -> Iterable[RequirementEdge]:
    for name, value in dependencies.items():
        for one in value if isinstance(value, list) else [value]:
            details = one if isinstance(one, dict) else {}
            extras = details.get("extras", [])
            yield RequirementEdge(
                name=normalized(name),
                extras=tuple(map(str, extras)) if isinstance(extras, list) else (),
                marker=str(details.get("markers", "")),
            )


def read_pdm_lock(path: str, table: Table, parts: Parts) -> Dependencies:
    """Read the pins of a ``pdm.lock``, with the selected groups; PDM stores extras as groups. Raises InputError."""
    document = LockTable(table, path)
    tables = list(entries(document.list("package"), f"{path}: package"))
    known = {str(group) for entry in tables for group in entry.list("groups")} - {_DEFAULT}
    asked = Parts(groups=(*parts.groups, *parts.extras))
    groups = {_DEFAULT, *asked.of("groups", sorted(known), path)}
    pins: dict[tuple[str, str], PinnedVersion] = {}
    set_aside: list[UnindexedDependency] = []
    for entry in tables:
        if groups.isdisjoint({str(group) for group in entry.list("groups")} or {_DEFAULT}):
            continue
        name = normalized(entry.name)
        if any(key in entry.table for key in _PDM_DIRECT):
            set_aside.append(UnindexedDependency(name=name, origin=entry.where, reason=DIRECT))
            continue
        marker = entry.text("marker")
        pin = PinnedVersion(
            name=name,
            version=entry.text("version"),
            origin=entry.where,
            files=_files(entry.list("files"), f"{entry.where}: files"),
            markers=(marker,) if marker else (),
            requires=edges(entry.list("dependencies"), entry.where),
        )
        # a project with extras has a separate entry for each set of extras, with the same files
        first = pins.setdefault((name, pin.version), pin)
        if first is not pin:
            requires = tuple(dict.fromkeys((*first.requires, *pin.requires)))
            markers = (*first.markers, *pin.markers) if first.markers and pin.markers else ()
            pins[name, pin.version] = _joined(first, requires, markers)
    return Dependencies(
        label=path,
        is_lock=True,
        resolved=True,
        pins=tuple(pins.values()),
        set_aside=tuple(set_aside),
    )


def _joined(pin: PinnedVersion, requires: tuple[RequirementEdge, ...], markers: tuple[str, ...]) -> PinnedVersion:
    from dataclasses import replace

    return replace(pin, requires=tuple(edge for edge in requires if edge.name != pin.name), markers=markers)
