"""For each rule about wheels: wheels that trip it, and the same wheels once the advice of the rule was followed.

The output of the first is the example on the rule's page; the second has no such finding any more.
"""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ftwheel.core.wheel.contents import Flaw, FlawKind, WheelContents
from ftwheel.core.wheel.extension_module import BinaryFormat, BuiltFor, Declaration, ExtensionModule, InitPhase
from ftwheel.core.wheel.pairs import compare_pair, pair_up
from ftwheel.core.wheel.reports import PolicyVerdict
from ftwheel.rules.wheel.facts import ReleaseWheels, WheelFacts
from support.facts import abi_info, contents, extension, facts, imported
from support.images import Spec, elf, pe
from support.wheels import make_wheel

__all__ = ["WHEELS", "Example", "facts_examples"]

Step = Callable[[Path], object]

FT, DEFAULT = "pkg-1.0-cp313-cp313t-linux_x86_64.whl", "pkg-1.0-cp313-cp313-linux_x86_64.whl"
ABI3, ABI3T = "pkg-1.0-cp310-abi3-linux_x86_64.whl", "pkg-1.0-cp315-abi3.abi3t-linux_x86_64.whl"
NONE, ANY = "pkg-1.0-py3-none-linux_x86_64.whl", "pkg-1.0-py3-none-any.whl"
FT_SO, DEFAULT_SO = "pkg/_ext.cpython-313t-x86_64-linux-gnu.so", "pkg/_ext.cpython-313-x86_64-linux-gnu.so"
CLASSIFIER = "Programming Language :: Python :: Free Threading :: 2 - Beta"
IMPORTS = ("PyModuleDef_Init",)


def module(*imports: str, free_threaded: bool = True, slots: tuple[tuple[int, int], ...] = ((4, 1),)) -> bytes:
    """A module ``_ext`` for one build, with these imports beside the usual one."""
    return elf(Spec(name="_ext", free_threaded=free_threaded, slots=slots, imports=(*IMPORTS, *imports)))


FT_CODE, DEFAULT_CODE = module(), module(free_threaded=False)
MIXED = module("_Py_DecRefShared", "_Py_Dealloc")
ARM = FT_CODE[:18] + (183).to_bytes(2, "little") + FT_CODE[20:]


@dataclass(frozen=True, kw_only=True)
class Example:
    """``before`` and ``after`` fill a folder; ``options`` are of ``ftwheel check``."""

    before: Sequence[Step]
    after: Sequence[Step]
    options: str = ""


def wheel(filename: str, files: dict[str, str | bytes] | None = None, **options: object) -> Step:
    return lambda folder: make_wheel(folder, filename, files, **options)  # type: ignore[arg-type]


def text(filename: str, content: bytes) -> Step:
    def write(folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / filename).write_bytes(content)

    return write


def member(name: str, content: bytes = b"x = 2\n") -> Step:
    """One more member in the wheel that is there."""

    def add(folder: Path) -> None:
        (path,) = folder.glob("*.whl")
        with warnings.catch_warnings(), zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
            warnings.filterwarnings("ignore", "Duplicate name")
            archive.writestr(zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)

    return add


def misnamed(folder: Path) -> None:
    """The ``.dist-info`` folder of the wheel gets a hyphen where the file name has an underscore."""
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as old:
        content = {name.replace("my_pkg-1.0.dist", "my-pkg-1.0.dist"): old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w") as new:
        for name, data in content.items():
            new.writestr(zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0)), data)


def retagged(folder: Path) -> None:
    """``ftwheel tag WHEEL``"""
    from ftwheel.cli.main import main  # not needed where only the table is

    assert main(["tag", *map(str, folder.glob("*.whl"))]) == 0


GOOD = wheel(FT, {FT_SO: FT_CODE})
GOOD_DEFAULT = wheel(DEFAULT, {DEFAULT_SO: DEFAULT_CODE})
PURE = wheel(ANY)
WIN = "pkg-1.0-cp313-cp313t-win_amd64.whl"
WIN_PYD = "pkg/_ext.cp313t-win_amd64.pyd"
PE = Spec(name="_ext")
META = "Metadata-Version: 2.1\nName: pkg\nVersion: 1.0\n"
LICENSED = f"{META}License-File: LICENSE\n".replace("2.1", "2.4")
ENTRY_POINTS = "pkg-1.0.dist-info/entry_points.txt"

WHEELS: dict[str, Example] = {
    "FTW100": Example(before=[text(ANY, b"<html>404 Not Found</html>\n")], after=[PURE]),
    "FTW101": Example(before=[wheel(ANY, compression=zipfile.ZIP_BZIP2)], after=[PURE]),
    "FTW102": Example(before=[PURE, member("pkg/__init__.py")], after=[PURE]),
    "FTW103": Example(before=[PURE, member("../../evil.py")], after=[PURE]),
    "FTW105": Example(before=[wheel(ANY, replace={"WHEEL": None})], after=[PURE]),
    "FTW106": Example(before=[PURE, member("pkg/patched.py")], after=[wheel(ANY, {"pkg/patched.py": "x = 2\n"})]),
    "FTW107": Example(
        before=[wheel(ANY, replace={"METADATA": "Metadata-Version: 2.1\nName: pkg\nVersion: 1.0\nSummary: new\n"})],
        after=[PURE],
    ),
    "FTW108": Example(
        before=[wheel(ANY, replace={"METADATA": "Metadata-Version: 2.1\nName: pkg\nVersion: 1.1\n"})], after=[PURE]
    ),
    "FTW109": Example(
        before=[wheel(ANY, replace={"METADATA": f"{META}License-Expression: MIT\n"})],
        after=[wheel(ANY, replace={"METADATA": f"{META}License-Expression: MIT\n".replace("2.1", "2.4")})],
    ),
    "FTW111": Example(
        before=[
            PURE,
            member("pkg/__init__.py/data.txt"),
            member("pkg/__INIT__.py"),
            member("pkg-1.0.data/purelib/pkg/__init__.py"),
        ],
        after=[PURE],
    ),
    "FTW110": Example(
        before=[wheel("my_pkg-1.0-py3-none-any.whl"), misnamed], after=[wheel("my_pkg-1.0-py3-none-any.whl")]
    ),
    "FTW201": Example(
        before=[wheel(FT, {FT_SO: FT_CODE}, tags=["cp313-cp313-linux_x86_64"])],
        after=[wheel(FT, {FT_SO: FT_CODE}, tags=["cp313-cp313-linux_x86_64"]), retagged],
    ),
    "FTW202": Example(
        before=[wheel(FT, {FT_SO: FT_CODE}, purelib=True)],
        after=[GOOD],
    ),
    "FTW203": Example(before=[wheel("pkg-1.0-cp313t-cp313t-linux_x86_64.whl", {FT_SO: FT_CODE})], after=[GOOD]),
    "FTW204": Example(
        before=[wheel("pkg-1.0-cp314-abi3t-linux_x86_64.whl", {"pkg/_ext.abi3t.so": FT_CODE})],
        after=[wheel("pkg-1.0-cp315-abi3t-linux_x86_64.whl", {"pkg/_ext.abi3t.so": FT_CODE})],
    ),
    "FTW205": Example(before=[wheel(NONE, {FT_SO: FT_CODE})], after=[GOOD]),
    "FTW206": Example(before=[wheel(FT, {DEFAULT_SO: DEFAULT_CODE})], after=[GOOD]),
    "FTW207": Example(
        before=[wheel(ABI3T, {"pkg/_ext.abi3.so": DEFAULT_CODE})],
        after=[wheel(ABI3T, {"pkg/_ext.abi3t.so": FT_CODE})],
    ),
    "FTW208": Example(before=[wheel(FT, {FT_SO: FT_CODE, DEFAULT_SO: DEFAULT_CODE})], after=[GOOD]),
    "FTW209": Example(
        before=[wheel("pkg-1.0-py3-abi3-linux_x86_64.whl", {"pkg/_ext.abi3.so": DEFAULT_CODE})],
        after=[wheel(ABI3, {"pkg/_ext.abi3.so": DEFAULT_CODE})],
    ),
    "FTW210": Example(before=[wheel(FT, {"pkg/_ext.so": FT_CODE})], after=[GOOD]),
    "FTW211": Example(before=[wheel(FT.replace(".whl", "-x86_64_v3.whl"), {FT_SO: FT_CODE})], after=[GOOD]),
    "FTW212": Example(before=[wheel(FT, {FT_SO: FT_CODE, "pkg/_ext.so": FT_CODE})], after=[GOOD]),
    "FTW301": Example(before=[wheel(FT, {FT_SO: DEFAULT_CODE})], after=[GOOD]),
    "FTW302": Example(before=[wheel(FT, {FT_SO: MIXED})], after=[GOOD]),
    "FTW303": Example(before=[wheel(FT, {FT_SO: ARM})], after=[GOOD]),
    "FTW305": Example(
        before=[wheel(WIN, {WIN_PYD: pe(PE, library="python313.dll")})], after=[wheel(WIN, {WIN_PYD: pe(PE)})]
    ),
    "FTW306": Example(
        before=[wheel(FT, {"pkg/_other.cpython-313t-x86_64-linux-gnu.so": FT_CODE})],
        after=[GOOD],
    ),
    "FTW307": Example(
        before=[wheel(ABI3, {"pkg/_ext.abi3.so": module("PyList_GetItemRef", free_threaded=False, slots=())})],
        after=[
            wheel(
                "pkg-1.0-cp313-abi3-linux_x86_64.whl",
                {"pkg/_ext.abi3.so": module("PyList_GetItemRef", free_threaded=False, slots=())},
            )
        ],
    ),
    "FTW309": Example(before=[wheel(FT, {FT_SO: "version https://git-lfs.github.com/spec/v1\n"})], after=[GOOD]),
    "FTW404": Example(
        before=[wheel(FT, {FT_SO: module("PyList_GetItem")})],
        after=[wheel(FT, {FT_SO: module("PyList_GetItemRef")})],
    ),
    "FTW401": Example(before=[wheel(FT, {FT_SO: module(slots=((2, 0),))})], after=[GOOD]),
    "FTW403": Example(before=[wheel(FT, {FT_SO: module(slots=((4, 0),))})], after=[GOOD]),
    "FTW501": Example(before=[GOOD], after=[wheel(FT, {FT_SO: FT_CODE}, classifiers=[CLASSIFIER])]),
    "FTW502": Example(
        before=[
            wheel(DEFAULT, {DEFAULT_SO: DEFAULT_CODE}, classifiers=[CLASSIFIER]),
            wheel(ABI3, {"pkg/_ext.abi3.so": DEFAULT_CODE}, classifiers=[CLASSIFIER]),
        ],
        after=[
            wheel(DEFAULT, {DEFAULT_SO: DEFAULT_CODE}, classifiers=[CLASSIFIER]),
            wheel(FT, {FT_SO: FT_CODE}, classifiers=[CLASSIFIER]),
        ],
    ),
    "FTW503": Example(
        before=[wheel(FT, {FT_SO: FT_CODE}, requires_python=">=3.14")],
        after=[wheel(FT, {FT_SO: FT_CODE}, requires_python=">=3.13")],
    ),
    "FTW602": Example(
        before=[
            wheel(DEFAULT, {DEFAULT_SO: DEFAULT_CODE, "pkg/__init__.py": ""}),
            wheel(FT, {"pkg/__init__.py": ""}),
        ],
        after=[GOOD_DEFAULT, GOOD],
    ),
    "FTW603": Example(
        before=[
            wheel(DEFAULT, {DEFAULT_SO: DEFAULT_CODE, "pkg/_build.py": 'built_for = "3.13"\n'}),
            wheel(FT, {FT_SO: FT_CODE, "pkg/_build.py": 'built_for = "3.13t"\n'}),
        ],
        after=[
            wheel(DEFAULT, {DEFAULT_SO: DEFAULT_CODE, "pkg/_build.py": 'version = "1.0"\n'}),
            wheel(FT, {FT_SO: FT_CODE, "pkg/_build.py": 'version = "1.0"\n'}),
        ],
    ),
    "FTW604": Example(
        before=[GOOD_DEFAULT, wheel(FT, {"pkg-1.0.dist-info/LICENSE": "text"})],
        after=[GOOD_DEFAULT, GOOD],
    ),
    "FTW605": Example(
        before=[wheel(DEFAULT, {"pkg/_ext.so": DEFAULT_CODE}), wheel(FT, {"pkg/_ext.so": DEFAULT_CODE})],
        after=[GOOD_DEFAULT, GOOD],
    ),
    "FTW606": Example(
        before=[
            GOOD_DEFAULT,
            GOOD,
            wheel(
                "pkg-1.0-cp313-cp313-win_amd64.whl", {"pkg/_ext.cp313-win_amd64.pyd": pe(PE, library="python313.dll")}
            ),
        ],
        after=[
            GOOD_DEFAULT,
            GOOD,
            wheel(
                "pkg-1.0-cp313-cp313-win_amd64.whl", {"pkg/_ext.cp313-win_amd64.pyd": pe(PE, library="python313.dll")}
            ),
            wheel(WIN, {WIN_PYD: pe(PE)}),
        ],
    ),
    "FTW801": Example(before=[GOOD], after=[wheel("pkg-1.0-cp313-cp313t-manylinux_2_17_x86_64.whl", {FT_SO: FT_CODE})]),
    "FTW802": Example(before=[wheel("pkg-1.0+cpu-py3-none-any.whl")], after=[PURE]),
    "FTW803": Example(before=[wheel("My.Pkg-1.0-py3-none-any.whl")], after=[wheel("my_pkg-1.0-py3-none-any.whl")]),
    "FTW804": Example(
        before=[wheel(ANY, replace={"METADATA": LICENSED})],
        after=[
            wheel(
                ANY,
                {"pkg/__init__.py": "", "pkg-1.0.dist-info/licenses/LICENSE": "MIT\n"},
                replace={"METADATA": LICENSED},
            )
        ],
    ),
    "FTW808": Example(
        before=[wheel(ANY, replace={"METADATA": f"{META}\n# pkg\n\n* a list\nand a `link](https://example.org)\n"})],
        after=[
            wheel(
                ANY,
                replace={
                    "METADATA": f"{META}Description-Content-Type: text/markdown\n\n# pkg\n\n"
                    "* a list\nand a `link](https://example.org)\n"
                },
            )
        ],
    ),
    "FTW806": Example(
        before=[wheel(ANY, {ENTRY_POINTS: "[console_scripts]\npkg pkg:main\n"})],
        after=[wheel(ANY, {ENTRY_POINTS: "[console_scripts]\npkg = pkg:main\n"})],
    ),
    "FTW607": Example(
        before=[wheel(DEFAULT, {"pkg/__init__.py": "x = 1\n"}), wheel(FT, {"pkg/__init__.py": "x = 1\n"})],
        after=[PURE],
    ),
}


def facts_examples() -> dict[str, tuple[WheelFacts | ReleaseWheels, WheelFacts | ReleaseWheels]]:
    """What takes a Mac, auditwheel or an import to show, as facts: before, and after the advice was followed."""
    silent = extension(built_for=BuiltFor.CANNOT_TELL)
    undecided = extension(gil=Declaration.CANNOT_TELL)
    manylinux = "pkg-1.0-cp313-cp313t-manylinux_2_17_x86_64.whl"
    one = contents(ABI3, [extension("pkg/_ext.abi3.so", built_for=BuiltFor.DEFAULT)])
    pair = (contents(DEFAULT, [extension(DEFAULT_SO, built_for=BuiltFor.DEFAULT)]), contents(FT, [extension()]))

    def stable(slots: tuple[int, ...] = ()) -> ExtensionModule:
        return extension("pkg/_ext.abi3.so", built_for=BuiltFor.DEFAULT, slot_ids=slots)

    def saying(minor: int) -> ExtensionModule:
        return exported((87, 109))._replace(abi_info=abi_info(7, minor))

    def exported(slots: tuple[int, ...]) -> ExtensionModule:
        return extension(
            "pkg/_ext.abi3t.so",
            built_for=BuiltFor.STABLE_ABI_T,
            init_names=["PyModExport__ext"],
            phase=InitPhase.EXPORT,
            slot_ids=slots,
        )

    def mac(minimum: tuple[int, int]) -> WheelFacts:
        module = extension(
            "pkg/_ext.cpython-313t-darwin.so",
            machines=["aarch64"],
            binary_format=BinaryFormat.MACH_O,
            macos_minimum=minimum,
        )
        return facts("pkg-1.0-cp313-cp313t-macosx_11_0_arm64.whl", [module])

    def release(default: WheelContents, other: WheelContents) -> ReleaseWheels:
        return ReleaseWheels(wheels=(default, other), pairing=pair_up([]), comparisons=(compare_pair(default, other),))

    bomb = Flaw(path="pkg/zeros.bin", kind=FlawKind.TOO_LARGE, detail="expands from 83027 to 83886080 bytes")
    pure = contents(ANY)
    sparse = pure._replace(members=tuple(member._replace(size=40 << 20) for member in pure.members))
    return {
        "FTW104": (facts(ANY, flaws=[bomb]), facts(ANY)),
        "FTW805": (replace(facts(ANY), wheel=sparse._replace(size=1 << 20)), facts(ANY)),
        "FTW304": (
            facts(manylinux, [extension()], policy=PolicyVerdict(tag="manylinux_2_34_x86_64")),
            facts(manylinux, [extension()], policy=PolicyVerdict(tag="manylinux_2_17_x86_64")),
        ),
        "FTW308": (facts(FT, [silent]), facts(FT, [silent], imported=[imported()])),
        "FTW310": (mac((14, 0)), mac((11, 0))),
        "FTW311": (facts(ABI3, [stable((2, 4))]), facts("pkg-1.0-cp313-abi3-linux_x86_64.whl", [stable((2, 4))])),
        "FTW312": (facts(ABI3T, [exported((87, 100))]), facts(ABI3T, [exported((87, 100, 109))])),
        "FTW313": (facts(DEFAULT, [stable()]), facts(ABI3, [stable()])),
        "FTW314": (facts(ABI3T, [saying(16)]), facts(ABI3T, [saying(15)])),
        "FTW402": (facts(FT, [undecided]), facts(FT, [undecided], imported=[imported()])),
        "FTW601": (release(one, one), release(*pair)),
        "FTW807": (replace(facts(FT, [extension()]), wheel=contents(FT)._replace(size=200 << 20)), facts(FT)),
    }
