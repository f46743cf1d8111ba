"""Operands of x86-64 instructions in capstone's Intel syntax: parsing the text, reading and writing locations."""

# Why text instead of capstone's operand details (``insn.operands``): with 5.0.7, on the 30 modules of four wheels,
# details gave the same answers, but reading the modules took 1.4 times as long (AArch64: 1.6 times). The underlying
# ctypes structures cost about as much as text (0.9 and 1.1 times) but need private names of the binding. Details also
# omit parts of the text, such as the ``xmm0`` in ``pblendvb xmm7, xmm3, xmm0``.

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ftwheel.io.binaries.emulation.machine import THREAD, PathState, Symbol, Value, signed, truncate

__all__ = [
    "MASK",
    "Operand",
    "X86Immediate",
    "X86Memory",
    "X86Register",
    "X86Vector",
    "address_of",
    "bits_of",
    "extend",
    "parse",
    "read",
    "write",
]

_NUMBERED = [f"r{number}" for number in range(8, 16)]
_WIDE = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", *_NUMBERED]
MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class X86Register:
    """A general register or part of one; ``shift`` is 8 for ``ah``."""

    number: int
    bits: int
    shift: int = 0


@dataclass(frozen=True, slots=True)
class X86Vector:
    """A vector register; only the low 128 bits are tracked."""

    number: int
    bits: int


@dataclass(frozen=True, slots=True)
class X86Immediate:
    """An immediate operand."""

    value: int


@dataclass(frozen=True, slots=True)
class X86Memory:
    """A memory operand; ``size`` is 0 if the text states none (``lea``)."""

    size: int
    segment: str
    base: int | None
    index: int | None
    scale: int
    displacement: int
    relative: bool = False


Operand = X86Register | X86Vector | X86Immediate | X86Memory


def _registers() -> dict[str, X86Register]:
    names: dict[str, X86Register] = {}
    for number, wide in enumerate(_WIDE):
        if number < 8:
            short = wide[1:]
            names |= {
                wide: X86Register(number, 64),
                "e" + short: X86Register(number, 32),
                short: X86Register(number, 16),
            }
            names[short[0] + "l" if number < 4 else short + "l"] = X86Register(number, 8)
            if number < 4:
                names[short[0] + "h"] = X86Register(number, 8, 8)
        else:
            for suffix, bits in (("", 64), ("d", 32), ("w", 16), ("b", 8)):
                names[wide + suffix] = X86Register(number, bits)
    return names


_REGISTERS = _registers()
_SIZES = {"byte": 1, "word": 2, "dword": 4, "qword": 8, "xmmword": 16, "ymmword": 32, "zmmword": 64, "xword": 10}
_CELL = re.compile(r"(?:(\w+) ptr )?(?:(\w\w):)?\[(.+)\]")
_TERM = re.compile(r"([+-]?) ?([^ +-]+)")
_VECTOR = re.compile(r"([xyz])mm(\d+)")


@lru_cache(maxsize=1 << 14)
def parse(text: str) -> tuple[Operand | None, ...]:
    return tuple(_operand(part) for part in text.split(", ")) if text else ()


def _operand(text: str) -> Operand | None:
    if text in _REGISTERS:
        return _REGISTERS[text]
    if found := _CELL.fullmatch(text):
        return _cell(found[1] or "", found[2] or "", found[3])
    if found := _VECTOR.fullmatch(text):
        return X86Vector(int(found[2]), {"x": 128, "y": 256, "z": 512}[found[1]])
    try:
        return X86Immediate(int(text, 0) & MASK)
    except ValueError:
        return None


def _cell(size: str, segment: str, inside: str) -> X86Memory | None:
    base = index = None
    scale, displacement, relative = 1, 0, False
    for sign, term in _TERM.findall(inside):
        name, star, factor = term.partition("*")
        if name == "rip":
            relative = True
        elif name in _REGISTERS:
            if star or base is not None:
                index, scale = _REGISTERS[name].number, int(factor) if star else 1
            else:
                base = _REGISTERS[name].number
        elif name not in {"riz", "eiz"}:
            try:
                displacement += int(term, 0) * (-1 if sign == "-" else 1)
            except ValueError:
                return None
    return X86Memory(_SIZES.get(size, 0), segment, base, index, scale, displacement, relative)


def address_of(state: PathState, cell: X86Memory) -> Value:
    address = cell.displacement + (THREAD if cell.segment in {"fs", "gs"} else 0)
    for number, scale in ((cell.base, 1), (cell.index, cell.scale)):
        if number is not None:
            value = state.settle(state.registers[number])
            if not isinstance(value, int):
                return Symbol()
            address += value * scale
    return address & MASK


def read(state: PathState, operand: Operand | None) -> Value:
    if isinstance(operand, X86Register):
        value = state.settle(state.registers[operand.number])
        if isinstance(value, int):
            return value >> operand.shift & ((1 << operand.bits) - 1)
        if operand.bits == 64:
            return value
        return Symbol() if operand.shift else state.settle(value.part(operand.bits))
    if isinstance(operand, X86Immediate):
        return operand.value
    if isinstance(operand, X86Memory):
        address = address_of(state, operand)
        if isinstance(address, int) and operand.size in {1, 2, 4, 8}:
            return state.settle(state.memory.load(address, operand.size))
    return Symbol()


def bits_of(operand: Operand | None) -> int:
    if isinstance(operand, X86Register | X86Vector):
        return operand.bits
    return operand.size * 8 if isinstance(operand, X86Memory) else 64


def write(state: PathState, operand: Operand | None, value: Value) -> None:
    if isinstance(operand, X86Register):
        if operand.bits >= 32:
            state.registers[operand.number] = truncate(value, operand.bits)
            return
        old = state.settle(state.registers[operand.number])
        if isinstance(old, int) and isinstance(value, int):
            mask = ((1 << operand.bits) - 1) << operand.shift
            state.registers[operand.number] = (old & ~mask) | value << operand.shift & mask
        elif isinstance(value, int) and not operand.shift:
            state.registers[operand.number] = Symbol.ending_in(value, operand.bits)
        else:
            state.registers[operand.number] = Symbol()
    elif isinstance(operand, X86Vector):
        state.vectors[operand.number] = (Symbol(), Symbol())
    elif isinstance(operand, X86Memory):
        address = address_of(state, operand)
        if isinstance(address, int):
            if operand.size in {1, 2, 4, 8}:
                state.memory.store(address, operand.size, truncate(value, 8 * operand.size))
            else:
                state.memory.forget(address, operand.size)


def extend(value: Value, bits: int) -> Value:
    return signed(value, bits) & MASK if isinstance(value, int) else value
