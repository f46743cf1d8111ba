"""Decides which CPython versions there were on a day, and on which platforms CPython has a free-threaded build.

An old release of a project is judged by the interpreters of its day, not by today's.
Sources: the release schedules PEP 569, 596, 619, 664, 693, 719, 745 and 790; PEP 703 for the free-threaded build,
PEP 730, 738 and 776 for the platforms without one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

__all__ = [
    "CPYTHONS",
    "FIRST_FREE_THREADED",
    "FIRST_SUPPORTED_FREE_THREADED",
    "CPython",
    "has_free_threaded",
    "is_offered",
    "on",
]

FIRST_FREE_THREADED = 13  # PEP 703, experimental: many projects do not build for it any more
FIRST_SUPPORTED_FREE_THREADED = 14  # PEP 779
_FIRST_ON_WIN_ARM64 = 11  # its release notes, "Windows ARM64 installers"
_WITHOUT = re.compile(r"(ios|android|pyodide|pyemscripten|emscripten|wasi|wasm)_.*|.*_wasm32")


@dataclass(frozen=True, slots=True, kw_only=True)
class CPython:
    """CPython 3.``minor``: the day of its first final release and the last day of security support."""

    minor: int
    released: date
    end_of_life: date


CPYTHONS = (
    CPython(minor=8, released=date(2019, 10, 14), end_of_life=date(2024, 10, 7)),
    CPython(minor=9, released=date(2020, 10, 5), end_of_life=date(2025, 10, 31)),
    CPython(minor=10, released=date(2021, 10, 4), end_of_life=date(2026, 10, 31)),
    CPython(minor=11, released=date(2022, 10, 24), end_of_life=date(2027, 10, 31)),
    CPython(minor=12, released=date(2023, 10, 2), end_of_life=date(2028, 10, 31)),
    CPython(minor=13, released=date(2024, 10, 7), end_of_life=date(2029, 10, 31)),
    CPython(minor=14, released=date(2025, 10, 7), end_of_life=date(2030, 10, 31)),
    CPython(minor=15, released=date(2026, 10, 1), end_of_life=date(2031, 10, 31)),
)


def on(day: date) -> tuple[int, ...]:
    """The minor versions that were released and supported on a day, oldest first."""
    return tuple(python.minor for python in CPYTHONS if python.released <= day <= python.end_of_life)


def has_free_threaded(minor: int, platform: str) -> bool:
    """Whether there is a free-threaded CPython 3.``minor`` on a platform; ``platform`` is a platform tag.

    There is none for iOS, Android, Emscripten (Pyodide) and WASI.
    """
    return minor >= FIRST_FREE_THREADED and not _WITHOUT.fullmatch(platform)


def is_offered(minor: int, platform: str) -> bool:
    """Whether python.org has a CPython 3.``minor`` for the platform: none for win_arm64 below 3.11."""
    return platform != "win_arm64" or minor >= _FIRST_ON_WIN_ARM64
