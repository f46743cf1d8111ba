"""Whether an init function mentions the slots of a definition: code that does may change what the data says.

A definition is handed to ``PyModuleDef_Init`` by its own address, so code has no reason to know where its slots are but
to read or to write them. gmpy2 does: it declares where MPFR was built with thread-local storage. Only addresses are
looked for, without a disassembler; a walk (level 2) tells what the code does with them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence

from ftwheel.io.binaries.definitions import Definition
from ftwheel.io.binaries.readers.image import BinaryImage

__all__ = ["mentions_slots"]

_LENGTH = 512  # bytes looked at of one function
_FUNCTIONS = 8  # the init function, and those that it calls or goes on in
_IMMEDIATES = (0, 1, 2, 4)  # bytes that may follow an offset in an x86-64 instruction
_CALLS = re.compile(rb"[\xe8\xe9]")  # CALL and JMP with an offset of four bytes


def mentions_slots(image: BinaryImage, init_name: str, definition: Definition) -> bool:
    """Whether the init function, or one that it calls directly, has the address of a slot or of ``m_slots`` in it.

    False for machines other than x86-64 and AArch64.
    """
    find = {"x86_64": _x86_64, "aarch64": _aarch64}.get(image.architecture.name)
    if find is None or definition.slots is None:
        return False
    field = definition.address + len(definition.head.pattern) + 4 * image.word
    low, high = definition.slots_at, definition.slots_at + 16 * (definition.slots.count + 1)
    wanted = (range(low + -low % 8, high, 8), range(field, field + 1))
    pending = [image.exports[init_name]]
    seen: set[int] = set()
    while pending and len(seen) < _FUNCTIONS:
        start = pending.pop(0)
        segment = image.segment(start)
        if start in seen or segment is None or not segment.executable:
            continue
        seen.add(start)
        mentioned, called = find(image.read(start, min(_LENGTH, segment.backed - start)) or b"", start, wanted)
        if mentioned:
            return True
        pending += called
    return False


def _x86_64(code: bytes, start: int, wanted: Sequence[range]) -> tuple[bool, list[int]]:
    """Whether a wanted address, relative to the instruction pointer, is in any reading of the bytes; and the calls."""
    for addresses in wanted:
        # the upper three bytes that an offset to one of them can have: few, and rare in code
        least, most = addresses[0] - start - len(code) - _IMMEDIATES[-1], addresses[-1] - start
        for upper in range(least >> 8, (most >> 8) + 1):
            three = (upper & 0xFFFFFF).to_bytes(3, "little")
            at = code.find(three, 1)
            while at >= 0:
                target = start + at + 3 + int.from_bytes(code[at - 1 : at + 3], "little", signed=True)
                if any(target + size in addresses for size in _IMMEDIATES):
                    return True, []
                at = code.find(three, at + 1)
    calls = (call.end() for call in _CALLS.finditer(code, 0, max(0, len(code) - 4)))
    return False, [start + at + 4 + int.from_bytes(code[at : at + 4], "little", signed=True) for at in calls]


def _aarch64(code: bytes, start: int, wanted: Sequence[range]) -> tuple[bool, list[int]]:
    """Whether ADR, or ADRP and an offset, make a wanted address; and the targets of B and BL."""
    pages: dict[int, int] = {}
    called: list[int] = []
    for number, (word,) in enumerate(struct.iter_unpack("<I", code[: len(code) & ~3])):
        here = start + 4 * number
        if word & 0x1F000000 == 0x10000000:
            offset = (word >> 5 & 0x7FFFF) << 2 | word >> 29 & 3
            offset -= (offset & 1 << 20) << 1
            address = (here & ~0xFFF) + (offset << 12) if word >> 31 else here + offset
            pages[word & 31] = address
        elif word & 0x7C000000 == 0x14000000:
            offset = word & 0x3FFFFFF
            called.append(here + 4 * (offset - ((offset & 1 << 25) << 1)))
            continue
        elif word >> 5 & 31 in pages:
            scale = word >> 30 if word & 0x3F000000 == 0x39000000 else 0  # load or store, unsigned offset
            address = pages[word >> 5 & 31] + ((word >> 10 & 0xFFF) << scale)
        else:
            continue
        if any(address in addresses for addresses in wanted):
            return True, []
    return False, called
