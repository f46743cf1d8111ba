"""Level 1: find module definitions in initialised data and read their slots, without examining code.

A static ``PyModuleDef`` starts with the object head that the compiler saw, and the heads of the default and the
free-threaded build differ (``Include/object.h`` and ``Include/moduleobject.h`` of CPython 3.9 to 3.15). So a
definition reveals the ABI as well as the slots. Slot numbers come from ``Include/moduleobject.h``, and from
``slots.toml`` since 3.15; ``PyModExport_`` functions, new in 3.15, return arrays of the newer ``PySlot`` (PEP 793,
PEP 820).
"""

from __future__ import annotations

import functools
import re
import struct
from typing import Protocol

from ftwheel.core.named_tuples import NamedTuple
from ftwheel.core.wheel.extension_module import AbiInfo, ByteOrder
from ftwheel.io.binaries.budget import WorkBudget
from ftwheel.io.binaries.readers.image import BinaryImage, Pointer

__all__ = [
    "DEFAULT_COUNTS",
    "Definition",
    "Head",
    "SlotMemory",
    "SlotTable",
    "find_definitions",
    "find_slot_arrays",
    "image_memory",
    "read_definition_slots",
    "read_slots",
]

_NAME = re.compile(rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*(\.[A-Za-z_\x80-\xff][\w\x80-\xff]*)*")
_SLOT_LIMIT = 256  # in one array and the arrays nested in it
_NESTING_LIMIT = 5  # as in CPython
_KNOWN = frozenset({1, 2, 3, 4, *range(84, 128)})
_INTERPRETERS = {3, 86}
_GIL = {4, 87}
_SUBSLOTS, _MOD_SLOTS, _NAME_SLOT, _ABI = 92, 94, 100, 109
# The first eight bytes of a static default head on 64-bit machines are the reference count.
_IMMORTAL = {"3.12 or 3.13": 0xFFFFFFFF, "3.14 or newer": 0x0005_0000_C000_0000}
DEFAULT_COUNTS = frozenset({1, *_IMMORTAL.values()})
_HEAD_LIMIT = 1 << 12  # heads of one kind; the largest mypyc group has a few hundred
_CANDIDATE_LIMIT = 1 << 18  # positions inspected per image and kind of head
_LOOKUP_LIMIT = 1 << 14  # places that may hold a slot
_DEFINITION_WORK, _SLOT_WORK = 64, 16  # the places that are inspected in the time of reading one of these


class Head(NamedTuple):
    """One object head: its bytes and those of the rest of ``PyModuleDef_Base``, which static initialisers leave zero.

    ``weak`` heads contain so little that they prove nothing by themselves.
    """

    free_threaded: bool
    label: str
    pattern: bytes
    weak: bool = False


class SlotMemory(Protocol):
    """The memory that slots are read from: an image, or the memory of a walk."""

    def cell(self, address: int) -> Pointer:
        """The pointer-sized value at an address."""
        ...

    def number(self, address: int, size: int) -> int | None:
        """The unsigned integer of ``size`` bytes at an address."""
        ...


class SlotTable(NamedTuple):
    """The values that a module's slots declare, None for a missing slot, and the numbers of all slots."""

    gil: int | None
    interpreters: int | None
    abi: AbiInfo | None
    length: int
    ids: tuple[int, ...] = ()


class Definition(NamedTuple):
    """A static ``PyModuleDef``: its address, head and ``m_name``, and the slots that ``m_slots`` points to."""

    address: int
    head: Head
    name: str
    slots_at: int  # 0 if there are none
    slots: SlotTable | None

    @property
    def slots_read(self) -> int:
        """How many slots were read, at most."""
        return self.slots.length if self.slots else _SLOT_LIMIT if self.slots_at else 0


class _ImageMemory:
    """An image as memory before any code has run."""

    def __init__(self, image: BinaryImage) -> None:
        self._image = image

    def cell(self, address: int) -> Pointer:
        return self._image.pointer(address)

    def number(self, address: int, size: int) -> int | None:
        return self._image.integer(address, size)


@functools.cache
def _heads(bits: int, order: ByteOrder) -> tuple[Head, ...]:
    mark = "<" if order is ByteOrder.LITTLE else ">"
    if bits == 64:
        threaded, plain, base = struct.Struct(mark + "QHBBIQQ"), struct.Struct(mark + "QQ"), bytes(24)
        immortal = _IMMORTAL
    else:
        threaded, plain, base = struct.Struct(mark + "IHBBIII"), struct.Struct(mark + "II"), bytes(12)
        immortal = {"3.12 or 3.13": 0x3FFFFFFF, "3.14 or newer": 7 << 28}
    return (
        *(
            Head(
                free_threaded=True,
                label=f"free-threaded object head of {label}",
                pattern=threaded.pack(0, flags, 0, 0, 0xFFFFFFFF, 0, 0) + base,
            )
            # PyO3 writes the 3.13 head on 3.14, too.
            for label, flags in (("3.13 or newer", 0), ("3.14 or newer", 4))
        ),
        *(
            Head(free_threaded=False, label=f"default object head of {label}", pattern=plain.pack(count, 0) + base)
            for label, count in immortal.items()
        ),
        Head(
            free_threaded=False,
            label="default object head of 3.11 or older",
            pattern=plain.pack(1, 0) + base,
            weak=True,
        ),
    )


def find_definitions(image: BinaryImage, budget: WorkBudget) -> list[Definition]:
    """All plausible static module definitions of an image, in address order; not all, once ``budget`` is spent.

    Only writable data is searched, because ``PyModuleDef_Init`` writes to definitions.
    """
    found: dict[int, Definition] = {}
    inits = {name.partition("_")[2] for name in image.exports}
    heads = _heads(image.architecture.bits, image.architecture.byte_order)
    needles: dict[bytes, list[Head]] = {}
    for head in heads:
        if not head.weak:
            # Needles end in a byte that is rare in data, which makes the search fast.
            needles.setdefault(head.pattern.strip(b"\0"), []).append(head)
    for needle, alike in needles.items():
        _search(image, needle, alike, found, budget)
    if image.word == 4:
        # With 4-byte words, the same bytes occur elsewhere, for example in OpenSSL's parameter tables.
        found = _named(found, inits)
    if not _named(found, inits):
        for head in heads:
            if head.weak:
                weak: dict[int, Definition] = {}
                _search(image, head.pattern.lstrip(b"\0"), [head], weak, budget)
                found |= _named(weak, inits)
    return [found[address] for address in sorted(found)]


def _named(definitions: dict[int, Definition], names: set[str]) -> dict[int, Definition]:
    """The definitions named after an exported init function."""
    return {at: one for at, one in definitions.items() if one.name.rpartition(".")[2] in names}


def _search(
    image: BinaryImage, needle: bytes, heads: list[Head], found: dict[int, Definition], budget: WorkBudget
) -> None:
    """Add to ``found`` the definitions with any of these heads, all of which contain ``needle``.

    An image with more heads than any real one is crafted to mislead, so all its definitions are dropped.
    """
    raw, word = image.data.raw, image.word
    skips = [(head, head.pattern.index(needle)) for head in heads]
    left, heads_left = _CANDIDATE_LIMIT, _HEAD_LIMIT
    for segment in image.segments:
        if not segment.writable:
            continue
        stop = segment.offset + segment.backed - segment.start
        at = raw.find(needle, segment.offset, stop)
        while at >= 0 and left and budget.places > 0:
            left -= 1
            budget.places -= 1
            for head, skipped in skips:
                position = at - skipped
                address = segment.start + position - segment.offset
                if address % word == 0 and position >= segment.offset and raw.startswith(head.pattern, position):
                    heads_left -= 1
                    if not heads_left:
                        found.clear()
                        return
                    definition = _definition(image, head, address)
                    budget.places -= _DEFINITION_WORK
                    if definition:
                        budget.places -= _SLOT_WORK * definition.slots_read
                        found[address] = definition
            at = raw.find(needle, at + 1, stop)


def _definition(image: BinaryImage, head: Head, address: int) -> Definition | None:
    """The definition at an address, None if the fields after the head are implausible."""
    word = image.word
    fields = [image.pointer(address + len(head.pattern) + number * word) for number in range(8)]
    name_at, doc, size, methods, slots_at, *functions = fields
    if not isinstance(name_at, int) or not isinstance(size, int) or not isinstance(slots_at, int):
        return None
    name = image.string(name_at, 512)
    if name is None or not _NAME.fullmatch(name):
        return None
    if (size >> 31) not in {0, (1 << (image.architecture.bits - 31)) - 1}:
        return None
    for pointer in (doc, methods, slots_at):
        if isinstance(pointer, int) and pointer and image.segment(pointer) is None:
            return None
    for pointer in functions:
        if isinstance(pointer, int) and pointer:
            segment = image.segment(pointer)
            if segment is None or not segment.executable:
                return None
    memory = image_memory(image)
    return Definition(
        address=address,
        head=head,
        name=name.decode("utf-8", "backslashreplace"),
        slots_at=slots_at,
        slots=read_slots(memory, slots_at, image, modern=False) if slots_at else None,
    )


def read_definition_slots(
    memory: SlotMemory, address: int, image: BinaryImage, *, free_threaded: bool
) -> SlotTable | None:
    """The slots that the definition at an address has in memory, None if they cannot be read."""
    wide, narrow = (88, 48) if free_threaded else (72, 36)
    slots_at = memory.cell(address + (wide if image.word == 8 else narrow))
    if slots_at == 0:
        return SlotTable(gil=None, interpreters=None, abi=None, length=0)
    return read_slots(memory, slots_at, image, modern=False) if isinstance(slots_at, int) else None


def read_slots(memory: SlotMemory, address: int, image: BinaryImage, *, modern: bool) -> SlotTable | None:
    """Read a complete slot array, including nested arrays; None if any part cannot be trusted.

    ``modern`` arrays contain ``PySlot``, others ``PyModuleDef_Slot``.
    """
    collector = _Collector(memory, image)
    if not collector.collect(address, modern=modern, depth=0):
        return None
    values = collector.values
    abi = _abi_info(memory, values["abi"]) if "abi" in values else None
    if "abi" in values and abi is None:
        return None
    return SlotTable(
        gil=values.get("gil"),
        interpreters=values.get("interpreters"),
        abi=abi,
        length=_SLOT_LIMIT - collector.left,
        ids=tuple(sorted(collector.ids)),
    )


def find_slot_arrays(image: BinaryImage, name: str, budget: WorkBudget) -> list[int]:
    """Sorted addresses of a module's static ``PySlot`` arrays: those with a sane ``PyABIInfo`` or the module's name.

    Empty if there are more than two, or too many places to look at, in one image or for ``budget``.

    PEP 793 requires a ``Py_mod_abi`` slot in every array that a ``PyModExport_`` function returns; searching for the
    name finds arrays without one. ``name`` is the last component of the module's name.
    """
    memory, raw = image_memory(image), image.data.raw
    numbers = (number.to_bytes(2, image.architecture.byte_order.value) for number in (_ABI, _NAME_SLOT))
    slot = re.compile(b"(?:%s)..\0\0\0\0" % b"|".join(map(re.escape, numbers)), re.DOTALL)
    found: set[int] = set()
    left = _LOOKUP_LIMIT
    for segment in image.segments:
        stop = segment.offset + segment.backed - segment.start
        for match in slot.finditer(raw, segment.offset, stop):
            address = segment.start + match.start() - segment.offset
            if address % 8:
                continue
            left -= 1
            budget.places -= _SLOT_WORK
            if not left or budget.places <= 0 or len(found) > 1:  # crafted, or ambiguous in any case
                return []
            value = image.pointer(address + 8)
            if isinstance(value, int) and value and (_says_abi(memory, value) or _says_name(image, value, name)):
                found.add(_first_slot(memory, address, segment.start))
    return sorted(found)


def _says_abi(memory: SlotMemory, address: int) -> bool:
    abi = _abi_info(memory, address)
    return abi is not None and abi.major == 1 and abi.flags < 16 and abi.build_version >> 24 in {0, 3}


def _says_name(image: BinaryImage, address: int, name: str) -> bool:
    text = image.string(address, 512)
    return text is not None and text.rpartition(b".")[2] == name.encode() and _NAME.fullmatch(text) is not None


def _first_slot(memory: SlotMemory, address: int, lowest: int) -> int:
    """The address of the first slot of the static array that contains the slot at ``address``."""
    for _ in range(_SLOT_LIMIT):
        before = address - 16
        if before < lowest or memory.number(before, 2) not in _KNOWN or memory.number(before + 4, 4) != 0:
            break
        address = before
    return address


def image_memory(image: BinaryImage) -> SlotMemory:
    """The memory of an image before any code has run, for reading slots."""
    return _ImageMemory(image)


class _Collector:
    """Gathers the slots of interest from an array and from the arrays nested in it."""

    def __init__(self, memory: SlotMemory, image: BinaryImage) -> None:
        self.values: dict[str, int] = {}
        self.ids: set[int] = set()
        self.left = _SLOT_LIMIT
        self._memory = memory
        self._word = image.word

    def collect(self, at: int, *, modern: bool, depth: int) -> bool:
        """Read one array; False if it does not end, or contains unknown or contradictory slots."""
        head, stride = (8, 16) if modern else (self._word, 2 * self._word)
        while self.left:
            slot = self._memory.number(at, 2 if modern else 4)
            if slot is None or (slot and slot not in _KNOWN):
                return False
            if not slot:
                return True
            self.left -= 1
            self.ids.add(slot)
            if not self._take(slot, at + head, depth):
                return False
            at += stride
        return False

    def _take(self, slot: int, at: int, depth: int) -> bool:
        key = "gil" if slot in _GIL else "interpreters" if slot in _INTERPRETERS else "abi" if slot == _ABI else ""
        if not key and slot not in {_SUBSLOTS, _MOD_SLOTS}:
            return True
        value = self._memory.cell(at)
        if not isinstance(value, int):
            return False
        if key:
            return self.values.setdefault(key, value) == value
        return not value or (depth < _NESTING_LIMIT and self.collect(value, modern=slot == _SUBSLOTS, depth=depth + 1))


def _abi_info(memory: SlotMemory, address: int) -> AbiInfo | None:
    """``PyABIInfo``: its own two-byte version, 16 bits of flags, two Python versions (``Include/modsupport.h``)."""
    fields = [memory.number(address + at, size) for at, size in ((0, 1), (1, 1), (2, 2), (4, 4), (8, 4))]
    if None in fields:
        return None
    major, minor, flags, build, abi = (field or 0 for field in fields)
    return AbiInfo(major=major, minor=minor, flags=flags, build_version=build, abi_version=abi)
