"""Which CPythons there were on a day, and where."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest

from ftwheel.core.tags.cpython import CPYTHONS, has_free_threaded, is_offered, on


@pytest.mark.parametrize(
    ("day", "minors"),
    [
        (date(2024, 10, 6), (8, 9, 10, 11, 12)),
        (date(2024, 10, 7), (8, 9, 10, 11, 12, 13)),  # 3.13.0 comes out, and 3.8 has its last day
        (date(2024, 10, 8), (9, 10, 11, 12, 13)),
        (date(2026, 1, 11), (10, 11, 12, 13, 14)),
        (date(2026, 11, 22), (11, 12, 13, 14, 15)),
        (date(2019, 1, 1), ()),
    ],
)
def test_a_day_has_the_versions_released_and_supported_then(day: date, minors: tuple[int, ...]) -> None:
    assert on(day) == minors


def test_each_version_is_supported_for_about_five_years_and_they_come_in_order() -> None:
    assert [python.minor for python in CPYTHONS] == list(range(8, 16))
    assert all(one.released < other.released for one, other in pairwise(CPYTHONS))
    years = [(python.end_of_life - python.released) / timedelta(days=365) for python in CPYTHONS]
    assert all(4.9 < each < 5.2 for each in years)


@pytest.mark.parametrize(
    ("minor", "platform", "there_is_one"),
    [
        (13, "manylinux_2_17_x86_64", True),
        (12, "manylinux_2_17_x86_64", False),
        (14, "win_arm64", True),
        (14, "macosx_11_0_arm64", True),
        (14, "ios_13_0_arm64_iphoneos", False),
        (14, "android_24_arm64_v8a", False),
        (14, "pyodide_2025_0_wasm32", False),
        (14, "emscripten_4_0_9_wasm32", False),
        (14, "wasi_0_0_0_wasm32", False),
    ],
)
def test_free_threading_is_for_desktops_and_servers_from_3_13(minor: int, platform: str, there_is_one: bool) -> None:
    assert has_free_threaded(minor, platform) is there_is_one


def test_windows_on_arm_begins_with_3_11() -> None:
    assert not is_offered(10, "win_arm64")
    assert is_offered(11, "win_arm64")
    assert is_offered(10, "win_amd64")
