"""Every format, word size, byte order and kind of relocation says the same thing about the same module."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ftwheel.core.wheel.extension_module import (
    BinaryFormat,
    BuiltFor,
    Declaration,
    DeclarationSource,
    InitPhase,
    InterpreterSupport,
    ReadingLevel,
    UnreadableBinaryError,
)
from ftwheel.io.binaries import read_extension, read_images
from ftwheel.io.binaries.budget import WorkBudget
from ftwheel.io.binaries.definitions import find_definitions
from support.images import Spec, elf, fat, macho, pe

LITTLE, BIG = "<", ">"
ELFS: dict[str, tuple[Spec, dict[str, Any]]] = {
    "x86_64-rela": (Spec(), {"pointers": "rela"}),
    "x86_64-sysv-hash": (Spec(), {"gnu_hash": False}),
    "x86_64-relr": (Spec(), {"pointers": "relr"}),
    "aarch64-rela": (Spec(machine=183, code=b"\xc0\x03\x5f\xd6"), {}),
    "x86-rel": (Spec(bits=32, machine=3), {"pointers": "rel"}),
    "arm-rel": (Spec(bits=32, machine=40), {"pointers": "rel", "gnu_hash": False}),
    "s390x-rela": (Spec(order=BIG, machine=22), {"gnu_hash": False}),
}


def written(name: str, spec: Spec) -> bytes:
    """One of the images by name, saying what ``spec`` says."""
    if name in ELFS:
        shape, how = ELFS[name]
        spec = replace(spec, bits=shape.bits, order=shape.order, machine=shape.machine, code=shape.code)
        return elf(spec, **how)
    if name.startswith("pe"):
        bits = 64 if name.endswith("64") else 32
        return pe(replace(spec, bits=bits), library="python313t.dll" if spec.free_threaded else "python313.dll")
    if name == "fat":
        return fat(macho(spec), macho(replace(spec, machine=0x01000007)))
    return macho(spec, chained=name == "macho-chained", trie=name != "macho-no-trie")


NAMES = [*ELFS, "pe-64", "pe-32", "macho", "macho-chained", "macho-no-trie", "fat"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("free_threaded", [True, False], ids=["free-threaded", "default"])
@pytest.mark.parametrize(
    ("slots", "answer", "interpreters"),
    [
        (((4, 1),), Declaration.NOT_USED, InterpreterSupport.NOT_DECLARED),
        (((87, 1), (86, 2)), Declaration.NOT_USED, InterpreterSupport.PER_INTERPRETER_GIL),
        (((3, 1), (4, 0)), Declaration.USED, InterpreterSupport.SUPPORTED),
        (((3, 0),), Declaration.NONE, InterpreterSupport.NOT_SUPPORTED),
        (((4, 7),), Declaration.CANNOT_TELL, InterpreterSupport.NOT_DECLARED),
    ],
    ids=["not-used", "3.15-numbers", "used", "undeclared", "undefined-value"],
)
def test_slots(
    name: str,
    free_threaded: bool,
    slots: tuple[tuple[int, int], ...],
    answer: Declaration,
    interpreters: InterpreterSupport,
) -> None:
    data = written(name, Spec(slots=slots, free_threaded=free_threaded))
    module = read_extension(data, "pkg/spam.so", level2=False)
    assert (module.gil.answer, module.interpreters.answer) == (answer, interpreters)
    assert module.built_for is (BuiltFor.FREE_THREADED if free_threaded else BuiltFor.DEFAULT)
    assert module.gil.level is (ReadingLevel.NONE if answer is Declaration.CANNOT_TELL else ReadingLevel.DATA)
    assert module.phase is InitPhase.MULTI
    assert module.init_name == "PyInit_spam"
    assert module.imports == ("PyModuleDef_Init",)


def _at(word: int, address: int) -> bytes:
    return struct.pack("<I", word | address)


def _adrp(init: int, target: int, rest: int) -> bytes:
    """Code for AArch64 that makes an address in x0, less ``rest``."""
    pages = (target >> 12) - (init >> 12)
    made = _at(0x90000000, (pages & 3) << 29 | (pages >> 2 & 0x7FFFF) << 5)
    return made + _at(0x91000000, ((target & 0xFFF) - rest & 0xFFF) << 10)


_MENTIONS: dict[str, tuple[Spec, Callable[[int, int, int], bytes]]] = {
    # mov dword [rip + ...], 1
    "x86_64": (Spec(machine=62), lambda init, target, _: b"\xc7\x05" + struct.pack("<ii", target - init - 10, 1)),
    # push the definition; mov dword [address], 1
    "x86": (Spec(bits=32, machine=3), lambda _, target, own: b"\x68%b\xc7\x05%b" % (_at(own, 0), _at(target, 0))),
    # adrp x0, page; add x0, x0, rest; str x1, [x0]
    "aarch64-store": (Spec(machine=183), lambda init, target, _: _adrp(init, target, 0) + _at(0xF9000001, 0)),
    # adrp x0, page; add x0, x0, base; ldr w1, [x0, rest]
    "aarch64-base": (Spec(machine=183), lambda init, target, _: _adrp(init, target, 8) + _at(0xB9400801, 0)),
    # adrp x0, page; add x0, x0, rest; mov x1, x0; bl ...
    "aarch64-call": (
        Spec(machine=183),
        lambda init, target, _: _adrp(init, target, 0) + _at(0xAA0003E1, 0) + _at(0x94000004, 0),
    ),
}


@pytest.mark.parametrize("shape", _MENTIONS)
@pytest.mark.parametrize("mentioned", ["slots", "m_slots", "name"])
def test_data_decides_nothing_where_code_mentions_the_slots(shape: str, mentioned: str) -> None:
    spec, write = _MENTIONS[shape]
    spec = replace(spec, code=bytes(24))
    (image,) = read_images(elf(spec), "spam.so")
    (definition,) = find_definitions(image, WorkBudget())
    target = {
        "slots": definition.slots_at + 8,
        "m_slots": definition.address + len(definition.head.pattern) + 4 * image.word,
        "name": definition.slots_at + 0x80,
    }[mentioned]
    code = write(image.exports["PyInit_spam"], target, definition.address).ljust(24, b"\xcc")
    module = read_extension(elf(replace(spec, code=code)), "spam.so", level2=False)
    assert module.gil.answer is (Declaration.NOT_USED if mentioned == "name" else Declaration.CANNOT_TELL)


@pytest.mark.parametrize("name", NAMES)
def test_single_phase_undeclared(name: str) -> None:
    data = written(name, Spec(slots=(), imports=("PyModule_Create2", "_Py_DecRefShared")))
    module = read_extension(data, "spam.so", level2=False)
    assert (module.gil.answer, module.gil.basis, module.phase) == (
        Declaration.NONE,
        DeclarationSource.NOTHING,
        InitPhase.SINGLE,
    )


@pytest.mark.parametrize("name", NAMES)
def test_importing_the_declaring_function_proves_nothing(name: str) -> None:
    data = written(name, Spec(slots=(), imports=("PyModule_Create2", "PyUnstable_Module_SetGIL")))
    assert read_extension(data, "spam.so", level2=False).gil.answer is Declaration.CANNOT_TELL


def test_what_formats_add() -> None:
    spec = Spec(needed=("libc.so.6", "libpython3.13t.so.1.0"))
    module = read_extension(elf(spec), "spam.so", level2=False)
    assert module.needed == spec.needed
    assert module.python_libraries == ("libpython3.13t.so.1.0",)
    assert module.binary_format is BinaryFormat.ELF
    mac = read_extension(macho(Spec(needed=("/usr/lib/libSystem.B.dylib",))), "spam.so", level2=False)
    assert (mac.macos_minimum, mac.needed) == ((11, 0), ("/usr/lib/libSystem.B.dylib",))
    windows = read_extension(pe(Spec()), "spam.pyd", level2=False)
    assert windows.needed == ("python313t.dll",)
    both = read_extension(written("fat", Spec()), "spam.so", level2=False)
    assert [one.name for one in both.architectures] == ["aarch64", "x86_64"]


def test_mixed_objects_and_slices() -> None:
    mixed = read_extension(elf(Spec(imports=("PyModuleDef_Init", "_Py_Dealloc"))), "spam.so", level2=False)
    assert mixed.built_for is BuiltFor.MIXED
    slices = fat(macho(Spec()), macho(Spec(machine=0x01000007, free_threaded=False)))
    assert read_extension(slices, "spam.so", level2=False).built_for is BuiltFor.MIXED
    wrong_library = pe(Spec(), library="python313.dll")
    assert read_extension(wrong_library, "spam.pyd", level2=False).built_for is BuiltFor.MIXED


def test_slices_that_differ_decide_nothing() -> None:
    differing = fat(macho(Spec()), macho(Spec(machine=0x01000007, slots=((4, 0),))))
    module = read_extension(differing, "spam.so", level2=False)
    assert module.gil.answer is Declaration.CANNOT_TELL
    assert "differ" in module.gil.reason


def test_stable_abi_on_windows() -> None:
    stable = pe(Spec(free_threaded=False), library="python3.dll")
    assert read_extension(stable, "spam.pyd", level2=False).built_for is BuiltFor.STABLE_ABI


def test_another_modules_name() -> None:
    module = read_extension(elf(Spec()), "eggs.so")
    assert (module.init_name, module.init_names) == (None, ("PyInit_spam",))
    assert module.gil.answer is Declaration.CANNOT_TELL


def test_what_looks_like_a_head_of_four_byte_words_counts_only_by_name() -> None:
    """OpenSSL's tables of parameters are full of them in cryptography's wheels for 32-bit Arm."""
    head = struct.pack("<II", 0x3FFFFFFF, 0) + bytes(12)
    at = 0x2200  # behind the definition of the image
    for name, built_for in ((b"size", BuiltFor.FREE_THREADED), (b"spam", BuiltFor.MIXED)):
        table = head + struct.pack("<I", at + len(head) + 32) + bytes(28) + name + b"\0"
        module = read_extension(elf(Spec(bits=32, machine=3, extra=table)), "spam.so", level2=False)
        assert module.built_for is built_for, module.evidence


@pytest.mark.parametrize(
    "data",
    [b"", b"\x7fELF", b"MZ", b"#!/bin/sh\n", b"\xca\xfe\xba\xbe\0\0\0\x41", b"\xcf\xfa\xed\xfe" + bytes(28)],
    ids=["empty", "elf", "pe", "script", "java", "mach-o"],
)
def test_what_is_no_module(data: bytes) -> None:
    with pytest.raises(UnreadableBinaryError, match=r"pkg/spam\.so"):
        read_extension(data, "pkg/spam.so")


def test_executables_are_no_modules() -> None:
    executable = bytearray(elf(Spec()))
    executable[16] = 2
    with pytest.raises(UnreadableBinaryError, match="expected 3"):
        read_images(bytes(executable), "spam.so")
