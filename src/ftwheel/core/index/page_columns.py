"""The files of a usual JSON page by column, and a form of such a page that is quick to read again.

A page lists thousands of files, of which a selection reads about a hundred, so each is created on access. The packed
form has only what is needed of a page that was read before: reading it takes a quarter of the time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import NoneType
from typing import Any, overload

from ftwheel.core.index.page import File, ProjectDetails, Yanked
from ftwheel.core.named_tuples import NamedTuple

__all__ = ["Columns", "FileDetails", "JsonFiles", "columns", "pack", "read_yanked", "unpack"]

_FORMAT = 1  # increment when the same page is read differently
Columns = tuple[Sequence[str], Sequence[str], Sequence[str | None], Sequence[datetime | None], Sequence[Yanked | None]]


class FileDetails(NamedTuple):
    """What is only read for the files that matter: SHA-256, size, and that of the metadata file, each by file.

    The metadata is True if the file exists without a digest, and None if there is none.
    """

    digests: Sequence[str]
    sizes: Sequence[int | None]
    metadata: Sequence[str | bool | None]


def columns(files: Sequence[File]) -> Columns:
    """File names, URLs, requires-python, upload times and yanked markers, each in the order of the files."""
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
    """The files of a page whose entries all have the usual shape, each created on access."""

    __slots__ = ("columns", "details")

    def __init__(self, columns: Columns, details: FileDetails) -> None:
        self.columns = columns
        self.details = details

    def __len__(self) -> int:
        return len(self.columns[0])

    @overload
    def __getitem__(self, index: int) -> File: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[File, ...]: ...
    def __getitem__(self, index: int | slice) -> File | tuple[File, ...]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        filenames, urls, requires_python, upload_times, yanked = self.columns
        digests, sizes, metadata = self.details
        found = metadata[index]
        return File(
            filename=filenames[index],
            url=urls[index],
            hashes=(("sha256", digests[index]),),
            size=sizes[index],
            upload_time=upload_times[index],
            requires_python=requires_python[index],
            yanked=yanked[index],
            core_metadata=(("sha256", found),) if isinstance(found, str) else () if found else None,
        )

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, JsonFiles | tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))


def read_yanked(yanked: Any) -> Yanked | None:
    if isinstance(yanked, str):
        return Yanked(reason=yanked, doubtful=not yanked)
    return Yanked() if yanked else None


def pack(details: ProjectDetails, source: Sequence[str]) -> bytes | None:
    """The page in a form that ``unpack`` reads, as UTF-8; None if it is not a usual one. ``source`` identifies it."""
    if not isinstance(details.files, JsonFiles) or details.problems:
        return None
    filenames, urls, requires_python, upload_times, yanked = details.files.columns
    page = {
        "source": [_FORMAT, *source],
        "page": [details.name, details.url, details.api_version, details.status, details.status_reason],
        "versions": details.versions,
        "texts": [filenames, urls, details.files.details.digests],
        "requires-python": requires_python,
        "upload-times": [time and time.isoformat() for time in upload_times],
        "yanked": [mark and (mark.reason or not mark.doubtful or "") for mark in yanked],
        "sizes": details.files.details.sizes,
        "metadata": details.files.details.metadata,
    }
    return json.dumps(page, separators=(",", ":")).encode()


def unpack(packed: bytes, source: Sequence[str]) -> ProjectDetails | None:
    """The page as it was packed; None if it is another one, or is damaged."""
    try:
        page: Mapping[str, Any] = json.loads(packed)
        if page["source"] != [_FORMAT, *source]:
            return None
        (name, url, api_version, status, status_reason), versions = page["page"], page["versions"]
        (filenames, urls, digests), sizes, metadata = page["texts"], page["sizes"], page["metadata"]
        requires_python, times, yanked = page["requires-python"], page["upload-times"], page["yanked"]
        lists = (filenames, urls, digests, sizes, metadata, requires_python, times, yanked)
        sound = (
            {str} >= {*map(type, (name, url, api_version, status, status_reason, *versions)), *_types(filenames)}
            and {str} >= _types(urls) | _types(digests)
            and {str, NoneType} >= _types(requires_python) | _types(times)
            and {int, NoneType} >= _types(sizes)
            and {str, bool, NoneType} >= _types(metadata) | _types(yanked)
            and set(map(type, lists)) == {list}
            and len(set(map(len, lists))) == 1
        )
        if not sound or "".join(filter(None, times)).count("+00:00") != len(times) - times.count(None):
            return None
        read = datetime.fromisoformat
        upload_times = [None if time is None else read(time) for time in times]
    except (ValueError, RecursionError, KeyError, TypeError):
        return None
    marks = [None if mark is None else read_yanked(mark) for mark in yanked]
    return ProjectDetails(
        name=name,
        files=JsonFiles((filenames, urls, requires_python, upload_times, marks), FileDetails(digests, sizes, metadata)),
        url=url,
        api_version=api_version,
        versions=tuple(versions),
        status=status,
        status_reason=status_reason,
    )


def _types(values: list[object]) -> set[type]:
    return set(map(type, values))
