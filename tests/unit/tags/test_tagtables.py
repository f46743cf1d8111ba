"""Where a wheel's tags stand in the list of an interpreter: who accepts what, in which order."""

from __future__ import annotations

import pytest

from ftwheel.core.tags.environments import parse_environment
from ftwheel.core.tags.priority import (
    AbiTable,
    PlatformTable,
    TagFlavour,
    abi_table,
    best_tag,
    platform_table,
    position,
    uv_abi,
    uv_interpreter,
    uv_platform,
)

LINUX = "manylinux_2_28_x86_64"


def tables(label: str, flavour: TagFlavour) -> tuple[AbiTable, PlatformTable]:
    environment = parse_environment(label)
    abis = abi_table(
        environment.implementation, environment.minor, environment.abis, environment.free_threaded, flavour
    )
    return abis, platform_table(environment.platforms, flavour)


def accepts(label: str, tag: str, flavour: TagFlavour = TagFlavour.PIP) -> bool:
    abi, _, platform = tag.rpartition("-")
    return position(*tables(label, flavour), abi, platform) is not None


@pytest.mark.parametrize("flavour", [TagFlavour.PIP, TagFlavour.UV])
@pytest.mark.parametrize(
    ("tag", "accepted_by"),
    [
        ("cp313-abi3-win_amd64", {"3.13", "3.14", "3.15", "3.16"}),
        ("cp313-none-win_amd64", {"3.13", "3.13t"}),
        ("cp313-none-any", {"3.13", "3.13t"}),
        ("cp312-none-any", set()),
        ("py313-none-win_amd64", {"3.13", "3.13t", "3.14", "3.14t", "3.15", "3.15t", "3.16", "3.16t"}),
        ("cp313-cp313.cp313t-win_amd64", {"3.13", "3.13t"}),
        ("cp313-abi3.cp313t-win_amd64", {"3.13", "3.13t", "3.14", "3.15", "3.16"}),
        ("cp315-abi3.abi3t-win_amd64", {"3.15", "3.15t", "3.16", "3.16t"}),
        ("cp315-abi3t-win_amd64", {"3.15t", "3.16t"}),
        ("cp314-abi3t-win_amd64", {"3.14t", "3.15t", "3.16t"}),
        ("cp32-abi3t-win_amd64", {"3.13t", "3.14t", "3.15t", "3.16t"}),
        ("cp315t-abi3t-win_amd64", set()),
        ("cp313t-cp313t-win_amd64", set()),
        ("py3-abi3-win_amd64", set()),
        ("cp3-none-win_amd64", set()),
        ("cp313-cp313td-win_amd64", set()),
        ("cp315-abi3-any", set()),
        ("cp315-abi3t-any", set()),
    ],
)
def test_who_accepts_what(tag: str, accepted_by: set[str], flavour: TagFlavour) -> None:
    versions = [f"3.{minor}{threads}" for minor in (13, 14, 15, 16) for threads in ("", "t")]
    found = {version for version in versions if accepts(f"cp{version.replace('.', '')}-win_amd64", tag, flavour)}
    assert found == accepted_by


@pytest.mark.parametrize(
    ("flavour", "cp313", "abi3", "abi3t"),
    [
        (TagFlavour.PIP_NO_FREE_THREADING, True, True, False),
        (TagFlavour.PIP_NO_ABI3T, False, False, False),
        (TagFlavour.UV_NO_ABI3T, False, False, False),
        (TagFlavour.PIP_OLD_PLATFORMS, False, False, True),
    ],
)
def test_older_installers_on_a_free_threaded_build(flavour: TagFlavour, cp313: bool, abi3: bool, abi3t: bool) -> None:
    label = f"cp313t-{LINUX}"
    assert accepts(label, f"cp313-cp313-{LINUX}", flavour) is cp313
    assert accepts(label, f"cp312-abi3-{LINUX}", flavour) is abi3
    assert accepts(label, f"cp312-abi3t-{LINUX}", flavour) is abi3t
    assert accepts(f"cp313-{LINUX}", f"cp312-abi3-{LINUX}", flavour)


def test_uv_used_to_prefer_linux_and_the_oldest_musllinux() -> None:
    platforms = ("linux_x86_64", "musllinux_1_1_x86_64", "musllinux_1_0_x86_64")
    old = ("linux_x86_64", "musllinux_1_0_x86_64", "musllinux_1_1_x86_64")
    assert tuple(platform_table(platforms, TagFlavour.UV).order) == (*platforms[1:], platforms[0])
    assert tuple(platform_table(platforms, TagFlavour.UV_OLD_MUSL).order) == old
    assert tuple(platform_table(platforms, TagFlavour.UV_NO_ABI3T).order) == old


def test_the_place_is_that_in_the_list_and_back() -> None:
    environment = parse_environment(f"cp314t-{LINUX}")
    abis, platforms = tables(environment.label, TagFlavour.PIP)
    for index, tag in enumerate(environment.tags):
        abi, _, platform = tag.rpartition("-")
        assert position(abis, platforms, abi, platform) == index
        assert best_tag(abis, platforms, index) == tag


def test_of_a_compressed_set_the_best_counts() -> None:
    both = tables(f"cp314-{LINUX}", TagFlavour.PIP)
    best = position(*both, "cp313.cp314-abi3.cp314", f"manylinux2014_x86_64.{LINUX}.any")
    assert best is not None
    assert best_tag(*both, best) == f"cp314-cp314-{LINUX}"
    assert position(*both, "py2.py3-none", "any") == position(*both, "py3-none", "any")


def test_linux_tags_are_first_for_pip_and_last_for_uv() -> None:
    for flavour, first in ((TagFlavour.PIP, "linux_x86_64"), (TagFlavour.UV, LINUX)):
        both = tables(f"cp314-{LINUX}", flavour)
        assert best_tag(*both, 0) == f"cp314-cp314-{first}"
    assert list(platform_table(("linux_x86_64", LINUX), TagFlavour.PIP_OLD_PLATFORMS).order) == [LINUX, "linux_x86_64"]
    assert list(
        platform_table(("linux_riscv64", "manylinux_2_31_riscv64"), TagFlavour.PIP_NO_FREE_THREADING).order
    ) == ["linux_riscv64"]


def test_pypy_is_another_implementation() -> None:
    label = f"pp311-{LINUX}"
    for flavour in (TagFlavour.PIP, TagFlavour.UV):
        assert accepts(label, f"pp311-pypy311_pp73-{LINUX}", flavour)
        assert accepts(label, "py3-none-any", flavour)
        assert not accepts(label, f"cp311-abi3-{LINUX}", flavour)
        assert accepts(label, "pp311-none-any", flavour) is (flavour is TagFlavour.PIP)


def test_ten_thousand_tags_are_no_product() -> None:
    many = ".".join(f"x{number}" for number in range(10_000))
    for flavour in (TagFlavour.PIP, TagFlavour.UV):
        both = tables(f"cp314-{LINUX}", flavour)
        assert position(*both, f"{many}.cp314-{many}.cp314", f"{many}.{LINUX}") is not None


def test_memory_is_bounded() -> None:
    abis, platforms = AbiTable(["cp314-cp314"], [], uv=False), PlatformTable(("any",), uv=False)
    for number in range(5000):
        assert position(abis, platforms, f"x{number}-y", f"z{number}.any") is None
    assert len(abis.positions) < 5000
    assert len(platforms.positions) < 5000


def test_pip_lowers_letters_and_uv_does_not() -> None:
    assert accepts(f"cp314-{LINUX}", f"CP314-CP314-{LINUX.upper()}")
    assert not accepts(f"cp314-{LINUX}", f"CP314-CP314-{LINUX}", TagFlavour.UV)
    abis, _ = tables(f"cp314-{LINUX}", TagFlavour.PIP)
    assert abis.knows_interpreter("py2.py3-x")
    assert not abis.knows_interpreter("py2-none")


def test_uv_compares_what_it_parsed() -> None:
    assert uv_interpreter("cp+4") == ""
    assert uv_interpreter("cp3+9") == uv_interpreter("cp309") == "cp39"
    assert uv_interpreter("py3") == "py3"
    assert uv_interpreter("pp3011") == "pp311"
    assert uv_interpreter("pp3999") == ""
    assert uv_abi("cp3014dt") == "cp314td"
    assert uv_abi("cp314tt") == uv_abi("cp3999") == uv_abi("cp314x") == ""
    assert uv_abi("abi3t") == "abi3t"
    assert uv_platform("manylinux_2_017_armv8l") == "manylinux_2_17_armv7l"
    assert uv_platform("linux_armv8l") == "linux_armv7l"
    assert uv_platform("android_024_x86") == "android_24_x86"
    assert uv_platform("win32") == "win32"
