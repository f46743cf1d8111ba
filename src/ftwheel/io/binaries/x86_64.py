"""x86-64 for level 2: what the instructions of init functions do to registers and memory.

Instructions come as capstone's Intel-syntax text. One that is not modelled makes its destination unknown; that may
cost an answer and never changes one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

from ftwheel.io.binaries.machine import THREAD, State, Symbol, Value, signed, truncate

__all__ = ["X86"]

_NUMBERED = [f"r{number}" for number in range(8, 16)]
_WIDE = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", *_NUMBERED]
_RSP, _RBP = 4, 5
_MASK = (1 << 64) - 1
_THREAD_TABLE = THREAD + 0x10000  # Windows: a block of static thread data for each module, ours first
_THREAD_BLOCK = THREAD + 0x20000
_CONDITIONS = {
    **{name: name for name in ("e", "ne", "b", "ae", "be", "a", "l", "ge", "le", "g", "s", "ns", "o", "no")},
    "z": "e",
    "nz": "ne",
    "c": "b",
    "nc": "ae",
}


@dataclass(frozen=True, slots=True)
class Register:
    """Part of a general register: ``ah`` has ``shift`` 8."""

    number: int
    bits: int
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Vector:
    """A vector register; only the low 128 bits are followed."""

    number: int
    bits: int


@dataclass(frozen=True, slots=True)
class Number:
    """An immediate operand."""

    value: int


@dataclass(frozen=True, slots=True)
class Cell:
    """A memory operand; ``size`` is 0 where the text names none (``lea``)."""

    size: int
    segment: str
    base: int | None
    index: int | None
    scale: int
    displacement: int
    relative: bool = False


Operand = Register | Vector | Number | Cell


def _registers() -> dict[str, Register]:
    names: dict[str, Register] = {}
    for number, wide in enumerate(_WIDE):
        if number < 8:
            short = wide[1:]
            names |= {wide: Register(number, 64), "e" + short: Register(number, 32), short: Register(number, 16)}
            names[short[0] + "l" if number < 4 else short + "l"] = Register(number, 8)
            if number < 4:
                names[short[0] + "h"] = Register(number, 8, 8)
        else:
            for suffix, bits in (("", 64), ("d", 32), ("w", 16), ("b", 8)):
                names[wide + suffix] = Register(number, bits)
    return names


_REGISTERS = _registers()
_SIZES = {"byte": 1, "word": 2, "dword": 4, "qword": 8, "xmmword": 16, "ymmword": 32, "zmmword": 64, "xword": 10}
_CELL = re.compile(r"(?:(\w+) ptr )?(?:(\w\w):)?\[(.+)\]")
_TERM = re.compile(r"([+-]?) ?([^ +-]+)")
_VECTOR = re.compile(r"([xyz])mm(\d+)")


@lru_cache(maxsize=1 << 14)
def _parse(text: str) -> tuple[Operand | None, ...]:
    return tuple(_operand(part) for part in text.split(", ")) if text else ()


def _operand(text: str) -> Operand | None:
    if text in _REGISTERS:
        return _REGISTERS[text]
    if found := _CELL.fullmatch(text):
        return _cell(found[1] or "", found[2] or "", found[3])
    if found := _VECTOR.fullmatch(text):
        return Vector(int(found[2]), {"x": 128, "y": 256, "z": 512}[found[1]])
    try:
        return Number(int(text, 0) & _MASK)
    except ValueError:
        return None


def _cell(size: str, segment: str, inside: str) -> Cell | None:
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
    return Cell(_SIZES.get(size, 0), segment, base, index, scale, displacement, relative)


Step = tuple[Callable[..., Any], tuple[Any, ...], int]


class X86:
    """The processor: decodes steps and runs them; ``windows`` chooses the calling convention."""

    registers: ClassVar[int] = 16
    vectors: ClassVar[int] = 32
    chunk: ClassVar[int] = 96  # bytes decoded at once

    def __init__(self, disassembler: Any, *, windows: bool) -> None:
        self._disassembler = disassembler
        self._windows = windows
        # rcx rdx r8 r9, or rdi rsi rdx rcx r8 r9
        self._arguments = (1, 2, 8, 9) if windows else (7, 6, 2, 1, 8, 9)
        self._clobbered = (0, 1, 2, 8, 9, 10, 11) if windows else (0, 1, 2, 6, 7, 8, 9, 10, 11)

    def enter(self, state: State, stack: int, caller: int, thread_data: bytes = b"") -> None:
        """Set up the call of the init function; ``thread_data`` is what a thread's static data starts with."""
        state.registers[_RSP] = stack - 8
        state.memory.store(stack - 8, 8, caller)
        state.memory.store(THREAD, 8, THREAD)  # Linux: the thread pointer; its offset 0x28 is the stack's canary
        if self._windows:
            state.memory.store(THREAD + 0x30, 8, THREAD)
            state.memory.store(THREAD + 0x58, 8, _THREAD_TABLE)
            state.memory.store(_THREAD_TABLE, 8, _THREAD_BLOCK)
            for at, byte in enumerate(thread_data):
                state.memory.store(_THREAD_BLOCK + at, 1, byte)

    def argument(self, state: State, number: int) -> Value:
        """The value of an argument on entry to a function."""
        return state.settle(state.registers[self._arguments[number]])

    @property
    def arguments(self) -> int:
        """How many arguments registers carry."""
        return len(self._arguments)

    def result(self, state: State) -> Value:
        """What a function returned."""
        return state.settle(state.registers[0])

    def leave(self, state: State, result: Value) -> Value:
        """Return from a function that is not walked; gives the address to go on at."""
        for number in self._clobbered:
            state.registers[number] = Symbol()
        state.registers[0] = result
        return _pop(state)

    def decode(self, code: bytes, address: int) -> Iterator[tuple[int, Step]]:
        """Decode instructions up to a transfer of control or the end of the bytes."""
        for at, size, mnemonic, text in self._disassembler.disasm_lite(code, address):
            after = at + size
            operands = tuple(
                Cell(o.size, o.segment, o.base, o.index, o.scale, o.displacement + after)
                if isinstance(o, Cell) and o.relative
                else o
                for o in _parse(text)
            )
            name = mnemonic.rpartition(" ")[2] if mnemonic.startswith(("lock", "bnd", "notrack")) else mnemonic
            function, extra = _function(name)
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
    if name.startswith("v") and name[1:] in _VECTOR_FUNCTIONS:
        return _VECTOR_FUNCTIONS[name[1:]], ()
    return _unknown, ()


# Operands


def _address(state: State, cell: Cell) -> Value:
    address = cell.displacement + (THREAD if cell.segment in {"fs", "gs"} else 0)
    for number, scale in ((cell.base, 1), (cell.index, cell.scale)):
        if number is not None:
            value = state.settle(state.registers[number])
            if not isinstance(value, int):
                return Symbol()
            address += value * scale
    return address & _MASK


def _read(state: State, operand: Operand | None) -> Value:
    if isinstance(operand, Register):
        value = state.settle(state.registers[operand.number])
        if isinstance(value, int):
            return value >> operand.shift & ((1 << operand.bits) - 1)
        if operand.bits == 64:
            return value
        return Symbol() if operand.shift else state.settle(value.part(operand.bits))
    if isinstance(operand, Number):
        return operand.value
    if isinstance(operand, Cell):
        address = _address(state, operand)
        if isinstance(address, int) and operand.size in {1, 2, 4, 8}:
            return state.settle(state.memory.load(address, operand.size))
    return Symbol()


def _bits(operand: Operand | None) -> int:
    if isinstance(operand, Register | Vector):
        return operand.bits
    return operand.size * 8 if isinstance(operand, Cell) else 64


def _write(state: State, operand: Operand | None, value: Value) -> None:
    if isinstance(operand, Register):
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
    elif isinstance(operand, Vector):
        state.vectors[operand.number] = (Symbol(), Symbol())
    elif isinstance(operand, Cell):
        address = _address(state, operand)
        if isinstance(address, int):
            if operand.size in {1, 2, 4, 8}:
                state.memory.store(address, operand.size, truncate(value, 8 * operand.size))
            else:
                state.memory.forget(address, operand.size)


def _signed(value: Value, bits: int) -> Value:
    return signed(value, bits) & _MASK if isinstance(value, int) else value


# Data movement


def _mov(state: State, operands: tuple[Operand | None, ...]) -> None:
    target, source = operands
    value = _read(state, source)
    bits = _bits(target)
    _write(state, target, truncate(value, bits) if isinstance(value, int) else value)


def _movzx(state: State, operands: tuple[Operand | None, ...]) -> None:
    _write(state, operands[0], _read(state, operands[1]))


def _movsx(state: State, operands: tuple[Operand | None, ...]) -> None:
    target, source = operands
    value = _signed(_read(state, source), _bits(source))
    _write(state, target, value if isinstance(value, int) else Symbol())


def _extend_accumulator(state: State, _: tuple[Operand | None, ...]) -> None:
    value = state.settle(state.registers[0])
    state.registers[0] = _signed(value & 0xFFFFFFFF, 32) if isinstance(value, int) else Symbol()


def _lea(state: State, operands: tuple[Operand | None, ...]) -> None:
    target, source = operands
    _write(state, target, _address(state, source) if isinstance(source, Cell) else Symbol())


def _push(state: State, operands: tuple[Operand | None, ...]) -> None:
    _push_value(state, _read(state, operands[0]))


def _push_value(state: State, value: Value) -> None:
    stack = state.registers[_RSP]
    if isinstance(stack, int):
        stack = (stack - 8) & _MASK
        state.registers[_RSP] = stack
        state.memory.store(stack, 8, value)


def _pop(state: State) -> Value:
    stack = state.settle(state.registers[_RSP])
    if not isinstance(stack, int):
        return Symbol()
    state.registers[_RSP] = (stack + 8) & _MASK
    return state.settle(state.memory.load(stack, 8))


def _pop_into(state: State, operands: tuple[Operand | None, ...]) -> None:
    _write(state, operands[0], _pop(state))


def _leave(state: State, _: tuple[Operand | None, ...]) -> None:
    state.registers[_RSP] = state.registers[_RBP]
    state.registers[_RBP] = _pop(state)


def _xchg(state: State, operands: tuple[Operand | None, ...]) -> None:
    first, second = operands
    one, two = _read(state, first), _read(state, second)
    _write(state, first, two)
    _write(state, second, one)


def _cmpxchg(state: State, operands: tuple[Operand | None, ...]) -> None:
    target, source = operands
    bits = _bits(target)
    accumulator = Register(0, bits)
    old, expected = _read(state, target), _read(state, accumulator)
    state.flags = ("sub", old, expected, bits)
    if isinstance(old, int) and isinstance(expected, int):
        if old == expected:
            _write(state, target, _read(state, source))
        else:
            _write(state, accumulator, old)
    else:
        _write(state, target, Symbol())
        _write(state, accumulator, Symbol())


def _xadd(state: State, operands: tuple[Operand | None, ...]) -> None:
    target, source = operands
    old, more = _read(state, target), _read(state, source)
    state.flags = ("add", old, more, _bits(target))
    total = old + more if isinstance(old, int) and isinstance(more, int) else Symbol()
    _write(state, source, old)
    _write(state, target, truncate(total, _bits(target)))


def _nothing(state: State, operands: tuple[Operand | None, ...]) -> None:
    pass


# Arithmetic


def _binary(kind: str) -> Callable[[State, tuple[Operand | None, ...]], None]:
    def run(state: State, operands: tuple[Operand | None, ...]) -> None:
        target, source = operands[0], operands[1]
        bits = _bits(target)
        mask = (1 << bits) - 1
        if target == source and kind in {"xor", "sub"}:
            left: Value = 0
            right: Value = 0
        else:
            left, right = _read(state, target), _read(state, source)
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
        _write(state, target, value)

    return run


_COMPUTE: dict[str, Callable[[int, int], int]] = {
    "add": lambda left, right: left + right,
    "sub": lambda left, right: left - right,
    "and": lambda left, right: left & right,
    "or": lambda left, right: left | right,
    "xor": lambda left, right: left ^ right,
}


def _cmp(state: State, operands: tuple[Operand | None, ...]) -> None:
    left, right = _read(state, operands[0]), _read(state, operands[1])
    bits = _bits(operands[0])
    state.flags = ("sub", left, right & ((1 << bits) - 1) if isinstance(right, int) else right, bits)


def _test(state: State, operands: tuple[Operand | None, ...]) -> None:
    left, right = _read(state, operands[0]), _read(state, operands[1])
    if operands[0] == operands[1]:
        value = left
    elif isinstance(left, int) and isinstance(right, int):
        value = left & right
    else:
        value = 0 if 0 in (left, right) else Symbol()
    state.flags = ("sub", value, 0, _bits(operands[0]))


def _step(kind: str) -> Callable[[State, tuple[Operand | None, ...]], None]:
    def run(state: State, operands: tuple[Operand | None, ...]) -> None:
        _binary(kind)(state, (operands[0], Number(1)))

    return run


def _neg(state: State, operands: tuple[Operand | None, ...]) -> None:
    value, bits = _read(state, operands[0]), _bits(operands[0])
    state.flags = ("sub", 0, value, bits)
    _write(state, operands[0], -value & ((1 << bits) - 1) if isinstance(value, int) else Symbol())


def _not(state: State, operands: tuple[Operand | None, ...]) -> None:
    value, bits = _read(state, operands[0]), _bits(operands[0])
    _write(state, operands[0], ~value & ((1 << bits) - 1) if isinstance(value, int) else Symbol())


def _shift(kind: str) -> Callable[[State, tuple[Operand | None, ...]], None]:
    def run(state: State, operands: tuple[Operand | None, ...]) -> None:
        bits = _bits(operands[0])
        value = _read(state, operands[0])
        count = _read(state, operands[1]) if len(operands) > 1 else 1
        shifted: Value = Symbol()
        if isinstance(value, int) and isinstance(count, int):
            count &= 63 if bits == 64 else 31
            if kind == "shl":
                shifted = value << count & ((1 << bits) - 1)
            else:
                shifted = (value if kind == "shr" else signed(value, bits)) >> count & ((1 << bits) - 1)
        state.flags = ("sub", shifted, 0, bits)
        _write(state, operands[0], shifted)

    return run


def _imul(state: State, operands: tuple[Operand | None, ...]) -> None:
    state.flags = None
    if len(operands) == 1:
        state.registers[0], state.registers[2] = Symbol(), Symbol()
        return
    left, right = _read(state, operands[-2]), _read(state, operands[-1])
    bits = _bits(operands[0])
    product: Value = Symbol()
    if isinstance(left, int) and isinstance(right, int):
        product = left * right & ((1 << bits) - 1)
    _write(state, operands[0], product)


def _wide_arithmetic(state: State, _: tuple[Operand | None, ...]) -> None:
    state.flags = None
    state.registers[0], state.registers[2] = Symbol(), Symbol()


def _clobber(state: State, _: tuple[Operand | None, ...]) -> None:
    """Instructions with results in fixed registers: ``cpuid``, string instructions and their like."""
    state.flags = None
    for number in (0, 1, 2, 3, 6, 7):
        state.registers[number] = Symbol()


def _set_if(state: State, condition: str, operands: tuple[Operand | None, ...]) -> None:
    holds = state.compare(condition)
    _write(state, operands[0], Symbol() if holds is None else int(holds))


def _move_if(state: State, condition: str, operands: tuple[Operand | None, ...]) -> None:
    holds = state.compare(condition)
    if holds is None:
        _write(state, operands[0], Symbol())
    elif holds:
        _mov(state, operands)
    elif _bits(operands[0]) == 32:
        _write(state, operands[0], _read(state, operands[0]))


def _fill(state: State, operands: tuple[Operand | None, ...]) -> None:
    """``rep stosq`` and its narrower forms."""
    size = _bits(operands[0]) // 8
    count, start = state.settle(state.registers[1]), state.settle(state.registers[7])
    if isinstance(start, int) and isinstance(count, int) and count <= 4096:
        value = _read(state, operands[1])
        for number in range(count):
            state.memory.store(start + number * size, size, value)
        state.registers[7], state.registers[1] = start + count * size, 0
    else:
        state.tainted = "a block of memory of unknown size is filled"


def _copy(state: State, operands: tuple[Operand | None, ...]) -> None:
    """``rep movsq`` and its narrower forms."""
    size = _bits(operands[0]) // 8
    count, start, source = (state.settle(state.registers[number]) for number in (1, 7, 6))
    if isinstance(start, int) and isinstance(source, int) and isinstance(count, int) and count <= 4096:
        for number in range(count):
            state.memory.store(start + number * size, size, state.memory.load(source + number * size, size))
        state.registers[7], state.registers[6], state.registers[1] = start + count * size, source + count * size, 0
    else:
        state.tainted = "a block of memory of unknown size is copied"


# Vectors: compilers move two slots at a time through them


def _read_pair(state: State, operand: Operand | None) -> tuple[Value, Value]:
    if isinstance(operand, Vector):
        return state.vectors[operand.number] if operand.bits == 128 else (Symbol(), Symbol())
    if isinstance(operand, Cell) and operand.size == 16:
        address = _address(state, operand)
        if isinstance(address, int):
            return state.memory.load(address, 8), state.memory.load(address + 8, 8)
    return Symbol(), Symbol()


def _write_pair(state: State, operand: Operand | None, pair: tuple[Value, Value]) -> None:
    if isinstance(operand, Vector):
        state.vectors[operand.number] = pair if operand.bits == 128 else (Symbol(), Symbol())
    elif isinstance(operand, Cell):
        address = _address(state, operand)
        if isinstance(address, int):
            if operand.size == 16:
                state.memory.store(address, 8, pair[0])
                state.memory.store(address + 8, 8, pair[1])
            else:
                state.memory.forget(address, operand.size)


def _move_pair(state: State, operands: tuple[Operand | None, ...]) -> None:
    _write_pair(state, operands[0], _read_pair(state, operands[1]))


def _move_scalar(bits: int) -> Callable[[State, tuple[Operand | None, ...]], None]:
    """``movd`` and ``movsd``: from elsewhere the rest of the register is cleared, from a register it is kept."""

    def run(state: State, operands: tuple[Operand | None, ...]) -> None:
        target, source = operands[0], operands[-1]
        if isinstance(target, Vector) and isinstance(source, Vector):
            kept = _first(state, operands)
            state.vectors[target.number] = (state.vectors[source.number][0] if bits == 64 else Symbol(), kept[1])
        elif isinstance(target, Vector):
            state.vectors[target.number] = (_read(state, source), 0)
        else:
            value = state.vectors[source.number][0] if isinstance(source, Vector) else _read(state, source)
            _write(state, target, truncate(value, bits))

    return run


def _move_low(state: State, operands: tuple[Operand | None, ...]) -> None:
    """``movlps``: eight bytes of memory into the low half, or out of it."""
    target = operands[0]
    if isinstance(target, Vector):
        _write_pair(state, target, (_low_half(state, operands[-1]), _first(state, operands)[1]))
    else:
        _write(state, target, _read_pair(state, operands[1])[0])


def _move_quad(state: State, operands: tuple[Operand | None, ...]) -> None:
    """``movq`` clears the high half, also between vectors."""
    target, source = operands
    value = state.vectors[source.number][0] if isinstance(source, Vector) else _read(state, source)
    if isinstance(target, Vector):
        state.vectors[target.number] = (value, 0)
    else:
        _write(state, target, value)


def _first(state: State, operands: tuple[Operand | None, ...]) -> tuple[Value, Value]:
    """The source that supplies the low half: the target itself in SSE, the second operand in AVX."""
    return _read_pair(state, operands[0] if len(operands) == 2 else operands[1])


def _low_half(state: State, operand: Operand | None) -> Value:
    if isinstance(operand, Vector):
        return state.vectors[operand.number][0]
    if isinstance(operand, Cell):
        address = _address(state, operand)
        return state.memory.load(address, 8) if isinstance(address, int) else Symbol()
    return _read(state, operand)


def _unpack_low(state: State, operands: tuple[Operand | None, ...]) -> None:
    _write_pair(state, operands[0], (_first(state, operands)[0], _low_half(state, operands[-1])))


def _move_high(state: State, operands: tuple[Operand | None, ...]) -> None:
    """``movhps``: eight bytes of memory into the high half, or out of it."""
    target = operands[0]
    if isinstance(target, Vector):
        _unpack_low(state, operands)
    else:
        _write(state, target, _read_pair(state, operands[1])[1])


def _insert_quad(state: State, operands: tuple[Operand | None, ...]) -> None:
    *sources, lane = operands
    low, high = _first(state, tuple(sources))
    value = _read(state, sources[-1])
    pair = (low, value) if lane == Number(1) else (value, high) if lane == Number(0) else (Symbol(), Symbol())
    _write_pair(state, operands[0], pair)


def _xor_pair(state: State, operands: tuple[Operand | None, ...]) -> None:
    zero = operands[-1] == operands[-2]
    _write_pair(state, operands[0], (0, 0) if zero else (Symbol(), Symbol()))


def _duplicate(state: State, operands: tuple[Operand | None, ...]) -> None:
    low = _low_half(state, operands[-1])
    _write_pair(state, operands[0], (low, low))


# Control


def _jump(state: State, operands: tuple[Operand | None, ...]) -> tuple[Any, ...]:
    return "jump", _read(state, operands[0])


def _call(state: State, operands: tuple[Operand | None, ...]) -> tuple[Any, ...]:
    target = _read(state, operands[0])
    _push_value(state, state.pc)
    return "call", target


def _return(state: State, operands: tuple[Operand | None, ...]) -> tuple[Any, ...]:
    return "return", _pop(state)


def _jump_if(state: State, condition: str, operands: tuple[Operand | None, ...]) -> tuple[Any, ...]:
    target = operands[0]
    address = target.value if isinstance(target, Number) else 0
    return "branch", state.compare(condition), address, lambda path, holds: path.assume(condition, holds)


def _jump_if_none(state: State, operands: tuple[Operand | None, ...]) -> tuple[Any, ...]:
    """``jrcxz``"""
    value = state.settle(state.registers[1])
    target = operands[0]
    address = target.value if isinstance(target, Number) else 0
    return "branch", not value if isinstance(value, int) else None, address, lambda path, holds: None


def _stop(state: State, operands: tuple[Operand | None, ...]) -> tuple[Any, ...]:
    return ("stop",)


def _unknown(state: State, operands: tuple[Operand | None, ...]) -> None:
    """An instruction that is not modelled: its first operand and the flags are unknown afterwards."""
    state.flags = None
    if operands:
        _write(state, operands[0], Symbol())


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
_VECTOR_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(
        ("movaps", "movups", "movapd", "movupd", "movdqa", "movdqu", "movdqa64", "movdqu64", "lddqu"), _move_pair
    ),
    "movq": _move_quad,
    "movd": _move_scalar(32),
    "movss": _move_scalar(32),
    "movsd": _move_scalar(64),
    "movlps": _move_low,
    "movlpd": _move_low,
    "punpcklqdq": _unpack_low,
    "unpcklpd": _unpack_low,
    "movlhps": _unpack_low,
    "movhps": _move_high,
    "movhpd": _move_high,
    "pinsrq": _insert_quad,
    "movddup": _duplicate,
    "pbroadcastq": _duplicate,
    **dict.fromkeys(("pxor", "xorps", "xorpd", "pxord", "pxorq"), _xor_pair),
}
_FUNCTIONS |= _VECTOR_FUNCTIONS
