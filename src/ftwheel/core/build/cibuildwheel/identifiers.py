"""Decides what cibuildwheel builds for a project: the identifiers, and the cibuildwheel series for each.

An identifier such as ``cp314t-manylinux_x86_64`` is one build of CPython on one platform. Selectors are always whole
identifiers, because ``cp314*`` also matches ``cp314t``. Two series of cibuildwheel are needed: 3.x is the last that
builds ``cp313t``; 4.x rejects it (exit code 4) but builds 3.15. A build queries the installed cibuildwheel for its
identifiers; ``init``, the Action's plan and a dry run work without an installation, using the copies here. Sources:
``resources/build-platforms.toml``, ``selector.py`` and ``options.py`` of 3.4.1 and 4.3.5;
``tests/integration/test_cibuildwheel_itself.py`` compares them.
"""

from __future__ import annotations

import enum
import functools
import itertools
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from ftwheel.core.build.cibuildwheel.options import CibuildwheelOptions, read_options, table_of
from ftwheel.core.build.stable_abi_plan import PythonBuild, floor_of, plan_builds
from ftwheel.core.errors import ConfigurationError
from ftwheel.core.tags.cpython import FIRST_FREE_THREADED
from ftwheel.core.tags.cpython_builds import targets_of
from ftwheel.core.versions import specifier_set

if TYPE_CHECKING:
    from ftwheel.core.wheel.filename import WheelName

__all__ = [
    "HOSTED",
    "SYSTEMS",
    "BuildIdentifier",
    "BuildSelection",
    "CibuildwheelRequest",
    "CibuildwheelSeries",
    "IdentifiersOf",
    "NothingToBuildError",
    "OmittedBuild",
    "build_platform",
    "copied_identifiers",
    "platforms_here",
    "request_for",
    "select",
    "selector_matches",
    "serves",
    "skipped",
]

# copied: --platforms and [tool.ftwheel] platforms are read before cibuildwheel is installed
_LINUX = ("x86_64", "i686", "aarch64", "ppc64le", "s390x", "armv7l", "riscv64")
_PLATFORMS: Mapping[str, tuple[str, ...]] = {
    "linux": tuple(f"{libc}_{arch}" for libc in ("manylinux", "musllinux") for arch in _LINUX),
    "macos": ("macosx_x86_64", "macosx_arm64", "macosx_universal2"),
    "windows": ("win32", "win_amd64", "win_arm64"),
    "pyodide": ("pyodide_wasm32",),
    "android": ("android_arm64_v8a", "android_x86_64"),
    "ios": ("ios_arm64_iphoneos", "ios_x86_64_iphonesimulator", "ios_arm64_iphonesimulator"),
}
_SYSTEM_OF = {platform: system for system, platforms in _PLATFORMS.items() for platform in platforms}
SYSTEMS = tuple(_PLATFORMS)
"""cibuildwheel's platforms, as its ``--platform`` spells them."""

_WINDOWS = {"win32": "x86", "win_amd64": "AMD64", "win_arm64": "ARM64"}
_TAG = re.compile(
    r"(?:(?P<glibc>manylinux)(?:1|2010|2014|_\d+_\d+)|(?P<musl>musllinux)_\d+_\d+|(?P<apple>macosx|ios)_\d+_\d+"
    r"|(?P<android>android)_\d+|(?P<web>pyodide|pyemscripten)_\w+)_(?P<arch>.+)"
)
_PYTHON = re.compile(r"3\.(\d{1,2})(t?)")
_IDENTIFIER = re.compile(r"cp3(\d+)(t?)-.+")
_BRACES = re.compile(r"\{([^{}]*,[^{}]*)\}")

HOSTED = (
    "manylinux_x86_64", "musllinux_x86_64", "manylinux_aarch64", "musllinux_aarch64", "macosx_x86_64", "macosx_arm64",
    "win_amd64", "win_arm64",
)  # fmt: skip
"""The platforms that hosted CI runners build natively: those a release serves if ``platforms`` is not set."""


class NothingToBuildError(ConfigurationError):
    """The project's settings exclude every build for a Python or a platform."""


class CibuildwheelSeries(enum.Enum):
    """A series of cibuildwheel; the value is the requirement that installs its newest release."""

    THREE = "cibuildwheel>=3.4,<4"
    FOUR = "cibuildwheel>=4.3,<5"  # 4.0 to 4.2 call 3.15 a prerelease

    @property
    def label(self) -> str:
        """``3.x``"""
        return "3.x" if self is CibuildwheelSeries.THREE else "4.x"

    @property
    def group(self) -> str:
        """The ``enable`` group that the series requires to build everything ftwheel plans with it."""
        return "cpython-freethreading" if self is CibuildwheelSeries.THREE else "pyodide-eol"


IdentifiersOf = Callable[[CibuildwheelSeries], frozenset[str]]
"""A function that returns every identifier a series builds with its ``group``, such as ``copied_identifiers``."""

_NEWEST_FIRST = (CibuildwheelSeries.FOUR, CibuildwheelSeries.THREE)  # querying a series may install it
# copied: copied_identifiers is for callers without an installed cibuildwheel
_DESKTOP_3 = ("cp38", "cp39", "cp310", "cp311", "cp312", "cp313", "cp313t", "cp314", "cp314t")
_DESKTOP_4 = ("cp39", "cp310", "cp311", "cp312", "cp313", "cp314", "cp314t", "cp315", "cp315t")
_KNOWN: Mapping[CibuildwheelSeries, Mapping[str, tuple[str, ...]]] = {
    CibuildwheelSeries.THREE: {
        **dict.fromkeys(("linux", "macos", "windows"), _DESKTOP_3),
        **dict.fromkeys(("android", "ios"), ("cp313", "cp314")),
        "pyodide": ("cp312", "cp313"),
    },
    CibuildwheelSeries.FOUR: {
        **dict.fromkeys(("linux", "macos", "windows"), _DESKTOP_4),
        **dict.fromkeys(("android", "ios"), ("cp313", "cp314", "cp315")),
        "pyodide": ("cp312", "cp313", "cp314", "cp315"),
    },
}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class BuildIdentifier:
    """One build of CPython 3.``minor`` on one ``platform``, without versions: ``musllinux_aarch64``."""

    platform: str
    minor: int
    free_threaded: bool

    @property
    def python(self) -> str:
        """``cp314t``"""
        return f"cp3{self.minor}{'t' if self.free_threaded else ''}"

    @property
    def label(self) -> str:
        """``3.14t``"""
        return f"3.{self.minor}{'t' if self.free_threaded else ''}"

    @property
    def text(self) -> str:
        """``cp314t-manylinux_x86_64``"""
        return f"{self.python}-{self.platform}"

    @property
    def system(self) -> str:
        """cibuildwheel's platform: ``linux``, ``macos``, ``windows``, ``pyodide``, ``android`` or ``ios``."""
        return _SYSTEM_OF[self.platform]

    @property
    def arch(self) -> str:
        """cibuildwheel's name for the architecture: ``x86_64``, ``AMD64``, ``arm64_iphoneos``, ..."""
        return _arch(self.platform)


@dataclass(frozen=True, slots=True, kw_only=True)
class CibuildwheelRequest:
    """The wheels to build, and the project's cibuildwheel options.

    ``pythons`` are ``3.14`` and ``3.14t``, ``platforms`` as in ``BuildIdentifier``. Without pythons, everything that
    cibuildwheel 4.x builds is wanted, which excludes ``cp313t``. ``floor`` and ``abi3t`` as for
    ``core.build.stable_abi_plan.plan_builds``.
    """

    pythons: tuple[str, ...] = ()
    platforms: tuple[str, ...] = HOSTED
    requires_python: str = ""
    own: CibuildwheelOptions = field(default_factory=CibuildwheelOptions)
    floor: int | None = None
    abi3t: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class OmittedBuild:
    """A requested build that is skipped, and the reason."""

    identifier: BuildIdentifier
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSelection:
    """What each series builds and what is skipped, sorted.

    ``shared`` are the builds skipped because another build's stable ABI wheel serves them.
    """

    builds: Mapping[CibuildwheelSeries, tuple[BuildIdentifier, ...]]
    left_out: tuple[OmittedBuild, ...]
    shared: tuple[BuildIdentifier, ...] = ()

    @property
    def identifiers(self) -> tuple[BuildIdentifier, ...]:
        """Everything that is built."""
        return tuple(sorted(each for found in self.builds.values() for each in found))

    def only(self, identifiers: Container[BuildIdentifier]) -> BuildSelection:
        """The selection restricted to these identifiers."""
        kept = {series: tuple(each for each in found if each in identifiers) for series, found in self.builds.items()}
        return BuildSelection(builds={series: found for series, found in kept.items() if found}, left_out=())


def request_for(
    document: Mapping[str, Any],
    environ: Mapping[str, str],
    *,
    pythons: Sequence[str] = (),
    platforms: Sequence[str] = (),
) -> CibuildwheelRequest:
    """The request of a project: ``document`` is its pyproject.toml, with a validated ``[tool.ftwheel]``.

    ``pythons`` and ``platforms`` are the user's; the defaults come from ``[tool.ftwheel]``, then from
    ``CibuildwheelRequest``. ``environ`` provides ``CIBW_`` variables.
    """
    own = table_of(document, "tool", "ftwheel")
    project = table_of(document, "project")
    requires = environ.get("CIBW_PROJECT_REQUIRES_PYTHON") or project.get("requires-python", "")
    try:
        specifier_set(requires)
    except InvalidSpecifier as error:
        raise ConfigurationError(f"requires-python: {requires!r} is not a valid version specifier") from error
    wanted = platforms or own.get("platforms", ())
    return CibuildwheelRequest(
        pythons=tuple(dict.fromkeys(pythons or own.get("pythons", ()))),
        platforms=tuple(dict.fromkeys(map(build_platform, wanted))) or HOSTED,
        requires_python=requires,
        own=read_options(document, environ),
        floor=floor_of(own.get("stable-abi", "")),
        abi3t=own.get("limited-api") != "version-specific",
    )


def build_platform(tag: str) -> str:
    """The platform of an identifier for a tag: ``manylinux_x86_64`` for ``manylinux_2_28_x86_64`` and for itself.

    Raises ConfigurationError for a platform that cibuildwheel does not build for.
    """
    platform = _platform(tag)
    if platform not in _SYSTEM_OF:
        raise ConfigurationError(
            f"platforms: cibuildwheel does not build for {tag!r}",
            hint="for example manylinux_2_28_x86_64, musllinux_1_2_aarch64, macosx_11_0_arm64 or win_amd64",
        )
    return platform


def _arch(platform: str) -> str:
    return _WINDOWS.get(platform) or platform.partition("_")[2]


def _platform(tag: str) -> str:
    match = _TAG.fullmatch(tag)
    if match is None:
        return tag
    family = match["glibc"] or match["musl"] or match["apple"] or match["android"] or "pyodide"
    return f"{family}_{match['arch']}"


def platforms_here(wanted: Iterable[str], native: Sequence[str], archs: str) -> tuple[str, ...]:
    """The wanted platform tags that a machine builds by default: those it runs without emulation.

    ``native`` are the platforms it runs; ``archs`` is the project's cibuildwheel option for its system. As in
    cibuildwheel, architectures named there take precedence, even if they need emulation; ``auto`` and similar values
    mean the machine's own.
    """
    system = _SYSTEM_OF[native[0]]
    names = {name.lower() for name in re.split(r"[\s,]+", archs) if name}
    own = not names or bool(names & {"auto", "auto64", "auto32", "native"})
    found = []
    for tag in wanted:
        platform = build_platform(tag)
        named = _SYSTEM_OF[platform] == system and ("all" in names or _arch(platform).lower() in names)
        if named or (own and platform in native):
            found.append(tag)
    return tuple(found)


def serves(name: WheelName, identifier: BuildIdentifier) -> bool:
    """Whether a finished wheel is the result of an identifier's build; an ``abi3`` wheel serves several identifiers."""
    machine = identifier.platform.partition("_")[2]
    if not any(tag in {"any", f"linux_{machine}"} or _platform(tag) == identifier.platform for tag in name.platforms):
        return False
    if "none" in name.abis:
        return bool({"py3", f"py3{identifier.minor}", f"cp3{identifier.minor}"} & {*name.interpreters})
    return any(target.covers(identifier.minor, free_threaded=identifier.free_threaded) for target in targets_of(name))


@functools.cache
def copied_identifiers(series: CibuildwheelSeries) -> frozenset[str]:
    """Every identifier that the series builds with its ``group``, as of this release of ftwheel."""
    every = (f"{python}-{platform}" for platform, system in _SYSTEM_OF.items() for python in _KNOWN[series][system])
    return frozenset(every) - {"cp38-win_arm64"}


def selector_matches(selectors: str, *identifiers: str) -> bool:
    """Whether any of the space-separated selectors (shell patterns with braces) matches any of the identifiers.

    Reimplemented because ``init`` evaluates selectors without cibuildwheel; a test compares the two.
    ``cp31{3,4}-*`` means ``cp313-*`` and ``cp314-*``, which do not match ``cp314t``, unlike ``cp314*``.
    """
    return any(
        fnmatchcase(identifier, pattern)
        for selector in selectors.split()
        for pattern in _expanded(selector)
        for identifier in identifiers
    )


def _expanded(selector: str) -> Iterator[str]:
    match = _BRACES.search(selector)
    if match is None:
        yield selector
        return
    for choice in match[1].split(","):
        yield from _expanded(selector[: match.start()] + choice + selector[match.end() :])


def select(request: CibuildwheelRequest, identifiers_of: IdentifiersOf = copied_identifiers) -> BuildSelection:
    """Decide which series builds what. 3.x builds only what 4.x does not.

    Raises ConfigurationError if nothing is built for a requested Python or platform (the message gives the reasons), or
    if the project's configuration cannot serve both series.
    """
    wanted = [
        BuildIdentifier(platform=platform, minor=minor, free_threaded=free_threaded)
        for minor, free_threaded in _pythons(request.pythons, identifiers_of)
        for platform in dict.fromkeys(request.platforms)
    ]
    excluded = {each: _excluded(each, request, identifiers_of) for each in wanted}
    kept = tuple(sorted(each for each in wanted if not excluded[each]))
    left_out = tuple(sorted(OmittedBuild(identifier=each, why=reason) for each, reason in excluded.items() if reason))
    _nothing_forgotten(kept, left_out, request)
    shared = _shared(kept, request)
    kept = tuple(each for each in kept if each not in shared)
    left_out += tuple(OmittedBuild(identifier=each, why=why) for each, why in sorted(shared.items()))
    builds: dict[CibuildwheelSeries, list[BuildIdentifier]] = {}
    for each, series in _series_of(kept, request.own, identifiers_of).items():
        builds.setdefault(series, []).append(each)
    return BuildSelection(
        builds={series: tuple(builds[series]) for series in CibuildwheelSeries if series in builds},
        left_out=tuple(sorted(left_out)) if request.pythons else (),
        shared=tuple(sorted(shared)),
    )


def skipped(pythons: Iterable[str], tags: Iterable[str], own: CibuildwheelOptions) -> Mapping[tuple[str, str], str]:
    """The pairs of a Python (``3.14t``) and a platform tag that the project's ``build`` or ``skip`` excludes.

    Each pair is mapped to the reason. A pair counts only if both its parts are built elsewhere: a Python or platform
    that is named but never built is a contradiction (``NothingToBuildError``), not a decision. Anything that
    cibuildwheel does not build for is omitted.
    """
    reasons: dict[tuple[str, str], str] = {}
    for python, tag in itertools.product(dict.fromkeys(pythons), dict.fromkeys(tags)):
        found, platform = _PYTHON.fullmatch(python), _platform(tag)
        if found and platform in _SYSTEM_OF:
            each = BuildIdentifier(platform=platform, minor=int(found[1]), free_threaded=bool(found[2]))
            reasons[python, tag] = _unselected(each, own)
    built = {name for pair, why in reasons.items() if not why for name in pair}
    return {pair: why for pair, why in reasons.items() if why and built.issuperset(pair)}


def _pythons(asked: Sequence[str], identifiers_of: IdentifiersOf) -> list[tuple[int, bool]]:
    """(minor, free-threaded) of each Python; by default all of 4.x."""
    if not asked:
        return _built(identifiers_of(CibuildwheelSeries.FOUR))
    found = {text: (int(match[1]), bool(match[2])) for text in asked if (match := _PYTHON.fullmatch(text))}
    unknown = list(asked)
    for series in _NEWEST_FIRST:
        if unknown:
            known = _built(identifiers_of(series))
            unknown = [text for text in unknown if found.get(text) not in known]
    if unknown:
        both = _built(each for series in CibuildwheelSeries for each in identifiers_of(series))
        labels = [f"3.{minor}{'t' if free_threaded else ''}" for minor, free_threaded in both]
        raise ConfigurationError(
            f"pythons: no series of cibuildwheel builds {', '.join(unknown)}",
            hint=f"3.x and 4.x build {', '.join(labels)}",
        )
    return list(found.values())


def _built(identifiers: Iterable[str]) -> list[tuple[int, bool]]:
    """(minor, free-threaded) of each CPython among the identifiers, sorted."""
    return sorted({(int(match[1]), bool(match[2])) for each in identifiers if (match := _IDENTIFIER.fullmatch(each))})


def _excluded(identifier: BuildIdentifier, request: CibuildwheelRequest, identifiers_of: IdentifiersOf) -> str:
    """Why an identifier is not built; empty when it is."""
    if not any(identifier.text in identifiers_of(series) for series in _NEWEST_FIRST):
        return "cibuildwheel has no such build"
    # cibuildwheel checks the highest possible patch release (selector.py)
    if not SpecifierSet(request.requires_python).contains(f"3.{identifier.minor}.99"):
        return f"requires-python is {request.requires_python}"
    return _unselected(identifier, request.own)


def _unselected(identifier: BuildIdentifier, own: CibuildwheelOptions) -> str:
    """The selector of the project that excludes an identifier; empty if none does."""
    system = identifier.system
    for name, excluded_by in (("build", False), ("skip", True)):
        selectors = own.get(name, system)
        if selectors and selector_matches(selectors, identifier.text) is excluded_by:
            return f"{own.where(name, system)} = {selectors!r}"
    return ""


def _shared(kept: Iterable[BuildIdentifier], request: CibuildwheelRequest) -> dict[BuildIdentifier, str]:
    """Map each identifier served by another one's stable ABI wheel to a note that names this wheel.

    Each version of Pyodide has its own platform tag, so nothing is shared there.
    """
    found: dict[BuildIdentifier, str] = {}
    for platform, group in itertools.groupby(kept, key=lambda each: each.platform):
        if _SYSTEM_OF[platform] == "pyodide":
            continue
        builds = {PythonBuild(minor=each.minor, free_threaded=each.free_threaded): each for each in group}
        for build in plan_builds(builds, floor=request.floor, abi3t=request.abi3t):
            for python in build.serves:
                if python != build.builder:
                    found[builds[python]] = f"the {build.tag} wheel built by {build.builder.label} serves it"
    return found


def _nothing_forgotten(
    kept: Iterable[BuildIdentifier], left_out: Iterable[OmittedBuild], request: CibuildwheelRequest
) -> None:
    served = {each.label for each in kept} | {each.platform for each in kept}
    if not served:
        served_by_none = [*request.pythons, *request.platforms]
    else:
        named = (*request.pythons, *(request.platforms if request.pythons else ()))
        served_by_none = [name for name in dict.fromkeys(named) if name not in served]
    if not served_by_none:
        return
    reasons = dict.fromkeys(
        f"{each.identifier.text}: {each.why}"
        for each in left_out
        if {each.identifier.label, each.identifier.platform} & {*served_by_none}
    )
    raise NothingToBuildError(
        "\n  ".join([f"nothing is left to build for {', '.join(served_by_none)}", *reasons]),
        hint="make [tool.ftwheel] and [tool.cibuildwheel] (or CIBW_BUILD and CIBW_SKIP) agree",
    )


def _series_of(
    identifiers: Sequence[BuildIdentifier], own: CibuildwheelOptions, identifiers_of: IdentifiersOf
) -> dict[BuildIdentifier, CibuildwheelSeries]:
    """Choose the newest series that can build each identifier.

    If 3.13t is built, 3.x also builds 3.13, so that both builds use one image. If the project's ``enable`` has
    ``cpython-freethreading``, which 4.x rejects, 3.x has to build everything.
    """
    threads = {each.platform for each in identifiers if each.free_threaded and each.minor == FIRST_FREE_THREADED}
    found = {}
    for each in identifiers:
        older = each.text not in identifiers_of(CibuildwheelSeries.FOUR) or (
            each.minor == FIRST_FREE_THREADED and each.platform in threads
        )
        found[each] = CibuildwheelSeries.THREE if older else CibuildwheelSeries.FOUR
    group = CibuildwheelSeries.THREE.group
    refused = [
        system
        for system in sorted({each.system for each in identifiers})
        if group in (own.get("enable", system) or "").split()
    ]
    if refused:
        newer = [each.text for each in identifiers if each.text not in identifiers_of(CibuildwheelSeries.THREE)]
        if newer:
            raise ConfigurationError(
                f"{own.where('enable', refused[0])} names {group}, which cibuildwheel 4.x rejects,"
                f" but 3.x does not build {', '.join(newer)}",
                hint="remove it: ftwheel enables it where 3.13t is built, and 3.14t does not need it",
            )
        return dict.fromkeys(identifiers, CibuildwheelSeries.THREE)
    return found
