"""What is to change in a TOML document, apart from how its text is laid out.

``applied`` says what the document has to mean afterwards; ``ftwheel.io.project.toml_text`` changes the text and is
held to it.
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
    """A key gets a value, in the place of the old one if there is one. A table that is missing is made."""

    table: tuple[str, ...]
    key: str
    value: Value
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert:
    """An array that is there gets one more string, before the one at ``position`` (its length: at the end)."""

    table: tuple[str, ...]
    key: str
    value: str
    position: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    """A key goes."""

    table: tuple[str, ...]
    key: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """An array loses one of its strings, the first that is equal."""

    table: tuple[str, ...]
    key: str
    value: str
    why: str


Edit: TypeAlias = Put | Insert | Remove | Drop


def table_at(document: Mapping[str, Any], path: Iterable[str]) -> Mapping[str, Any] | None:
    """The table at a path, None where there is none."""
    found: Any = document
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else None


def applied(document: Mapping[str, Any], edits: Iterable[Edit]) -> dict[str, Any]:
    """The document after the edits, in their order; the one given stays as it is."""
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
