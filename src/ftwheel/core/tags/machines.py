"""Decides which machines a platform tag is for, and whether a build of CPython runs on any of them."""

from __future__ import annotations

import re

from ftwheel.core.errors import InputError
from ftwheel.core.tags.cpython import NEWEST, exists, oldest_machine
from ftwheel.core.tags.cpython_builds import CPythonBuild
from ftwheel.core.tags.platform_tags import platform_ladder

__all__ = ["machines", "may_exist", "of_the_past"]

_LEGACY = {"manylinux1": "manylinux_2_5", "manylinux2010": "manylinux_2_12", "manylinux2014": "manylinux_2_17"}
_MACOS = re.compile(r"macosx_([0-9]{1,3})_([0-9]{1,3})_([a-z0-9_]+)")
_GLIBC = re.compile(r"manylinux(?:(1|2010)|_([0-9]{1,4})_([0-9]{1,4}))_(.+)")
_FIRST_GLIBC_ELSEWHERE = (2, 17)
# machines that CPython 3 does not run on, and C libraries that were never released
_OF_THE_PAST = re.compile(r"win_ia64|macosx_\d+_\d+_(i386|ppc|ppc64)")
_NOWHERE = re.compile(rf"{_OF_THE_PAST.pattern}|manylinux_(?!2_)\d+_\d+_.+|musllinux_(?!1_)\d+_\d+_.+")
_FAT = {"universal2": ("arm64", "x86_64"), "intel": ("x86_64",), "fat64": ("x86_64",), "universal": ("x86_64",)}


def machines(platform: str) -> tuple[str, ...]:
    """The oldest machines that accept a wheel with this platform tag; empty for ``any`` and unacceptable tags.

    ``manylinux2014_x86_64`` gives ``manylinux_2_17_x86_64``; a ``universal2`` tag gives an arm64 and an x86_64 machine.
    """
    if platform == "any":
        return ()
    if _never_accepted(platform):
        return ()
    name, _, architecture = platform.partition("_")
    if name in _LEGACY:
        return (f"{_LEGACY[name]}_{architecture}",)
    if not (match := _MACOS.fullmatch(platform)):
        return (platform,)
    major, minor, kind = int(match[1]), int(match[2]), match[3]
    found = []
    for machine in _FAT.get(kind, (kind,)):
        # arm64 starts with macOS 11, and from 11 on tags only have the major version
        level = (11, 0) if machine == "arm64" and major < 11 else (major, minor if major < 11 else 0)
        found.append(f"macosx_{level[0]}_{level[1]}_{machine}")
    return tuple(found)


def _never_accepted(platform: str) -> bool:
    """Whether no installer accepts this tag: glibc below 2.17 is accepted only on x86 (packaging.tags)."""
    if not (match := _GLIBC.fullmatch(platform)):
        return False
    named, major, minor, architecture = match.groups()
    old = named in {"1", "2010"} or (major is not None and (int(major), int(minor)) < _FIRST_GLIBC_ELSEWHERE)
    return old and architecture not in {"x86_64", "i686"}


def may_exist(build: CPythonBuild, platform: str) -> bool:
    """Whether any machine may run this build of CPython, or a later version of it, and accept wheels for a platform.

    True if that is unknown. NuGet had builds of 3.9 and 3.10 for Windows on Arm before python.org did.
    """
    if platform in {"any", "win_arm64"}:
        return True
    if _NOWHERE.fullmatch(platform) or _never_accepted(platform):
        return False
    minors = range(build.minor, max(build.minor, NEWEST if build.onwards else build.minor) + 1)
    return any(
        exists(minor, machine, free_threaded=build.free_threaded) is not False and _takes(machine, platform)
        for minor in minors
        for machine in (oldest_machine(minor, each) for each in machines(platform))
    )


def of_the_past(platform: str) -> bool:
    """Whether a platform tag is for a machine that no current CPython runs on, so that nobody misses such a wheel."""
    return _OF_THE_PAST.fullmatch(platform) is not None


def _takes(machine: str, platform: str) -> bool:
    """Whether a machine accepts wheels with this platform tag; True for an unknown machine."""
    try:
        return platform in platform_ladder(machine)
    except InputError:
        return True
