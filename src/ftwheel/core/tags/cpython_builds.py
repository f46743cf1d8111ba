"""The CPython builds that a file name's tags serve, and the module files that these builds look for and load.

Sources: PEP 425 and PEP 803 for the tags, ``importlib.machinery.EXTENSION_SUFFIXES`` (CPython's ``dynload_shlib.c`` and
``dynload_win.c``) for the suffixes.
"""

from __future__ import annotations

import re
from typing import assert_never

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from ftwheel.core.named_tuples import NamedTuple
from ftwheel.core.tags.cpython import CPYTHONS, FIRST_ABI3T, FIRST_FREE_THREADED, FIRST_WITH_PLATFORM_SUFFIX, NEWEST
from ftwheel.core.versions import specifier_set
from ftwheel.core.wheel.extension_module import BuiltFor
from ftwheel.core.wheel.filename import WheelName
from ftwheel.core.wheel.suffixes import Suffix, SuffixAbi

__all__ = ["CPythonBuild", "promised_by_none", "targets_of"]

_INTERPRETER = re.compile(r"cp3(\d+)")
_ANY_INTERPRETER = re.compile(r"(cp|py)3(\d*)")
_LAST_MICRO = 99  # beyond every micro version there is
_ORDER = (
    SuffixAbi.DEFAULT,
    SuffixAbi.FREE_THREADED,
    SuffixAbi.STABLE_ABI,
    SuffixAbi.STABLE_ABI_T,
    SuffixAbi.PLAIN,
    SuffixAbi.OTHER,
)


class CPythonBuild(NamedTuple):
    """One build of CPython 3.``minor``; with ``onwards``, also every later version of that build."""

    minor: int
    onwards: bool
    free_threaded: bool

    @property
    def label(self) -> str:
        """``3.13t``, ``3.9 and newer``"""
        return f"3.{self.minor}{'t' if self.free_threaded else ''}{' and newer' if self.onwards else ''}"

    def covers(self, minor: int, *, free_threaded: bool) -> bool:
        """Whether that build of CPython 3.``minor`` is included."""
        return free_threaded is self.free_threaded and (minor == self.minor or (self.onwards and minor > self.minor))

    def searches(self, suffix: Suffix) -> bool:
        """Whether every interpreter of this target looks for this suffix."""
        match suffix.abi:
            case SuffixAbi.PLAIN:
                return not suffix.debug
            case SuffixAbi.DEFAULT | SuffixAbi.FREE_THREADED:
                return (
                    (suffix.abi is SuffixAbi.FREE_THREADED) is self.free_threaded
                    and not self.onwards
                    and not suffix.debug
                    and suffix.version == (3, self.minor)
                )
            case SuffixAbi.STABLE_ABI:
                if suffix.platform:
                    # Debian's 3.14 looks for these too, but a wheel must not rely on its patches
                    return not self.free_threaded and self.minor >= FIRST_WITH_PLATFORM_SUFFIX
                # 3.13t and 3.14t also look for .abi3.so; 3.15t looks for .abi3t.so instead
                return not self.free_threaded or (self.minor < FIRST_ABI3T and not self.onwards)
            case SuffixAbi.STABLE_ABI_T:
                return self.minor >= FIRST_ABI3T
            case SuffixAbi.OTHER:
                return False
            case _:
                assert_never(suffix.abi)

    def some_search(self, suffix: Suffix) -> bool:
        """Whether at least one interpreter of this target looks for this suffix."""
        if not self.onwards or self.searches(suffix):
            return self.searches(suffix)
        if suffix.abi is SuffixAbi.STABLE_ABI_T or (suffix.abi is SuffixAbi.STABLE_ABI and not self.free_threaded):
            return True
        latest = suffix.version[1] if suffix.version else -1
        return latest >= self.minor and CPythonBuild(
            minor=latest, onwards=False, free_threaded=self.free_threaded
        ).searches(suffix)

    def order(self, suffix: Suffix) -> int:
        """The position in the import system's order of suffixes; lower is tried first."""
        return 2 * _ORDER.index(suffix.abi) + (not suffix.platform)

    def loads(self, built_for: BuiltFor) -> bool | None:
        """Whether these interpreters can run code for that ABI; None if the ABI is unknown."""
        match built_for:
            case BuiltFor.CANNOT_TELL:
                return None
            case BuiltFor.STABLE_ABI_T:
                return self.minor >= FIRST_ABI3T
            case BuiltFor.FREE_THREADED:
                return self.free_threaded
            case BuiltFor.DEFAULT | BuiltFor.STABLE_ABI:
                return not self.free_threaded
            case BuiltFor.MIXED:
                return False
            case _:
                assert_never(built_for)


def targets_of(name: WheelName) -> tuple[CPythonBuild, ...]:
    """The CPython builds whose ABI this file name serves, sorted.

    Empty for the ABI tag ``none`` and other implementations. In a compressed set, only combinations that an installer
    accepts count: ``cp312.cp313-cp312.cp313`` serves two builds, not four.
    """
    found: set[CPythonBuild] = set()
    for interpreter in name.interpreters:
        if not (match := _INTERPRETER.fullmatch(interpreter)):
            continue
        minor = int(match[1])
        for abi in name.abis:
            if abi in {interpreter, interpreter + "t", "abi3", "abi3t"}:
                found.add(CPythonBuild(minor=minor, onwards=abi.startswith("abi3"), free_threaded=abi.endswith("t")))
    return tuple(sorted(found))


def promised_by_none(name: WheelName, requires_python: str) -> tuple[CPythonBuild, ...]:
    """The builds on which installers accept a wheel with the ABI tag ``none``, by its interpreter tags, oldest first.

    ``py3`` covers every version, ``py39`` 3.9 and newer, ``cp39`` only 3.9; each covers both builds. All future
    versions count as one, the next. An invalid Requires-Python excludes nothing.
    """
    try:
        allowed = specifier_set(requires_python)
    except InvalidSpecifier:
        allowed = SpecifierSet()
    floors = [(match[1], int(match[2] or 0)) for tag in name.interpreters if (match := _ANY_INTERPRETER.fullmatch(tag))]
    return tuple(
        CPythonBuild(minor=minor, onwards=False, free_threaded=free_threaded)
        for minor in range(CPYTHONS[0].minor, NEWEST + 2)
        if any(minor == floor if kind == "cp" else minor >= floor for kind, floor in floors)
        and any(allowed.contains(f"3.{minor}.{micro}") for micro in (0, _LAST_MICRO))
        for free_threaded in ((False, True) if minor >= FIRST_FREE_THREADED else (False,))
    )
