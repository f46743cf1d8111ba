"""Whether an init function mentions the slots of a definition: code that does may change what the data says.

A definition is handed to ``PyModuleDef_Init`` by its own address, so code has no reason to know where its slots are but
to read or to write them. gmpy2 does: it declares where MPFR was built with thread-local storage. Only addresses are
looked for, without a disassembler; a walk (level 2) tells what the code does with them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ftwheel.io.binaries.definitions import Definition
from ftwheel.io.binaries.readers.image import BinaryImage

__all__ = ["mentions_slots"]

_LENGTH = 512  # bytes looked at of one function
_FUNCTIONS = 8  # the init function, and those that it calls or goes on in
_IMMEDIATES = (0, 1, 2, 4)  # bytes that may follow an offset in an x86-64 instruction


def mentions_slots(image: BinaryImage, init_name: str, definition: Definition) -> bool:
    """Whether the init function, or one that it calls directly, has the address of a slot or of ``m_slots`` in it.

    False for machines other than x86-64 and AArch64.
    """
    find = {"x86_64": _x86_64, "aarch64": _aarch64}.get(image.architecture.name)
    if find is None or definition.slots is None:
        return False
    field = definition.address + len(definition.head.pattern) + 4 * image.word
    low, high = definition.slots_at, definition.slots_at + 16 * (definition.slots.count + 1)
    pending = [image.exports[init_name]]
    seen: set[int] = set()
    while pending and len(seen) < _FUNCTIONS:
        start = pending.pop(0)
        segment = image.segment(start)
        if start in seen or segment is None or not segment.executable:
            continue
        seen.add(start)
        for address, called in find(image.read(start, min(_LENGTH, segment.backed - start)) or b"", start):
            if (low <= address < high and not address & 7) or address == field:
                return True
            if called:
                pending.append(address)
    return False


def _x86_64(code: bytes, start: int) -> Iterator[tuple[int, bool]]:
    """Addresses relative to the instruction pointer in any reading of the bytes; True for calls and jumps."""
    for at in range(len(code) - 3):
        target = start + at + 4 + int.from_bytes(code[at : at + 4], "little", signed=True)
        yield target, at > 0 and code[at - 1] in {0xE8, 0xE9}
        for size in _IMMEDIATES[1:]:
            yield target + size, False


def _aarch64(code: bytes, start: int) -> Iterator[tuple[int, bool]]:
    """Addresses made of ADRP and an offset, or by ADR, and the targets of B and BL."""
    pages: dict[int, int] = {}
    for number, (word,) in enumerate(struct.iter_unpack("<I", code[: len(code) & ~3])):
        here = start + 4 * number
        if word & 0x1F000000 == 0x10000000:
            offset = (word >> 5 & 0x7FFFF) << 2 | word >> 29 & 3
            offset -= (offset & 1 << 20) << 1
            address = (here & ~0xFFF) + (offset << 12) if word >> 31 else here + offset
            pages[word & 31] = address
            yield address, False
        elif word & 0x7C000000 == 0x14000000:
            offset = word & 0x3FFFFFF
            yield here + 4 * (offset - ((offset & 1 << 25) << 1)), True
        elif word >> 5 & 31 in pages:
            scale = word >> 30 if word & 0x3F000000 == 0x39000000 else 0  # load or store, unsigned offset
            yield pages[word >> 5 & 31] + ((word >> 10 & 0xFFF) << scale), False
