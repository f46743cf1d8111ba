"""Decides which targets a release has to serve and which of them it does serve: the heart of ``ftwheel verify``.

A target is one build of one CPython minor version on one machine. Machines are named by the oldest platform tag that
the release's wheels require, so with a ``cp314t`` wheel for glibc 2.28 and a ``cp314`` wheel for 2.17, one target
(3.14t on a machine with glibc 2.17) has no wheel.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ftwheel.core.errors import InputError
from ftwheel.core.tags.cpython import FIRST_SUPPORTED_FREE_THREADED, exists, oldest_machine
from ftwheel.core.tags.cpython_builds import targets_of
from ftwheel.core.tags.machines import machines, may_exist
from ftwheel.core.wheel.filename import WheelName
from ftwheel.core.wheel.pairs import platform_family

if TYPE_CHECKING:
    from ftwheel.core.installers.outcomes import Outcome

__all__ = [
    "ConfiguredTargets",
    "Coverage",
    "CoverageCell",
    "ExpectationBasis",
    "InstallerChoice",
    "TargetEnvironment",
    "WheelScope",
    "floor_of",
    "judge",
    "level",
    "target_environments",
    "wheel_scope",
]

_LEVEL = re.compile(r"[a-z]+_([0-9]{1,4})_([0-9]{1,4})_")


class ExpectationBasis(enum.Enum):
    """Why a target is expected to be served; the first basis that applies."""

    CONFIGURED = "[tool.ftwheel] names it"
    OTHER_BUILD = "the other build of this version is served here"
    DROPPED_PYTHON = "the previous release served it, but this one has no wheel for this interpreter at all"
    DROPPED_PLATFORM = "the previous release served it, but this one has no wheel for this platform at all"
    RAISED_FLOOR = "the previous release served it, but this one needs a newer system"
    PREVIOUS = "the previous release served it"
    SHIPPED = "the release has wheels for this version and for this platform"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class TargetEnvironment:
    """CPython 3.``minor`` of one build on one machine; ``platform`` is the newest platform tag the machine accepts."""

    minor: int
    free_threaded: bool
    platform: str

    @property
    def python(self) -> str:
        """``cp314t``"""
        return f"cp3{self.minor}{'t' if self.free_threaded else ''}"

    @property
    def label(self) -> str:
        """``cp314t-manylinux_2_28_x86_64``: the environment's label."""
        return f"{self.python}-{self.platform}"

    @property
    def other_build(self) -> TargetEnvironment:
        """The other build of the same version on the same machine."""
        return TargetEnvironment(minor=self.minor, free_threaded=not self.free_threaded, platform=self.platform)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallerChoice:
    """What one installer selects on a target. ``filename`` and ``version`` are empty when it selects nothing.

    ``only_binary`` is the version it would select without sdists (``--only-binary``), or empty; None if sdists make no
    difference. ``loadable`` is False for a wheel that is accepted but cannot be loaded.
    """

    installer: str
    outcome: Outcome
    filename: str = ""
    version: str = ""
    only_binary: str | None = None
    loadable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageCell:
    """One target, what each installer selects there, and why the target is expected to be served (None if it is not).

    ``served`` is true if every installer selects a wheel of this release that can be loaded there; ``compiled`` if that
    wheel is compiled, not a pure fallback.
    """

    target: TargetEnvironment
    choices: tuple[InstallerChoice, ...]
    served: bool
    compiled: bool
    expected: ExpectationBasis | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The coverage of a release. ``cells`` are sorted by platform family, machine, version, build.

    ``previous`` is the release it is compared with, or empty. ``new_files`` are the files to upload; ``published`` are
    the files of this release already on the index.
    """

    project: str
    version: str
    previous: str
    installers: tuple[str, ...]
    new_files: tuple[str, ...]
    published: tuple[str, ...]
    cells: tuple[CoverageCell, ...]

    @property
    def missing(self) -> tuple[CoverageCell, ...]:
        """The expected targets that no wheel of this release serves."""
        return tuple(cell for cell in self.cells if cell.expected is not None and not cell.served)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredTargets:
    """The targets in ``[tool.ftwheel]``: pythons such as ``3.14t``, and platform tags. Empty means inferred.

    ``pythons`` and ``platforms`` are exhaustive: nothing else is expected. ``stable_abi`` are the default builds that a
    stable ABI wheel is for, if ``pythons`` is not set; other builds may be expected as well. ``left_out`` are pairs of
    a Python and one of the ``platforms`` that the project does not build for each other.
    """

    pythons: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    stable_abi: tuple[str, ...] = ()
    left_out: frozenset[tuple[str, str]] = frozenset()

    @property
    def named(self) -> tuple[str, ...]:
        """The pythons that have to be served."""
        return self.pythons or self.stable_abi

    def allows(self, target: TargetEnvironment) -> bool:
        """Whether a release may be expected to serve a target at all."""
        python = f"3.{target.minor}{'t' if target.free_threaded else ''}"
        if self.pythons and python not in self.pythons:
            return False
        floors = [(platform, machine) for platform in self.platforms for machine in machines(platform)]
        return not floors or any(
            platform_family(floor) == platform_family(target.platform)
            and level(floor) <= level(target.platform)
            and (python, platform) not in self.left_out
            for platform, floor in floors
        )

    @classmethod
    def of(
        cls,
        *,
        pythons: Iterable[str],
        platforms: Iterable[str],
        stable_abi: str,
        supported: Iterable[int],
        left_out: Iterable[tuple[str, str]] = (),
    ) -> ConfiguredTargets:
        """Create it from the table's keys; ``stable-abi`` means every supported default build from that version on.

        ``supported`` are the supported minor versions.
        """
        floor = int(stable_abi.partition(".")[2]) if stable_abi else None
        builds = tuple(f"3.{minor}" for minor in supported if floor is not None and minor >= floor)
        return cls(pythons=tuple(pythons), platforms=tuple(platforms), stable_abi=builds, left_out=frozenset(left_out))


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelScope:
    """What a set of wheels is for, according to their names: minor versions of both builds, and machines.

    ``specific`` are the versions of the default build that have a wheel of their own, and not just one for the stable
    ABI. ``pure`` is true if one of them is for any platform, so no target needs its own wheel.
    """

    default: frozenset[int]
    free_threaded: frozenset[int]
    machines: frozenset[str]
    pure: bool
    specific: frozenset[int] = frozenset()

    def concerns(self, target: TargetEnvironment) -> bool:
        """Whether one machine that built these wheels, in pairs, has to serve a target with them.

        That is both builds of every version, on these machines and newer ones. A stable ABI wheel is built once for
        many versions, so of the free-threaded builds only those with a wheel, or whose default build has a wheel of its
        own, count.
        """
        if self.pure and not self.machines:
            return True
        wanted = self.default | self.free_threaded
        if target.free_threaded and self.free_threaded:
            wanted = self.free_threaded | self.specific
        if target.minor not in wanted:
            return False
        family = platform_family(target.platform)
        return any(
            platform_family(machine) == family and level(machine) <= level(target.platform) for machine in self.machines
        )


def _oldest(platforms: Iterable[str]) -> set[str]:
    """The oldest machine of each family, because a compressed set serves every machine from its oldest level on."""
    lowest: dict[tuple[str, str], str] = {}
    for machine in (machine for platform in platforms for machine in machines(platform)):
        family = platform_family(machine)
        if family not in lowest or level(machine) < level(lowest[family]):
            lowest[family] = machine
    return set(lowest.values())


def level(machine: str) -> tuple[int, int]:
    """``(2, 28)`` for ``manylinux_2_28_x86_64``; ``(0, 0)`` for a tag without a level."""
    match = _LEVEL.match(machine)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def wheel_scope(filenames: Iterable[str], newest: int) -> WheelScope:
    """What these files are for; ``newest`` is the newest minor version that a stable ABI wheel counts for.

    Other files, wheel variants, and wheels for other implementations are ignored.
    """
    default: set[int] = set()
    free_threaded: set[int] = set()
    specific: set[int] = set()
    found: set[str] = set()
    pure = False
    for filename in filenames:
        try:
            name = WheelName.parse(filename)
        except InputError:
            continue
        if name.variant:
            continue  # current installers ignore it
        named = targets_of(name)
        targets = [target for target in named if any(may_exist(target, platform) for platform in name.platforms)]
        for target in targets:
            # a cp315-abi3.abi3t wheel serves 3.15 even if it was uploaded before the release of 3.15
            last = max(newest, target.minor) if target.onwards else target.minor
            (free_threaded if target.free_threaded else default).update(range(target.minor, last + 1))
            if not target.onwards and not target.free_threaded:
                specific.add(target.minor)
        generic = not named and "none" in name.abis and any(tag.startswith(("py", "cp3")) for tag in name.interpreters)
        pure |= generic and name.platforms == ("any",)
        if targets or generic:
            found |= _oldest(name.platforms)
    return WheelScope(
        default=frozenset(default),
        free_threaded=frozenset(free_threaded),
        machines=frozenset(found),
        pure=pure,
        specific=frozenset(specific),
    )


def target_environments(
    release: WheelScope, previous: WheelScope | None, configured: ConfiguredTargets
) -> tuple[TargetEnvironment, ...]:
    """Every target to simulate, sorted.

    These are both builds of each minor version that the release, the previous one or the configuration covers, on each
    of their machines. Free-threaded builds are included from 3.14 on, 3.13t only if a wheel names it. A CPython that
    cannot exist on the machine is excluded, and macOS is as new as the CPython requires.
    """
    scopes = [release, previous] if previous else [release]
    free_threaded = frozenset[int]().union(*(one.free_threaded for one in scopes))
    minors = frozenset[int]().union(*(one.default for one in scopes), free_threaded)
    found = frozenset[str]().union(*(one.machines for one in scopes))
    named = {(int(python.removesuffix("t")[2:]), python.endswith("t")) for python in configured.named}
    found |= {machine for platform in configured.platforms for machine in machines(platform)}
    inferred = {(minor, False) for minor in minors} | {
        (minor, True) for minor in minors if minor in free_threaded or minor >= FIRST_SUPPORTED_FREE_THREADED
    }
    return tuple(
        sorted(
            {
                TargetEnvironment(minor=minor, free_threaded=is_free_threaded, platform=oldest_machine(minor, machine))
                for minor, is_free_threaded in named | inferred
                for machine in found
                if exists(minor, oldest_machine(minor, machine), free_threaded=is_free_threaded) is not False
            }
        )
    )


def floor_of(cells: Iterable[CoverageCell], target: TargetEnvironment) -> str | None:
    """The oldest machine newer than the target's on which the same build installs a wheel of this release."""
    served = [
        cell.target.platform
        for cell in cells
        if cell.served
        and cell.target.python == target.python
        and platform_family(cell.target.platform) == platform_family(target.platform)
        and level(cell.target.platform) > level(target.platform)
    ]
    return min(served, key=level, default=None)


def judge(
    cells: Iterable[CoverageCell],
    *,
    release: WheelScope,
    configured: ConfiguredTargets,
    served_before: frozenset[TargetEnvironment],
    supported: frozenset[int],
    allowed: frozenset[int],
    keep: bool = False,
) -> tuple[CoverageCell, ...]:
    """Set the basis on which each target is expected, if any.

    ``served_before`` are the targets that the previous release served, ``supported`` the minor versions supported at
    the time, ``allowed`` those of them that requires-python permits: dropping any other is not a loss. With ``keep``, a
    release may not drop a build or a platform of these altogether (except 3.13t, which was experimental). A target
    served for neither build of a version (``SHIPPED``) is expected only on the newest machine of each platform family,
    because an old machine may be too old for a new Python.
    """
    found = {cell.target: cell for cell in cells}
    newest: dict[tuple[str, str], str] = {}
    for machine in sorted(release.machines, key=level):
        newest[platform_family(machine)] = machine
    pythons = configured.named or tuple(f"3.{minor}" for minor in release.default | release.free_threaded)
    platforms = {machine for platform in configured.platforms for machine in machines(platform)} or release.machines
    named = (
        {f"cp{python.replace('.', '')}" for python in pythons}
        if configured != ConfiguredTargets()
        else frozenset[str]()
    )

    families = set(map(platform_family, release.machines))

    def served_from(target: TargetEnvironment) -> bool:
        """Whether the same build is served on a newer machine of the same family."""
        return not found[target].served and floor_of(found.values(), target) is not None

    def dropped(target: TargetEnvironment, basis: ExpectationBasis) -> ExpectationBasis | None:
        if target not in served_before:
            return None
        experimental = target.free_threaded and target.minor < FIRST_SUPPORTED_FREE_THREADED
        return ExpectationBasis.PREVIOUS if keep and target.minor in allowed and not experimental else basis

    def expected(target: TargetEnvironment) -> ExpectationBasis | None:
        if not configured.allows(target):
            return None
        if target.python in named and target.platform in {oldest_machine(target.minor, each) for each in platforms}:
            return ExpectationBasis.CONFIGURED
        shipped = target.minor in (release.free_threaded if target.free_threaded else release.default)
        optional = not target.free_threaded or target.minor < FIRST_SUPPORTED_FREE_THREADED
        if not shipped and optional and target.minor not in release.free_threaded:
            return dropped(target, ExpectationBasis.DROPPED_PYTHON) if target.minor in allowed else None
        if platform_family(target.platform) not in families:
            return dropped(target, ExpectationBasis.DROPPED_PLATFORM)
        if target.other_build in found and found[target.other_build].compiled:
            return ExpectationBasis.OTHER_BUILD
        if target in served_before:
            return ExpectationBasis.RAISED_FLOOR if served_from(target) else ExpectationBasis.PREVIOUS
        newest_here = newest.get(platform_family(target.platform), target.platform)
        if shipped and target.platform == oldest_machine(target.minor, newest_here) and target.minor in supported:
            return ExpectationBasis.SHIPPED
        return None

    return tuple(replace(cell, expected=expected(target)) for target, cell in sorted(found.items()))
