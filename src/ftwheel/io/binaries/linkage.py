"""Read the external dependencies of an ELF file from the same tables that auditwheel (pyelftools) uses.

The dynamic loader uses program headers, auditwheel mostly sections. A file in which the two disagree, or which has a
table twice, is not ``plain``: only auditwheel itself can say how it interprets such a file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from ftwheel.core.wheel.linkage import ElfLinkage

__all__ = ["Watched", "read_linkage"]

# symbols to search for, by the library that must not provide them
Watched = Mapping[str, frozenset[str]]

_MACHINES = {  # e_machine, class and byte order to auditwheel's name; 32-bit ARM has extra conditions
    (3, 1, 1): "i686",
    (62, 2, 1): "x86_64",
    (21, 2, 1): "ppc64le",
    (21, 2, 2): "ppc64",
    (243, 2, 1): "riscv64",
    (183, 2, 1): "aarch64",
    (22, 2, 2): "s390x",
    (258, 2, 1): "loongarch64",
}
_NEVER = (b"PyFPE_", b"PyUnicodeUCS2_")  # from Python 2 and older; auditwheel checks for them
_MOST = 10_000  # entries in a table; real tables have at most hundreds
_LONGEST = 4096  # bytes in a name
_ISA_NEEDED = struct.pack("<I", 0xC0008002)  # GNU_PROPERTY_X86_ISA_1_NEEDED


class _NotPlain(Exception):  # noqa: N818 - not a failure but an answer
    """The file has a trait that only auditwheel can judge."""


def read_linkage(data: bytes, path: str, watched: Watched) -> ElfLinkage:
    """The dependencies of the ELF file ``data``; never raises. ``undefined`` is limited to the ``watched`` symbols."""
    try:
        return _Reader(data, path, watched).read()
    except (_NotPlain, struct.error, IndexError, UnicodeDecodeError):
        return ElfLinkage(path=path, plain=False)


class _Reader:
    def __init__(self, data: bytes, path: str, watched: Watched) -> None:
        self.data, self.path, self.watched = data, path, watched
        order = {1: "<", 2: ">"}.get(data[5], "")
        self.wide = data[4] == 2
        machine, *_ = struct.unpack_from((order or "<") + "H", data, 18)
        self.machine = _MACHINES.get((machine, data[4], data[5]), "")
        if not self.machine or data[7] not in {0, 3}:  # ELFOSABI_NONE, ELFOSABI_LINUX
            raise _NotPlain
        self.order = order
        self.sections: list[tuple[int, ...]] = []  # name, type, flags, address, offset, size, link, info, ...

    def read(self) -> ElfLinkage:
        fields = self.unpack("QQQIHHHHHH" if self.wide else "IIIIHHHHHH", 24)
        _, programs, sections, _, _, program_size, program_count, section_size, section_count, names = fields
        self.sections = [
            self.unpack("IIQQQQIIQQ" if self.wide else "IIIIIIIIII", sections + index * section_size)
            for index in range(section_count)
        ]
        if not self.sections or names >= section_count:
            raise _NotPlain
        named: dict[bytes, tuple[int, ...]] = {}
        for row in self.sections:
            name = self.text(self.sections[names], row[0])
            if name in {b".dynamic", b".dynsym", b".gnu.version_r"} and named.setdefault(name, row) is not row:
                raise _NotPlain
        self.reject_isa()
        needed, search, interpreter = self.dynamic(programs, program_size, program_count, named)
        return ElfLinkage(
            path=self.path,
            machine=self.machine,
            needed=needed,
            search=search,
            versions=frozenset(self.versions(named.get(b".gnu.version_r"))),
            undefined=self.undefined(named.get(b".dynsym"), needed),
            interpreter=interpreter,
            initialises=self.initialises(named.get(b".dynsym")),
        )

    def unpack(self, codes: str, offset: int) -> tuple[int, ...]:
        return struct.unpack_from(self.order + codes, self.data, offset)

    def text(self, strings: tuple[int, ...], at: int) -> bytes:
        """The string at offset ``at`` in a string table section."""
        start, size = strings[4], strings[5]
        end = self.data.find(b"\0", start + at, start + min(size, at + _LONGEST))
        if not at < size or end < 0:
            raise _NotPlain
        return self.data[start + at : end]

    def dynamic(
        self, offset: int, size: int, count: int, named: dict[bytes, tuple[int, ...]]
    ) -> tuple[tuple[str, ...], tuple[str, ...], str]:
        """The needed libraries, the search path and the loader, in this order."""
        rows = [self.unpack("IIQQQQ" if self.wide else "IIIIII", offset + index * size) for index in range(count)]
        segments = {row[0]: (row[2], row[5]) if self.wide else (row[1], row[4]) for row in reversed(rows)}
        interpreter = ""
        if 3 in segments:  # PT_INTERP
            start, length = segments[3]
            interpreter = self.data[start : start + length].partition(b"\0")[0].decode()
        section = named.get(b".dynamic")
        if 2 not in segments:  # PT_DYNAMIC
            if section is not None:
                raise _NotPlain
            return (), (), interpreter
        start, length = segments[2]
        if section is None or section[4] != start:
            raise _NotPlain
        strings = self.sections[section[6]]
        needed: list[str] = []
        paths: dict[int, str] = {}
        width = 16 if self.wide else 8
        if length > _MOST * width:
            raise _NotPlain
        for index in range(length // width):
            tag, value = self.unpack("QQ" if self.wide else "II", start + index * width)
            if tag == 0:
                break
            if tag == 1:
                needed.append(self.text(strings, value).decode())
            elif tag in {15, 29}:  # DT_RPATH, DT_RUNPATH
                if paths:
                    raise _NotPlain
                paths[tag] = self.text(strings, value).decode()
            elif tag == 5 and value != strings[3]:  # DT_STRTAB: not the section's table
                raise _NotPlain
        search = next(iter(paths.values()), "")
        return tuple(needed), tuple(search.split(":")) if search else (), interpreter

    def versions(self, section: tuple[int, ...] | None) -> Iterator[str]:
        """Every version required of each library, such as ``GLIBC_2.17``, except the loader's."""
        if section is None:
            return
        strings, at, left = self.sections[section[6]], section[4], _MOST
        for _ in range(section[7]):
            _, count, name, auxiliary, following = self.unpack("HHIII", at)
            left -= count + 1
            if left < 0:
                raise _NotPlain
            library = self.text(strings, name).decode()
            entry = at + auxiliary
            for _ in range(count):
                _, _, _, version, onward = self.unpack("IHHII", entry)
                if not (library.startswith("ld-linux") or library in {"ld64.so.1", "ld64.so.2"}):
                    yield self.text(strings, version).decode()
                entry += onward
            at += following

    def undefined(self, section: tuple[int, ...] | None, needed: tuple[str, ...]) -> frozenset[str]:
        """The watched symbols that the file imports, except weak ones."""
        if section is None:
            return frozenset()
        strings = self.sections[section[6]]
        start, stop = strings[4], strings[4] + strings[5]
        if any(self.data.find(name, start, stop) >= 0 for name in _NEVER):
            raise _NotPlain
        places: dict[int, str] = {}
        for symbol in frozenset().union(*(self.watched.get(name, frozenset()) for name in needed)):
            text = symbol.encode() + b"\0"
            at = self.data.find(text, start, stop)
            while at >= 0:
                places[at - start] = symbol
                if len(places) > _MOST:
                    raise _NotPlain
                at = self.data.find(text, at + 1, stop)
        if not places:
            return frozenset()
        layout = struct.Struct(self.order + ("IBBHQQ" if self.wide else "IIIBBH"))
        table = self.data[section[4] : section[4] + section[5] // layout.size * layout.size]
        rows = layout.iter_unpack(table[: len(table) // layout.size * layout.size])
        if not self.wide:
            rows = ((name, info, 0, index, 0, 0) for name, _, _, info, _, index in rows)
        return frozenset(
            places[name] for name, info, _, index, _, _ in rows if index == 0 and info >> 4 != 2 and name in places
        )

    def initialises(self, section: tuple[int, ...] | None) -> bool:
        """Whether the file may define its init function: ``PyInit_spam``, or that of Python 2 or of cffi on PyPy."""
        if section is None:
            return False
        strings = self.sections[section[6]]
        name = self.path.rpartition("/")[2].partition(".")[0].encode()
        start, stop = strings[4], strings[4] + strings[5]
        return any(self.data.find(prefix + name, start, stop) >= 0 for prefix in (b"init", b"nit_"))

    def reject_isa(self) -> None:
        """Leave code that needs more than the baseline processor (x86-64-v2 and up) to auditwheel."""
        if self.machine != "x86_64":
            return
        notes = [row for row in self.sections if row[1] == 7]  # SHT_NOTE
        if sum(row[5] for row in notes) > len(self.data):  # crafted to be searched many times
            raise _NotPlain
        for row in notes:
            at = self.data.find(_ISA_NEEDED, row[4], row[4] + row[5])
            while at >= 0:
                size, value = self.unpack("II", at + 4)
                if size != 4 or value & ~1:
                    raise _NotPlain
                at = self.data.find(_ISA_NEEDED, at + 1, row[4] + row[5])
