"""Reads ``uv.lock``, a universal resolution: the edges between packages determine which versions apply where.

Source: uv 0.13.9 ``uv-resolver/src/lock/mod.rs`` (version 1 of the format).
"""

from __future__ import annotations

from ftwheel.core.dependencies.inputs import (
    Dependencies,
    PinnedVersion,
    RequirementEdge,
    UnindexedDependency,
)
from ftwheel.core.errors import InputError
from ftwheel.core.index.page import normalized
from ftwheel.core.index.urls import split_credentials
from ftwheel.io.dependencies.inputs.entries import DIRECT
from ftwheel.io.dependencies.inputs.reading import Table, shown
from ftwheel.io.dependencies.inputs.selecting import Parts
from ftwheel.io.dependencies.inputs.tables import LockTable, entries, pinned_file

__all__ = ["read_uv_lock"]

_VERSION = 1
_LOCAL = ("editable", "virtual")


def read_uv_lock(path: str, table: Table, parts: Parts) -> Dependencies:
    """Read the pins, and the edges from the workspace's projects to their requirements. Raises InputError."""
    if table.get("version") != _VERSION:
        raise InputError(
            f"{path}: version {shown(repr(table.get('version')))} of the format; only {_VERSION} is supported",
            hint="update ftwheel, or export it: uv export --format pylock.toml",
        )
    pins, set_aside, members, asked = [], [], [], []
    for entry in entries(table.get("package", []), f"{path}: package"):
        source = LockTable(entry.table_at("source"), f"{entry.where}: source")
        name = normalized(entry.name)
        if any(key in source.table for key in _LOCAL):
            members.append(entry)
        elif "registry" not in source.table:
            set_aside.append(UnindexedDependency(name=name, origin=entry.where, reason=DIRECT))
        else:
            files = [*entry.list("wheels"), *([entry.table["sdist"]] if "sdist" in entry.table else [])]
            pins.append(
                PinnedVersion(
                    name=name,
                    version=entry.text("version"),
                    origin=entry.where,
                    files=tuple(filter(None, map(pinned_file, entries(files, f"{entry.where}: files")))),
                    markers=tuple(map(str, entry.list("resolution-markers"))),
                    requires=_requires(entry),
                    index=split_credentials(source.text("registry"))[0],
                )
            )
    known_extras = {extra for member in members for extra in member.table_at("optional-dependencies")}
    known_groups = {group for member in members for group in member.table_at("dev-dependencies")}
    extras = ("", *parts.of("extras", sorted(known_extras), path))
    groups = parts.of("groups", sorted(known_groups), path)
    own = {normalized(member.name) for member in members}
    for member in members:
        asked += [edge for edge in _requires(member) if edge.within in extras]
        development = LockTable(member.table_at("dev-dependencies"), f"{member.where}: dev-dependencies")
        for group in groups:
            asked += _edges(development, group, within="")
    asked = [edge for edge in asked if edge.name not in own]
    return Dependencies(
        label=path,
        is_lock=True,
        resolved=True,
        pins=tuple(pins),
        roots=tuple(dict.fromkeys(edge.name for edge in asked)),
        asked=tuple(asked),
        set_aside=tuple(set_aside),
        requires_python=str(table.get("requires-python", "")),
    )


def _requires(entry: LockTable) -> tuple[RequirementEdge, ...]:
    optional = LockTable(entry.table_at("optional-dependencies"), f"{entry.where}: optional-dependencies")
    found = _edges(entry, "dependencies", within="")
    for extra in optional.table:
        found += _edges(optional, extra, within=extra)
    return tuple(found)


def _edges(entry: LockTable, key: str, *, within: str) -> list[RequirementEdge]:
    return [
        RequirementEdge(
            name=normalized(one.name),
            extras=tuple(normalized(str(extra)) for extra in (*one.list("extra"), *one.list("extras"))),
            marker=one.text("marker"),
            within=normalized(within),
            version=one.text("version"),
        )
        for one in entries(entry.list(key), f"{entry.where}: {key}")
    ]
