"""Which rules apply, and how much their findings weigh."""

from __future__ import annotations

from typing import Any

import pytest

from ftwheel.core.errors import InputError
from ftwheel.core.findings import Severity
from ftwheel.core.tags.cpython_builds import CPythonBuild, targets_of
from ftwheel.core.wheel.extension_module import BinaryFormat, BuiltFor, Declaration, InitPhase, Toolchain
from ftwheel.core.wheel.filename import WheelName
from ftwheel.core.wheel.suffixes import parse_suffix
from ftwheel.rules.registry import family
from ftwheel.rules.wheel.fixes import declaration_fix
from ftwheel.rules.wheel.machines import platform_of
from ftwheel.rules.wheel.selection import DECIDED_BY_IMPORT, RuleSelection
from ftwheel.rules.wheel.stable_abi import required_minor
from support.facts import extension, facts

RULES = family("FTW")


def chosen(**settings: object) -> set[str]:
    selection = RuleSelection(**settings)  # type: ignore[arg-type]
    return {code for code in RULES if selection.applies(code)}


def test_everything_applies_by_default() -> None:
    assert chosen() == set(RULES)


def test_select_and_ignore_take_codes_and_beginnings() -> None:
    assert chosen(select=("FTW401",)) == {"FTW401"}
    assert chosen(select=("FTW4",)) == {code for code in RULES if code.startswith("FTW4")}
    assert chosen(ignore=("FTW4",)) == {code for code in RULES if not code.startswith("FTW4")}
    assert chosen(select=("FTW",)) == set(RULES)


def test_the_longer_one_decides_and_ignore_on_a_tie() -> None:
    assert "FTW401" not in chosen(select=("FTW4",), ignore=("FTW401",))
    assert chosen(select=("FTW401",), ignore=("FTW4",)) == {"FTW401"}
    assert chosen(select=("FTW401",), ignore=("FTW401",)) == set()


@pytest.mark.parametrize("code", ["FTW9", "FTW9999", "E501", "", "FTW40x"])
def test_a_code_that_no_rule_has_is_refused(code: str) -> None:
    with pytest.raises(InputError, match="starts with this"):
        RuleSelection(select=(code,))
    with pytest.raises(InputError, match="starts with this"):
        RuleSelection(ignore=(code,))


def test_a_severity_needs_a_whole_code() -> None:
    with pytest.raises(InputError, match="FTW4: no rule has this code"):
        RuleSelection(severities={"FTW4": Severity.WARNING})


def test_a_severity_replaces_errors_and_leaves_cannot_tell_alone() -> None:
    undeclared = facts(extensions=[extension(gil=Declaration.NONE)])
    warned = RuleSelection(select=("FTW401",), severities={"FTW401": Severity.WARNING}).judge(undeclared)
    assert [finding.severity for finding in warned] == [Severity.WARNING]
    # auditwheel cannot be asked here: that stays advice
    manylinux = facts("pkg-1.0-cp313-cp313t-manylinux_2_17_x86_64.whl", [extension()])
    told = RuleSelection(select=("FTW304",), severities={"FTW304": Severity.ERROR}).judge(manylinux)
    assert [finding.severity for finding in told] == [Severity.ADVICE]
    # a rule that only ever advises can be made to fail
    raised = RuleSelection(select=("FTW501",), severities={"FTW501": Severity.ERROR}).judge(undeclared)
    assert [finding.severity for finding in raised] == [Severity.ERROR]


def test_only_some_rules_on_demand() -> None:
    undeclared = facts(extensions=[extension(gil=Declaration.NONE, built_for=BuiltFor.CANNOT_TELL)])
    assert {finding.code for finding in RuleSelection().judge(undeclared, only=DECIDED_BY_IMPORT)} == {"FTW308"}
    assert {"FTW308", "FTW402", "FTW701", "FTW702", "FTW703", "FTW704", "FTW706"} == DECIDED_BY_IMPORT


def test_findings_are_sorted_and_said_once() -> None:
    module = extension(gil=Declaration.NONE, built_for=BuiltFor.DEFAULT)
    found = RuleSelection().judge(facts("pkg-1.0-cp313-cp313t-linux_aarch64.whl", [module]))
    assert list(found) == sorted(set(found))


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("cp313-cp313t-linux_x86_64", ["3.13t"]),
        ("cp313-cp313.cp313t-linux_x86_64", ["3.13", "3.13t"]),
        ("cp312.cp313-cp312.cp313-win32", ["3.12", "3.13"]),
        ("cp39-abi3-win32", ["3.9 and newer"]),
        ("cp315-abi3.abi3t-win32", ["3.15 and newer", "3.15t and newer"]),
        ("cp313-abi3.cp313t-win32", ["3.13t", "3.13 and newer"]),
        ("py3-none-any", []),
        ("cp313-none-win32", []),
        ("pp310-pypy310_pp73-win32", []),
        ("cp313-cp313d-win32", []),
    ],
)
def test_the_builds_that_tags_serve(tags: str, expected: list[str]) -> None:
    assert [target.label for target in targets_of(WheelName.parse(f"pkg-1.0-{tags}.whl"))] == expected


# as importlib.machinery.EXTENSION_SUFFIXES of each build has it
@pytest.mark.parametrize(
    ("suffix", "found_by"),
    [
        (".cpython-313-darwin.so", {"3.13"}),
        (".cpython-313t-darwin.so", {"3.13t"}),
        (".cp313t-win_amd64.pyd", {"3.13t"}),
        (".abi3.so", {"3.13", "3.13t", "3.15", "3.13 and newer", "3.15 and newer"}),
        (".abi3t.so", {"3.15", "3.15t", "3.15 and newer", "3.15t and newer"}),
        (".so", {"3.13", "3.13t", "3.15", "3.15t", "3.13 and newer", "3.15 and newer", "3.15t and newer"}),
        (".cpython-313d-darwin.so", set()),
        (".pypy310-pp73-darwin.so", set()),
    ],
)
def test_who_looks_for_a_suffix(suffix: str, found_by: set[str]) -> None:
    targets = [
        CPythonBuild(minor=minor, onwards=onwards, free_threaded=free_threaded)
        for minor, onwards, free_threaded in [
            (13, False, False),
            (13, False, True),
            (15, False, False),
            (15, False, True),
            (13, True, False),
            (15, True, False),
            (15, True, True),
        ]
    ]
    assert {target.label for target in targets if target.searches(parse_suffix(f"pkg/_ext{suffix}"))} == found_by


def test_some_of_an_open_range_look_for_a_specific_suffix() -> None:
    stable = CPythonBuild(minor=9, onwards=True, free_threaded=False)
    assert stable.some_search(parse_suffix("x.cpython-312-darwin.so"))
    assert stable.some_search(parse_suffix("x.abi3t.so"))
    assert not stable.some_search(parse_suffix("x.cpython-38-darwin.so"))
    assert not stable.some_search(parse_suffix("x.cpython-313t-darwin.so"))
    assert not CPythonBuild(minor=9, onwards=False, free_threaded=False).some_search(
        parse_suffix("x.cpython-312-darwin.so")
    )


def test_what_each_build_loads() -> None:
    default = CPythonBuild(minor=15, onwards=False, free_threaded=False)
    free_threaded = CPythonBuild(minor=15, onwards=False, free_threaded=True)
    old = CPythonBuild(minor=14, onwards=False, free_threaded=True)
    loads = {abi: (default.loads(abi), free_threaded.loads(abi), old.loads(abi)) for abi in BuiltFor}
    assert loads == {
        BuiltFor.DEFAULT: (True, False, False),
        BuiltFor.FREE_THREADED: (False, True, True),
        BuiltFor.MIXED: (False, False, False),
        BuiltFor.STABLE_ABI: (True, False, False),
        BuiltFor.STABLE_ABI_T: (True, True, False),
        BuiltFor.CANNOT_TELL: (None, None, None),
    }


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("manylinux2014_x86_64", (BinaryFormat.ELF, ("x86_64",), None)),
        ("manylinux_2_31_armv7l", (BinaryFormat.ELF, ("arm",), None)),
        ("musllinux_1_2_ppc64le", (BinaryFormat.ELF, ("ppc64le",), None)),
        ("linux_i686", (BinaryFormat.ELF, ("x86",), None)),
        ("macosx_10_13_universal2", (BinaryFormat.MACH_O, ("x86_64", "aarch64"), (10, 13))),
        ("macosx_11_0_arm64", (BinaryFormat.MACH_O, ("aarch64",), (11, 0))),
        ("win_arm64", (BinaryFormat.PE, ("aarch64",), None)),
        ("win32", (BinaryFormat.PE, ("x86",), None)),
        ("android_24_arm64_v8a", (BinaryFormat.ELF, ("aarch64",), None)),
        ("ios_13_0_arm64_iphoneos", (BinaryFormat.MACH_O, ("aarch64",), None)),
    ],
)
def test_what_code_a_platform_tag_stands_for(tag: str, expected: object) -> None:
    platform = platform_of(tag)
    assert platform is not None
    assert (platform.binary_format, platform.machines, platform.macos) == expected


@pytest.mark.parametrize("tag", ["any", "pyodide_2025_0_wasm32", "wasi", "manylinux"])
def test_other_platform_tags_are_not_judged(tag: str) -> None:
    assert platform_of(tag) is None


@pytest.mark.parametrize("toolchain", Toolchain)
@pytest.mark.parametrize("phase", InitPhase)
def test_every_toolchain_has_its_line(toolchain: Toolchain, phase: InitPhase) -> None:
    fix = declaration_fix(toolchain, phase)
    assert fix.startswith("Once the code is safe without the GIL: ")
    assert fix.endswith(".")


def test_the_line_for_c_depends_on_the_kind_of_init() -> None:
    texts = {declaration_fix(Toolchain.C, phase) for phase in InitPhase}
    assert len(texts) == len(InitPhase)
    assert "freethreading_compatible" in declaration_fix(Toolchain.CYTHON, InitPhase.MULTI)


def test_the_floor_that_symbols_ask_for() -> None:
    table = {"PyList_New": 2, "PyType_GetName": 11}
    assert required_minor(extension(imports=["PyList_New", "PyType_GetName"]), table) == 11
    assert required_minor(extension(), table) == 2
    assert required_minor(extension(imports=["PyList_New", "_PyPrivate"]), table) is None


@pytest.mark.parametrize(
    ("code", "suffix", "change"),
    [
        ("FTW208", ".cpython-312-x86_64-linux-gnu.so", {}),
        ("FTW401", ".cpython-313t-x86_64-linux-gnu.so", {"gil": Declaration.NONE}),
        ("FTW306", ".cpython-313t-x86_64-linux-gnu.so", {"init_names": ["PyModExport__m{}"]}),
        ("FTW205", ".cpython-313-x86_64-linux-gnu.so", {}),
    ],
)
def test_many_modules_of_one_cause_are_one_finding(code: str, suffix: str, change: dict[str, Any]) -> None:
    """One setting of the build is wrong, and all modules come from it."""
    modules = []
    for number in range(84):
        names = [name.format(number) for name in change.get("init_names", [])] or None
        modules.append(extension(f"pkg/_m{number}{suffix}", **{**change, "init_names": names}))
    used = [extension(f"pkg/_m{number}.cpython-313t-x86_64-linux-gnu.so") for number in range(84)]
    tag = "py3-none" if code == "FTW205" else "cp313-cp313t"
    wheel = facts(f"pkg-1.0-{tag}-linux_x86_64.whl", [*modules, *(used if code == "FTW208" else ())])
    (finding,) = RuleSelection(select=(code,)).judge(wheel)
    assert finding.message.count(suffix) >= 83
