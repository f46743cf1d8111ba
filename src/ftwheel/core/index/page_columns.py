"""The files of a usual JSON page by column, and a form of such a page that is quick to read again.

A page lists thousands of files, of which a selection reads about a hundred, so each is created on access. The packed
form has only what is needed of a page that was read before: a line of JSON, the file names, and for each of the other
long columns a block of lines of one width, so that a line is found without reading the others. Any line will do: a time
or a size that cannot be read is one that the page does not give.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import accumulate, chain, groupby, pairwise, repeat, starmap
from operator import sub
from types import NoneType
from typing import Any, TypeVar, overload

from ftwheel.core.index.page import File, ProjectDetails, Yanked, read_upload_time
from ftwheel.core.named_tuples import NamedTuple

__all__ = [
    "OLD_MAC",
    "Columns",
    "FileDetails",
    "JsonFiles",
    "columns",
    "has_plain_addresses",
    "pack",
    "read_yanked",
    "unpack",
]

_FORMAT = 3  # increment when the same page is read differently
_ODD_IN_ADDRESSES = "%#?&;\\ \t\r\n"  # these may make pip read a different name from the URL
_LONGEST_SCHEME = len("https://")
_LONGEST_SIZE = 20  # digits
_LONGEST_LINE = 500  # characters, in a packed page
OLD_MAC = "macosx10"  # pip takes no .zip with this in its URL
_Value = TypeVar("_Value")
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


def has_plain_addresses(files: Sequence[File]) -> bool:
    """Whether pip finds the page's file name in every URL, and no URL is repeated, or that of a .zip names old Macs."""
    if not isinstance(files, JsonFiles):
        return _are_plain(*columns(files)[:2])
    if files.plain is None:
        files.plain = _are_plain(*files.columns[:2])
    return files.plain


def _are_plain(filenames: Sequence[str], urls: Sequence[str]) -> bool:
    text = "".join(urls)  # searching it as a whole is many times faster than URL by URL
    if "%" in text:  # as in the names of local versions; pip compares unquoted URLs, and finds the name in them
        from urllib.parse import unquote  # noqa: PLC0415  # few pages need it

        urls = [unquote(url) if "%" in url else url for url in urls]
        text = "".join(urls)
    names = "\n".join(filenames)
    return (
        text.isascii()
        and (".zip" not in names or text.count(OLD_MAC) == names.count(OLD_MAC))
        and not any(odd in text for odd in _ODD_IN_ADDRESSES)
        and all(map(str.endswith, urls, [f"/{filename}" for filename in filenames]))
        and min(map(sub, map(len, urls), map(len, filenames)), default=_LONGEST_SCHEME + 1) > _LONGEST_SCHEME
        and (len(set(filenames)) == len(urls) or len(set(urls)) == len(urls))
    )


class JsonFiles(Sequence[File]):
    """The files of a page whose entries all have the usual shape, each created on access.

    ``plain`` is what ``has_plain_addresses`` found, None before it was asked.
    """

    __slots__ = ("columns", "details", "plain")

    def __init__(self, columns: Columns, details: FileDetails, *, plain: bool | None = None) -> None:
        self.columns = columns
        self.details = details
        self.plain = plain

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


_HAS_METADATA = "true"


def pack(details: ProjectDetails, source: Sequence[str]) -> bytes | None:
    """The page in a form that ``unpack`` reads, as UTF-8; None if it is not a usual one. ``source`` identifies it."""
    if not isinstance(details.files, JsonFiles) or details.problems:
        return None
    filenames, urls, requires_python, upload_times, yanked = details.files.columns
    digests, sizes, metadata = details.files.details
    others = (
        urls,
        [time.isoformat() if time else "" for time in upload_times],
        digests,
        ["" if size is None else str(size) for size in sizes],
        [_HAS_METADATA if found is True else found or "" for found in metadata],
    )
    lines = [filenames, *others]
    if any("\n" in "".join(column) or max(map(len, column), default=0) > _LONGEST_LINE for column in lines):
        return None
    blocks = ["\n".join(filenames).encode(), *map(_block, others)]
    page = {
        "source": [_FORMAT, *source],
        "page": [details.name, details.url, details.api_version, details.status, details.status_reason],
        "versions": details.versions,
        "plain": has_plain_addresses(details.files),
        "requires-python": _runs(requires_python),
        "yanked": _runs([mark and (mark.reason or not mark.doubtful or "") for mark in yanked]),
        "blocks": [len(block) for block in blocks],
    }
    return b"".join([json.dumps(page, separators=(",", ":")).encode(), b"\n", *blocks])


def unpack(packed: bytes, source: Sequence[str]) -> ProjectDetails | None:
    """The page as it was packed; None if it is another one, or is damaged."""
    try:
        start = packed.index(b"\n") + 1
        page = json.loads(packed[:start])
        if page["source"] != [_FORMAT, *source]:
            return None
        (name, url, api_version, status, status_reason), versions = page["page"], page["versions"]
        ends = [*accumulate(page["blocks"], initial=start)]
        texts, plain = (name, url, api_version, status, status_reason, *versions), page["plain"]
        if ends[-1] != len(packed) or _types(texts) != {str} or type(plain) is not bool:
            return None
        whole = memoryview(packed)  # a part of it is no copy
        filenames, addresses, times, digests, sizes, metadata = (whole[begin:end] for begin, end in pairwise(ends))
        names = str(filenames, "utf-8").split("\n") if filenames else []
        count = len(names)
        requires_python = _expanded(page["requires-python"], count, {str, NoneType})
        yanked = _expanded(page["yanked"], count, {str, bool, NoneType})
    except (ValueError, RecursionError, KeyError, TypeError):
        return None
    marks = [None if mark is None else read_yanked(mark) for mark in yanked]
    urls, upload_times = _Lines(addresses, count, str), _Lines(times, count, read_upload_time)
    details = FileDetails(_Lines(digests, count, str), _Lines(sizes, count, _size), _Lines(metadata, count, _metadata))
    return ProjectDetails(
        name=name,
        files=JsonFiles((names, urls, requires_python, upload_times, marks), details, plain=plain),
        url=url,
        api_version=api_version,
        versions=tuple(versions),
        status=status,
        status_reason=status_reason,
    )


class _Lines(Sequence[_Value]):
    """A column of a packed page: lines of one width, each read on access."""

    __slots__ = ("_block", "_count", "_read", "_width")

    def __init__(self, block: memoryview, count: int, read: Callable[[str], _Value]) -> None:
        self._block = block
        self._count = count
        self._read = read
        self._width = len(block) // count if count else 0

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> _Value: ...
    @overload
    def __getitem__(self, index: slice) -> list[_Value]: ...
    def __getitem__(self, index: int | slice) -> _Value | list[_Value]:
        found = range(self._count)[index]
        return self._at(found) if isinstance(found, int) else [*map(self._at, found)]

    def __iter__(self) -> Iterator[_Value]:
        return map(self._at, range(self._count))

    def _at(self, number: int) -> _Value:
        line = self._block[number * self._width : (number + 1) * self._width]
        return self._read(str(line, "utf-8", "replace").rstrip("\n"))


def _block(lines: Iterable[str]) -> bytes:
    """The lines that ``_Lines`` reads, filled up to the same width."""
    encoded = [line.encode() for line in lines]
    width = max(map(len, encoded), default=0)
    return b"".join(line.ljust(width, b"\n") for line in encoded)


def _size(line: str) -> int | None:
    return int(line) if line.isdecimal() and len(line) <= _LONGEST_SIZE else None


def _metadata(line: str) -> str | bool | None:
    return True if line == _HAS_METADATA else line or None


def _runs(values: Iterable[object]) -> list[tuple[object, int]]:
    """Each value with how often it is repeated: most files have that of the file before."""
    return [(value, len([*equal])) for value, equal in groupby(values)]


def _expanded(runs: list[tuple[Any, int]], count: int, types: set[type]) -> list[Any]:
    """The values of the runs. Raises ValueError unless they are so many, of these types."""
    lengths = [length for _, length in runs]
    if sum(lengths) != count or min(lengths, default=0) < 0 or not types >= _types(value for value, _ in runs):
        raise ValueError
    return [*chain.from_iterable(starmap(repeat, runs))]


def _types(values: Iterable[object]) -> set[type]:
    return set(map(type, values))
