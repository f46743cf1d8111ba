"""The tags that a wheel's content supports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from ftwheel.core.wheel.contents import Flaw, FlawKind
from ftwheel.core.wheel.extension_module import BinaryFormat, BuiltFor, ExtensionModule, InitPhase
from ftwheel.core.wheel.native import NativeCode
from ftwheel.core.wheel.reports import PolicyVerdict
from ftwheel.rules.wheel.suggest import objections, retagged, suggest
from support.facts import abi_info, code, contents, extension

TABLE = {"PyList_New": 2, "PyType_GetName": 11, "PyModuleDef_Init": 5}
FT, DEFAULT = "pkg-1.0-cp313-cp313t-linux_x86_64.whl", "pkg-1.0-cp313-cp313-linux_x86_64.whl"
ABI3 = "pkg-1.0-cp39-abi3-linux_x86_64.whl"
MACH_O, PE = BinaryFormat.MACH_O, BinaryFormat.PE
_DEFAULT = extension("pkg/_ext.cpython-313-x86_64-linux-gnu.so", built_for=BuiltFor.DEFAULT)


def tags(filename: str, modules: Iterable[ExtensionModule] = (), **more: object) -> list[str]:
    wheel = contents(filename, modules, **more)  # type: ignore[arg-type]
    return [each.tag for each in suggest(wheel, TABLE)]


def test_the_abi_follows_from_the_modules() -> None:
    stable = extension("pkg/_ext.abi3.so", built_for=BuiltFor.DEFAULT, imports=["PyType_GetName"])
    both = extension("pkg/_ext.abi3t.so", built_for=BuiltFor.STABLE_ABI_T, init_names=["PyModExport__ext"])
    assert tags("pkg-1.0-py3-none-any.whl") == ["py3-none-any"]
    assert tags(FT, [extension()]) == ["cp313-cp313t-linux_x86_64"]
    assert tags(DEFAULT, [_DEFAULT])[0] == "cp313-cp313-linux_x86_64"
    assert tags(ABI3, [stable])[0] == "cp311-abi3-linux_x86_64"
    assert tags(FT, [both])[0] == "cp315-abi3.abi3t-linux_x86_64"
    untold = both._replace(built_for=BuiltFor.CANNOT_TELL)  # as cffi writes it: the name is all that there is
    assert tags(FT, [untold, both])[0] == "cp315-abi3.abi3t-linux_x86_64"
    init = extension("pkg/_ext.abi3t.so", built_for=BuiltFor.CANNOT_TELL, init_names=["PyInit__ext"])
    assert tags(FT, [init])[0] == "cp315-abi3-linux_x86_64"
    assert not any(each.proved for each in suggest(contents(FT, [untold]), TABLE))
    assert "abi3" not in "".join(tags(DEFAULT, [extension("pkg/_ext.so", imports=["_PyPrivate"])]))


@pytest.mark.parametrize(
    ("tag", "suggested"),
    [
        ("cp313-cp313-pyemscripten_2025_0_wasm32", ["cp313-cp313-pyemscripten_2025_0_wasm32"]),
        ("cp313-cp313-linux_x86_64", []),
        ("py3-none-any", ["py3-none-any"]),
    ],
)
def test_a_module_that_cannot_be_read_is_never_for_any(tag: str, suggested: list[str]) -> None:
    """WebAssembly has no reader, so its name is believed; a module of Linux that is a text file has no tag."""
    unread = Flaw(path="pkg/_ext.so", kind=FlawKind.BINARY, detail="starts with something else")
    found = suggest(contents(f"pkg-1.0-{tag}.whl", flaws=[unread]), TABLE)
    assert [each.tag for each in found] == suggested
    assert not any(each.proved for each in found)
    data = Flaw(path="pkg/data.so.1", kind=FlawKind.BINARY, detail="starts with something else")
    assert tags("pkg-1.0-py3-none-any.whl", flaws=[data]) == ["py3-none-any"]


def test_a_floor_is_no_older_than_what_the_wheel_claims() -> None:
    plain = extension("pkg/_ext.abi3.so", built_for=BuiltFor.DEFAULT, imports=["PyModuleDef_Init"])
    platform = extension("pkg/_ext.abi3-x86_64-linux-gnu.so", built_for=BuiltFor.DEFAULT, imports=["PyList_New"])
    assert tags(ABI3, [plain]) == ["cp39-abi3-linux_x86_64"]
    assert tags(ABI3, [platform]) == ["cp315-abi3-linux_x86_64"]
    assert tags(DEFAULT, [plain])[0] == "cp35-abi3-linux_x86_64"
    assert tags(DEFAULT, [plain], metadata=None)[0] == "cp35-abi3-linux_x86_64"
    assert tags(DEFAULT, [plain], requires_python=">=3.12.1")[0] == "cp312-abi3-linux_x86_64"
    assert tags(DEFAULT, [plain], requires_python="<3")[0] == "cp35-abi3-linux_x86_64"
    assert tags(DEFAULT, [plain], requires_python="three")[0] == "cp35-abi3-linux_x86_64"


def test_a_floor_that_nobody_claims_is_not_proved() -> None:
    plain = extension("pkg/_ext.abi3.so", built_for=BuiltFor.DEFAULT, imports=["PyModuleDef_Init"])
    assert [each.floor_proved for each in suggest(contents(ABI3, [plain]), TABLE)] == [True]
    assert [each.floor_proved for each in suggest(contents(DEFAULT, [plain]), TABLE)] == [False, True]
    said = plain._replace(abi_info=abi_info(3, 15), slot_ids=(109,))
    first = suggest(contents(DEFAULT, [said]), TABLE)[0]
    assert (first.tag[:10], first.floor_proved) == ("cp315-abi3", True)
    exported = said._replace(phase=InitPhase.EXPORT, slot_ids=(87, 109), init_names=("PyModExport__ext", "PyInit__ext"))
    first = suggest(contents(ABI3, [exported]), TABLE)[0]  # older versions call PyInit_, and read nothing else
    assert (first.tag[:9], first.floor_proved) == ("cp39-abi3", True)
    named = extension("pkg/_ext.abi3.so", built_for=BuiltFor.STABLE_ABI_T, init_names=["PyModExport__ext"])
    assert tags(FT, [named])[0] == "cp315-abi3-linux_x86_64"


def test_a_platform_is_no_older_than_the_code() -> None:
    tool = {"pkg/tool": code()}

    def platform(tags: str, found: str) -> str:
        wheel = contents(f"pkg-1.0-py3-none-{tags}.whl", native=tool)
        (suggestion,) = suggest(wheel, TABLE, lambda _: PolicyVerdict(tag=found))
        return suggestion.tag.removeprefix("py3-none-")

    old, new = "manylinux_2_17_x86_64", "manylinux_2_34_x86_64"
    assert platform(old, new) == new
    assert platform(old, old) == old
    assert platform(f"{old}.{new}", new) == new
    assert platform(f"musllinux_1_2_x86_64.{new}", new) == f"musllinux_1_2_x86_64.{new}"
    assert platform(old, "linux_x86_64") == "linux_x86_64"
    assert platform(old, "") == old  # auditwheel cannot tell
    assert platform("linux_x86_64", "") == "linux_x86_64"


def test_a_promised_platform_is_objected_to_where_auditwheel_runs() -> None:
    wheel = contents("pkg-1.0-py3-none-manylinux_2_17_x86_64.whl", native={"pkg/tool": code()})
    assert objections(wheel, TABLE) == ()
    (finding,) = objections(wheel, TABLE, lambda _: PolicyVerdict(tag="manylinux_2_34_x86_64"))
    assert finding.code == "FTW304"
    assert objections(wheel, TABLE, lambda _: PolicyVerdict(tag="manylinux_2_5_x86_64")) == ()


def test_a_library_names_the_version() -> None:
    module = extension("pkg/_ext.pyd", binary_format=PE, needed=["python314t.dll"])
    assert "cp314-cp314t-win_amd64" in tags("pkg-1.0-cp313-cp313t-win_amd64.whl", [module])


def test_none_for_a_module_for_each_build() -> None:
    both = [extension(), _DEFAULT]
    name = "pkg-1.0-py3-none-linux_x86_64.whl"
    assert tags(name, both, requires_python="==3.13.*")[0] == "py3-none-linux_x86_64"
    assert tags(name, both)[0] == "cp313-cp313.cp313t-linux_x86_64"


@pytest.mark.parametrize(
    ("native", "tag"),
    [
        ({"pkg/tool": code("aarch64")}, "py3-none-linux_aarch64"),
        ({"pkg/tool": code("x86")}, "py3-none-linux_i686"),
        ({"pkg/tool.exe": code("aarch64", binary_format=PE)}, "py3-none-win_arm64"),
        ({"pkg/tool": code("aarch64", binary_format=MACH_O, macos=(13, 3))}, "py3-none-macosx_13_0_arm64"),
        ({"pkg/tool": code("x86_64", binary_format=MACH_O, macos=(10, 15))}, "py3-none-macosx_10_15_x86_64"),
        ({"pkg/tool": code("aarch64", "x86_64", binary_format=MACH_O)}, "py3-none-macosx_11_0_universal2"),
        ({"pkg/a": code("aarch64"), "pkg/b": code("x86_64")}, "py3-none-any"),
        ({"pkg/tool": code("machine-9")}, ""),
    ],
)
def test_the_platform_follows_from_every_file(native: Mapping[str, NativeCode], tag: str) -> None:
    assert tags("pkg-1.0-py3-none-any.whl", native=native) == ([tag] if tag else [])


def test_a_label_and_a_build_tag_stay() -> None:
    wheel = contents("pkg-1.0-2-cp313-cp313t-linux_x86_64-x86_64_v3.whl", [extension()])
    other = retagged(wheel, "cp313-cp313t-linux_aarch64")
    assert other.filename == "pkg-1.0-2-cp313-cp313t-linux_aarch64-x86_64_v3.whl"
    assert other.wheel is not None
    assert other.wheel.tags == other.name.tags
    assert [each.code for each in objections(other, TABLE)] == ["FTW303"]
    assert retagged(contents(FT, wheel=None), "py3-none-any", build="1").wheel is None
    assert suggest(contents(FT, [extension()]), TABLE)[0].proved is not False
