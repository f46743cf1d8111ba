"""The readers against pyelftools, pefile and lief: same init functions, same imports, same libraries."""

from __future__ import annotations

import io
import sysconfig
from dataclasses import replace
from pathlib import Path
from typing import Any

import lief
import pefile
import pytest
from elftools.elf.elffile import ELFFile

from ftwheel.io.binaries import read_images
from ftwheel.io.binaries.readers.image import is_init_name, is_python_name
from support.images import Spec, elf, fat, macho, pe

pytestmark = pytest.mark.oracle

_SPEC = Spec(imports=("PyModuleDef_Init", "PyList_New", "_Py_DecRefShared"), needed=("libc.so.6",))


def by_pyelftools(data: bytes) -> tuple[set[str], set[str], list[str]]:
    """Init functions, imported C-API symbols, needed libraries."""
    file = ELFFile(io.BytesIO(data))
    dynamic: Any = next(segment for segment in file.iter_segments() if segment["p_type"] == "PT_DYNAMIC")
    exports: set[str] = set()
    imports: set[str] = set()
    for symbol in dynamic.iter_symbols():
        name = symbol.name.encode()
        if symbol["st_shndx"] == "SHN_UNDEF":
            if is_python_name(name):
                imports.add(symbol.name)
        elif is_init_name(name):
            exports.add(symbol.name)
    needed = [tag.needed for tag in dynamic.iter_tags() if tag["d_tag"] == "DT_NEEDED"]
    return exports, imports, needed


def by_pefile(data: bytes) -> tuple[set[str], set[str], list[str]]:
    """The same of a PE file."""
    file = pefile.PE(data=data)
    exported = file.DIRECTORY_ENTRY_EXPORT.symbols if hasattr(file, "DIRECTORY_ENTRY_EXPORT") else []
    exports = {symbol.name.decode() for symbol in exported if symbol.name and is_init_name(symbol.name)}
    libraries = [
        *getattr(file, "DIRECTORY_ENTRY_IMPORT", []),
        *getattr(file, "DIRECTORY_ENTRY_DELAY_IMPORT", []),
    ]
    imports = {
        symbol.name.decode()
        for library in libraries
        for symbol in library.imports
        if symbol.name and is_python_name(symbol.name)
    }
    return exports, imports, list(dict.fromkeys(library.dll.decode() for library in libraries))


def by_lief(data: bytes) -> list[tuple[set[str], set[str], list[str]]]:
    """The same of each slice of a Mach-O file."""
    found = []
    parsed = lief.MachO.parse(list(data))  # owns the slices
    assert parsed is not None
    for slice_ in parsed:
        exports = {str(one.name).removeprefix("_") for one in slice_.exported_symbols}
        imports = {str(one.name).removeprefix("_") for one in slice_.imported_symbols}
        found.append(
            (
                {name for name in exports if is_init_name(name.encode())},
                {name for name in imports if is_python_name(name.encode())},
                [
                    str(library.name)
                    for library in slice_.libraries
                    if library.command != lief.MachO.LoadCommand.TYPE.ID_DYLIB
                ],
            )
        )
    return found


def ours(data: bytes) -> list[tuple[set[str], set[str], list[str]]]:
    return [(set(image.exports), set(image.imports), list(image.needed)) for image in read_images(data, "module")]


def _installed() -> list[Path]:
    """Shared objects of this interpreter and of what is installed in it."""
    folders = {Path(sysconfig.get_path(name)) for name in ("stdlib", "platlib")}
    return sorted({path for folder in folders for path in folder.rglob("*.so")})


def test_elf_at_hand() -> None:
    files = _installed()
    assert len(files) > 50
    for path in files:
        data = path.read_bytes()
        exports, imports, needed = by_pyelftools(data)
        assert ours(data) == [(exports, imports, needed)], path


@pytest.mark.parametrize("how", ["rela", "rel", "relr"])
@pytest.mark.parametrize(
    "shape",
    [Spec(), Spec(machine=183), Spec(bits=32, machine=3), Spec(order=">", machine=22)],
    ids=["x86_64", "aarch64", "x86", "s390x"],
)
@pytest.mark.parametrize("gnu_hash", [True, False])
def test_generated_elf(shape: Spec, how: str, gnu_hash: bool) -> None:
    if shape.machine == 22:
        gnu_hash = True  # DT_HASH has 64-bit words on s390x, which pyelftools reads as 32-bit ones
    spec = replace(_SPEC, bits=shape.bits, order=shape.order, machine=shape.machine)
    data = elf(spec, pointers=how, gnu_hash=gnu_hash)
    assert ours(data) == [by_pyelftools(data)]
    assert ours(data)[0][1] == set(spec.imports)


@pytest.mark.parametrize("bits", [64, 32])
def test_generated_pe(bits: int) -> None:
    data = pe(replace(_SPEC, bits=bits))
    assert ours(data) == [by_pefile(data)]
    assert ours(data)[0] == ({"PyInit_spam"}, set(_SPEC.imports), ["python313t.dll"])


@pytest.mark.parametrize("chained", [True, False])
def test_generated_macho(chained: bool) -> None:
    spec = replace(_SPEC, needed=("/usr/lib/libSystem.B.dylib",))
    data = fat(macho(spec, chained=chained), macho(replace(spec, machine=0x01000007), chained=chained))
    assert ours(data) == by_lief(data)
    assert ours(data)[0] == ({"PyInit_spam"}, set(_SPEC.imports), list(spec.needed))
