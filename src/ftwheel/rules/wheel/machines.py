"""The machine code that a platform tag requires: format, architectures, and the oldest macOS version."""

from __future__ import annotations

import re

from ftwheel.core.named_tuples import NamedTuple
from ftwheel.core.wheel.extension_module import BinaryFormat

__all__ = ["Platform", "platform_of"]

_LINUX = re.compile(r"(?:linux|manylinux(?:1|2010|2014|_\d+_\d+)|musllinux_\d+_\d+)_(\w+)")
_MACOS = re.compile(r"macosx_(\d+)_(\d+)_(\w+)")
_ANDROID = re.compile(r"android_\d+_(\w+)")
_IOS = re.compile(r"ios_\d+_\d+_(arm64|x86_64)_iphone(?:os|simulator)")
# the spellings of Linux and Apple to those of ``ftwheel.core.wheel.extension_module.Architecture``
_MACHINES = {
    "amd64": "x86_64",
    "arm64": "aarch64",
    "arm64_v8a": "aarch64",
    "armeabi_v7a": "arm",
    "armv6l": "arm",
    "armv7l": "arm",
    "armv8l": "arm",
    "i386": "x86",
    "i486": "x86",
    "i586": "x86",
    "i686": "x86",
}
_FAT = {
    "universal2": ("x86_64", "aarch64"),
    "intel": ("x86_64", "x86"),
    "fat64": ("x86_64", "ppc64"),
    "fat32": ("x86", "ppc"),
    "fat3": ("x86_64", "x86", "ppc"),
}
_WINDOWS = {"win32": "x86", "win_amd64": "x86_64", "win_arm64": "aarch64"}


class Platform(NamedTuple):
    """What a platform tag requires of code. ``macos`` is the oldest version that the tag promises, else None."""

    binary_format: BinaryFormat
    machines: tuple[str, ...]
    macos: tuple[int, int] | None = None


def platform_of(tag: str) -> Platform | None:
    """What a platform tag requires; None for ``any`` and for unknown tags."""
    if tag in _WINDOWS:
        return Platform(binary_format=BinaryFormat.PE, machines=(_WINDOWS[tag],))
    if match := _LINUX.fullmatch(tag) or _ANDROID.fullmatch(tag):
        return Platform(binary_format=BinaryFormat.ELF, machines=(_MACHINES.get(match[1], match[1]),))
    if match := _MACOS.fullmatch(tag):
        machine = match[3]
        return Platform(
            binary_format=BinaryFormat.MACH_O,
            machines=_FAT.get(machine) or (_MACHINES.get(machine, machine),),
            macos=(int(match[1]), int(match[2])),
        )
    if match := _IOS.fullmatch(tag):
        return Platform(binary_format=BinaryFormat.MACH_O, machines=(_MACHINES.get(match[1], match[1]),))
    return None
