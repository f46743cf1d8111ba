"""Operands of AArch64 instructions in capstone's syntax: parsing the text, reading and writing locations."""

# x86_64_operands.py explains why text is parsed. Here, capstone's details omit the element size of ``v15.d[0]`` in
# ``dup v30.2d, v15.d[0]``.

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ftwheel.io.binaries.emulation.machine import PathState, Symbol, Value, signed, truncate

__all__ = [
    "LINK",
    "MASK",
    "SP",
    "ZERO",
    "ArmImmediate",
    "ArmMemory",
    "ArmRegister",
    "ArmShift",
    "ArmVector",
    "ArmWord",
    "Operand",
    "Operands",
    "address_of",
    "bits_of",
    "last",
    "parse",
    "read",
    "shifted",
    "update",
    "write",
]

MASK = (1 << 64) - 1
LINK, SP, ZERO = 30, 31, 32


@dataclass(frozen=True, slots=True)
class ArmRegister:
    """A general register: 0 to 30, 31 for the stack pointer, 32 for the zero register."""

    number: int
    bits: int


@dataclass(frozen=True, slots=True)
class ArmVector:
    """A vector register or a part of it: ``q0``, ``d0``, ``v0.2d``, ``v0.d[1]``."""

    number: int
    bits: int
    lane: int | None = None


@dataclass(frozen=True, slots=True)
class ArmImmediate:
    """An immediate operand."""

    value: int


@dataclass(frozen=True, slots=True)
class ArmMemory:
    """A memory operand; ``before`` means that the address is written back (``[x0, #8]!``)."""

    base: int
    index: ArmRegister | None
    shift: str
    amount: int
    displacement: int
    before: bool


@dataclass(frozen=True, slots=True)
class ArmShift:
    """A shift or extension of the preceding operand."""

    kind: str
    amount: int


@dataclass(frozen=True, slots=True)
class ArmWord:
    """Anything else, such as a condition."""

    text: str


Operand = ArmRegister | ArmVector | ArmImmediate | ArmMemory | ArmShift | ArmWord
Operands = tuple[Operand, ...]

_REGISTERS = {
    **{
        f"{letter}{number}": ArmRegister(number, bits)
        for number in range(31)
        for letter, bits in (("x", 64), ("w", 32))
    },
    "sp": ArmRegister(SP, 64),
    "wsp": ArmRegister(SP, 32),
    "xzr": ArmRegister(ZERO, 64),
    "wzr": ArmRegister(ZERO, 32),
    "fp": ArmRegister(29, 64),
    "lr": ArmRegister(LINK, 64),
}
_SPLIT = re.compile(r", (?![^\[{]*[\]}])")
_SHIFT = re.compile(r"(lsl|lsr|asr|ror|[su]xt[bhwx])(?: #(\w+))?")
_VECTOR = re.compile(r"([bhsdqv])(\d+)(?:\.(\d*)([bhsd])(?:\[(\d)\])?)?")
_BITS = {"b": 8, "h": 16, "s": 32, "d": 64, "q": 128}


@lru_cache(maxsize=1 << 14)
def parse(text: str) -> Operands:
    return tuple(_operand(part) for part in _SPLIT.split(text)) if text else ()


def _operand(text: str) -> Operand:
    if text in _REGISTERS:
        return _REGISTERS[text]
    if text.startswith("#"):
        try:
            return ArmImmediate(int(text[1:], 0) & MASK)
        except ValueError:
            return ArmWord(text)
    if text.startswith("["):
        return _cell(text) or ArmWord(text)
    if found := _SHIFT.fullmatch(text):
        return ArmShift(found[1], int(found[2] or "0", 0))
    if found := _VECTOR.fullmatch(text):
        letter, number, count, element, lane = found.groups()
        if lane is not None:
            return ArmVector(int(number), _BITS[element], int(lane))
        if element is not None:
            return ArmVector(int(number), int(count or 1) * _BITS[element])
        return ArmVector(int(number), _BITS.get(letter, 128))
    return ArmWord(text)


def _cell(text: str) -> ArmMemory | None:
    before = text.endswith("!")
    base, *rest = text.strip("[]!").split(", ")
    if base not in _REGISTERS or not text.rstrip("!").endswith("]"):
        return None
    index, shift, amount, displacement = None, "", 0, 0
    for part in rest:
        if part in _REGISTERS:
            index = _REGISTERS[part]
        elif part.startswith("#"):
            displacement = int(part[1:], 0)
        elif found := _SHIFT.fullmatch(part):
            shift, amount = found[1], int(found[2] or "0", 0)
        else:
            return None
    return ArmMemory(_REGISTERS[base].number, index, shift, amount, displacement, before)


def read(state: PathState, operand: Operand) -> Value:
    if isinstance(operand, ArmRegister):
        return state.settle(truncate(state.settle(state.registers[operand.number]), operand.bits))
    if isinstance(operand, ArmImmediate):
        return operand.value
    if isinstance(operand, ArmVector):
        low, high = state.vectors[operand.number]
        if operand.lane is not None:
            return (low, high)[operand.lane] if operand.bits == 64 and operand.lane < 2 else Symbol()
        return state.settle(truncate(low, operand.bits)) if operand.bits <= 64 else Symbol()
    return Symbol()


def write(state: PathState, operand: Operand, value: Value) -> None:
    if isinstance(operand, ArmRegister):
        if operand.number != ZERO:
            state.registers[operand.number] = truncate(value, operand.bits)
    elif isinstance(operand, ArmVector):
        if operand.lane is None and operand.bits <= 64:
            state.vectors[operand.number] = (truncate(value, operand.bits), 0)
        elif operand.bits == 64 and operand.lane in {0, 1}:
            low, high = state.vectors[operand.number]
            state.vectors[operand.number] = (value, high) if operand.lane == 0 else (low, value)
        else:
            state.vectors[operand.number] = (Symbol(), Symbol())


def shifted(value: Value, bits: int, kind: str, amount: int) -> Value:
    if not isinstance(value, int):
        return value if (kind, amount) == ("lsl", 0) else Symbol()
    if kind == "lsl":
        return value << amount & ((1 << bits) - 1)
    if kind == "lsr":
        return value >> amount
    if kind == "asr":
        return signed(value, bits) >> amount & ((1 << bits) - 1)
    if kind == "ror":
        return (value >> amount | value << (bits - amount)) & ((1 << bits) - 1)
    width = {"b": 8, "h": 16, "w": 32, "x": 64}[kind[3]]
    value &= (1 << width) - 1
    if kind[0] == "s":
        value = signed(value, width)
    return value << amount & ((1 << bits) - 1)


def last(state: PathState, operands: Operands, bits: int) -> Value:
    """The value of the last operand, with any shift that follows it applied."""
    final = operands[-1]
    if isinstance(final, ArmShift):
        return shifted(read(state, operands[-2]), bits, final.kind, final.amount)
    return read(state, final)


def bits_of(operand: Operand) -> int:
    return operand.bits if isinstance(operand, ArmRegister | ArmVector) else 64


def address_of(state: PathState, cell: ArmMemory) -> Value:
    address = state.settle(state.registers[cell.base])
    if not isinstance(address, int):
        return Symbol()
    address += cell.displacement
    if cell.index is not None:
        index = shifted(read(state, cell.index), 64, cell.shift or "lsl", cell.amount)
        if not isinstance(index, int):
            return Symbol()
        address += index
    return address & MASK


def update(state: PathState, cell: ArmMemory, rest: Operands) -> None:
    """Write back the address, before or after the access."""
    step = cell.displacement if cell.before else 0
    if rest and isinstance(rest[0], ArmImmediate):
        step = signed(rest[0].value, 64)
    if step and (cell.before or rest):
        base = state.settle(state.registers[cell.base])
        state.registers[cell.base] = (base + step) & MASK if isinstance(base, int) else Symbol()
