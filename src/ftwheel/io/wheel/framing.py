"""Decide whether every reader of a zip finds the same members in it, as PyPI requires.

A zip can be read through its central directory, as installers do, or record by record from the start, as scanners and
streaming unpackers do. PyPI accepts a wheel only if both give the same result (``warehouse/utils/zipfiles.py`` of
2026-08-21, APPNOTE.TXT 6.3.10).
"""

from __future__ import annotations

import os
import re
import struct
import zipfile
from collections.abc import Iterator
from typing import IO

__all__ = ["framing_problem"]

_LOCAL, _CENTRAL, _END, _END64, _LOCATOR = b"PK\3\4", b"PK\1\2", b"PK\5\6", b"PK\6\6", b"PK\6\7"
_STREAMED = 0x8  # flag: the sizes follow the data
_ZIP64, _UNICODE_PATH = 0x0001, 0x7075  # extra fields
_ZIP64_LENGTHS = {0, 8, 16, 24, 28}
_IN_ZIP64 = 0xFFFFFFFF
_END64_LENGTH = 44  # of zip64's end record without extensible data
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class _Problem(Exception):  # noqa: N818 - not a failure but the answer of framing_problem
    """A disagreement between the readers of the zip."""


def framing_problem(archive: zipfile.ZipFile, stream: IO[bytes]) -> str:
    """What readers of the zip would disagree about, or ""; ``stream`` is the archive's file.

    Members that share bytes or a name are reported as separate flaws, not here.
    """
    try:
        _local_headers(archive, stream)
        _directory(archive, stream)
    except _Problem as problem:
        return str(problem)
    return ""


def _local_headers(archive: zipfile.ZipFile, stream: IO[bytes]) -> None:
    at = 0
    for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
        if info.header_offset < at:
            return  # overlapping members
        _expect(at, info.header_offset, f"before {info.filename}")
        stream.seek(at)
        signature, flags, method, compressed, size, name_length, extra_length = struct.unpack(
            "<4s2xHH8xLLHH", _read(stream, 30)
        )
        rest = _read(stream, name_length + extra_length)
        name, extra = rest[:name_length], rest[name_length:]
        if signature != _LOCAL:
            raise _Problem(f"{info.filename} does not begin where its directory says")
        if flags & _STREAMED:
            raise _Problem(f"{info.filename} has its sizes behind its data, as a zip that was written to a pipe")
        if _text(name) != info.orig_filename:
            raise _Problem(f"{info.filename} has another name in its own header than in the directory")
        if extra:
            compressed, size = _sizes(info.filename, extra, method, compressed, size)
        if (compressed, size) != (info.compress_size, info.file_size):
            raise _Problem(f"{info.filename} has other sizes in its own header than in the directory")
        at += 30 + name_length + extra_length + compressed
    _expect(at, archive.start_dir, "before its directory")


def _directory(archive: zipfile.ZipFile, stream: IO[bytes]) -> None:
    start = at = archive.start_dir
    stream.seek(start)
    count = 0
    while (signature := stream.read(4)) == _CENTRAL:
        name_length, extra_length, comment_length = struct.unpack("<24xHHH12x", _read(stream, 42))
        name = _text(_read(stream, name_length))
        if comment_length:
            raise _Problem(f"{name} has a comment in the directory")
        _read(stream, extra_length)
        at += 46 + name_length + extra_length
        count += 1
    wanted = (count, count, at - start, start)
    if signature == _END64:
        length, *told = struct.unpack("<Q12xQQQQ", _read(stream, 52))
        if length != _END64_LENGTH:
            raise _Problem("has extensible data in its end record")
        locator, offset = struct.unpack("<4s4xQ4x", _read(stream, 20))
        if locator != _LOCATOR or offset != at:
            raise _Problem("has an end record of zip64 without its locator")
        signature = stream.read(4)
    else:
        told = []
    if signature != _END:
        raise _Problem("has something between its directory and its end record")
    *plain, comment = struct.unpack("<4xHHLLH", _read(stream, 18))
    if tuple(told or plain) != wanted:
        raise _Problem("has an end record that does not fit its directory")
    end = stream.tell() + comment
    _expect(end, stream.seek(0, os.SEEK_END), "after its end")


def _sizes(filename: str, extra: bytes, method: int, compressed: int, size: int) -> tuple[int, int]:
    """The compressed and uncompressed size in a local header, including its zip64 extra field."""
    seen: set[int] = set()
    for kind, data in _fields(filename, extra):
        if kind in seen and kind in {_ZIP64, _UNICODE_PATH}:
            raise _Problem(f"{filename} has an extra field twice")
        seen.add(kind)
        if kind == _UNICODE_PATH:
            _text(data[5:])
        elif kind == _ZIP64:
            alone = len(data) == 8 and method != zipfile.ZIP_STORED
            if len(data) not in _ZIP64_LENGTHS or alone or (not data and _IN_ZIP64 in {compressed, size}):
                raise _Problem(f"{filename} has a malformed extra field")
            if data:
                (large,) = struct.unpack_from("<Q", data)
                size = large if size == _IN_ZIP64 else size
                (compressed,) = struct.unpack_from("<Q", data, 0 if len(data) == 8 else 8)
    return compressed, size


def _fields(filename: str, extra: bytes) -> Iterator[tuple[int, bytes]]:
    while extra:
        kind, length = struct.unpack_from("<HH", extra) if len(extra) >= 4 else (0, len(extra))
        if len(extra) < 4 + length:
            raise _Problem(f"{filename} has a malformed extra field")
        yield kind, extra[4 : 4 + length]
        extra = extra[4 + length :]


def _text(name: bytes) -> str:
    try:
        text = name.decode()
    except UnicodeDecodeError as error:
        raise _Problem(f"the name {name!r} is not UTF-8") from error
    if _CONTROL.search(text):
        raise _Problem(f"the name {text!r} has control characters")
    return text


def _expect(at: int, found: int, where: str) -> None:
    if found != at:
        raise _Problem(f"has {found - at} bytes {where} that belong to no member")


def _read(stream: IO[bytes], amount: int) -> bytes:
    data = stream.read(amount)
    if len(data) != amount:
        raise _Problem("is cut off")
    return data
