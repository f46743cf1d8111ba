"""Decides the order of find-links files in uv, which selects the first of equally good ones.

Files of an index are sorted by name. Those of find-links are sorted by the parsed names: source distributions before
wheels, wheels with a single plain tag before all others, then tag by tag in the order in which uv declares its kinds of
tags; then web pages before folders, by URL.

Sources: uv 0.13.9 ``uv-client/src/flat_index.rs`` (``fetch_all``), the derived orders of ``WheelFilename``,
``WheelTag``, ``LanguageTag``, ``AbiTag``, ``PlatformTag`` and ``IndexUrl``.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ftwheel.core.installers.parsed_filename import ParsedFilename
from ftwheel.core.tags.priority import uv_abi, uv_interpreter, uv_platform

__all__ = ["Order", "flat_order", "is_platform"]

Order = tuple[object, ...]

_INTERPRETERS = ("none", "py", "cp", "pp", "graalpy", "pyston")  # and `cp3`, without a minor version, last
_ABI_FLAGS = {"t": 1, "u": 2, "d": 4, "m": 8}
_PLATFORMS = (
    "any", "manylinux", "manylinux1", "manylinux2010", "manylinux2014", "linux", "musllinux", "macosx", "win32",
    "win_amd64", "win_arm64", "win_ia64", "android", "freebsd", "netbsd", "openbsd", "dragonfly", "haiku", "illumos",
    "solaris", "pyodide", "pyemscripten", "ios",
)  # fmt: skip
_WHOLE = frozenset({"any", "win32", "win_amd64", "win_arm64", "win_ia64"})
_ARCHITECTURES = (
    "aarch64", "armv5tel", "armv6l", "armv7l", "ppc64le", "ppc64", "ppc", "i686", "x86_64", "s390x", "loongarch64",
    "riscv64",
)  # fmt: skip
_FORMATS = (
    "arm64", "fat", "fat32", "fat64", "i386", "intel", "ppc", "ppc64", "universal", "universal2", "x86_64",
)  # fmt: skip
_ANDROID = ("armeabi_v7a", "arm64_v8a", "x86", "x86_64")
_IOS = ("arm64_iphoneos", "arm64_iphonesimulator", "x86_64_iphonesimulator")
_VERSIONED = r"(manylinux|musllinux|macosx|ios|android)_([0-9]+)(?:_([0-9]+))?_([a-z].*)"
_WASM = r"(pyodide|pyemscripten)_([0-9]+)_([0-9]+)_wasm32"


def flat_order(filename: str, reading: ParsedFilename, location_url: str) -> Order:
    """The key by which uv sorts a find-links file among those of its project and version.

    ``location_url`` is the URL of the folder or page.
    """
    place = (location_url.startswith("file:"), location_url)
    if reading.kind == "sdist":
        return (0, not filename.endswith(".tar.gz"), place)
    interpreters, _, abis = reading.abi.partition("-")
    languages = _keys(interpreters, _interpreter_key)
    abi_keys = _keys(abis, _abi_key)
    platforms = _keys(reading.platform, _platform_key)
    tags = (languages, abi_keys, platforms)
    parts = filename.removesuffix(".whl").split("-")
    if len(parts) == 5 and "." not in "".join(parts[2:]) and all(tags):
        return (1, 0, tags, place)
    return (1, 1, bool(reading.build), reading.build, tags, "-".join(parts[2:]), place)


def is_platform(text: str) -> bool:
    """Whether uv knows the platform tag, in any version."""
    return _platform_key(text) is not None


def _keys(text: str, key: Callable[[str], Order | None]) -> tuple[Order, ...]:
    """The keys of the tags in a compressed set; tags unknown to uv are dropped."""
    return tuple(found for one in text.split(".") if (found := key(one)) is not None)


def _interpreter_key(text: str) -> Order | None:
    if text == "none":
        return (0,)
    known = uv_interpreter(text)
    match = re.fullmatch(r"([a-z]+)([0-9])([0-9]*)", known)
    if match is None:
        return None
    name, major, minor = match[1], int(match[2]), int(match[3]) if match[3] else -1
    rank = len(_INTERPRETERS) if name == "cp" and minor < 0 else _INTERPRETERS.index(name)
    return (rank, major, minor)


def _abi_key(text: str) -> Order | None:
    known = uv_abi(text)
    if known in {"none", "abi3", "abi3t"}:
        return (("none", "abi3", "abi3t").index(known),)
    if match := re.fullmatch(r"cp([0-9])([0-9]+)([a-z]*)", known):
        return (3, int(match[1]), int(match[2]), sum(_ABI_FLAGS[flag] for flag in match[3]))
    return (4, known) if known else None


def _platform_key(text: str) -> Order | None:
    known = uv_platform(text)
    if known in _WHOLE:
        return (_PLATFORMS.index(known),)
    if match := re.fullmatch(_WASM, known):
        return (_PLATFORMS.index(match[1]), int(match[2]), int(match[3]))
    if match := re.fullmatch(_VERSIONED, known):
        family, major, minor, rest = match.groups()
        names = {"macosx": _FORMATS, "ios": _IOS, "android": _ANDROID}.get(family, _ARCHITECTURES)
        if rest not in names or (minor is None) != (family == "android"):
            return None
        return (_PLATFORMS.index(family), int(major), int(minor or 0), names.index(rest))
    family, _, rest = known.partition("_")
    if family in {"linux", "manylinux1", "manylinux2010", "manylinux2014"}:
        return (_PLATFORMS.index(family), _ARCHITECTURES.index(rest)) if rest in _ARCHITECTURES else None
    return (_PLATFORMS.index(family), rest) if family in _PLATFORMS and rest else None
