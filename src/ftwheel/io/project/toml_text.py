"""Changes the text of a TOML document and nothing around it: comments, order, spacing and line ends stay.

tomlkit does the editing. Its answer is read back with ``tomllib`` and has to mean exactly what ``core.edits.applied``
says, so that no oddity of a layout becomes a wrong file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import tomlkit
from tomlkit.items import Array, String

from ftwheel.core.errors import ConfigurationError
from ftwheel.core.project.toml_edits import Edit, Insert, Put, Remove, Value, applied, table_at

__all__ = ["edited"]

_WIDTH = 88  # of a line with an array on it


def edited(text: str, edits: Sequence[Edit]) -> str:
    """The text with the edits made; ``text`` is valid TOML.

    Raises ConfigurationError, with the lines to write by hand, where the layout leaves no way to do it.
    """
    wanted = applied(tomllib.loads(text), edits)
    windows = text.count("\n") == text.count("\r\n") > 0
    made = _attempt(text.replace("\r\n", "\n") if windows else text, edits)
    if made is None or tomllib.loads(made) != wanted:
        raise ConfigurationError(
            "pyproject.toml: the layout leaves no room for the changes",
            hint="make these by hand and run the command again:\n" + "\n".join(_by_hand(wanted, edits)),
        )
    if text and not text.endswith("\n"):
        made = made.rstrip("\n")  # a missing last line end stays missing
    return made.replace("\n", "\r\n") if windows else made


def _attempt(text: str, edits: Sequence[Edit]) -> str | None:
    """The text as tomlkit edits it, with tables that do not exist at its end; None if that is not valid TOML."""
    before = tomllib.loads(text)
    inner: list[Edit] = []
    outer: list[Edit] = []
    for edit in edits:
        (outer if table_at(before, edit.table) is None else inner).append(edit)
    try:
        document = tomlkit.parse(text)
        for edit in inner:
            _apply(document, edit)
        made = tomlkit.dumps(document)
        for edit in inner:
            if isinstance(edit, Insert):
                made = _spaced(made, edit.value, text)
        made = _with_tables(made, [edit for edit in outer if isinstance(edit, Put)])
        tomllib.loads(made)
    except (ValueError, KeyError, TypeError, tomlkit.exceptions.TOMLKitError):
        return None
    return made


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


def _spaced(made: str, value: str, before: str) -> str:
    """Put the space behind a new item that tomlkit leaves out where an array begins right after its bracket."""
    for item in (f'["{value}",', f"['{value}',"):
        if item not in before:
            made = made.replace(f'{item}"', f'{item} "').replace(f"{item}'", f"{item} '")
    return made


def _is_literal(item: object) -> bool:
    """Whether a string is in single quotes."""
    return isinstance(item, String) and item.as_string().startswith("'")


def _array(key: str, value: tuple[str, ...]) -> Array:
    array = tomlkit.array()
    array.extend(value)
    return array.multiline(len(_line(key, value)) > _WIDTH)


def _with_tables(text: str, puts: Sequence[Put]) -> str:
    """The text with new tables at its end, each after an empty line."""
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
