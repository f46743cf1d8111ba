"""Every rule has a wheel that trips it and a near miss that does not."""

from __future__ import annotations

import pytest
from packaging.tags import Tag

from ftwheel.core.findings import Severity
from ftwheel.core.wheel.contents import (
    Flaw,
    FlawKind,
    Member,
    Metadata,
    RecordEntry,
    WheelContents,
    WheelFile,
    parse_metadata,
)
from ftwheel.core.wheel.extension_module import (
    BinaryFormat,
    BuiltFor,
    Declaration,
    DeclarationSource,
    InitPhase,
    Toolchain,
)
from ftwheel.core.wheel.imports import ImportOutcome
from ftwheel.core.wheel.native import NativeKind
from ftwheel.core.wheel.pairs import compare_pair, pair_up
from ftwheel.core.wheel.reports import PolicyVerdict
from ftwheel.rules.registry import family
from ftwheel.rules.wheel.facts import ReleaseWheels, WheelFacts
from ftwheel.rules.wheel.selection import GROUP_RULES, WHEEL_RULES, RuleSelection
from support.facts import abi_info, code, contents, extension, facts, imported

FT = "pkg-1.0-cp313-cp313t-linux_x86_64.whl"
DEFAULT = "pkg-1.0-cp313-cp313-linux_x86_64.whl"
ABI3 = "pkg-1.0-cp39-abi3-linux_x86_64.whl"
ABI3T = "pkg-1.0-cp315-abi3.abi3t-linux_x86_64.whl"
WINDOWS_FT = "pkg-1.0-cp313-cp313t-win_amd64.whl"
MANYLINUX = "pkg-1.0-cp313-cp313t-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
PROGRAM = "pkg-1.0-py3-none-manylinux_2_17_x86_64.whl"
TWO_FLOORS = "pkg-1.0-py3-none-manylinux_2_17_x86_64.manylinux_2_34_x86_64.whl"
MUSL_1_1 = "pkg-1.0-py3-none-musllinux_1_1_x86_64.whl"
TWO_LIBRARIES = "pkg-1.0-py3-none-manylinux_2_17_x86_64.musllinux_1_1_x86_64.whl"
CLASSIFIER = "Programming Language :: Python :: Free Threading :: 2 - Beta"

_DEFAULT_EXT = extension("pkg/_ext.cpython-313-x86_64-linux-gnu.so", built_for=BuiltFor.DEFAULT)
_FT_EXT = extension()
_DEFAULT_312 = extension("pkg/_ext.cpython-312-x86_64-linux-gnu.so", built_for=BuiltFor.DEFAULT)
_ARM = code("aarch64")
_CYTHON_EXT = extension(gil=Declaration.USED, toolchain=Toolchain.CYTHON)
_ABI3_EXT = extension("pkg/_ext.abi3.so", built_for=BuiltFor.DEFAULT)
_ABI3T_EXT = extension("pkg/_ext.abi3t.so", built_for=BuiltFor.STABLE_ABI_T, init_names=["PyModExport__ext"])
_PLAIN_EXT = extension("pkg/_ext.so")
_EXTRA = "Requires-Dist: cffi>=1.17; extra == 'cffi'"


def flaw(kind: FlawKind, path: str = "pkg/x.so") -> WheelFacts:
    return facts(flaws=[Flaw(path=path, kind=kind, detail="something")])


def wheel_file(filename: str, **changes: object) -> WheelFile:
    wheel = contents(filename).wheel
    assert wheel is not None
    return wheel._replace(**changes)  # type: ignore[arg-type]


def record(**changes: RecordEntry | None) -> list[RecordEntry]:
    """RECORD of the usual wheel, with the entry of ``pkg/__init__.py`` (key ``init``) changed, or one added."""
    entries = {entry.path: entry for entry in contents().record or ()}
    for key, entry in changes.items():
        path = "pkg/__init__.py" if key == "init" else key
        if entry is None:
            del entries[path]
        else:
            entries[path] = entry
    return list(entries.values())


def init_entry(digest: str, size: int | None = 10) -> RecordEntry:
    return RecordEntry(path="pkg/__init__.py", digest=digest, size=size)


def windows(library: str) -> WheelFacts:
    module = extension("pkg/_ext.cp313t-win_amd64.pyd", binary_format=BinaryFormat.PE, needed=[library, "KERNEL32.dll"])
    return facts(WINDOWS_FT, [module])


def macos(filename: str, minimum: tuple[int, int], *machines: str) -> WheelFacts:
    path = "pkg/_ext.cpython-313t-darwin.so"
    module = extension(path, machines=machines, binary_format=BinaryFormat.MACH_O, macos_minimum=minimum)
    return facts(filename, [module])


def mac_program(kind: NativeKind, minimum: tuple[int, int]) -> WheelFacts:
    program = code("aarch64", binary_format=BinaryFormat.MACH_O, kind=kind, macos=minimum)
    return facts("pkg-1.0-py3-none-macosx_11_0_arm64.whl", native={"pkg/tool": program})


METADATA = Metadata(name="pkg", version="1.0", requires_python="", classifiers=())


def core_metadata(*lines: str, version: str = "2.4") -> Metadata:
    return parse_metadata("\n".join([f"Metadata-Version: {version}", "Name: pkg", "Version: 1.0", *lines, ""]))


def sized(size: int, **changes: object) -> WheelFacts:
    return WheelFacts(wheel=contents()._replace(size=size, **changes), stable_symbols=dict)  # type: ignore[arg-type]


# code -> what trips the rule, and near misses
CASES: dict[str, tuple[list[WheelFacts], list[WheelFacts]]] = {
    "FTW101": ([flaw(FlawKind.UNREADABLE)], [flaw(FlawKind.UNSAFE)]),
    "FTW102": ([flaw(FlawKind.DUPLICATE)], [flaw(FlawKind.UNREADABLE)]),
    "FTW103": ([flaw(FlawKind.UNSAFE, "../x")], [flaw(FlawKind.DUPLICATE)]),
    "FTW104": ([flaw(FlawKind.TOO_LARGE)], [flaw(FlawKind.UNREADABLE)]),
    "FTW105": (
        [
            flaw(FlawKind.MALFORMED, "pkg-1.0.dist-info/WHEEL"),
            *(facts(wheel=wheel_file(FT)._replace(wheel_version=said)) for said in ("2.0", "0.9", "", "one", "10")),
        ],
        [flaw(FlawKind.UNREADABLE), facts(), facts(wheel=wheel_file(FT)._replace(wheel_version="1.9"))],
    ),
    "FTW106": (
        [
            facts(record=record(init=None)),
            facts(record=[*record(), RecordEntry(path="pkg/lost.py", digest="sha256=x", size=1)]),
        ],
        [
            facts(),
            facts(record=None),
            # signatures are made after RECORD, and a member that cannot be read is another rule's
            facts(files={"pkg-1.0.dist-info/RECORD.jws": "x"}, record=record()),
            facts(
                record=[*record(), RecordEntry(path="pkg/bad.py", digest="sha256=x", size=1)],
                flaws=[Flaw(path="pkg/bad.py", detail="damaged")],
            ),
        ],
    ),
    "FTW107": (
        [
            facts(record=record(init=init_entry("sha256=other"))),
            facts(record=record(init=init_entry("sha256=same", 11))),
            facts(record=record(init=init_entry(""))),
            facts(record=record(init=init_entry("md5=same"))),
        ],
        [facts(), facts(record=record(init=init_entry("sha256=same=", None))), facts(record=None)],
    ),
    "FTW108": (
        [
            facts(metadata=METADATA._replace(name="other")),
            facts(metadata=METADATA._replace(version="1.1")),
            facts(metadata=METADATA._replace(version="nonsense")),
        ],
        [facts(), facts(metadata=METADATA._replace(version="1.0.0")), facts(metadata=None)],
    ),
    "FTW109": (
        [
            facts(metadata=core_metadata("License-Expression: MIT", version="2.3")),
            facts(metadata=core_metadata("Summary: one", "Summary: two")),
            facts(metadata=core_metadata("Nonsense: one")),
            facts(metadata=parse_metadata("")),
        ],
        [facts(), facts(metadata=core_metadata("License-Expression: MIT")), facts(metadata=None)],
    ),
    "FTW111": (
        [
            flaw(FlawKind.CLASH),
            facts(files={"pkg/Data.txt": "x", "pkg/data.txt": "y"}),
            facts(files={"PKG": "x"}),
            facts(files={"pkg/a.py": "x", "pkg-1.0.data/purelib/pkg/a.py": "y"}),
            facts(files={"pkg-1.0.data/platlib/pkg/a.py": "x", "pkg-1.0.data/purelib/pkg/a.py": "y"}),
        ],
        [
            flaw(FlawKind.DUPLICATE),
            facts(),
            facts(files={"pkg/data.txt": "x", "pkg/data_txt": "x"}),
            facts(files={"pkg/a.py": "x", "pkg-1.0.data/data/pkg/a.py": "y", "pkg-1.0.data/purelib/pkg/b.py": "z"}),
        ],
    ),
    "FTW110": (
        [
            WheelFacts(wheel=contents()._replace(dist_info="PKG-1.0.dist-info/"), stable_symbols=dict),
            facts(files={"other-1.0.dist-info/METADATA": "x"}),
        ],
        [facts(), facts(files={"pkg/_vendor/other-1.0.dist-info/METADATA": "x", "notes.dist-info": "x"})],
    ),
    "FTW201": (
        [
            facts(FT, wheel=wheel_file(FT, build="1")),
            facts(wheel=wheel_file(DEFAULT)),
            facts(wheel=wheel_file(FT, bad_tags=("nonsense",))),
            facts(wheel=wheel_file(FT, tags=frozenset())),
        ],
        [facts(), facts(wheel=None), facts(MANYLINUX)],
    ),
    "FTW202": (
        [
            facts(FT, [_FT_EXT], wheel=wheel_file(FT, root_is_purelib=True)),
            facts(FT, [_FT_EXT], wheel=wheel_file(FT, root_is_purelib=None)),
            facts("pkg-1.0-py3-none-any.whl", wheel=wheel_file("pkg-1.0-py3-none-any.whl", root_is_purelib=False)),
        ],
        [
            facts(FT, [_FT_EXT]),
            facts("pkg-1.0-py3-none-any.whl"),
            facts(
                FT,
                [extension("pkg-1.0.data/platlib/pkg/_ext.cpython-313t-x86_64-linux-gnu.so")],
                wheel=wheel_file(FT, root_is_purelib=True),
            ),
            facts(wheel=None),
        ],
    ),
    "FTW203": (
        [facts("pkg-1.0-cp313t-cp313t-linux_x86_64.whl"), facts("pkg-1.0-cp315t-abi3t-linux_x86_64.whl")],
        [facts(FT), facts("pkg-1.0-cp313.cp314-none-linux_x86_64.whl")],
    ),
    "FTW204": (
        [facts("pkg-1.0-cp311-abi3.abi3t-linux_x86_64.whl"), facts("pkg-1.0-cp314-abi3t-linux_x86_64.whl")],
        [facts(ABI3T), facts("pkg-1.0-cp316-abi3t-linux_x86_64.whl"), facts(ABI3)],
    ),
    "FTW205": (
        [
            facts("pkg-1.0-py3-none-linux_x86_64.whl", [_FT_EXT]),
            facts("pkg-1.0-py3-none-any.whl", [_PLAIN_EXT]),
            facts("pkg-1.0-py3-none-linux_x86_64.whl", [_FT_EXT, _DEFAULT_EXT]),
            facts("pkg-1.0-py3-none-linux_x86_64.whl", [_FT_EXT, _DEFAULT_EXT], requires_python=">=3.13"),
            facts("pkg-1.0-py3-none-linux_x86_64.whl", [_FT_EXT, _DEFAULT_EXT], requires_python="?"),
            facts("pkg-1.0-py3-none-linux_x86_64.whl", [_FT_EXT, _PLAIN_EXT], requires_python="==3.13.*"),
            facts("pkg-1.0-py3-none-linux_x86_64.whl", [_FT_EXT, _DEFAULT_EXT], metadata=None),
        ],
        [
            facts("pkg-1.0-py3-none-linux_x86_64.whl", [_FT_EXT, _DEFAULT_EXT], requires_python="==3.13.*"),
            facts("pkg-1.0-cp313-none-linux_x86_64.whl", [_FT_EXT, _DEFAULT_EXT]),
            facts("pkg-1.0-py3-none-linux_x86_64.whl", [_DEFAULT_312], requires_python="==3.12.*"),
            facts("pkg-1.0-py3-none-linux_x86_64.whl", [extension("pkg/libx.so", init_names=[])]),
            facts("pkg-1.0-py3-none-linux_x86_64.whl", [extension("pkg.libs/x-1.so")]),
            facts(FT, [_FT_EXT]),
        ],
    ),
    "FTW206": (
        [
            facts(FT, [_DEFAULT_EXT]),
            facts(DEFAULT, [_FT_EXT]),
            facts(ABI3, [_DEFAULT_EXT]),  # tag-only abi3
            facts("pkg-1.0-cp314-cp314t-linux_x86_64.whl", [_FT_EXT]),
            facts("pkg-1.0-cp39-abi3-linux_x86_64.whl", [_ABI3T_EXT]),  # found from 3.15 on only
            facts("pkg-1.0-cp314-abi3-linux_x86_64.whl", [extension("pkg/_ext.abi3-x86_64-linux-gnu.so")]),
            facts(ABI3, [extension("pkg/_ext.abi3-darwin.so", built_for=BuiltFor.DEFAULT)]),
            facts("pkg-1.0-cp314-cp314-linux_x86_64.whl", [extension("pkg/_ext.abi3-x86_64-linux-gnu.so")]),
            facts(FT, [extension("pkg/_ext.cpython-313td-x86_64-linux-gnu.so")]),
            facts(DEFAULT, [extension("pkg/_ext.pypy310-pp73-x86_64-linux-gnu.so")]),
        ],
        [
            facts(FT, [_FT_EXT]),
            facts(FT, [_PLAIN_EXT]),
            facts(FT, [extension("pkg/_ext.abi3.so")]),  # 3.13t does look for it
            facts("pkg-1.0-cp315-abi3-linux_x86_64.whl", [extension("pkg/_ext.abi3-x86_64-linux-gnu.so")]),
            facts("pkg-1.0-cp315-cp315-linux_x86_64.whl", [extension("pkg/_ext.abi3-x86_64-linux-gnu.so")]),
            facts(ABI3T, [extension("pkg/_ext.abi3t-x86_64-linux-gnu.so")]),
            facts(ABI3, [_ABI3_EXT]),
            facts(ABI3T, [_ABI3T_EXT]),
            facts(FT, [extension("pkg/_ext.cpython-313-x86_64-linux-gnu.so", init_names=[])]),
            facts("pkg-1.0-py3-none-linux_x86_64.whl", [_FT_EXT]),
            facts("pkg-1.0-pp310-pypy310_pp73-linux_x86_64.whl", [_FT_EXT]),
        ],
    ),
    "FTW207": (
        [
            facts(ABI3T, [_ABI3_EXT]),
            facts("pkg-1.0-cp315-abi3t-linux_x86_64.whl", [_ABI3_EXT]),
        ],
        [
            facts(ABI3T, [_ABI3T_EXT]),
            facts(ABI3T, [_ABI3_EXT, _ABI3T_EXT]),
            facts(ABI3T, [extension("pkg/_ext.so")]),
            facts(ABI3, [_ABI3_EXT]),
        ],
    ),
    "FTW208": (
        [
            facts(FT, [_FT_EXT, _DEFAULT_EXT]),
            facts(FT, [_FT_EXT, extension("pkg/_ext.cpython-39-x86_64-linux-gnu.so", built_for=BuiltFor.DEFAULT)]),
        ],
        [
            facts(FT, [_DEFAULT_EXT]),  # the module is missing altogether: FTW206
            facts("pkg-1.0-cp313-cp313.cp313t-linux_x86_64.whl", [_FT_EXT, _DEFAULT_EXT]),
            facts(ABI3, [_ABI3_EXT, _DEFAULT_EXT]),  # 3.13 takes the specific one, others the stable one
            facts("pkg-1.0-py3-none-linux_x86_64.whl", [_FT_EXT, _DEFAULT_EXT]),
        ],
    ),
    "FTW209": (
        [
            facts("pkg-1.0-py3-abi3-linux_x86_64.whl"),
            facts("pkg-1.0-cp39-abi3-any.whl"),
            facts("pkg-1.0-cp312-cp313t-linux_x86_64.whl"),
            *(
                facts(f"pkg-1.0-{tags}.whl")
                for tags in (
                    *("cp312-cp312-ios_13_0_arm64_iphoneos", "cp313-cp313t-ios_13_0_arm64_iphoneos"),
                    *("cp312-cp312-android_21_x86_64", "cp314-cp314-pyemscripten_2025_0_wasm32"),
                    *("cp313-cp313-win_ia64", "py3-none-win_ia64"),
                    *("cp313-cp313-macosx_26_1_arm64", "cp313-cp313-macosx_10_9_arm64"),
                    *("cp313-cp313-macosx_11_0_i386", "cp39-abi3-macosx_10_9_ppc64"),
                    *("cp313-cp313-manylinux_3_0_x86_64", "cp313-cp313-musllinux_2_0_x86_64"),
                    *("cp313-cp313-manylinux1_aarch64", "cp315-abi3t-ios_13_0_arm64_iphoneos"),
                )
            ),
        ],
        [
            facts(FT),
            *(
                facts(f"pkg-1.0-{tags}.whl")
                for tags in (
                    *("cp313-cp313-ios_13_0_arm64_iphoneos", "cp312.cp313-cp312.cp313-android_21_x86_64"),
                    *(
                        "cp310-cp310-win_arm64",
                        "cp39-abi3-win_arm64",
                        "cp313-cp313-pyemscripten_2099_0_wasm32",
                        "py3-none-linux_armv6l",
                    ),
                    *("cp314-cp314-macosx_10_9_universal2", "cp313-cp313-macosx_11_0_arm64.macosx_11_1_arm64"),
                    *("cp313-cp313-manylinux1_aarch64.manylinux2014_aarch64", "pp311-pypy311_pp73-win_ia64"),
                    *("cp399-cp399-win_amd64", "cp313-cp313-freebsd_14_0_release_amd64"),
                )
            ),
            facts(ABI3T),
            facts("pkg-1.0-cp312.cp313-cp312.cp313-linux_x86_64.whl"),
            facts("pkg-1.0-cp313t-cp313t-linux_x86_64.whl"),  # FTW203
            facts("pkg-1.0-py3-none-any.whl"),
        ],
    ),
    "FTW212": (
        [
            facts(DEFAULT, [_DEFAULT_EXT, _PLAIN_EXT]),
            facts(ABI3, [_ABI3_EXT, _DEFAULT_EXT]),  # 3.13 prefers the file of its own
            facts(FT, [_ABI3_EXT, _FT_EXT]),
            facts("pkg-1.0-cp313-cp313.cp313t-linux_x86_64.whl", [_DEFAULT_EXT, _FT_EXT, _PLAIN_EXT]),
        ],
        [
            facts("pkg-1.0-cp313-cp313.cp313t-linux_x86_64.whl", [_DEFAULT_EXT, _FT_EXT]),
            facts("pkg-1.0-cp313-cp313.cp313t-linux_x86_64.whl", [_ABI3_EXT, _FT_EXT]),  # the first is for 3.13
            facts(DEFAULT, [_DEFAULT_EXT]),
        ],
    ),
    "FTW211": ([facts("pkg-1.0-cp313-cp313t-linux_x86_64-x86_64_v3.whl", [_FT_EXT])], [facts(FT, [_FT_EXT])]),
    "FTW210": (
        [facts(FT, [_PLAIN_EXT]), facts(FT, [extension("pkg/_ext.so", built_for=BuiltFor.CANNOT_TELL)])],
        [
            facts(FT, [_FT_EXT]),
            facts(ABI3T, [extension("pkg/_ext.pyd")]),  # the stable ABI has no suffix of its own on Windows
            facts("pkg-1.0-py3-none-linux_x86_64.whl", [_PLAIN_EXT]),
        ],
    ),
    "FTW301": (
        [
            facts(FT, [extension(built_for=BuiltFor.DEFAULT)]),
            facts(FT, [extension("pkg/_ext.abi3.so", built_for=BuiltFor.STABLE_ABI)]),
            facts(DEFAULT, [_DEFAULT_EXT._replace(built_for=BuiltFor.FREE_THREADED)]),
            facts(FT, [extension("pkg/_ext.so", built_for=BuiltFor.STABLE_ABI_T)]),
            facts(ABI3T, [extension("pkg/_ext.abi3t.so", built_for=BuiltFor.DEFAULT)]),
            # the specific suffix is the one that is loaded
            facts(FT, [extension(built_for=BuiltFor.DEFAULT), extension("pkg/_ext.so")]),
        ],
        [
            facts(FT, [_FT_EXT]),
            facts(DEFAULT, [_DEFAULT_EXT]),
            facts(ABI3, [_ABI3_EXT]),
            facts(ABI3T, [_ABI3T_EXT]),
            facts(FT, [extension(built_for=BuiltFor.CANNOT_TELL)]),
            facts(FT, [extension(built_for=BuiltFor.MIXED)]),
            facts(FT, [_FT_EXT, extension("pkg/_ext.so", built_for=BuiltFor.DEFAULT)]),
        ],
    ),
    "FTW302": ([facts(FT, [extension(built_for=BuiltFor.MIXED)])], [facts(FT, [_FT_EXT])]),
    "FTW303": (
        [
            facts("pkg-1.0-cp313-cp313t-linux_aarch64.whl", [_FT_EXT]),
            facts("pkg-1.0-cp313-cp313t-manylinux_2_28_i686.whl", [_FT_EXT]),
            facts(WINDOWS_FT, [_FT_EXT]),
            macos("pkg-1.0-cp313-cp313t-macosx_11_0_universal2.whl", (11, 0), "aarch64"),
            facts("pkg-1.0-cp313-cp313t-ios_13_0_arm64_iphoneos.whl", [_FT_EXT]),
            facts("pkg-1.0-py3-none-linux_x86_64.whl", native={"pkg/tool": _ARM, "pkg/tool2": _ARM}),
            facts(FT, [_FT_EXT], native={"pkg/tool": _ARM}),
            facts(FT, [_FT_EXT], native={f"pkg/tool{n}": _ARM for n in range(9)}),
            facts("pkg-1.0-py3-none-any.whl", native={"pkg/tool": _ARM}),
            facts("pkg-1.0-py3-none-any.whl", native={"pkg-1.0.data/scripts/x": _ARM, "pkg/tool": code()}),
        ],
        [
            facts("pkg-1.0-py3-none-linux_x86_64.whl", native={"pkg/tool": code()}),
            facts("pkg-1.0-py3-none-any.whl", native={"pkg/tool": _ARM, "pkg/tool2": code()}),
            facts(FT, [_FT_EXT]),
            facts("pkg-1.0-cp313-cp313t-musllinux_1_2_armv7l.whl", [extension(machines=["arm"])]),
            facts("pkg-1.0-cp313-cp313t-manylinux_2_31_riscv64.whl", [extension(machines=["riscv64"])]),
            macos("pkg-1.0-cp313-cp313t-macosx_11_0_arm64.whl", (11, 0), "aarch64", "x86_64"),
            facts("pkg-1.0-cp313-cp313t-pyodide_2025_0_wasm32.whl", [_FT_EXT]),
            # a module of another interpreter is FTW208's, whatever its machine
            facts(FT, [_FT_EXT, extension("pkg/_ext.cpython-39-x86_64-linux-gnu.so", machines=["aarch64"])]),
        ],
    ),
    "FTW304": (
        [
            facts(MANYLINUX, [_FT_EXT], policy=PolicyVerdict(tag="manylinux_2_34_x86_64")),
            facts(MANYLINUX, [_FT_EXT], policy=PolicyVerdict(tag="linux_x86_64")),
            facts(MANYLINUX, [_FT_EXT], policy=PolicyVerdict(tag="manylinux_2_17_aarch64")),
            facts(MANYLINUX, [_FT_EXT], policy=PolicyVerdict(tag="", reason="it did not say")),
            facts(MANYLINUX, [_FT_EXT]),
            facts(PROGRAM, native={"pkg/tool": code()}, policy=PolicyVerdict(tag="manylinux_2_34_x86_64")),
            # whoever has glibc 2.17 takes it too
            facts(TWO_FLOORS, native={"pkg/tool": code()}, policy=PolicyVerdict(tag="manylinux_2_34_x86_64")),
        ],
        [
            facts(PROGRAM, native={"pkg/tool.o": code(kind=NativeKind.OBJECT)}),
            facts(PROGRAM, native={"pkg/tool": _ARM}),
            facts(TWO_FLOORS, native={"pkg/tool": code()}, policy=PolicyVerdict(tag="manylinux_2_17_x86_64")),
            # a static program may have a tag for either C library, and auditwheel names one
            facts(TWO_LIBRARIES, native={"pkg/tool": code()}, policy=PolicyVerdict(tag="musllinux_1_1_x86_64")),
            # auditwheel names the newest musl that it knows, whatever the wheel
            facts(MUSL_1_1, native={"pkg/tool": code()}, policy=PolicyVerdict(tag="musllinux_1_2_x86_64")),
            facts(MANYLINUX, [_FT_EXT], policy=PolicyVerdict(tag="manylinux_2_5_x86_64")),
            facts(MANYLINUX, [_FT_EXT], policy=PolicyVerdict(tag="manylinux_2_17_x86_64")),
            facts(FT, [_FT_EXT]),
            facts(MANYLINUX),
        ],
    ),
    "FTW305": (
        [windows("python313.dll"), windows("python3.dll"), windows("python314t.dll"), windows("python313t_d.dll")],
        [
            windows("python313t.dll"),
            windows("PYTHON313T.DLL"),
            facts(ABI3, [extension("pkg/_ext.pyd", needed=["python3.dll"])]),
            facts(ABI3T, [extension("pkg/_ext.pyd", needed=["python3t.dll"], built_for=BuiltFor.STABLE_ABI_T)]),
            facts(FT, [extension(needed=["libpython3.13t.so.1.0"])]),
            facts(FT, [extension(needed=["/Library/Frameworks/Python.framework/Versions/3.13/Python"])]),
        ],
    ),
    "FTW306": (
        [
            facts(FT, [extension(init_names=["PyModExport__ext"])]),
            facts(ABI3, [extension("pkg/_ext.so", init_names=["PyModExport__ext"])]),
            facts(ABI3T, [extension("pkg/_ext.abi3t.so", init_names=["PyInit__ext"])]),
            facts(FT, [extension(init_names=["PyInit_other"])]),
            facts(FT, [extension(init_names=[])]),
        ],
        [
            facts(FT, [_FT_EXT]),
            facts(FT, [extension(init_names=["PyInit__ext", "PyModExport__ext"])]),
            facts(ABI3T, [_ABI3T_EXT]),
            facts(ABI3T, [extension("pkg/_ext.abi3t.so", basis=DeclarationSource.CFFI_BACKEND)]),  # makes no definition
            facts("pkg-1.0-cp315-cp315t-linux_x86_64.whl", [extension("pkg/_ext.so", init_names=["PyModExport__ext"])]),
            facts(FT, [extension("pkg/libhelper.so", init_names=[])]),
            facts("pkg-1.0-py3-none-linux_x86_64.whl", [extension(init_names=["PyInit_other"])]),
        ],
    ),
    "FTW307": (
        [
            facts(ABI3, [extension("pkg/_ext.abi3.so", imports=["PyList_GetItem", "_PyObject_Private"])]),
            facts(ABI3, [extension("pkg/_ext.abi3.so", imports=["PyType_GetName"])]),
            facts(ABI3T, [_ABI3T_EXT._replace(imports=("PyModuleDef_Init",))]),
            facts("pkg-1.0-cp315-abi3t-linux_x86_64.whl", [_ABI3T_EXT._replace(imports=("PyMutex_Lock",))]),
        ],
        [
            facts(ABI3, [extension("pkg/_ext.abi3.so", imports=["PyList_GetItem", "PyModuleDef_Init"])]),
            facts("pkg-1.0-cp311-abi3-linux_x86_64.whl", [extension("pkg/_ext.so", imports=["PyType_GetName"])]),
            facts(ABI3T, [_ABI3T_EXT._replace(imports=("PyABIInfo_Check",))]),
            facts(FT, [extension(imports=["_PyObject_Private"])]),
        ],
    ),
    "FTW311": (
        [
            facts(ABI3, [_ABI3_EXT._replace(slot_ids=(2, 4))]),
            facts("pkg-1.0-cp311-abi3-linux_x86_64.whl", [_ABI3_EXT._replace(slot_ids=(3,))]),
            facts("pkg-1.0-cp314-abi3-linux_x86_64.whl", [_ABI3_EXT._replace(slot_ids=(85, 87))]),  # 3.15, no macro
            facts(ABI3, [_ABI3_EXT._replace(phase=InitPhase.EXPORT, slot_ids=(87, 109), init_slot_ids=(2, 4))]),
            facts("pkg-1.0-cp312-none-linux_x86_64.whl", [_ABI3_EXT._replace(slot_ids=(2, 4))]),
        ],
        [
            facts("pkg-1.0-cp313-abi3-linux_x86_64.whl", [_ABI3_EXT._replace(slot_ids=(1, 2, 3, 4))]),
            facts(ABI3, [_ABI3_EXT._replace(slot_ids=(1, 2))]),
            facts(ABI3T, [_ABI3T_EXT._replace(slot_ids=(87, 109))]),
            facts(ABI3, [_ABI3_EXT._replace(phase=InitPhase.EXPORT, slot_ids=(87, 109), init_slot_ids=(2,))]),
            facts(FT, [_FT_EXT._replace(slot_ids=(4,))]),
        ],
    ),
    "FTW312": (
        [facts(ABI3T, [_ABI3T_EXT._replace(phase=InitPhase.EXPORT, slot_ids=(87, 100))])],
        [
            facts(ABI3T, [_ABI3T_EXT._replace(phase=InitPhase.EXPORT, slot_ids=(87, 100, 109))]),
            facts(ABI3T, [_ABI3T_EXT._replace(phase=InitPhase.EXPORT)]),  # slots that cannot be read
            facts(ABI3, [_ABI3_EXT._replace(slot_ids=(2,))]),
        ],
    ),
    "FTW313": (
        [
            facts(DEFAULT, [_ABI3_EXT]),
            facts("pkg-1.0-cp315-cp315-linux_x86_64.whl", [extension("pkg/_ext.abi3-x86_64-linux-gnu.so")]),
            facts("pkg-1.0-cp315-cp315t-linux_x86_64.whl", [_ABI3T_EXT]),
            facts("pkg-1.0-cp315-cp315.cp315t-linux_x86_64.whl", [_ABI3T_EXT]),
        ],
        [
            facts("pkg-1.0-cp315-cp315.cp315t-linux_x86_64.whl", [extension("pkg/_ext.abi3.so")]),
            facts(ABI3, [_ABI3_EXT]),
            facts(DEFAULT, [_ABI3_EXT, _DEFAULT_EXT]),
            facts(DEFAULT, [_ABI3_EXT._replace(imports=("_PyObject_Private",))]),  # only the name is stable
            facts(FT, [extension("pkg/_ext.abi3.so")]),
            facts(DEFAULT),
            facts("pkg-1.0-py3-none-any.whl"),
        ],
    ),
    "FTW314": (
        [
            facts(ABI3T, [_ABI3T_EXT._replace(abi_info=abi_info(7, 16))]),
            facts(ABI3, [_ABI3_EXT._replace(abi_info=abi_info(3, 16))]),
        ],
        [
            facts(ABI3, [_ABI3_EXT._replace(abi_info=abi_info(3, 15))]),  # read from 3.15 on
            facts(ABI3T, [_ABI3T_EXT._replace(abi_info=abi_info(7, 15))]),
            facts(ABI3, [_ABI3_EXT._replace(abi_info=abi_info(2, 15))]),  # for no stable ABI
            facts(ABI3, [_ABI3_EXT]),
        ],
    ),
    "FTW308": (
        [facts(FT, [extension(built_for=BuiltFor.CANNOT_TELL)])],
        [
            facts(FT, [_FT_EXT]),
            facts(FT, [extension(built_for=BuiltFor.CANNOT_TELL)], imported=[imported()]),
            facts("pkg-1.0-py3-none-linux_x86_64.whl", [extension(built_for=BuiltFor.CANNOT_TELL)]),
        ],
    ),
    "FTW309": ([flaw(FlawKind.BINARY)], [flaw(FlawKind.UNREADABLE)]),
    "FTW310": (
        [
            macos("pkg-1.0-cp313-cp313t-macosx_11_0_arm64.whl", (14, 0), "aarch64"),
            macos("pkg-1.0-cp313-cp313t-macosx_10_13_x86_64.whl", (10, 15), "x86_64"),
            mac_program(NativeKind.PROGRAM, (14, 0)),
        ],
        [
            macos("pkg-1.0-cp313-cp313t-macosx_11_0_arm64.whl", (11, 0), "aarch64"),
            # the arm64 half of a universal2 file always says 11.0
            macos("pkg-1.0-cp313-cp313t-macosx_10_13_universal2.whl", (11, 0), "aarch64", "x86_64"),
            facts(FT, [extension(macos_minimum=(14, 0))]),
            mac_program(NativeKind.PROGRAM, (11, 0)),
            mac_program(NativeKind.OBJECT, (14, 0)),  # for a linker
        ],
    ),
    "FTW401": (
        [
            facts(FT, [extension(gil=Declaration.NONE)]),
            facts(ABI3T, [_ABI3T_EXT._replace(gil=extension(gil=Declaration.NONE).gil)]),
            facts(FT, [extension(gil=Declaration.NONE)], undeclared=["pkg._other"]),
            facts(FT, [_CYTHON_EXT]),
            # one file for two builds is told once
            facts(
                "pkg-1.0-cp313.cp314-cp313t.cp314t-linux_x86_64.whl", [extension("pkg/_ext.so", gil=Declaration.NONE)]
            ),
        ],
        [
            facts(FT, [_FT_EXT]),
            facts(DEFAULT, [extension("pkg/_ext.cpython-313-x86_64-linux-gnu.so", gil=Declaration.NONE)]),
            facts(FT, [extension(gil=Declaration.CANNOT_TELL)]),
            facts(FT, [extension(gil=Declaration.NONE)], undeclared=["pkg.*"]),
        ],
    ),
    "FTW402": (
        [
            facts(FT, [extension(gil=Declaration.CANNOT_TELL)]),
            facts(FT, [extension(gil=Declaration.CANNOT_TELL)], imported=[imported(gil_before=True, gil_after=True)]),
        ],
        [
            facts(FT, [_FT_EXT]),
            facts(FT, [extension(gil=Declaration.CANNOT_TELL)], imported=[imported()]),
            facts(DEFAULT, [extension("pkg/_ext.so", gil=Declaration.CANNOT_TELL)]),
        ],
    ),
    "FTW403": (
        [facts(FT, [extension(gil=Declaration.USED)])],
        [
            facts(FT, [_FT_EXT]),
            facts(FT, [extension(gil=Declaration.USED, toolchain=Toolchain.CYTHON)]),
            facts(FT, [extension(gil=Declaration.USED)], undeclared=["pkg._ext"]),
        ],
    ),
    "FTW404": (
        [
            facts(FT, [extension(imports=["PyList_GetItem"])]),
            facts(FT, [extension(imports=["PyList_GetItem", "PyDict_Next"], toolchain=Toolchain.CYTHON)]),
        ],
        [
            facts(FT, [extension(imports=["PyList_GetItemRef"])]),
            facts(FT, [extension(imports=["PyDict_Next", "PyDict_SetDefault"], toolchain=Toolchain.CYTHON)]),
            facts(DEFAULT, [extension("pkg/_ext.so", imports=["PyList_GetItem"])]),
        ],
    ),
    "FTW501": (
        [facts(FT, [_FT_EXT])],
        [facts(FT, [_FT_EXT], classifiers=[CLASSIFIER]), facts(DEFAULT), facts(FT, metadata=None)],
    ),
    "FTW503": (
        [
            facts(FT, requires_python=">=3.14"),
            facts(FT, requires_python="<3.13"),
            facts(ABI3, requires_python="<3.9"),
        ],
        [
            facts(FT, requires_python="three"),
            facts(FT, requires_python=">=3.9"),
            facts(FT, requires_python=">=3.13.1"),
            facts(ABI3, requires_python=">=3.12"),
            facts("pkg-1.0-cp315-cp315t-linux_x86_64.whl", requires_python=">=3.15.0rc1"),
            facts(FT, metadata=None),
        ],
    ),
    "FTW701": (
        [facts(FT, [_FT_EXT], imported=[imported(outcome=ImportOutcome.FAILED, detail="ImportError: no")])],
        [facts(FT, [_FT_EXT], imported=[imported()]), facts(FT, [_FT_EXT])],
    ),
    "FTW702": (
        [
            facts(FT, [_FT_EXT], imported=[imported(outcome=ImportOutcome.CRASHED, detail="SIGSEGV")]),
            facts(FT, [_FT_EXT], imported=[imported(outcome=ImportOutcome.TIMED_OUT, detail="no answer")]),
        ],
        [facts(FT, [_FT_EXT], imported=[imported(outcome=ImportOutcome.FAILED)])],
    ),
    "FTW703": (
        [
            facts(FT, [_FT_EXT], imported=[imported(gil_after=True, culprits=["pkg._ext"])]),
            facts(FT, [_FT_EXT], imported=[imported(gil_after=True)]),
            facts(FT, [_FT_EXT], imported=[imported(gil_after=True, culprits=["other"])]),
            facts(FT, [extension(gil=Declaration.USED)], imported=[imported(gil_after=True)]),
            facts(FT, [_CYTHON_EXT], imported=[imported(gil_after=True)], undeclared=["pkg.*"]),
        ],
        [
            facts(FT, [_CYTHON_EXT], imported=[imported(gil_after=True)]),  # FTW401 says all there is to say
            facts(FT, [_FT_EXT], imported=[imported()]),
            facts(FT, [_FT_EXT], imported=[imported(gil_before=True)]),
        ],
    ),
    "FTW704": ([facts(FT, not_imported="no interpreter here")], [facts(FT, imported=[imported()])]),
    "FTW705": (
        [facts(left_out="a.c:1:1: error: no"), facts(FT, [_FT_EXT], left_out="a.c:1:1: error: no")],
        [facts(), facts(FT, [_FT_EXT])],
    ),
    "FTW706": (
        [
            facts(
                FT,
                [_FT_EXT],
                imported=[imported(outcome=ImportOutcome.FAILED, missing="_cffi_backend", package_loads=True)],
                metadata=core_metadata(_EXTRA),
            )
        ],
        [
            facts(FT, [_FT_EXT], imported=[imported()], metadata=core_metadata(_EXTRA)),
            facts(FT, [_FT_EXT], imported=[imported(outcome=ImportOutcome.FAILED)], metadata=core_metadata(_EXTRA)),
        ],
    ),
    "FTW801": (
        [
            facts(f"pkg-1.0-py3-none-{platform}.whl")
            for platform in (
                *(
                    "linux_x86_64",
                    "pyodide_2025_0_wasm32",
                    "manylinux1_aarch64.manylinux2014_aarch64",
                    "macosx_14_1_arm64",
                ),
                *("freebsd_14_0_release_amd64", "manylinux_2_17_loongarch64", "ios_13_0_armv7_iphoneos"),
            )
        ],
        [
            facts(f"pkg-1.0-py3-none-{platform}.whl")
            for platform in (
                "any",
                "linux_armv7l",
                "pyemscripten_2025_0_wasm32",
                "macosx_14_0_arm64",
                "musllinux_1_2_riscv64",
            )
        ],
    ),
    "FTW802": (
        [
            facts("pkg-1.0+cpu-py3-none-any.whl"),
            facts(metadata=core_metadata("Classifier: Private :: Do Not Upload")),
            facts(metadata=core_metadata("Requires-Dist: foo @ https://example.org/foo.whl")),
        ],
        [facts(metadata=core_metadata("Classifier: Typing :: Typed", "Requires-Dist: foo")), facts(metadata=None)],
    ),
    "FTW803": (
        [facts("My.Pkg-1.0-py3-none-any.whl"), facts("Pkg-1.0-py3-none-any.whl")],
        [facts("my_pkg-1.0-py3-none-any.whl")],
    ),
    "FTW804": (
        [facts(metadata=core_metadata("License-File: LICENSE"))],
        [
            facts(metadata=core_metadata("License-File: LICENSE"), files={"pkg-1.0.dist-info/licenses/LICENSE": "x"}),
            facts(metadata=core_metadata("License-File: LICENSE", version="2.1")),
        ],
    ),
    "FTW805": (
        [
            sized(1 << 20, members=(Member(path="pkg/x", size=65 << 20, sha256="", digest=""),)),
            sized(1 << 20, framing="has 9 bytes after its end that belong to no member"),
        ],
        [
            sized(2 << 20, members=(Member(path="pkg/x", size=65 << 20, sha256="", digest=""),)),
            sized(1, members=(Member(path="pkg/x", size=63 << 20, sha256="", digest=""),)),
        ],
    ),
    "FTW806": (
        [sized(10_000, entry_points=text) for text in ("a = b\n", "[console_scripts]\na/b = c:d\n", "[x]\na: b\n")],
        [
            sized(10_000),
            sized(10_000, entry_points="[console_scripts]\na.b-c_D = e:f\n"),
            sized(10_000, entry_points="[other.group]\na/b = c\n"),
        ],
    ),
    "FTW807": ([sized((100 << 20) + 1), sized((1 << 30) + 1)], [sized(100 << 20)]),
    "FTW808": ([sized(10_000, unrendered="the description is blank")], [sized(10_000)]),
}


def group(*wheels: WheelContents) -> ReleaseWheels:
    pairing = pair_up(wheels)
    comparisons = tuple(compare_pair(default, other) for default, other in pairing.pairs)
    return ReleaseWheels(wheels=wheels, pairing=pairing, comparisons=comparisons)


def same_name() -> ReleaseWheels:
    wheel = contents(ABI3, [_ABI3_EXT])
    return ReleaseWheels(wheels=(wheel, wheel), pairing=pair_up([wheel]), comparisons=(compare_pair(wheel, wheel),))


_DEFAULT_WHEEL = contents(DEFAULT, [_DEFAULT_EXT])
_FT_WHEEL = contents(FT, [_FT_EXT])
_MACOS_FT = contents("pkg-1.0-cp313-cp313t-macosx_11_0_arm64.whl", [_FT_EXT])
_MACOS = contents("pkg-1.0-cp313-cp313-macosx_11_0_arm64.whl", [_DEFAULT_EXT])
_PLAIN_DEFAULT = contents(DEFAULT, [_PLAIN_EXT])
_PLAIN_FT = contents(FT, [_PLAIN_EXT])
_GOOD = group(_DEFAULT_WHEEL, _FT_WHEEL)

GROUP_CASES: dict[str, tuple[list[ReleaseWheels], list[ReleaseWheels]]] = {
    "FTW502": (
        [
            group(contents(DEFAULT, classifiers=[CLASSIFIER]), contents(ABI3)),
        ],
        [
            group(contents(DEFAULT, classifiers=[CLASSIFIER]), contents(FT)),
            group(contents(DEFAULT), contents(ABI3)),
            group(contents(DEFAULT, classifiers=[CLASSIFIER])),  # of one file nobody can say what else is shipped
            group(contents("pkg-1.0-py3-none-any.whl", classifiers=[CLASSIFIER]), contents(DEFAULT)),
        ],
    ),
    "FTW601": ([same_name()], [_GOOD]),
    "FTW602": (
        [
            group(_DEFAULT_WHEEL, contents(FT)),
            group(contents(DEFAULT), _FT_WHEEL),
        ],
        [_GOOD],
    ),
    "FTW603": (
        [
            group(contents(DEFAULT, files={"pkg/__init__.py": "one"}), contents(FT, files={"pkg/__init__.py": "two"})),
            group(contents(DEFAULT, files={"pkg/more.py": "one"}), contents(FT)),
            group(contents(DEFAULT), contents(FT, files={"pkg/more.py": "one"})),
            group(contents(DEFAULT, metadata=core_metadata("Summary: one")), contents(FT, metadata=core_metadata())),
        ],
        [_GOOD, group(contents(DEFAULT, files={"pkg/data.bin": "one"}), contents(FT))],
    ),
    "FTW604": (
        [
            group(_DEFAULT_WHEEL, _FT_WHEEL._replace(members=_FT_WHEEL.members[:0])),
            group(_DEFAULT_WHEEL._replace(members=()), _FT_WHEEL._replace(members=())),
        ],
        [_GOOD],
    ),
    "FTW605": ([group(_PLAIN_DEFAULT, _PLAIN_FT)], [_GOOD]),
    "FTW606": (
        [group(_DEFAULT_WHEEL, _FT_WHEEL, _MACOS_FT), group(_DEFAULT_WHEEL, _FT_WHEEL, _MACOS)],
        [
            _GOOD,
            group(_FT_WHEEL, _MACOS_FT),
            group(_DEFAULT_WHEEL, _FT_WHEEL, contents("pkg-1.0-cp312-cp312-macosx_11_0_arm64.whl")),
            group(contents(ABI3), _FT_WHEEL),
            # there is no free-threaded CPython for iOS
            group(_DEFAULT_WHEEL, _FT_WHEEL, contents("pkg-1.0-cp313-cp313-ios_13_0_arm64_iphoneos.whl")),
        ],
    ),
    "FTW607": (
        [
            group(contents(DEFAULT), contents(FT)),
            group(
                contents("pkg-1.0-cp315-abi3-linux_x86_64.whl", [_ABI3T_EXT]),
                contents("pkg-1.0-cp315-abi3t-linux_x86_64.whl", [_ABI3T_EXT]),
            ),
        ],
        [_GOOD, group(_PLAIN_DEFAULT, _PLAIN_FT)],
    ),
}


@pytest.mark.parametrize(("code", "facts_"), [(code, each) for code, (trips, _) in CASES.items() for each in trips])
def test_a_wheel_that_trips_the_rule(code: str, facts_: WheelFacts) -> None:
    rule = next(rule for rule in WHEEL_RULES if rule.code == code)
    found = list(rule.check(facts_))
    assert found
    for finding in found:
        assert (finding.code, finding.url) == (code, f"docs/rules/{code}.md")
        assert finding.subject.startswith(facts_.wheel.filename)
        assert finding.message
        assert finding.fix
        assert finding.severity <= rule.severity


@pytest.mark.parametrize(("code", "facts_"), [(code, each) for code, (_, misses) in CASES.items() for each in misses])
def test_a_near_miss_does_not_trip_the_rule(code: str, facts_: WheelFacts) -> None:
    rule = next(rule for rule in WHEEL_RULES if rule.code == code)
    assert [finding.message for finding in rule.check(facts_)] == []


@pytest.mark.parametrize(
    ("code", "group_"), [(code, each) for code, (trips, _) in GROUP_CASES.items() for each in trips]
)
def test_wheels_that_trip_the_rule_together(code: str, group_: ReleaseWheels) -> None:
    rule = next(rule for rule in GROUP_RULES if rule.code == code)
    found = list(rule.check(group_))
    assert found
    assert {finding.code for finding in found} == {code}
    assert {finding.subject for finding in found} <= {wheel.filename for wheel in group_.wheels}


@pytest.mark.parametrize(
    ("code", "group_"), [(code, each) for code, (_, misses) in GROUP_CASES.items() for each in misses]
)
def test_wheels_that_nearly_trip_the_rule(code: str, group_: ReleaseWheels) -> None:
    rule = next(rule for rule in GROUP_RULES if rule.code == code)
    assert [finding.message for finding in rule.check(group_)] == []


def test_every_rule_has_both() -> None:
    # FTW100 is the command's own: there is nothing that a rule could look at
    assert {*CASES, *GROUP_CASES} == family("FTW").keys() - {"FTW100"}
    assert all(trips and misses for trips, misses in (*CASES.values(), *GROUP_CASES.values()))


@pytest.mark.parametrize(
    "wheel",
    [
        facts(FT, [_FT_EXT], classifiers=[CLASSIFIER]),
        facts(DEFAULT, [_DEFAULT_EXT]),
        facts(ABI3, [_ABI3_EXT]),
        facts(ABI3T, [_ABI3T_EXT], classifiers=[CLASSIFIER]),
        facts("pkg-1.0-py3-none-any.whl"),
        facts("pkg-1.0-pp310-pypy310_pp73-linux_x86_64.whl"),
    ],
)
def test_a_good_wheel_has_no_findings(wheel: WheelFacts) -> None:
    assert RuleSelection(ignore=("FTW801",)).judge(wheel) == ()  # linux_x86_64: built here and not repaired yet


def test_the_pair_has_no_findings() -> None:
    assert RuleSelection().judge_group(_GOOD) == ()


def test_tags_differ_in_both_directions() -> None:
    wheel = wheel_file(FT, tags=frozenset({Tag("cp313", "cp313", "linux_x86_64")}))
    messages = [finding.message for finding in RuleSelection(select=("FTW201",)).judge(facts(wheel=wheel))]
    assert messages == [
        "WHEEL has cp313-cp313-linux_x86_64, but the file name does not",
        "the file name has cp313-cp313t-linux_x86_64, but WHEEL does not",
    ]


def test_a_platform_tag_that_the_name_lacks_weighs_less_than_another_abi() -> None:
    tags = {Tag("cp313", "cp313t", "linux_x86_64"), Tag("cp313", "cp313t", "manylinux_2_17_x86_64")}
    wheel = facts(FT, wheel=wheel_file(FT, tags=frozenset(tags)))
    (found,) = RuleSelection(select=("FTW201",)).judge(wheel)
    assert (found.severity, found.message) == (
        Severity.WARNING,
        "WHEEL has cp313-cp313t-manylinux_2_17_x86_64, but the file name does not",
    )
    wheel = facts(FT, wheel=wheel_file(FT, tags=frozenset({*tags, Tag("cp313", "cp313", "manylinux_2_17_x86_64")})))
    severities = [found.severity for found in RuleSelection(select=("FTW201",)).judge(wheel)]
    assert severities == [Severity.ERROR, Severity.WARNING]


@pytest.mark.parametrize(
    ("tags", "severity", "said"),
    [
        ("py3-none-win_ia64", Severity.WARNING, "no CPython takes win_ia64"),
        ("cp313-cp313-win_ia64", Severity.ERROR, "no CPython takes win_ia64"),
        ("py3-none-macosx_26_1_arm64", Severity.ERROR, "no CPython takes macosx_26_1_arm64"),
        ("cp313-cp313-manylinux_2_4_i686", Severity.ERROR, "no CPython takes manylinux_2_4_i686"),
        ("cp312-cp312-android_21_x86_64", Severity.ERROR, "no CPython 3.12 takes android_21_x86_64"),
    ],
)
def test_a_wheel_that_nobody_takes(tags: str, severity: Severity, said: str) -> None:
    """The version is named where another one takes the platform; a machine of the past is nobody's loss."""
    (found,) = RuleSelection(select=("FTW209",)).judge(facts(f"pkg-1.0-{tags}.whl"))
    assert (found.severity, found.message) == (severity, said)


def test_tags_of_python_2_that_wheel_lacks_are_a_warning() -> None:
    """As in py-spy 0.4.3: no Python of today is concerned."""
    name = "pkg-1.0-py2.py3-none-win_amd64.whl"
    wheel = facts(name, wheel=wheel_file(name, tags=frozenset({Tag("py3", "none", "win_amd64")})))
    (found,) = RuleSelection(select=("FTW201",)).judge(wheel)
    assert (found.severity, found.message) == (
        Severity.WARNING,
        "the file name has py2-none-win_amd64, but WHEEL does not",
    )
