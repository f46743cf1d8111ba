"""Read ELF shared objects as the dynamic loader does: from program headers and PT_DYNAMIC, with sections as hints.

Supports 32 and 64 bits, both byte orders, and RELA, REL and RELR (System V gABI, chapters 4 and 5; relocation types
come from the processor supplements). Section headers are optional at run time, so no decision relies on them.
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Iterator

from ftwheel.core.wheel.extension_module import Architecture, BinaryFormat, ByteOrder
from ftwheel.io.binaries.readers.image import (
    IMPORT_LIMIT,
    PYTHON_PREFIXES,
    BinaryImage,
    Data,
    Pointer,
    RowIndex,
    Segment,
    is_init_name,
    is_python_name,
)

__all__ = ["ElfImage", "machine_name", "read_elf"]

MACHINES = {
    (3, 32): "x86",
    (62, 64): "x86_64",
    (62, 32): "x32",
    (40, 32): "arm",
    (183, 64): "aarch64",
    (20, 32): "ppc",
    (22, 64): "s390x",
    (243, 64): "riscv64",
    (243, 32): "riscv32",
    (258, 64): "loongarch64",
    (8, 32): "mips",
    (8, 64): "mips64",
}
# Relocation types that store "symbol plus addend" or "load address plus addend" in a pointer-sized cell. A cell with
# any other type is unknown.
_SYMBOLIC = {
    "x86": {1, 6, 7},
    "x86_64": {1, 6, 7},
    "aarch64": {257, 1025, 1026},
    "arm": {2, 21, 22},
    "ppc64": {38, 20, 21},
    "ppc64le": {38, 20, 21},
    "s390x": {22, 10, 11},
    "riscv64": {2, 5},
    "loongarch64": {2, 5},
}
_RELATIVE = {
    "x86": 8,
    "x86_64": 8,
    "aarch64": 1027,
    "arm": 23,
    "ppc64": 22,
    "ppc64le": 22,
    "s390x": 12,
    "riscv64": 3,
    "loongarch64": 3,
}
_DYNAMIC_LIMIT = 4096  # entries; real sections have about thirty


class ElfImage(BinaryImage):
    """One ELF file."""

    binary_format = BinaryFormat.ELF

    def __init__(self, data: Data, architecture: Architecture) -> None:
        super().__init__(data)
        self.architecture = architecture
        self.null_end = 0
        self._wide = architecture.bits == 64
        self._symbol = data.layout("IBBHQQ" if self._wide else "IIIBBH")
        self._dynamic: dict[int, int] = {}
        self._symbols = (0, 0)  # offset, count
        self._strings = (0, 0)  # offset, size
        codes = ("QQ", "QQq") if self._wide else ("II", "IIi")
        self._layouts = tuple(map(data.layout, codes))  # of a relocation without and with an explicit addend
        self._tables: list[tuple[int, int, bool]] = []  # offset, entries, explicit addends
        self._indexes: list[RowIndex] | None = None
        self._rodata: list[tuple[int, int]] = []

    def load(self) -> None:
        """Read headers, the dynamic section and the symbols; raises UnreadableBinaryError."""
        data = self.data
        if self._wide:
            fields = data.unpack(data.layout("HHIQQQIHHHHHH"), 16, "the ELF header")
        else:
            fields = data.unpack(data.layout("HHIIIIIHHHHHH"), 16, "the ELF header")
        kind, program_offset, section_offset = fields[0], fields[4], fields[5]
        program_size, program_count, section_size, section_count, section_names = fields[8:13]
        if kind != 3:
            raise data.malformed(f"ELF type {kind}, expected 3 (a shared object)")
        dynamic = self._load_segments(program_offset, program_size, program_count)
        if dynamic is None:
            raise data.malformed("no dynamic section")
        self._load_dynamic(*dynamic)
        self._load_sections(section_offset, section_size, section_count, section_names)
        self._load_symbols()

    def _load_segments(self, offset: int, size: int, count: int) -> tuple[int, int] | None:
        data = self.data
        layout = data.layout("IIQQQQQQ" if self._wide else "IIIIIIII")
        if count and size != layout.size:
            raise data.malformed(f"program headers of {size} bytes, expected {layout.size}")
        segments: list[Segment] = []
        dynamic = None
        for row in data.rows(layout, offset, count, "the program headers"):
            if self._wide:
                kind, flags, start, address, _, file_size, size_, _ = row
            else:
                kind, start, address, _, file_size, size_, flags, _ = row
            if kind == 1:
                position = data.span(start, file_size, "a segment")
                segments.append(
                    Segment(
                        start=address,
                        end=address + max(size_, file_size),
                        backed=address + file_size,
                        offset=position,
                        executable=bool(flags & 1),
                        writable=bool(flags & 2),
                    )
                )
            elif kind == 2:
                data.span(start, file_size, "the dynamic section")
                dynamic = (start, file_size)
        self._map(segments)
        return dynamic

    def _load_dynamic(self, offset: int, size: int) -> None:
        layout = self.data.layout("QQ" if self._wide else "II")
        needed: list[int] = []
        for tag, value in self.data.rows(
            layout, offset, min(size // layout.size, _DYNAMIC_LIMIT), "the dynamic section"
        ):
            if tag == 0:
                break
            if tag == 1:
                needed.append(value)
            else:
                self._dynamic.setdefault(tag, value)
        dynamic = self._dynamic
        if 5 not in dynamic or 6 not in dynamic:
            raise self.data.malformed("a dynamic section without symbol or string table")
        self._strings = (self._offset(dynamic[5], dynamic.get(10, 0), "the string table"), dynamic.get(10, 0))
        self.needed = tuple(self._name(at).decode("utf-8", "backslashreplace") for at in needed)
        # Linkers sort the relative relocations and put them first; splitting the table there is only for speed.
        for table, length, explicit, leading in ((7, 8, True, 0x6FFFFFF9), (17, 18, False, 0x6FFFFFFA)):
            if table in dynamic:
                self._add_table(dynamic[table], dynamic.get(length, 0), dynamic.get(leading, 0), explicit=explicit)
        if 23 in dynamic:
            self._add_table(dynamic[23], dynamic.get(2, 0), 0, explicit=dynamic.get(20, 7 if self._wide else 17) == 7)

    def _add_table(self, address: int, size: int, leading: int, *, explicit: bool) -> None:
        entry = (24 if explicit else 16) if self._wide else (12 if explicit else 8)
        if size:
            offset, count = self._offset(address, size, "a relocation table"), size // entry
            leading = min(leading, count)
            for first, last in ((0, leading), (leading, count)):
                if first < last:
                    self._tables.append((offset + first * entry, last - first, explicit))

    def _offset(self, address: int, size: int, what: str) -> int:
        """The image offset of a table that the dynamic section gives by address."""
        offset = self.offset(address, max(size, 1))
        # Linkers put these tables before all code.
        self.null_end = max(self.null_end, min(address + size, 0x1000))
        if offset is None:
            raise self.data.malformed(f"{what} at address {address:#x} with {size:#x} bytes is not in the file")
        return offset - self.data.start

    def _name(self, at: int, *, free: bool = False) -> bytes:
        offset, size = self._strings
        if at >= size:
            raise self.data.malformed(f"a name at {at:#x} lies outside the string table")
        return self.data.text(offset + at, offset + size, "a name", free=free)

    def _load_sections(self, offset: int, size: int, count: int, names: int) -> None:
        """Locate the string constants; without usable section headers, all segments are searched instead."""
        layout = self.data.layout("IIQQQQIIQQ" if self._wide else "IIIIIIIIII")
        if not offset or size != layout.size or names >= count or offset + size * count > self.data.stop:
            return
        rows = list(self.data.rows(layout, offset, count, "the section headers"))
        start, length = rows[names][4], rows[names][5]
        for row in rows:
            position = start + row[0]
            if row[0] < length and self.data.raw.startswith(b".rodata", position) and row[4] + row[5] <= self.data.stop:
                self._rodata.append((row[4], row[4] + row[5]))
        if sum(end - begin for begin, end in self._rodata) > self.data.stop:  # crafted to be searched many times
            self._rodata.clear()

    def _symbol_count(self) -> int:
        dynamic, data = self._dynamic, self.data
        if 4 in dynamic:
            # s390x is the only supported 64-bit machine with 64-bit words in DT_HASH.
            layout = data.layout("QQ" if self.architecture.name == "s390x" else "II")
            return data.unpack(layout, self._offset(dynamic[4], layout.size, "DT_HASH"), "DT_HASH")[1]
        if 0x6FFFFEF5 in dynamic:
            offset = self._offset(dynamic[0x6FFFFEF5], 16, "DT_GNU_HASH")
            buckets, first, bloom, _ = data.unpack(data.layout("IIII"), offset, "DT_GNU_HASH")
            offset += 16 + bloom * self.word
            position = data.span(offset, buckets * 4, "the buckets of DT_GNU_HASH")
            last = max((row[0] for row in data.u32.iter_unpack(data.raw[position : position + buckets * 4])), default=0)
            if last < first:
                return first
            offset += buckets * 4 - first * 4
            rest = (data.stop - data.start - offset) // 4 - last
            for (word,) in data.rows(data.u32, offset + last * 4, max(rest, 0), "a chain of DT_GNU_HASH"):
                last += 1
                if word & 1:
                    return last
            raise data.malformed("a chain of DT_GNU_HASH that does not end")
        # Old linkers put the string table directly after the symbols. Without a hash table, the loader itself could not
        # find the init function, so this applies only to files with a third kind of hash table.
        return max(0, dynamic[5] - dynamic[6]) // self._symbol.size

    def _load_symbols(self) -> None:
        data = self.data
        count = self._symbol_count()
        offset = self._offset(self._dynamic[6], count * self._symbol.size, "the symbol table")
        self._symbols = (offset, count)
        strings, size = self._strings
        raw, start = data.raw, data.start + strings
        stop = start + size
        # Searching for the few names of interest first keeps string operations out of the loop over the symbols.
        # Strings may share their tails, so a name may start at any offset.
        inits = set(itertools.islice(_occurrences(raw, (b"PyInit", b"PyModExport"), start, stop), IMPORT_LIMIT))
        imports: set[bytes] = set()
        rows = data.rows(self._symbol, offset, count, "the symbol table")
        if not self._wide:
            rows = ((at, info, 0, section, value, 0) for at, value, _, info, _, section in rows)
        for at, info, _, section, value, _ in rows:
            if section:
                if at in inits and info >> 4:
                    name = self._name(at)
                    if is_init_name(name) and info & 15 in {0, 2}:
                        self.exports[name.decode("ascii", "backslashreplace")] = value
            elif at < size and raw.startswith(PYTHON_PREFIXES, start + at):
                imports.add(data.name(start + at, stop, "a name"))
                if len(imports) > IMPORT_LIMIT:
                    break
        self._import(imports)

    def symbol(self, index: int) -> tuple[bytes, int | None, bool]:
        """The name, the address (None if imported) and the weakness of a dynamic symbol."""
        offset, count = self._symbols
        if not 0 <= index < count:
            raise self.data.malformed(f"symbol {index} of {count}")
        row = self.data.unpack(self._symbol, offset + index * self._symbol.size, "a symbol")
        at, info, section, value = (row[0], row[1], row[3], row[4]) if self._wide else (row[0], row[3], row[5], row[1])
        return self._name(at, free=True), value if section else None, info >> 4 == 2

    def symbols(self) -> Iterator[tuple[bytes, int | None, bool]]:
        """All dynamic symbols, as ``symbol`` returns them."""
        return map(self.symbol, range(self._symbols[1]))

    def _relocation(self, address: int) -> tuple[int, int, int | None] | None:
        """The type, symbol index and addend (None: in the cell) of the relocation at exactly this address, if any."""
        for (offset, _, explicit), index in zip(self._tables, self._indexes or self._index(), strict=True):
            row = index.find(address)
            if row is None:
                continue
            layout = self._layouts[explicit]
            fields = self.data.unpack(layout, offset + row * layout.size, "a relocation")
            info = fields[1]
            kind, symbol = (info & 0xFFFFFFFF, info >> 32) if self._wide else (info & 0xFF, info >> 8)
            return kind, symbol, fields[2] if explicit else None
        return None

    def _index(self) -> list[RowIndex]:
        if self._indexes is None:
            self._indexes = []
            code = "Q" if self._wide else "I"
            little = self.architecture.byte_order is ByteOrder.LITTLE
            for offset, count, explicit in self._tables:
                cells = array(code)
                width = (3 if explicit else 2) * cells.itemsize
                position = self.data.start + offset
                cells.frombytes(memoryview(self.data.raw)[position : position + count * width])
                keys = cells[:: 3 if explicit else 2]
                if little != (array("H", [1]).tobytes()[0] == 1):
                    keys.byteswap()
                self._indexes.append(RowIndex(keys))
        return self._indexes

    def pointer(self, address: int) -> Pointer:
        """See BinaryImage.pointer. RELR and REL keep the value in the cell, RELA in the relocation."""
        found = self._relocation(address)
        if found is None:
            return self.integer(address, self.word)
        kind, index, addend = found
        value = self.integer(address, self.word) if addend is None else addend
        name = self.architecture.name
        if value is not None and kind == _RELATIVE.get(name):
            return value & ((1 << self.architecture.bits) - 1)
        if kind not in _SYMBOLIC.get(name, ()) or value is None:
            return None
        symbol, target, weak = self.symbol(index)
        if target is not None:
            # Jump slots on REL machines hold the lazy stub's address, which is not an addend.
            return target + (0 if addend is None and name in {"x86", "arm"} and kind in {7, 22} else value)
        if (weak and not is_python_name(symbol)) or (addend is not None and addend):
            return None
        return symbol.decode("ascii", "backslashreplace")

    def relocated(self, low: int, high: int) -> bool:
        """See BinaryImage.relocated."""
        return any(index.between(low, high) for index in self._index())

    def text_ranges(self) -> Iterator[tuple[int, int]]:
        """See BinaryImage.text_ranges."""
        if self._rodata:
            return iter(self._rodata)
        return ((piece.offset, piece.offset + piece.backed - piece.start) for piece in self.segments)


def _occurrences(raw: bytes, needles: tuple[bytes, ...], start: int, stop: int) -> Iterator[int]:
    """The offsets, relative to ``start``, of all occurrences of each needle."""
    for needle in needles:
        at = raw.find(needle, start, stop)
        while at >= 0:
            yield at - start
            at = raw.find(needle, at + 1, stop)


def read_elf(raw: bytes, label: str) -> ElfImage:
    """Read one ELF file; ``label`` names it in errors. Raises UnreadableBinaryError."""
    order = ByteOrder.BIG if raw[5:6] == b"\2" else ByteOrder.LITTLE
    bits = 64 if raw[4:5] == b"\2" else 32
    data = Data(raw, label, order)
    if raw[4:5] not in {b"\1", b"\2"} or raw[5:6] not in {b"\1", b"\2"}:
        raise data.malformed("an ELF class or byte order that does not exist")
    machine = data.unpack(data.u16, 18, "the ELF header")[0]
    image = ElfImage(data, Architecture(name=machine_name(machine, bits, order), bits=bits, byte_order=order))
    image.load()
    return image


def machine_name(machine: int, bits: int, order: ByteOrder) -> str:
    """The name that ``Architecture`` uses for an ``e_machine``."""
    if machine == 21 and bits == 64:
        return "ppc64le" if order is ByteOrder.LITTLE else "ppc64"
    return MACHINES.get((machine, bits), f"machine-{machine}")
