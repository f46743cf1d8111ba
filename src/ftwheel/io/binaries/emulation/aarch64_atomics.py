"""The atomic instructions of Armv8.1 for level 2, which compilers emit for every Mac with AArch64.

A path is walked as if no other thread ran. Names end in the ordering (``a``, ``l``, ``al``), which decides nothing, and
the size (``b``, ``h``, else that of the register). Source: Arm Architecture Reference Manual, C3.2.
"""

from __future__ import annotations

from collections.abc import Callable

from ftwheel.io.binaries.emulation.aarch64_operands import ArmMemory, Operands, address_of, bits_of, read, write
from ftwheel.io.binaries.emulation.machine import PathState, Symbol, Value, truncate

__all__ = ["ATOMIC_FUNCTIONS"]

_COMPUTE: dict[str, Callable[[int, int], int]] = {
    "ldadd": lambda old, operand: old + operand,
    "ldclr": lambda old, operand: old & ~operand,
    "ldeor": lambda old, operand: old ^ operand,
    "ldset": lambda old, operand: old | operand,
    "swp": lambda old, operand: operand,
}


def _update(kind: str, size: int) -> Callable[[PathState, Operands], None]:
    """``ldadd w0, w1, [x2]``: change the cell by w0, and load what it held into w1."""

    def run(state: PathState, operands: Operands) -> None:
        source, target, cell = operands
        bits = size or bits_of(source)
        operand = truncate(read(state, source), bits)
        old, address = _old(state, cell, bits)
        new: Value = operand if kind == "swp" else Symbol()
        if isinstance(old, int) and isinstance(operand, int):
            new = _COMPUTE[kind](old, operand) & ((1 << bits) - 1)
        if address is not None:
            state.memory.store(address, bits // 8, new)
        write(state, target, old)

    return run


def _compare_and_swap(size: int) -> Callable[[PathState, Operands], None]:
    """``cas w0, w1, [x2]``: if the cell holds w0, store w1 there; load what it held into w0."""

    def run(state: PathState, operands: Operands) -> None:
        target, source, cell = operands
        bits = size or bits_of(source)
        expected, new = truncate(read(state, target), bits), truncate(read(state, source), bits)
        old, address = _old(state, cell, bits)
        if address is not None:
            if not isinstance(old, int) or not isinstance(expected, int):
                state.memory.store(address, bits // 8, Symbol())
            elif old == expected:
                state.memory.store(address, bits // 8, new)
        write(state, target, old)

    return run


def _old(state: PathState, cell: object, bits: int) -> tuple[Value, int | None]:
    """What the cell holds, and its address if that is known."""
    address = address_of(state, cell) if isinstance(cell, ArmMemory) else Symbol()
    if not isinstance(address, int):
        return Symbol(), None
    return state.settle(state.memory.load(address, bits // 8)), address


ATOMIC_FUNCTIONS: dict[str, Callable[[PathState, Operands], None]] = {
    f"{name}{order}{suffix}": function
    for suffix, size in (("", 0), ("b", 8), ("h", 16))
    for name, function in (("cas", _compare_and_swap(size)), *((kind, _update(kind, size)) for kind in _COMPUTE))
    for order in ("", "a", "l", "al")
}
