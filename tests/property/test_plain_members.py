"""What is read without zipfile is what zipfile reads, whatever is wrong with the zip; so is what zlib-ng inflates."""

from __future__ import annotations

import io
import os
import random
import sys
import zipfile
import zlib
from collections import Counter
from pathlib import Path

import pytest

from ftwheel.io.wheel.plain_members import inflated, plain_member

_FILES = {"a.py": b"print()\n" * 40, "é.txt": b"", "stored": bytes(range(256)), "large": bytes((1 << 20) + 1)}


def _archive() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in _FILES.items():
            method = zipfile.ZIP_STORED if name == "stored" else zipfile.ZIP_DEFLATED
            archive.writestr(name, data, compress_type=method)
    return sink.getvalue()


def test_plain_members() -> None:
    data = _archive()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        read = {info.filename: plain_member(io.BytesIO(data), info) for info in archive.infolist()}
    assert read == _FILES


@pytest.mark.parametrize("seed", range(8))
def test_altered_archives(seed: int) -> None:
    source, chance = _archive(), random.Random(seed)
    refused = 0
    for _ in range(250):
        data = bytearray(source)
        for _ in range(chance.randint(1, 3)):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        try:
            archive = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, NotImplementedError, ValueError):
            continue
        with archive:
            for info in archive.infolist():
                found = plain_member(io.BytesIO(data), info)
                refused += found is None
                if found is not None:
                    assert archive.read(info) == found
    assert refused > 100  # those that were hit


def _streams() -> list[tuple[bytes, int]]:
    """Deflated Python, machine code, zeros and noise, by every level and strategy, with the sizes they expand to."""
    texts = (
        Path(os.__file__).read_bytes()[:40_000],
        Path(os.path.realpath(sys.executable)).read_bytes()[:60_000],
        bytes(300_000),
        random.Random(0).randbytes(2_000),
        b"",
    )
    ways = [(level, zlib.Z_DEFAULT_STRATEGY) for level in (0, 1, 6, 9)]
    ways += [(6, strategy) for strategy in (zlib.Z_FILTERED, zlib.Z_FIXED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE)]
    found = []
    for text in texts:
        for level, strategy in ways:
            deflate = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS, 8, strategy)
            found.append((deflate.compress(text) + deflate.flush(), len(text)))
    return found


def _damaged(chance: random.Random, streams: list[tuple[bytes, int]]) -> tuple[bytes, int]:
    """One of the streams with altered bits, cut, longer, with another's bytes, or with another size."""
    stream, size = chance.choice(streams)
    at = chance.randrange(len(stream))
    match chance.randrange(6):
        case 0:
            size += chance.choice((-1, 1, -size))
        case 1:
            stream = stream[:at]
        case 2:
            stream += chance.randbytes(chance.randint(1, 30))
        case 3:
            other, _ = chance.choice(streams)
            stream = stream[:at] + other[chance.randrange(len(other)) :]
        case 4:
            head = chance.randrange(min(40, len(stream)))  # where the codes are defined
            stream = stream[:head] + chance.randbytes(1) + stream[head + 1 :]
        case _:
            stream = stream[:at] + bytes([stream[at] ^ 1 << chance.randrange(8)]) + stream[at + 1 :]
    return stream, max(size, 0)


@pytest.mark.skipif(sys.version_info[:2] == (3, 13), reason="ftwheel does not use zlib-ng on 3.13")
@pytest.mark.parametrize("seed", range(8))
def test_zlib_ng_accepts_what_zlib_accepts(seed: int) -> None:
    from zlib_ng import zlib_ng

    streams, chance = _streams(), random.Random(seed)
    for stream, size in streams:
        assert inflated(memoryview(stream), size, zlib=zlib_ng) == inflated(memoryview(stream), size, zlib=zlib)
    outcomes: Counter[bool] = Counter()
    for _ in range(2_000):
        stream, size = _damaged(chance, streams)
        found = [inflated(memoryview(stream), size, zlib=each) for each in (zlib, zlib_ng)]
        assert found[0] == found[1], (stream.hex(), size)
        outcomes[found[0] is None] += 1
    assert outcomes[True] > 1_000, "most damage is noticed"
    assert outcomes[False] > 50, "some is not, and the CRC tells"
    assert all(zlib.crc32(stream) == zlib_ng.crc32(stream) for stream, _ in streams)
