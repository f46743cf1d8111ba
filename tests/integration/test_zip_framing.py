"""Zips that one reader understands otherwise than another: PyPI refuses them, and check and verify say so."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ftwheel.cli.main import main
from ftwheel.io.wheel.framing import framing_problem
from ftwheel.io.wheel.reading import read_wheel
from support.wheels import make_wheel

NAME = "pkg-1.0-py3-none-any.whl"
LOCAL, CENTRAL, END = b"PK\3\4", b"PK\1\2", b"PK\5\6"


class Pipe(io.RawIOBase):
    """What cannot be sought: zipfile writes the sizes behind the data."""

    def __init__(self) -> None:
        self.data = b""

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.data += bytes(data)  # type: ignore[call-overload]
        return len(data)  # type: ignore[arg-type]


def written(
    *, extra: bytes = b"", comment: bytes = b"", about: bytes = b"", name: str = "a", to: object = None
) -> bytes:
    target = io.BytesIO() if to is None else to
    with zipfile.ZipFile(target, "w") as archive:  # type: ignore[call-overload]
        info = zipfile.ZipInfo(name)
        info.extra, info.comment = extra, comment
        archive.writestr(info, b"data")
        archive.writestr("b", b"more")
        archive.comment = about
    return target.getvalue() if isinstance(target, io.BytesIO) else target.data  # type: ignore[attr-defined]


def at(data: bytes, record: bytes, offset: int, value: bytes) -> bytes:
    """The last record of a kind with other bytes in it."""
    place = data.rindex(record) + offset
    return data[:place] + value + data[place + len(value) :]


def zip64(offset: int = 0, length: int = 44) -> bytes:
    """The plain zip with an end record of zip64, and a locator that is ``offset`` bytes off."""
    plain = written()
    end = plain.index(END)
    start = plain.index(CENTRAL)
    record = struct.pack("<4sQHHLLQQQQ", b"PK\6\6", length, 45, 45, 0, 0, 2, 2, end - start, start)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end + offset, 1)
    return plain[:end] + record + locator + plain[end:]


def field(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


PATH = field(0x7075, b"\1\0\0\0\0name")
GOOD: dict[str, Callable[[], bytes]] = {
    "plain": written,
    "a comment on the archive": lambda: written(about=b"hello"),
    "a member without data": lambda: written(name="folder/"),
    "zip64": zip64,
    "an extra field": lambda: written(extra=field(0x5455, b"\1\0\0\0\0") + PATH),
    "zip64 in a member": lambda: at(written(extra=field(1, b"")), LOCAL, 0, LOCAL),
}
BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "something in front": (lambda: b"#!/bin/sh\n" + written(), "has 10 bytes before a that belong to no member"),
    "something behind": (lambda: written() + b"x", "has 1 bytes after its end that belong to no member"),
    "a hole": (
        lambda: written().replace(CENTRAL, b"hole" + CENTRAL, 1),
        "has 4 bytes before a that belong to no member",  # zipfile takes it for something in front
    ),
    "a pipe": (lambda: written(to=Pipe()), "a has its sizes behind its data, as a zip that was written to a pipe"),
    "a comment on a member": (lambda: written(comment=b"hello"), "a has a comment in the directory"),
    "another name": (lambda: at(written(), LOCAL, 30, b"c"), "b has another name in its own header than in the"),
    "another size": (lambda: at(written(), LOCAL, 22, b"\7"), "b has other sizes in its own header than in the"),
    "no header": (lambda: at(written(), LOCAL, 0, b"PK\0\0"), "b does not begin where its directory says"),
    "a field twice": (lambda: written(extra=PATH + PATH), "a has an extra field twice"),
    "half a field": (
        lambda: written(extra=PATH).replace(PATH, b"\x75\x70\x7f" + PATH[3:], 1),
        "a has a malformed extra",
    ),
    "control characters": (lambda: written(name="a\tb"), "the name 'a\\tb' has control characters"),
    "no UTF-8": (lambda: at(written(), LOCAL, 30, b"\xff"), "the name b'\\xff' is not UTF-8"),
    "an end record of another zip": (lambda: at(written(), END, 8, b"\1\0\1\0"), "has an end record that does not fit"),
    "zip64 without its locator": (lambda: zip64(offset=4), "has "),
    "zip64 with more": (lambda: zip64(length=48), "has extensible data in its end record"),
}


def problem(data: bytes) -> str:
    """What is wrong with a zip; newer versions of ``zipfile`` refuse some themselves."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return framing_problem(archive, io.BytesIO(data))
    except zipfile.BadZipFile as error:
        return f"zipfile: {error}"


@pytest.mark.parametrize("kind", GOOD)
def test_zips_that_all_readers_agree_about(kind: str) -> None:
    assert problem(GOOD[kind]()) == ""


@pytest.mark.parametrize("kind", BAD)
def test_zips_that_readers_disagree_about(kind: str) -> None:
    data, message = BAD[kind]
    assert problem(data()).startswith((message, "zipfile: Corrupt zip64 "))


def test_members_of_one_name_are_another_rule() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a", b"1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a", b"2")
    assert problem(stream.getvalue()) == ""


def test_check_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = make_wheel(tmp_path / "dist", NAME)
    assert read_wheel(wheel).framing == ""
    wheel.write_bytes(wheel.read_bytes() + b"signature")
    assert main(["check", str(wheel)]) == 1
    assert "error FTW805\n    has 9 bytes after its end that belong to no member" in capsys.readouterr().out
    assert main(["check", "--index-rules", "any", str(wheel)]) == 0
