"""Decides how well a wheel's tags match an interpreter: the position of its best tag in the list of accepted ones.

An installer iterates over interpreter and ABI first, then over platforms, so its list of a thousand tags is the product
of two short ones. A tag's position is computed from its positions in those two, without expanding the list or a wheel's
compressed tag set (PEP 425). The unit tests compare the lists with packaging's.

Sources: packaging 26.3 ``tags.py`` (``cpython_tags``, ``compatible_tags``, as pip's ``get_supported`` calls them), uv
0.13.9 ``uv-platform-tags/src/tags.rs``.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TypeVar

from ftwheel.core.tags.platform_tags import before_packaging_24, before_packaging_26_3, before_uv_0_11_21, uv_platforms

__all__ = [
    "AbiTable",
    "PlatformTable",
    "TagFlavour",
    "abi_table",
    "best_tag",
    "pairs_table",
    "platform_table",
    "position",
    "python_range",
    "uv_abi",
    "uv_interpreter",
    "uv_platform",
]

_Found = TypeVar("_Found")
_MOST_REMEMBERED = 4096  # different tag texts; a normal page has about a hundred


class TagFlavour(enum.Enum):
    """A list of accepted tags, which depends on the installer and its version."""

    PIP = "pip"  # 26.3 and newer
    PIP_OLD_PLATFORMS = "pip before 26.3"
    PIP_NO_ABI3T = "pip before 26.1"
    PIP_NO_FREE_THREADING = "pip before 24.1"
    UV = "uv"  # 0.11.21 and newer
    UV_OLD_MUSL = "uv before 0.11.21"
    UV_NO_ABI3T = "uv before 0.11.3"

    __hash__ = object.__hash__  # that of Enum is a Python call, and this one is part of the key of every table

    @property
    def is_uv(self) -> bool:
        return self in {TagFlavour.UV, TagFlavour.UV_OLD_MUSL, TagFlavour.UV_NO_ABI3T}


class _Remembered(dict[str, _Found]):
    """What a function returns for the tag texts of a page, which are few; looked up without a Python call."""

    __slots__ = ("_find",)

    def __init__(self, find: Callable[[str], _Found]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, text: str) -> _Found:
        found = self._find(text)
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        self[text] = found
        return found


class AbiTable:
    """The accepted pairs of interpreter and ABI.

    ``native`` are the pairs for wheels for one platform, ``pure`` those for wheels for ``any``, each with its position.
    ``positions`` are the best positions of, say, ``cp312.cp313-abi3`` in ``native`` and in ``pure``; None if no pair
    matches.
    """

    __slots__ = ("_abis", "_interpreters", "_uv", "native", "positions", "pure")

    def __init__(self, native: list[str], pure: list[str], *, uv: bool) -> None:
        self.native = {pair: position for position, pair in enumerate(native)}
        self.pure = {pair: position for position, pair in enumerate(pure)}
        pairs = [pair.split("-") for pair in (*native, *pure)]
        self._interpreters = {interpreter for interpreter, _ in pairs}
        self._abis = {abi for _, abi in pairs}
        self._uv = uv
        self.positions = _Remembered(self._positions)

    def _positions(self, text: str) -> tuple[int | None, int | None]:
        pairs = self.pairs(text)
        return (
            min((self.native[pair] for pair in pairs if pair in self.native), default=None),
            min((self.pure[pair] for pair in pairs if pair in self.pure), default=None),
        )

    def pairs(self, text: str) -> list[str]:
        """The pairs in the compressed sets that can occur in a table; keeping only known parts bounds the product."""
        interpreters, abis = self.split(text)
        return [f"{one}-{abi}" for one in interpreters & self._interpreters for abi in abis & self._abis]

    def split(self, text: str) -> tuple[set[str], set[str]]:
        """The interpreters and the ABIs in the compressed sets, in the installer's spelling."""
        interpreters, _, abis = text.partition("-")
        if self._uv:
            return {uv_interpreter(one) for one in interpreters.split(".")}, {uv_abi(abi) for abi in abis.split(".")}
        return set(interpreters.lower().split(".")), set(abis.lower().split("."))

    def knows_interpreter(self, text: str) -> bool:
        """Whether any of the interpreters is accepted with any ABI."""
        return not self._interpreters.isdisjoint(self.split(text)[0])


class PlatformTable:
    """The accepted platforms, each with its position.

    ``positions`` are the best position of, say, ``manylinux_2_17_x86_64.manylinux2014_x86_64``, and whether ``any`` is
    in it.
    """

    __slots__ = ("_uv", "any", "order", "positions")

    def __init__(self, platforms: tuple[str, ...], *, uv: bool) -> None:
        self.order = {platform: position for position, platform in enumerate(platforms)}
        self.any = self.order.get("any")  # pip accepts --platform any
        self._uv = uv
        self.positions = _Remembered(self._positions)

    def _positions(self, text: str) -> tuple[int | None, bool]:
        names = self.split(text)
        named = (self.order[name] for name in names if name in self.order and name != "any")
        return min(named, default=None), "any" in names

    def split(self, text: str) -> set[str]:
        """The platforms in the compressed set, in the installer's spelling."""
        return {uv_platform(name) for name in text.split(".")} if self._uv else set(text.lower().split("."))


def position(abis: AbiTable, platforms: PlatformTable, abi_text: str, platform_text: str) -> int | None:
    """The index of a wheel's best tag in the installer's list of accepted tags; None if no tag is accepted.

    ``abi_text`` and ``platform_text`` are the last parts of the file name: ``cp312.cp313-abi3`` and
    ``manylinux_2_17_x86_64.manylinux2014_x86_64``.
    """
    platform, is_any = platforms.positions[platform_text]
    if platform is None and not is_any:
        return None
    native, pure = abis.positions[abi_text]
    count = len(platforms.order)
    if not is_any:
        return None if native is None or platform is None else native * count + platform
    if platforms.any is not None:  # listed among the platforms, and after them: the later position counts
        only = [abis.native[pair] for pair in abis.pairs(abi_text) if pair in abis.native and pair not in abis.pure]
        found = [each * count + platforms.any for each in only]
        found += [native * count + platform] if native is not None and platform is not None else []
        if found:
            return min(found)
    elif native is not None and platform is not None:
        return native * count + platform
    return None if pure is None else len(abis.native) * count + pure


def best_tag(abis: AbiTable, platforms: PlatformTable, index: int) -> str:
    """The tag at an index returned by ``position``."""
    pair, platform = divmod(index, len(platforms.order))
    if pair < len(abis.native):
        return f"{list(abis.native)[pair]}-{list(platforms.order)[platform]}"
    return f"{list(abis.pure)[index - len(abis.native) * len(platforms.order)]}-any"


@lru_cache(maxsize=1024)
def platform_table(platforms: tuple[str, ...], flavour: TagFlavour) -> PlatformTable:
    """The table of these platforms, which are in packaging's order."""
    if flavour is TagFlavour.UV:
        platforms = uv_platforms(platforms)
    elif flavour.is_uv:
        platforms = before_uv_0_11_21(platforms)
    elif flavour is TagFlavour.PIP_NO_FREE_THREADING:
        platforms = before_packaging_24(platforms)
    elif flavour is not TagFlavour.PIP:
        platforms = before_packaging_26_3(platforms)
    return PlatformTable(platforms, uv=flavour.is_uv)


@lru_cache(maxsize=1024)
def abi_table(
    implementation: str, version: tuple[int, int], abis: tuple[str, ...], free_threaded: bool, flavour: TagFlavour
) -> AbiTable:
    """The table for ``cp``, ``pp``, ...; ``abis`` are the version-specific ABIs, most preferred first."""
    major, minor = version
    own = f"{implementation}{major}{minor}"
    native = [f"{own}-{abi}" for abi in abis]
    if implementation == "cp":
        if flavour is TagFlavour.PIP_NO_FREE_THREADING and free_threaded:
            # packaging 21.3 does not know the free-threaded build and returns the tags of the default one
            free_threaded = False
            native = [pair.replace("t", "") for pair in native]
        stable = "abi3t" if free_threaded else "abi3"
        with_stable = not free_threaded or flavour not in {TagFlavour.PIP_NO_ABI3T, TagFlavour.UV_NO_ABI3T}
        native += [f"{own}-{stable}"] if with_stable else []
        native += [f"{own}-none"]
        native += [f"cp{major}{older}-{stable}" for older in range(minor - 1, 1, -1)] if with_stable else []
    elif not flavour.is_uv:
        native += [f"{own}-none"]
    generic = [f"{name}-none" for name in python_range(major, minor)]
    pure = generic if flavour.is_uv and implementation != "cp" else [f"{own}-none", *generic]
    return AbiTable([*native, *generic], pure, uv=flavour.is_uv)


@lru_cache(maxsize=64)
def pairs_table(native: tuple[str, ...], pure: tuple[str, ...]) -> AbiTable:
    """pip's table of explicitly listed pairs."""
    return AbiTable(list(native), list(pure), uv=False)


def python_range(major: int, minor: int | None = None) -> Iterator[str]:
    """Yield ``py314``, ``py3``, then ``py313`` down to ``py30``; only ``py3`` without a minor version."""
    if minor is not None:
        yield f"py{major}{minor}"
    yield f"py{major}"
    yield from (f"py{major}{older}" for older in range((minor or 0) - 1, -1, -1))


# uv compares parsed tags, not text: `cp3014` is `cp314`, `CP314` is unknown; unknown tags become ""
_UV_INTERPRETER = re.compile(r"(py|cp)([0-9])((?:\+?[0-9]|[0-9]{2})?)|(pyston|pp|graalpy)([0-9])(\+?[0-9]+)")
_UV_CPYTHON_ABI = re.compile(r"cp([0-9])([0-9]+)([tdmu]*)")
_UV_OTHER_ABI = re.compile(r"none|abi3t?|pypy_[0-9]+|pypy[0-9]+_pp[0-9]+|graalpy[0-9]+_[0-9]+_native|pyston_.*")
_UV_VERSIONED = re.compile(r"(manylinux|musllinux|macosx|ios|pyodide|pyemscripten)_(\+?[0-9]+)_(\+?[0-9]+)_(.+)")
_UV_ANDROID = re.compile(r"android_(\+?[0-9]+)_(.+)")


def uv_interpreter(text: str) -> str:
    """An interpreter tag in uv's own spelling; empty if uv does not know it."""
    match = _UV_INTERPRETER.fullmatch(text)
    if match is None:
        return ""
    name, major, minor = (match[1], match[2], match[3]) if match[1] else (match[4], match[5], match[6])
    if minor and int(minor) > 255:
        return ""
    return f"{name}{major}{int(minor) if minor else ''}"


def uv_abi(text: str) -> str:
    """An ABI tag in uv's own spelling; empty if uv does not know it."""
    if match := _UV_CPYTHON_ABI.fullmatch(text):
        major, minor, flags = match.groups()
        if int(minor) > 255 or len(set(flags)) != len(flags):
            return ""
        return f"cp{major}{int(minor)}{''.join(flag for flag in 'tdmu' if flag in flags)}"
    return text if _UV_OTHER_ABI.fullmatch(text) else ""


def uv_platform(text: str) -> str:
    """A platform tag in uv's own spelling; unknown ones are returned unchanged."""
    if match := _UV_VERSIONED.fullmatch(text):
        family, major, minor, rest = match.groups()
        if family in {"manylinux", "musllinux"} and rest == "armv8l":
            rest = "armv7l"
        return f"{family}_{int(major)}_{int(minor)}_{rest}"
    if match := _UV_ANDROID.fullmatch(text):
        return f"android_{int(match[1])}_{match[2]}"
    if text.startswith(("linux_", "manylinux1_", "manylinux2010_", "manylinux2014_")) and text.endswith("_armv8l"):
        return text.replace("_armv8l", "_armv7l")
    return text
