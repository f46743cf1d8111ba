"""The little a wheel's check needs of ELF, Mach-O and PE files: machine, Python symbols, and whose headers it saw.

Nothing is executed and nothing is guessed: what cannot be read is empty. Files are those just built from the
project's own sources; every offset is checked all the same.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Sequence

from ftwheel_build.values import FrozenValue

__all__ = ["Image", "UnreadableError", "abi_of", "images", "machines_of", "magic"]


class UnreadableError(ValueError):
    """Not an image of the three formats, or a malformed one."""


class Image(FrozenValue):
    """One machine's part of a file.

    ``format`` is ``ELF``, ``Mach-O`` or ``PE``; ``machine`` is in the words of platform tags (``x86_64``,
    ``aarch64``, ``amd64``, ...), empty if unknown. ``libraries`` are the DLLs of a PE file, in lower case.
    ``definition`` is the ABI of the headers that the module definition was compiled with: ``default``,
    ``free-threaded``, or empty. ``abi_info`` is the ABI that the module itself names, where there is just one, and
    ``abi_floor`` the minor version of that stable ABI, 0 where it is none.
    ``slots`` are the slot numbers of the module definition, and ``export_slots`` those of the array that its
    ``PyModExport_`` function returns; empty where there is none, or none that is static data. ``cffi`` says that
    ``_cffi_backend`` makes the module.
    """

    format: str
    machine: str
    imports: frozenset[str]
    exports: frozenset[str]
    libraries: frozenset[str] = frozenset()
    definition: str = ""
    abi_info: str = ""
    abi_floor: int = 0
    slots: frozenset[int] = frozenset()
    export_slots: frozenset[int] = frozenset()
    cffi: bool = False


class MappedRange(FrozenValue):
    """Where file content is in memory."""

    address: int
    offset: int
    size: int
    data: bool  # not executable


# Only free-threaded headers make code import these
FREE_THREADED_ONLY = frozenset(
    {"_Py_DecRefShared", "_Py_MergeZeroLocalRefcount", "PyUnstable_Module_SetGIL", "_Py_GetThreadLocal_Addr"}
)
# The static object head of a PyModuleDef and the three empty fields behind it (m_init, m_index, m_copy), by the
# headers it was compiled with; the pointer to the module's name follows. Little-endian, 64 bits.
_HEADS = (
    ("free-threaded", b"\0" * 12 + b"\xff" * 4 + b"\0" * 40),  # 3.13
    ("free-threaded", b"\0" * 8 + b"\4\0\0\0" + b"\xff" * 4 + b"\0" * 40),  # 3.14 and later
    ("default", b"\xff" * 4 + b"\0" * 36),  # 3.12, 3.13
    ("default", b"\0\0\0\xc0\0\0\5\0" + b"\0" * 32),  # 3.14 and later
    ("default", b"\1" + b"\0" * 39),  # up to 3.11, and the limited API below 3.12
)
_ELF_MACHINES = {3: "i686", 22: "s390x", 40: "arm", 62: "x86_64", 183: "aarch64", 243: "riscv64", 258: "loongarch64"}
_MACH_MACHINES = {7: "i386", 0x01000007: "x86_64", 0x0100000C: "arm64"}
_PE_MACHINES = {0x14C: "win32", 0x8664: "amd64", 0xAA64: "arm64"}
_MAX_SYMBOLS = 4_000_000
_MAX_NAMES = 1024  # occurrences of a module's name to inspect; more is "cannot tell"
# Slot numbers up to 3.14, and those of 3.15 and later (Include/moduleobject.h, slots.toml)
_KNOWN_SLOTS = frozenset({1, 2, 3, 4, *range(84, 128)})
_NAME_SLOT = 100
_MAX_SLOTS = 128
_PACKAGE = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*\.\Z")


def magic(head: bytes) -> str:
    """The format by the first bytes, ``""`` for something else."""
    if head.startswith(b"\x7fELF"):
        return "ELF"
    if head[:4] in (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe"):
        return "Mach-O"
    # 0xCAFEBABE is Java's too; a class file has a version of 45 or more where Mach-O counts machines
    if head[:4] in (b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf") and len(head) >= 8 and 0 < head[7] < 32:
        return "Mach-O"
    return "PE" if head.startswith(b"MZ") else ""


def images(content: bytes) -> tuple[Image, ...]:
    """Read a file; several images for a universal Mach-O file. Raises UnreadableError."""
    try:
        kind = magic(content[:8])
        if kind == "ELF":
            return (_named(_elf(content), content),)
        if kind == "PE":
            return (_named(_pe(content), content),)
        if kind == "Mach-O":
            return tuple(_named(_mach(part), part) for part in _slices(content))
    except (struct.error, IndexError, OverflowError) as error:
        raise UnreadableError(f"malformed {magic(content[:8])} file: {error}") from error
    raise UnreadableError("not an ELF, Mach-O or PE file")


def machines_of(head: bytes) -> tuple[Image, ...]:
    """Format and machine by the first 4096 bytes alone, without symbols. Raises UnreadableError."""
    kind, none = magic(head), frozenset[str]()
    try:
        if kind == "ELF":
            return (Image(kind, _elf_machine(head)[0], none, none),)
        if kind == "PE":
            start = struct.unpack_from("<I", head, 0x3C)[0]
            machine = _PE_MACHINES.get(struct.unpack_from("<H", head, start + 4)[0], "")
            return (Image(kind, machine, none, none),)
        return tuple(Image(kind, _MACH_MACHINES.get(cpu, ""), none, none) for cpu in _cpus(head))
    except struct.error as error:
        raise UnreadableError(f"malformed {kind} file: {error}") from error


def _cpus(head: bytes) -> Iterator[int]:
    """CPU types of a Mach-O file, thin or universal."""
    if head[:3] != b"\xca\xfe\xba":
        yield struct.unpack_from("<4xI", head)[0]
        return
    for index in range(struct.unpack_from(">I", head, 4)[0]):
        yield struct.unpack_from(">I", head, 8 + index * (32 if head[3] == 0xBF else 20))[0]


def abi_of(image: Image) -> str:
    """The ABI the code was compiled for: ``default``, ``free-threaded``, ``both``, ``abi3``, ``abi3t``, or ``""``.

    ``default`` takes in the limited API outside Windows, which looks the same. ``""`` is "cannot tell".
    """
    if image.format == "PE":
        found = {
            "free-threaded" if match[1] and match[2] else "default" if match[1] else "abi3t" if match[2] else "abi3"
            for match in (re.fullmatch(r"python3(\d*)(t?)(?:_d)?\.dll", name) for name in image.libraries)
            if match
        }
        return "both" if {"default", "free-threaded"} <= found else min(found, default="")
    if image.abi_info:
        return image.abi_info
    free_threaded = bool(image.imports & FREE_THREADED_ONLY) or image.definition == "free-threaded"
    # Free-threaded headers release objects by other functions; only default ones call this.
    default = "_Py_Dealloc" in image.imports or image.definition == "default"
    if free_threaded and default:
        return "both"
    return "free-threaded" if free_threaded else "default" if default else ""


# PyABIInfo (PEP 793): its own version 1.0, flags, the version of the headers, and the one of the limited API or none
_ABI_INFO = rb"\x01\0([\x01-\x0f])\0[\0-\xff]{2}[\x0f-\x20]\x03(?:[\0-\xff]{2}([\0-\x20])\x03|\0{4})"


def _named(image: Image, content: bytes) -> Image:
    """The image with the ABI that the ``PyABIInfo`` of a ``PyModExport_`` function names, if all of them name one."""
    cffi = b"_cffi_backend\0" in content and "PyImport_ImportModule" in image.imports
    image = image.replace(cffi=cffi and not image.imports & {"PyModule_Create2", "PyModuleDef_Init"})
    if not any(name.startswith("PyModExport") for name in image.exports):
        return image
    said = {(found[1][0] & 7, found[2][0] if found[2] else 0) for found in re.finditer(_ABI_INFO, content)}
    if len(said) != 1:
        return image
    ((flags, minor),) = said
    kinds = {1 | 2: "abi3", 1 | 4: "abi3t", 7: "abi3t", 2: "default", 4: "free-threaded"}
    return image.replace(abi_info=kinds.get(flags, ""), abi_floor=minor if flags & 1 else 0)


def _text(content: bytes, offset: int) -> str:
    end = content.find(b"\0", offset, offset + 4096) if 0 <= offset < len(content) else -1
    return content[offset:end].decode("utf-8", "replace") if end >= 0 else ""


def _elf_machine(content: bytes) -> tuple[str, bool, str]:
    """Machine, whether the class is 64 bits, and the byte order for struct."""
    wide, order = content[4] == 2, "<" if content[5] == 1 else ">"
    number = struct.unpack_from(order + "H", content, 18)[0]
    if number == 21:
        return ("ppc64le" if order == "<" else "ppc64"), wide, order
    return _ELF_MACHINES.get(number, ""), wide, order


def _elf(content: bytes) -> Image:
    machine, wide, order = _elf_machine(content)
    header = struct.unpack_from(order + ("3Q" if wide else "3I"), content, 24)  # entry, segments, sections
    _, segment_size, segments, section_size, sections = struct.unpack_from(order + "4x5H", content, 48 if wide else 36)
    section = struct.Struct(order + ("2I4Q2I2Q" if wide else "10I"))  # name, type, flags, address, offset, size, link..
    tables = [
        section.unpack_from(content, header[2] + index * section_size) for index in range(sections if header[2] else 0)
    ]
    imports: set[str] = set()
    exports: set[str] = set()
    for table in tables:
        if table[1] != 11:  # SHT_DYNSYM
            continue
        symbol = struct.Struct(order + ("I2BH2Q" if wide else "3I2BH"))
        names = tables[table[6]][4]
        for offset in range(table[4], table[4] + min(table[5], _MAX_SYMBOLS * symbol.size), symbol.size):
            fields = symbol.unpack_from(content, offset)
            (exports if fields[3 if wide else 5] else imports).add(_text(content, names + fields[0]))
    image = Image("ELF", machine, frozenset(imports), frozenset(exports))
    if wide and order == "<":
        program = struct.Struct("<2I6Q")  # type, flags, offset, address, physical, in file, in memory, alignment
        loads = [program.unpack_from(content, header[1] + index * segment_size) for index in range(segments)]
        layout = [MappedRange(load[3], load[2], load[5], not load[1] & 1) for load in loads if load[0] == 1]
        relocations = [(table[4], table[5]) for table in tables if table[1] == 4]  # SHT_RELA
        return _with_definition(image, _Data(content, layout, relocations))
    return image


class _Data(FrozenValue):
    """A file's content with what its pointers need.

    They are in a table of RELA ``relocations``, given by offset and size, or in the data, whose ``mask`` bits are the
    address.
    """

    content: bytes
    layout: Sequence[MappedRange]
    relocations: Sequence[tuple[int, int]] = ()
    mask: int = -1

    def pointers_to(self, address: int) -> Iterator[int]:
        """Offsets of pointers to an address. All searches are ``bytes.find``, which costs less than unpacking."""
        packed = struct.pack("<Q", address)
        for start, size in self.relocations:
            for found in _all(self.content, packed, start, start + size):
                if (found - start) % 24 == 16:  # offset, info, addend
                    yield _offset(self.layout, struct.unpack_from("<Q", self.content, found - 16)[0])
        for segment in self.layout:
            if segment.data:
                for found in _all(self.content, packed[:4], segment.offset, segment.offset + segment.size):
                    if struct.unpack_from("<Q", self.content, found)[0] & self.mask == address:
                        yield found

    def target(self, place: int) -> int:
        """The offset that the pointer at an offset leads to, -1 for none."""
        for address in _addresses(self.layout, place):
            packed = struct.pack("<Q", address)
            for start, size in self.relocations:
                for found in _all(self.content, packed, start, start + size):
                    if (found - start) % 24 == 0:
                        return _offset(self.layout, struct.unpack_from("<Q", self.content, found + 16)[0])
        value = struct.unpack_from("<Q", self.content, place)[0] & self.mask if place + 8 <= len(self.content) else 0
        return _offset(self.layout, value) if value else -1

    def slots(self, place: int, number: str) -> frozenset[int]:
        """The numbers, of a size for struct, in an array of 16-byte slots up to its end; empty if it is none."""
        found: set[int] = set()
        for at in range(place, min(place + 16 * _MAX_SLOTS, len(self.content) - 15), 16):
            slot = struct.unpack_from(number, self.content, at)[0]
            if slot not in _KNOWN_SLOTS:
                return frozenset(found) if not slot else frozenset()
            found.add(slot)
        return frozenset()


def _with_definition(image: Image, data: _Data) -> Image:
    """The image with whose headers the module definition was compiled with, and with the slots of the module.

    Looked for backwards, as a head alone is a weak pattern: the name of an exported init function, a pointer to that
    name, and the head before the pointer, or the slot that the pointer is in.
    """
    pointers = {place for address in _name_addresses(data, image.exports) for place in data.pointers_to(address)}
    definitions = {
        (kind, pointer)
        for pointer in pointers
        for kind, head in _HEADS
        if pointer >= len(head) and data.content.startswith(head, pointer - len(head))
    }
    kinds = {kind for kind, _ in definitions}
    arrays = {data.target(pointer + 32) for _, pointer in definitions}  # m_name, m_doc, m_size, m_methods, m_slots
    exported = {_first_slot(data.content, pointer - 8) for pointer in pointers if _is_name_slot(data.content, pointer)}
    return image.replace(
        definition=kinds.pop() if len(kinds) == 1 else "",
        slots=data.slots(arrays.pop(), "<I") if len(arrays) == 1 and arrays != {-1} else frozenset(),
        export_slots=data.slots(exported.pop(), "<H") if len(exported) == 1 else frozenset(),
    )


def _is_name_slot(content: bytes, pointer: int) -> bool:
    """Whether a pointer is the value of a ``Py_mod_name`` slot: number, flags and four null bytes are before it."""
    return pointer >= 8 and struct.unpack_from("<H2xI", content, pointer - 8) == (_NAME_SLOT, 0)


def _first_slot(content: bytes, place: int) -> int:
    """The offset of the first ``PySlot`` of an array, of which one is at ``place``."""
    for _ in range(_MAX_SLOTS):
        number, empty = struct.unpack_from("<H2xI", content, place - 16) if place >= 16 else (0, 0)
        if number not in _KNOWN_SLOTS or empty:
            break
        place -= 16
    return place


def _name_addresses(data: _Data, exports: Iterable[str]) -> list[int]:
    """Where ``_ext`` or ``package._ext`` stands, for every exported ``PyInit__ext`` and ``PyModExport__ext``."""
    found = []
    for name in {export.partition("_")[2] for export in exports if export.startswith(("PyInit_", "PyModExport_"))}:
        for place in _all(data.content, name.encode() + b"\0", 0, len(data.content)):
            # A pointer may lead to any letter of the package's name: what stands before a string need not be NUL.
            package = _PACKAGE.search(data.content, max(0, place - 128), place)
            starts = range(package.start() if package else place, place)
            found += [address for offset in (*starts, place) for address in _addresses(data.layout, offset)]
    return found if len(found) <= _MAX_NAMES else []


def _all(content: bytes, needle: bytes, start: int, end: int) -> Iterator[int]:
    place = content.find(needle, start, end)
    while place >= 0:
        yield place
        place = content.find(needle, place + 1, end)


def _addresses(layout: Iterable[MappedRange], offset: int) -> list[int]:
    return [part.address + offset - part.offset for part in layout if 0 <= offset - part.offset < part.size]


def _offset(layout: Iterable[MappedRange], address: int) -> int:
    """File offset of an address, -1 if it has none."""
    return next(
        (part.offset + address - part.address for part in layout if 0 <= address - part.address < part.size), -1
    )


def _slices(content: bytes) -> Iterator[bytes]:
    if content[:3] != b"\xca\xfe\xba":
        yield content
        return
    wide = content[3] == 0xBF
    for index in range(struct.unpack_from(">I", content, 4)[0]):
        fields = struct.unpack_from(">2I2Q" if wide else ">4I", content, 8 + index * (32 if wide else 20))
        if fields[2] + fields[3] > len(content):
            raise UnreadableError("malformed Mach-O file: a part lies beyond its end")
        yield content[fields[2] : fields[2] + fields[3]]


def _mach(content: bytes) -> Image:
    wide = content[:4] == b"\xcf\xfa\xed\xfe"
    cpu, commands = struct.unpack_from("<4xI8xI", content)
    imports: set[str] = set()
    exports: set[str] = set()
    layout = []
    offset = 32 if wide else 28
    for _ in range(min(commands, 10_000)):
        command, size = struct.unpack_from("<2I", content, offset)
        if command == 0x2:  # LC_SYMTAB
            start, count, names, _ = struct.unpack_from("<4I", content, offset + 8)
            entry = struct.Struct("<I2BHQ" if wide else "<I2BHI")
            for index in range(min(count, _MAX_SYMBOLS)):
                name, kind, *_ = entry.unpack_from(content, start + index * entry.size)
                if kind & 0xE0 or not kind & 1:  # debugging, local
                    continue
                (exports if kind & 0x0E else imports).add(_text(content, names + name)[1:])  # C names begin with _
        elif command == 0x19:  # LC_SEGMENT_64
            address, _, start, length, _, protection = struct.unpack_from("<4Q2I", content, offset + 24)
            layout.append(MappedRange(address, start, length, not protection & 4))
        offset += max(size, 8)
    image = Image("Mach-O", _MACH_MACHINES.get(cpu, ""), frozenset(imports), frozenset(exports))
    # the low 36 bits of a chained fixup, or of a plain pointer, are the address
    return _with_definition(image, _Data(content, layout, mask=(1 << 36) - 1)) if wide else image


def _pe(content: bytes) -> Image:
    start = struct.unpack_from("<I", content, 0x3C)[0]
    if content[start : start + 4] != b"PE\0\0":
        raise UnreadableError("malformed PE file: no signature")
    machine, sections, optional = struct.unpack_from("<2H12xH", content, start + 4)
    base = start + 24
    directories = base + (112 if struct.unpack_from("<H", content, base)[0] == 0x20B else 96)
    layout = []
    for index in range(sections):
        size, address, length, offset = struct.unpack_from("<4I", content, base + optional + 40 * index + 8)
        layout.append(MappedRange(address, offset, min(length, size) or length, data=False))

    exported, imported = (
        struct.unpack_from("<I", content, directories)[0],
        struct.unpack_from("<I", content, directories + 8)[0],
    )
    libraries, exports = set(), set()
    if imported and (at := _offset(layout, imported)) >= 0:
        for index in range(4096):
            name = struct.unpack_from("<12xI4x", content, at + 20 * index)[0]
            where = _offset(layout, name)
            if not name or where < 0:
                break
            libraries.add(_text(content, where).lower())
    if exported and (at := _offset(layout, exported)) >= 0:
        count, names = struct.unpack_from("<24xI4xI", content, at)
        table = _offset(layout, names)
        for index in range(min(count, _MAX_SYMBOLS) if table >= 0 else 0):
            where = _offset(layout, struct.unpack_from("<I", content, table + 4 * index)[0])
            if where >= 0:
                exports.add(_text(content, where))
    return Image("PE", _PE_MACHINES.get(machine, ""), frozenset(), frozenset(exports), frozenset(libraries))
