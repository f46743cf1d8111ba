"""The wheel just built: what is right passes, and every code of a refusal is found in a wheel that deserves it.

Machine code is compiled with the real pair of interpreters; files of other systems are made by hand, byte by byte.
"""

from __future__ import annotations

import os
import random
import struct
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from ftwheel_build import binaries
from ftwheel_build.inspection import inspect
from support.backend import target
from support.modules import every_abi
from support.stable_abi import compiled
from support.wheels import make_wheel

MACHINE = os.uname().machine
PLATFORM = f"linux_{MACHINE}"
DEFAULT, FREE_THREADED = (f".cpython-313{t}-{MACHINE}-linux-gnu.so" for t in ("", "t"))


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("backend-modules")


@pytest.fixture(scope="module")
def code(builder: Path, default_python: str, free_threaded_python: str, python_315: str) -> Mapping[str, bytes]:
    """Machine code by what it was compiled for."""
    made = every_abi(builder, default_python, free_threaded_python)
    return made | {"abi3t": compiled(builder / "abi3t", python_315)}


def codes(
    folder: Path, tags: str, files: Mapping[str, bytes], label: str, *, editable: bool = False, **options: object
) -> list[str]:
    wheel = make_wheel(folder, f"demo-1.0-{tags}.whl", files, **options)  # type: ignore[arg-type]
    return [error.code for error in inspect(str(wheel), target(label, MACHINE), editable=editable)]


@pytest.fixture
def judged(tmp_path: Path, code: Mapping[str, bytes]) -> Callable[..., list[str]]:
    """``codes`` of a wheel with files by what they were compiled for."""

    def judge(tags: str, files: Mapping[str, str], label: str) -> list[str]:
        return codes(tmp_path, tags, {name: code.get(kind, b"") for name, kind in files.items()}, label)

    return judge


@pytest.mark.parametrize(
    ("tags", "file", "kind", "label"),
    [
        ("cp313-cp313", f"demo/_ext{DEFAULT}", "default", "3.13"),
        ("cp313-cp313t", f"demo/_ext{FREE_THREADED}", "free-threaded", "3.13t"),
        ("cp313-cp313t", f"demo/_ext{FREE_THREADED}", "single-phase", "3.13t"),
        ("cp313-cp313t", f"demo/_ext{FREE_THREADED}", "silent", "3.13t"),
        ("cp313-cp313t", "demo/_ext.so", "free-threaded", "3.13t"),
        ("cp313-cp313", "demo/_ext.so", "default", "3.13"),
        ("cp39-abi3", "demo/_ext.abi3.so", "abi3", "3.13"),
        ("cp39-abi3", "demo/_ext.so", "abi3", "3.13"),
        ("cp315-abi3.abi3t", "demo/_m.abi3t.so", "abi3t", "3.15t"),
        ("cp315-abi3t", "demo/_m.abi3t.so", "abi3t", "3.15t"),
        ("py3-none", "demo/libadd.so", "library", "3.13t"),
        (
            "cp313-cp313t",
            "demo-1.0.data/platlib/_ext.cpython-313t-" + MACHINE + "-linux-gnu.so",
            "free-threaded",
            "3.13t",
        ),
    ],
)
def test_a_right_wheel(judged, tags, file, kind, label):
    assert judged(f"{tags}-{PLATFORM}", {file: kind, "demo/__init__.py": ""}, label) == []


def test_a_wheel_for_both_builds_holds_a_file_for_each(tmp_path, code):
    both = {f"demo/_ext{DEFAULT}": code["default"], f"demo/_ext{FREE_THREADED}": code["free-threaded"]}
    assert codes(tmp_path, f"cp313-cp313.cp313t-{PLATFORM}", both, "3.13t") == []
    one = {f"demo/_ext{FREE_THREADED}": code["free-threaded"]}
    assert codes(tmp_path, f"cp313-cp313.cp313t-{PLATFORM}", one, "3.13t") == ["FTB306"]


def test_a_pure_wheel(tmp_path):
    for tags in ("py3-none-any", "py2.py3-none-any", "py313-none-any"):
        assert codes(tmp_path, tags, {"demo/__init__.py": b""}, "3.13t") == []


@pytest.mark.parametrize(
    ("expected", "tags", "files", "label"),
    [
        (["FTB303"], f"cp313-cp313-{PLATFORM}", {f"demo/_ext{DEFAULT}": "default"}, "3.13t"),
        (["FTB303"], f"cp39-abi3-{PLATFORM}", {"demo/_ext.abi3.so": "abi3"}, "3.13t"),
        (["FTB303"], "cp312-none-any", {"demo/__init__.py": ""}, "3.13"),
        (["FTB304"], f"cp313-cp313t-{PLATFORM}", {"demo/__init__.py": ""}, "3.13t"),
        (["FTB305"], "py3-none-any", {f"demo/_ext{FREE_THREADED}": "free-threaded"}, "3.13t"),
        (["FTB306"], f"py3-none-{PLATFORM}", {f"demo/_ext{FREE_THREADED}": "free-threaded"}, "3.13t"),
        (["FTB306"], f"py3-none-{PLATFORM}", {"demo/_ext.so": "free-threaded"}, "3.13t"),
        (["FTB306"], f"cp313-none-{PLATFORM}", {"demo/_ext.so": "default"}, "3.13"),
        (["FTB306"], f"cp39-abi3-{PLATFORM}", {f"demo/_ext{DEFAULT}": "default"}, "3.13"),
        (["FTB306"], f"cp313-cp313t-{PLATFORM}", {"demo/_ext.abi3.so": "abi3"}, "3.13t"),
        (["FTB306"], f"cp313-cp313t-{PLATFORM}", {f"demo/_ext{DEFAULT}": "default"}, "3.13t"),
        (["FTB306"], f"cp313-cp313t-{PLATFORM}", {"demo/_ext.abi3t.so": "silent"}, "3.13t"),
        (["FTB307"], f"cp313-cp313t-{PLATFORM}", {"demo/_ext.so": "silent"}, "3.13t"),
        (["FTB308"], f"cp313-cp313t-{PLATFORM}", {f"demo/_ext{FREE_THREADED}": "default"}, "3.13t"),
        (["FTB308"], f"cp313-cp313t-{PLATFORM}", {f"demo/_ext{FREE_THREADED}": "abi3"}, "3.13t"),
        (["FTB308"], f"cp313-cp313-{PLATFORM}", {f"demo/_ext{DEFAULT}": "free-threaded"}, "3.13"),
        (["FTB308"], f"cp313-cp313-{PLATFORM}", {f"demo/_ext{DEFAULT}": "single-phase"}, "3.13"),
        (["FTB308"], f"cp313-cp313t-{PLATFORM}", {"demo/_ext.so": "default"}, "3.13t"),
        (["FTB308"], f"cp39-abi3-{PLATFORM}", {"demo/_ext.abi3.so": "free-threaded"}, "3.13"),
        (["FTB309"], f"cp313-cp313t-{PLATFORM}", {f"demo/_ext{FREE_THREADED}": "mixed"}, "3.13t"),
        (["FTB310"], "cp313-cp313t-linux_s390x", {f"demo/_ext{FREE_THREADED}": "free-threaded"}, "3.13t"),
        (["FTB310"], "cp313-cp313t-win_amd64", {f"demo/_ext{FREE_THREADED}": "free-threaded"}, "3.13t"),
        (["FTB310"], "py3-none-macosx_11_0_arm64", {"demo/libadd.so": "library"}, "3.13t"),
        (["FTB311"], f"cp313-cp313-{PLATFORM}", {f"d/_ext{DEFAULT}": "default", "d/_ext.abi3.so": "abi3"}, "3.13"),
        (["FTB303", "FTB306", "FTB312"], f"cp314-abi3t-{PLATFORM}", {"demo/_ext.abi3.so": "abi3"}, "3.13t"),
        (["FTB312"], f"cp39-abi3.abi3t-{PLATFORM}", {"demo/_ext.so": "silent"}, "3.15t"),
        (["FTB313"], f"cp313-cp313-{PLATFORM}", {"demo/_ext.abi3.so": "abi3"}, "3.13"),
    ],
)
def test_a_wrong_wheel(judged, expected, tags, files, label):
    assert judged(tags, files, label) == expected


def test_machine_code_under_root_is_purelib(tmp_path, code):
    files = {f"demo/_ext{FREE_THREADED}": code["free-threaded"]}
    assert codes(tmp_path, f"cp313-cp313t-{PLATFORM}", files, "3.13t", purelib=True) == ["FTB305"]


def test_an_editable_wheel_may_be_empty_and_nothing_else(tmp_path, code):
    tags = f"cp313-cp313t-{PLATFORM}"
    assert codes(tmp_path, tags, {"demo.pth": b"/src\n"}, "3.13t", editable=True) == []
    wrong = {f"demo/_ext{FREE_THREADED}": code["default"]}
    assert codes(tmp_path, tags, wrong, "3.13t", editable=True) == ["FTB308"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tags": [f"cp313-cp313-{PLATFORM}"]}, "the file name says cp313-cp313t-"),
        ({"tags": []}, "WHEEL says nothing else"),
        ({"tags": ["cp313"]}, "WHEEL has the tag 'cp313'"),
        ({"replace": {"WHEEL": None}}, "0 WHEEL files, expected one"),
        ({"replace": {"WHEEL": b"\xff"}}, "cannot be read"),
        ({"tags": ["-".join([".".join(map(str, range(2000)))] * 3)]}, "stands for more than 10,000"),
    ],
)
def test_metadata(tmp_path, options, message):
    wheel = make_wheel(tmp_path, f"demo-1.0-cp313-cp313t-{PLATFORM}.whl", **options)
    problems = inspect(str(wheel), target("3.13t", MACHINE), editable=True)
    assert {problem.code for problem in problems} <= {"FTB301", "FTB302"}
    assert any(message in problem.message for problem in problems), problems


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + b"\0" * 30, b"no zip at all"])
def test_no_wheel_at_all(tmp_path, content):
    path = tmp_path / f"demo-1.0-cp313-cp313t-{PLATFORM}.whl"
    path.write_bytes(content)
    assert [problem.code for problem in inspect(str(path), target("3.13t", MACHINE))] == ["FTB301"]
    assert [problem.code for problem in inspect(str(tmp_path / "demo.zip"), target("3.13t", MACHINE))] == ["FTB301"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"PK\1\2\x14\x03\x14\0\0\0", b"PK\1\2\x14\x03\x14\0\1\0", "is encrypted"),
        (b"\x08\0", b"\x63\0", "compressed with method 99"),
        (b"\x08\0", b"\x0e\0", "compressed with method 14"),
    ],
)
def test_members_that_cannot_be_unpacked(tmp_path, old, new, message):
    wheel = make_wheel(tmp_path, f"demo-1.0-cp313-cp313t-{PLATFORM}.whl")
    wheel.write_bytes(wheel.read_bytes().replace(old, new))
    (problem,) = inspect(str(wheel), target("3.13t", MACHINE), editable=True)
    assert problem.code == "FTB301"
    assert message in problem.message


def test_a_module_that_expands_like_no_machine_code_is_judged_by_its_name(tmp_path, code):
    swollen = code["default"] + bytes(64 << 20)
    assert codes(tmp_path, f"cp313-cp313t-{PLATFORM}", {f"demo/_ext{FREE_THREADED}": swollen}, "3.13t") == []


def test_a_truncated_module_is_not_judged_but_refused(tmp_path, code):
    files = {f"demo/_ext{FREE_THREADED}": code["free-threaded"][:900]}
    assert codes(tmp_path, f"cp313-cp313t-{PLATFORM}", files, "3.13t") == ["FTB301"]


def test_broken_machine_code_never_gives_anything_but_an_error(code):
    """Truncated and bit-flipped files are read, or refused as unreadable; nothing else comes out."""
    chance = random.Random(7)
    whole = [code["free-threaded"], mach(0x0100000C, imports=["_Py_Dealloc"]), pe(0x8664, "python313t.dll")]
    for _ in range(300):
        content = bytearray(chance.choice(whole))
        for _ in range(chance.randrange(1, 12)):
            content[chance.randrange(min(len(content), 4096))] = chance.randrange(256)
        del content[chance.randrange(len(content)) :]
        try:
            read = binaries.images(bytes(content))
        except binaries.UnreadableError:
            continue
        for image in read:
            assert binaries.abi_of(image) in {"", "default", "free-threaded", "both", "abi3", "abi3t"}


def mach(cpu: int, *, imports: list[str] = [], exports: list[str] = []) -> bytes:  # noqa: B006 - never changed
    """A 64-bit Mach-O bundle with a symbol table and nothing else."""
    names = b"\0"
    entries = b""
    for kind, symbols in ((1, imports), (0xF, exports)):  # N_EXT, N_SECT | N_EXT
        for symbol in symbols:
            entries += struct.pack("<I2BHQ", len(names), kind, 0, 0, 0)
            names += f"_{symbol}\0".encode()
    table = 32 + 24
    command = struct.pack("<6I", 2, 24, table, len(entries) // 16, table + len(entries), len(names))
    return struct.pack("<8I", 0xFEEDFACF, cpu, 0, 8, 1, len(command), 0, 0) + command + entries + names


def universal(*parts: tuple[int, bytes]) -> bytes:
    offset = 8 + 20 * len(parts)
    header, body = struct.pack(">2I", 0xCAFEBABE, len(parts)), b""
    for cpu, content in parts:
        header += struct.pack(">5I", cpu, 0, offset + len(body), len(content), 0)
        body += content
    return header + body


def pe(machine: int, library: str, *exports: str) -> bytes:
    """A PE file with one section: an import table that names one DLL, and an export table."""
    start, base = 0x200, 0x1000  # of the section in the file and in memory
    data = bytearray(struct.pack("<5I", 0, 0, 0, base + 40, 0) + bytes(20) + library.encode() + b"\0")
    table = 0
    if exports:
        table = len(data)
        pointers = table + 40
        data += bytes(40 + 4 * len(exports))
        struct.pack_into("<24xI4xI", data, table, len(exports), base + pointers)
        for index, name in enumerate(exports):
            struct.pack_into("<I", data, pointers + 4 * index, base + len(data))
            data += name.encode() + b"\0"
    directories = struct.pack("<4I", base + table if table else 0, 40, base, 40) + bytes(8 * 14)
    optional = struct.pack("<H", 0x20B) + bytes(110) + directories
    header = b"MZ" + bytes(0x3A) + struct.pack("<I", 0x40) + b"PE\0\0"
    header += struct.pack("<2H12x2H", machine, 1, len(optional), 0) + optional
    header += b".data\0\0\0" + struct.pack("<4I16x", len(data), base, len(data), start)
    return header.ljust(start, b"\0") + bytes(data)


WINDOWS = ".cp313t-win_amd64.pyd"


@pytest.mark.parametrize(
    ("expected", "tags", "file", "content"),
    [
        ([], "cp313-cp313t-win_amd64", f"_ext{WINDOWS}", pe(0x8664, "python313t.dll")),
        ([], "cp313-cp313t-win_amd64", "_ext.pyd", pe(0x8664, "python313t.dll", "PyInit__ext")),
        (["FTB308"], "cp313-cp313t-win_amd64", f"_ext{WINDOWS}", pe(0x8664, "PYTHON313.dll")),
        (["FTB308"], "cp313-cp313t-win_amd64", "_ext.pyd", pe(0x8664, "python3.dll", "PyInit__ext")),
        (["FTB307"], "cp313-cp313t-win_amd64", "_ext.pyd", pe(0x8664, "kernel32.dll", "PyInit__ext")),
        (["FTB310"], "cp313-cp313t-win_arm64", f"_ext{WINDOWS}", pe(0x8664, "python313t.dll")),
        ([], "py3-none-win_amd64", "add.pyd", pe(0x8664, "kernel32.dll", "add")),
    ],
)
def test_windows(tmp_path, expected, tags, file, content):
    wheel = make_wheel(tmp_path, f"demo-1.0-{tags}.whl", {f"demo/{file}": content})
    windows = target("3.13t", MACHINE, "win-amd64").replace(suffix=WINDOWS)
    assert [problem.code for problem in inspect(str(wheel), windows)] == expected


ARM, INTEL = 0x0100000C, 0x01000007
THIN = {cpu: mach(cpu, imports=["_Py_DecRefShared"]) for cpu in (ARM, INTEL)}
FAT = universal(*THIN.items())


@pytest.mark.parametrize(
    ("expected", "platform", "content"),
    [
        ([], "macosx_11_0_arm64", THIN[ARM]),
        ([], "macosx_10_13_x86_64", THIN[INTEL]),
        ([], "macosx_10_13_universal2", FAT),
        ([], "macosx_11_0_arm64", FAT),
        (["FTB310"], "macosx_10_13_universal2", THIN[ARM]),
        (["FTB310"], "macosx_10_13_x86_64", THIN[ARM]),
        (["FTB308"], "macosx_11_0_arm64", mach(ARM, imports=["_Py_Dealloc"])),
        (["FTB309"], "macosx_11_0_arm64", mach(ARM, imports=["_Py_Dealloc", "_Py_DecRefShared"])),
    ],
)
def test_macos(tmp_path, expected, platform, content):
    suffix = ".cpython-313t-darwin.so"
    wheel = make_wheel(tmp_path, f"demo-1.0-cp313-cp313t-{platform}.whl", {f"demo/_ext{suffix}": content})
    mac = target("3.13t", MACHINE, "macosx-11.0-arm64").replace(suffix=suffix)
    assert [problem.code for problem in inspect(str(wheel), mac)] == expected


def test_libraries_for_other_machines_may_lie_beside_one_for_this_one(tmp_path, code):
    here = {"demo/libadd.so": code["library"], "demo/add.dll": pe(0xAA64, "kernel32.dll"), "demo/libadd.dylib": FAT}
    assert codes(tmp_path, f"py3-none-{PLATFORM}", here, "3.13t") == []
    elsewhere = {name: content for name, content in here.items() if not name.endswith(".so")}
    assert codes(tmp_path, f"py3-none-{PLATFORM}", elsewhere, "3.13t") == ["FTB310"]


def test_another_implementation_is_judged_by_name_and_machine_alone(tmp_path, code):
    pypy = target("3.10", MACHINE).replace(implementation="pypy", suffix=f".pypy310-pp73-{MACHINE}-linux-gnu.so")
    file = f"demo/_ext{pypy.suffix}"
    for platform, expected in ((PLATFORM, []), ("linux_s390x", ["FTB310"])):
        wheel = make_wheel(tmp_path, f"demo-1.0-pp310-pypy310_pp73-{platform}.whl", {file: code["silent"]})
        assert [problem.code for problem in inspect(str(wheel), pypy)] == expected
