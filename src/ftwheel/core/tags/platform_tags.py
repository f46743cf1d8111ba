"""Decides which platform tags a machine accepts, starting with the newest, in packaging's order.

Reimplemented because ``packaging.tags`` inspects the host on Linux and takes 20 ms to import; the unit tests compare
every list with packaging's functions if those take arguments. Sources: PEP 600 and 656, packaging 26.3
``_manylinux.py``, ``_musllinux.py`` and ``tags.py``; uv 0.13.9 ``uv-platform-tags/src/tags.rs``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ftwheel.core.errors import InputError

__all__ = [
    "android_ladder",
    "before_packaging_24",
    "before_packaging_26_3",
    "before_uv_0_11_21",
    "ios_ladder",
    "macos_ladder",
    "platform_ladder",
    "platform_markers",
    "uv_platforms",
]

_LINUX_ARCHITECTURES = (
    "x86_64", "i686", "aarch64", "armv7l", "ppc64le", "ppc64", "s390x", "riscv64", "loongarch64",
)  # fmt: skip
_LEGACY = {5: "manylinux1", 12: "manylinux2010", 17: "manylinux2014"}  # glibc 2.x, PEP 600
_LEGACY_MINORS = {name: minor for minor, name in _LEGACY.items()}
_WINDOWS = {"win32": "x86", "win_amd64": "AMD64", "win_arm64": "ARM64"}
_VERSIONED = re.compile(r"(manylinux|musllinux|macosx|ios)_([0-9]{1,4})_([0-9]{1,4})_([a-z0-9_]+)")
_ANDROID = r"android_([0-9]{1,4})_(arm64_v8a|armeabi_v7a|x86_64|x86)"
_UV_OLDEST_GLIBC = {"riscv64": 31, "loongarch64": 36}  # Arch::get_minimum_manylinux_minor; packaging starts at 2.17


@lru_cache(maxsize=512)
def platform_ladder(newest: str) -> tuple[str, ...]:
    """Every platform tag of a machine whose newest is ``newest``, most preferred first, in the order of packaging 26.3.

    A ``manylinux_2_28`` machine accepts everything down to 2.17, on x86 to 2.5, with the legacy names (PEP 600);
    ``linux_*`` comes first. Raises InputError for an unknown platform.
    """
    if newest in _WINDOWS or re.fullmatch(r"(pyodide|pyemscripten|emscripten)_[0-9_]+_wasm32", newest):
        return (newest,)
    name, _, architecture = newest.partition("_")
    if name in _LEGACY_MINORS:
        return platform_ladder(f"manylinux_2_{_LEGACY_MINORS[name]}_{architecture}")
    if name == "linux" and architecture in _LINUX_ARCHITECTURES:
        return (newest,)
    if android := re.fullmatch(_ANDROID, newest):
        return tuple(android_ladder(int(android[1]), android[2]))
    tags: tuple[str, ...] = ()
    if versioned := _VERSIONED.fullmatch(newest):
        family, major, minor, rest = versioned[1], int(versioned[2]), int(versioned[3]), versioned[4]
        if family == "manylinux" and rest in _LINUX_ARCHITECTURES and major == 2:
            tags = (f"linux_{rest}", *_manylinux(minor, rest))
        elif family == "musllinux" and rest in _LINUX_ARCHITECTURES:
            tags = (f"linux_{rest}", *(f"musllinux_{major}_{m}_{rest}" for m in range(minor, -1, -1)))
        elif family == "macosx" and rest in {"x86_64", "arm64"}:
            tags = tuple(macos_ladder(major, minor, rest)) if (major, rest) != (10, "arm64") else ()  # no such machine
        elif family == "ios" and rest in {"arm64_iphoneos", "arm64_iphonesimulator", "x86_64_iphonesimulator"}:
            tags = tuple(ios_ladder(major, minor, rest))
    if not tags:
        raise InputError(
            f"{newest[:100]}: not a known platform tag",
            hint="for example manylinux_2_28_x86_64, musllinux_1_2_aarch64, macosx_14_0_arm64 or win_amd64",
        )
    return tags


def _manylinux(minor: int, architecture: str) -> Iterator[str]:
    oldest = 5 if architecture in {"x86_64", "i686"} else 17
    for version in range(minor, oldest - 1, -1):
        yield f"manylinux_2_{version}_{architecture}"
        if version in _LEGACY:
            yield f"{_LEGACY[version]}_{architecture}"


_MAC_FORMATS = {
    "x86_64": ("x86_64", "intel", "fat64", "fat3", "universal2", "universal"),
    "arm64": ("arm64", "universal2"),
    "i386": ("i386", "intel", "fat3", "fat", "universal"),
    "ppc64": ("ppc64", "fat64", "universal"),
    "ppc": ("ppc", "fat3", "fat", "universal"),
    "intel": ("intel", "universal"),
}
_MAC_RELEASES = {  # the first and the last macOS of an architecture, if packaging knows them
    "x86_64": ((10, 4), (9999, 0)),
    "i386": ((10, 4), (9999, 0)),
    "ppc64": ((10, 4), (10, 5)),
    "ppc": ((10, 0), (10, 6)),
}


def macos_ladder(major: int, minor: int, architecture: str) -> Iterator[str]:
    """From macOS 11 on, only the major version counts; x86_64 binaries for 10.x still run there."""
    formats = _MAC_FORMATS.get(architecture, (architecture,))
    first, last = _MAC_RELEASES.get(architecture, ((10, 0), (9999, 0)))
    for version in range(major, 10, -1):
        yield from (f"macosx_{version}_0_{name}" for name in formats if first <= (version, 0) <= last)
    if major < 10:
        return
    if major > 10 and architecture != "x86_64":
        # The x86_64 part of a universal2 wheel may support an older macOS, so even arm64 accepts those.
        formats, first, last = ("universal2",), (10, 4), (10, 16)
    for version in range(minor if major == 10 else 16, -1, -1):
        yield from (f"macosx_10_{version}_{name}" for name in formats if first <= (10, version) <= last)


def ios_ladder(major: int, minor: int, multiarch: str) -> Iterator[str]:
    """Down to iOS 12, the oldest that runs CPython; no major version has had a minor version above 9."""
    name = multiarch.replace("-", "_")
    if major >= 12:
        yield from (f"ios_{major}_{version}_{name}" for version in range(minor, -1, -1))
    for older in range(major - 1, 11, -1):
        yield from (f"ios_{older}_{version}_{name}" for version in range(9, -1, -1))


def android_ladder(level: int, abi: str) -> Iterator[str]:
    """Down to API level 16, the oldest that runs CPython."""
    yield from (f"android_{older}_{abi}" for older in range(level, 15, -1))


def before_packaging_26_3(platforms: tuple[str, ...]) -> tuple[str, ...]:
    """Older packaging's list for the same machine: ``linux_*`` last, and ``fat32`` instead of ``fat3``."""
    native = tuple(tag for tag in platforms if tag.startswith("linux_"))
    others = (tag for tag in platforms if not tag.startswith("linux_"))
    return (*(f"{tag[:-1]}32" if tag.endswith("_fat3") else tag for tag in others), *native)


def before_packaging_24(platforms: tuple[str, ...]) -> tuple[str, ...]:
    """packaging 21.3's list: without manylinux on the two newest architectures."""
    return tuple(
        tag
        for tag in before_packaging_26_3(platforms)
        if not (tag.startswith("manylinux") and tag.endswith(tuple(_UV_OLDEST_GLIBC)))
    )


def uv_platforms(platforms: tuple[str, ...]) -> tuple[str, ...]:
    """uv's list for a machine with packaging's list ``platforms``: older order and names, different oldest glibc."""
    return tuple(tag for tag in before_packaging_26_3(platforms) if not _too_old_for_uv(tag))


def before_uv_0_11_21(platforms: tuple[str, ...]) -> tuple[str, ...]:
    """uv's list before 0.11.21, which on musl preferred ``linux_*``, then the oldest ``musllinux``."""
    found = uv_platforms(platforms)
    return found[::-1] if found[0].startswith("musllinux") else found


def _too_old_for_uv(tag: str) -> bool:
    architecture = next((name for name in _UV_OLDEST_GLIBC if tag.endswith(f"_{name}")), "")
    if not architecture or not tag.startswith("manylinux"):
        return False
    versioned = _VERSIONED.fullmatch(tag)
    return versioned is None or int(versioned[3]) < _UV_OLDEST_GLIBC[architecture]


def platform_markers(newest: str) -> dict[str, str]:
    """The environment markers (PEP 508) that follow from the target's platform, independent of the host."""
    name = newest.partition("_")[0]
    if newest in _WINDOWS:
        return _markers("nt", "win32", "Windows", _WINDOWS[newest])
    if name == "macosx":
        return _markers("posix", "darwin", "Darwin", "arm64" if newest.endswith("_arm64") else "x86_64")
    if name == "ios":
        return _markers("posix", "ios", "iOS", "arm64" if "_arm64_" in newest else "x86_64")
    if name == "android":
        machines = {"arm64_v8a": "aarch64", "armeabi_v7a": "armv8l", "x86_64": "x86_64", "x86": "i686"}
        machine = next(machine for abi, machine in machines.items() if newest.endswith(f"_{abi}"))
        return _markers("posix", "android", "Android", machine)
    if name in {"pyodide", "pyemscripten", "emscripten"}:
        return _markers("posix", "emscripten", "Emscripten", "wasm32")
    machine = next(name for name in _LINUX_ARCHITECTURES if newest.endswith(f"_{name}"))
    return _markers("posix", "linux", "Linux", machine)


def _markers(os_name: str, sys_platform: str, system: str, machine: str) -> dict[str, str]:
    return {
        "os_name": os_name,
        "sys_platform": sys_platform,
        "platform_system": system,
        "platform_machine": machine,
        "platform_release": "",
        "platform_version": "",
    }
