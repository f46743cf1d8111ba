"""Level 2's machine: known and unknown values, memory, and the state of one path through the code.

A known value is an ``int``, an unknown one a ``Symbol``. Each symbol represents a single unknown value, so a path that
has assumed it to be zero keeps doing so. Addresses outside the image represent the rest of the process: imported
functions, objects, heap and stack.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from ftwheel.io.binaries.readers.image import BinaryImage, Pointer

__all__ = [
    "CALLER",
    "HEAP",
    "IMPORTS",
    "OBJECTS",
    "STACK",
    "THREAD",
    "CrashError",
    "Names",
    "PathMemory",
    "PathState",
    "Symbol",
    "Value",
    "signed",
    "truncate",
]

# Regions of the simulated address space, far from any image.
THREAD = 0x7B00_0000_0000  # the base of fs or gs
OBJECTS = 0x7C00_0000_0000
HEAP = 0x7D00_0000_0000
IMPORTS = 0x7E00_0000_0000
STACK = 0x7F00_0000_0000
CALLER = 0x7F80_0000_0000  # the return address of the init function itself
_STEP = 0x1000  # distance between two imports or two objects
_FRAME = 4096  # bytes of local variables that a function may write through a pointer to them
# The head of an immortal object: the default build's reference count, and the free-threaded build's second eight
# bytes, which hold flags, lock and the owning thread's count (Include/refcount.h).
_IMMORTAL = 0xFFFFFFFF
_IMMORTAL_LOCAL = 0xFFFFFFFF_00000000


class CrashError(Exception):
    """The code accesses memory near NULL, which no successful import does."""


class Symbol:
    """One unknown value; ``part`` returns its low bits, the same each time. Some symbols have known low bits."""

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts: dict[int, Symbol | int] | None = None

    def part(self, bits: int) -> Symbol | int:
        """The low ``bits`` bits."""
        if self._parts is None:
            self._parts = {}
        if bits not in self._parts:
            self._parts[bits] = Symbol()
        return self._parts[bits]

    @classmethod
    def ending_in(cls, value: int, bits: int) -> Symbol:
        """An unknown value with known low bits."""
        symbol = cls()
        symbol._parts = {width: value & ((1 << width) - 1) for width in (8, 16, 32) if width <= bits}
        return symbol


Value: TypeAlias = int | Symbol


def truncate(value: Value, bits: int) -> Value:
    """The low ``bits`` bits of a value."""
    if isinstance(value, int):
        return value & ((1 << bits) - 1)
    return value.part(bits) if bits < 64 else value


def signed(value: int, bits: int) -> int:
    """An unsigned value of ``bits`` bits, reinterpreted as signed."""
    return value - (1 << bits) if value >> (bits - 1) else value


class Names:
    """Addresses for imported symbols, assigned once for all paths."""

    def __init__(self) -> None:
        self.addresses: dict[str, int] = {}
        self.names: list[str] = []

    def address(self, name: str) -> int:
        """The simulated address of an imported symbol."""
        if name not in self.addresses:
            self.addresses[name] = IMPORTS + len(self.names) * _STEP
            self.names.append(name)
        return self.addresses[name]

    def name(self, address: int) -> str | None:
        """The symbol imported at exactly this address, None if there is none."""
        number, rest = divmod(address - IMPORTS, _STEP)
        return self.names[number] if not rest and 0 <= number < len(self.names) else None


class PathMemory:
    """What the code on one path has written, on top of the image's initial contents.

    Memory consists of eight-byte cells. A cell written in parts is a dict from offset to (size, value).
    """

    __slots__ = ("_cells", "_image", "_names", "_shared", "free_threaded")

    def __init__(
        self,
        image: BinaryImage,
        names: Names,
        cells: dict[int, Value | dict[int, tuple[int, Value]]],
        *,
        free_threaded: bool,
    ) -> None:
        self._image = image
        self._names = names
        self._cells = cells
        # The local variables that functions which were not followed can reach; None if all were followed.
        self._shared: frozenset[Value] | None = None
        self.free_threaded = free_threaded

    def fork(self) -> PathMemory:
        """A copy for another path."""
        cells = {at: dict(cell) if isinstance(cell, dict) else cell for at, cell in self._cells.items()}
        memory = PathMemory(self._image, self._names, cells, free_threaded=self.free_threaded)
        memory._shared = self._shared
        return memory

    def _initial(self, address: int) -> Value:
        """The eight bytes at an aligned address before any code has run."""
        image = self._image
        segment = image.segment(address)
        if segment is None:
            return self._outside(address)
        if self._shared is not None and segment.writable:
            pointer = image.pointer(address)
            return self._names.address(pointer) if isinstance(pointer, str) else Symbol()
        if address + 8 > segment.end:
            value = image.plain(address, segment.end - address)
            return Symbol() if value is None else value
        if not image.relocated(address - 7, address + 8):
            value = image.integer(address, 8)
            return Symbol() if value is None else value
        if image.relocated(address - 7, address) or image.relocated(address + 1, address + 8):
            return Symbol()  # partly relocated
        pointer = image.pointer(address)
        if isinstance(pointer, str):
            return self._names.address(pointer)
        return Symbol() if pointer is None else pointer

    def _outside(self, address: int) -> Value:
        """Memory outside the image: objects are immortal there, so that reference counting decides no branch."""
        if self.free_threaded:
            counted = address & (_STEP - 1) == 8 and OBJECTS <= address < STACK and not HEAP <= address < IMPORTS
            return _IMMORTAL_LOCAL if counted else Symbol()
        if OBJECTS <= address < HEAP and not address & (_STEP - 1):
            return _IMMORTAL
        name = self._names.name(address)
        return _IMMORTAL if name is not None and name.endswith(("_Type", "Struct")) else Symbol()

    def load(self, address: int, size: int) -> Value:
        """The unsigned value of 1, 2, 4 or 8 bytes at an address. Raises CrashError near NULL."""
        if address < self._image.null_end:
            raise CrashError
        at, offset = address & ~7, address & 7
        if offset + size > 8:
            if size == 8 and self._image.relocated(address, address + 1):
                # MinGW's linkers place imports at any multiple of four; nothing writes to them.
                pointer = self._image.pointer(address)
                if isinstance(pointer, str):
                    return self._names.address(pointer)
            low, high = self.load(address, 8 - offset), self.load(at + 8, offset + size - 8)
            if isinstance(low, int) and isinstance(high, int):
                return low | high << 8 * (8 - offset)
            return Symbol()
        cell = self._cells.get(at)
        if cell is None:
            cell = self._cells[at] = self._initial(at)
        if not isinstance(cell, dict):
            if size == 8:
                return cell
            if isinstance(cell, int):
                return cell >> 8 * offset & ((1 << 8 * size) - 1)
            if not offset:
                return cell.part(8 * size)
            cell = self._cells[at] = {0: (8, cell)}
        return self._gather(cell, offset, size)

    @staticmethod
    def _gather(cell: dict[int, tuple[int, Value]], offset: int, size: int) -> Value:
        """Read a value from a cell that was written in parts."""
        exact = cell.get(offset)
        if exact is not None and exact[0] == size:
            return exact[1]
        value = 0
        for byte in range(offset, offset + size):
            for start, (length, piece) in cell.items():
                if start <= byte < start + length:
                    if not isinstance(piece, int):
                        if start == offset and length > size:
                            return piece.part(8 * size)
                        known = byte - offset
                        return Symbol.ending_in(value, 8 * known) if known else Symbol()
                    value |= (piece >> 8 * (byte - start) & 0xFF) << 8 * (byte - offset)
                    break
            else:
                return Symbol()
        return value

    def store(self, address: int, size: int, value: Value) -> None:
        """Write a value of 1, 2, 4 or 8 bytes. Raises CrashError near NULL."""
        if address < self._image.null_end:
            raise CrashError
        at, offset = address & ~7, address & 7
        if offset + size > 8:
            first = 8 - offset
            for start, length, shift in ((address, first, 0), (at + 8, size - first, 8 * first)):
                self._store_piece(start, length, value >> shift if isinstance(value, int) else Symbol())
            return
        if size == 8:
            self._cells[at] = value
        else:
            self._store_piece(address, size, value)

    def _store_piece(self, address: int, size: int, value: Value) -> None:
        at, offset = address & ~7, address & 7
        value = truncate(value, 8 * size)
        cell = self._cells.get(at)
        if cell is None:
            cell = self._initial(at)
        if isinstance(cell, int):
            if isinstance(value, int):
                mask = ((1 << 8 * size) - 1) << 8 * offset
                self._cells[at] = (cell & ~mask) | value << 8 * offset
                return
            cell = {byte: (1, cell >> 8 * byte & 0xFF) for byte in range(8)}
        elif isinstance(cell, Symbol):
            cell = {0: (8, cell)}
        pieces: dict[int, tuple[int, Value]] = {}
        for start, (length, piece) in cell.items():
            if start + length <= offset or start >= offset + size:
                pieces[start] = (length, piece)
            else:
                for byte in range(start, start + length):
                    if not offset <= byte < offset + size:
                        part = piece >> 8 * (byte - start) & 0xFF if isinstance(piece, int) else Symbol()
                        pieces[byte] = (1, part)
        pieces[offset] = (size, value)
        whole = self._gather(pieces, 0, 8)
        self._cells[at] = whole if isinstance(whole, int) else pieces

    def forget(self, address: int, size: int) -> None:
        """Make the cells with these bytes unknown, because code that is not followed may have written to them."""
        for at in range(address & ~7, address + size, 8):
            self._cells[at] = Symbol()

    def forget_all(self, pointers: list[Value]) -> int:
        """Forget what a function with these arguments may write to; return how many cells that took.

        That is everything but the stack, and the local variables that the function, or one called before, can reach.
        """
        known = len(self._cells)
        self._cells = {at: cell for at, cell in self._cells.items() if at >= STACK}
        pending, seen = [*(self._shared or ()), *pointers], set[Value]()
        while pending:
            pointer = pending.pop()
            if isinstance(pointer, int) and STACK <= pointer < CALLER and pointer not in seen:
                seen.add(pointer)
                pending += self._reachable(pointer)
                self.expose(pointer, _FRAME)
        self._shared = frozenset(seen)
        return known + len(seen) * _FRAME // 8

    def _reachable(self, pointer: int) -> Iterator[Value]:
        for at in range(pointer & ~7, pointer + _FRAME, 8):
            cell = self._cells.get(at)
            if isinstance(cell, int):
                yield cell

    def expose(self, address: int, size: int) -> None:
        """Forget what a called function may write through a pointer to a local variable.

        No variable extends across a saved return address.
        """
        for at in range(address & ~7, address + size, 8):
            value = self.load(at, 8)
            if isinstance(value, int):
                segment = self._image.segment(value)
                if value == CALLER or (segment is not None and segment.executable):
                    return
            self._cells[at] = Symbol()

    # The interface for the slot reader.

    def cell(self, address: int) -> Pointer:
        """See SlotMemory."""
        value = self.load(address, 8)
        return value if isinstance(value, int) else None

    def number(self, address: int, size: int) -> int | None:
        """See SlotMemory."""
        value = self.load(address, size)
        return value if isinstance(value, int) else None

    def text(self, address: int, limit: int = 512) -> bytes | None:
        """The NUL-terminated string at an address, None if any byte is unknown or it is longer than ``limit``."""
        found = bytearray()
        for at in range(address, address + limit):
            byte = self.load(at, 1)
            if not isinstance(byte, int):
                return None
            if not byte:
                return bytes(found)
            found.append(byte)
        return None


class PathState:
    """One path: registers, vector registers (pairs of 64 bits), flags, memory, and what has been observed.

    ``facts`` maps symbols to the values that this path assumes for them, None meaning nonzero. ``modules`` maps
    each module object made to its definition's address, and ``gil`` maps each module to its declared value.
    """

    __slots__ = (
        "choice",
        "counts",
        "definitions",
        "depth",
        "facts",
        "flags",
        "gil",
        "heap",
        "memory",
        "modules",
        "objects",
        "pc",
        "registers",
        "tainted",
        "vectors",
        "work",
    )

    def __init__(self, memory: PathMemory, registers: int, vectors: int) -> None:
        self.memory = memory
        self.registers: list[Value] = [Symbol() for _ in range(registers)]
        self.vectors: list[tuple[Value, Value]] = [(Symbol(), Symbol()) for _ in range(vectors)]
        self.flags: tuple[str, Value, Value, int] | None = None
        self.facts: dict[Symbol, int | None] = {}
        self.counts: dict[int, int] = {}
        self.choice: tuple[int, bool] | None = None  # the last way taken at a branch on an unknown value
        self.pc = 0
        self.depth = 0
        self.heap = HEAP
        self.objects = OBJECTS
        self.modules: dict[int, int] = {}
        self.definitions: set[int] = set()
        self.gil: dict[int, Value] = {}
        self.tainted = ""
        self.work = 0  # an instruction's work beyond one step: words moved, characters read

    def fork(self) -> PathState:
        """A copy, to take another way from here."""
        other = PathState.__new__(PathState)
        other.memory = self.memory.fork()
        other.registers = list(self.registers)
        other.vectors = list(self.vectors)
        other.flags = self.flags
        other.facts = dict(self.facts)
        other.counts = dict(self.counts)
        other.choice = self.choice
        other.pc = self.pc
        other.depth = self.depth
        other.heap = self.heap
        other.objects = self.objects
        other.modules = dict(self.modules)
        other.definitions = set(self.definitions)
        other.gil = dict(self.gil)
        other.tainted = self.tainted
        other.work = 0
        return other

    def settle(self, value: Value) -> Value:
        """The value that this path assumes for a symbol, else the value itself."""
        if isinstance(value, Symbol):
            known = self.facts.get(value)
            if known is not None:
                return known
        return value

    def new_object(self) -> int:
        """The address of a new object."""
        self.objects += _STEP
        return self.objects

    def allocate(self, size: Value) -> int:
        """The address of fresh memory; if the size is unknown, it is far from its neighbours."""
        address = self.heap
        room = size if isinstance(size, int) and size < 1 << 24 else 1 << 24
        self.heap += (room + 31) & ~15
        return address

    def compare(self, condition: str) -> bool | None:
        """Whether a condition holds according to the flags, None if unknown.

        Conditions have their x86 names: ``e ne b ae be a l ge le g s ns o no`` (b and a unsigned, l and g signed).
        """
        if self.flags is None:
            return None
        kind, left, right, bits = self.flags
        left, right = self.settle(left), self.settle(right)
        if kind == "sub" and left is right and isinstance(left, Symbol):
            left = right = 0
        if right == 0 and isinstance(left, Symbol) and left in self.facts and condition in {"e", "ne"}:
            return condition == "ne" if kind in {"sub", "zero"} else None  # known to be nonzero
        if not isinstance(left, int) or not isinstance(right, int):
            return None
        return _holds(kind, left, right, bits, condition)

    def assume(self, condition: str, holds: bool) -> None:
        """Record what taking a branch implies about a symbol that was compared with a number."""
        if self.flags is None or condition not in {"e", "ne"}:
            return
        kind, left, right, _ = self.flags
        left, right = self.settle(left), self.settle(right)
        if kind in {"sub", "zero"} and isinstance(left, Symbol) and isinstance(right, int):
            if (condition == "e") == holds:
                self.facts[left] = right
            elif right == 0:
                self.facts.setdefault(left, None)


def _holds(kind: str, left: int, right: int, bits: int, condition: str) -> bool | None:
    """Whether a condition holds after an operation on known operands, None if unknown.

    ``sub`` and ``add`` set flags as on x86; ``plus`` is the addition of AArch64, where conditions mean the opposite
    carry. ``zero`` compares a result with zero, with the carry unknown. ``equal`` knows only whether its operands are
    equal.
    """
    mask = (1 << bits) - 1
    left, right = left & mask, right & mask
    if kind in {"add", "plus"}:
        result = (left + right) & mask
        carry = (left + right > mask) == (kind == "add")
        overflow = signed(left, bits) + signed(right, bits) != signed(result, bits)
    else:
        result = (left - right) & mask
        carry = left < right
        overflow = signed(left, bits) - signed(right, bits) != signed(result, bits)
    if (kind == "zero" and condition in {"b", "ae", "be", "a"}) or (kind == "equal" and condition not in {"e", "ne"}):
        return None
    negative = bool(result >> (bits - 1))
    return {
        "e": not result,
        "ne": bool(result),
        "b": carry,
        "ae": not carry,
        "be": carry or not result,
        "a": not carry and bool(result),
        "l": negative != overflow,
        "ge": negative == overflow,
        "le": not result or negative != overflow,
        "g": bool(result) and negative == overflow,
        "s": negative,
        "ns": not negative,
        "o": overflow,
        "no": not overflow,
    }.get(condition)
