"""Small files that cost much: descriptions, source distributions, modules whose tables overlap. See ``hostile``."""

from __future__ import annotations

import functools
import gzip
import io
import struct
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from support.hostile import NAME, PURE, Arguments, HostileInput
from support.images import Spec, elf, pe
from support.wheels import make_wheel

__all__ = ["bombs"]

_SDIST = "pkg-1.0.tar.gz"
_PKG_INFO = b"Metadata-Version: 2.1\nName: pkg\nVersion: 1.0\n"
_MODULE = Spec(name="_ext", imports=("PyModuleDef_Init",))


def bombs() -> Iterator[HostileInput]:
    """All of them."""
    yield from _descriptions()
    yield from _sdists()
    yield from _modules()
    yield from _swollen()


def _descriptions() -> Iterator[HostileInput]:
    chain = "".join(f".. |a{n}| replace:: |a{n + 1}|\n" for n in range(1000))
    laugh = "".join(f".. |a{n}| replace:: {f'|a{n + 1}| ' * 10}\n" for n in range(30))
    texts = {
        "files without an end to embed": ".. image:: /dev/zero\n   :loading: embed\n",
        "a drawing to embed": ".. image:: /dev/zero?x.svg\n   :loading: embed\n",
        "a number of digits": f"{'9' * 5000}. a\n",
        "substitutions in a chain": f"{chain}\n|a0|\n",
        "substitutions that multiply": f"{laugh}.. |a30| replace:: x\n\n|a0|\n",
    }
    for name, text in texts.items():
        metadata = f"{_PKG_INFO.decode()}Description-Content-Type: text/x-rst\n\n{text}"

        def lay_out(folder: Path, metadata: str = metadata) -> Arguments:
            make_wheel(folder, PURE, replace={"METADATA": metadata})
            return ["check", PURE]

        yield HostileInput(group="descriptions", name=name, lay_out=lay_out)


def _sdists() -> Iterator[HostileInput]:
    bodies: dict[str, Callable[[], bytes]] = {
        "empty": lambda: b"",
        "a header of 64 MB": lambda: gzip.compress(_tar_of(("x", tarfile.XHDTYPE, bytes(64 << 20)))),
        "a name of 64 MB": lambda: gzip.compress(_tar_of(("x", tarfile.GNUTYPE_LONGNAME, b"a" * (64 << 20)))),
        "a member that ends early": lambda: gzip.compress(_tar_of(("a/PKG-INFO", tarfile.REGTYPE, _PKG_INFO))[:700]),
        "headers of headers": lambda: gzip.compress(
            _tar_of(*[("x", tarfile.XHDTYPE, b"11 path=ab\n")] * 3000)
        ),
        "links and devices": lambda: gzip.compress(
            _tar_of(
                ("pkg-1.0/PKG-INFO", tarfile.SYMTYPE, b""),
                ("pkg-1.0/null", tarfile.CHRTYPE, b""),
                ("pkg-1.0/pipe", tarfile.FIFOTYPE, b""),
            )
        ),
        "names of escapes": lambda: gzip.compress(
            _tar_of(("\x1b[2J\n::error::x/PKG-INFO", tarfile.REGTYPE, _PKG_INFO))
        ),
        "zeros behind": lambda: gzip.compress(
            _tar_of(("pkg-1.0/PKG-INFO", tarfile.REGTYPE, _PKG_INFO)) + bytes(64 << 20)
        ),
        "no gzip": lambda: _tar_of(("pkg-1.0/PKG-INFO", tarfile.REGTYPE, _PKG_INFO)),
    }  # fmt: skip
    for name, body in bodies.items():

        def lay_out(folder: Path, body: Callable[[], bytes] = body) -> Arguments:
            (folder / _SDIST).write_bytes(body())
            return ["verify", "--local", _SDIST]

        yield HostileInput(group="source distributions", name=name, lay_out=lay_out)


def _tar_of(*members: tuple[str, bytes, bytes]) -> bytes:
    sink = io.BytesIO()
    for name, kind, data in members:
        info = tarfile.TarInfo(name)
        info.type, info.size = kind, len(data)
        sink.write(info.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % 512))
    return sink.getvalue() + bytes(1024)


def _modules() -> Iterator[HostileInput]:
    files: dict[str, Callable[[], bytes]] = {
        "60,000 segments over the same bytes": lambda: _segments(60_000),
        "60,000 sections of constants over the same bytes": lambda: _sections(60_000, 1, b".rodata"),
        "60,000 notes over the same bytes": lambda: _sections(60_000, 7, b".notes"),
        "names of init functions": lambda: elf(Spec(name="_ext", extra=b"PyInit_" * 1_000_000)),
        "100,000 slots of a module's name": lambda: elf(
            Spec(name="_ext", init="PyModExport", slots=(), extra=struct.pack("<HHIQ", 100, 0, 0, 0x2180) * 100_000)
        ),
    }
    for name, data in files.items():

        def lay_out(folder: Path, data: Callable[[], bytes] = data) -> Arguments:
            make_wheel(folder, NAME, {"pkg/_ext.cpython-313t-x86_64-linux-gnu.so": data()})
            return ["check", NAME]

        yield HostileInput(group="binaries", name=name, lay_out=lay_out)

    def windows(folder: Path) -> Arguments:
        wheel = "pkg-1.0-cp313-cp313t-win_amd64.whl"
        make_wheel(folder, wheel, {"pkg/_ext.cp313t-win_amd64.pyd": _libraries(4000)})
        return ["check", wheel]

    yield HostileInput(group="binaries", name="4,000 libraries with the same imports", lay_out=windows)

    def many(folder: Path) -> Arguments:
        data = _definitions(4000, 255)
        make_wheel(folder, NAME, {f"pkg/d{i}/_ext.cpython-313t-x86_64-linux-gnu.so": data for i in range(20)})
        return ["check", NAME]

    yield HostileInput(group="binaries", name="20 modules with 4,000 definitions of the same 255 slots", lay_out=many)

    def most(folder: Path) -> Arguments:
        data = elf(Spec(name="_ext"))
        make_wheel(folder, NAME, {f"pkg/d{i}/_ext.cpython-313t-x86_64-linux-gnu.so": data for i in range(8000)})
        return ["check", NAME]

    yield HostileInput(group="binaries", name="8,000 modules", lay_out=most)


def _definitions(count: int, slots: int) -> bytes:
    """A module with that many definitions, which share one array of slots."""
    head = struct.pack("<QHBBIQQ", 0, 0, 0, 0, 0xFFFFFFFF, 0, 0) + bytes(24)
    size = len(head) + 8 * 8
    array = 0x2000 + 0x200 + count * size
    definition = head + struct.pack("<8Q", 0x2180, 0, 0, 0, array, 0, 0, 0)
    return elf(Spec(name="_ext", extra=definition * count + struct.pack("<IIQ", 3, 0, 1) * slots + bytes(16)))


def _segments(count: int) -> bytes:
    data = bytearray(elf(_MODULE)) + bytes(1 << 20)
    (offset,), (present,) = struct.unpack_from("<Q", data, 32), struct.unpack_from("<H", data, 56)
    size = len(data)
    rows = data[offset : offset + 56 * present]
    rows += b"".join(
        struct.pack("<IIQQQQQQ", 1, 6, 0, number << 32, 0, size, size, 4096) for number in range(1, count + 1 - present)
    )
    struct.pack_into("<Q", data, 32, size)
    struct.pack_into("<H", data, 56, count)
    return bytes(data + rows)


def _sections(count: int, kind: int, name: bytes) -> bytes:
    data = bytearray(elf(_MODULE)) + bytes(1 << 20)
    names = len(data)
    data += (b"\0" + name).ljust(64, b"\0")
    layout = "<IIQQQQIIQQ"
    struct.pack_into("<Q", data, 40, len(data))
    struct.pack_into("<HHH", data, 58, 64, count, 0)
    data += struct.pack(layout, 0, 3, 0, 0, names, 64, 0, 0, 1, 0)
    return bytes(data + struct.pack(layout, 1, kind, 0, 0, 0, names, 0, 0, 1, 0) * (count - 1))


def _libraries(count: int) -> bytes:
    """A DLL that lists one library, with thousands of imports, that many times."""
    spec = Spec(name="_ext", imports=("PyModuleDef_Init",), extra=bytes(20 * (count + 1)))
    data = bytearray(pe(spec))
    at = data.find(struct.pack("<II", 0x2100, 40))
    struct.pack_into("<II", data, at, 0x3200, 20 * count)
    start = data.rindex(bytes(20 * (count + 1)))
    (row,) = struct.iter_unpack("<20s", data[0x400 + 0x100 : 0x400 + 0x100 + 20])
    data[start : start + 20 * count] = row[0] * count
    return bytes(data)


def _swollen() -> Iterator[HostileInput]:
    for name, count, size in (("a module of 64 MB", 1, 64 << 20), ("60 modules of 8 MB", 60, 8 << 20)):

        def lay_out(folder: Path, count: int = count, size: int = size) -> Arguments:
            (folder / PURE).write_bytes(_modules_of_zeros(count, size))
            return ["check", PURE]

        yield HostileInput(group="wheels: zip", name=name, lay_out=lay_out)


@functools.cache
def _modules_of_zeros(count: int, size: int) -> bytes:
    """A zip of modules that are equal, compressed once."""
    image = elf(_MODULE)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    data = image + bytes(size - len(image))
    stored = deflate.compress(data) + deflate.flush()
    head = struct.pack("<HHHHIIIHH", 0, 8, 0, 0x21, zlib.crc32(data), len(stored), size, 8, 0)
    names = [f"a{number:04}.so".encode() for number in range(count)]
    body = b"".join(b"PK\3\4\x14\0" + head + name + stored for name in names)
    step = len(body) // count
    central = b"".join(
        b"PK\1\2\x14\0\x14\0" + head + struct.pack("<HHHII", 0, 0, 0, 0, number * step) + name
        for number, name in enumerate(names)
    )
    return body + central + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, len(central), len(body), 0)
