"""Open an untrusted zip: zipfile creates an object for every entry before a caller can count the entries."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
from typing import IO

__all__ = ["MOST_MEMBERS", "SMALL_MEMBER", "open_zip"]

MOST_MEMBERS = 200_000
SMALL_MEMBER = 1 << 20  # bytes
_ENTRY = 46  # bytes in a directory entry, excluding the name
_LARGEST_DIRECTORY = 128 << 20
_TAIL = (1 << 16) + 22 + 20 + 56  # longest comment, end record, and zip64's locator and end record


def open_zip(source: str | os.PathLike[str] | IO[bytes]) -> zipfile.ZipFile:
    """``zipfile.ZipFile(source)``, but also raises BadZipFile for a device or more than ``MOST_MEMBERS`` members."""
    if isinstance(source, (str, os.PathLike)):
        if not stat.S_ISREG(os.stat(source).st_mode):  # reading a device might never end
            raise zipfile.BadZipFile("not a regular file")
        with open(source, "rb") as stream:
            _refuse_many(stream)
    else:
        _refuse_many(source)
    return zipfile.ZipFile(source)


def _refuse_many(stream: IO[bytes]) -> None:
    end = stream.seek(0, os.SEEK_END)
    start = stream.seek(max(0, end - _TAIL))
    tail = stream.read(_TAIL)
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) < at + 22:
        return  # zipfile reports the error
    (size,) = struct.unpack_from("<I", tail, at + 12)
    if tail[max(0, at - 20) : at].startswith(b"PK\6\7") and tail[max(0, at - 76) : at].startswith(b"PK\6\6"):
        (size,) = struct.unpack_from("<Q", tail, at - 76 + 40)
        at -= 76
    if size <= MOST_MEMBERS * _ENTRY:
        return
    if size > _LARGEST_DIRECTORY:
        raise zipfile.BadZipFile(f"a directory of {size} bytes")
    stream.seek(max(0, start + at - size))
    if stream.read(size).count(b"PK\1\2") > MOST_MEMBERS:
        raise zipfile.BadZipFile(f"more than {MOST_MEMBERS:,} members")
