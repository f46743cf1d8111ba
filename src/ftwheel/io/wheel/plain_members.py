"""Read a member of an untrusted zip in less than half of the time that ``zipfile`` takes.

What inflates is decided here: zlib-ng where it is installed, else the zlib of the standard library. zlib-ng takes half
of the time for deflated data, and a fifth for CRCs. It accepts the same streams, which isal and libdeflate do not;
``tests/property/test_plain_members.py`` compares the two on damaged ones. What is wrong with a stream that is refused
here, ``zipfile`` says.
"""

from __future__ import annotations

import struct
import zipfile
from typing import IO, Any

_zlib: Any
try:
    from zlib_ng import zlib_ng as _zlib
except ImportError:  # it has no wheels for CPython 3.13t, and none for rare machines
    import zlib as _zlib

__all__ = ["inflated", "plain_member"]

_LOCAL = struct.Struct("<4s2xH18xHH")


def plain_member(stream: IO[bytes], info: zipfile.ZipInfo) -> bytes | None:
    """The contents of a member as ``zipfile`` reads them, in half the time; ``stream`` is the file of the zip.

    None if anything about the member is unusual: ``zipfile`` then decides. The caller bounds both of its sizes.
    """
    size, stored = info.file_size, info.compress_size
    if not 0 <= info.header_offset < 1 << 62:  # a damaged directory says anything
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
    data: bytes | None = None
    if info.compress_type == zipfile.ZIP_DEFLATED:
        data = inflated(memoryview(block)[start:], size)
    elif info.compress_type == zipfile.ZIP_STORED and stored == size:
        data = block[start:]
    return data if data is not None and _zlib.crc32(data) == info.CRC else None


def inflated(data: memoryview, size: int, *, zlib: Any = _zlib) -> bytes | None:
    """What ``data`` expands to; None unless it is one whole deflate stream of ``size`` bytes.

    ``zlib`` is a module like that of the standard library.
    """
    expander = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        found: bytes = expander.decompress(data, size + 1)
    except zlib.error:
        return None
    return found if len(found) == size and expander.eof and not expander.unused_data else None
