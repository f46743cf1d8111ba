"""Edits the text of a TOML document and preserves everything else: comments, order, spacing and line endings.

tomlkit makes the edits. The result is parsed with ``tomllib`` and has to be equivalent to that of
``core.edits.applied``, so that an unusual layout never produces a wrong file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

import tomlkit
from tomlkit.items import Array, String

from ftwheel.core.errors import ConfigurationError
from ftwheel.core.project.toml_edits import Drop, Edit, Insert, Put, Remove, Value, applied, table_at

__all__ = ["edited"]

_WIDTH = 88  # maximum length of a line with an array
_HEADER = re.compile(r"[ \t]*\[\[?[^\[\]]+\]\]?[ \t]*(#.*)?$", re.MULTILINE)


def edited(text: str, edits: Sequence[Edit]) -> str:
    """Apply the edits to ``text``, which is valid TOML.

    Raises ConfigurationError, with the lines to write by hand, if the layout does not allow it.
    """
    wanted = applied(tomllib.loads(text), edits)
    windows = text.count("\n") == text.count("\r\n") > 0
    made = _attempt(text.replace("\r\n", "\n") if windows else text, edits)
    if made is None or _without_empty(tomllib.loads(made)) != _without_empty(wanted):
        raise ConfigurationError(
            "pyproject.toml: the changes cannot be made in this layout",
            hint="make these changes by hand and run the command again:\n" + "\n".join(_by_hand(wanted, edits)),
        )
    if text and not text.endswith("\n"):
        made = made.rstrip("\n")  # do not add a missing final newline
    return made.replace("\n", "\r\n") if windows else made


def _attempt(text: str, edits: Sequence[Edit]) -> str | None:
    """Apply the edits, appending missing tables; None if the result is not valid TOML.

    tomlkit moves out-of-order tables and the comments before them, so it is only ever given one table's lines.
    """
    parts = _parts(text)
    outer: list[Put] = []
    lessened: set[int] = set()
    try:
        for edit in edits:
            place = _part_of(parts, edit)
            if place is not None:
                parts[place] = _changed(parts[place], edit, last=place == len(parts) - 1)
                if isinstance(edit, Remove):
                    lessened.add(place)
            elif isinstance(edit, Put):
                outer.append(edit)
        for place in lessened:
            parts[place] = _without_bare_header(parts[place])
        text = "".join(parts)
        made = _with_tables(text if parts[-1] else f"{text.rstrip()}\n".lstrip("\n"), outer)
        tomllib.loads(made)
    except (ValueError, KeyError, TypeError, tomlkit.exceptions.TOMLKitError):
        return None
    return made


def _without_bare_header(part: str) -> str:
    """The lines of a table, without its header if nothing else is left but comments on the next table."""
    header, _, rest = part.partition("\n")
    about_next = rest.lstrip("\n")
    of_next = about_next.startswith("#") and "\n\n" not in about_next
    return about_next if header.rstrip().endswith("]") and (not about_next or of_next) else part


def _without_empty(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document without empty tables: whether they have a header makes no difference to any reader."""
    inner = {key: _without_empty(value) if isinstance(value, Mapping) else value for key, value in document.items()}
    return {key: value for key, value in inner.items() if value != {}}


def _parts(text: str) -> list[str]:
    """Split the text into the lines before the first table, and those of each table from its header on.

    Joined, they are the text again. A line that looks like a header is one only if the lines before it form a valid
    document, so not in the middle of an array or a string.
    """
    starts, place = [0], 0
    for line in text.splitlines(keepends=True):
        if _HEADER.match(line) and _is_document(text[starts[-1] : place]):
            starts.append(place)
        place += len(line)
    return [text[start:end] for start, end in pairwise([*starts, len(text)])]


def _is_document(text: str) -> bool:
    try:
        tomllib.loads(text)
    except ValueError:
        return False
    return True


def _part_of(parts: Sequence[str], edit: Edit) -> int | None:
    """The index of the part an edit applies to: the one with the key, else that of the table; None if it is missing.

    A table may have no header of its own: ``[tool]`` followed by ``ftwheel.gil = ...`` contains ``tool.ftwheel``, but
    ``[tool.a.b]`` contains no ``tool.a`` to add a key to.
    """
    holding = []
    for place, part in enumerate(parts):
        if _HEADER.match(part) and part.lstrip().startswith("[["):
            continue
        header = _header_of(part)
        table = table_at(tomllib.loads(part), edit.table)
        if table is not None and header == edit.table[: len(header)]:
            if edit.key in table or header == edit.table:
                return place
            holding.append(place)
    return next(iter(holding), None)


def _header_of(part: str) -> tuple[str, ...]:
    """The path of the table that a part starts with; empty for the lines before the first table."""
    document: Any = tomllib.loads(part.splitlines()[0] + "\n") if _HEADER.match(part) else {}
    path: list[str] = []
    while isinstance(document, dict) and document:
        [(name, document)] = document.items()
        path.append(name)
    return tuple(path)


def _changed(part: str, edit: Edit, *, last: bool) -> str:
    """Apply the edit to one table's lines; comments right before the next table belong to that one, and do not move."""
    lines = part.splitlines(keepends=True)
    end = len(lines)
    while not last and end and lines[end - 1].lstrip().startswith("#"):
        end -= 1
    while end and not lines[end - 1].strip():
        end -= 1
    head, rest = "".join(lines[:end]), "".join(lines[end:])
    if not _is_document(head):  # the apparent comment is the end of a string
        head, rest = part, ""
    closed = head if head.endswith("\n") or not head else head + "\n"
    document = tomlkit.parse(closed)
    _apply(document, edit)
    made = tomlkit.dumps(document)
    if isinstance(edit, Insert):
        made = _spaced(made, edit.value, head)
    return made + rest


def _apply(document: tomlkit.TOMLDocument, edit: Edit) -> None:
    table: Any = document
    for name in edit.table:
        table = table[name]
    match edit:
        case Put():
            old = table.get(edit.key)
            if isinstance(edit.value, tuple):
                table[edit.key] = _array(edit.key, edit.value)
            elif isinstance(old, String):
                table[edit.key] = tomlkit.string(edit.value, literal=_is_literal(old))
            else:
                table[edit.key] = edit.value
        case Insert():
            array = table[edit.key]
            literal = bool(array) and all(_is_literal(item) for item in array)
            array.insert(edit.position, tomlkit.string(edit.value, literal=literal))
        case Remove():
            del table[edit.key]
        case Drop():
            table[edit.key].remove(edit.value)


def _spaced(made: str, value: str, before: str) -> str:
    """Add the space after a new item that tomlkit omits if an array begins right after its bracket."""
    for item in (f'["{value}",', f"['{value}',"):
        if item not in before:
            made = made.replace(f'{item}"', f'{item} "').replace(f"{item}'", f"{item} '")
    return made


def _is_literal(item: object) -> bool:
    """Whether this is a string in single quotes."""
    return isinstance(item, String) and item.as_string().startswith("'")


def _array(key: str, value: tuple[str, ...]) -> Array:
    array = tomlkit.array()
    array.extend(value)
    return array.multiline(len(_line(key, value)) > _WIDTH)


def _with_tables(text: str, puts: Sequence[Put]) -> str:
    """The text with new tables appended, each after an empty line."""
    if not puts:
        return text
    parts = [text.rstrip("\n") + "\n"] if text else []
    for path, group in groupby(puts, key=lambda put: put.table):
        lines = [f"[{'.'.join(path)}]"]
        for put in group:
            line = _line(put.key, put.value)
            if len(line) > _WIDTH:
                line = tomlkit.dumps({put.key: _array(put.key, tuple(put.value))}).rstrip("\n")
            lines.append(line)
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _line(key: str, value: Value) -> str:
    if isinstance(value, str):
        return f"{key} = {tomlkit.string(value).as_string()}"
    return f"{key} = [{', '.join(tomlkit.string(item).as_string() for item in value)}]"


def _by_hand(wanted: dict[str, Any], edits: Sequence[Edit]) -> list[str]:
    lines = []
    for path, group in groupby(edits, key=lambda edit: edit.table):
        lines.append(f"  [{'.'.join(path)}]")
        for key in dict.fromkeys(edit.key for edit in group):
            value = (table_at(wanted, path) or {}).get(key)
            lines.append(
                f"  # no {key}"
                if value is None
                else f"  {_line(key, tuple(value) if isinstance(value, list) else value)}"
            )
    return lines
