"""What is read without zipfile is what zipfile reads, whatever is wrong with the zip."""

from __future__ import annotations

import io
import random
import zipfile

import pytest

from ftwheel.io.wheel.archive import plain_member

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
