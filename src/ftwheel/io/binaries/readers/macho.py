"""Read Mach-O bundles and libraries, thin and fat, with classic bind opcodes or chained fixups.

Based on ``mach-o/loader.h``, ``mach-o/fat.h``, ``mach-o/nlist.h`` and ``mach-o/fixup-chains.h``. Exports come from the
export trie, which ``dlsym`` searches; the symbol table is used only if there is no trie. Symbol names are returned
without the underscore that the platform puts before each C name.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from ftwheel.core.wheel.extension_module import Architecture, BinaryFormat, ByteOrder
from ftwheel.io.binaries.readers.image import (
    IMPORT_LIMIT,
    BinaryImage,
    Data,
    Pointer,
    RowIndex,
    Segment,
    is_init_name,
)

__all__ = ["FAT", "MACHINES", "THIN", "MachOImage", "is_macho", "read_macho"]

MACHINES = {
    7: ("x86", 32),
    0x01000007: ("x86_64", 64),
    12: ("arm", 32),
    0x0100000C: ("aarch64", 64),
    18: ("ppc", 32),
    0x01000012: ("ppc64", 64),
}
THIN = {
    b"\xce\xfa\xed\xfe": (ByteOrder.LITTLE, 32),
    b"\xcf\xfa\xed\xfe": (ByteOrder.LITTLE, 64),
    b"\xfe\xed\xfa\xce": (ByteOrder.BIG, 32),
    b"\xfe\xed\xfa\xcf": (ByteOrder.BIG, 64),
}
FAT = {b"\xca\xfe\xba\xbe": "IIIII", b"\xca\xfe\xba\xbf": "IIQQII"}
_MASK = (1 << 64) - 1
_SKIPPED = frozenset({0x00, 0x10, 0x30, 0x50})  # opcodes: done, ordinal, special ordinal, type
_SLICE_LIMIT = 32
_COMMAND_LIMIT = 4096
_TRIE_LIMIT = 1 << 16  # nodes on the paths to init functions
_PREFIXES = (b"_PyInit", b"_PyModExport")
_CHAIN_PLAIN = {2, 6}  # DYLD_CHAINED_PTR_64 and _64_OFFSET: the only formats on the architectures of wheels
_CHAIN_OFFSET = 6


class MachOImage(BinaryImage):
    """One slice of a Mach-O file."""

    binary_format = BinaryFormat.MACH_O

    def __init__(self, data: Data, architecture: Architecture) -> None:
        super().__init__(data)
        self.architecture = architecture
        self._wide = architecture.bits == 64
        self._order: list[Segment] = []  # in the order of the load commands, by which bind opcodes number them
        self._base = 0
        self._symtab: tuple[int, ...] = ()
        self._undefined: tuple[int, int] | None = None
        self._trie = (0, 0)
        self._bind_streams: list[tuple[int, int]] = []
        self._fixups: tuple[int, int] | None = None
        self._binds: tuple[RowIndex, array[int], array[int]] | None = None
        self._chains: list[tuple[int, int, int, int, int]] | None = None
        self._import_table = (0, 0, 0, 0)
        self._pages: dict[int, frozenset[int] | None] = {}
        self._literals: list[tuple[int, int]] = []

    def load(self) -> None:
        """Read the load commands and the symbols; raises UnreadableBinaryError."""
        data = self.data
        kind, count, size = data.unpack(data.layout("12xIII"), 0, "the Mach-O header")
        if kind not in {6, 8}:
            raise data.malformed(f"Mach-O type {kind}, expected 6 or 8 (a library or a bundle)")
        offset = 32 if self._wide else 28
        data.span(offset, size, "the load commands")
        end = offset + size
        self.null_end = min(self.null_end, end)
        needed: list[str] = []
        for _ in range(min(count, _COMMAND_LIMIT)):
            command, length = data.unpack(data.layout("II"), offset, "a load command")
            if length < 8 or offset + length > end:
                raise data.malformed(f"a load command of {length} bytes at {offset:#x}")
            self._command(command & 0x7FFFFFFF, offset, length, needed)
            offset += length
        self.needed = tuple(needed)
        self._map(list(self._order))
        self._base = next((s.start for s in self._order if s.offset == data.start and s.backed > s.start), 0)
        if sum(end - begin for begin, end in self._literals) > data.stop - data.start:  # to be searched many times
            raise data.malformed("sections that are together longer than the file")
        self._load_symbols()
        self._load_exports()

    def _command(self, command: int, offset: int, length: int, needed: list[str]) -> None:
        data = self.data
        match command:
            case 0x1 | 0x19:
                self._load_segment(offset, length, wide=command == 0x19)
            case 0x2:
                self._symtab = data.unpack(data.layout("IIII"), offset + 8, "the symbol table command")
            case 0xB:
                first, number = data.unpack(data.layout("II"), offset + 24, "the dynamic symbol table command")
                self._undefined = (first, number)
            case 0xC | 0x18 | 0x1F | 0x20 | 0x23:
                at = data.unpack(data.u32, offset + 8, "a library command")[0]
                needed.append(data.text(offset + at, offset + length, "a library").decode("utf-8", "backslashreplace"))
            case 0x22:
                fields = data.unpack(data.layout("10I"), offset + 8, "the dyld info command")
                self._bind_streams = [(fields[2], fields[3]), (fields[4], fields[5]), (fields[6], fields[7])]
                self._trie = (fields[8], fields[9])
            case 0x33:
                self._trie = _pair(data.unpack(data.layout("II"), offset + 8, "the exports command"))
            case 0x34:
                self._fixups = _pair(data.unpack(data.layout("II"), offset + 8, "the fixups command"))
            case 0x24 | 0x32:
                platform, version = data.unpack(data.layout("II"), offset + 8, "a version command")
                if command == 0x24:
                    platform, version = 1, platform
                if platform == 1:
                    self.macos_minimum = (version >> 16, version >> 8 & 0xFF)
            case _:
                pass

    def _load_segment(self, offset: int, length: int, *, wide: bool) -> None:
        data = self.data
        layout = data.layout("16xQQQQIIII" if wide else "16xIIIIIIII")
        address, size, start, file_size, _, protection, sections, _ = data.unpack(layout, offset + 8, "a segment")
        position = data.span(start, file_size, "a segment")
        if file_size > size:
            raise data.malformed(f"a segment of {size:#x} bytes with {file_size:#x} in the file")
        self._order.append(
            Segment(
                start=address,
                end=address + size,
                backed=address + file_size,
                offset=position,
                executable=bool(protection & 4),
                writable=bool(protection & 2),
            )
        )
        section = data.layout("16s16sQQIIIIIIII" if wide else "16s16sIIIIIIIII")
        if layout.size + 8 + sections * section.size > length:
            raise data.malformed(f"{sections} sections in a load command of {length} bytes")
        for number in range(sections):
            at = offset + 8 + layout.size + number * section.size
            name = data.raw[data.start + at : data.start + at + 16].rstrip(b"\0")
            row = data.unpack(data.layout("32xQQI" if wide else "32xIII"), at, "a section")
            if name in {b"__cstring", b"__const"} and row[2]:
                position = data.span(row[2], row[1], "a section")
                self._literals.append((position, position + row[1]))

    def _load_symbols(self) -> None:
        """Read the imports, and the exports if there is no trie."""
        if not self._symtab:
            return
        data = self.data
        offset, count, strings, size = self._symtab
        layout = data.layout("IBBHQ" if self._wide else "IBBHI")
        data.span(offset, count * layout.size, "the symbol table")
        start = data.span(strings, size, "the string table")
        raw, stop = data.raw, start + size
        first, number = self._undefined or (0, count)
        if first + number > count:
            raise data.malformed(f"undefined symbols {first} to {first + number} of {count}")
        names: set[bytes] = set()
        for at, kind, _, _, _ in data.rows(layout, offset + first * layout.size, number, "the symbol table"):
            if kind & 0xEF == 1 and at < size and raw.startswith((b"_Py", b"__Py"), start + at):
                names.add(data.name(start + at + 1, stop, "a name"))
                if len(names) > IMPORT_LIMIT:
                    break
        self._import(names)
        if not self._trie[1]:
            for at, kind, _, _, value in data.rows(layout, offset, count, "the symbol table"):
                if kind & 0xFF == 0xF and raw.startswith(_PREFIXES, start + at, stop):
                    self._export(data.text(strings + at, strings + size, "a name"), value)

    def _export(self, name: bytes, address: int) -> None:
        if is_init_name(name[1:]):
            self.exports[name[1:].decode("ascii", "backslashreplace")] = address

    def _load_exports(self) -> None:
        """Read the exports, walking only the branches of the export trie that may lead to init functions."""
        offset, size = self._trie
        if not size:
            return
        data = self.data
        start = data.span(offset, size, "the export trie")
        stop = start + size
        raw = data.raw
        pending = [(start, b"")]
        seen: set[int] = set()
        while pending:
            at, name = pending.pop()
            if at in seen or len(seen) > _TRIE_LIMIT or not start <= at < stop or len(name) > 1024:
                raise data.malformed("the export trie is invalid")
            seen.add(at)
            terminal, at = self._uleb(at, stop)
            children = at + terminal
            if terminal and name.startswith(_PREFIXES):
                flags, at = self._uleb(at, stop)
                address, at = self._uleb(at, stop)
                if not flags & 0x8 and flags & 3 == 0:
                    self._export(name, self._base + address)
            if children >= stop:
                raise data.malformed("a node of the export trie does not end")
            count, at = raw[children], children + 1
            for _ in range(count):
                end = raw.find(b"\0", at, min(stop, at + 1024))
                if end < 0:
                    raise data.malformed("an edge of the export trie does not end")
                child = name + raw[at:end]
                target, at = self._uleb(end + 1, stop)
                if any(child.startswith(prefix[: len(child)]) for prefix in _PREFIXES):
                    pending.append((start + target, child))

    def _uleb(self, at: int, stop: int) -> tuple[int, int]:
        """The unsigned LEB128 number at an absolute offset, and the offset after it."""
        if at < stop and self.data.raw[at] < 0x80:
            return self.data.raw[at], at + 1
        value = shift = 0
        while at < stop and shift < 70:
            byte = self.data.raw[at]
            value |= (byte & 0x7F) << shift
            at += 1
            if byte < 0x80:
                return value, at
            shift += 7
        raise self.data.malformed("a LEB128 number does not end")

    def _bindings(self) -> tuple[RowIndex, array[int], array[int]]:
        """The bound cells of a classic image: addresses, symbol number per cell, and name offset per symbol number."""
        if self._binds is None:
            cells, owners, names = array("Q"), array("I"), array("Q", [0])
            for offset, size in self._bind_streams:
                self._run_binds(offset, size, cells, owners, names)
            self._binds = RowIndex(cells), owners, names
        return self._binds

    def _run_binds(self, offset: int, size: int, cells: array[int], owners: array[int], names: array[int]) -> None:
        """Run one stream of bind opcodes (``dyld``'s ``MachOLoaded``)."""
        data, word, raw = self.data, self.word, self.data.raw
        limit = (data.stop - data.start) // word
        at = data.span(offset, size, "bind opcodes")
        stop = at + size
        address = 0
        while at < stop:
            opcode, immediate = raw[at] & 0xF0, raw[at] & 0x0F
            at += 1
            times, step = 1, 0
            if opcode == 0x40:
                end = raw.find(b"\0", at, stop)
                if end < 0:
                    raise data.malformed("a bound name does not end")
                names.append(at)
                at = end + 1
                continue
            if opcode == 0x70:
                if immediate >= len(self._order):
                    raise data.malformed(f"bind opcodes name segment {immediate}")
                step, at = self._uleb(at, stop)
                address = self._order[immediate].start + step
                continue
            if opcode in _SKIPPED:
                continue
            if opcode == 0xA0:
                step, at = self._uleb(at, stop)
            elif opcode == 0xB0:
                step = immediate * word
            elif opcode == 0xC0:
                times, at = self._uleb(at, stop)
                step, at = self._uleb(at, stop)
            elif opcode == 0x80:
                step, at = self._uleb(at, stop)
                address = (address + step) & _MASK
                continue
            elif opcode in {0x20, 0x60}:  # an ordinal or an addend, both ignored
                _, at = self._uleb(at, stop)
                continue
            elif opcode != 0x90:
                raise data.malformed(f"bind opcode {opcode:#x}")
            if times + len(cells) > limit:
                raise data.malformed("more bound cells than the file can hold")
            for _ in range(times):
                cells.append(address)
                owners.append(len(names) - 1)
                address = (address + word + step) & _MASK

    def _chain_table(self) -> list[tuple[int, int, int, int, int]]:
        """Per segment with chains: start address, page size, pointer format, page count, offset of the page starts."""
        if self._chains is not None:
            return self._chains
        self._chains = []
        data = self.data
        offset, size = self._fixups or (0, 0)
        if not size:
            return self._chains
        data.span(offset, size, "the chained fixups")
        _, starts, imports, symbols, count, kind, packed = data.unpack(data.layout("7I"), offset, "the chained fixups")
        width = {1: 4, 2: 8, 3: 16}.get(kind)
        if width is None or packed:
            raise data.malformed(f"imports of kind {kind}, packing {packed}")
        data.span(offset + imports, width * count, "the imports")
        self._import_table = (offset + imports, width, count, offset + symbols)
        segments = data.unpack(data.u32, offset + starts, "the chain starts")[0]
        for (within,) in data.rows(data.u32, offset + starts + 4, min(segments, _COMMAND_LIMIT), "the chain starts"):
            if within:
                at = offset + starts + within
                page, form, where, _, pages = data.unpack(data.layout("4xHHQIH"), at, "the chain starts")
                data.span(at + 22, pages * 2, "the page starts")
                if not page:
                    raise data.malformed("pages of no bytes")
                self._chains.append((self._base + where, page, form, pages, at + 22))
        return self._chains

    def _chained(self, address: int) -> tuple[int, bool] | None:
        """The pointer format of a cell, and whether a chain includes it; None outside segments with chains."""
        for start, page, form, pages, starts in self._chain_table():
            number, _ = divmod(address - start, page)
            if 0 <= number < pages:
                if form not in _CHAIN_PLAIN:
                    return form, True
                first = start + number * page
                if first not in self._pages:
                    entry = self.data.unpack(self.data.u16, starts + number * 2, "a page start")[0]
                    self._pages[first] = self._walk(first, page, entry) if entry != 0xFFFF else frozenset()
                cells = self._pages[first]
                return form, cells is None or address in cells
        return None

    def _walk(self, first: int, page: int, entry: int) -> frozenset[int] | None:
        """The cells of one page that its chain includes, None if the chain leaves the page or loops."""
        cells = set()
        address = first + entry
        while first <= address < first + page:
            value = self.integer(address, 8)
            if value is None or address in cells:
                return None
            cells.add(address)
            step = (value >> 51 & 0xFFF) * 4
            if not step:
                return frozenset(cells)
            address += step
        return None

    def pointer(self, address: int) -> Pointer:
        """See BinaryImage.pointer.

        Linkers leave zero in cells that bind opcodes fill. The opcodes run only once ``relocated`` is called, which the
        walk does to get a strict answer; level 1 does not need them, as it follows no pointer to another library.
        """
        value = self.integer(address, self.word)
        if value is None or (self._fixups is None and self._binds is None):
            return value
        if self._fixups is None:
            index, owners, names = self._bindings()
            row = index.find(address)
            if row is None:
                return value
            data = self.data
            return _name(data.text(names[owners[row]] - data.start, data.stop - data.start, "a bound name", free=True))
        found = self._chained(address)
        if found is None or not found[1]:
            return value
        form = found[0]
        if form not in _CHAIN_PLAIN:
            return None
        if not value >> 63:
            target = (value & 0xFFFFFFFFF) | (value >> 36 & 0xFF) << 56
            return target + self._base if form == _CHAIN_OFFSET else target
        offset, width, count, symbols = self._import_table
        ordinal = value & 0xFFFFFF
        if ordinal >= count:
            raise self.data.malformed(f"import {ordinal} of {count}")
        if value >> 24 & 0xFF:
            return None  # an addend
        data = self.data
        if width == 16:
            word, addend = data.unpack(data.layout("QQ"), offset + ordinal * width, "an import")
            at = word >> 32
        else:
            at = data.unpack(data.u32, offset + ordinal * width, "an import")[0] >> 9
            addend = 0 if width == 4 else data.unpack(data.u32, offset + ordinal * width + 4, "an import")[0]
        end = data.stop - data.start
        return None if addend else _name(data.text(symbols + at, end, "an imported name", free=True))

    def relocated(self, low: int, high: int) -> bool:
        """See BinaryImage.relocated."""
        if self._fixups is None:
            return self._bindings()[0].between(low, high)
        return any(found is not None and found[1] for found in map(self._chained, range(low, high)))

    def text_ranges(self) -> Iterator[tuple[int, int]]:
        """See BinaryImage.text_ranges."""
        return iter(self._literals or [(self.data.start, self.data.stop)])


def _pair(fields: tuple[int, ...]) -> tuple[int, int]:
    first, second = fields
    return first, second


def _name(symbol: bytes) -> str:
    return symbol.removeprefix(b"_").decode("ascii", "backslashreplace")


def is_macho(raw: bytes) -> bool:
    """Whether a file starts like a thin or fat Mach-O file."""
    return raw[:4] in THIN or raw[:4] in FAT


def read_macho(raw: bytes, label: str) -> tuple[MachOImage, ...]:
    """Read all slices of a Mach-O file; ``label`` names it in errors. Raises UnreadableBinaryError."""
    whole = Data(raw, label, ByteOrder.BIG)
    if raw[:4] not in FAT:
        return (_read_slice(whole, 0, len(raw)),)
    count = whole.unpack(whole.u32, 4, "the fat header")[0]
    if not 0 < count <= _SLICE_LIMIT:
        raise whole.malformed(f"{count} slices")
    places = [(row[2], row[3]) for row in whole.rows(whole.layout(FAT[raw[:4]]), 8, count, "the fat header")]
    end = 0
    for offset, size in sorted(places):
        if offset < end:
            raise whole.malformed("slices that overlap")
        end = offset + size
        whole.span(offset, size, "a slice")
    return tuple(_read_slice(whole, offset, size) for offset, size in places)


def _read_slice(whole: Data, offset: int, size: int) -> MachOImage:
    magic = whole.raw[offset : offset + 4]
    if magic not in THIN:
        raise whole.malformed("a slice that is not Mach-O")
    order, bits = THIN[magic]
    data = Data(whole.raw, whole.label, order, offset, offset + size)
    machine = data.unpack(data.u32, 4, "the Mach-O header")[0]
    name = MACHINES.get(machine, (f"machine-{machine}", bits))[0]
    image = MachOImage(data, Architecture(name=name, bits=bits, byte_order=order))
    image.load()
    return image
