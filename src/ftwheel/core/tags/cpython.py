"""The table of CPython releases: their release and end dates, and the version that introduced each feature.

An old release of a project is judged by the interpreters of its time, not today's. A new CPython version takes one new
row in ``CPYTHONS``; everything else (presets, floors, first versions) is derived from it. Sources: the release
schedules PEP 569, 596, 619, 664, 693, 719, 745 and 790; PEP 703 and 779 (free-threaded build), PEP 793 and 803 (stable
ABI of both builds), PEP 730 and 738 (iOS and Android), PEP 783 and Pyodide's page on its ABIs, cibuildwheel 4.3.5
``platforms/macos.py`` (deployment targets).
"""

from __future__ import annotations

import enum
import re
from datetime import date

from ftwheel.core.named_tuples import NamedTuple

__all__ = [
    "CPYTHONS",
    "FIRST_ABI3T",
    "FIRST_FREE_THREADED",
    "FIRST_SUPPORTED_FREE_THREADED",
    "FIRST_WITH_PLATFORM_SUFFIX",
    "NEWEST",
    "CPython",
    "Milestone",
    "exists",
    "first",
    "macos_target",
    "oldest_machine",
    "on",
    "pyodide_minor",
]


class Milestone(enum.Enum):
    """A feature introduced in some version of CPython."""

    FREE_THREADED = "a free-threaded build"  # PEP 703, experimental: many projects no longer build for it
    FREE_THREADED_SUPPORTED = "a supported free-threaded build"  # PEP 779
    ABI3T = "the stable ABI of both builds, and the PyModExport functions it needs"  # PEP 803, PEP 793
    PLATFORM_SUFFIX = "stable-ABI suffixes that name the platform"  # .abi3-x86_64-linux-gnu.so; python/cpython#122931
    IOS = "iOS"
    ANDROID = "Android"
    WIN_ARM64 = "Windows on Arm"  # its release notes, "Windows ARM64 installers"


class CPython(NamedTuple):
    """CPython 3.``minor``: the dates of its first final release and end of security support, and its platforms.

    ``macos`` is the oldest macOS that its builds for Intel support; see ``macos_target`` for arm64. ``pyodide`` is the
    ABI of the Pyodide with this version (``2025_0`` in ``pyodide_2025_0_wasm32``), empty if there is none.
    """

    minor: int
    released: date
    end_of_life: date
    macos: tuple[int, int]
    pyodide: str = ""
    begins: frozenset[Milestone] = frozenset()


CPYTHONS = (
    CPython(minor=8, released=date(2019, 10, 14), end_of_life=date(2024, 10, 7), macos=(10, 9)),
    CPython(minor=9, released=date(2020, 10, 5), end_of_life=date(2025, 10, 31), macos=(10, 9)),
    CPython(minor=10, released=date(2021, 10, 4), end_of_life=date(2026, 10, 31), macos=(10, 9)),
    CPython(
        minor=11,
        released=date(2022, 10, 24),
        end_of_life=date(2027, 10, 31),
        macos=(10, 9),
        begins=frozenset({Milestone.WIN_ARM64}),
    ),
    CPython(minor=12, released=date(2023, 10, 2), end_of_life=date(2028, 10, 31), macos=(10, 13), pyodide="2024_0"),
    CPython(
        minor=13,
        released=date(2024, 10, 7),
        end_of_life=date(2029, 10, 31),
        macos=(10, 13),
        pyodide="2025_0",
        begins=frozenset({Milestone.FREE_THREADED, Milestone.IOS, Milestone.ANDROID}),
    ),
    CPython(
        minor=14,
        released=date(2025, 10, 7),
        end_of_life=date(2030, 10, 31),
        macos=(10, 15),
        pyodide="2026_0",
        begins=frozenset({Milestone.FREE_THREADED_SUPPORTED}),
    ),
    CPython(
        minor=15,
        released=date(2026, 10, 1),
        end_of_life=date(2031, 10, 31),
        macos=(10, 15),
        pyodide="2026_5",
        begins=frozenset({Milestone.ABI3T, Milestone.PLATFORM_SUFFIX}),
    ),
)


def first(milestone: Milestone) -> int:
    """The minor version that introduced a feature."""
    return next(python.minor for python in CPYTHONS if milestone in python.begins)


FIRST_FREE_THREADED = first(Milestone.FREE_THREADED)
FIRST_SUPPORTED_FREE_THREADED = first(Milestone.FREE_THREADED_SUPPORTED)
FIRST_ABI3T = first(Milestone.ABI3T)
FIRST_WITH_PLATFORM_SUFFIX = first(Milestone.PLATFORM_SUFFIX)
NEWEST = CPYTHONS[-1].minor

_MACOS_ARM64 = (11, 0)  # the first macOS for arm64
_MACOS = r"macosx_([0-9]{1,3})_([0-9]{1,3})_(.+)"
_PYODIDE = r"(?:pyodide|pyemscripten)_([0-9]{4}_[0-9]{1,3})_wasm32"
_ONLY_DEFAULT_BUILDS = r"(ios|android|pyodide|pyemscripten|emscripten|wasi|wasm)_.*|.*_wasm32"
_BEGINNINGS = {"ios": Milestone.IOS, "android": Milestone.ANDROID}


def on(day: date) -> tuple[int, ...]:
    """The minor versions that were released and still supported on a day, oldest first; never empty.

    Before the first row applies, it is the oldest version; after the last, the newest.
    """
    supported = tuple(python.minor for python in CPYTHONS if python.released <= day <= python.end_of_life)
    return supported or (CPYTHONS[0 if day < CPYTHONS[0].released else -1].minor,)


def exists(minor: int, platform: str, *, free_threaded: bool) -> bool | None:
    """Whether there is a build of CPython 3.``minor`` for a machine; None if unknown.

    ``platform`` is the newest platform tag that the machine accepts. There is a free-threaded build from 3.13 on, but
    not for iOS, Android, Emscripten (Pyodide) and WASI. A Pyodide ABI belongs to a single version, which is unknown for
    an ABI outside the table. A version does not run on a macOS older than its deployment target.
    """
    if free_threaded and (minor < FIRST_FREE_THREADED or re.fullmatch(_ONLY_DEFAULT_BUILDS, platform)):
        return False
    if platform == "win_arm64":
        return minor >= first(Milestone.WIN_ARM64)
    if beginning := _BEGINNINGS.get(platform.partition("_")[0]):
        return minor >= first(beginning)
    if re.fullmatch(_PYODIDE, platform):
        known = pyodide_minor(platform)
        return None if known is None else minor == known
    if machine := re.fullmatch(_MACOS, platform):
        return (int(machine[1]), int(machine[2])) >= macos_target(minor, machine[3])
    return True


def oldest_machine(minor: int, platform: str) -> str:
    """The oldest machine that accepts wheels for ``platform`` and runs CPython 3.``minor``, as a platform tag.

    ``macosx_10_9_x86_64`` becomes ``macosx_10_15_x86_64`` for 3.14, whose builds need macOS 10.15; other platforms are
    unchanged.
    """
    if not (machine := re.fullmatch(_MACOS, platform)):
        return platform
    major, lesser = max((int(machine[1]), int(machine[2])), macos_target(minor, machine[3]))
    return f"macosx_{major}_{lesser}_{machine[3]}"


def macos_target(minor: int, architecture: str) -> tuple[int, int]:
    """The oldest macOS that CPython 3.``minor`` supports: ``(10, 13)``; ``architecture`` as in platform tags.

    Versions outside the table are treated like the nearest row, the newest or the oldest.
    """
    if architecture == "arm64":
        return _MACOS_ARM64
    return max((python.macos for python in CPYTHONS if python.minor <= minor), default=CPYTHONS[0].macos)


def pyodide_minor(platform: str) -> int | None:
    """The minor version of CPython in the Pyodide with this ABI; None for another platform or an unknown ABI."""
    match = re.fullmatch(_PYODIDE, platform)
    return next((python.minor for python in CPYTHONS if match and python.pyodide == match[1]), None)
