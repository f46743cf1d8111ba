"""AArch64 for level 2, the counterpart of ``x86_64``: same contract, other instructions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

from ftwheel.io.binaries.machine import State, Symbol, Value, signed, truncate

__all__ = ["AArch64"]

_MASK = (1 << 64) - 1
_LINK, _SP, _ZERO = 30, 31, 32
_CONDITIONS = {
    "eq": "e",
    "ne": "ne",
    "hs": "ae",
    "cs": "ae",
    "lo": "b",
    "cc": "b",
    "mi": "s",
    "pl": "ns",
    "vs": "o",
    "vc": "no",
    "hi": "a",
    "ls": "be",
    "ge": "ge",
    "lt": "l",
    "gt": "g",
    "le": "le",
}
_OPPOSITE = {
    name: other
    for one, two in (("e", "ne"), ("ae", "b"), ("s", "ns"), ("o", "no"), ("a", "be"), ("ge", "l"), ("g", "le"))
    for name, other in ((one, two), (two, one))
}


@dataclass(frozen=True, slots=True)
class Register:
    """A general register: 0 to 30, 31 the stack pointer, 32 always zero."""

    number: int
    bits: int


@dataclass(frozen=True, slots=True)
class Vector:
    """A vector register or a part of it: ``q0``, ``d0``, ``v0.2d``, ``v0.d[1]``."""

    number: int
    bits: int
    lane: int | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """An immediate operand."""

    value: int


@dataclass(frozen=True, slots=True)
class Cell:
    """A memory operand; ``before`` writes the address back (``[x0, #8]!``)."""

    base: int
    index: Register | None
    shift: str
    amount: int
    displacement: int
    before: bool


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift or extension of the operand before it."""

    kind: str
    amount: int


@dataclass(frozen=True, slots=True)
class Word:
    """Anything else, such as a condition."""

    text: str


Operand = Register | Vector | Number | Cell | Shift | Word
Operands = tuple[Operand, ...]

_REGISTERS = {
    **{f"{letter}{number}": Register(number, bits) for number in range(31) for letter, bits in (("x", 64), ("w", 32))},
    "sp": Register(_SP, 64),
    "wsp": Register(_SP, 32),
    "xzr": Register(_ZERO, 64),
    "wzr": Register(_ZERO, 32),
    "fp": Register(29, 64),
    "lr": Register(_LINK, 64),
}
_SPLIT = re.compile(r", (?![^\[{]*[\]}])")
_SHIFT = re.compile(r"(lsl|lsr|asr|ror|[su]xt[bhwx])(?: #(\w+))?")
_VECTOR = re.compile(r"([bhsdqv])(\d+)(?:\.(\d*)([bhsd])(?:\[(\d)\])?)?")
_BITS = {"b": 8, "h": 16, "s": 32, "d": 64, "q": 128}


@lru_cache(maxsize=1 << 14)
def _parse(text: str) -> Operands:
    return tuple(_operand(part) for part in _SPLIT.split(text)) if text else ()


def _operand(text: str) -> Operand:
    if text in _REGISTERS:
        return _REGISTERS[text]
    if text.startswith("#"):
        try:
            return Number(int(text[1:], 0) & _MASK)
        except ValueError:
            return Word(text)
    if text.startswith("["):
        return _cell(text) or Word(text)
    if found := _SHIFT.fullmatch(text):
        return Shift(found[1], int(found[2] or "0", 0))
    if found := _VECTOR.fullmatch(text):
        letter, number, count, element, lane = found.groups()
        if lane is not None:
            return Vector(int(number), _BITS[element], int(lane))
        if element is not None:
            return Vector(int(number), int(count or 1) * _BITS[element])
        return Vector(int(number), _BITS.get(letter, 128))
    return Word(text)


def _cell(text: str) -> Cell | None:
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
    return Cell(_REGISTERS[base].number, index, shift, amount, displacement, before)


Step = tuple[Callable[..., Any], tuple[Any, ...], int]


class AArch64:
    """The processor: decodes steps and runs them. All three platforms pass the arguments looked at alike."""

    registers: ClassVar[int] = 33
    vectors: ClassVar[int] = 32
    arguments: ClassVar[int] = 8
    chunk: ClassVar[int] = 128  # bytes decoded at once

    def __init__(self, disassembler: Any) -> None:
        self._disassembler = disassembler

    def enter(self, state: State, stack: int, caller: int, thread_data: bytes = b"") -> None:
        """Set up the call of the init function; static thread data is reached through calls and stays unknown."""
        state.registers[_SP] = stack
        state.registers[_LINK] = caller
        state.registers[_ZERO] = 0

    def argument(self, state: State, number: int) -> Value:
        """The value of an argument on entry to a function."""
        return state.settle(state.registers[number])

    def result(self, state: State) -> Value:
        """What a function returned."""
        return state.settle(state.registers[0])

    def leave(self, state: State, result: Value) -> Value:
        """Return from a function that is not walked; gives the address to go on at."""
        for number in range(1, 18):
            state.registers[number] = Symbol()
        state.registers[0] = result
        return state.settle(state.registers[_LINK])

    def decode(self, code: bytes, address: int) -> Iterator[tuple[int, Step]]:
        """Decode instructions up to a transfer of control or the end of the bytes."""
        for at, size, mnemonic, text in self._disassembler.disasm_lite(code, address):
            operands = _parse(text)
            function, extra = _function(mnemonic)
            yield at, (function, (*extra, operands), at + size)
            if mnemonic in {"b", "br", "ret", "udf", "brk", "retaa", "retab", "braa", "brab", "braaz", "brabz"}:
                return


@lru_cache(maxsize=1 << 10)
def _function(name: str) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    if name in _FUNCTIONS:
        return _FUNCTIONS[name], ()
    if name.startswith("b.") and name[2:] in _CONDITIONS:
        return _branch_if, (_CONDITIONS[name[2:]],)
    return _unknown, ()


# Operands


def _read(state: State, operand: Operand) -> Value:
    if isinstance(operand, Register):
        return state.settle(truncate(state.settle(state.registers[operand.number]), operand.bits))
    if isinstance(operand, Number):
        return operand.value
    if isinstance(operand, Vector):
        low, high = state.vectors[operand.number]
        if operand.lane is not None:
            return (low, high)[operand.lane] if operand.bits == 64 and operand.lane < 2 else Symbol()
        return state.settle(truncate(low, operand.bits)) if operand.bits <= 64 else Symbol()
    return Symbol()


def _write(state: State, operand: Operand, value: Value) -> None:
    if isinstance(operand, Register):
        if operand.number != _ZERO:
            state.registers[operand.number] = truncate(value, operand.bits)
    elif isinstance(operand, Vector):
        if operand.lane is None and operand.bits <= 64:
            state.vectors[operand.number] = (truncate(value, operand.bits), 0)
        elif operand.bits == 64 and operand.lane in {0, 1}:
            low, high = state.vectors[operand.number]
            state.vectors[operand.number] = (value, high) if operand.lane == 0 else (low, value)
        else:
            state.vectors[operand.number] = (Symbol(), Symbol())


def _shifted(value: Value, bits: int, kind: str, amount: int) -> Value:
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


def _last(state: State, operands: Operands, bits: int) -> Value:
    """The last operand, with the shift that may follow it."""
    final = operands[-1]
    if isinstance(final, Shift):
        return _shifted(_read(state, operands[-2]), bits, final.kind, final.amount)
    return _read(state, final)


def _bits(operand: Operand) -> int:
    return operand.bits if isinstance(operand, Register | Vector) else 64


def _address(state: State, cell: Cell) -> Value:
    address = state.settle(state.registers[cell.base])
    if not isinstance(address, int):
        return Symbol()
    address += cell.displacement
    if cell.index is not None:
        index = _shifted(_read(state, cell.index), 64, cell.shift or "lsl", cell.amount)
        if not isinstance(index, int):
            return Symbol()
        address += index
    return address & _MASK


def _update(state: State, cell: Cell, rest: Operands) -> None:
    """Write the address back, before or after the access."""
    step = cell.displacement if cell.before else 0
    if rest and isinstance(rest[0], Number):
        step = signed(rest[0].value, 64)
    if step and (cell.before or rest):
        base = state.settle(state.registers[cell.base])
        state.registers[cell.base] = (base + step) & _MASK if isinstance(base, int) else Symbol()


# Loads and stores


def _load(size: int = 0, sign: int = 0) -> Callable[[State, Operands], None]:
    """``size`` in bytes, 0 for that of the register; ``sign`` 1 extends the sign."""

    def run(state: State, operands: Operands) -> None:
        target, cell, *rest = operands
        address = _address(state, cell) if isinstance(cell, Cell) else _read(state, cell)
        _load_one(state, target, address, size or _bits(target) // 8, sign)
        if isinstance(cell, Cell):
            _update(state, cell, tuple(rest))

    return run


def _load_one(state: State, target: Operand, address: Value, size: int, sign: int = 0) -> None:
    if isinstance(target, Vector) and size == 16:
        if isinstance(address, int):
            state.vectors[target.number] = (state.memory.load(address, 8), state.memory.load(address + 8, 8))
        else:
            state.vectors[target.number] = (Symbol(), Symbol())
        return
    value = state.settle(state.memory.load(address, size)) if isinstance(address, int) else Symbol()
    if sign:
        value = signed(value, size * 8) & _MASK if isinstance(value, int) else Symbol()
    _write(state, target, value)


def _load_pair(state: State, operands: Operands) -> None:
    first, second, cell, *rest = operands
    if isinstance(cell, Cell):
        address, size = _address(state, cell), _bits(first) // 8
        _load_one(state, first, address, size)
        _load_one(state, second, address + size if isinstance(address, int) else address, size)
        _update(state, cell, tuple(rest))


def _store(size: int = 0) -> Callable[[State, Operands], None]:
    def run(state: State, operands: Operands) -> None:
        source, cell, *rest = operands
        if isinstance(cell, Cell):
            _store_one(state, source, _address(state, cell), size or _bits(source) // 8)
            _update(state, cell, tuple(rest))

    return run


def _store_one(state: State, source: Operand, address: Value, size: int) -> None:
    if not isinstance(address, int):
        return
    if isinstance(source, Vector) and size == 16:
        low, high = state.vectors[source.number]
        state.memory.store(address, 8, low)
        state.memory.store(address + 8, 8, high)
    else:
        state.memory.store(address, size, truncate(_read(state, source), 8 * size))


def _store_pair(state: State, operands: Operands) -> None:
    first, second, cell, *rest = operands
    if isinstance(cell, Cell):
        address, size = _address(state, cell), _bits(first) // 8
        _store_one(state, first, address, size)
        _store_one(state, second, address + size if isinstance(address, int) else address, size)
        _update(state, cell, tuple(rest))


def _store_exclusive(state: State, operands: Operands) -> None:
    """Succeeds, as it does sooner or later."""
    status, source, cell = operands[0], operands[1], operands[-1]
    if isinstance(cell, Cell):
        _store_one(state, source, _address(state, cell), _bits(source) // 8)
    _write(state, status, 0)


# Arithmetic


def _mov(state: State, operands: Operands) -> None:
    target = operands[0]
    if isinstance(target, Vector) and target.bits > 64 and target.lane is None:
        source = operands[1]
        state.vectors[target.number] = state.vectors[source.number] if isinstance(source, Vector) else (Symbol(), Symbol())
    else:
        _write(state, target, truncate(_last(state, operands, _bits(target)), _bits(target)))


def _movn(state: State, operands: Operands) -> None:
    value = _last(state, operands, 64)
    bits = _bits(operands[0])
    _write(state, operands[0], ~value & ((1 << bits) - 1) if isinstance(value, int) else Symbol())


def _movk(state: State, operands: Operands) -> None:
    shift = operands[2].amount if len(operands) > 2 and isinstance(operands[2], Shift) else 0
    old, part = _read(state, operands[0]), _read(state, operands[1])
    if isinstance(old, int) and isinstance(part, int):
        _write(state, operands[0], (old & ~(0xFFFF << shift)) | part << shift)
    else:
        _write(state, operands[0], Symbol())


def _adr(state: State, operands: Operands) -> None:
    _write(state, operands[0], _read(state, operands[1]))


_COMPUTE: dict[str, Callable[[int, int], int]] = {
    "add": lambda left, right: left + right,
    "sub": lambda left, right: left - right,
    "and": lambda left, right: left & right,
    "orr": lambda left, right: left | right,
    "eor": lambda left, right: left ^ right,
    "bic": lambda left, right: left & ~right,
    "orn": lambda left, right: left | ~right,
    "eon": lambda left, right: left ^ ~right,
    "mul": lambda left, right: left * right,
}


def _binary(kind: str, *, flags: bool = False, target: bool = True) -> Callable[[State, Operands], None]:
    """Three operands; without ``target`` (``cmp``, ``tst``) the first one is missing."""

    def run(state: State, operands: Operands) -> None:
        first = operands[1] if target else operands[0]
        if isinstance(first, Vector):
            _vector_binary(state, kind, operands)
            return
        bits = _bits(first)
        mask = (1 << bits) - 1
        left, right = _read(state, first), _last(state, operands[1:] if target else operands, bits)
        if isinstance(right, int):
            right &= mask
        value: Value
        if isinstance(left, int) and isinstance(right, int):
            value = _COMPUTE[kind](left, right) & mask
        elif kind == "and" and left is right:
            value = left
        elif kind == "add" and right == 0:
            value = left
        else:
            value = 0 if kind == "and" and 0 in (left, right) else Symbol()
        if flags:
            # The carry of an addition or a logical operation means something else here than on x86.
            state.flags = ("sub", left, right, bits) if kind == "sub" else ("zero", value, 0, bits)
        if target:
            _write(state, operands[0], value)

    return run


def _vector_binary(state: State, kind: str, operands: Operands) -> None:
    target, left, right = operands[0], operands[1], operands[-1]
    if isinstance(target, Vector):
        same = isinstance(left, Vector) and left == right
        pair: tuple[Value, Value] = (Symbol(), Symbol())
        if same and kind == "eor":
            pair = (0, 0)
        elif same and kind == "orr" and isinstance(left, Vector):
            pair = state.vectors[left.number]
        state.vectors[target.number] = pair


def _compare_if(state: State, operands: Operands) -> None:
    """``ccmp``: compare, or set the flags to a constant; the constant is kept only where one flag decides."""
    left, right, constant, condition = operands
    word = condition.text if isinstance(condition, Word) else ""
    holds = state.compare(_CONDITIONS.get(word, ""))
    bits = _bits(left)
    if holds:
        value = _read(state, right)
        state.flags = ("sub", _read(state, left), value & ((1 << bits) - 1) if isinstance(value, int) else value, bits)
    elif holds is False and isinstance(constant, Number) and constant.value in {0, 4}:
        state.flags = ("equal", int(constant.value != 4), 0, 64)
    else:
        state.flags = None


def _alias(kind: str) -> Callable[[State, Operands], None]:
    """``lsl x0, x1, #3`` and ``uxtw x0, w1``."""

    def run(state: State, operands: Operands) -> None:
        target, source = operands[0], operands[1]
        bits = _bits(target)
        amount: Value = _read(state, operands[2]) if len(operands) > 2 else 0
        if isinstance(amount, int):
            _write(state, target, _shifted(_read(state, source), bits, kind, amount % bits))
        else:
            _write(state, target, Symbol())

    return run


def _mvn(state: State, operands: Operands) -> None:
    value, bits = _last(state, operands, _bits(operands[0])), _bits(operands[0])
    _write(state, operands[0], ~value & ((1 << bits) - 1) if isinstance(value, int) else Symbol())


def _neg(state: State, operands: Operands) -> None:
    value, bits = _last(state, operands, _bits(operands[0])), _bits(operands[0])
    _write(state, operands[0], -value & ((1 << bits) - 1) if isinstance(value, int) else Symbol())


def _select(change: str) -> Callable[[State, Operands], None]:
    """``csel`` and its relatives, which change the second choice."""

    def run(state: State, operands: Operands) -> None:
        target, one, two, condition = operands
        holds = state.compare(_CONDITIONS.get(condition.text if isinstance(condition, Word) else "", ""))
        bits = _bits(target)
        if holds is None:
            _write(state, target, Symbol())
            return
        value = _read(state, one if holds else two)
        if not holds and change:
            value = _changed(value, change) & ((1 << bits) - 1) if isinstance(value, int) else Symbol()
        _write(state, target, value)

    return run


def _changed(value: int, change: str) -> int:
    return {"inc": value + 1, "inv": ~value, "neg": -value}[change]


def _set_if(ones: int) -> Callable[[State, Operands], None]:
    """``cset`` and ``csetm``"""

    def run(state: State, operands: Operands) -> None:
        target, condition = operands
        holds = state.compare(_CONDITIONS.get(condition.text if isinstance(condition, Word) else "", ""))
        value = ones & ((1 << _bits(target)) - 1)
        _write(state, target, Symbol() if holds is None else value * holds)

    return run


def _increment_if(state: State, operands: Operands) -> None:
    """``cinc x0, x1, eq``"""
    target, source, condition = operands
    holds = state.compare(_CONDITIONS.get(condition.text if isinstance(condition, Word) else "", ""))
    value = _read(state, source)
    if holds is None or not isinstance(value, int):
        _write(state, target, Symbol())
    else:
        _write(state, target, value + holds)


# Vectors


def _broadcast(state: State, operands: Operands) -> None:
    """``dup v0.2d, x1``"""
    target, source = operands
    if isinstance(target, Vector):
        value = _read(state, source) if _bits(source) == 64 else Symbol()
        state.vectors[target.number] = (value, value) if target.bits == 128 else (Symbol(), Symbol())


def _immediate(state: State, operands: Operands) -> None:
    """``movi v0.2d, #0``: only zero is the same in every arrangement."""
    target, source = operands[0], operands[1]
    if isinstance(target, Vector):
        zero = source == Number(0)
        state.vectors[target.number] = (0, 0) if zero else (Symbol(), Symbol())


def _zip(state: State, operands: Operands) -> None:
    """``zip1 v0.2d, v1.2d, v2.2d``"""
    target, one, two = operands
    if isinstance(target, Vector):
        if isinstance(one, Vector) and isinstance(two, Vector) and target.bits == 128:
            state.vectors[target.number] = (state.vectors[one.number][0], state.vectors[two.number][0])
        else:
            state.vectors[target.number] = (Symbol(), Symbol())


# Control


def _target(operand: Operand) -> int:
    return operand.value if isinstance(operand, Number) else 0


def _jump(state: State, operands: Operands) -> tuple[Any, ...]:
    return "jump", _read(state, operands[0])


def _call(state: State, operands: Operands) -> tuple[Any, ...]:
    target = _read(state, operands[0])
    state.registers[_LINK] = state.pc
    return "call", target


def _return(state: State, operands: Operands) -> tuple[Any, ...]:
    return "return", _read(state, operands[0]) if operands else state.settle(state.registers[_LINK])


def _branch_if(state: State, condition: str, operands: Operands) -> tuple[Any, ...]:
    return (
        "branch",
        state.compare(condition),
        _target(operands[0]),
        lambda path, holds: path.assume(condition, holds),
    )


def _branch_zero(zero: bool) -> Callable[[State, Operands], tuple[Any, ...]]:
    """``cbz`` and ``cbnz``, through flags of their own so that one rule of facts serves both processors."""

    def run(state: State, operands: Operands) -> tuple[Any, ...]:
        flags = ("sub", _read(state, operands[0]), 0, _bits(operands[0]))
        condition = "e" if zero else "ne"
        kept, state.flags = state.flags, flags
        holds = state.compare(condition)
        state.flags = kept

        def assume(path: State, taken: bool) -> None:
            saved, path.flags = path.flags, flags
            path.assume(condition, taken)
            path.flags = saved

        return "branch", holds, _target(operands[1]), assume

    return run


def _branch_bit(one: bool) -> Callable[[State, Operands], tuple[Any, ...]]:
    """``tbz`` and ``tbnz``"""

    def run(state: State, operands: Operands) -> tuple[Any, ...]:
        value, bit = _read(state, operands[0]), _read(state, operands[1])
        holds = bool(value >> bit & 1) == one if isinstance(value, int) and isinstance(bit, int) else None
        return "branch", holds, _target(operands[2]), lambda path, taken: None

    return run


def _stop(state: State, operands: Operands) -> tuple[Any, ...]:
    return ("stop",)


def _nothing(state: State, operands: Operands) -> None:
    pass


def _unknown(state: State, operands: Operands) -> None:
    """An instruction that is not modelled: what it could write is unknown afterwards."""
    state.flags = None
    cells = [operand for operand in operands if isinstance(operand, Cell)]
    for operand in operands[: 2 if cells else 1]:
        _write(state, operand, Symbol())
        if isinstance(operand, Word) and operand.text.startswith("{"):
            state.vectors = [(Symbol(), Symbol()) for _ in state.vectors]
    for cell in cells:
        address = _address(state, cell)
        if isinstance(address, int):
            state.memory.forget(address, 64)
        if cell.before or operands[-1] is not cell:
            state.registers[cell.base] = Symbol()


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("ldr", "ldur", "ldar", "ldapr", "ldapur", "ldxr", "ldaxr"), _load()),
    **dict.fromkeys(("ldrb", "ldurb", "ldarb", "ldaprb", "ldxrb", "ldaxrb"), _load(1)),
    **dict.fromkeys(("ldrh", "ldurh", "ldarh", "ldaprh", "ldxrh", "ldaxrh"), _load(2)),
    **dict.fromkeys(("ldrsw", "ldursw"), _load(4, 1)),
    **dict.fromkeys(("ldrsh", "ldursh"), _load(2, 1)),
    **dict.fromkeys(("ldrsb", "ldursb"), _load(1, 1)),
    **dict.fromkeys(("str", "stur", "stlr", "stlur"), _store()),
    **dict.fromkeys(("strb", "sturb", "stlrb"), _store(1)),
    **dict.fromkeys(("strh", "sturh", "stlrh"), _store(2)),
    **dict.fromkeys(("stxr", "stlxr"), _store_exclusive),
    "ldp": _load_pair,
    "stp": _store_pair,
    "ldnp": _load_pair,
    "stnp": _store_pair,
    **dict.fromkeys(("mov", "movz", "fmov"), _mov),
    "movn": _movn,
    "movk": _movk,
    "adr": _adr,
    "adrp": _adr,
    **{name: _binary(name) for name in _COMPUTE},
    **{f"{name}s": _binary(name, flags=True) for name in ("add", "sub", "and", "bic")},
    "ands": _binary("and", flags=True),
    "cmp": _binary("sub", flags=True, target=False),
    "cmn": _binary("add", flags=True, target=False),
    "tst": _binary("and", flags=True, target=False),
    "ccmp": _compare_if,
    **{name: _alias(name) for name in ("lsl", "lsr", "asr", "sxtb", "sxth", "sxtw", "uxtb", "uxth", "uxtw")},
    "mvn": _mvn,
    "neg": _neg,
    "csel": _select(""),
    "csinc": _select("inc"),
    "csinv": _select("inv"),
    "csneg": _select("neg"),
    "cset": _set_if(1),
    "csetm": _set_if(_MASK),
    "cinc": _increment_if,
    "dup": _broadcast,
    "ins": _mov,
    "movi": _immediate,
    "zip1": _zip,
    **dict.fromkeys(
        ("nop", "bti", "paciasp", "autiasp", "pacibsp", "autibsp", "xpaclri", "hint", "dmb", "dsb", "isb", "prfm"),
        _nothing,
    ),
    "b": _jump,
    "br": _jump,
    "bl": _call,
    "blr": _call,
    "ret": _return,
    "retaa": _return,
    "retab": _return,
    **dict.fromkeys(("braa", "brab", "braaz", "brabz"), _jump),
    **dict.fromkeys(("blraa", "blrab", "blraaz", "blrabz"), _call),
    "cbz": _branch_zero(zero=True),
    "cbnz": _branch_zero(zero=False),
    "tbz": _branch_bit(one=False),
    "tbnz": _branch_bit(one=True),
    "udf": _stop,
    "brk": _stop,
}
