"""What the readers of the three formats have in common: an image mapped at its preferred addresses, with bounds.

Nothing is copied: an image is the file's bytes plus a few tables of offsets. Every count and size that a file
states is checked against the size of the file before anything is done that many times.
"""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ftwheel.core.wheel.extension_module import Architecture, BinaryFormat, ByteOrder, UnreadableBinaryError

__all__ = [
    "IMPORT_LIMIT",
    "PYTHON_PREFIXES",
    "BinaryImage",
    "Data",
    "Pointer",
    "RowIndex",
    "Segment",
    "is_init_name",
    "is_python_name",
]

# What a pointer-sized cell of an image holds once it is loaded: an address or a constant, the name of an imported
# symbol, or None when only the loader knows.
Pointer: TypeAlias = int | str | None

_NAME_LIMIT = 4096  # bytes; mangled C++ names are long, no symbol of interest is longer
PYTHON_PREFIXES = (b"Py", b"_Py")
IMPORT_LIMIT = 1 << 15  # imported C-API symbols; CPython exports about three thousand


def is_init_name(name: bytes) -> bool:
    """Whether a symbol is an init function of a module (PEP 489, PEP 793)."""
    return name.startswith((b"PyInit_", b"PyInitU_", b"PyModExport_", b"PyModExportU_"))


def is_python_name(name: bytes) -> bool:
    """Whether a symbol belongs to the C API, private symbols included."""
    return name.startswith(PYTHON_PREFIXES)


class Data:
    """The bytes of a file with bounded access; every access outside raises UnreadableBinaryError."""

    __slots__ = ("_names", "_order", "label", "raw", "start", "stop", "u16", "u32", "u64")

    def __init__(self, raw: bytes, label: str, order: ByteOrder, start: int = 0, stop: int | None = None) -> None:
        self.raw = raw
        self.label = label
        self.start = start
        self.stop = len(raw) if stop is None else stop
        self._names = 0
        self._order = "<" if order is ByteOrder.LITTLE else ">"
        self.u16 = struct.Struct(self._order + "H")
        self.u32 = struct.Struct(self._order + "I")
        self.u64 = struct.Struct(self._order + "Q")

    def malformed(self, what: str) -> UnreadableBinaryError:
        """The one error of the readers; ``what`` says where and what was found."""
        return UnreadableBinaryError(
            f"{self.label}: malformed binary, {what}",
            hint="the file is damaged or was cut off; build or download it again",
        )

    def layout(self, codes: str) -> struct.Struct:
        """A Struct in the image's byte order."""
        return struct.Struct(self._order + codes)

    def span(self, offset: int, size: int, what: str) -> int:
        """The absolute offset of ``size`` bytes at ``offset`` (relative to the image), if they are inside."""
        position = self.start + offset
        if offset < 0 or size < 0 or position + size > self.stop:
            raise self.malformed(f"{what} at {offset:#x} with {size:#x} bytes lies outside")
        return position

    def unpack(self, layout: struct.Struct, offset: int, what: str) -> tuple[int, ...]:
        """The fields of one structure at ``offset``."""
        return layout.unpack_from(self.raw, self.span(offset, layout.size, what))

    def rows(self, layout: struct.Struct, offset: int, count: int, what: str) -> Iterator[tuple[int, ...]]:
        """``count`` structures in a row."""
        position = self.span(offset, layout.size * count, what)
        return layout.iter_unpack(memoryview(self.raw)[position : position + layout.size * count])

    def text(self, offset: int, limit: int, what: str, *, free: bool = False) -> bytes:
        """The bytes up to the next NUL, which has to come before ``limit`` (an offset relative to the image).

        ``free`` is for look-ups that keep nothing.
        """
        position = self.span(offset, 0, what)
        name = self.name(position, min(self.start + limit, self.stop), what)
        if free:
            self._names -= len(name)
        return name

    def name(self, position: int, stop: int, what: str) -> bytes:
        """The same for absolute offsets that are known to be inside.

        All names together may not be longer than the file, which keeps thousands of names on the same bytes from
        filling the memory.
        """
        end = self.raw.find(b"\0", position, min(stop, position + _NAME_LIMIT))
        if end < 0:
            if stop - position < _NAME_LIMIT:
                raise self.malformed(f"{what} at {position:#x} does not end")
            end = position + _NAME_LIMIT
        self._names += end - position
        if self._names > len(self.raw):
            raise self.malformed("names that are together longer than the file")
        return self.raw[position:end]


class RowIndex:
    """Finds rows of a table by their first field without a dictionary, which would be larger than the file.

    Keys are kept in pieces; within a piece they are in order, and ``order`` gives the row of each. Linkers write
    most tables in order already, so sorting is the exception.
    """

    __slots__ = ("_pieces",)
    _PIECE = 1 << 14

    def __init__(self, keys: array[int]) -> None:
        self._pieces: list[tuple[int, array[int], list[int] | None]] = []
        for first in range(0, len(keys), self._PIECE):
            piece = keys[first : first + self._PIECE]
            ordered = sorted(piece)
            if list(piece) == ordered:
                self._pieces.append((first, piece, None))
            else:
                order = sorted(range(len(piece)), key=piece.__getitem__)
                self._pieces.append((first, array(piece.typecode, ordered), order))

    def find(self, key: int) -> int | None:
        """The row with that key; the last one of several, as a loader that applies all of them ends with it."""
        for first, keys, order in reversed(self._pieces):
            at = bisect_right(keys, key) - 1
            if at >= 0 and keys[at] == key:
                return first + (at if order is None else order[at])
        return None

    def between(self, low: int, high: int) -> bool:
        """Whether any key lies in ``low <= key < high``."""
        return any(bisect_left(keys, low) < bisect_left(keys, high) for _, keys, _ in self._pieces)


@dataclass(frozen=True, slots=True)
class Segment:
    """A mapped range of addresses ``start <= a < end``; from ``backed`` on it is zero-filled, not in the file.

    ``offset`` is where the range starts in the file (absolute).
    """

    start: int
    end: int
    backed: int
    offset: int
    executable: bool
    writable: bool


class BinaryImage(ABC):
    """One architecture of a shared object.

    ``exports`` maps the init functions to their addresses, ``imports`` are the imported C-API symbols as C spells
    them, ``needed`` the libraries in the image's order. Subclasses add what depends on the format.
    """

    binary_format: BinaryFormat
    architecture: Architecture
    data: Data
    segments: tuple[Segment, ...]
    exports: dict[str, int]
    imports: tuple[str, ...]
    needed: tuple[str, ...]
    macos_minimum: tuple[int, int] | None = None
    windows = False  # calling convention
    null_end = 0x1000  # no code or data that code uses lies below; an image may start at 0 with its headers

    def __init__(self, data: Data) -> None:
        self.data = data
        self.segments = ()
        self.exports = {}
        self.imports = ()
        self.needed = ()
        self._starts: list[int] = []

    def _map(self, segments: list[Segment]) -> None:
        segments.sort(key=lambda segment: segment.start)
        self.segments = tuple(segments)
        self._starts = [segment.start for segment in segments]

    def _import(self, names: set[bytes]) -> None:
        """Keep the imported symbols of the C API."""
        if len(names) > IMPORT_LIMIT:
            raise self.data.malformed(f"{len(names)} imported C-API symbols")
        self.imports = tuple(sorted(name.decode("ascii", "backslashreplace") for name in names))

    @property
    def word(self) -> int:
        """Bytes in a pointer."""
        return self.architecture.bits // 8

    def segment(self, address: int) -> Segment | None:
        """The segment an address lies in."""
        at = bisect_right(self._starts, address) - 1
        if at >= 0 and address < self.segments[at].end:
            return self.segments[at]
        return None

    def offset(self, address: int, size: int = 1) -> int | None:
        """Where ``size`` bytes at an address stand in the file (absolute), None if any of them does not."""
        segment = self.segment(address)
        if segment is None or address + size > segment.backed:
            return None
        return segment.offset + address - segment.start

    def read(self, address: int, size: int) -> bytes | None:
        """The initial bytes at an address, zeros where the segment is zero-filled; None when not mapped."""
        segment = self.segment(address)
        if segment is None or address + size > segment.end:
            return None
        available = max(0, min(size, segment.backed - address))
        offset = segment.offset + address - segment.start
        return self.data.raw[offset : offset + available] + bytes(size - available)

    def integer(self, address: int, size: int) -> int | None:
        """The initial unsigned integer at an address, before any relocation."""
        raw = self.read(address, size)
        return None if raw is None else int.from_bytes(raw, self.architecture.byte_order.value)

    def string(self, address: int, limit: int = 1024) -> bytes | None:
        """The NUL-terminated string at an address, None when not mapped or not ended within ``limit``."""
        offset = self.offset(address)
        segment = self.segment(address)
        if offset is None or segment is None:
            return None
        stop = min(offset + limit, segment.offset + segment.backed - segment.start)
        end = self.data.raw.find(b"\0", offset, stop)
        return self.data.raw[offset:end] if end >= 0 else None

    def pointer(self, address: int) -> Pointer:
        """What the pointer-sized cell at an address holds once the image is loaded."""
        return self.integer(address, self.word)

    @abstractmethod
    def relocated(self, low: int, high: int) -> bool:
        """Whether any cell that starts at ``low <= address < high`` holds something else than its bytes say."""

    def plain(self, address: int, size: int) -> int | None:
        """The unsigned integer at an address if the loader leaves all of it alone."""
        if self.relocated(address - self.word + 1, address + size):
            return None
        return self.integer(address, size)

    def thread_template(self) -> bytes:
        """What the static data of a new thread starts with, where the format says so simply."""
        return b""

    def text_ranges(self) -> Iterator[tuple[int, int]]:
        """File ranges that hold string constants (absolute start and stop)."""
        for segment in self.segments:
            if not segment.executable:
                yield segment.offset, segment.offset + segment.backed - segment.start
