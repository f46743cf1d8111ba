"""Edits of a TOML document, independent of its formatting.

``applied`` computes the resulting document; ``ftwheel.io.project.toml_text`` edits the text and is checked against it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never

__all__ = ["Drop", "Edit", "Insert", "Put", "Remove", "Value", "applied", "table_at"]

Value: TypeAlias = str | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """Set a key to a value, creating its table if missing."""

    table: tuple[str, ...]
    key: str
    value: Value
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert:
    """Insert a string into an existing array before ``position``; the array's length means at the end."""

    table: tuple[str, ...]
    key: str
    value: str
    position: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    """Remove a key."""

    table: tuple[str, ...]
    key: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Remove the first occurrence of a string from an array."""

    table: tuple[str, ...]
    key: str
    value: str
    why: str


Edit: TypeAlias = Put | Insert | Remove | Drop


def table_at(document: Mapping[str, Any], path: Iterable[str]) -> Mapping[str, Any] | None:
    """The table at a path, or None."""
    found: Any = document
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else None


def applied(document: Mapping[str, Any], edits: Iterable[Edit]) -> dict[str, Any]:
    """Return a copy of the document with the edits applied in order."""
    result: dict[str, Any] = copy.deepcopy(dict(document))
    for edit in edits:
        table = result
        for name in edit.table:
            table = table.setdefault(name, {})
        match edit:
            case Put():
                table[edit.key] = list(edit.value) if isinstance(edit.value, tuple) else edit.value
            case Insert():
                table[edit.key].insert(edit.position, edit.value)
            case Remove():
                del table[edit.key]
            case Drop():
                table[edit.key].remove(edit.value)
            case _:
                assert_never(edit)
    return result
