"""Facts for rules, without any file: extension modules, wheels and what an import of them showed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ftwheel.core.wheel.contents import (
    Flaw,
    Member,
    Metadata,
    RecordEntry,
    WheelContents,
    WheelFile,
    parse_metadata,
)
from ftwheel.core.wheel.extension_module import (
    AbiInfo,
    Architecture,
    BinaryFormat,
    BuiltFor,
    Declaration,
    DeclarationSource,
    ExtensionModule,
    GilDeclaration,
    InitPhase,
    InterpreterDeclaration,
    InterpreterSupport,
    ReadingLevel,
    Toolchain,
)
from ftwheel.core.wheel.filename import WheelName
from ftwheel.core.wheel.imports import ImportOutcome, ImportResult
from ftwheel.core.wheel.native import NativeCode, NativeKind
from ftwheel.core.wheel.reports import Imported, PolicyVerdict
from ftwheel.core.wheel.suffixes import init_names_for, module_name, parse_suffix
from ftwheel.rules.wheel.facts import WheelFacts

__all__ = ["LINUX", "abi_info", "code", "contents", "extension", "facts", "imported"]

LINUX = "linux_x86_64"
_STABLE = {
    "PyList_GetItem": 2,
    "PyModuleDef_Init": 5,
    "PyType_GetName": 11,
    "PyList_GetItemRef": 13,
    "PyABIInfo_Check": 15,
}


def abi_info(flags: int, minor: int) -> AbiInfo:
    """What a module compiled by 3.15 for the limited API of 3.``minor`` says."""
    return AbiInfo(major=1, minor=0, flags=flags, build_version=0x030F02F0, abi_version=0x03000000 | minor << 16)


def extension(
    path: str = "pkg/_ext.cpython-313t-x86_64-linux-gnu.so",
    *,
    built_for: BuiltFor = BuiltFor.FREE_THREADED,
    gil: Declaration = Declaration.NOT_USED,
    machines: Iterable[str] = ("x86_64",),
    binary_format: BinaryFormat = BinaryFormat.ELF,
    init_names: Iterable[str] | None = None,
    toolchain: Toolchain = Toolchain.C,
    phase: InitPhase = InitPhase.MULTI,
    imports: Iterable[str] = (),
    needed: Iterable[str] = (),
    macos_minimum: tuple[int, int] | None = None,
    basis: DeclarationSource = DeclarationSource.SLOT,
    slot_ids: Iterable[int] = (),
) -> ExtensionModule:
    """A module that declares and is built for free-threaded 3.13, unless told otherwise."""
    name = module_name(path)
    export, init = init_names_for(name)
    exported = (init,) if init_names is None else tuple(init_names)
    return ExtensionModule(
        path=path,
        name=name,
        suffix=parse_suffix(path),
        binary_format=binary_format,
        architectures=tuple(Architecture(name=machine, bits=64) for machine in machines),
        init_name=next((each for each in (export, init) if each in exported), None),
        init_names=exported,
        built_for=built_for,
        evidence=("the head of the definition",),
        gil=GilDeclaration(
            answer=gil,
            basis=basis if gil is Declaration.NOT_USED else DeclarationSource.NOTHING,
            level=ReadingLevel.DATA,
            reason="a Py_mod_gil slot",
        ),
        interpreters=InterpreterDeclaration(answer=InterpreterSupport.NOT_DECLARED, level=ReadingLevel.DATA, reason=""),
        phase=phase,
        toolchain=toolchain,
        imports=tuple(sorted(imports)),
        needed=tuple(needed),
        macos_minimum=macos_minimum,
        slot_ids=tuple(slot_ids),
    )


def contents(
    filename: str = "pkg-1.0-cp313-cp313t-linux_x86_64.whl",
    extensions: Iterable[ExtensionModule] = (),
    *,
    files: Mapping[str, str] | None = None,
    native: Mapping[str, NativeCode] | None = None,
    wheel: WheelFile | str | None = "as the file name",
    metadata: Metadata | str | None = "as the file name",
    record: Iterable[RecordEntry] | str | None = "as the members",
    flaws: Iterable[Flaw] = (),
    requires_python: str = "",
    classifiers: Iterable[str] = (),
) -> WheelContents:
    """A wheel without a fault, unless told otherwise.

    ``files`` maps paths to their SHA-256, ``native`` to machine code.
    """
    name = WheelName.parse(filename)
    modules = tuple(extensions)
    info = f"{name.stem}.dist-info/"
    digests = dict.fromkeys([info + part for part in ("METADATA", "RECORD", "WHEEL")], "info")
    digests |= {"pkg/__init__.py": "same"} | (dict(files) if files else {})
    members = [_member(path, digest) for path, digest in digests.items()]
    members += [
        _member(each.path, each.path, initialised=each.init_name is not None, native=_code(each)) for each in modules
    ]
    members += [_member(path, path, native=code) for path, code in (native or {}).items()]
    members.sort(key=lambda member: member.path)
    if record == "as the members":
        record = [
            RecordEntry(path=member.path, digest=member.digest, size=member.size)
            if not member.path.endswith("RECORD")
            else RecordEntry(path=member.path, digest="", size=None)
            for member in members
        ]
    if wheel == "as the file name":
        wheel = WheelFile(
            wheel_version="1.0",
            root_is_purelib=name.platforms == ("any",),
            tags=name.tags,
            bad_tags=(),
            build=name.build,
        )
    if metadata == "as the file name":
        lines = ["Metadata-Version: 2.1", f"Name: {name.name}", f"Version: {name.version}"]
        lines += [f"Requires-Python: {requires_python}"] if requires_python else []
        metadata = parse_metadata("\n".join([*lines, *(f"Classifier: {each}" for each in classifiers), ""]))
    assert not isinstance(wheel, str)
    assert not isinstance(metadata, str)
    return WheelContents(
        name=name,
        size=1000,
        members=tuple(members),
        wheel=wheel,
        metadata=metadata,
        record=None if record is None or isinstance(record, str) else tuple(record),
        flaws=tuple(flaws),
        extensions=tuple(sorted(modules, key=lambda each: each.path)),
        dist_info=info,
    )


def _member(path: str, digest: str, *, initialised: bool = False, native: NativeCode | None = None) -> Member:
    return Member(path=path, size=10, sha256=digest, digest=f"sha256={digest}", initialised=initialised, native=native)


def _code(module: ExtensionModule) -> NativeCode:
    machines = tuple(sorted(architecture.name for architecture in module.architectures))
    return code(*machines, binary_format=module.binary_format, macos=module.macos_minimum)


def code(
    *machines: str,
    binary_format: BinaryFormat = BinaryFormat.ELF,
    kind: NativeKind = NativeKind.LIBRARY,
    macos: tuple[int, int] | None = None,
) -> NativeCode:
    """What the first bytes of machine code say."""
    return NativeCode(binary_format=binary_format, kind=kind, machines=machines or ("x86_64",), macos=macos)


def facts(
    filename: str = "pkg-1.0-cp313-cp313t-linux_x86_64.whl",
    extensions: Iterable[ExtensionModule] = (),
    *,
    policy: PolicyVerdict | None = None,
    imported: Iterable[Imported] | None = None,
    not_imported: str = "",
    undeclared: Iterable[str] = (),
    left_out: str = "",
    **more: Any,
) -> WheelFacts:
    """What rules see of ``contents(filename, extensions, **more)``."""
    return WheelFacts(
        wheel=contents(filename, extensions, **more),
        stable_symbols=lambda: _STABLE,
        policy=None if policy is None else lambda: policy,
        imported=None if imported is None else tuple(imported),
        not_imported=not_imported,
        undeclared=tuple(undeclared),
        left_out=left_out,
    )


def imported(
    module: str = "pkg._ext",
    outcome: ImportOutcome = ImportOutcome.LOADED,
    *,
    gil_before: bool | None = False,
    gil_after: bool | None = False,
    culprits: Iterable[str] = (),
    detail: str = "",
    missing: str = "",
    package_loads: bool = False,
) -> Imported:
    """One module imported under 3.13t."""
    result = ImportResult(
        module=module,
        outcome=outcome,
        gil_before=gil_before,
        gil_after=gil_after,
        culprits=tuple(culprits),
        detail=detail,
        missing=missing,
        package_loads=package_loads,
    )
    return Imported(label="3.13t", results=(result,))
