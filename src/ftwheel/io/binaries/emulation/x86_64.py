"""x86-64 for level 2: the effects of the instructions in init functions on registers and memory.

Instructions arrive as capstone's Intel-syntax text. An instruction that is not modelled makes its destination unknown,
which may cost an answer but never changes one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, ClassVar

from ftwheel.io.binaries.emulation.machine import THREAD, PathState, Symbol, Value, signed, truncate
from ftwheel.io.binaries.emulation.x86_64_operands import (
    MASK,
    Operand,
    X86Immediate,
    X86Memory,
    X86Register,
    address_of,
    bits_of,
    extend,
    parse,
    read,
    write,
)
from ftwheel.io.binaries.emulation.x86_64_vectors import VECTOR_FUNCTIONS

__all__ = ["X86"]

_RSP, _RBP = 4, 5
_THREAD_TABLE = THREAD + 0x10000  # Windows: one block of static thread data per module, ours first
_THREAD_BLOCK = THREAD + 0x20000
_CONDITIONS = {
    **{name: name for name in ("e", "ne", "b", "ae", "be", "a", "l", "ge", "le", "g", "s", "ns", "o", "no")},
    "z": "e",
    "nz": "ne",
    "c": "b",
    "nc": "ae",
}


Step = tuple[Callable[..., Any], tuple[Any, ...], int]


class X86:
    """The processor: decodes and runs steps; ``windows`` selects the calling convention."""

    registers: ClassVar[int] = 16
    vectors: ClassVar[int] = 32
    chunk: ClassVar[int] = 96  # bytes decoded at once

    def __init__(self, disassembler: Any, *, windows: bool) -> None:
        self._disassembler = disassembler
        self._windows = windows
        # rcx rdx r8 r9, or rdi rsi rdx rcx r8 r9
        self._arguments = (1, 2, 8, 9) if windows else (7, 6, 2, 1, 8, 9)
        self._clobbered = (0, 1, 2, 8, 9, 10, 11) if windows else (0, 1, 2, 6, 7, 8, 9, 10, 11)

    def enter(self, state: PathState, stack: int, caller: int, thread_data: bytes = b"") -> None:
        """Set up the call of the init function; ``thread_data`` is the initial part of a thread's static data."""
        state.registers[_RSP] = stack - 8
        state.memory.store(stack - 8, 8, caller)
        state.memory.store(THREAD, 8, THREAD)  # Linux: the thread pointer; the stack canary is at offset 0x28
        if self._windows:
            state.memory.store(THREAD + 0x30, 8, THREAD)
            state.memory.store(THREAD + 0x58, 8, _THREAD_TABLE)
            state.memory.store(_THREAD_TABLE, 8, _THREAD_BLOCK)
            for at, byte in enumerate(thread_data):
                state.memory.store(_THREAD_BLOCK + at, 1, byte)

    def argument(self, state: PathState, number: int) -> Value:
        """The value of an argument on entry to a function."""
        return state.settle(state.registers[self._arguments[number]])

    @property
    def arguments(self) -> int:
        """How many arguments are passed in registers."""
        return len(self._arguments)

    def result(self, state: PathState) -> Value:
        """The return value of a function."""
        return state.settle(state.registers[0])

    def leave(self, state: PathState, result: Value) -> Value:
        """Leave a function that is not walked with ``result``; return the address to continue at."""
        for number in self._clobbered:
            state.registers[number] = Symbol()
        state.registers[0] = result
        return _pop(state)

    def decode(self, code: bytes, address: int) -> Iterator[tuple[int, Step]]:
        """Decode steps, with their addresses, up to a transfer of control or the end of the bytes."""
        for at, size, mnemonic, text in self._disassembler.disasm_lite(code, address):
            after = at + size
            operands = tuple(
                X86Memory(o.size, o.segment, o.base, o.index, o.scale, o.displacement + after)
                if isinstance(o, X86Memory) and o.relative
                else o
                for o in parse(text)
            )
            name = mnemonic.rpartition(" ")[2] if mnemonic.startswith(("lock", "bnd", "notrack")) else mnemonic
            function, extra = _function(name)
            if name == "jmp" and operands == (X86Immediate(at),):
                function = _stop  # an endless loop, as Rust's "loop {}"
            yield at, (function, (*extra, operands), after)
            if name in {"jmp", "ret", "ud2", "int3", "hlt"}:
                return


@lru_cache(maxsize=1 << 10)
def _function(name: str) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    if name in _FUNCTIONS:
        return _FUNCTIONS[name], ()
    if name.startswith("rep") or re.fullmatch(r"(lods|stos|scas|movs|cmps)[bwdq]", name):
        return _clobber, ()
    for prefix, function in (("j", _jump_if), ("set", _set_if), ("cmov", _move_if)):
        if name.startswith(prefix) and name[len(prefix) :] in _CONDITIONS:
            return function, (_CONDITIONS[name[len(prefix) :]],)
    if name.startswith("v") and name[1:] in VECTOR_FUNCTIONS:
        return VECTOR_FUNCTIONS[name[1:]], ()
    return _unknown, ()


# Data movement


def _mov(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    target, source = operands
    value = read(state, source)
    bits = bits_of(target)
    write(state, target, truncate(value, bits) if isinstance(value, int) else value)


def _movzx(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    write(state, operands[0], read(state, operands[1]))


def _movsx(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    target, source = operands
    value = extend(read(state, source), bits_of(source))
    write(state, target, value if isinstance(value, int) else Symbol())


def _extend_accumulator(state: PathState, _: tuple[Operand | None, ...]) -> None:
    value = state.settle(state.registers[0])
    state.registers[0] = extend(value & 0xFFFFFFFF, 32) if isinstance(value, int) else Symbol()


def _lea(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    target, source = operands
    write(state, target, address_of(state, source) if isinstance(source, X86Memory) else Symbol())


def _push(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    _push_value(state, read(state, operands[0]))


def _push_value(state: PathState, value: Value) -> None:
    stack = state.registers[_RSP]
    if isinstance(stack, int):
        stack = (stack - 8) & MASK
        state.registers[_RSP] = stack
        state.memory.store(stack, 8, value)


def _pop(state: PathState) -> Value:
    stack = state.settle(state.registers[_RSP])
    if not isinstance(stack, int):
        return Symbol()
    state.registers[_RSP] = (stack + 8) & MASK
    return state.settle(state.memory.load(stack, 8))


def _pop_into(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    write(state, operands[0], _pop(state))


def _leave(state: PathState, _: tuple[Operand | None, ...]) -> None:
    state.registers[_RSP] = state.registers[_RBP]
    state.registers[_RBP] = _pop(state)


def _xchg(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    first, second = operands
    one, two = read(state, first), read(state, second)
    write(state, first, two)
    write(state, second, one)


def _cmpxchg(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    target, source = operands
    bits = bits_of(target)
    accumulator = X86Register(0, bits)
    old, expected = read(state, target), read(state, accumulator)
    state.flags = ("sub", old, expected, bits)
    if isinstance(old, int) and isinstance(expected, int):
        if old == expected:
            write(state, target, read(state, source))
        else:
            write(state, accumulator, old)
    else:
        write(state, target, Symbol())
        write(state, accumulator, Symbol())


def _xadd(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    target, source = operands
    old, more = read(state, target), read(state, source)
    state.flags = ("add", old, more, bits_of(target))
    total = old + more if isinstance(old, int) and isinstance(more, int) else Symbol()
    write(state, source, old)
    write(state, target, truncate(total, bits_of(target)))


def _nothing(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    pass


# Arithmetic


def _binary(kind: str) -> Callable[[PathState, tuple[Operand | None, ...]], None]:
    def run(state: PathState, operands: tuple[Operand | None, ...]) -> None:
        target, source = operands[0], operands[1]
        bits = bits_of(target)
        mask = (1 << bits) - 1
        if target == source and kind in {"xor", "sub"}:
            left: Value = 0
            right: Value = 0
        else:
            left, right = read(state, target), read(state, source)
        if isinstance(right, int):
            right &= mask
        value: Value
        if isinstance(left, int) and isinstance(right, int):
            value = _COMPUTE[kind](left, right) & mask
        elif kind == "and" and 0 in (left, right):
            value = 0
        elif kind == "or" and mask in (left, right):
            value = mask
        else:
            value = Symbol()
        if kind in {"add", "sub"}:
            state.flags = (kind, left, right, bits)
        else:
            state.flags = ("sub", value, 0, bits)
        write(state, target, value)

    return run


_COMPUTE: dict[str, Callable[[int, int], int]] = {
    "add": lambda left, right: left + right,
    "sub": lambda left, right: left - right,
    "and": lambda left, right: left & right,
    "or": lambda left, right: left | right,
    "xor": lambda left, right: left ^ right,
}


def _cmp(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    left, right = read(state, operands[0]), read(state, operands[1])
    bits = bits_of(operands[0])
    state.flags = ("sub", left, right & ((1 << bits) - 1) if isinstance(right, int) else right, bits)


def _test(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    left, right = read(state, operands[0]), read(state, operands[1])
    if operands[0] == operands[1]:
        value = left
    elif isinstance(left, int) and isinstance(right, int):
        value = left & right
    else:
        value = 0 if 0 in (left, right) else Symbol()
    state.flags = ("sub", value, 0, bits_of(operands[0]))


def _step(kind: str) -> Callable[[PathState, tuple[Operand | None, ...]], None]:
    def run(state: PathState, operands: tuple[Operand | None, ...]) -> None:
        _binary(kind)(state, (operands[0], X86Immediate(1)))

    return run


def _neg(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    value, bits = read(state, operands[0]), bits_of(operands[0])
    state.flags = ("sub", 0, value, bits)
    write(state, operands[0], -value & ((1 << bits) - 1) if isinstance(value, int) else Symbol())


def _not(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    value, bits = read(state, operands[0]), bits_of(operands[0])
    write(state, operands[0], ~value & ((1 << bits) - 1) if isinstance(value, int) else Symbol())


def _shift(kind: str) -> Callable[[PathState, tuple[Operand | None, ...]], None]:
    def run(state: PathState, operands: tuple[Operand | None, ...]) -> None:
        bits = bits_of(operands[0])
        value = read(state, operands[0])
        count = read(state, operands[1]) if len(operands) > 1 else 1
        shifted: Value = Symbol()
        if isinstance(value, int) and isinstance(count, int):
            count &= 63 if bits == 64 else 31
            if kind == "shl":
                shifted = value << count & ((1 << bits) - 1)
            else:
                shifted = (value if kind == "shr" else signed(value, bits)) >> count & ((1 << bits) - 1)
        state.flags = ("sub", shifted, 0, bits)
        write(state, operands[0], shifted)

    return run


def _imul(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    state.flags = None
    if len(operands) == 1:
        state.registers[0], state.registers[2] = Symbol(), Symbol()
        return
    left, right = read(state, operands[-2]), read(state, operands[-1])
    bits = bits_of(operands[0])
    product: Value = Symbol()
    if isinstance(left, int) and isinstance(right, int):
        product = left * right & ((1 << bits) - 1)
    write(state, operands[0], product)


def _wide_arithmetic(state: PathState, _: tuple[Operand | None, ...]) -> None:
    state.flags = None
    state.registers[0], state.registers[2] = Symbol(), Symbol()


def _clobber(state: PathState, _: tuple[Operand | None, ...]) -> None:
    """Instructions with results in fixed registers: ``cpuid``, string instructions and the like."""
    state.flags = None
    for number in (0, 1, 2, 3, 6, 7):
        state.registers[number] = Symbol()


def _set_if(state: PathState, condition: str, operands: tuple[Operand | None, ...]) -> None:
    holds = state.compare(condition)
    write(state, operands[0], Symbol() if holds is None else int(holds))


def _move_if(state: PathState, condition: str, operands: tuple[Operand | None, ...]) -> None:
    holds = state.compare(condition)
    if holds is None:
        write(state, operands[0], Symbol())
    elif holds:
        _mov(state, operands)
    elif bits_of(operands[0]) == 32:
        write(state, operands[0], read(state, operands[0]))


def _fill(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    """``rep stosq`` and its narrower forms."""
    size = bits_of(operands[0]) // 8
    count, start = state.settle(state.registers[1]), state.settle(state.registers[7])
    if isinstance(start, int) and isinstance(count, int) and count <= 4096:
        state.work += count
        value = read(state, operands[1])
        for number in range(count):
            state.memory.store(start + number * size, size, value)
        state.registers[7], state.registers[1] = start + count * size, 0
    else:
        state.tainted = "a block of memory of unknown size is filled"


def _copy(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    """``rep movsq`` and its narrower forms."""
    size = bits_of(operands[0]) // 8
    count, start, source = (state.settle(state.registers[number]) for number in (1, 7, 6))
    if isinstance(start, int) and isinstance(source, int) and isinstance(count, int) and count <= 4096:
        state.work += 2 * count
        for number in range(count):
            state.memory.store(start + number * size, size, state.memory.load(source + number * size, size))
        state.registers[7], state.registers[6], state.registers[1] = start + count * size, source + count * size, 0
    else:
        state.tainted = "a block of memory of unknown size is copied"


# Control


def _jump(state: PathState, operands: tuple[Operand | None, ...]) -> tuple[Any, ...]:
    return "jump", read(state, operands[0])


def _call(state: PathState, operands: tuple[Operand | None, ...]) -> tuple[Any, ...]:
    target = read(state, operands[0])
    _push_value(state, state.pc)
    return "call", target


def _return(state: PathState, operands: tuple[Operand | None, ...]) -> tuple[Any, ...]:
    return "return", _pop(state)


def _jump_if(state: PathState, condition: str, operands: tuple[Operand | None, ...]) -> tuple[Any, ...]:
    target = operands[0]
    address = target.value if isinstance(target, X86Immediate) else 0
    return "branch", state.compare(condition), address, lambda path, holds: path.assume(condition, holds)


def _jump_if_none(state: PathState, operands: tuple[Operand | None, ...]) -> tuple[Any, ...]:
    """``jrcxz``"""
    value = state.settle(state.registers[1])
    target = operands[0]
    address = target.value if isinstance(target, X86Immediate) else 0
    return "branch", not value if isinstance(value, int) else None, address, lambda path, holds: None


def _stop(state: PathState, operands: tuple[Operand | None, ...]) -> tuple[Any, ...]:
    return ("stop",)


def _unknown(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    """An instruction that is not modelled: its first operand and the flags become unknown."""
    state.flags = None
    if operands:
        write(state, operands[0], Symbol())


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "mov": _mov,
    "movabs": _mov,
    "movzx": _movzx,
    "movsx": _movsx,
    "movsxd": _movsx,
    "cdqe": _extend_accumulator,
    "cdq": _wide_arithmetic,
    "cqo": _wide_arithmetic,
    "div": _wide_arithmetic,
    "idiv": _wide_arithmetic,
    "mul": _wide_arithmetic,
    "lea": _lea,
    "push": _push,
    "pop": _pop_into,
    "leave": _leave,
    "xchg": _xchg,
    "cmpxchg": _cmpxchg,
    "xadd": _xadd,
    "add": _binary("add"),
    "sub": _binary("sub"),
    "and": _binary("and"),
    "or": _binary("or"),
    "xor": _binary("xor"),
    "cmp": _cmp,
    "test": _test,
    "inc": _step("add"),
    "dec": _step("sub"),
    **dict.fromkeys(("cpuid", "rdtsc", "rdtscp", "xgetbv", "syscall", "cmpxchg16b"), _clobber),
    "neg": _neg,
    "not": _not,
    "shl": _shift("shl"),
    "sal": _shift("shl"),
    "shr": _shift("shr"),
    "sar": _shift("sar"),
    "imul": _imul,
    "rep stosq": _fill,
    "rep stosd": _fill,
    "rep stosb": _fill,
    "rep movsq": _copy,
    "rep movsd": _copy,
    "rep movsb": _copy,
    "nop": _nothing,
    "endbr64": _nothing,
    "pause": _nothing,
    "mfence": _nothing,
    "prefetchw": _nothing,
    "prefetcht0": _nothing,
    "jmp": _jump,
    "call": _call,
    "ret": _return,
    "repz ret": _return,
    "rep ret": _return,
    "jrcxz": _jump_if_none,
    "ud2": _stop,
    "int3": _stop,
    "int": _stop,
    "hlt": _stop,
}
_FUNCTIONS |= VECTOR_FUNCTIONS
