"""AArch64 for level 2: the counterpart of ``x86_64``, with the same contract but other instructions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, ClassVar

from ftwheel.io.binaries.emulation.aarch64_atomics import ATOMIC_FUNCTIONS
from ftwheel.io.binaries.emulation.aarch64_operands import (
    LINK,
    MASK,
    SP,
    ZERO,
    ArmImmediate,
    ArmMemory,
    ArmShift,
    ArmVector,
    ArmWord,
    Operand,
    Operands,
    address_of,
    bits_of,
    last,
    parse,
    read,
    shifted,
    update,
    write,
)
from ftwheel.io.binaries.emulation.machine import PathState, Symbol, Value, signed, truncate

__all__ = ["AArch64"]

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


Step = tuple[Callable[..., Any], tuple[Any, ...], int]


class AArch64:
    """The processor: decodes and runs steps. All three platforms pass the relevant arguments in the same way."""

    registers: ClassVar[int] = 33
    vectors: ClassVar[int] = 32
    arguments: ClassVar[int] = 8
    chunk: ClassVar[int] = 128  # bytes decoded at once

    def __init__(self, disassembler: Any) -> None:
        self._disassembler = disassembler

    def enter(self, state: PathState, stack: int, caller: int, thread_data: bytes = b"") -> None:
        """Set up the call of the init function; code reaches static thread data through calls, so it stays unknown."""
        state.registers[SP] = stack
        state.registers[LINK] = caller
        state.registers[ZERO] = 0

    def argument(self, state: PathState, number: int) -> Value:
        """The value of an argument on entry to a function."""
        return state.settle(state.registers[number])

    def result(self, state: PathState) -> Value:
        """The return value of a function."""
        return state.settle(state.registers[0])

    def leave(self, state: PathState, result: Value) -> Value:
        """Leave a function that is not walked with ``result``; return the address to continue at."""
        for number in range(1, 18):
            state.registers[number] = Symbol()
        state.registers[0] = result
        return state.settle(state.registers[LINK])

    def decode(self, code: bytes, address: int) -> Iterator[tuple[int, Step]]:
        """Decode steps, with their addresses, up to a transfer of control or the end of the bytes."""
        for at, size, mnemonic, text in self._disassembler.disasm_lite(code, address):
            operands = parse(text)
            function, extra = _function(mnemonic)
            if operands == (ArmImmediate(at),) and mnemonic == "b":
                function = _stop  # an endless loop, as Rust's "loop {}"
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


# Loads and stores


def _load(size: int = 0, sign: int = 0) -> Callable[[PathState, Operands], None]:
    """Loads of ``size`` bytes, 0 for the size of the register; with ``sign`` 1, the value is sign-extended."""

    def run(state: PathState, operands: Operands) -> None:
        target, cell, *rest = operands
        address = address_of(state, cell) if isinstance(cell, ArmMemory) else read(state, cell)
        _load_one(state, target, address, size or bits_of(target) // 8, sign)
        if isinstance(cell, ArmMemory):
            update(state, cell, tuple(rest))

    return run


def _load_one(state: PathState, target: Operand, address: Value, size: int, sign: int = 0) -> None:
    if isinstance(target, ArmVector) and size == 16:
        if isinstance(address, int):
            state.vectors[target.number] = (state.memory.load(address, 8), state.memory.load(address + 8, 8))
        else:
            state.vectors[target.number] = (Symbol(), Symbol())
        return
    value = state.settle(state.memory.load(address, size)) if isinstance(address, int) else Symbol()
    if sign:
        value = signed(value, size * 8) & MASK if isinstance(value, int) else Symbol()
    write(state, target, value)


def _load_pair(state: PathState, operands: Operands) -> None:
    first, second, cell, *rest = operands
    if isinstance(cell, ArmMemory):
        address, size = address_of(state, cell), bits_of(first) // 8
        _load_one(state, first, address, size)
        _load_one(state, second, address + size if isinstance(address, int) else address, size)
        update(state, cell, tuple(rest))


def _store(size: int = 0) -> Callable[[PathState, Operands], None]:
    def run(state: PathState, operands: Operands) -> None:
        source, cell, *rest = operands
        if isinstance(cell, ArmMemory):
            _store_one(state, source, address_of(state, cell), size or bits_of(source) // 8)
            update(state, cell, tuple(rest))

    return run


def _store_one(state: PathState, source: Operand, address: Value, size: int) -> None:
    if not isinstance(address, int):
        return
    if isinstance(source, ArmVector) and size == 16:
        low, high = state.vectors[source.number]
        state.memory.store(address, 8, low)
        state.memory.store(address + 8, 8, high)
    else:
        state.memory.store(address, size, truncate(read(state, source), 8 * size))


def _store_pair(state: PathState, operands: Operands) -> None:
    first, second, cell, *rest = operands
    if isinstance(cell, ArmMemory):
        address, size = address_of(state, cell), bits_of(first) // 8
        _store_one(state, first, address, size)
        _store_one(state, second, address + size if isinstance(address, int) else address, size)
        update(state, cell, tuple(rest))


def _store_exclusive(state: PathState, operands: Operands) -> None:
    """Always succeed, as an exclusive store does sooner or later."""
    status, source, cell = operands[0], operands[1], operands[-1]
    if isinstance(cell, ArmMemory):
        _store_one(state, source, address_of(state, cell), bits_of(source) // 8)
    write(state, status, 0)


# Arithmetic


def _mov(state: PathState, operands: Operands) -> None:
    target = operands[0]
    if isinstance(target, ArmVector) and target.bits > 64 and target.lane is None:
        source = operands[1]
        state.vectors[target.number] = (
            state.vectors[source.number] if isinstance(source, ArmVector) else (Symbol(), Symbol())
        )
    else:
        write(state, target, truncate(last(state, operands, bits_of(target)), bits_of(target)))


def _movn(state: PathState, operands: Operands) -> None:
    value = last(state, operands, 64)
    bits = bits_of(operands[0])
    write(state, operands[0], ~value & ((1 << bits) - 1) if isinstance(value, int) else Symbol())


def _movk(state: PathState, operands: Operands) -> None:
    shift = operands[2].amount if len(operands) > 2 and isinstance(operands[2], ArmShift) else 0
    old, part = read(state, operands[0]), read(state, operands[1])
    if isinstance(old, int) and isinstance(part, int):
        write(state, operands[0], (old & ~(0xFFFF << shift)) | part << shift)
    else:
        write(state, operands[0], Symbol())


def _adr(state: PathState, operands: Operands) -> None:
    write(state, operands[0], read(state, operands[1]))


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


def _binary(kind: str, *, flags: bool = False, target: bool = True) -> Callable[[PathState, Operands], None]:
    """Operations with three operands; without ``target`` (``cmp``, ``tst``), the first is missing."""

    def run(state: PathState, operands: Operands) -> None:
        first = operands[1] if target else operands[0]
        if isinstance(first, ArmVector):
            _vector_binary(state, kind, operands)
            return
        bits = bits_of(first)
        mask = (1 << bits) - 1
        left, right = read(state, first), last(state, operands[1:] if target else operands, bits)
        if isinstance(right, int):
            right &= mask
        value: Value
        if isinstance(left, int) and isinstance(right, int):
            value = _COMPUTE[kind](left, right) & mask
        elif (kind == "and" and left is right) or (kind == "add" and right == 0):
            value = left
        else:
            value = 0 if kind == "and" and 0 in (left, right) else Symbol()
        if flags:
            if kind == "sub":
                state.flags = ("sub", left, right, bits)
            elif kind == "add" and isinstance(left, int) and isinstance(right, int):
                state.flags = ("plus", left, right, bits)
            else:  # the carry after a logical operation has a different meaning than on x86
                state.flags = ("zero", value, 0, bits)
        if target:
            write(state, operands[0], value)

    return run


def _pair(state: PathState, operand: Operand) -> tuple[Value, Value]:
    return state.vectors[operand.number] if isinstance(operand, ArmVector) else (Symbol(), Symbol())


def _vector_binary(state: PathState, kind: str, operands: Operands) -> None:
    target, left, right = operands[0], operands[1], operands[-1]
    if isinstance(target, ArmVector):
        same = isinstance(left, ArmVector) and left == right
        pair: tuple[Value, Value] = (Symbol(), Symbol())
        if same and kind == "eor":
            pair = (0, 0)
        elif same and kind == "orr":
            pair = _pair(state, left)
        state.vectors[target.number] = pair


def _compare_if(kind: str) -> Callable[[PathState, Operands], None]:
    """``ccmp`` and ``ccmn``: compare, or set the flags to a constant, which is kept only if one flag decides."""

    def run(state: PathState, operands: Operands) -> None:
        left, right, constant, condition = operands
        word = condition.text if isinstance(condition, ArmWord) else ""
        holds = state.compare(_CONDITIONS.get(word, ""))
        if holds:
            _binary(kind, flags=True, target=False)(state, (left, right))
        elif holds is False and isinstance(constant, ArmImmediate) and constant.value in {0, 4}:
            state.flags = ("equal", int(constant.value != 4), 0, 64)
        else:
            state.flags = None

    return run


def _multiply_add(sign: int) -> Callable[[PathState, Operands], None]:
    """``madd x0, x1, x2, x3`` (x3 + x1 * x2) and ``msub`` (x3 - x1 * x2)"""

    def run(state: PathState, operands: Operands) -> None:
        target, *sources = operands
        one, two, base = (read(state, source) for source in sources)
        if isinstance(one, int) and isinstance(two, int) and isinstance(base, int):
            write(state, target, (base + sign * one * two) & ((1 << bits_of(target)) - 1))
        else:
            write(state, target, Symbol())

    return run


def _multiply_high(state: PathState, operands: Operands) -> None:
    one, two = read(state, operands[1]), read(state, operands[2])
    write(state, operands[0], one * two >> 64 if isinstance(one, int) and isinstance(two, int) else Symbol())


def _bit_field(kind: str) -> Callable[[PathState, Operands], None]:
    """``ubfx w0, w1, #4, #8``: the 8 bits of w1 from bit 4 on; ``ubfiz``: the low 8 bits, to bit 4.

    ``sbfx`` and ``sbfiz`` extend the sign; ``bfxil`` and ``bfi`` keep the other bits of the target.
    """

    def run(state: PathState, operands: Operands) -> None:
        target, source, *numbers = operands
        value, (low, width) = read(state, source), (_constant(number) for number in numbers)
        bits, field = bits_of(target), (1 << width) - 1
        at = low if kind in {"ubfiz", "sbfiz", "bfi"} else 0
        old = read(state, target) if kind in {"bfi", "bfxil"} else 0
        if not isinstance(value, int) or not isinstance(old, int):
            write(state, target, Symbol())
            return
        part = (value if at else value >> low) & field
        if kind[0] == "s":
            part = signed(part, width)
        write(state, target, ((old & ~(field << at)) | part << at) & ((1 << bits) - 1))

    return run


def _alias(kind: str) -> Callable[[PathState, Operands], None]:
    """``lsl x0, x1, #3`` and ``uxtw x0, w1``."""

    def run(state: PathState, operands: Operands) -> None:
        target, source = operands[0], operands[1]
        bits = bits_of(target)
        amount: Value = read(state, operands[2]) if len(operands) > 2 else 0
        if isinstance(amount, int):
            write(state, target, shifted(read(state, source), bits, kind, amount % bits))
        else:
            write(state, target, Symbol())

    return run


def _mvn(state: PathState, operands: Operands) -> None:
    value, bits = last(state, operands, bits_of(operands[0])), bits_of(operands[0])
    write(state, operands[0], ~value & ((1 << bits) - 1) if isinstance(value, int) else Symbol())


def _neg(state: PathState, operands: Operands) -> None:
    value, bits = last(state, operands, bits_of(operands[0])), bits_of(operands[0])
    write(state, operands[0], -value & ((1 << bits) - 1) if isinstance(value, int) else Symbol())


def _select(change: str) -> Callable[[PathState, Operands], None]:
    """``csel`` and its variants, which modify the second choice."""

    def run(state: PathState, operands: Operands) -> None:
        target, one, two, condition = operands
        holds = state.compare(_CONDITIONS.get(condition.text if isinstance(condition, ArmWord) else "", ""))
        bits = bits_of(target)
        if holds is None:
            write(state, target, Symbol())
            return
        value = read(state, one if holds else two)
        if not holds and change:
            value = _changed(value, change) & ((1 << bits) - 1) if isinstance(value, int) else Symbol()
        write(state, target, value)

    return run


def _changed(value: int, change: str) -> int:
    return {"inc": value + 1, "inv": ~value, "neg": -value}[change]


def _set_if(ones: int) -> Callable[[PathState, Operands], None]:
    """``cset`` and ``csetm``"""

    def run(state: PathState, operands: Operands) -> None:
        target, condition = operands
        holds = state.compare(_CONDITIONS.get(condition.text if isinstance(condition, ArmWord) else "", ""))
        value = ones & ((1 << bits_of(target)) - 1)
        write(state, target, Symbol() if holds is None else value * holds)

    return run


def _increment_if(state: PathState, operands: Operands) -> None:
    """``cinc x0, x1, eq``"""
    target, source, condition = operands
    holds = state.compare(_CONDITIONS.get(condition.text if isinstance(condition, ArmWord) else "", ""))
    value = read(state, source)
    if holds is None or not isinstance(value, int):
        write(state, target, Symbol())
    else:
        write(state, target, value + holds)


# Vectors


def _broadcast(state: PathState, operands: Operands) -> None:
    """``dup v0.2d, x1``"""
    target, source = operands
    if isinstance(target, ArmVector):
        value = read(state, source) if bits_of(source) == 64 else Symbol()
        state.vectors[target.number] = (value, value) if target.bits == 128 else (Symbol(), Symbol())


def _immediate(state: PathState, operands: Operands) -> None:
    """``movi v0.2d, #0``: only zero has the same bits in every arrangement."""
    target, source = operands[0], operands[1]
    if isinstance(target, ArmVector):
        zero = source == ArmImmediate(0)
        state.vectors[target.number] = (0, 0) if zero else (Symbol(), Symbol())


def _zip(state: PathState, operands: Operands) -> None:
    """``zip1 v0.2d, v1.2d, v2.2d``"""
    target, one, two = operands
    if isinstance(target, ArmVector):
        quads = target.bits == 128
        state.vectors[target.number] = (_pair(state, one)[0], _pair(state, two)[0]) if quads else (Symbol(), Symbol())


# Control


def _constant(operand: Operand) -> int:
    return operand.value if isinstance(operand, ArmImmediate) else 0


def _jump(state: PathState, operands: Operands) -> tuple[Any, ...]:
    return "jump", read(state, operands[0])


def _call(state: PathState, operands: Operands) -> tuple[Any, ...]:
    target = read(state, operands[0])
    state.registers[LINK] = state.pc
    return "call", target


def _return(state: PathState, operands: Operands) -> tuple[Any, ...]:
    return "return", read(state, operands[0]) if operands else state.settle(state.registers[LINK])


def _branch_if(state: PathState, condition: str, operands: Operands) -> tuple[Any, ...]:
    return (
        "branch",
        state.compare(condition),
        _constant(operands[0]),
        lambda path, holds: path.assume(condition, holds),
    )


def _branch_zero(zero: bool) -> Callable[[PathState, Operands], tuple[Any, ...]]:
    """``cbz`` and ``cbnz``, with flags of their own so that one rule for facts serves both processors."""

    def run(state: PathState, operands: Operands) -> tuple[Any, ...]:
        flags = ("sub", read(state, operands[0]), 0, bits_of(operands[0]))
        condition = "e" if zero else "ne"
        kept, state.flags = state.flags, flags
        holds = state.compare(condition)
        state.flags = kept

        def assume(path: PathState, taken: bool) -> None:
            saved, path.flags = path.flags, flags
            path.assume(condition, taken)
            path.flags = saved

        return "branch", holds, _constant(operands[1]), assume

    return run


def _branch_bit(one: bool) -> Callable[[PathState, Operands], tuple[Any, ...]]:
    """``tbz`` and ``tbnz``"""

    def run(state: PathState, operands: Operands) -> tuple[Any, ...]:
        value, bit = read(state, operands[0]), read(state, operands[1])
        holds = bool(value >> bit & 1) == one if isinstance(value, int) and isinstance(bit, int) else None
        return "branch", holds, _constant(operands[2]), lambda path, taken: None

    return run


def _stop(state: PathState, operands: Operands) -> tuple[Any, ...]:
    return ("stop",)


def _nothing(state: PathState, operands: Operands) -> None:
    pass


def _unknown(state: PathState, operands: Operands) -> None:
    """An instruction that is not modelled: everything it could write becomes unknown."""
    state.flags = None
    cells = [operand for operand in operands if isinstance(operand, ArmMemory)]
    for operand in operands[: 2 if cells else 1]:
        write(state, operand, Symbol())
        if isinstance(operand, ArmWord) and operand.text.startswith("{"):
            state.vectors = [(Symbol(), Symbol()) for _ in state.vectors]
    for cell in cells:
        address = address_of(state, cell)
        if isinstance(address, int):
            state.memory.forget(address, 64)
        if cell.before or operands[-1] is not cell:
            state.registers[cell.base] = Symbol()


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("ldr", "ldur", "ldar", "ldapr", "ldapur", "ldxr", "ldaxr"), _load()),
    **dict.fromkeys(("ldrb", "ldurb", "ldarb", "ldaprb", "ldapurb", "ldxrb", "ldaxrb"), _load(1)),
    **dict.fromkeys(("ldrh", "ldurh", "ldarh", "ldaprh", "ldapurh", "ldxrh", "ldaxrh"), _load(2)),
    **dict.fromkeys(("ldrsw", "ldursw"), _load(4, 1)),
    **dict.fromkeys(("ldrsh", "ldursh"), _load(2, 1)),
    **dict.fromkeys(("ldrsb", "ldursb"), _load(1, 1)),
    **dict.fromkeys(("str", "stur", "stlr", "stlur"), _store()),
    **dict.fromkeys(("strb", "sturb", "stlrb", "stlurb"), _store(1)),
    **dict.fromkeys(("strh", "sturh", "stlrh", "stlurh"), _store(2)),
    **dict.fromkeys(("stxr", "stlxr"), _store_exclusive),
    "ldp": _load_pair,
    "stp": _store_pair,
    "ldnp": _load_pair,
    "stnp": _store_pair,
    **dict.fromkeys(("mov", "movz", "fmov"), _mov),
    **ATOMIC_FUNCTIONS,
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
    "ccmp": _compare_if("sub"),
    "ccmn": _compare_if("add"),
    "madd": _multiply_add(1),
    "msub": _multiply_add(-1),
    "umulh": _multiply_high,
    **{name: _bit_field(name) for name in ("ubfx", "sbfx", "ubfiz", "sbfiz", "bfi", "bfxil")},
    **{name: _alias(name) for name in ("lsl", "lsr", "asr", "sxtb", "sxth", "sxtw", "uxtb", "uxth", "uxtw")},
    "mvn": _mvn,
    "neg": _neg,
    "csel": _select(""),
    "csinc": _select("inc"),
    "csinv": _select("inv"),
    "csneg": _select("neg"),
    "cset": _set_if(1),
    "csetm": _set_if(MASK),
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
