"""Open an untrusted zip: zipfile creates an object for every entry before a caller can count the entries."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from typing import IO

__all__ = ["MOST_MEMBERS", "SMALL_MEMBER", "open_zip", "small_member"]

MOST_MEMBERS = 200_000
SMALL_MEMBER = 1 << 20  # bytes
_LOCAL = struct.Struct("<4s2xH18xHH")
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


def small_member(stream: IO[bytes], info: zipfile.ZipInfo) -> bytes | None:
    """The contents of a member as ``zipfile`` reads them, in half the time; ``stream`` is the file of the zip.

    None if the member is larger than ``SMALL_MEMBER``, or anything about it is unusual: ``zipfile`` then decides.
    """
    size, stored = info.file_size, info.compress_size
    if max(size, stored) > SMALL_MEMBER or not 0 <= info.header_offset < 1 << 62:  # a damaged directory says anything
        return None
    stream.seek(info.header_offset)
    name = info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "ascii", "replace")
    block = stream.read(_LOCAL.size + len(name) + stored)
    if len(block) < _LOCAL.size:
        return None
    signature, flags, named, extra = _LOCAL.unpack_from(block)
    start = _LOCAL.size + named + extra
    if (
        signature != b"PK\3\4"
        or flags != info.flag_bits
        or flags & 0x61
        or block[_LOCAL.size : _LOCAL.size + named] != name
    ):
        return None
    end = getattr(info, "_end_offset", None)  # where the next member starts, which newer versions of zipfile note
    if end is not None and info.header_offset + start + stored > end:
        return None
    block += stream.read(extra)
    if len(block) != start + stored:
        return None
    data = block[start:]
    if info.compress_type == zipfile.ZIP_DEFLATED:
        expander = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            data = expander.decompress(data, size + 1)
        except zlib.error:
            return None
        if not expander.eof or expander.unused_data:
            return None
    elif info.compress_type != zipfile.ZIP_STORED:
        return None
    return data if len(data) == size and zlib.crc32(data) == info.CRC else None
