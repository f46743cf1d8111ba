"""Open an untrusted tar: tarfile keeps every member, and holds headers of any length in memory."""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ftwheel.io.wheel.zips import MOST_MEMBERS

__all__ = ["open_tar", "tar_members"]

_LARGEST_HEADER = 1 << 20  # with a long name or in the pax format
_LONGEST_NAMES = 32 << 20  # all together
_MOST_EXPANDED, _EXPANSION = 1 << 30, 20  # bytes; and how many times the size of a large tar.gz
_LONG = frozenset({*tarfile.GNU_TYPES, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE})


@contextmanager
def open_tar(path: Path) -> Iterator[tarfile.TarFile]:
    """A tar, compressed with gzip, bzip2 or not at all; iterate over it with ``tar_members``.

    Raises TarError where it expands beyond any real source distribution or has a header of megabytes.
    """
    import bz2
    import gzip

    if not stat.S_ISREG(os.stat(path).st_mode):
        raise tarfile.ReadError("not a regular file")
    with path.open("rb") as raw:
        magic = raw.read(3)
        raw.seek(0)
        expanded: Any = raw
        if magic.startswith(b"\x1f\x8b"):
            expanded = gzip.GzipFile(fileobj=raw)
        elif magic == b"BZh":
            expanded = bz2.BZ2File(raw)
        bounded: Any = _Bounded(expanded, max(_MOST_EXPANDED, _EXPANSION * path.stat().st_size))
        with expanded, tarfile.TarFile.taropen(path.name, fileobj=bounded, tarinfo=_BoundedHeader) as archive:
            yield archive


def tar_members(archive: tarfile.TarFile, *, keep: bool = False) -> Iterator[tarfile.TarInfo]:
    """The members one by one; with ``keep``, ``archive`` remembers them, which extracting hard links needs.

    Raises TarError if there are more than ``MOST_MEMBERS``.
    """
    room = _LONGEST_NAMES
    for _ in range(MOST_MEMBERS):
        if (member := archive.next()) is None:
            return
        room -= len(member.name)
        if room < 0:
            break
        yield member
        if not keep:
            archive.members.clear()  # type: ignore[attr-defined]
    raise tarfile.ReadError("more members than any source distribution has")


class _Bounded:
    """A stream of expanded bytes that ends with an error after ``most`` of them."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        self._stream = stream
        self._most = most
        self.tell = stream.tell

    def read(self, size: int = -1) -> bytes:
        self._check(self._stream.tell() + max(size, 0))
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._check(offset)
        return self._stream.seek(offset, whence)

    def _check(self, position: int) -> None:
        if position > self._most:
            raise tarfile.ReadError(f"expands to more than {self._most:,} bytes")


class _BoundedHeader(tarfile.TarInfo):
    """A member whose long name or pax header is read only if it is not huge."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in _LONG and self.size > _LARGEST_HEADER:
            raise tarfile.ReadError(f"a header of {self.size:,} bytes")
        return super()._proc_member(archive)  # type: ignore[misc,no-any-return]
