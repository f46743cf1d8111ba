"""Decide from the first bytes of a file whether it is machine code, and for which machines; its name hardly matters.

Sources: the System V ABI (ELF header), Apple's ``mach-o/loader.h`` and ``fat.h``, Microsoft's PE format, ``ar(5)``.
Platform tags do not cover code for machines that no wheel is installed on (eBPF, graphics processors), nor .NET
assemblies, which run on every machine. Both count as data.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ftwheel.core.wheel.extension_module import BinaryFormat, ByteOrder
from ftwheel.core.wheel.native import NativeCode, NativeKind
from ftwheel.io.binaries.readers.elf import machine_name
from ftwheel.io.binaries.readers.macho import FAT, THIN
from ftwheel.io.binaries.readers.macho import MACHINES as MACHO_MACHINES
from ftwheel.io.binaries.readers.pe import MACHINES as PE_MACHINES

__all__ = ["HEAD", "native_code"]

HEAD = 1 << 20  # bytes to pass to ``native_code``: a static library's objects follow its symbol table
_ELF_KINDS = {1: NativeKind.OBJECT, 2: NativeKind.PROGRAM, 3: NativeKind.LIBRARY}
_MACHO_KINDS = {1: NativeKind.OBJECT, 2: NativeKind.PROGRAM}
_NOT_HOSTS = {190, 224, 247}  # EM_CUDA, EM_AMDGPU, EM_BPF
_ARCHIVES = (b"!<arch>\n", b"!<thin>\n")
_MOST_SLICES = 18  # a Java class starts like a fat Mach-O file, followed by a version of 45 or more
_MOST_MEMBERS = 64
_MOST_COMMANDS = 256


def native_code(head: bytes, path: str = "") -> NativeCode | None:
    """The kind and machines of the code in a file that starts with these bytes; None if it is not machine code.

    ``path`` distinguishes a COFF object (``.obj``, ``.o``), which has no magic number, from data.
    """
    try:
        if head.startswith(b"\x7fELF"):
            return _elf(head)
        if head.startswith(b"MZ"):
            return _pe(head)
        if head[:4] in THIN:
            return _macho([head])
        if head[:4] in FAT:
            return _fat(head)
        if head.startswith(_ARCHIVES):
            return _archive(head)
        if path.lower().endswith((".obj", ".o")):
            return _coff(head)
    except struct.error:  # the file ends within its header
        return None
    return None


def _elf(head: bytes) -> NativeCode | None:
    bits = {1: 32, 2: 64}.get(head[4]) if len(head) > 5 else None
    if bits is None or head[5] not in {1, 2}:
        return None
    order = ByteOrder.LITTLE if head[5] == 1 else ByteOrder.BIG
    kind, machine = struct.unpack_from("<HH" if order is ByteOrder.LITTLE else ">HH", head, 16)
    if machine in _NOT_HOSTS or kind not in _ELF_KINDS:
        return None
    return NativeCode(
        binary_format=BinaryFormat.ELF, kind=_ELF_KINDS[kind], machines=(machine_name(machine, bits, order),)
    )


def _pe(head: bytes) -> NativeCode | None:
    (start,) = struct.unpack_from("<I", head, 0x3C)
    if head[start : start + 4] != b"PE\0\0":
        return None
    (machine,) = struct.unpack_from("<H", head, start + 4)
    flags, magic = struct.unpack_from("<HH", head, start + 22)
    directories = start + 24 + (112 if magic == 0x20B else 96)
    (managed,) = struct.unpack_from("<I", head, directories + 14 * 8)
    if managed or machine not in PE_MACHINES:
        return None
    return NativeCode(
        binary_format=BinaryFormat.PE,
        kind=NativeKind.LIBRARY if flags & 0x2000 else NativeKind.PROGRAM,
        machines=(PE_MACHINES[machine][0],),
    )


def _coff(head: bytes) -> NativeCode | None:
    machine, sections = struct.unpack_from("<HH", head)
    if machine not in PE_MACHINES or not 0 < sections < 0x1000:
        return None
    return NativeCode(binary_format=BinaryFormat.PE, kind=NativeKind.OBJECT, machines=(PE_MACHINES[machine][0],))


def _fat(head: bytes) -> NativeCode | None:
    (count,) = struct.unpack_from(">I", head, 4)
    if not 0 < count <= _MOST_SLICES:
        return None
    layout = f">{FAT[head[:4]]}"
    rows = [struct.unpack_from(layout, head, 8 + number * struct.calcsize(layout)) for number in range(count)]
    slices = [head[row[2] : row[2] + row[3]] for row in rows]
    if all(each[:4] in THIN for each in slices):
        return _macho(slices)
    # the head reaches only the first of several large slices, and static libraries have no Mach-O header
    names = tuple(sorted({_macho_machine(row[0]) for row in rows}))
    first = native_code(slices[0])
    return NativeCode(
        binary_format=BinaryFormat.MACH_O,
        kind=first.kind if first else NativeKind.LIBRARY,
        machines=names,
        macos=first.macos if first else None,
    )


def _macho(slices: list[bytes]) -> NativeCode:
    machines: set[str] = set()
    versions: list[tuple[int, int]] = []
    kind = NativeKind.LIBRARY
    for data in slices:
        order, _ = THIN[data[:4]]
        machine, _, what = struct.unpack_from("<III" if order is ByteOrder.LITTLE else ">III", data, 4)
        machines.add(_macho_machine(machine))
        kind = _MACHO_KINDS.get(what, NativeKind.LIBRARY)
        versions += _macos_versions(data)
    return NativeCode(
        binary_format=BinaryFormat.MACH_O,
        kind=kind,
        machines=tuple(sorted(machines)),
        macos=max(versions, default=None),
    )


def _macho_machine(number: int) -> str:
    return MACHO_MACHINES[number][0] if number in MACHO_MACHINES else f"machine-{number}"


def _macos_versions(data: bytes) -> Iterator[tuple[int, int]]:
    """The versions in LC_VERSION_MIN_MACOSX and LC_BUILD_VERSION (platform 1, macOS)."""
    order, bits = THIN[data[:4]]
    mark = "<" if order is ByteOrder.LITTLE else ">"
    (count,) = struct.unpack_from(f"{mark}I", data, 16)
    offset = 32 if bits == 64 else 28
    for _ in range(min(count, _MOST_COMMANDS)):
        if offset + 16 > len(data):
            return
        command, size, first, second = struct.unpack_from(f"{mark}IIII", data, offset)
        if command == 0x24 or (command == 0x32 and first == 1):
            version = first if command == 0x24 else second
            yield version >> 16, version >> 8 & 0xFF
        offset += max(size, 8)


def _archive(head: bytes) -> NativeCode | None:
    """Classify a static library by its first object; None if the head contains no object."""
    offset = 8
    for _ in range(_MOST_MEMBERS):
        header = head[offset : offset + 60]
        size = header[48:58].strip()
        if len(header) < 60 or not size.isdigit():
            return None
        start = offset + 60
        # BSD writes a long name before the contents: #1/20
        name = header[:16].strip()
        start += int(name[3:]) if name.startswith(b"#1/") and name[3:].isdigit() else 0
        found = native_code(head[start : start + 4096], "x.obj")
        if found is not None:
            return NativeCode(
                binary_format=found.binary_format, kind=NativeKind.ARCHIVE, machines=found.machines, macos=found.macos
            )
        offset += 60 + int(size) + int(size) % 2
    return None
