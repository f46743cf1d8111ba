"""Read PE shared libraries (``.pyd``): sections, export, import and delay-import directories.

Based on Microsoft's PE format specification. Addresses are virtual addresses at the preferred image base. Pointers in
the file hold the same addresses, so they can be followed without base relocations.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ftwheel.core.wheel.extension_module import Architecture, BinaryFormat, ByteOrder
from ftwheel.io.binaries.readers.image import (
    IMPORT_LIMIT,
    PYTHON_PREFIXES,
    BinaryImage,
    Data,
    Pointer,
    Segment,
    is_init_name,
)

__all__ = ["MACHINES", "PeImage", "read_pe"]

MACHINES = {0x014C: ("x86", 32), 0x8664: ("x86_64", 64), 0xAA64: ("aarch64", 64), 0x01C4: ("arm", 32)}
_LIBRARY_LIMIT = 4096  # imported libraries
_SYMBOL_LIMIT = 1 << 16  # symbols per library; ordinals have 16 bits


class PeImage(BinaryImage):
    """One PE file."""

    binary_format = BinaryFormat.PE
    windows = True

    def __init__(self, data: Data, architecture: Architecture) -> None:
        super().__init__(data)
        self.architecture = architecture
        self.base = 0
        self.thread_data: tuple[int, ...] = ()  # first the start and end addresses of the initial contents
        # Cells of the import address tables: the offset of the symbol's name, or its ordinal as a negative number.
        self.slots: dict[int, int] = {}
        self._thunks = 0
        self._python_names: set[bytes] = set()

    def load(self, header: int) -> None:
        """Read everything from the COFF header at ``header`` onwards; raises UnreadableBinaryError."""
        data = self.data
        sections, optional_size, flags = (
            data.unpack(data.u16, header + at, "the COFF header")[0] for at in (6, 20, 22)
        )
        if not flags & 0x2000:
            raise data.malformed("not a DLL")
        optional = header + 24
        magic = data.unpack(data.u16, optional, "the optional header")[0]
        wide = self.architecture.bits == 64
        if magic != (0x20B if wide else 0x10B):
            raise data.malformed(f"an optional header of kind {magic:#x}")
        self.base = data.unpack(*((data.u64, optional + 24) if wide else (data.u32, optional + 28)), "the image base")[
            0
        ]
        count_at = optional + (108 if wide else 92)
        count = min(data.unpack(data.u32, count_at, "the directories")[0], 16)
        if count_at + 4 + count * 8 > optional + optional_size:
            raise data.malformed("directories outside of the optional header")
        directories = list(data.rows(data.layout("II"), count_at + 4, count, "the directories"))
        directories += [(0, 0)] * (16 - count)
        self._load_sections(optional + optional_size, sections)
        self._load_exports(*directories[0])
        self._load_imports(directories[1][0])
        self._load_delayed(directories[13][0])
        self._load_thread_data(directories[9][0])
        self._import(self._python_names)

    def _load_sections(self, offset: int, count: int) -> None:
        data = self.data
        segments = []
        for row in data.rows(data.layout("8xIIII12xI"), offset, count, "the section headers"):
            size, address, file_size, start, flags = row
            extent = size or file_size
            stored = min(extent, file_size)
            if stored:
                data.span(start, stored, "a section")
            segments.append(
                Segment(
                    start=self.base + address,
                    end=self.base + address + extent,
                    backed=self.base + address + stored,
                    offset=data.start + start,
                    executable=bool(flags & 0x20000000),
                    writable=bool(flags & 0x80000000),
                )
            )
        self._map(segments)

    def _unpack(self, layout: struct.Struct, address: int, what: str) -> tuple[int, ...]:
        offset = self.offset(self.base + address, layout.size)
        if offset is None:
            raise self.data.malformed(f"{what} at {address:#x} is not in the file")
        return self.data.unpack(layout, offset - self.data.start, what)

    def _text(self, address: int, what: str) -> str:
        offset = self.offset(self.base + address)
        segment = self.segment(self.base + address)
        if offset is None or segment is None:
            raise self.data.malformed(f"{what} at {address:#x} is not in the file")
        stop = segment.offset + segment.backed - segment.start
        return self.data.text(offset - self.data.start, stop - self.data.start, what).decode(
            "utf-8", "backslashreplace"
        )

    def _load_exports(self, address: int, size: int) -> None:
        if not address or not size:
            return
        data = self.data
        row = self._unpack(data.layout("20xIIIII"), address, "the export directory")
        functions, names, functions_at, names_at, ordinals_at = row
        if not names:
            return
        places = []
        for what, count, width, at in (
            ("the export addresses", functions, 4, functions_at),
            ("the export names", names, 4, names_at),
            ("the export ordinals", names, 2, ordinals_at),
        ):
            offset = self.offset(self.base + at, max(count * width, 1))
            if offset is None:
                raise data.malformed(f"{what} are not in the file")
            places.append(offset - data.start)
        name_rows = data.rows(data.u32, places[1], names, "the export names")
        ordinal_rows = data.rows(data.u16, places[2], names, "the export ordinals")
        for (name_at,), (ordinal,) in zip(name_rows, ordinal_rows, strict=True):
            offset = self.offset(self.base + name_at, 4)
            if offset is None or not data.raw.startswith((b"PyInit", b"PyModExport"), offset):
                continue
            name = self._text(name_at, "an export name")
            if not is_init_name(name.encode()):
                continue
            if ordinal >= functions:
                raise data.malformed(f"export {ordinal} of {functions}")
            target = data.unpack(data.u32, places[0] + ordinal * 4, "an export")[0]
            if not address <= target < address + size:  # an address inside the directory forwards to another library
                self.exports[name] = self.base + target

    def _load_imports(self, address: int) -> None:
        layout = self.data.layout("IIIII")
        for number in range(_LIBRARY_LIMIT if address else 0):
            names, _, _, library, cells = self._unpack(layout, address + number * layout.size, "an import")
            if not library or not cells:
                return
            self._load_thunks(self._text(library, "a library name"), names or cells, cells)

    def _load_delayed(self, address: int) -> None:
        layout = self.data.layout("IIIIIIII")
        for number in range(_LIBRARY_LIMIT if address else 0):
            row = self._unpack(layout, address + number * layout.size, "a delayed import")
            attributes, library, _, cells, names = row[:5]
            if not library:
                return
            if not attributes & 1:  # addresses are absolute, as compilers wrote them before 2003
                library, cells, names = library - self.base, cells - self.base, names - self.base
            self._load_thunks(self._text(library, "a library name"), names, cells)

    def _load_thread_data(self, address: int) -> None:
        """Locate the template of a new thread's static data; the directory holds addresses, not offsets."""
        if address:
            wide = self.architecture.bits == 64
            self.thread_data = self._unpack(self.data.layout("QQ" if wide else "II"), address, "the TLS directory")

    def _load_thunks(self, library: str, names: int, cells: int) -> None:
        """Read one library's symbols: ``names`` points to their names, ``cells`` to the cells that the loader fills."""
        data, raw, wide = self.data, self.data.raw, self.architecture.bits == 64
        layout, top = (data.u64, 1 << 63) if wide else (data.u32, 1 << 31)
        if library not in self.needed:
            self.needed += (library,)
        table = self.segment(self.base + names)
        if table is None or self.base + names >= table.backed:
            raise data.malformed(f"imports at {names:#x} are not in the file")
        count = min((table.backed - self.base - names) // layout.size, _SYMBOL_LIMIT)
        start = table.offset + self.base + names - table.start - data.start
        cell = self.base + cells
        low = high = shift = 0  # the section that contains the names, nearly always the same one
        for (value,) in data.rows(layout, start, count, "imports"):
            if not value:
                return
            self._thunks += 1
            if self._thunks > IMPORT_LIMIT:
                raise data.malformed(f"more than {IMPORT_LIMIT} imports")
            if value & top:
                self.slots[cell] = -(value & 0xFFFF) - 1
            else:
                name = self.base + (value & 0x7FFFFFFF) + 2
                if not low <= name < high:
                    section = self.segment(name)
                    if section is None or name >= section.backed:
                        raise data.malformed(f"an imported name at {name:#x} is not in the file")
                    low, high, shift = section.start, section.backed, section.offset - section.start
                self.slots[cell] = name + shift
                if raw.startswith(PYTHON_PREFIXES, name + shift, high + shift):
                    self._python_names.add(data.name(name + shift, high + shift, "an imported name"))
            cell += layout.size
        raise data.malformed("imports that do not end")

    def pointer(self, address: int) -> Pointer:
        """See BinaryImage.pointer."""
        slot = self.slots.get(address)
        if slot is None:
            return self.integer(address, self.word)
        if slot < 0:
            return f"#{-slot - 1}"
        data = self.data
        name = data.text(slot - data.start, data.stop - data.start, "an imported name", free=True)
        return name.decode("ascii", "backslashreplace")

    def relocated(self, low: int, high: int) -> bool:
        """See BinaryImage.relocated. Cells with addresses are correct at the preferred base; imports are not."""
        return any(cell in self.slots for cell in range(low, high))

    def thread_template(self) -> bytes:
        """See BinaryImage.thread_template."""
        start, end = self.thread_data or (0, 0)
        return self.read(start, min(end - start, 4096)) or b"" if end > start else b""

    def text_ranges(self) -> Iterator[tuple[int, int]]:
        """See BinaryImage.text_ranges."""
        for segment in self.segments:
            if not segment.executable:
                yield segment.offset, segment.offset + segment.backed - segment.start


def read_pe(raw: bytes, label: str) -> PeImage:
    """Read one PE file; ``label`` names it in errors. Raises UnreadableBinaryError."""
    data = Data(raw, label, ByteOrder.LITTLE)
    header = data.unpack(data.u32, 0x3C, "the DOS header")[0]
    if raw[header : header + 4] != b"PE\0\0":
        raise data.malformed("no PE signature")
    machine = data.unpack(data.u16, header + 4, "the COFF header")[0]
    name, bits = MACHINES.get(machine, (f"machine-{machine:#x}", 64))
    image = PeImage(data, Architecture(name=name, bits=bits))
    image.load(header)
    return image
