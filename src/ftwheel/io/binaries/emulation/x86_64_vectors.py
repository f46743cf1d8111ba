"""Vector instructions of x86-64, with which compilers fill slots two words at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ftwheel.io.binaries.emulation.machine import PathState, Symbol, Value, truncate
from ftwheel.io.binaries.emulation.x86_64_operands import (
    Operand,
    X86Immediate,
    X86Memory,
    X86Vector,
    address_of,
    read,
    write,
)

__all__ = ["VECTOR_FUNCTIONS"]


def _read_pair(state: PathState, operand: Operand | None) -> tuple[Value, Value]:
    if isinstance(operand, X86Vector):
        return state.vectors[operand.number] if operand.bits == 128 else (Symbol(), Symbol())
    if isinstance(operand, X86Memory) and operand.size == 16:
        address = address_of(state, operand)
        if isinstance(address, int):
            return state.memory.load(address, 8), state.memory.load(address + 8, 8)
    return Symbol(), Symbol()


def _write_pair(state: PathState, operand: Operand | None, pair: tuple[Value, Value]) -> None:
    if isinstance(operand, X86Vector):
        state.vectors[operand.number] = pair if operand.bits == 128 else (Symbol(), Symbol())
    elif isinstance(operand, X86Memory):
        address = address_of(state, operand)
        if isinstance(address, int):
            if operand.size == 16:
                state.memory.store(address, 8, pair[0])
                state.memory.store(address + 8, 8, pair[1])
            else:
                state.memory.forget(address, operand.size)


def _move_pair(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    _write_pair(state, operands[0], _read_pair(state, operands[1]))


def _move_scalar(bits: int) -> Callable[[PathState, tuple[Operand | None, ...]], None]:
    """``movd`` and ``movsd``: a vector register as source keeps the rest of the target, any other source clears it."""

    def run(state: PathState, operands: tuple[Operand | None, ...]) -> None:
        target, source = operands[0], operands[-1]
        if isinstance(target, X86Vector) and isinstance(source, X86Vector):
            kept = _first(state, operands)
            state.vectors[target.number] = (state.vectors[source.number][0] if bits == 64 else Symbol(), kept[1])
        elif isinstance(target, X86Vector):
            state.vectors[target.number] = (read(state, source), 0)
        else:
            value = state.vectors[source.number][0] if isinstance(source, X86Vector) else read(state, source)
            write(state, target, truncate(value, bits))

    return run


def _move_low(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    """``movlps``: move eight bytes from memory into the low half, or from it to memory."""
    target = operands[0]
    if isinstance(target, X86Vector):
        _write_pair(state, target, (_low_half(state, operands[-1]), _first(state, operands)[1]))
    else:
        write(state, target, _read_pair(state, operands[1])[0])


def _move_quad(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    """``movq``: move the low half and clear the high half, even between vector registers."""
    target, source = operands
    value = state.vectors[source.number][0] if isinstance(source, X86Vector) else read(state, source)
    if isinstance(target, X86Vector):
        state.vectors[target.number] = (value, 0)
    else:
        write(state, target, value)


def _first(state: PathState, operands: tuple[Operand | None, ...]) -> tuple[Value, Value]:
    """The source that supplies the half that is kept: the target itself in SSE, the second operand in AVX."""
    return _read_pair(state, operands[0] if len(operands) == 2 else operands[1])


def _low_half(state: PathState, operand: Operand | None) -> Value:
    if isinstance(operand, X86Vector):
        return state.vectors[operand.number][0]
    if isinstance(operand, X86Memory):
        address = address_of(state, operand)
        return state.memory.load(address, 8) if isinstance(address, int) else Symbol()
    return read(state, operand)


def _unpack_low(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    _write_pair(state, operands[0], (_first(state, operands)[0], _low_half(state, operands[-1])))


def _move_high(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    """``movhps``: move eight bytes from memory into the high half, or from it to memory."""
    target = operands[0]
    if isinstance(target, X86Vector):
        _unpack_low(state, operands)
    else:
        write(state, target, _read_pair(state, operands[1])[1])


def _insert_quad(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    *sources, lane = operands
    low, high = _first(state, tuple(sources))
    value = read(state, sources[-1])
    pair = (
        (low, value) if lane == X86Immediate(1) else (value, high) if lane == X86Immediate(0) else (Symbol(), Symbol())
    )
    _write_pair(state, operands[0], pair)


def _xor_pair(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    zero = operands[-1] == operands[-2]
    _write_pair(state, operands[0], (0, 0) if zero else (Symbol(), Symbol()))


def _duplicate(state: PathState, operands: tuple[Operand | None, ...]) -> None:
    low = _low_half(state, operands[-1])
    _write_pair(state, operands[0], (low, low))


VECTOR_FUNCTIONS: dict[str, Callable[..., Any]] = {
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
