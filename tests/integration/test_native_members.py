"""Machine code in a wheel is found by its first bytes, whatever its name, and judged by the platform tag."""

from __future__ import annotations

import random
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from platform import machine

import pytest

from ftwheel.cli.main import main
from ftwheel.core.wheel.extension_module import BinaryFormat
from ftwheel.core.wheel.native import NativeKind
from ftwheel.io.binaries.header import native_code
from ftwheel.io.wheel.reading import inspect_wheel
from support.images import Spec, elf, fat, macho, pe
from support.wheels import make_wheel


def elf_for(machine: int, *, order: str = "<") -> bytes:
    """An ELF file whose header names a machine."""
    data = bytearray(elf(Spec(order=order)))
    struct.pack_into(f"{order}H", data, 18, machine)
    return bytes(data)


INTEL_MACHO = macho(Spec(machine=0x01000007))


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A program, an object, a static and a shared library, and a linker script, as the system's tools write them."""
    place = tmp_path_factory.mktemp("compiled")
    compiler, archiver = shutil.which("cc"), shutil.which("ar")
    assert compiler is not None
    assert archiver is not None
    (place / "a.c").write_text("int main(void) { return 0; }\n")
    for arguments in (
        [compiler, "a.c", "-o", "tool"],
        [compiler, "-no-pie", "a.c", "-o", "fixed"],
        [compiler, "-c", "a.c", "-o", "a.o"],
        [compiler, "-shared", "-fPIC", "a.c", "-o", "liba.so.1"],
        [archiver, "rcs", "a.a", "a.o"],
    ):
        subprocess.run(arguments, cwd=place, check=True)
    files = {path.name: path.read_bytes() for path in place.iterdir() if path.suffix != ".c"}
    return files | {"script.so": b"/* GNU ld script */\nGROUP ( libx.so.6 )\n"}


def test_what_the_systems_tools_write(compiled: dict[str, bytes]) -> None:
    kinds = {name: (found.kind if (found := native_code(data, name)) else None) for name, data in compiled.items()}
    assert kinds == {
        "tool": NativeKind.LIBRARY,  # a position-independent program is one to its header
        "fixed": NativeKind.PROGRAM,
        "a.o": NativeKind.OBJECT,
        "liba.so.1": NativeKind.LIBRARY,
        "a.a": NativeKind.ARCHIVE,
        "script.so": None,
    }


@pytest.mark.parametrize(
    ("data", "binary_format", "machines"),
    [
        (elf(Spec()), BinaryFormat.ELF, ("x86_64",)),
        (elf_for(183), BinaryFormat.ELF, ("aarch64",)),
        (elf_for(22, order=">"), BinaryFormat.ELF, ("s390x",)),
        (macho(Spec()), BinaryFormat.MACH_O, ("aarch64",)),
        (fat(macho(Spec()), INTEL_MACHO), BinaryFormat.MACH_O, ("aarch64", "x86_64")),
        (pe(Spec()), BinaryFormat.PE, ("x86_64",)),
        (struct.pack("<HH", 0xAA64, 3) + bytes(16), BinaryFormat.PE, ("aarch64",)),
    ],
)
def test_every_format_and_machine(data: bytes, binary_format: BinaryFormat, machines: tuple[str, ...]) -> None:
    found = native_code(data, "anything.obj")
    assert found is not None
    assert (found.binary_format, found.machines) == (binary_format, machines)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"MZ",
        b"MZ is how this text begins" + b" " * 100,
        b"\x7fELF",
        b"\xca\xfe\xba\xbe\x00\x00\x00\x34" + bytes(64),  # a Java class
        elf_for(247),  # eBPF
        b"!<arch>\n",
        b"\0asm\1\0\0\0",
        b"#!/bin/sh\n",
    ],
)
def test_what_is_no_machine_code_of_a_host(data: bytes) -> None:
    assert native_code(data, "tool") is None


def test_a_net_assembly_runs_on_every_machine() -> None:
    data = bytearray(pe(Spec()))
    (start,) = struct.unpack_from("<I", data, 0x3C)
    struct.pack_into("<I", data, start + 24 + 112 + 14 * 8, 0x2000)
    assert native_code(bytes(data)) is None


def test_damaged_heads_never_raise(compiled: dict[str, bytes]) -> None:
    draw = random.Random(1)
    for data in (*compiled.values(), elf(Spec()), fat(macho(Spec()), INTEL_MACHO), macho(Spec()), pe(Spec())):
        for _ in range(300):
            broken = bytearray(data[: draw.randrange(1, min(len(data), 2000) + 1)])
            for _ in range(draw.randrange(8)):
                broken[draw.randrange(len(broken))] = draw.randrange(256)
            native_code(bytes(broken), "x.obj")


def check(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    code = main(["check", "--ignore", "FTW8", *map(str, arguments)])  # FTW8: what an index takes
    return code, capsys.readouterr().out


def suggested(capsys: pytest.CaptureFixture[str], wheel: Path) -> list[str]:
    assert main(["tag", "--suggest", str(wheel)]) == 0
    return capsys.readouterr().out.split()


LINUX = "tool-1.0-py3-none-linux_x86_64.whl"
ANY = "tool-1.0-py3-none-any.whl"


def test_a_program_without_a_suffix_is_never_for_any(
    tmp_path: Path, compiled: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    for place in ("tool/tool", "tool-1.0.data/scripts/tool", "tool/data/a.o", "tool/data/a.a"):
        data = compiled[place.rpartition("/")[2]]
        assert suggested(capsys, make_wheel(tmp_path, LINUX, {place: data})) == ["py3-none-linux_x86_64"]
        assert check(capsys, tmp_path / LINUX)[0] == 0
        assert suggested(capsys, make_wheel(tmp_path, ANY, {place: data})) == ["py3-none-linux_x86_64"]
        code, said = check(capsys, tmp_path / ANY)
        assert f"FTW303 {place}\n    is ELF code for x86_64, but any is for every machine" in said
        assert code == (1 if "scripts" in place else 0)


def test_code_of_another_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arm, own = elf_for(183), elf(Spec())
    wheel = make_wheel(tmp_path, LINUX, {"tool/tool": arm, "tool/other": arm})
    code, said = check(capsys, wheel)
    assert code == 1
    assert said.count("FTW303") == 1  # one cause, one finding
    assert "is code for aarch64, but linux_x86_64 requires x86_64; so is tool/tool" in said
    # several, each for its own machine, may be meant
    code, said = check(capsys, make_wheel(tmp_path, LINUX, {"tool/tool": arm, "tool/own": own}))
    assert (code, "advice FTW303 tool/tool" in said) == (0, True)
    # what is installed to be run may not
    code, said = check(capsys, make_wheel(tmp_path, LINUX, {"tool-1.0.data/scripts/tool": arm, "tool/own": own}))
    assert (code, "error FTW303 tool-1.0.data/scripts/tool" in said) == (1, True)
    code, said = check(capsys, make_wheel(tmp_path, "tool-1.0-py3-none-win_amd64.whl", {"tool/tool": own}))
    assert "is ELF, but win_amd64 requires PE" in said


THREADS = """\
#include <threads.h>
int started(void) { thrd_t thread; return thrd_join(thread, 0); }
int main(void) { return started(); }
"""


def test_one_floor_for_every_kind_of_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """C11 threads came with glibc 2.28: ``check``, ``verify`` and ``tag`` say the same about a tag for 2.17."""
    (tmp_path / "a.c").write_text(THREADS)
    for kind, options in {"library": ["-shared", "-fPIC"], "program": []}.items():
        subprocess.run(["cc", "-w", *options, "a.c", "-o", kind], cwd=tmp_path, check=True)
    (tmp_path / "nothing").mkdir()
    first = ("--new-project", "--no-config", "--no-index", "--find-links", str(tmp_path / "nothing"))
    for kind, place in {
        "program": "tool-1.0.data/scripts/tool",
        "library": "tool/libtool.so.1",
    }.items():
        dist = tmp_path / place.replace("/", "-")
        files = {place: (tmp_path / kind).read_bytes()}
        wheel = make_wheel(dist, "tool-1.0-py3-none-manylinux_2_17_x86_64.whl", files)
        code, said = check(capsys, wheel)
        found = re.search(r"has the tag manylinux_2_17_x86_64; auditwheel finds it consistent with (\w+)", said)
        assert (code, bool(found)) == (1, True), said
        assert found is not None
        assert suggested(capsys, wheel) == [f"py3-none-{found[1]}"]
        assert main(["verify", str(dist), *first]) == 1
        assert f"consistent with {found[1]}" in capsys.readouterr().out
        assert main(["tag", "--platform-tag", found[1], "--remove", str(wheel)]) == 0
        capsys.readouterr()
        assert "no findings" in check(capsys, dist)[1]
        assert main(["verify", str(dist), *first]) == 0
    (wheel,) = dist.iterdir()
    assert main(["tag", "--platform-tag", "manylinux_2_17_x86_64", str(wheel)]) == 1
    assert "FTW304" in capsys.readouterr().err


def test_files_for_several_machines_may_be_for_any(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {"tool/tool": elf(Spec()), "tool/tool-arm": elf_for(183), "tool/tool.exe": pe(Spec())}
    assert "no findings" in check(capsys, make_wheel(tmp_path, ANY, files))[1]
    assert suggested(capsys, tmp_path / ANY) == ["py3-none-any"]


def test_the_macos_version_of_a_program_is_suggested(tmp_path: Path) -> None:
    header = struct.pack("<8I", 0xFEEDFACF, 0x0100000C, 0, 2, 1, 24, 0, 0)
    version = struct.pack("<6I", 0x32, 24, 1, 13 << 16 | 3 << 8, 0, 0)  # LC_BUILD_VERSION
    found = native_code(header + version + bytes(64))
    assert found is not None
    assert (found.kind, found.macos) == (NativeKind.PROGRAM, (13, 3))
    wheel = make_wheel(tmp_path, ANY, {"tool/tool": header + version + bytes(64)})
    assert [member.path for member in inspect_wheel(str(wheel)).native] == ["tool/tool"]


@pytest.mark.parametrize(
    ("module", "said"), [(b"", "is empty"), (b"\0asm\1\0\0\0", "is WebAssembly"), (b"version 1", "starts with b'vers'")]
)
def test_a_module_that_is_no_machine_code(
    module: bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = "cp313-win_amd64.pyd", "cpython-313-wasm32-emscripten.so"
    for platform, name, code in zip(("win_amd64", "pyemscripten_2025_0_wasm32"), names, (1, 0), strict=True):
        wheel = make_wheel(tmp_path, f"tool-1.0-cp313-cp313-{platform}.whl", {f"tool.{name}": module})
        found, text = check(capsys, "--select", "FTW309", wheel)
        assert (found, f"{said}, which is neither" in text) == (code, True)
        assert "none-any" not in " ".join(suggested(capsys, wheel))


COPIES = "#include <string.h>\nvoid *copy(void *a, void *b, size_t n) { return memcpy(a, b, n); }\n"  # since glibc 2.14


@pytest.mark.skipif((sys.platform, machine()) != ("linux", "x86_64"), reason="glibc 2.14 is too old for other machines")
def test_a_policy_is_told_from_what_the_wheel_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """auditwheel has no policy for 2.14, as zstd has, and counts what this system's libgomp needs, as for lightgbm."""
    (tmp_path / "a.c").write_text(COPIES)
    for name, options in (("copies", ()), ("openmp", ("-Wl,--no-as-needed", "-lgomp"))):
        command = ["cc", "-shared", "-fPIC", "-O1", "-fno-builtin", "a.c", "-o", f"lib{name}.so", *options]
        subprocess.run(command, cwd=tmp_path, check=True)

    def said(name: str, system: str) -> str:
        wheel = f"tool-1.0-py3-none-{system}_x86_64.whl"
        make_wheel(tmp_path, wheel, {f"tool/lib{name}.so": (tmp_path / f"lib{name}.so").read_bytes()})
        return check(capsys, "--select", "FTW304", tmp_path / wheel)[1]

    assert "no findings" in said("copies", "manylinux_2_14")
    assert "consistent with manylinux_2_17" in said("copies", "manylinux_2_13")
    assert "because it needs the library libgomp.so.1\n" in said("openmp", "manylinux_2_17")
