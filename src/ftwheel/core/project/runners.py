"""Decides which hosted GitHub runner builds for a platform: one with the same architecture if available.

Sources: the table of images in actions/runner-images and cibuildwheel's examples, both as of August 2026; emulator
names are those of docker/setup-qemu-action.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

__all__ = ["Runner", "runner_for"]

_LINUX, _LINUX_ARM = "ubuntu-latest", "ubuntu-24.04-arm"
_MACOS, _MACOS_INTEL = "macos-latest", "macos-15-intel"
_BY_PLATFORM = {
    "macosx_x86_64": _MACOS_INTEL,
    "macosx_arm64": _MACOS,
    "macosx_universal2": _MACOS,
    "win32": "windows-latest",
    "win_amd64": "windows-latest",
    "win_arm64": "windows-11-arm",
    "android_x86_64": _LINUX,
    "android_arm64_v8a": _MACOS,
    "ios_arm64_iphoneos": _MACOS,
    "ios_arm64_iphonesimulator": _MACOS,
    "ios_x86_64_iphonesimulator": _MACOS_INTEL,
    "pyodide_wasm32": _LINUX,
}
_BY_LINUX_MACHINE = {"x86_64": _LINUX, "i686": _LINUX, "aarch64": _LINUX_ARM}
_EMULATORS = {"armv7l": "arm"}  # where the names differ


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """The label for ``runs-on``, and the architecture to emulate with QEMU, or ""."""

    label: str
    emulate: str = ""


def runner_for(platform: str, own: Mapping[str, str]) -> Runner:
    """The runner for a platform without versions, such as ``musllinux_aarch64``.

    ``own`` maps shell patterns to the user's labels; the first match wins. The user's own runners do not emulate.
    """
    for pattern, label in own.items():
        if fnmatchcase(platform, pattern):
            return Runner(label=label)
    if platform in _BY_PLATFORM:
        return Runner(label=_BY_PLATFORM[platform])
    machine = platform.partition("_")[2]
    if machine in _BY_LINUX_MACHINE:
        return Runner(label=_BY_LINUX_MACHINE[machine])
    return Runner(label=_LINUX, emulate=_EMULATORS.get(machine, machine))
