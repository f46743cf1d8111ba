"""Decides what a JSON page of the simple repository API says (PEP 691, 700, 714, 792).

An entry that is not as specified is a problem of the page, and some installers give up on all of it: pip where a wrong
type makes it fail (``pip/_internal/models/link.py``), uv wherever its types are not met
(``uv-pypi-types/src/simple_json.rs``). Each installer names the faults that it refuses.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import repeat
from types import NoneType
from typing import Any, overload

from ftwheel.core.errors import IndexFormatError
from ftwheel.core.index.page import (
    File,
    PageFault,
    PageProblem,
    ProjectDetails,
    Yanked,
    check_api_version,
    check_length,
    is_uv_digest,
    normalized,
    read_upload_time,
    short,
)

__all__ = ["Columns", "JsonFiles", "columns", "parse_json"]

_Note = Callable[[str, PageFault], None]
Columns = tuple[Sequence[str], Sequence[str], Sequence[str | None], Sequence[datetime | None], Sequence[Yanked | None]]
_METADATA_KEYS = ("core-metadata", "dist-info-metadata")
_LARGEST_SIZE = 2**64


def parse_json(body: bytes, *, url: str, name: str) -> ProjectDetails:
    """Decide what the page says; ``name`` is used when it has none. Raises IndexFormatError."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise IndexFormatError(f"{short(url)}: no JSON ({short(str(error))})") from error
    if not isinstance(data, dict) or not isinstance(data.get("files"), list):
        raise IndexFormatError(f'{short(url)}: JSON without a list "files", so no page of a project (PEP 691)')
    meta, versions, status = (data.get(key) for key in ("meta", "versions", "project-status"))
    declared = data.get("name")
    marker = status if isinstance(status, dict) else {}
    reader = _Reader(url)
    check_length(len(data["files"]), url)
    files = _usual(data["files"])
    return ProjectDetails(
        name=normalized(declared if isinstance(declared, str) else name),
        files=reader.files(data["files"]) if files is None else files,
        url=url,
        api_version=check_api_version(meta.get("api-version") if isinstance(meta, dict) else None, url),
        versions=tuple(text for text in versions if isinstance(text, str)) if isinstance(versions, list) else (),
        status=_text(marker.get("status"), "active"),
        status_reason=_text(marker.get("reason"), ""),
        problems=reader.problems(),
    )


def _text(value: object, default: str) -> str:
    return value if isinstance(value, str) and value else default


def columns(files: Sequence[File]) -> Columns:
    """File names, addresses, requires-python, upload times and yanked marks, each in the order of the files."""
    if isinstance(files, JsonFiles):
        return files.columns
    return (
        [file.filename for file in files],
        [file.url for file in files],
        [file.requires_python for file in files],
        [file.upload_time for file in files],
        [file.yanked for file in files],
    )


class JsonFiles(Sequence[File]):
    """The files of a page whose entries all have the usual shape, each made only when it is asked for.

    A page lists thousands of files, and a choice looks at some hundred of them.
    """

    __slots__ = ("_entries", "columns")

    def __init__(self, entries: list[Any], columns: Columns) -> None:
        self._entries = entries
        self.columns = columns

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, index: int) -> File: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[File, ...]: ...
    def __getitem__(self, index: int | slice) -> File | tuple[File, ...]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        entry = self._entries[index]
        return File(
            filename=entry["filename"],
            url=entry["url"],
            hashes=tuple(entry["hashes"].items()),
            size=entry.get("size"),
            upload_time=self.columns[3][index],
            requires_python=entry.get("requires-python"),
            yanked=self.columns[4][index],
            core_metadata=_read_metadata(entry),
        )

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, JsonFiles | tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))


def _pairs(hashes: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((name, digest) for name, digest in hashes.items() if isinstance(digest, str))


def _read_yanked(yanked: Any) -> Yanked | None:
    if isinstance(yanked, str):
        return Yanked(reason=yanked, doubtful=not yanked)
    return Yanked() if yanked else None


def _read_metadata(entry: Mapping[str, Any]) -> tuple[tuple[str, str], ...] | None:
    metadata = entry.get("core-metadata")
    if metadata is None:
        metadata = entry.get("dist-info-metadata")
    if isinstance(metadata, dict):
        return _pairs(metadata)
    return () if metadata else None


def _usual(entries: list[Any]) -> JsonFiles | None:
    """The files when every entry has the shape that indexes give entries, None when one has not.

    Looks at the page by column, which is five times faster than by entry.
    """
    try:
        filenames = [entry["filename"] for entry in entries]
        urls = [entry["url"] for entry in entries]
        hashes = [entry["hashes"] for entry in entries]
        metadata = [entry.get(key) for key in _METADATA_KEYS for entry in entries]
        hashes += [found for found in metadata if type(found) is dict]
        digests = [found["sha256"] for found in hashes]
        sizes = [entry.get("size", 0) for entry in entries]
        requires_python = [entry.get("requires-python") for entry in entries]
        yanked = [entry.get("yanked", False) for entry in entries]
        times = [entry.get("upload-time", "") for entry in entries]
        upload_times: list[datetime | None]
        if "" in times:
            upload_times = [datetime.fromisoformat(time) if time else None for time in times]
        else:
            upload_times = list(map(datetime.fromisoformat, times))
        usual = (
            _types(filenames) <= {str}
            and _types(urls) <= {str}
            and _types(hashes) <= {dict}
            and set(map(len, hashes)) <= {1}
            and set(map(len, digests)) <= {64}
            and len(bytes.fromhex("".join(digests))) == 32 * len(digests)  # more than hex digits is skipped by it
            and _types(metadata) <= {bool, dict, NoneType}
            and _types(sizes) <= {int}
            and 0 <= min(sizes, default=0) <= max(sizes, default=0) < _LARGEST_SIZE
            and _types(requires_python) <= {str, NoneType}
            and _types(yanked) <= {bool, str}
            and ("" not in times or not any(entry.get("upload-time", True) in {"", None} for entry in entries))
            and {time.tzinfo for time in upload_times if time} <= {UTC}
            and all(map(str.startswith, urls, repeat(("https://", "http://"))))
            and "[" not in "".join(urls)  # what makes urlsplit raise
        )
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return None
    if not usual:
        return None
    marks = [None if mark is False else _read_yanked(mark) for mark in yanked]
    return JsonFiles(entries, (filenames, urls, requires_python, upload_times, marks))


def _types(values: Iterable[object]) -> set[type]:
    return set(map(type, values))


class _Reader:
    """Reads the file entries of one page that has unusual ones, and notes its problems."""

    def __init__(self, url: str) -> None:
        from urllib.parse import urljoin, urlsplit  # noqa: PLC0415  # usual pages need neither

        self.url = url
        self._problems: dict[PageFault, str] = {}
        self._join, self._split = urljoin, urlsplit

    def problems(self) -> tuple[PageProblem, ...]:
        return tuple(PageProblem(fault=fault, text=text) for fault, text in self._problems.items())

    def files(self, entries: list[Any]) -> tuple[File, ...]:
        return tuple(file for entry in entries if (file := self._careful(entry)) is not None)

    def _careful(self, entry: Any) -> File | None:
        """Any entry; None when it has no address or is no object. Fields of a wrong shape count as missing."""
        if not isinstance(entry, dict):
            self._problems.setdefault(PageFault.ENTRY_TYPE, "an entry of files is not an object")
            return None
        broken: list[str] = []

        def note(field: str, fault: PageFault) -> None:
            broken.append(field)
            self._problems.setdefault(fault, f"{field} of {short(str(entry.get('filename')))} is not as specified")

        href = entry.get("url")
        if not isinstance(href, str):
            note("url", PageFault.URL_MISSING if href is None else PageFault.URL_TYPE)
            return None
        try:
            url = href if href.startswith(("https://", "http://")) else self._join(self.url, href)
            path = self._split(url).path
        except ValueError:
            note("url", PageFault.URL_SYNTAX)
            return None
        filename = entry.get("filename")
        if not isinstance(filename, str):
            note("filename", PageFault.FILENAME_TYPE)
            filename = path.rpartition("/")[2]
        requires_python = entry.get("requires-python")
        if requires_python is not None and not isinstance(requires_python, str):
            # pip fails when it comes to look at it, which for nothing much (0, false) it does not
            note("requires-python" if requires_python else "empty requires-python", PageFault.REQUIRES_PYTHON_TYPE)
            requires_python = None
        size = entry.get("size")
        if not (isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 2**64):
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
            note("hashes", PageFault.HASHES_MISSING if hashes is None else PageFault.HASHES_TYPE)
            return ()
        if not _uv_takes(hashes):
            note("hashes", PageFault.DIGEST)
        return _pairs(hashes)

    def _upload_time(self, entry: Mapping[str, Any], note: _Note) -> datetime | None:
        uploaded = entry.get("upload-time")
        if "upload-time" not in entry:
            return None
        if not isinstance(uploaded, str):
            note("upload-time", PageFault.UPLOAD_TIME_SYNTAX if uploaded else PageFault.UPLOAD_TIME_EMPTY)
            return None
        time = read_upload_time(uploaded)
        if time is None:
            note("upload-time", _time_fault(uploaded))
        return time

    def _yanked(self, entry: Mapping[str, Any], note: _Note) -> Yanked | None:
        yanked = entry.get("yanked", False)
        if not isinstance(yanked, bool | str):
            note("yanked", PageFault.YANKED_TYPE)
        return _read_yanked(yanked)

    def _core_metadata(self, entry: Mapping[str, Any], note: _Note) -> tuple[tuple[str, str], ...] | None:
        for key in _METADATA_KEYS:
            metadata = entry.get(key)
            if not (
                metadata is None or isinstance(metadata, bool) or (isinstance(metadata, dict) and _uv_takes(metadata))
            ):
                note(key, PageFault.CORE_METADATA_TYPE)
        return _read_metadata(entry)


def _time_fault(text: str) -> PageFault:
    """The fault of a text that names no moment."""
    if not text:
        return PageFault.UPLOAD_TIME_EMPTY
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return PageFault.UPLOAD_TIME_SYNTAX
    return PageFault.UPLOAD_TIME_ZONE


def _uv_takes(hashes: Mapping[str, Any]) -> bool:
    return all(digest is None or is_uv_digest(name, digest) for name, digest in hashes.items())
