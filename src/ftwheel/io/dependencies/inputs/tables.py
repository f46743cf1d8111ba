"""Reads the tables of lock files, checking the type of every value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ftwheel.core.dependencies.inputs import PinnedFile
from ftwheel.core.errors import InputError
from ftwheel.core.index.urls import split_credentials
from ftwheel.io.dependencies.inputs.reading import LOCK_AGAIN, Table, shown

__all__ = ["LockTable", "entries", "pinned_file"]

_MOST = 100_000  # entries of one lock file
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


class LockTable:
    """One table with its location; every getter raises InputError for a value of the wrong type."""

    def __init__(self, table: Mapping[str, Any], where: str) -> None:
        self.table = table
        self.where = where

    def _get(self, key: str, kind: type, default: Any, word: str) -> Any:
        value = self.table.get(key, default)
        if not isinstance(value, kind):
            raise InputError(f"{self.where}: {key} is {shown(repr(value))}, expected {word}", hint=LOCK_AGAIN)
        return value

    def text(self, key: str, default: str = "") -> str:
        found: str = self._get(key, str, default, "a string")
        return found

    def list(self, key: str) -> list[Any]:
        found: list[Any] = self._get(key, list, [], "an array")
        return found

    def table_at(self, key: str) -> Table:
        found: Table = self._get(key, dict, {}, "a table")
        return found

    @property
    def name(self) -> str:
        """The project's name, as written. Raises InputError if it is not a project name."""
        name = self.text("name")
        if not _NAME.fullmatch(name):
            raise InputError(f"{self.where}: {shown(repr(name))} is not a project name", hint=LOCK_AGAIN)
        return name


def entries(tables: object, where: str) -> Iterator[LockTable]:
    """The tables of an array; ``where`` is the file and the key. Raises InputError if it is not an array of tables."""
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise InputError(f"{where} is not an array of tables", hint=LOCK_AGAIN)
    if len(tables) > _MOST:
        raise InputError(f"{where}: more than {_MOST:,} entries; rejected", hint="is it the right file?")
    for number, table in enumerate(tables, 1):
        yield LockTable(table, f"{where}[{number}]")


def pinned_file(entry: LockTable) -> PinnedFile | None:
    """A file from its ``url``, ``file``, ``name`` or ``path``, with ``hash`` or ``hashes``; None if it has no name."""
    url = split_credentials(entry.text("url"))[0].partition("#")[0]
    place = entry.text("name") or entry.text("file") or entry.text("path") or url
    filename = place.replace("\\", "/").rpartition("/")[2]
    if not filename:
        return None
    hashes = [(str(algorithm), str(digest)) for algorithm, digest in entry.table_at("hashes").items()]
    algorithm, colon, digest = entry.text("hash").partition(":")
    if colon:
        hashes.append((algorithm, digest))
    return PinnedFile(filename=_unquoted(filename), url=url, hashes=tuple(hashes))


def _unquoted(filename: str) -> str:
    if "%" not in filename:
        return filename
    from urllib.parse import unquote

    return unquote(filename)
