"""Reads a JSON page by column if its entries are all written alike, without making an object of each.

Nearly every index writes all entries with the same keys in the same order, as ``json.dumps`` does. One regular
expression, made from the first entry, then splits the page into columns in half of the time that ``json.loads`` takes
for objects, which would have to be taken apart again. Every other page is left to ``ftwheel.core.index.page_json``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from ftwheel.core.named_tuples import NamedTuple

__all__ = ["METADATA_KEYS", "EntryColumns", "colons", "metadata_digests", "uniform_columns"]

METADATA_KEYS = ("core-metadata", "dist-info-metadata", "data-dist-info-metadata")  # only uv reads the last one
_STYLES = ((",", ":"), (", ", ": "))  # separators between entries and after keys
_REQUIRED = {"filename", "url", "hashes"}
_TEXT = '"([^"]*)"'  # the page has no escapes
_DIGEST = r'\{"sha256"COLON"[^"]*"\}'
_VALUES = {
    "filename": _TEXT,
    "url": _TEXT,
    "hashes": r'\{"sha256"COLON"([^"]*)"\}',
    "requires-python": f"(?:null|{_TEXT})",
    "size": "([1-9][0-9]{0,18})",
    "upload-time": '"([^"]+)"',
    "yanked": '(?:false|(true|"[^"]*"))',
    "provenance": '(null|"[^"]*")',
    **dict.fromkeys(METADATA_KEYS, f"({_DIGEST}|true|false|null)"),
}
_CONSTANTS = {"true": True, "false": False, "null": None}


class EntryColumns(NamedTuple):
    """What the entries of a page say, by column; a value that an entry does not have is None, False or empty.

    ``digests`` has the SHA-256 of each file, then all those of metadata files, as written. ``metadata`` is the digest
    of each metadata file, True if it has none, None if there is no such file.
    """

    filenames: list[str]
    hrefs: list[str]
    digests: list[str]
    metadata: Sequence[str | bool | None]
    sizes: Sequence[int | None]
    requires_python: Sequence[str | None]
    times: Sequence[str]
    yanked: Sequence[bool | str]


def uniform_columns(body: bytes) -> tuple[dict[str, Any], EntryColumns] | None:
    """The page without its files, and the columns of these; None unless all are written alike, with usual values.

    If it is not None, ``json.loads`` reads the same, no key is repeated, and all texts are valid.
    """
    body = body.strip(b" \t\r\n")
    if b"\\" in body or any(map(body.__contains__, range(32))):  # JSON has no such bytes in texts
        return None
    try:
        text = body.decode()
        keys, (comma, colon) = _shape(text)
        parts = _pattern(keys, colon, comma).split(text)
        width = len(keys) + 1
        between = parts[::width]
        rest = _without_entries(between[0], between[-1])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if set(between[1:-1]) - {comma}:
        return None
    return rest, _columns({key: parts[number::width] for number, key in enumerate(keys, 1)}, colon)


def _shape(text: str) -> tuple[tuple[str, ...], tuple[str, str]]:
    """The keys of the first entry, and the style in which it is written. Raises ValueError for one that is unusual."""
    start = text.find("{", text.find('"files"'))
    entry, end = json.JSONDecoder().raw_decode(text, start)
    for style in _STYLES:
        if text[start:end] == json.dumps(entry, ensure_ascii=False, separators=style) and entry.keys() >= _REQUIRED:
            return tuple(entry), style
    raise ValueError


@lru_cache(maxsize=16)
def _pattern(keys: tuple[str, ...], colon: str, comma: str) -> re.Pattern[str]:
    """An entry, with one group for each key. Raises KeyError for an unknown key."""
    fields = comma.join(f'"{key}"{colon}{_VALUES[key]}' for key in keys)
    return re.compile(rf"\{{{fields}\}}".replace("COLON", colon))


def _without_entries(head: str, tail: str) -> dict[str, Any]:
    """The page with an empty list of files. Raises ValueError unless that list is theirs, and no key is repeated."""
    entries = object()
    found: list[str] = []

    def constant(text: str) -> object:
        found.append(text)
        return entries

    rest: dict[str, Any] = json.loads(f"{head}NaN{tail}", parse_constant=constant)
    # between an odd number of quotes, the entries would be inside a text, and the constant one of the page
    if rest["files"] != [entries] or len(found) > 1 or head.count('"') % 2:
        raise ValueError
    rest["files"] = []
    if f"{head}{tail}".count(":") != colons(rest):
        raise ValueError
    return rest


def _columns(written: Mapping[str, list[Any]], colon: str) -> EntryColumns:
    digests = written["hashes"]
    count, cut = len(digests), len('{"sha256""') + len(colon)
    metadata = {}
    for key in METADATA_KEYS:
        if key in written:
            found = [_CONSTANTS[value] if value in _CONSTANTS else value[cut:-2] for value in written[key]]
            digests += [value for value in found if isinstance(value, str)]
            metadata[key] = found
    yanked = written.get("yanked")
    return EntryColumns(
        written["filename"],
        written["url"],
        digests,
        metadata_digests(metadata, count),
        [*map(int, written["size"])] if "size" in written else [None] * count,
        written.get("requires-python") or [None] * count,
        written.get("upload-time") or [""] * count,
        [value is not None and (value == "true" or value[1:-1]) for value in yanked] if yanked else [False] * count,
    )


def metadata_digests(found: Mapping[str, Sequence[str | bool | None]], count: int) -> list[str | bool | None]:
    """The column ``metadata`` from the values of each key: a digest, a boolean, or None."""
    core, older = (found.get(key) for key in METADATA_KEYS[:2])
    if core and older:
        core = [other if value is None else value for value, other in zip(core, older, strict=True)]
    return [value or None for value in core or older or [None] * count]


def colons(value: object) -> int:
    """How many colons a value contains if each key is written once: one after each key, plus those in texts."""
    if isinstance(value, dict):
        return len(value) + sum(map(colons, value.values()))
    if isinstance(value, list):
        return sum(map(colons, value))
    return value.count(":") if isinstance(value, str) and ":" in value else 0  # many long texts have none
