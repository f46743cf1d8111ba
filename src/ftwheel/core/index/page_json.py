"""Decides what a JSON page of the simple repository API says (PEP 691, 700, 714, 792).

An invalid entry is a problem of the page that makes some installers give up on all of it: pip if a wrong type makes it
fail (``pip/_internal/models/link.py``), uv on any type mismatch (``uv-pypi-types/src/simple_json.rs``). Each installer
declares the faults that it rejects.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import repeat
from types import NoneType
from typing import Any

from ftwheel.core.errors import IndexFormatError
from ftwheel.core.index.page import (
    UV_ALGORITHMS,
    File,
    PageFault,
    PageProblem,
    ProjectDetails,
    UnreadablePageError,
    Yanked,
    check_length,
    egg_problem,
    is_uv_digest,
    normalized,
    read_time_as_uv,
    read_upload_time,
    short,
    too_long_number,
)
from ftwheel.core.index.page_columns import FileDetails, JsonFiles, read_yanked
from ftwheel.core.index.page_uniform import METADATA_KEYS, EntryColumns, colons, metadata_digests, uniform_columns

__all__ = ["parse_json"]

_Problems = dict[PageFault, str]
_Note = Callable[[str, PageFault], None]
_LARGEST_SIZE = 2**64
_LONGEST_NUMBER = 4300  # digits; Python's limit for integers in text
_MOST_ESCAPES = 1000  # in a page read by column
_LONGEST_TIME = len("2026-11-29T02:34:00.123456789Z")
_LARGE_BODY = 8 * 1024 * 1024  # bytes
_MOST_VALUES = 1_500_000  # commas, brackets and braces in a large body; a page of 50,000 files has half as many
_SURROGATE = "[\ud800-\udfff]"
_RELATIVE = re.compile(r"^((?:\.\./)+|/|)")
_ODD_IN_RELATIVE = (":", "?", "#", ";", "\\", " ", "//", "/.", "\n.", "\n/", "\n\n")


def parse_json(body: bytes, *, url: str, name: str) -> ProjectDetails:
    """Decide what the page says; ``name`` is used if it has none. Raises IndexFormatError."""
    if len(body) > _LARGE_BODY and sum(map(body.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        # in memory, values take up to twenty times as much as in text
        raise IndexFormatError(f"{short(url)}: more than {_MOST_VALUES:,} values; rejected")
    data, files, problems = _read_alike(body, url) or _read_any(body, url)
    _note_marks(data, problems)
    meta, versions, status = (data.get(key) for key in ("meta", "versions", "project-status"))
    declared = data.get("name")
    marker = status if isinstance(status, dict) else {}
    return ProjectDetails(
        name=normalized(declared if isinstance(declared, str) else name),
        files=files,
        url=url,
        api_version=short(str(meta["api-version"])) if isinstance(meta, dict) and "api-version" in meta else "1.0",
        versions=tuple(text for text in versions if isinstance(text, str)) if isinstance(versions, list) else (),
        status=_text(marker.get("status"), "active"),
        status_reason=_text(marker.get("reason"), ""),
        problems=tuple(PageProblem(fault=fault, text=text) for fault, text in problems.items()),
    )


def _read_alike(body: bytes, url: str) -> tuple[dict[str, Any], Sequence[File], _Problems] | None:
    """The page, its files and no problems if all entries are usual and written alike, else None."""
    found = uniform_columns(body)
    if found is None:
        return None
    data, columns = found
    check_length(len(columns.filenames), url)
    try:
        return data, _files(columns, url), {}
    except ValueError:
        return None


def _read_any(body: bytes, url: str) -> tuple[dict[str, Any], Sequence[File], _Problems]:
    """The page, its files and the problems with them. Raises IndexFormatError."""
    data, problems = _load(body, url)
    if not isinstance(data, dict) or not _is_listing(data.get("files", [])):
        raise _unreadable(url, 'JSON without a "files" list, so not a project page (PEP 691)')
    if not isinstance(data.get("files"), list):
        problems[PageFault.FILES_TYPE if "files" in data else PageFault.FILES_MISSING] = 'no "files" list'
    entries = data.get("files") or []
    check_length(len(entries), url)
    files: Sequence[File] | None = None if problems else _usual(data, body, url)
    if files is None:
        data = _marked(body, data)
        files = _Reader(url, problems).files(data.get("files") or [])
    return data, files, problems


def _unreadable(url: str, reason: str) -> UnreadablePageError:
    return UnreadablePageError(f"{short(url)}: {reason}", problem=PageProblem(fault=PageFault.UNREADABLE, text=reason))


def _is_listing(files: object) -> bool:
    """Whether pip can iterate over the files: it reads an empty string or object as no files."""
    return isinstance(files, list) or files in ("", {})


def _load(body: bytes, url: str) -> tuple[Any, _Problems]:
    """Parse the body; return its value, and problems with syntax and encoding. Raises UnreadablePageError.

    Python's ``json`` accepts more than JSON: ``NaN``, UTF-16 and a byte order mark. uv skips anything it does not need,
    even if it is not UTF-8 or is a number too long for Python.
    """
    constants: list[str] = []
    problems: _Problems = {}

    def constant(text: str) -> float:
        constants.append(text)
        return float(text)

    try:
        data = json.loads(body, parse_constant=constant)
        encoding = json.detect_encoding(body)
        if encoding != "utf-8":
            mark = "a byte order mark" if encoding == "utf-8-sig" else f"text in {encoding}"
            problems[PageFault.JSON_SYNTAX] = mark
    except (ValueError, RecursionError) as error:
        reason = f"invalid JSON ({short(str(error))})"
        constants.clear()
        try:
            text = body.decode("utf-8", "surrogateescape")
            data = json.loads(text, parse_constant=constant, parse_int=_number)
        except (ValueError, RecursionError):
            raise _unreadable(url, reason) from error
        if constants:
            raise _unreadable(url, reason) from error
        problems.update(dict.fromkeys(_python_faults(text, error), reason))
    if constants:
        problems.setdefault(PageFault.JSON_SYNTAX, f"{constants[0]} is not JSON")
    return data, problems


def _python_faults(text: str, error: Exception) -> Iterator[PageFault]:
    """Yield what makes Python reject the body; Poetry replaces bytes that are not UTF-8, and reads the rest."""
    if isinstance(error, UnicodeDecodeError):
        yield PageFault.JSON_ENCODING
        try:
            json.loads(text)
            return
        except (ValueError, RecursionError):
            pass
    yield PageFault.JSON_FOR_PYTHON


def _number(text: str) -> int | float:
    """Return an integer, or a float if it is too long for Python or is ``-0``, which is not an integer in uv either."""
    return int(text) if len(text) < _LONGEST_NUMBER and text != "-0" else float(text)


class _Repeated(dict[str, Any]):
    """An object with a repeated key: as a dict it has the last value, as in Python; ``pairs`` has all values."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs
        counts = Counter(key for key, _ in pairs)
        self.keys_twice = {key for key, count in counts.items() if count > 1}


def _marked(body: bytes, data: Any) -> Any:
    """Parse the body again, marking objects with repeated keys; slower, and rarely needed."""

    def mark(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        return found if len(found) == len(pairs) else _Repeated(pairs)

    try:
        return json.loads(body, object_pairs_hook=mark, parse_int=_number)
    except (ValueError, RecursionError):
        text = body.decode("utf-8", "surrogateescape")
        return json.loads(text, object_pairs_hook=mark, parse_int=_number)


def _twice(found: object, keys: Iterable[str]) -> str:
    """The first of the keys that is repeated; empty if none is."""
    return next((key for key in keys if key in found.keys_twice), "") if isinstance(found, _Repeated) else ""


def _note_marks(data: Mapping[str, Any], problems: _Problems) -> None:
    """Record problems of the page as a whole: with its keys, and with its status (PEP 792)."""
    if twice := _twice(data, ("files", "project-status")):
        problems[PageFault.REPEATED_KEY] = f"{twice} is repeated"
    if any(map(_is_no_text, data)):
        problems.setdefault(PageFault.TEXT, "a key is not valid text")
    status = data.get("project-status", {})
    found = (
        (status.get("status", ""), "" if status.get("reason") is None else status["reason"])
        if isinstance(status, dict)
        else (None,)
    )
    if not all(isinstance(text, str) for text in found) or _twice(status, ("status", "reason")):
        problems[PageFault.STATUS_TYPE] = "project-status is not as specified"
    elif any(map(_is_no_text, (*status, *found))):
        problems.setdefault(PageFault.TEXT, "project-status is not valid text")


def _text(value: object, default: str) -> str:
    return value if isinstance(value, str) and value else default


def _pairs(hashes: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((name, digest) for name, digest in hashes.items() if isinstance(digest, str))


def _read_metadata(entry: Mapping[str, Any]) -> tuple[tuple[str, str], ...] | None:
    metadata = entry.get("core-metadata")
    if metadata is None:
        metadata = entry.get("dist-info-metadata")
    if isinstance(metadata, dict):
        return _pairs(metadata)
    return () if metadata else None


def _usual(data: dict[str, Any], body: bytes, base: str) -> JsonFiles | None:
    """The files if every entry has the usual shape, else None.

    Reads the page by column, which is five times faster than by entry.
    """
    entries = data.get("files") or []
    try:
        filenames = [entry["filename"] for entry in entries]
        hrefs = [entry["url"] for entry in entries]
        hashes = [entry["hashes"] for entry in entries]
        keys = set[str]().union(*entries)
        metadata = {key: _column(entries, key) for key in METADATA_KEYS if key in keys}
        hashes += [found for column in metadata.values() for found in column if type(found) is dict]
        digests = [found["sha256"] for found in hashes]
        sizes = _column(entries, "size", 1)
        requires_python = _column(entries, "requires-python")
        yanked = _column(entries, "yanked", False)
        times = _column(entries, "upload-time", "")
        provenance = [found or "" for found in _column(entries, "provenance")] if "provenance" in keys else []
        reasons = [mark for mark in yanked if mark is not True and mark is not False]
        # joining raises TypeError unless all are texts
        texts = [*map("".join, (hrefs, filenames, times, filter(None, requires_python), provenance, reasons))]
        rest = {**data, "files": []}
        usual = (
            b"\xed" not in body  # part of half a surrogate pair
            and not _has_odd_escapes(body)
            # a repeated key leaves a colon over
            and body.count(b":") == sum(map(len, entries)) + len(digests) + sum(map(colons, texts)) + colons(rest)
            and sum(map(len, hashes)) == len(hashes)  # each has the SHA-256
            and all(_types(column) <= {bool, dict, NoneType} for column in metadata.values())
            and _types(sizes) <= {int}
            and 0 < min(sizes, default=1) <= max(sizes, default=1) < _LARGEST_SIZE
            and _types(requires_python) <= {str, NoneType}
            and ("" not in times or not any(entry.get("upload-time", True) in {"", None} for entry in entries))
        )
        if not usual:
            return None
        if 1 in sizes:
            sizes = [entry.get("size") for entry in entries]
        metadata = {key: [_digest(value) for value in column] for key, column in metadata.items()}
        columns = EntryColumns(
            filenames, hrefs, digests, metadata_digests(metadata, len(entries)), sizes, requires_python, times, yanked
        )
        return _files(columns, base)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return None


def _digest(metadata: dict[str, str] | bool | None) -> str | bool | None:
    return metadata["sha256"] if isinstance(metadata, dict) else metadata


def _files(columns: EntryColumns, base: str) -> JsonFiles:
    """The files of entries with these columns. Raises ValueError unless every value is usual."""
    filenames, hrefs, digests, metadata, sizes, requires_python, times, yanked = columns
    urls, upload_times = _absolute(hrefs, base), _upload_times(times)
    addresses = "".join(hrefs)
    usual = (
        max(map(len, urls), default=0) < _LONGEST_NUMBER
        and set(map(len, digests)) <= {64}
        and len(bytes.fromhex("".join(digests))) == 32 * len(digests)  # fromhex skips spaces
        and max(map(len, filter(None, requires_python)), default=0) < _LONGEST_NUMBER
        and "[" not in addresses  # makes urlsplit raise, and pip give up
        and not (("#" in addresses or "&" in addresses) and "egg=" in addresses)
    )
    if not usual:
        raise ValueError
    marks = [None if mark is False else read_yanked(mark) for mark in yanked]
    details = FileDetails(digests[: len(filenames)], sizes, metadata)
    return JsonFiles((filenames, urls, requires_python, upload_times, marks), details)


def _column(entries: list[dict[str, Any]], key: str, default: Any = None) -> list[Any]:
    """The value of a key in each entry. Nearly always all entries have it, and a subscript takes half as long."""
    try:
        return [entry[key] for entry in entries]
    except KeyError:
        return [entry.get(key, default) for entry in entries]


def _absolute(hrefs: list[str], base: str) -> list[str]:
    """Make the URLs absolute, if all are absolute or all relative. Raises ValueError if that takes ``urljoin``."""
    # between these two are only texts that start with https://
    if min(hrefs, default="https://") >= "https://" and max(hrefs, default="https://") < "https:/0":
        return hrefs
    if all(map(str.startswith, hrefs, repeat(("https://", "http://")))):
        return hrefs
    from urllib.parse import urljoin  # noqa: PLC0415  # pages with absolute URLs do not need it

    parts = [_RELATIVE.sub(r"\1\n", href, count=1).split("\n") for href in hrefs]
    text = "\n".join(rest for _, rest in parts)
    joinable = base.startswith(("https://", "http://")) and text.replace("\n", "").isprintable()
    if not joinable or any(odd in f"\n{text}\n" for odd in _ODD_IN_RELATIVE):
        raise ValueError
    roots = {start: urljoin(base, start or "./") for start in {start for start, _ in parts}}
    return [roots[start] + rest for start, rest in parts]


def _upload_times(times: Sequence[str]) -> Sequence[datetime | None]:
    """The times in UTC, None for an empty text. Raises ValueError unless all are in the RFC 3339 form that uv reads."""
    written = list(filter(None, times)) if "" in times else times
    found = iter(map(datetime.fromisoformat, written))
    read = [*found] if written is times else [next(found) if time else None for time in times]
    text, count = "".join(written), len(written)
    # if Python reads a time, it has at most one T and one Z, before the hour and at its end; no W means no dash or two
    usual = text.count("T") == text.count("Z") == count and text.count("-") == 2 * count and "W" not in text
    # with both colons, uv reads nine digits of the seconds' fraction, and gives up at ten; Python reads any number
    usual = usual and text.count(":") == 2 * count and max(map(len, written), default=0) <= _LONGEST_TIME
    if not usual or "T24" in text or ("9999" in text and max(written) >= "9999"):
        raise ValueError
    return read


def _has_odd_escapes(body: bytes) -> bool:
    """Whether a key may contain escapes, or a text half a surrogate pair; also true if there are very many escapes.

    Searches for single bytes, which is thirty times faster than searching for each escape.
    """
    at, seen = body.find(b"\\"), 0
    while at >= 0:
        seen += 1
        if seen > _MOST_ESCAPES or body[at + 1 : at + 4] == b"u00" or body[at + 1 : at + 3] in (b"ud", b"uD"):
            return True
        at = body.find(b"\\", at + 1)
    return False


def _types(values: Iterable[object]) -> set[type]:
    return set(map(type, values))


class _Reader:
    """Reads the file entries of a page that has unusual entries, and records its problems."""

    def __init__(self, url: str, problems: _Problems) -> None:
        from urllib.parse import urljoin, urlsplit  # noqa: PLC0415  # usual pages need neither

        self.url = url
        self._problems = problems
        self._join, self._split = urljoin, urlsplit

    def files(self, entries: list[Any]) -> tuple[File, ...]:
        return tuple(file for entry in entries if (file := self._careful(entry)) is not None)

    def _careful(self, entry: Any) -> File | None:
        """Read any entry; None if it has no URL or is not an object. Invalid fields count as missing."""
        if not isinstance(entry, dict):
            self._problems.setdefault(PageFault.ENTRY_TYPE, "an entry of files is not an object")
            return None
        if isinstance(entry, _Repeated):
            self._note_earlier(entry)
        broken: list[str] = []

        def note(field: str, fault: PageFault) -> None:
            broken.append(field)
            self._problems.setdefault(fault, f"{field} of {short(str(entry.get('filename')))} is not as specified")

        href = entry.get("url")
        if not isinstance(href, str):
            odd = PageFault.URL_TYPE if href else PageFault.EMPTY_URL_TYPE
            note("url", PageFault.URL_MISSING if href is None else odd)
            return None
        try:
            url = href if href.startswith(("https://", "http://")) else self._join(self.url, href)
            path = self._split(url).path
        except ValueError:
            note("url", PageFault.URL_SYNTAX)
            return None
        if any(map(_is_no_text, _texts(entry))):
            note("text", PageFault.URL_TEXT if _is_no_text(href) else PageFault.TEXT)
        filename = entry.get("filename")
        if not isinstance(filename, str):
            note("filename", PageFault.FILENAME_TYPE if "filename" in entry else PageFault.FILENAME_MISSING)
            filename = path.rpartition("/")[2]
        if problem := too_long_number(path):
            self._problems.setdefault(PageFault.FILENAME_NUMBER, problem)
        if problem := egg_problem(url):
            self._problems.setdefault(PageFault.EGG_NAME, problem)
        requires_python = entry.get("requires-python")
        if requires_python is not None and not isinstance(requires_python, str):
            # pip fails when it evaluates it, but not for falsy values (0, false)
            note("requires-python" if requires_python else "empty requires-python", PageFault.REQUIRES_PYTHON_TYPE)
            requires_python = None
        elif requires_python and too_long_number(requires_python):
            broken.append("requires-python")  # pip fails on it in the same way
        size = entry.get("size")
        if not _is_size(size):
            if "size" in entry:
                note("size", PageFault.SIZE)
            size = None
        return File(
            filename=filename,
            url=url,
            hashes=self._hashes(entry, note),
            size=size,
            upload_time=self._upload_time(entry, note),
            requires_python=requires_python,
            yanked=self._yanked(entry, note),
            core_metadata=self._core_metadata(entry, note),
            broken=tuple(broken),
        )

    def _hashes(self, entry: Mapping[str, Any], note: _Note) -> tuple[tuple[str, str], ...]:
        hashes = entry.get("hashes")
        if not isinstance(hashes, dict):
            # Poetry fails when it uses them, but not for falsy values
            note(
                "type of hashes" if hashes else "hashes",
                PageFault.HASHES_MISSING if hashes is None else PageFault.HASHES_TYPE,
            )
            return ()
        if not _uv_takes(hashes):
            note("hashes", PageFault.DIGEST)
        if _twice(hashes, UV_ALGORITHMS):
            note("hashes", PageFault.REPEATED_KEY)
        return _pairs(hashes)

    def _upload_time(self, entry: Mapping[str, Any], note: _Note) -> datetime | None:
        uploaded = entry.get("upload-time")
        if "upload-time" not in entry:
            return None
        if not isinstance(uploaded, str):
            if uploaded:
                note("upload-time", PageFault.UPLOAD_TIME_SYNTAX)
            note("upload-time", PageFault.UPLOAD_TIME_FORM)
            return None
        time, uv_time = read_upload_time(uploaded), read_time_as_uv(uploaded)
        # a time without a zone makes pip fail only if there is a cut-off, with which it cannot be compared
        if uploaded and time is None and not _is_time(uploaded):
            note("upload-time", PageFault.UPLOAD_TIME_SYNTAX)
        if uv_time is None:
            note("upload-time", PageFault.UPLOAD_TIME_FORM)
        return uv_time if time is None else time

    def _yanked(self, entry: Mapping[str, Any], note: _Note) -> Yanked | None:
        yanked = entry.get("yanked", False)
        if not isinstance(yanked, bool | str):
            note("yanked", PageFault.YANKED_TYPE)
        return read_yanked(yanked)

    def _core_metadata(self, entry: Mapping[str, Any], note: _Note) -> tuple[tuple[str, str], ...] | None:
        for key, metadata in _metadata_for_uv(entry):
            if not _uv_reads(key, metadata):
                note(key, PageFault.CORE_METADATA_TYPE)
            if _twice(metadata, UV_ALGORITHMS):
                note(key, PageFault.REPEATED_KEY)
        return _read_metadata(entry)

    def _note_earlier(self, entry: _Repeated) -> None:
        """Record an earlier value of the wrong type for a repeated key: uv reads every value, Python only the last."""
        for key, value in entry.pairs:
            if key not in METADATA_KEYS and value is not entry[key] and not _uv_reads(key, value):
                self._problems.setdefault(
                    PageFault.REPEATED_KEY,
                    f"{key} of {short(str(entry.get('filename')))} is repeated and not as specified",
                )


def _metadata_for_uv(entry: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The metadata keys that uv reads, in the order of the entry: none after ``core-metadata``."""
    older = False
    for key, value in entry.pairs if isinstance(entry, _Repeated) else entry.items():
        if key == METADATA_KEYS[0] or (key in METADATA_KEYS and not older):
            yield key, value
            if key == METADATA_KEYS[0] and value is not None:
                return
            older = older or (key != METADATA_KEYS[0] and value is not None)


def _uv_reads(key: str, value: Any) -> bool:
    """Whether uv accepts the value of a key of an entry."""
    match key:
        case "filename" | "url":
            return isinstance(value, str)
        case "requires-python":
            return value is None or isinstance(value, str)
        case "hashes":
            return isinstance(value, dict) and _uv_takes(value)
        case "size":
            return _is_size(value)
        case "upload-time":
            return isinstance(value, str) and read_time_as_uv(value) is not None
        case "yanked":
            return isinstance(value, bool | str)
        case _ if key in METADATA_KEYS:
            return value is None or isinstance(value, bool) or (isinstance(value, dict) and _uv_takes(value))
        case _:
            return True


def _is_size(size: object) -> bool:
    return isinstance(size, int) and not isinstance(size, bool) and 0 <= size < _LARGEST_SIZE


def _texts(entry: Mapping[str, Any]) -> Iterable[object]:
    """The values of an entry that uv reads as text."""
    yield from entry
    yield from map(entry.get, ("filename", "url", "requires-python", "yanked", "upload-time"))
    for key in ("hashes", *METADATA_KEYS):
        if isinstance(found := entry.get(key), dict):
            yield from found
            yield from found.values()


def _is_no_text(value: object) -> bool:
    """Whether a text contains half a surrogate pair, which Python's ``json`` accepts, or a byte that is not UTF-8."""
    return isinstance(value, str) and not value.isascii() and re.search(_SURROGATE, value) is not None


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _uv_takes(hashes: Mapping[str, Any]) -> bool:
    return all(digest is None or is_uv_digest(name, digest) for name, digest in hashes.items())
