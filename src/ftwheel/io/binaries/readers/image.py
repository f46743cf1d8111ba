"""The common base of the readers of all three formats: an image mapped at its preferred addresses, bounds-checked.

Nothing is copied: an image is the file's bytes plus a few tables of offsets. Every count and size in a file is checked
against the size of the file before it drives a loop or a read.
"""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import TypeAlias

from ftwheel.core.named_tuples import NamedTuple
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

# The contents of a pointer-sized cell once the image is loaded: an address or a constant, the name of an imported
# symbol, or None if only the loader knows.
Pointer: TypeAlias = int | str | None

_NAME_LIMIT = 4096  # bytes; mangled C++ names are long, but no symbol of interest is longer
PYTHON_PREFIXES = (b"Py", b"_Py")
IMPORT_LIMIT = 1 << 15  # imported C-API symbols; CPython exports about three thousand


def is_init_name(name: bytes) -> bool:
    """Whether a symbol names a module's init function (PEP 489, PEP 793)."""
    return name.startswith((b"PyInit_", b"PyInitU_", b"PyModExport_", b"PyModExportU_"))


def is_python_name(name: bytes) -> bool:
    """Whether a symbol belongs to the C API, including private symbols."""
    return name.startswith(PYTHON_PREFIXES)


class Data:
    """The bytes of a file with checked access; any access out of bounds raises UnreadableBinaryError."""

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
        """The only error that readers raise; ``what`` says what was found and where."""
        return UnreadableBinaryError(
            f"{self.label}: malformed binary, {what}",
            hint="the file is damaged or was cut off; build or download it again",
        )

    def layout(self, codes: str) -> struct.Struct:
        """A Struct in the image's byte order."""
        return struct.Struct(self._order + codes)

    def span(self, offset: int, size: int, what: str) -> int:
        """The absolute offset of ``size`` bytes at ``offset`` (relative to the image), if they are within bounds."""
        position = self.start + offset
        if offset < 0 or size < 0 or position + size > self.stop:
            raise self.malformed(f"{what} at {offset:#x} with {size:#x} bytes lies outside")
        return position

    def unpack(self, layout: struct.Struct, offset: int, what: str) -> tuple[int, ...]:
        """The fields of the structure at ``offset``."""
        return layout.unpack_from(self.raw, self.span(offset, layout.size, what))

    def rows(self, layout: struct.Struct, offset: int, count: int, what: str) -> Iterator[tuple[int, ...]]:
        """The fields of ``count`` consecutive structures."""
        position = self.span(offset, layout.size * count, what)
        return layout.iter_unpack(memoryview(self.raw)[position : position + layout.size * count])

    def text(self, offset: int, limit: int, what: str, *, free: bool = False) -> bytes:
        """The bytes up to the next NUL, which must come before ``limit`` (an offset relative to the image).

        ``free`` is for lookups whose result is not kept: it does not count towards the limit of ``name``.
        """
        position = self.span(offset, 0, what)
        name = self.name(position, min(self.start + limit, self.stop), what)
        if free:
            self._names -= len(name)
        return name

    def name(self, position: int, stop: int, what: str) -> bytes:
        """The same for absolute offsets that are known to be within bounds, cut off at ``_NAME_LIMIT`` bytes.

        All names together must not be longer than the file. Otherwise, thousands of names that share the same bytes
        could fill the memory.
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
    """Finds table rows by their first field without a dictionary, which would be larger than the file.

    Keys are kept in sorted pieces, and ``order`` maps each key to its row. Linkers already write most tables in order,
    so sorting is the exception.
    """

    __slots__ = ("_pieces",)
    _PIECE = 1 << 14

    def __init__(self, keys: array[int]) -> None:
        self._pieces: list[tuple[int, array[int], list[int] | None]] = []
        for first in range(0, len(keys), self._PIECE):
            piece = keys[first : first + self._PIECE]
            values = piece.tolist()
            ordered = sorted(values)
            if values == ordered:
                self._pieces.append((first, piece, None))
            else:
                order = sorted(range(len(piece)), key=piece.__getitem__)
                self._pieces.append((first, array(piece.typecode, ordered), order))

    def find(self, key: int) -> int | None:
        """The row with this key; the last of several, as its effect remains after a loader has applied all."""
        for first, keys, order in reversed(self._pieces):
            at = bisect_right(keys, key) - 1
            if at >= 0 and keys[at] == key:
                return first + (at if order is None else order[at])
        return None

    def between(self, low: int, high: int) -> bool:
        """Whether any key lies in ``low <= key < high``."""
        return any(bisect_left(keys, low) < bisect_left(keys, high) for _, keys, _ in self._pieces)


class Segment(NamedTuple):
    """A mapped range of addresses ``start <= a < end``; from ``backed`` on, it is zero-filled and not in the file.

    ``offset`` is the absolute file offset at which the range starts.
    """

    start: int
    end: int
    backed: int
    offset: int
    executable: bool
    writable: bool


class BinaryImage(ABC):
    """One architecture of a shared object.

    ``exports`` maps init functions to their addresses. ``imports`` holds the imported C-API symbols as spelled in C,
    ``needed`` the libraries in the image's order. Subclasses add whatever depends on the format.
    """

    binary_format: BinaryFormat
    architecture: Architecture
    data: Data
    segments: tuple[Segment, ...]
    exports: dict[str, int]
    imports: tuple[str, ...]
    needed: tuple[str, ...]
    macos_minimum: tuple[int, int] | None = None
    windows = False  # whether the Windows calling convention applies
    null_end = 0x1000  # nothing that code uses lies below this; an image may start at 0 with its headers

    def __init__(self, data: Data) -> None:
        self.data = data
        self.segments = ()
        self.exports = {}
        self.imports = ()
        self.needed = ()
        self._starts: list[int] = []

    def _map(self, segments: list[Segment]) -> None:
        # every segment is searched, so thousands of them over the same bytes would never be done
        if sum(segment.backed - segment.start for segment in segments) > 2 * (self.data.stop - self.data.start):
            raise self.data.malformed("segments that are together longer than the file")
        segments.sort(key=lambda segment: segment.start)
        self.segments = tuple(segments)
        self._starts = [segment.start for segment in segments]

    def _import(self, names: set[bytes]) -> None:
        """Record the imported symbols of the C API."""
        if len(names) > IMPORT_LIMIT:
            raise self.data.malformed(f"{len(names)} imported C-API symbols")
        together = b"\0".join(names).decode("ascii", "backslashreplace")  # names end before the first NUL
        self.imports = tuple(sorted(together.split("\0"))) if names else ()

    @property
    def word(self) -> int:
        """The size of a pointer in bytes."""
        return self.architecture.bits // 8

    def segment(self, address: int) -> Segment | None:
        """The segment that contains an address, None if it is not mapped."""
        at = bisect_right(self._starts, address) - 1
        if at >= 0 and address < self.segments[at].end:
            return self.segments[at]
        return None

    def offset(self, address: int, size: int = 1) -> int | None:
        """The absolute file offset of ``size`` bytes at an address, None if any of them is not in the file."""
        segment = self.segment(address)
        if segment is None or address + size > segment.backed:
            return None
        return segment.offset + address - segment.start

    def read(self, address: int, size: int) -> bytes | None:
        """The initial bytes at an address, zeros in the zero-filled part of a segment; None if not mapped."""
        segment = self.segment(address)
        if segment is None or address + size > segment.end:
            return None
        available = max(0, min(size, segment.backed - address))
        offset = segment.offset + address - segment.start
        return self.data.raw[offset : offset + available] + bytes(size - available)

    def integer(self, address: int, size: int) -> int | None:
        """The initial unsigned integer at an address, before any relocation; None if not mapped."""
        raw = self.read(address, size)
        return None if raw is None else int.from_bytes(raw, self.architecture.byte_order.value)

    def string(self, address: int, limit: int = 1024) -> bytes | None:
        """The NUL-terminated string at an address, None if not in the file or longer than ``limit``."""
        offset = self.offset(address)
        segment = self.segment(address)
        if offset is None or segment is None:
            return None
        stop = min(offset + limit, segment.offset + segment.backed - segment.start)
        end = self.data.raw.find(b"\0", offset, stop)
        return self.data.raw[offset:end] if end >= 0 else None

    def pointer(self, address: int) -> Pointer:
        """The contents of the pointer-sized cell at an address once the image is loaded."""
        return self.integer(address, self.word)

    @abstractmethod
    def relocated(self, low: int, high: int) -> bool:
        """Whether the loader changes any cell that starts at ``low <= address < high``."""

    def plain(self, address: int, size: int) -> int | None:
        """The unsigned integer at an address if the loader changes none of its bytes, else None."""
        if self.relocated(address - self.word + 1, address + size):
            return None
        return self.integer(address, size)

    def thread_template(self) -> bytes:
        """The initial bytes of a new thread's static data, if the format states them simply."""
        return b""

    def text_ranges(self) -> Iterator[tuple[int, int]]:
        """The file ranges that contain string constants (absolute start and stop)."""
        for segment in self.segments:
            if not segment.executable:
                yield segment.offset, segment.offset + segment.backed - segment.start
