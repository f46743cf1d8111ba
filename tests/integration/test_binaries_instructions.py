"""What the walk knows after an instruction: an init function checks it, and returns other slots where it differs."""

from __future__ import annotations

import struct

import pytest
from capstone import CS_ARCH_ARM64, CS_MODE_ARM, Cs

from ftwheel.core.wheel.extension_module import Declaration
from ftwheel.io.binaries import WorkBudget, read_extension
from support.images import Spec, elf

# Two arrays of slots, at 0x2100 and 0x2120 behind the code at 0x1000: "not used", and "used".
_SLOTS = ((87, 1), (0, 0), (87, 0))


def _answer(machine: int, code: bytes) -> Declaration:
    data = elf(Spec(machine=machine, init="PyModExport", slots=_SLOTS, imports=(), code=code))
    return read_extension(data, "spam.so").gil.answer


def _set(register: int, value: int) -> list[int]:
    """``movz`` and three times ``movk``."""
    parts = [value >> 16 * number & 0xFFFF for number in range(4)]
    words = [0xF2800000 | number << 21 | part << 5 | register for number, part in enumerate(parts)]
    return [words[0] & ~(1 << 29), *words[1:]]


def _return(address: int) -> list[int]:
    """``adrp x0``, ``add x0, x0``, ``ret``"""
    return [0x90000000 | 1 << 29, 0x91000000 | (address & 0xFFF) << 10, 0xD65F03C0]


def _bytes(words: list[int]) -> bytes:
    return struct.pack(f"<{len(words)}I", *words)


# Before: x0, x1, x3, x4, and the eight bytes at x2. After: x1, and the cell.
_BEFORE = {0: 0x8000_00F3, 1: 0x1111_1111, 3: 0xFFFF_FFFF, 4: 5}
_CELL = 0x7F3
_INSTRUCTIONS: dict[str, tuple[list[int], int, int]] = {
    "ldadd w0, w1, [x2]": ([0xB8200041], 0x7F3, 0x8000_08E6),
    "ldaddal x0, x1, [x2]": ([0xF8E00041], 0x7F3, 0x8000_08E6),
    "ldaddab w0, w1, [x2]": ([0x38A00041], 0xF3, 0x7E6),
    "ldclr w0, w1, [x2]": ([0xB8201041], 0x7F3, 0x700),
    "ldeor w0, w1, [x2]": ([0xB8202041], 0x7F3, 0x8000_0700),
    "ldset w0, w1, [x2]": ([0xB8203041], 0x7F3, 0x8000_07F3),
    "swpal w0, w1, [x2]": ([0xB8E08041], 0x7F3, 0x8000_00F3),
    "swplb w0, w1, [x2]": ([0x38608041], 0xF3, 0x7F3),
    "cas w0, w1, [x2]; mov x1, x0": ([0x88A07C41, 0xAA0003E1], 0x7F3, 0x7F3),
    "casab w0, w1, [x2]; mov x1, x0": ([0x08E07C41, 0xAA0003E1], 0xF3, 0x711),
    "ldr w0, [x2]; casal w0, w1, [x2]": ([0xB9400040, 0x88E0FC41], 0x1111_1111, 0x1111_1111),
    "stlurb w0, [x2, #1]": ([0x19001040], 0x1111_1111, 0xF3F3),
    "ldapurb w1, [x2, #1]": ([0x19401041], 7, _CELL),
    "ubfx w1, w0, #4, #8": ([0x53042C01], 0xF, _CELL),
    "sbfx w1, w0, #4, #4": ([0x13041C01], 0xFFFF_FFFF, _CELL),
    "ubfiz w1, w0, #4, #8": ([0x531C1C01], 0xF30, _CELL),
    "sbfiz w1, w0, #4, #8": ([0x131C1C01], 0xFFFF_FF30, _CELL),
    "bfi w1, w0, #4, #8": ([0x331C1C01], 0x1111_1F31, _CELL),
    "bfxil w1, w0, #4, #8": ([0x33042C01], 0x1111_110F, _CELL),
    "madd w1, w0, w3, w4": ([0x1B031001], 0x7FFF_FF12, _CELL),
    "msub w1, w0, w3, w4": ([0x1B039001], 0x8000_00F8, _CELL),
    "mvn x3, x4; umulh x1, x0, x3": ([0xAA2403E3, 0x9BC37C01], 0x8000_00F2, _CELL),
    "adds w1, w0, w0; cset w1, vs": ([0x2B000001, 0x1A9F77E1], 1, _CELL),
    "adds w1, w0, w0; cset w1, hs": ([0x2B000001, 0x1A9F37E1], 1, _CELL),
    "adds w1, w0, w0; cset w1, lt": ([0x2B000001, 0x1A9FA7E1], 1, _CELL),
    "adds w1, w4, w4; cset w1, hs": ([0x2B040081, 0x1A9F37E1], 0, _CELL),
    "cmp w4, w4; ccmn w3, #1, #0, eq; cset w1, eq": ([0x6B04009F, 0x3A410860, 0x1A9F17E1], 1, _CELL),
    "cmp w4, w4; ccmn w3, #1, #0, ne; cset w1, eq": ([0x6B04009F, 0x3A411860, 0x1A9F17E1], 0, _CELL),
}


@pytest.mark.parametrize("text", _INSTRUCTIONS)
def test_aarch64(text: str) -> None:
    words, register, cell = _INSTRUCTIONS[text]
    decoded = Cs(CS_ARCH_ARM64, CS_MODE_ARM).disasm_lite(_bytes(words), 0)
    assert "; ".join(f"{name} {operands}" for _, _, name, operands in decoded) == text
    start = [0xD10043E2]  # sub x2, sp, #16
    for number, value in _BEFORE.items():
        start += _set(number, value)
    start += [*_set(8, _CELL), 0xF9000048]  # str x8, [x2]
    for told in (register, register ^ 1):
        code = [*start, *words, *_set(9, told), *_set(10, cell)]
        code += [0xEB09003F, 0x54000000 | 7 << 5 | 1]  # cmp x1, x9; b.ne to the second array
        code += [0xF9400048, 0xEB0A011F, 0x54000000 | 4 << 5 | 1]  # ldr x8, [x2]; cmp x8, x10; b.ne
        wanted = Declaration.NOT_USED if told == register else Declaration.USED
        assert _answer(183, _bytes([*code, *_return(0x2100), *_return(0x2120)])) is wanted


def test_endless_loops_end_their_paths() -> None:
    """Rust's ``loop {}``: a walk that stays in two of them reaches nothing else."""
    never = [0xB5000040, 0x14000000, 0xB5000041, 0x14000000]  # cbnz x0, after; b .; cbnz x1, after; b .
    assert _answer(183, _bytes([*never, *_return(0x2100)])) is Declaration.NOT_USED
    # test rdi, rdi; jne after; jmp .; the same with rsi; lea rax, [rip + ...]; ret
    start = bytes.fromhex("4885ff7502ebfe4885f67502ebfe488d05")
    assert _answer(62, start + struct.pack("<i", 0x1100 - len(start) - 4) + b"\xc3") is Declaration.NOT_USED


def test_the_modules_of_a_wheel_share_a_budget() -> None:
    code = _bytes(_return(0x2100))
    data = elf(Spec(machine=183, init="PyModExport", slots=_SLOTS, imports=(), code=code))
    budget = WorkBudget(instructions=1)
    first, second = (read_extension(data, "spam.so", budget=budget).gil for _ in range(2))
    assert (first.answer, second.answer) == (Declaration.NOT_USED, Declaration.CANNOT_TELL)
    assert "together are too long" in second.reason


def test_the_definitions_of_a_wheel_share_a_budget() -> None:
    data = elf(Spec(machine=183))
    budget = WorkBudget(places=100)
    first, second = (read_extension(data, "spam.so", budget=budget).gil for _ in range(2))
    assert (first.answer, second.answer) == (Declaration.NOT_USED, Declaration.CANNOT_TELL)
    assert "too many definitions or slots" in second.reason
