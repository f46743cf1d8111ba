"""What wheel tags claim, and which interpreters load a file with a given suffix.

The free-threaded rules are those of the loaders: ``importlib.machinery.EXTENSION_SUFFIXES`` of 3.13t and 3.14t has
``.abi3.so`` although no code of that ABI runs there, 3.15t has ``.abi3t.so`` instead, and default builds have
``.abi3t.so`` from 3.15 on (PEP 803). From 3.15 on there are also stable-ABI suffixes that name the platform.
"""

from __future__ import annotations

import re

from ftwheel_build.target import FIRST_ABI3T, FIRST_FREE_THREADED, FIRST_WITH_PLATFORM_SUFFIX, Target
from ftwheel_build.values import FrozenValue

__all__ = [
    "ExtensionSuffix",
    "Name",
    "Promise",
    "claims_target",
    "machines",
    "parse_name",
    "parse_suffix",
    "why_not_loaded",
]


class Promise(FrozenValue):
    """The interpreters that two tags of a file name stand for, and these tags as they are written.

    ``cp313-none`` is two promises, ``cp313-cp313`` and ``cp313-cp313t``: installers take it on both builds of 3.13.
    """

    python: str
    abi: str
    tag: str


class Name(FrozenValue):
    """The parts of a wheel's file name; the tag sets in the order written."""

    distribution: str
    pythons: tuple[str, ...]
    abis: tuple[str, ...]
    platforms: tuple[str, ...]

    @property
    def claims(self) -> tuple[tuple[str, str], ...]:
        """Every (python tag, ABI tag)."""
        return tuple((python, abi) for python in self.pythons for abi in self.abis)

    @property
    def promises(self) -> tuple[Promise, ...]:
        """Every claim, and for ``cp313-none`` each build that takes it."""
        found = []
        for python, abi in self.claims:
            version = _version(python)
            if abi == "none" and version:
                abis = [python, f"{python}t"] if version >= FIRST_FREE_THREADED else [python]
            else:
                abis = [abi]
            found += [Promise(python, each, f"{python}-{abi}") for each in abis]
        return tuple(found)

    @property
    def tags(self) -> frozenset[str]:
        return frozenset(f"{python}-{abi}-{name}" for python, abi in self.claims for name in self.platforms)


class ExtensionSuffix(FrozenValue):
    """The part of an extension's file name behind the module's name, and the ABI it promises.

    ``kind`` is ``version`` (one build of one version: ``version``, ``free_threaded``, ``debug``), ``abi3``, ``abi3t``,
    ``plain``, or ``other`` for another implementation. ``platform`` is the suffix' own spelling, empty without one.
    """

    text: str
    kind: str
    version: tuple[int, int] = (0, 0)
    free_threaded: bool = False
    debug: bool = False
    platform: str = ""

    @property
    def abi(self) -> str:
        flags = ("t" if self.free_threaded else "") + ("d" if self.debug else "")
        return f"cp{self.version[0]}{self.version[1]}{flags}"


def parse_name(name: str) -> Name | None:
    """The parts of a wheel's file name (binary distribution format), None if it is none."""
    parts = name[: -len(".whl")].split("-") if name.endswith(".whl") else []
    if len(parts) not in (5, 6) or not all(parts) or (len(parts) == 6 and not parts[2][0].isdigit()):
        return None
    python, abi, platform = (tuple(part.split(".")) for part in parts[-3:])
    return Name(parts[0], python, abi, platform)


_TAGGED = re.compile(r"\.(?:cpython-|cp)(\d)(\d+)(t?)(d?)m?u?(?:-([A-Za-z0-9_-]+))?\.(?:so|pyd)")


def parse_suffix(name: str) -> tuple[str, ExtensionSuffix] | None:
    """Module name and suffix of a file name, None when no Python would take it for an extension module."""
    stem, dot, rest = name.partition(".")
    if not dot or not stem.isidentifier() or not rest.endswith(("so", "pyd")):
        return None
    text = dot + rest
    debug = rest.endswith("pyd") and stem.endswith("_d")  # how debug builds for Windows name modules
    if text in (".so", ".pyd"):
        return stem, ExtensionSuffix(text, "plain", debug=debug)
    found = _TAGGED.fullmatch(text)
    if found:
        version = (int(found[1]), int(found[2]))
        return stem, ExtensionSuffix(text, "version", version, bool(found[3]), debug or bool(found[4]), found[5] or "")
    found = re.fullmatch(r"\.(abi3t?)(?:-([A-Za-z0-9_-]+))?\.so", text)
    if found:
        return stem, ExtensionSuffix(text, found[1], platform=found[2] or "")
    if re.fullmatch(r"\.[a-z]+\d[\w\-]*\.(so|pyd)", text):  # .pypy310-pp73-x86_64-linux-gnu.so
        return stem, ExtensionSuffix(text, "other")
    return None


def _version(python: str) -> tuple[int, int] | None:
    """``cp313`` -> (3, 13)."""
    found = re.fullmatch(r"cp(\d)(\d+)", python)
    return (int(found[1]), int(found[2])) if found else None


def claims_target(python: str, abi: str, target: Target) -> bool:
    """Whether installers on the target take this tag (CPython targets)."""
    version = _version(python)
    if abi == "none":
        if version:
            return version == target.version
        found = re.fullmatch(r"py(\d)(\d*)", python)
        return bool(found) and target.version >= (int(found[1]), int(found[2] or 0)) if found else False
    if version is None:
        return False
    if abi in ("abi3", "abi3t"):
        return target.free_threaded == (abi == "abi3t") and version <= target.version
    return abi == target.abi and version == target.version


def why_not_loaded(suffix: ExtensionSuffix, python: str, abi: str, target: Target) -> str:
    """Why an interpreter that the tag claims does not load a file with this suffix; empty if all of them do.

    The text goes after the tag's name: "cp39-abi3 names CPython 3.9 and later, and ...". The platform part of a
    version's suffix is compared with the target's own, where the tag is the target's.
    """
    version = _version(python)
    if suffix.kind == "other":
        return "CPython never looks for this suffix"
    if abi == "none":
        return "" if suffix.kind == "plain" else "it names interpreters of every ABI"
    if version is None:
        return "" if suffix.kind == "plain" else "it names no CPython"
    label = f"{version[0]}.{version[1]}"
    if abi == "abi3t":
        if suffix.kind in ("abi3t", "plain"):
            return ""
        return "free-threaded CPython 3.15 and later looks for .abi3t.so"
    if abi == "abi3":
        if suffix.kind == "abi3" and suffix.platform and version < FIRST_WITH_PLATFORM_SUFFIX:
            return f"it names CPython {label} and later, and none below 3.15 looks for {suffix.text}"
        if suffix.kind in ("abi3", "plain") or (suffix.kind == "abi3t" and version >= FIRST_ABI3T):
            return ""
        if suffix.kind == "abi3t":
            return f"it names CPython {label} and later, and none below 3.15 looks for .abi3t.so"
        return f"it names every default build of CPython {label} and later, and this file is for {suffix.abi} alone"
    free_threaded = abi.rstrip("d").endswith("t")
    if suffix.kind == "version":
        if suffix.abi != abi:
            return f"this file is for {suffix.abi}"
        if abi == target.abi and target.suffix and suffix.text != target.suffix:
            return f"its own suffix is {target.suffix}"
        return ""
    if suffix.kind == "abi3" and free_threaded:
        return "the limited API without a t is that of default builds"
    if suffix.kind == "abi3t" and version < FIRST_ABI3T:
        return "no CPython below 3.15 looks for .abi3t.so"
    if suffix.kind == "abi3" and suffix.platform and version < FIRST_WITH_PLATFORM_SUFFIX:
        return f"no CPython below 3.15 looks for {suffix.text}"
    return ""


# architecture in a platform tag -> the machine in the words of ``binaries``
_LINUX = {"i586": "i686", "armv6l": "arm", "armv7l": "arm", "armv8l": "arm"}
_ANDROID = {"arm64_v8a": "aarch64", "armeabi_v7a": "arm", "x86": "i686", "x86_64": "x86_64"}
_MAC = {"universal2": ("arm64", "x86_64"), "intel": ("i386", "x86_64"), "universal": ("i386",)}
_MAC_ONE = ("arm64", "x86_64", "i386")


def machines(platform: str) -> tuple[str, frozenset[str]] | None:
    """Format and machines required by a platform tag; None if unknown."""
    if platform in ("win32", "win_amd64", "win_arm64"):
        return "PE", frozenset({platform if platform == "win32" else platform[4:]})
    found = re.fullmatch(r"(?:many|musl)?linux(?:\d+|_\d+_\d+)?_(\w+)", platform)
    if found:
        return "ELF", frozenset({_LINUX.get(found[1], found[1])})
    found = re.fullmatch(r"android_\d+_(\w+)", platform)
    if found and found[1] in _ANDROID:
        return "ELF", frozenset({_ANDROID[found[1]]})
    found = re.fullmatch(r"macosx_\d+_\d+_(\w+)", platform) or re.fullmatch(
        r"ios_\d+_\d+_(\w+?)_iphone(?:os|simulator)", platform
    )
    if found and (found[1] in _MAC or found[1] in _MAC_ONE):
        return "Mach-O", frozenset(_MAC.get(found[1], (found[1],)))
    return None
