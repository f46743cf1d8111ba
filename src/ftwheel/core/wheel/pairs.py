"""Compares the two wheels of a pair: the one for the default build and the one for the free-threaded build.

Both wheels are built from one source tree, so everything except the machine code should be the same: extension modules,
Python files and their contents, metadata. Differences are symptoms of a shared build folder, a stale object or a wrong
file name.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping

from ftwheel.core.named_tuples import NamedTuple
from ftwheel.core.wheel.contents import Member, WheelContents, metadata_facts
from ftwheel.core.wheel.extension_module import BuiltFor
from ftwheel.core.wheel.filename import WheelName
from ftwheel.core.wheel.suffixes import SuffixAbi, parse_suffix

__all__ = [
    "OneWheel",
    "PairComparison",
    "Pairing",
    "ServedBuilds",
    "compare_pair",
    "pair_up",
    "platform_family",
    "served_builds",
]

_VERSION_SPECIFIC = re.compile(r"cp3\d+(t?)d?")
_PLATFORM = re.compile(r"(?:many)?(linux)(?:_\d+_\d+|1|2010|2014)?_(.+)|(musllinux)_\d+_\d+_(.+)|(macosx)_\d+_\d+_(.+)")


class ServedBuilds(enum.Enum):
    """The builds of CPython that a wheel's ABI tags are for."""

    DEFAULT = "default"  # cp314, abi3
    FREE_THREADED = "free-threaded"  # cp314t, abi3t
    BOTH = "both"  # none, or a compressed set with tags of both kinds
    NEITHER = "neither"  # another implementation's ABI


class OneWheel(enum.Enum):
    """Why one wheel is enough; the value is its tag."""

    PURE = "py3-none-any"
    NO_EXTENSION_MODULES = "py3-none-PLATFORM"  # native code that Python never imports, such as a library for ctypes
    STABLE_ABI = "cp315-abi3.abi3t"  # PEP 803


class PairComparison(NamedTuple):
    """Where the two wheels of a pair differ. All paths are installed paths, all modules dotted names, sorted.

    ``empty`` are the wheels that install nothing; ``identical_modules`` are extension modules with the same bytes in
    both wheels although no ABI of theirs suits both builds: at least one wheel has a module meant for the other.
    ``one_wheel`` is set if nothing in the wheels requires two of them.
    """

    default: str
    free_threaded: str
    same_filename: bool
    empty: tuple[str, ...] = ()
    modules_only_in_default: tuple[str, ...] = ()
    modules_only_in_free_threaded: tuple[str, ...] = ()
    files_only_in_default: tuple[str, ...] = ()
    files_only_in_free_threaded: tuple[str, ...] = ()
    files_that_differ: tuple[str, ...] = ()
    identical_modules: tuple[str, ...] = ()
    one_wheel: OneWheel | None = None

    @property
    def agree(self) -> bool:
        """Whether the two files make a pair (``one_wheel`` is advice, not a difference)."""
        return not (
            self.same_filename
            or self.empty
            or self.modules_only_in_default
            or self.modules_only_in_free_threaded
            or self.files_only_in_default
            or self.files_only_in_free_threaded
            or self.files_that_differ
            or self.identical_modules
        )


class Pairing(NamedTuple):
    """The pairs among several wheels, by file name.

    ``pairs`` are (default, free-threaded). ``without_default`` are free-threaded wheels without a default wheel,
    ``without_free_threaded`` version-specific default wheels of a minor version with a free-threaded wheel on another
    platform.
    """

    pairs: tuple[tuple[WheelContents, WheelContents], ...]
    without_default: tuple[WheelContents, ...]
    without_free_threaded: tuple[WheelContents, ...]


def served_builds(name: WheelName) -> ServedBuilds:
    """The builds that a file name's ABI tags are for."""
    found: set[ServedBuilds] = set()
    for abi in name.abis:
        if abi == "none":
            return ServedBuilds.BOTH
        if abi in {"abi3", "abi3t"}:
            found.add(ServedBuilds.FREE_THREADED if abi == "abi3t" else ServedBuilds.DEFAULT)
        elif match := _VERSION_SPECIFIC.fullmatch(abi):
            found.add(ServedBuilds.FREE_THREADED if match[1] else ServedBuilds.DEFAULT)
    if not found:
        return ServedBuilds.NEITHER
    return found.pop() if len(found) == 1 else ServedBuilds.BOTH


def platform_family(platform: str) -> tuple[str, str]:
    """The platform tag without versions: ``("linux", "x86_64")`` for every glibc tag, ``("win32", "")`` unchanged."""
    match = _PLATFORM.fullmatch(platform)
    if not match:
        return platform, ""
    system, machine = (part for part in match.groups() if part)
    return system, machine


def pair_up(wheels: Iterable[WheelContents]) -> Pairing:
    """Find the pairs.

    The default wheel for ``cp314-cp314t`` is ``cp314-cp314`` of the same project, version, build, variant and platform
    family, or else the ``abi3`` wheel that a default 3.14 accepts. Sorted by file name.
    """
    groups: dict[tuple[object, ...], list[WheelContents]] = {}
    for wheel in sorted(wheels, key=lambda wheel: wheel.filename):
        name = wheel.name
        families = frozenset(map(platform_family, name.platforms))
        groups.setdefault((name.name, name.version, name.build, name.variant, families), []).append(wheel)
    pairs: list[tuple[WheelContents, WheelContents]] = []
    lonely: list[WheelContents] = []
    defaults: list[WheelContents] = []
    minors: set[tuple[object, int]] = set()
    for group in groups.values():
        default = [wheel for wheel in group if served_builds(wheel.name) is ServedBuilds.DEFAULT]
        defaults += default
        for wheel in group:
            if served_builds(wheel.name) is not ServedBuilds.FREE_THREADED:
                continue
            minors |= {((wheel.name.name, wheel.name.version), minor) for minor in _minors(wheel.name)}
            other = _default_of(wheel.name, default)
            if other is None:
                lonely.append(wheel)
            else:
                pairs.append((other, wheel))
    paired = {id(default) for default, _ in pairs}
    return Pairing(
        pairs=tuple(pairs),
        without_default=tuple(lonely),
        without_free_threaded=tuple(
            wheel
            for wheel in defaults
            if id(wheel) not in paired
            and "abi3" not in wheel.name.abis
            and any(((wheel.name.name, wheel.name.version), minor) in minors for minor in _minors(wheel.name))
        ),
    )


def _minors(name: WheelName) -> tuple[int, ...]:
    """Minor versions of the CPython interpreter tags: ``cp314`` gives 14."""
    return tuple(int(tag[3:]) for tag in name.interpreters if re.fullmatch(r"cp3\d+", tag))


def _default_of(name: WheelName, defaults: Iterable[WheelContents]) -> WheelContents | None:
    minors = _minors(name)
    stable: WheelContents | None = None
    for wheel in defaults:
        theirs = _minors(wheel.name)
        if "abi3" in wheel.name.abis:
            if theirs and minors and min(theirs) <= min(minors):
                stable = stable or wheel
        elif set(theirs) & set(minors):
            return wheel
    return stable


def compare_pair(default: WheelContents, free_threaded: WheelContents) -> PairComparison:
    """Find the differences between the wheels of a pair, and whether one wheel would be enough."""
    names = (default.filename, free_threaded.filename)
    ours, theirs = default.modules, free_threaded.modules
    python, python_ft = _texts(default), _texts(free_threaded)
    common = python.keys() & python_ft.keys()
    one_wheel = _one_wheel(default, free_threaded) if python == python_ft else None
    if names[0] == names[1] and _is_of_both(default.name):
        one_wheel, identical = None, []  # it is already one wheel
    else:
        identical = [name for name in ours.keys() & theirs.keys() if _shared(ours[name], theirs[name])]
    return PairComparison(
        default=names[0],
        free_threaded=names[1],
        same_filename=names[0] == names[1] and not _is_of_both(default.name),
        empty=tuple(wheel.filename for wheel in (default, free_threaded) if not wheel.installed),
        modules_only_in_default=tuple(sorted(ours.keys() - theirs.keys())),
        modules_only_in_free_threaded=tuple(sorted(theirs.keys() - ours.keys())),
        files_only_in_default=tuple(sorted(python.keys() - python_ft.keys())),
        files_only_in_free_threaded=tuple(sorted(python_ft.keys() - python.keys())),
        files_that_differ=tuple(sorted(path for path in common if python[path] != python_ft[path])),
        identical_modules=() if one_wheel else tuple(sorted(identical)),
        one_wheel=one_wheel,
    )


def _is_of_both(name: WheelName) -> bool:
    """Whether one file serves both builds: ``cp315-abi3.abi3t`` (PEP 803)."""
    return "abi3t" in name.abis and served_builds(name) is ServedBuilds.BOTH


def _texts(wheel: WheelContents) -> Mapping[str, object]:
    """What must not depend on the ABI: the bytes of Python files except build paths, and METADATA's facts."""
    metadata: dict[str, object] = {}
    if wheel.metadata is not None:
        metadata[f"{wheel.dist_info}METADATA"] = metadata_facts(wheel.metadata.text)
    return {path: member.portable or member.sha256 for path, member in wheel.python_files.items()} | metadata


def _shared(ours: Iterable[Member], theirs: Iterable[Member]) -> bool:
    """Whether the wheels share identical bytes under names that claim to be valid for both builds.

    An identical ``.cpython-39-...`` file in both is for a third interpreter, not for either build.
    """
    return any(
        one.sha256 == other.sha256 and (one.path != other.path or not parse_suffix(one.path).version)
        for one in ours
        for other in theirs
    )


def _one_wheel(default: WheelContents, free_threaded: WheelContents) -> OneWheel | None:
    native = {member.path: member.sha256 for member in default.native}
    if not default.installed or native != {member.path: member.sha256 for member in free_threaded.native}:
        return None
    if not native:
        return OneWheel.PURE
    if not default.modules:
        return OneWheel.NO_EXTENSION_MODULES
    if default.extensions:
        stable = all(each.built_for is BuiltFor.STABLE_ABI_T for each in default.extensions if each.is_extension)
    else:
        members = (member for same in default.modules.values() for member in same)
        stable = all(parse_suffix(member.path).abi is SuffixAbi.STABLE_ABI_T for member in members)
    return OneWheel.STABLE_ABI if stable else None
