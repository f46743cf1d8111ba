"""Reads a remote file by requesting only the parts that are needed (RFC 9110, section 14)."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from ftwheel.core.errors import IndexFormatError, NetworkError
from ftwheel.core.index.urls import redact

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from ftwheel.core.index.page import File
    from ftwheel.io.index.client import IndexClient

__all__ = ["RangeFile"]

_SMALL = 256 * 1024  # a file that is requested whole: a second request takes longer than that many bytes
_TAIL = 72 * 1024  # the central directory of most wheels, what open_zip reads, and the METADATA of many: it comes last
_BLOCK = 32 * 1024
_MOST_PARTS = 100  # requests: real wheels take a few, because zipfile reads their directory at once
_MOST_READ = 32 * 1024 * 1024  # of one file, in parts
_MOST_WHOLE = 128 * 1024 * 1024  # from a server that does not support ranges
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15})")


class RangeFile(io.RawIOBase):
    """A readable, seekable file at a URL; the end is requested first, because zip files are read from there.

    If the server responds with the whole file, that is used. Any method that reads raises NetworkError and
    IndexFormatError.
    """

    def __init__(self, client: IndexClient, file: File) -> None:
        self._client = client
        self._url = file.url
        self._position = 0
        self._read_so_far = 0
        self._parts: list[tuple[int, bytes]] = []
        self._size = 0
        known = file.size
        begin = 0 if known is None or known <= _SMALL else known - _TAIL
        self._ask(f"bytes={begin}-{known - 1}" if known else f"bytes=-{_TAIL}")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("a position before the start of the file")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: Buffer) -> int:
        into = memoryview(buffer).cast("B")
        start = self._position
        wanted = min(len(into), max(0, self._size - start))
        if not wanted:
            return 0
        part = self._part(start)
        if part is None:
            self._ask(f"bytes={start}-{min(self._size, start + max(_BLOCK, wanted)) - 1}")
            part = self._part(start)
            if part is None:
                raise IndexFormatError(f"{redact(self._url)}: the server sent another part of the file")
        begin, data = part
        found = data[start - begin : start - begin + wanted]
        into[: len(found)] = found
        self._position += len(found)
        return len(found)

    def _part(self, place: int) -> tuple[int, bytes] | None:
        return next((part for part in self._parts if part[0] <= place < part[0] + len(part[1])), None)

    def _ask(self, wanted: str) -> None:
        into = io.BytesIO()
        first = not self._parts
        answer = self._client.fetch(
            self._url, into, headers={"Range": wanted}, most_bytes=_MOST_WHOLE if first else _MOST_READ
        )
        data = into.getvalue()
        if answer.status == 200:
            self._parts, self._size = [(0, data)], len(data)
            return
        if answer.status != 206:
            raise NetworkError(f"{redact(self._url)}: the server answered {answer.status}")
        match = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if match is None or int(match[2]) - int(match[1]) + 1 != len(data) or not data:
            raise IndexFormatError(f"{redact(self._url)}: the server does not say which part of the file it sent")
        if not first and int(match[3]) != self._size:
            raise IndexFormatError(f"{redact(self._url)}: the file changed while it was read")
        self._size = int(match[3])
        self._parts.append((int(match[1]), data))
        self._read_so_far += len(data)
        if self._read_so_far > _MOST_READ:
            raise IndexFormatError(f"{redact(self._url)}: more than {_MOST_READ:,} bytes for its metadata; rejected")
        if len(self._parts) > _MOST_PARTS:
            raise IndexFormatError(f"{redact(self._url)}: more than {_MOST_PARTS} parts for its metadata; rejected")
