"""Decide whether an init function refers to the slots of a definition: such code may change what the data says.

A definition is passed to ``PyModuleDef_Init`` by its own address, so the only reason for code to know the address of
the slots is to read or write them. gmpy2 does: it declares only if MPFR was built with thread-local storage. The search
is for addresses only, without a disassembler; a walk (level 2) shows what the code does with them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from itertools import chain

from ftwheel.core.named_tuples import NamedTuple
from ftwheel.io.binaries.definitions import Definition
from ftwheel.io.binaries.readers.image import BinaryImage

__all__ = ["mentions_slots"]

_LENGTH = 512  # bytes inspected per function
_FUNCTIONS = 8  # the init function, and those that it calls or jumps to
_IMMEDIATES = (0, 1, 2, 4)  # how many bytes may follow an offset in an x86-64 instruction
_CALLS = re.compile(rb"[\xe8\xe9]")  # CALL and JMP with a four-byte offset
_OFFSET = struct.Struct("<i")
_LOADS = re.compile(rb"[\x48\x4c]\x8b[\x05\x0d\x15\x1d\x25\x2d\x35\x3d]")  # MOV of a pointer, as if from a GOT


class _Slots(NamedTuple):
    """The addresses that code needs only to read or write the slots.

    ``cells`` are the addresses of the slots and of ``m_slots``; ``definition`` is that of the definition itself.
    ``known`` holds the answers of ``behind``: code loads the same few pointers again and again.
    """

    image: BinaryImage
    cells: tuple[range, ...]
    definition: int
    known: dict[int, bool]

    def at(self, address: int) -> bool:
        return any(address in addresses for addresses in self.cells)

    def behind(self, cell: int) -> bool:
        """Whether a pointer in the data, such as one in a GOT, leads to one of the cells."""
        if cell not in self.known:
            address = self.image.pointer(cell)
            self.known[cell] = isinstance(address, int) and self.at(address)
        return self.known[cell]


def mentions_slots(image: BinaryImage, init_name: str, definition: Definition) -> bool:
    """Whether the init function, or one reached by its calls and jumps, contains the address of a slot or ``m_slots``.

    Inspects at most ``_FUNCTIONS`` functions. Always False for machines other than x86, x86-64 and AArch64.
    """
    find = {"x86": _x86, "x86_64": _x86_64, "aarch64": _aarch64}.get(image.architecture.name)
    if find is None or definition.slots is None:
        return False
    low, high = definition.slots_at, definition.slots_at + 2 * image.word * (definition.slots.length + 1)
    own = definition.address + len(definition.head.pattern) + 4 * image.word
    slots = _Slots(
        image=image,
        cells=(range(low + -low % image.word, high, image.word), range(own, own + 1)),
        definition=definition.address,
        known={},
    )
    pending: Iterator[int] = iter((image.exports[init_name],))
    seen: set[int] = set()
    while len(seen) < _FUNCTIONS and (start := next(pending, None)) is not None:
        segment = image.segment(start)
        if start in seen or segment is None or not segment.executable or start >= segment.backed:
            continue
        mentioned, called = find(image.read(start, min(_LENGTH, segment.backed - start)) or b"", start, slots)
        if mentioned:
            return True
        seen.add(start)
        pending = chain(pending, called)  # only as many are decoded as are inspected
    return False


def _relative(code: bytes, start: int, at: int) -> int:
    """The address that the offset at ``at`` leads to if the offset ends its instruction."""
    return start + at + 4 + int.from_bytes(code[at : at + 4], "little", signed=True)  # the code may end within it


def _called(code: bytes, start: int) -> Iterator[int]:
    for call in _CALLS.finditer(code, 0, max(0, len(code) - 4)):
        end = call.end()
        yield start + end + 4 + _OFFSET.unpack_from(code, end)[0]


def _x86_64(code: bytes, start: int, slots: _Slots) -> tuple[bool, Iterable[int]]:
    """Whether any decoding of the bytes refers to the slots relative to the instruction pointer; and the calls."""
    for addresses in slots.cells:
        for target in _near(code, start, addresses):
            if any(target + size in addresses for size in _IMMEDIATES):
                return True, ()
    loads = _LOADS.finditer(code, 0, max(0, len(code) - 4))
    return any(slots.behind(_relative(code, start, load.end())) for load in loads), _called(code, start)


def _near(code: bytes, start: int, addresses: range) -> Iterator[int]:
    """The addresses near ``addresses`` that any decoding of the bytes leads to."""
    # An offset to one of them can have only a few values in its upper three bytes, which are rare in code.
    least, most = addresses[0] - start - len(code) - _IMMEDIATES[-1], addresses[-1] - start
    for upper in range(least >> 8, (most >> 8) + 1):
        three = (upper & 0xFFFFFF).to_bytes(3, "little")
        at = code.find(three, 1)
        while 0 <= at <= len(code) - 3:
            yield _relative(code, start, at - 1)
            at = code.find(three, at + 1)


def _x86(code: bytes, start: int, slots: _Slots) -> tuple[bool, Iterable[int]]:
    """The same for 32 bits: addresses are absolute or relative to the GOT, so distances between them are matched."""
    values = {int.from_bytes(code[at : at + 4], "little") for at in range(len(code) - 3)}
    distances = [address - slots.definition for addresses in slots.cells for address in addresses]
    found = any(value > 0xFFF and value + distance in values for value in values for distance in distances)
    return found, _called(code, start)


def _aarch64(code: bytes, start: int, slots: _Slots) -> tuple[bool, Iterable[int]]:
    """Whether a load, a store or a call argument uses such an address; and the targets of B and BL.

    Addresses are computed by ADR, or by ADRP and additions, or are loaded. An address that is only computed does not
    count, as it may be the base of others.
    """
    known: dict[int, int] = {}  # register contents
    called: list[int] = []
    for number, (word,) in enumerate(struct.iter_unpack("<I", code[: len(code) & ~3])):
        here, target, source = start + 4 * number, word & 31, word >> 5 & 31
        value = None
        if word & 0x1F000000 == 0x10000000:  # ADR, ADRP
            offset = (word >> 5 & 0x7FFFF) << 2 | word >> 29 & 3
            offset -= (offset & 1 << 20) << 1
            value = (here & ~0xFFF) + (offset << 12) if word >> 31 else here + offset
        elif word & 0x7C000000 == 0x14000000:  # B, BL
            offset = word & 0x3FFFFFF
            called.append(here + 4 * (offset - ((offset & 1 << 25) << 1)))
            if any(slots.at(known.get(argument, 0)) for argument in range(8)):
                return True, ()
            continue
        elif word & 0x1C000000 == 0x14000000:  # other branches write no register
            continue
        elif word & 0xFFE0FFE0 == 0xAA0003E0:  # MOV
            value = known.get(word >> 16 & 31)
        elif word & 0xFF800000 == 0x91000000 and source in known:  # ADD of an immediate
            value = known[source] + ((word >> 10 & 0xFFF) << (12 if word >> 22 & 1 else 0))
        elif word & 0x0A000000 == 0x08000000:  # loads and stores
            scaled = word & 0x3B000000 == 0x39000000
            cell = known.get(source, 0) + ((word >> 10 & 0xFFF) << (word >> 30) if scaled else 0)
            if slots.at(cell) or (not word >> 22 & 1 and slots.at(known.get(target, 0))):
                return True, ()
            if word & 0xFFC00000 == 0xF9400000 and source in known:
                pointer = slots.image.pointer(cell)
                value = pointer if isinstance(pointer, int) else None
            elif not word >> 22 & 1:
                continue  # a store leaves the register as it is
        if value is None:
            known.pop(target, None)
        else:
            known[target] = value
    return False, called
