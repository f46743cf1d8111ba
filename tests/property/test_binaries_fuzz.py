"""Damaged and hostile binaries: one kind of error, soon, and in little memory."""

from __future__ import annotations

import functools
import struct
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ftwheel.core.wheel.extension_module import UnreadableBinaryError
from ftwheel.io.binaries import read_extension
from support.images import Spec, elf, fat, macho, pe
from support.modules import SINGLE_PHASE, build_module

_SECONDS = 20.0  # for one file on a busy machine; the walk's budget ends in about two on an idle one
_SPEC = Spec(imports=("PyModuleDef_Init", "PyModule_Create2", "PyUnstable_Module_SetGIL"), needed=("libc.so.6",))
_SHAPES: dict[str, Callable[[], bytes]] = {
    "elf": lambda: elf(_SPEC),
    "elf-relr": lambda: elf(_SPEC, pointers="relr", gnu_hash=False),
    "elf-32": lambda: elf(replace(_SPEC, bits=32, machine=3), pointers="rel"),
    "elf-big": lambda: elf(replace(_SPEC, order=">", machine=22)),
    "pe": lambda: pe(_SPEC),
    "pe-32": lambda: pe(replace(_SPEC, bits=32)),
    "macho": lambda: macho(_SPEC),
    "macho-chained": lambda: macho(_SPEC, chained=True),
    "fat": lambda: fat(macho(_SPEC), macho(replace(_SPEC, machine=0x01000007), chained=True)),
}
_KEPT = sorted((Path(__file__).resolve().parents[1] / "fuzz" / "corpus" / "binaries").iterdir())  # what fuzzing found
_LARGE = [b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\0\0\0\0", b"\0\0\1\0", b"\1\0\0\0"]


@pytest.mark.parametrize("path", _KEPT, ids=lambda path: path.stem)
def test_what_fuzzing_found_is_read(path: Path) -> None:
    assert read_extension(path.read_bytes(), "pkg/spam.so").gil.reason


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, free_threaded_python: str) -> bytes:
    """A real module, with code worth walking."""
    return build_module(tmp_path_factory.mktemp("built"), free_threaded_python, name="spam", source=SINGLE_PHASE)


@functools.cache
def _shape(name: str) -> bytes:
    return _SHAPES[name]()


def _survives(data: bytes) -> None:
    """Reading ends soon, with an answer or with the one error."""
    start = time.monotonic()
    try:
        read_extension(data, "pkg/spam.so")
    except UnreadableBinaryError as error:
        message = error.message
    else:
        message = "pkg/spam.so: read"
    assert message.startswith("pkg/spam.so: ")
    assert time.monotonic() - start < _SECONDS


def _mutate(data: bytes, cut: float | None, changes: list[tuple[float, bytes]]) -> bytes:
    """Cut off behind a part of the file, and overwrite bytes; positions crowd towards the headers."""
    mutated = bytearray(data[: int(len(data) * cut)] if cut is not None else data)
    for where, value in changes:
        at = int(len(mutated) * where**3)
        mutated[at : at + len(value)] = value[: max(0, len(mutated) - at)]
    return bytes(mutated)


_PLACES = st.floats(0, 1, exclude_max=True)
_CHANGES = st.lists(
    st.tuples(_PLACES, st.one_of(st.binary(min_size=1, max_size=1), st.sampled_from(_LARGE))), max_size=12
)
_MANY = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("name", _SHAPES)
@_MANY
@given(cut=st.none() | _PLACES, changes=_CHANGES)
def test_damaged_images(name: str, cut: float | None, changes: list[tuple[float, bytes]]) -> None:
    _survives(_mutate(_shape(name), cut, changes))


@_MANY
@given(cut=st.none() | _PLACES, changes=_CHANGES)
def test_damaged_module(built: bytes, cut: float | None, changes: list[tuple[float, bytes]]) -> None:
    _survives(_mutate(built, cut, changes))


@pytest.mark.parametrize("machine", [62, 183], ids=["x86_64", "aarch64"])
@settings(max_examples=200, deadline=None)
@given(code=st.binary(min_size=1, max_size=200))
def test_any_code(machine: int, code: bytes) -> None:
    _survives(elf(replace(_SPEC, machine=machine, slots=(), code=code)))


@settings(max_examples=100, deadline=None)
@given(
    data=st.binary(max_size=300),
    magic=st.sampled_from([b"\x7fELF\2\1", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"]),
)
def test_any_bytes(data: bytes, magic: bytes) -> None:
    _survives(magic + data)


def _endless_loop() -> bytes:
    return elf(replace(_SPEC, slots=(), code=b"\x90\xeb\xfd"))


def _endless_recursion() -> bytes:
    return elf(replace(_SPEC, slots=(), code=b"\xe8\xfb\xff\xff\xff\xc3"))


def _slots_in_slots() -> bytes:
    """Each of 250 slots nests the same array again."""
    spec = replace(_SPEC, slots=tuple((94, 0x2100) for _ in range(7)))
    return elf(spec, pointers="relr")


def _one_name_for_all() -> bytes:
    """Half a million symbols that share one long name."""
    data = bytearray(elf(_SPEC))
    name = b"Py" + b"a" * 4000 + b"\0"
    at = len(data)
    data += name
    symbols = struct.pack("<IBBHQQ", 1, 0x10, 0, 0, 0, 0) * 200_000
    table = len(data)
    data += symbols
    # The last segment grows over both tables, and the dynamic section names them.
    dynamic = data.index(struct.pack("<Q", 5), 0x3000)
    entries = {5: at - 1, 10: len(name) + 1, 6: table, 4: len(data)}
    data += struct.pack("<II", 1, 200_000) + bytes(64)
    out = bytearray()
    for tag, value in entries.items():
        out += struct.pack("<QQ", tag, value)
    out += bytes(16)
    data[dynamic : dynamic + len(out)] = out
    struct.pack_into("<QQQQ", data, 64 + 56 + 8, 0x2000, 0x2000, 0x2000, len(data) - 0x2000)
    struct.pack_into("<Q", data, 64 + 56 + 40, len(data) - 0x2000)
    return bytes(data)


def _heads_everywhere() -> bytes:
    """A megabyte of what starts like a module definition, which nothing believes."""
    return elf(replace(_SPEC, extra=(bytes(12) + b"\xff" * 4 + bytes(40)) * 20_000))


_HOSTILE = [_endless_loop, _endless_recursion, _slots_in_slots, _one_name_for_all, _heads_everywhere]


@pytest.mark.parametrize("make", _HOSTILE, ids=lambda make: make.__name__.strip("_"))
def test_hostile(make: Callable[[], bytes]) -> None:
    _survives(make())


_PEAK = """
import resource, sys
from ftwheel.core.wheel.extension_module import UnreadableBinaryError
from ftwheel.io.binaries import read_extension
from ftwheel.io.binaries.emulation import walk  # noqa: F401 - loaded before memory is bounded
data = open(sys.argv[1], "rb").read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_extension(data, "pkg/spam.so")
except UnreadableBinaryError:
    pass
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""
_FLOOR = 32 << 20  # the disassembler's library, decoded instructions, the interpreter's own arenas


@pytest.mark.parametrize("make", [_one_name_for_all, _heads_everywhere], ids=["names", "heads"])
def test_memory_of_the_process(tmp_path: Path, make: Callable[[], bytes]) -> None:
    data = make()
    path = tmp_path / "spam.so"
    path.write_bytes(data)
    done = subprocess.run([sys.executable, "-c", _PEAK, str(path)], stdout=subprocess.PIPE, text=True, check=True)
    # The file itself is held already; three more times its size makes four.
    assert int(done.stdout) <= 3 * len(data) + _FLOOR


@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from(sorted(_SHAPES)), cut=st.none() | _PLACES, changes=_CHANGES)
def test_memory_of_objects(name: str, cut: float | None, changes: list[tuple[float, bytes]]) -> None:
    data = _mutate(_shape(name), cut, changes)
    tracemalloc.start()
    try:
        _survives(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= 4 * len(data) + _FLOOR
