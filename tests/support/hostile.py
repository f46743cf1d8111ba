"""Hostile inputs by group: each is a name, and a function that lays out a folder and returns the command line."""

from __future__ import annotations

import functools
import gzip
import io
import json
import os
import struct
import tarfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from support.images import Spec, elf, fat, macho, pe
from support.server import HTML, JSON, IndexServer
from support.wheels import make_wheel

__all__ = ["HostileInput", "many_members", "texts_and_files", "zipped"]

Arguments = list[str]
NAME = "pkg-1.0-cp313-cp313t-manylinux_2_17_x86_64.whl"
PURE = "pkg-1.0-py3-none-any.whl"
ODD_TEXTS = {
    "nul": "a\0b",
    "surrogate": "a\udce9b",
    "escape": "\x1b[2Ja",
    "newline": "a\n::error::b",
    "bidi": "a\u202eb",
    "dash": "-rf",
    "dashes": "--",
    "dots": "../../../etc/passwd",
    "long": "a" * 100_000,
    "digits": "1" * 10_000,
    "braces": "{" * 5000,
    "percent": "%s%n%00",
    "emoji": "\U0001f600" * 500,
    "empty": "",
    "space": " ",
    "url": "https://user:hunter2@[::1/x",
    "url without a colon": "https//user:hunter2@host/x",
    "url without a scheme": "user:hunter2@host/x",
    "token": "https://hunter2@host/x/y",
    "tilde": "~nobody-here/x",
    "backslash": "a\\b\\..\\c",
    "combining": "a" + "\u0301" * 5000,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileInput:
    """``lay_out`` makes the files in a folder and returns the arguments.

    ``files`` bounds the open files, ``disk`` the bytes of a file that is written; with ``gone`` the folder is removed
    once the process is in it.
    """

    group: str
    name: str
    lay_out: Callable[[Path], Arguments]
    environ: dict[str, str] = field(default_factory=dict)
    files: int = 0
    disk: int | None = None
    gone: bool = False


def texts_and_files(server: IndexServer) -> list[HostileInput]:
    """Those that are in what is read; pages are put on the server."""
    return [
        *_archives(),
        *_binaries(),
        *_metadata(),
        *_pages(server),
        *_arguments(),
        *_configuration(),
        *_lists(),
    ]


# wheels -----------------------------------------------------------------------------------------------------------


def zipped(
    *members: tuple[str | zipfile.ZipInfo, bytes], comment: bytes = b"", method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # duplicate names are meant
        for name, data in members:
            archive.writestr(name, data)
        archive.comment = comment
    return sink.getvalue()


def _info(name: str, mode: int = 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def _good() -> bytes:
    return zipped(
        ("pkg/__init__.py", b""),
        ("pkg-1.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: pkg\nVersion: 1.0\n"),
        ("pkg-1.0.dist-info/WHEEL", b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
        ("pkg-1.0.dist-info/RECORD", b""),
    )


@functools.cache
def _bomb(name: str) -> bytes:
    return zipped((name, bytes(128 << 20)))


@functools.cache
def many_members(count: int) -> bytes:
    """A central directory of that many entries for one member, without writing it member by member."""
    local = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"a"
    entry = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0)
    central = b"".join(entry + b"%08d" % number for number in range(count))
    size, start = len(central), len(local)
    end64 = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, start + size, 1)
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return local + central + end64 + locator + end


def _archives() -> Iterator[HostileInput]:
    good = _good()
    bodies: dict[str, Callable[[], bytes]] = {
        "empty": lambda: b"",
        "text": lambda: b"no zip\n" * 100,
        "end only": lambda: good[-22:],
        "comment of 64 kB": lambda: zipped(("a", b""), comment=b"x" * 65535),
        "200,001 members": lambda: many_members(200_001),
        "a million members": lambda: many_members(1_000_000),
        "a name of 60 kB": lambda: zipped(("a" * 60_000, b"")),
        "10,000 folders deep": lambda: zipped(("a/" * 10_000 + "b", b"")),
        "a name with NUL": lambda: good.replace(b"pkg/__init__.py", b"pkg/__in\0t__.py"),
        "a name that is no UTF-8": lambda: good.replace(b"pkg/__init__.py", b"pkg/__\xff\xfet__.py"),
        "absolute path": lambda: zipped(("/etc/passwd", b"x")),
        "parent folder": lambda: zipped(("../../etc/passwd", b"x")),
        "drive": lambda: zipped(("C:/windows/x.dll", b"x")),
        "backslashes": lambda: zipped(("pkg\\..\\..\\x", b"x")),
        "control characters": lambda: zipped(("pkg/\x1b[2J\n::error::x", b"x")),
        "right to left": lambda: zipped(("pkg/\u202egpj.so", b"x")),
        "symbolic link": lambda: zipped((_info("pkg/link", 0o120777), b"/etc/passwd")),
        "device": lambda: zipped((_info("pkg/null", 0o020666), b"")),
        "setuid": lambda: zipped((_info("pkg/su", 0o104755), b"\x7fELF")),
        "two of one name": lambda: zipped(("a", b"1"), ("a", b"2")),
        "names that differ in case": lambda: zipped(("pkg/A.py", b"1"), ("pkg/a.py", b"2")),
        "a file and a folder of one name": lambda: zipped(("pkg", b"1"), ("pkg/a.py", b"2")),
        "names that differ in normalisation": lambda: zipped(("pkg/\xe9.py", b"1"), ("pkg/e\u0301.py", b"2")),
        "bomb": lambda: _bomb("pkg/zeros.bin"),
        "bomb named like a module": lambda: _bomb("pkg/zeros.so"),
        "bomb in METADATA": lambda: zipped(("pkg-1.0.dist-info/METADATA", b"A: b\n" * (4 << 20))),
        "bomb in RECORD": lambda: zipped(("pkg-1.0.dist-info/RECORD", b"a,,\n" * (4 << 20))),
        "stored, declared longer": lambda: _declared(1 << 32),
        "deflated, declared shorter": lambda: _declared(1),
        "overlapping members": _overlapping,
        "encrypted": lambda: good.replace(b"PK\1\2\x14\x03\x14\0\0\0", b"PK\1\2\x14\x03\x14\0\1\0"),
        "lzma": lambda: zipped(("pkg/a.py", b"x" * 1000), method=zipfile.ZIP_LZMA),
        "bzip2": lambda: zipped(("pkg/a.py", b"x" * 1000), method=zipfile.ZIP_BZIP2),
        "method 99": lambda: good.replace(b"\x08\0", b"\x63\0"),
        "wrong CRC": lambda: good.replace(b"Metadata-Version: 2.1", b"Metadata-Version: 9.1"),
        "tar": _tar,
        "gzip": lambda: gzip.compress(good),
        "a zip in a zip": lambda: zipped(("a.whl", good)),
        "text before the zip": lambda: b"#!/bin/sh\n" * 1000 + good,
        "text after the zip": lambda: good + b"\0" * 70_000,
        "zip64 lies": lambda: many_members(1).replace(struct.pack("<Q", 1), struct.pack("<Q", 1 << 62)),
        "offsets beyond the end": lambda: good[:-6] + struct.pack("<I", 0xFFFFFFF0) + good[-2:],
        "disk numbers": lambda: good[:-18] + b"\xff\xff\xff\xff" + good[-14:],
    }
    for size in (10, 30, 60, 100, 150, 200, 250, 300, 400, 500):
        bodies[f"cut off after {size} bytes"] = lambda size=size: good[:size]  # type: ignore[misc]
    for at in range(0, 600, 40):
        bodies[f"bytes {at} to {at + 4} overwritten"] = lambda at=at: good[:at] + b"\xff" * 4 + good[at + 4 :]  # type: ignore[misc]
    for name, body in bodies.items():
        yield HostileInput(group="wheels: zip", name=name, lay_out=_checking(PURE, body))
    for name in ("bomb", "bomb named like a module", "a million members", "parent folder", "symbolic link"):
        for command in (["tag", "--suggest"], ["tag", "--abi-tag=abi3"], ["verify", "--no-index", "--no-config"]):
            yield HostileInput(
                group="wheels: other commands", name=f"{name}, {command[0]} {command[1]}",
                lay_out=_checking(PURE, bodies[name], *command),
            )  # fmt: skip


def _checking(name: str, body: Callable[[], bytes], *command: str) -> Callable[[Path], Arguments]:
    def lay_out(folder: Path) -> Arguments:
        (folder / name).write_bytes(body())
        return [*(command or ("check",)), name]

    return lay_out


def _declared(size: int) -> bytes:
    data = zipped(("pkg/data.bin", b"x" * 100_000))
    at = data.rindex(b"PK\1\2")
    return data[: at + 24] + struct.pack("<I", min(size, 0xFFFFFFFE)) + data[at + 28 :]


def _overlapping() -> bytes:
    data = zipped(("a.bin", bytes(10_000_000)), ("b.bin", b""))
    at = data.rindex(b"PK\1\2")
    return data[: at + 42] + struct.pack("<I", 0) + data[at + 46 :]


def _tar() -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    return sink.getvalue()


def _metadata() -> Iterator[HostileInput]:
    texts: dict[str, tuple[str, Callable[[], str | bytes | None]]] = {
        "no METADATA": ("METADATA", lambda: None),
        "no WHEEL": ("WHEEL", lambda: None),
        "no RECORD": ("RECORD", lambda: None),
        "METADATA of 60 MB": ("METADATA", lambda: "Name: pkg\nVersion: 1.0\n\n" + os.urandom(1000).hex() * 30_000),
        "METADATA of 60 MB that compresses": ("METADATA", lambda: "Name: pkg\nVersion: 1.0\n\n" + "a" * 60_000_000),
        "METADATA of 30 MB": ("METADATA", lambda: "Name: pkg\nVersion: 1.0\n\n" + os.urandom(1000).hex() * 15_000),
        "a line of 20 MB": ("METADATA", lambda: "Name: pkg\nVersion: 1.0\nSummary: " + os.urandom(1000).hex() * 10_000),
        "a million Requires-Dist": ("METADATA", lambda: "".join(f"Requires-Dist: a{n}\n" for n in range(1_000_000))),
        "a million classifiers": ("METADATA", lambda: "".join(f"Classifier: a{n}\n" for n in range(1_000_000))),
        "a million folded lines": ("METADATA", lambda: "Description: x\n" + " y\n" * 1_000_000),
        "binary": ("METADATA", lambda: bytes(range(256)) * 10),
        "UTF-16": ("METADATA", lambda: "Name: pkg\n".encode("utf-16")),
        "version of digits": ("METADATA", lambda: f"Name: pkg\nVersion: {'1' * 10_000}\n"),
        "Requires-Python of digits": ("METADATA", lambda: f"Name: pkg\nVersion: 1.0\nRequires-Python: >={'9' * 5000}\n"),
        "Requires-Python of clauses": ("METADATA", lambda: "Name: pkg\nRequires-Python: " + ">=3," * 100_000),
        "escapes": ("METADATA", lambda: "Name: \x1b[2Jpkg\nVersion: \x1b]0;x\x07\n"),
        "tags of digits": ("WHEEL", lambda: "Wheel-Version: 1.0\nTag: py3-none-" + "1" * 100_000),
        "tags that multiply": ("WHEEL", lambda: "Tag: " + "-".join([".".join(f"a{n}" for n in range(300))] * 3)),
        "a million tags": ("WHEEL", lambda: "".join(f"Tag: py3-none-a{n}\n" for n in range(1_000_000))),
        "Wheel-Version of digits": ("WHEEL", lambda: "Wheel-Version: " + "9" * 10_000),
        "a million lines of RECORD": ("RECORD", lambda: "".join(f"a{n},,\n" for n in range(1_000_000))),
        "a quote that never ends": ("RECORD", lambda: '"' + "a,,\n" * 1_000_000),
        "a field of 10 MB": ("RECORD", lambda: "a" * 10_000_000 + ",,\n"),
        "sizes of digits": ("RECORD", lambda: f"a,sha256=x,{'9' * 10_000}\n"),
        "hashes of nobody": ("RECORD", lambda: "pkg/__init__.py,shake_256=x,6\npkg/__init__.py,md5=x,6\n"),
        "NUL": ("RECORD", lambda: "a\0b,,\n"),
        "blank lines of RECORD": ("RECORD", lambda: "\n" * 390_000),
        "lines of RECORD by other characters": ("RECORD", lambda: "a\x0b\x0c\x1c\u2028,,\n" * 100_000),
        "RECORD without line feeds": ("RECORD", lambda: "a,,\r" * 1_000_000),
        "METADATA without line feeds": ("METADATA", lambda: "a:\r" * 1_390_000),
        "sections": ("entry_points.txt", lambda: "".join(f"[a{n}]\nb = c:d\n" for n in range(200_000))),
        "sections, a few less": ("entry_points.txt", lambda: "".join(f"[{n:x}]\n" for n in range(60_000))),
        "entry points": ("entry_points.txt", lambda: "[console_scripts]\n" + "a = b:c\n" * 200_000),
    }  # fmt: skip
    for name, (file, text) in texts.items():

        def lay_out(folder: Path, file: str = file, text: Callable[[], str | bytes | None] = text) -> Arguments:
            make_wheel(folder, PURE, {"pkg/__init__.py": "x = 1\n"}, replace={file: text()})
            return ["check", PURE]

        yield HostileInput(group="wheels: metadata", name=name, lay_out=lay_out)


def _binaries() -> Iterator[HostileInput]:
    plain = elf(Spec(name="_ext", imports=("PyModuleDef_Init", "PyList_New"), needed=("libc.so.6",)))
    arm = macho(Spec(name="_ext", machine=0x0100000C))
    files: dict[str, Callable[[], bytes]] = {
        "nothing": lambda: b"",
        "the magic alone": lambda: b"\x7fELF",
        "a header alone": lambda: plain[:64],
        "fat with 2**32 slices": lambda: b"\xca\xfe\xba\xbe\xff\xff\xff\xff" + bytes(100_000),
        "fat in fat": lambda: fat(fat(arm)),
        "fat with overlapping slices": lambda: fat(arm, arm, arm),
        "PE without a header": lambda: b"MZ" + bytes(58) + struct.pack("<I", 0xFFFFFFF0),
        "PE cut off": lambda: pe(Spec(name="_ext"))[:300],
        "Mach-O cut off": lambda: arm[:100],
        "Mach-O of commands": lambda: arm[:16] + b"\xff\xff\xff\x7f" + arm[20:],
        "an init function of a megabyte": lambda: elf(Spec(name="_ext", slots=(), code=b"\x90" * (1 << 20))),
        "an endless init function": lambda: elf(Spec(name="_ext", slots=(), code=b"\x90\xeb\xfd")),
        "an init function that calls itself": lambda: elf(Spec(name="_ext", slots=(), code=b"\xe8\xfb\xff\xff\xff\xc3")),
        "an init function of garbage": lambda: elf(Spec(name="_ext", slots=(), code=bytes(range(256)) * 1000)),
        "20 MB of zeros behind": lambda: plain + bytes(20 << 20),
        "50,000 libraries": lambda: elf(Spec(name="_ext", needed=tuple(f"lib{n}.so" for n in range(3000)))),
        "50,000 imports": lambda: elf(Spec(name="_ext", imports=tuple(f"Py{n}" for n in range(50_000)))),
    }  # fmt: skip
    for at in range(0, 64, 4):
        files[f"ELF header, bytes {at} to {at + 4}"] = lambda at=at: plain[:at] + b"\xff" * 4 + plain[at + 4 :]  # type: ignore[misc]
    for at in range(0, 64, 8):
        files[f"Mach-O header, bytes {at} to {at + 4}"] = lambda at=at: arm[:at] + b"\xff" * 4 + arm[at + 4 :]  # type: ignore[misc]
    for part in range(1, 10):
        files[f"ELF, {part} tenths of it"] = lambda part=part: plain[: len(plain) * part // 10]  # type: ignore[misc]
        files[f"ELF, a tenth of it inverted, number {part}"] = lambda part=part: _inverted(plain, part)  # type: ignore[misc]
    for name, data in files.items():

        def lay_out(folder: Path, data: Callable[[], bytes] = data) -> Arguments:
            make_wheel(folder, NAME, {"pkg/_ext.cpython-313t-x86_64-linux-gnu.so": data()})
            return ["check", "--ignore", "FTW304", NAME]

        yield HostileInput(group="binaries", name=name, lay_out=lay_out)

    def lay_out_many(folder: Path) -> Arguments:
        modules = {f"_ext{number}": b"\x74\x00" * 20_000 + b"\xc3" for number in range(100)}
        paths = {
            f"pkg/{name}.cpython-313t-x86_64-linux-gnu.so": elf(Spec(name=name, slots=(), code=code))
            for name, code in modules.items()
        }
        make_wheel(folder, NAME, paths)
        return ["check", "--ignore", "FTW304", NAME]

    yield HostileInput(group="binaries", name="100 init functions of branches", lay_out=lay_out_many)


def _inverted(data: bytes, part: int) -> bytes:
    tenth = len(data) // 10
    middle = bytes(255 - each for each in data[part * tenth : (part + 1) * tenth])
    return data[: part * tenth] + middle + data[(part + 1) * tenth :]


# pages ------------------------------------------------------------------------------------------------------------


def _document(**more: object) -> bytes:
    return json.dumps({"meta": {"api-version": "1.1"}, "name": "x", "files": [], **more}).encode()


def _file(**more: object) -> dict[str, object]:
    return {"filename": "x-1.0-py3-none-any.whl", "url": "x-1.0-py3-none-any.whl", "hashes": {}, **more}


def _pages(server: IndexServer) -> Iterator[HostileInput]:
    link = '<a href="x-1.0-py3-none-any.whl">x-1.0-py3-none-any.whl</a>'
    deep = 200_000
    html: dict[str, Callable[[], str | bytes]] = {
        "10 MB of attributes": lambda: "<a " + "".join(f"a{n}=b " for n in range(1_000_000)) + ">x-1.0.tar.gz</a>",
        "many open tags": lambda: "<div><b>" * (deep // 2) + link,
        "many open links": lambda: "<a href=x-1.0.tar.gz>" * deep,
        "200,000 links": lambda: "".join(f'<a href="x-{n}.tar.gz">x-{n}.tar.gz</a>\n' for n in range(200_000)),
        "a link of 10 MB": lambda: f'<a href="x-1.0.tar.gz">{"x" * 10_000_000}</a>',
        "an address of 10 MB": lambda: f'<a href="{"x" * 10_000_000}">x-1.0.tar.gz</a>',
        "a comment without an end": lambda: "<!--" * deep + link,
        "a declaration without an end": lambda: "<![" * deep,
        "a processing instruction": lambda: "<?" * deep,
        "entities": lambda: "<a href=x>" + "&amp;" * 500_000 + "</a>",
        "character references": lambda: "<a href='x-1.0.tar.gz'>" + "&#0;&#x110000;&#xd800;&#" + "9" * 5000 + ";</a>",
        "NUL": lambda: "<a href='x\0-1.0.tar.gz'>x\0</a>",
        "no text": lambda: bytes(range(256)) * 1000,
        "nothing": lambda: "",
        "a base that is no address": lambda: '<base href="http://[::1">' + link,
        "a base of a script": lambda: '<base href="javascript:alert(1)">' + link,
        "a link of a script": lambda: '<a href="javascript:alert(1)">x-1.0.tar.gz</a>',
        "a link to a file": lambda: '<a href="file:///etc/passwd#egg=x-1.0">x-1.0.tar.gz</a>',
        "a port of digits": lambda: f'<a href="http://h:{"9" * 5000}/x-1.0.tar.gz">x-1.0.tar.gz</a>',
        "requires-python of digits": lambda: f'<a href="x-1.0.tar.gz" data-requires-python="&gt;={"9" * 10_000}">x</a>',
        "requires-python of clauses": lambda: (
            f'<a href="x-1.0.tar.gz" data-requires-python="{"!=3.*," * 50_000}">x</a>'
        ),
        "a version of digits": lambda: f'<a href="x-{"9" * 10_000}.tar.gz">x</a>',
        "a version of dots": lambda: f'<a href="x-{"1." * 50_000}1.tar.gz">x-{"1." * 50_000}1.tar.gz</a>',
        "escapes": lambda: '<a href="x-1.0.tar.gz" data-requires-python="&#27;[2J">\x1b[2J</a>',
        "script": lambda: "<script>" + link * 1000,
    }
    for number, (name, body) in enumerate(html.items()):
        yield _page(server, f"h{number}", "pages: HTML", name, body, HTML)
    for charset in ("utf-7", "idna", "rot13", "zlib", "hex", "undefined", "no-such", "\x1b[2J", "utf-16", "a" * 5000):
        yield _page(server, f"c{len(charset)}{charset[0]!r}", "pages: charset", charset[:20], lambda: link,
                    f"text/html; charset={charset}".replace("\x1b", "%1b"))  # fmt: skip
    objects: dict[str, Callable[[], bytes]] = {
        "nothing": lambda: b"",
        "100,000 brackets": lambda: b"[" * 100_000,
        "100,000 objects": lambda: b'{"a":' * 100_000,
        "no object": lambda: b"[]",
        "no UTF-8": lambda: b'{"meta": "\xff"}',
        "lone surrogates": lambda: b'{"meta": {"api-version": "1.0"}, "name": "\\ud800", "files": []}',
        "NaN": lambda: _document(files=[_file(size=float("nan"))]),
        "a number of digits": lambda: _document().replace(b"[]", b'[{"size": ' + b"9" * 10_000 + b"}]"),
        "an exponent": lambda: _document().replace(b"[]", b'[{"size": 1e999999}]'),
        "version 2": lambda: _document(meta={"api-version": "2.0"}),
        "version of digits": lambda: _document(meta={"api-version": "1." + "9" * 10_000}),
        "meta is a list": lambda: _document(meta=[]),
        "files is a string": lambda: _document(files="x"),
        "files of nulls": lambda: _document(files=[None] * 100_000),
        "files of lists": lambda: _document(files=[[]] * 100_000),
        "200,000 files": lambda: _document(files=[_file(filename=f"x-{n}.tar.gz") for n in range(200_000)]),
        "a name of 10 MB": lambda: _document(files=[_file(filename="x" * 10_000_000)]),
        "a wheel of 3,000 tags": lambda: _document(
            files=[_file(filename=f"x-1.0-{'.'.join(['py3'] * 300)}-none-{'.'.join(['any'] * 3000)}.whl")]
        ),
        "tags that multiply": lambda: _document(
            files=[_file(filename="x-1.0-" + "-".join([".".join(f"a{n}" for n in range(60))] * 3) + ".whl")] * 100
        ),
        "control characters": lambda: _document(files=[_file(filename="x-1.0\x1b[2J\n::error::x.whl")]),
        "a hash that is a list": lambda: _document(files=[_file(hashes=[])]),
        "yanked with escapes": lambda: _document(files=[_file(yanked="\x1b]0;x\x07")]),
        "yanked with addresses": lambda: _document(files=[_file(yanked="a@b " + "https://x" * 30_000)]),
        "yanked is an object": lambda: _document(files=[_file(yanked={})]),
        "size below zero": lambda: _document(files=[_file(size=-1)]),
        "a time of digits": lambda: _document(files=[_file(**{"upload-time": "9" * 10_000})]),
        "a time of nowhere": lambda: _document(files=[_file(**{"upload-time": "9999-99-99T99:99:99Z"})]),
        "requires-python of digits": lambda: _document(files=[_file(**{"requires-python": ">=" + "9" * 10_000})]),
        "requires-python of clauses": lambda: _document(files=[_file(**{"requires-python": "!=3.1," * 100_000})]),
        "requires-python is a number": lambda: _document(files=[_file(**{"requires-python": 3})]),
        "an address without a host": lambda: _document(files=[_file(url="http:///x.whl")]),
        "an address with brackets": lambda: _document(files=[_file(url="http://[x/x.whl")]),
        "an address with NUL": lambda: _document(files=[_file(url="http://x/\0.whl")]),
        "an address to a file": lambda: _document(files=[_file(url="file:///etc/passwd")]),
        "another name": lambda: _document(name="y", files=[_file()]),
        "a name of escapes": lambda: _document(name="\x1b[2J"),
        "versions of digits": lambda: _document(versions=["9" * 10_000] * 100, files=[_file()]),
    }  # fmt: skip
    for number, (name, data) in enumerate(objects.items()):
        yield _page(server, f"j{number}", "pages: JSON", name, data, JSON)


def _page(
    server: IndexServer, path: str, group: str, name: str, body: Callable[[], str | bytes], content_type: str
) -> HostileInput:
    path = "".join(each for each in path if each.isalnum())

    def lay_out(folder: Path) -> Arguments:
        server.put(f"/{path}/x/", body(), content_type=content_type)
        (folder / "cache").mkdir()
        return ["simulate", "x", "--no-config", "-i", f"{server.url}/{path}", "-e", "cp313t-manylinux_2_28_x86_64"]

    return HostileInput(group=group, name=name, lay_out=lay_out, environ={"FTWHEEL_CACHE_DIR": "cache"})


# arguments, configuration, lists ------------------------------------------------------------------------------------


def _arguments() -> Iterator[HostileInput]:
    lines: dict[str, Callable[[str], Arguments]] = {
        "check": lambda text: ["check", text],
        "check --select": lambda text: ["check", "--select", text, "x.whl"],
        "tag": lambda text: ["tag", "--platform-tag", text, PURE],
        "simulate": lambda text: ["simulate", text, "--no-index", "--no-config"],
        "simulate --index-url": lambda text: ["simulate", "x", "--no-config", "-i", text],
        "simulate --uploaded-prior-to": lambda text: ["simulate", "x", "--no-index", f"--uploaded-prior-to={text}"],
        "simulate -e": lambda text: ["simulate", "x", "--no-index", "--no-config", f"-e={text}"],
        "missing": lambda text: ["missing", text, "--no-index", "--no-config"],
        "verify": lambda text: ["verify", text, "--no-index", "--no-config"],
        "init": lambda text: ["init", text],
        "rule": lambda text: ["rule", text],
        "build --python": lambda text: ["build", f"--python={text}", "."],
    }
    for command, line in lines.items():
        for kind, text in ODD_TEXTS.items():
            if "\0" not in text:  # no program can be given one
                yield HostileInput(
                    group="arguments",
                    name=f"{command}: {kind}",
                    lay_out=functools.partial(_typed, line(text)),
                )
    yield HostileInput(group="arguments", name="70,000 arguments", lay_out=lambda folder: ["check", *["x"] * 70_000])


def _typed(arguments: Arguments, folder: Path) -> Arguments:
    return arguments


def _configuration() -> Iterator[HostileInput]:
    big = "9" * 10_000
    texts: dict[str, str | bytes] = {
        "no TOML": "[[[",
        "binary": bytes(range(256)),
        "UTF-16": "[project]\n".encode("utf-16"),
        "BOM": "\ufeff[project]\nname='x'\n",
        "a number of digits": f"[tool.ftwheel]\npythons = {big}\n",
        "1,000 tables deep": "[" + ".".join(["a"] * 1000) + "]\nb = 1\n",
        "5,000 arrays deep": "a = " + "[" * 5000 + "]" * 5000,
        "5,000 inline tables deep": "a = " + "{a=" * 5000 + "1" + "}" * 5000,
        "a key of 1 MB": f'"{"k" * 1_000_000}" = 1\n',
        "100,000 keys": "[tool.ftwheel]\n" + "".join(f"k{n} = {n}\n" for n in range(100_000)),
        "requires-python of digits": f'[project]\nname = "x"\nversion = "1"\nrequires-python = ">={big}"\n',
        "requires-python of clauses": f'[project]\nname = "x"\nrequires-python = "{">=3," * 10_000}"\n',
        "a version of digits": f'[project]\nname = "x"\nversion = "{big}"\n',
        "a name with escapes": '[project]\nname = "\\u001b[2Jx"\nversion = "1"\n',
        "a name with NUL": '[project]\nname = "a\\u0000b"\nversion = "1"\n',
        "a name of 1 MB": f'[project]\nname = "{"x" * 1_000_000}"\nversion = "1"\n',
        "project is a list": "project = []\n",
        "tool is a number": "tool = 1\n",
        "tool.ftwheel is a string": '[tool]\nftwheel = "x"\n',
        "pythons of nonsense": '[tool.ftwheel]\npythons = ["3.99t", "\\u001b", ""]\n',
        "platforms of nonsense": '[tool.ftwheel]\nplatforms = ["\\u001b[2J", "../..", ""]\n',
        "backend-path that escapes": '[build-system]\nrequires=[]\nbuild-backend="b"\nbackend-path=["../.."]\n',
        "backend-path that is absolute": '[build-system]\nrequires=[]\nbuild-backend="b"\nbackend-path=["/tmp"]\n',
        "a backend of escapes": '[build-system]\nrequires=[]\nbuild-backend="\\u001b[2J"\n',
        "a key of 20,000 parts": ".".join(["a"] * 20_000) + " = 1\n",
        "a key of 20,000 quoted parts": " . ".join(['"a b"', "'c'"] * 10_000) + " = 1\n",
        "a table of 20,000 parts": "[" + ".".join(["a"] * 20_000) + "]\n",
        "a requirement of nonsense": '[build-system]\nrequires=["\\u001b[2J @ file:///dev/zero"]\n',
        "dependencies of nonsense": '[project]\nname="x"\nversion="1"\ndependencies=["\\u001b", "a"]\n',
        "100,000 dependencies": '[project]\nname="x"\nversion="1"\ndependencies=[' + '"a",' * 100_000 + "]\n",
        "a date": "[tool.ftwheel]\npythons = 2026-11-28\n",
        "a hook's path with NUL": '[tool.hatch.build.hooks.custom]\npath = "a\\u0000b"\n',
        "100,000 inline tables": "[tool.x]\na = [" + "{b=1}," * 100_000 + "]\n",
        "more than a megabyte": "[tool.x]\na = [" + "{b=1}," * 300_000 + "]\n",
        "a marker that nests": '[project]\nname="x"\nversion="1"\ndependencies=["a; ' + "(" * 2000 + '"]\n',
    }
    for name, text in texts.items():
        for command in (["init"], ["missing", "pyproject.toml", "--no-index", "--no-config"]):

            def lay_out(folder: Path, text: str | bytes = text, command: Arguments = command) -> Arguments:
                (folder / "pyproject.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
                return command

            yield HostileInput(group="configuration", name=f"{name}, {command[0]}", lay_out=lay_out)


def _lists() -> Iterator[HostileInput]:
    files: dict[str, tuple[str, str | bytes]] = {
        "requirements: a loop": ("requirements.txt", "-r requirements.txt\n"),
        "requirements: /dev/zero": ("requirements.txt", "-r /dev/zero\n"),
        "requirements: a line of 3 MB": ("requirements.txt", "a" * 3_000_000),
        "requirements: a continuation without an end": ("requirements.txt", "a \\\n" * 500_000),
        "requirements: escapes": ("requirements.txt", "\x1b[2J\n"),
        "requirements: an address with a password": ("requirements.txt", "-i https://u:hunter2@[x\na\n"),
        "requirements: brackets": ("requirements.txt", "a" + "[" * 100_000),
        "requirements: a marker that nests": ("requirements.txt", "a; " + "(" * 100_000),
        "requirements: a version of digits": ("requirements.txt", f"a=={'9' * 10_000}\n"),
        "requirements: clauses": ("requirements.txt", "a" + ">=1," * 100_000),
        "uv.lock: empty": ("uv.lock", ""),
        "uv.lock: a key of 20,000 parts": ("uv.lock", "version = 1\n" + ".".join(["a"] * 20_000) + " = 1\n"),
        "uv.lock: nested": ("uv.lock", "version = 1\na = " + "[" * 5000),
        "uv.lock: version of digits": ("uv.lock", f"version = {'9' * 10_000}\n"),
        "uv.lock: packages are text": ("uv.lock", 'version = 1\npackage = "x"\n'),
        "uv.lock: a package of escapes": ("uv.lock", 'version = 1\n[[package]]\nname = "\\u001b[2J"\nversion = "1"\n'),
        "uv.lock: 20,000 packages": ("uv.lock", "version = 1\n" + '[[package]]\nname = "a"\n' * 20_000),
        "poetry.lock: empty": ("poetry.lock", ""),
        "poetry.lock: nonsense": ("poetry.lock", '[[package]]\nname = 1\nversion = []\n'),
        "pylock.toml: nonsense": ("pylock.toml", 'lock-version = "99"\npackages = [1]\n'),
        "pylock.toml: a marker": ("pylock.toml", 'lock-version = "1.0"\n[[packages]]\nname="a"\nmarker="' + "(" * 5000 + '"\n'),
        "Pipfile.lock: brackets": ("Pipfile.lock", "[" * 100_000),
        "Pipfile.lock: null": ("Pipfile.lock", '{"default": null, "_meta": 1}'),
        "pdm.lock: empty": ("pdm.lock", "[metadata]\n"),
        "report: brackets": ("report.json", '{"install": ' * 50_000),
        "report: nulls": ("report.json", '{"version": "1", "install": [null, 1, {}]}'),
        "report: digits": ("report.json", '{"version": "1", "install": ' + "9" * 10_000 + "}"),
        "no text": ("requirements.txt", bytes(range(256)) * 100),
        "UTF-16": ("requirements.txt", "numpy\n".encode("utf-16")),
    }  # fmt: skip
    for name, (file, text) in files.items():

        def lay_out(folder: Path, file: str = file, text: str | bytes = text) -> Arguments:
            (folder / file).write_bytes(text if isinstance(text, bytes) else text.encode())
            flag = ["-r"] if file == "requirements.txt" else []
            return ["missing", *flag, file, "--no-index", "--no-config"]

        yield HostileInput(group="lists of dependencies", name=name, lay_out=lay_out)
