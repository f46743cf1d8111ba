"""Which CPythons there were on a day, and where."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest

from ftwheel.core.tags.cpython import (
    CPYTHONS,
    FIRST_ABI3T,
    FIRST_FREE_THREADED,
    FIRST_SUPPORTED_FREE_THREADED,
    NEWEST,
    exists,
    macos_target,
    on,
    pyodide_minor,
)


@pytest.mark.parametrize(
    ("day", "minors"),
    [
        (date(2024, 10, 6), (8, 9, 10, 11, 12)),
        (date(2024, 10, 7), (8, 9, 10, 11, 12, 13)),  # 3.13.0 comes out, and 3.8 has its last day
        (date(2024, 10, 8), (9, 10, 11, 12, 13)),
        (date(2026, 1, 11), (10, 11, 12, 13, 14)),
        (date(2026, 11, 22), (11, 12, 13, 14, 15)),
        (date(2019, 1, 1), (8,)),  # before the table begins
        (date(2099, 1, 1), (NEWEST,)),  # after it ends
    ],
)
def test_a_day_has_the_versions_released_and_supported_then(day: date, minors: tuple[int, ...]) -> None:
    assert on(day) == minors


def test_each_version_is_supported_for_about_five_years_and_they_come_in_order() -> None:
    assert [python.minor for python in CPYTHONS] == list(range(8, NEWEST + 1))
    assert all(one.released < other.released for one, other in pairwise(CPYTHONS))
    years = [(python.end_of_life - python.released) / timedelta(days=365) for python in CPYTHONS]
    assert all(4.9 < each < 5.2 for each in years)


@pytest.mark.parametrize(
    ("minor", "platform", "default", "free_threaded"),
    [
        (13, "manylinux_2_17_x86_64", True, True),
        (12, "manylinux_2_17_x86_64", True, False),
        (14, "win_arm64", True, True),
        (11, "win_arm64", True, False),
        (10, "win_arm64", False, False),
        (10, "win_amd64", True, False),
        (14, "macosx_11_0_arm64", True, True),
        (14, "macosx_10_15_x86_64", True, True),
        (14, "macosx_10_13_x86_64", False, False),  # the wheel's tag may say so, the interpreter is for 10.15
        (13, "macosx_10_13_x86_64", True, True),
        (12, "macosx_10_9_x86_64", False, False),
        (11, "macosx_10_9_x86_64", True, False),
        (17, "macosx_10_13_x86_64", False, False),  # newer than the table
        (13, "ios_13_0_arm64_iphoneos", True, False),
        (12, "ios_13_0_arm64_iphoneos", False, False),
        (14, "android_24_arm64_v8a", True, False),
        (12, "android_21_x86_64", False, False),
        (13, "pyodide_2025_0_wasm32", True, False),
        (14, "pyodide_2025_0_wasm32", False, False),
        (13, "pyemscripten_2025_0_wasm32", True, False),
        (14, "pyemscripten_2026_0_wasm32", True, False),
        (14, "pyemscripten_2099_0_wasm32", None, False),
        (14, "emscripten_4_0_9_wasm32", True, False),
        (14, "wasi_0_0_0_wasm32", True, False),
    ],
)
def test_what_can_exist_on_a_machine(minor: int, platform: str, default: bool | None, free_threaded: bool) -> None:
    assert exists(minor, platform, free_threaded=False) is default
    assert exists(minor, platform, free_threaded=True) is free_threaded


def test_first_versions_follow_from_the_table() -> None:
    assert (FIRST_FREE_THREADED, FIRST_SUPPORTED_FREE_THREADED, FIRST_ABI3T) == (13, 14, 15)
    assert CPYTHONS[-1].minor == NEWEST


@pytest.mark.parametrize(
    ("minor", "architecture", "target"),
    [(7, "x86_64", (10, 9)), (12, "x86_64", (10, 13)), (99, "universal2", (10, 15)), (8, "arm64", (11, 0))],
)
def test_deployment_targets_of_macos(minor: int, architecture: str, target: tuple[int, int]) -> None:
    assert macos_target(minor, architecture) == target


@pytest.mark.parametrize(
    ("platform", "minor"),
    [
        ("pyodide_2024_0_wasm32", 12),
        ("pyemscripten_2026_0_wasm32", 14),
        ("pyemscripten_2026_9_wasm32", None),
        ("emscripten_4_0_9_wasm32", None),
        ("manylinux_2_28_x86_64", None),
    ],
)
def test_an_abi_of_pyodide_goes_with_one_version(platform: str, minor: int | None) -> None:
    assert pyodide_minor(platform) == minor
