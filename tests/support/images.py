"""Write tiny shared objects in any format, word size and byte order: one module definition, a few imports.

They are files that a reader has to understand, not ones that could be loaded: the only code is that of an init
function given as bytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

__all__ = ["Spec", "elf", "fat", "macho", "pe"]


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What the image says: ``slots`` are those of ``PyModuleDef.m_slots``, empty for none.

    ``extra`` is more data behind the definition, ``init`` the start of the init function's name (ELF only).
    """

    name: str = "spam"
    init: str = "PyInit"
    free_threaded: bool = True
    slots: tuple[tuple[int, int], ...] = ((4, 1),)
    imports: tuple[str, ...] = ("PyModuleDef_Init",)
    needed: tuple[str, ...] = ()
    code: bytes = b"\xc3"
    bits: int = 64
    order: str = "<"
    machine: int | None = None
    extra: bytes = field(default=b"", repr=False)

    @property
    def word(self) -> str:
        return self.order + ("Q" if self.bits == 64 else "I")

    @property
    def size(self) -> int:
        return self.bits // 8


def _data(spec: Spec) -> tuple[bytearray, dict[int, int]]:
    """The data segment, and which of its cells point to which of its offsets.

    The definition is at 0, its slots at 0x100, its name at 0x180.
    """
    size, word = spec.size, spec.word
    wide = spec.bits == 64
    if spec.free_threaded:
        head = struct.pack(spec.order + ("QHBBIQQ" if wide else "IHBBIII"), 0, 0, 0, 0, 0xFFFFFFFF, 0, 0)
    else:
        head = struct.pack(spec.order + ("QQ" if wide else "II"), 0xFFFFFFFF if wide else 0x3FFFFFFF, 0)
    blob = bytearray(0x200)
    blob[: len(head)] = head
    base = len(head) + 3 * size
    pointers = {base: 0x180}
    if spec.slots:
        pointers[base + 4 * size] = 0x100
        for number, (slot, value) in enumerate(spec.slots):
            at = 0x100 + number * 2 * size
            struct.pack_into(spec.order + "I", blob, at, slot)
            struct.pack_into(word, blob, at + size, value)
    blob[0x180 : 0x181 + len(spec.name)] = spec.name.encode() + b"\0"
    return blob + spec.extra, pointers


def _strings(*names: str) -> tuple[bytes, dict[str, int]]:
    table, places = b"\0", {}
    for name in names:
        places[name] = len(table)
        table += name.encode() + b"\0"
    return table, places


def elf(spec: Spec, *, pointers: str = "rela", gnu_hash: bool = True) -> bytes:
    """``pointers`` is how the image is relocated: ``rela``, ``rel`` or ``relr``."""
    wide, order, word = spec.bits == 64, spec.order, spec.word
    machine, relative = spec.machine or (62 if wide else 3), {62: 8, 3: 8, 22: 12, 183: 1027, 40: 23}
    data, cells = _data(spec)
    data_at = 0x1000 + max(1, -(-len(spec.code) // 0x1000)) * 0x1000
    strings, places = _strings(*spec.imports, f"{spec.init}_{spec.name}", *spec.needed)
    symbols = [(0, 0, 0, 0), *((places[name], 0x10, 0, 0) for name in spec.imports)]
    symbols.append((places[f"{spec.init}_{spec.name}"], 0x12, 1, 0x1000))
    dynsym = b"".join(
        struct.pack(order + "IBBHQQ", at, info, 0, section, value, 0)
        if wide
        else struct.pack(order + "IIIBBH", at, value, 0, info, 0, section)
        for at, info, section, value in symbols
    )
    if gnu_hash:
        # One bucket that starts at the only defined symbol, whose chain ends at once.
        table = struct.pack(order + "IIII", 1, len(symbols) - 1, 1, 0) + bytes(spec.size)
        table += struct.pack(order + "II", len(symbols) - 1, 1)
    else:
        code = "Q" if machine == 22 and wide else "I"
        table = struct.pack(order + code * 2, 1, len(symbols)) + bytes((1 + len(symbols)) * (8 if code == "Q" else 4))
    relocations = b""
    for cell, target in cells.items():
        address, info = data_at + cell, relative[machine]
        if pointers == "rela":
            relocations += struct.pack(word + word[1] + word[1], address, info, data_at + target)
        else:
            struct.pack_into(word, data, cell, data_at + target)
            relocations += (
                struct.pack(word + word[1], address, info) if pointers == "rel" else struct.pack(word, address)
            )
    tables: dict[str, int] = {}
    body = b""
    start = 0x200
    for label, content in (("sym", dynsym), ("str", strings), ("hash", table), ("rel", relocations)):
        body += bytes(-len(body) % 16)
        tables[label] = start + len(body)
        body += content
    tags = [(1, places[name]) for name in spec.needed]
    tags += [
        (5, tables["str"]),
        (10, len(strings)),
        (6, tables["sym"]),
        (0x6FFFFEF5 if gnu_hash else 4, tables["hash"]),
    ]
    table_tag, size_tag = {"rela": (7, 8), "rel": (17, 18), "relr": (36, 35)}[pointers]
    tags += [(table_tag, tables["rel"]), (size_tag, len(relocations)), (0, 0)]
    area = -(-len(data) // 0x1000) * 0x1000
    dynamic_at = data_at + area
    dynamic = b"".join(struct.pack(word + word[1], *tag) for tag in tags)
    file = bytearray(0x1000)
    file[start : start + len(body)] = body
    file += spec.code.ljust(data_at - 0x1000, b"\0")
    file += bytes(data).ljust(area, b"\0") + dynamic
    segments = [
        (1, 5, 0, data_at),
        (1, 6, data_at, area + len(dynamic)),
        (2, 6, dynamic_at, len(dynamic)),
    ]
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1 if order == "<" else 2, 1]) + bytes(9)
    header = struct.pack(
        order + ("HHIQQQIHHHHHH" if wide else "HHIIIIIHHHHHH"),
        *(3, machine, 1, 0, 64 if wide else 52, 0, 0, 64 if wide else 52, 56 if wide else 32, len(segments), 0, 0, 0),
    )
    for kind, flags, at, size in segments:
        if wide:
            header += struct.pack(order + "IIQQQQQQ", kind, flags, at, at, at, size, size, 0x1000)
        else:
            header += struct.pack(order + "IIIIIIII", kind, at, at, at, size, size, flags, 0x1000)
    file[: len(ident) + len(header)] = ident + header
    return bytes(file)


def _uleb(value: int) -> bytes:
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def macho(spec: Spec, *, chained: bool = False, trie: bool = True) -> bytes:
    """A 64-bit bundle for arm64 (or ``machine``); ``chained`` fixups or classic bind opcodes."""
    data, cells = _data(spec)
    base, data_at, link_at = 0, 0x2000, 0x3000
    links = b""
    places: dict[str, tuple[int, int]] = {}

    def link(label: str, content: bytes) -> None:
        nonlocal links
        links += bytes(-len(links) % 8)
        places[label] = link_at + len(links), len(content)
        links += content

    symbol = f"_PyInit_{spec.name}".encode()
    node = _uleb(0) + _uleb(0x1000)
    first = b"\0\1" + symbol + b"\0"
    link("trie", first + _uleb(len(first) + 1) + _uleb(len(node)) + node + b"\0" if trie else b"")
    if chained:
        ordered = sorted(cells)
        for cell, following in zip(ordered, [*ordered[1:], None], strict=True):
            step = (following - cell) // 4 if following is not None else 0
            struct.pack_into("<Q", data, cell, base + data_at + cells[cell] | step << 51)
        starts = struct.pack("<IIII", 3, 0, 16, 0)
        segment = struct.pack("<IHHQIHH", 24, 0x1000, 6, data_at, 0, 1, ordered[0])
        header = struct.pack("<7I", 0, 32, 32 + len(starts) + len(segment), 32 + len(starts) + len(segment), 0, 1, 0)
        link("fixups", header.ljust(32, b"\0") + starts + segment)
    else:
        for cell, target in cells.items():
            struct.pack_into("<Q", data, cell, base + data_at + target)
        link("binds", b"")
    names = [*("_" + name for name in spec.imports), symbol.decode()]
    strings, at = _strings(*names)
    table = b"".join(struct.pack("<IBBHQ", at["_" + name], 1, 0, 0x100, 0) for name in spec.imports)
    table += struct.pack("<IBBHQ", at[symbol.decode()], 0xF, 1, 0, base + 0x1000)
    link("symbols", table)
    link("strings", strings)
    commands = []
    for name, address, offset, size, protection in (
        (b"__TEXT", 0, 0, 0x2000, 5),
        (b"__DATA", data_at, data_at, 0x1000, 3),
        (b"__LINKEDIT", link_at, link_at, len(links), 1),
    ):
        commands.append(
            struct.pack(
                "<II16sQQQQIIII", 0x19, 72, name, base + address, size, offset, size, protection, protection, 0, 0
            )
        )
    count = len(names)
    symbols, text = places["symbols"], places["strings"]
    commands.append(struct.pack("<IIIIII", 2, 24, symbols[0], count, text[0], text[1]))
    commands.append(struct.pack("<II18I", 0xB, 80, 0, 0, count - 1, 1, 0, count - 1, *([0] * 12)))
    if chained:
        commands.append(struct.pack("<IIII", 0x80000033, 16, *places["trie"]))
        commands.append(struct.pack("<IIII", 0x80000034, 16, *places["fixups"]))
    else:
        commands.append(struct.pack("<II10I", 0x80000022, 48, 0, 0, *places["binds"], 0, 0, 0, 0, *places["trie"]))
    commands.append(struct.pack("<IIIIII", 0x32, 24, 1, 11 << 16, 0, 0))
    for library in spec.needed:
        name = library.encode() + b"\0"
        name += bytes(-len(name) % 8)
        commands.append(struct.pack("<IIIIII", 0xC, 24 + len(name), 24, 0, 0, 0) + name)
    body = b"".join(commands)
    machine = spec.machine or 0x0100000C
    header = struct.pack("<IIIIIIII", 0xFEEDFACF, machine, 0, 8, len(commands), len(body), 0x85, 0)
    file = bytearray((header + body).ljust(0x1000, b"\0") + spec.code.ljust(0x1000, b"\0"))
    return bytes(file + bytes(data).ljust(0x1000, b"\0") + links)


def fat(*slices: bytes) -> bytes:
    """A fat Mach-O file of thin ones."""
    header, body, at = b"", b"", 0x4000
    for piece in slices:
        machine, subtype = struct.unpack_from("<II", piece, 4)
        header += struct.pack(">IIIII", machine, subtype, at, len(piece), 14)
        body += piece + bytes(-len(piece) % 0x4000)
        at = 0x4000 + len(body)
    return (struct.pack(">II", 0xCAFEBABE, len(slices)) + header).ljust(0x4000, b"\0") + body


def pe(spec: Spec, *, library: str = "python313t.dll") -> bytes:
    """A 64-bit (or 32-bit) DLL; all imports come from ``library``."""
    wide = spec.bits == 64
    data, cells = _data(spec)
    base, text_at, constant_at, data_at = 0x180000000 if wide else 0x10000000, 0x1000, 0x2000, 0x3000
    for cell, target in cells.items():
        struct.pack_into("<Q" if wide else "<I", data, cell, base + data_at + target)
    word = "<Q" if wide else "<I"
    size = spec.size
    constants = bytearray(0x1000)

    def put(at: int, content: bytes) -> int:
        constants[at : at + len(content)] = content
        return constant_at + at

    init = f"PyInit_{spec.name}".encode() + b"\0"
    put(
        0x000,
        struct.pack("<IIHHIIIIIII", 0, 0, 0, 0, 0, 1, 1, 1, constant_at + 0x40, constant_at + 0x44, constant_at + 0x48),
    )
    put(0x040, struct.pack("<IIH", text_at, constant_at + 0x50, 0))
    put(0x050, init)
    thunks, names = b"", bytearray()
    for name in spec.imports:
        thunks += struct.pack(word, constant_at + 0x400 + len(names))
        names += b"\0\0" + name.encode() + b"\0"
        names += bytes(len(names) % 2)
    thunks += bytes(size)
    put(0x100, struct.pack("<IIIII", constant_at + 0x200, 0, 0, constant_at + 0x180, constant_at + 0x300) + bytes(20))
    put(0x180, library.encode() + b"\0")
    put(0x200, thunks)
    put(0x300, thunks)
    put(0x400, bytes(names))
    sections = [
        (b".text", text_at, 0x200, 0x60000020),
        (b".rdata", constant_at, 0x400, 0x40000040),
        (b".data", data_at, 0x1400, 0xC0000040),
    ]
    directories = [(constant_at, 0x80), (constant_at + 0x100, 40), *[(0, 0)] * 14]
    optional = struct.pack("<HBBIIIII", 0x20B if wide else 0x10B, 14, 0, 0x1000, 0x2000, 0, text_at, text_at)
    optional += struct.pack("<Q", base) if wide else struct.pack("<II", data_at, base)
    optional += struct.pack("<IIHHHHHHIIIIHH", 0x1000, 0x200, 6, 0, 0, 0, 6, 0, 0, 0x4000, 0x200, 0, 2, 0)
    optional += struct.pack("<QQQQII" if wide else "<IIIIII", 0x100000, 0x1000, 0x100000, 0x1000, 0, 16)
    optional += b"".join(struct.pack("<II", *entry) for entry in directories)
    machine = spec.machine or (0x8664 if wide else 0x14C)
    header = b"PE\0\0" + struct.pack("<HHIIIHH", machine, len(sections), 0, 0, 0, len(optional), 0x2022)
    header += optional
    for title, address, start, flags in sections:
        length = 0x200 if title == b".text" else 0x1000
        header += struct.pack("<8sIIIIIIHHI", title, length, address, length, start, 0, 0, 0, 0, flags)
    dos = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40)
    file = (dos + header).ljust(0x200, b"\0") + spec.code.ljust(0x200, b"\0") + bytes(constants)
    return file + bytes(data).ljust(0x1000, b"\0")
