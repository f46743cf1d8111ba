"""The report types of ``ftwheel missing``: whether a target installs something it can load, and what would help.

A verdict is about one project and one target (an environment, by its label). A project without a verdict, because no
index answered or has the pinned file, states the reason; other projects are not affected.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ftwheel.core.errors import InputError

if TYPE_CHECKING:
    from ftwheel.core.dependencies.inputs import UnindexedDependency
    from ftwheel.core.wheel.extension_module import Declaration

__all__ = [
    "BLOCKING",
    "NO_INDEX_HAS_IT",
    "READY",
    "RELAX_SPECIFIER",
    "Counts",
    "FailurePolicy",
    "GilDeclarations",
    "Help",
    "HelpKind",
    "MissingReport",
    "ProjectReport",
    "Readiness",
    "Release",
    "Shard",
    "TakenFile",
    "TargetReadiness",
    "merge",
]


class Readiness(enum.Enum):
    """What a target installs: the outcomes of ``ftwheel.core.installers.outcomes.Outcome``, and three more."""

    FREE_THREADED = "free-threaded wheel"
    VERSION_SPECIFIC = "version-specific wheel"  # of the default build, for a default build
    STABLE_ABI = "stable ABI"
    PURE = "pure"
    CANNOT_LOAD = "wheel it cannot load"  # accepted is not loadable: cp315-abi3t on 3.14t
    OLDER_VERSION = "older version"
    SDIST = "sdist"
    NOTHING = "nothing"
    CANNOT_TELL = "cannot tell"


READY = frozenset({Readiness.FREE_THREADED, Readiness.VERSION_SPECIFIC, Readiness.STABLE_ABI, Readiness.PURE})
BLOCKING = frozenset({Readiness.CANNOT_LOAD, Readiness.OLDER_VERSION, Readiness.SDIST, Readiness.NOTHING})
"""The outcomes that fail the command by default; ``CANNOT_TELL`` is neither ready nor known to block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GilDeclarations:
    """What the extension modules of a wheel declare about the GIL. A declaration is a promise, not a proof.

    ``declares`` determines what happens on import: one module that needs the GIL, or declares nothing, is enough.
    ``modules`` is the number of modules; ``others`` are those that do not declare that they work without the GIL,
    sorted. ``why`` is the reason if the wheel could not be read, else empty.
    """

    filename: str
    declares: Declaration
    modules: int = 0
    others: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One release; ``upload_time`` is that of its earliest file for the target, in UTC, None if the page has none."""

    version: str
    upload_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenFile:
    """The file that the installer selects; ``tag`` is the matching tag of a wheel, empty for a source distribution."""

    filename: str
    tag: str = ""


NO_INDEX_HAS_IT = "no index has this project"

RELAX_SPECIFIER = "relax the version specifier, or add the index that has such a release with --extra-index-url"
"""What to do about a requirement that no release satisfies."""


class HelpKind(enum.Enum):
    """What a user can do about a verdict; the order is the order of preference."""

    UPGRADE = "upgrade"  # a release newer than the wanted one has a wheel
    LOCK_AGAIN = "lock again"  # the index has more, or fewer, files of this release than the lock lists
    OTHER_INDEX = "use another index"  # one from which the installer does not currently take the project
    WAIT = "wait"  # a pre-release has a wheel
    DOWNGRADE = "use an older release"
    LEAVE_OUT = "leave out an extra"  # that alone requires the project
    BUILD = "build from sdist"
    ASK_PYTHON = "ask to support a Python"  # the project's Requires-Python excludes the target
    ASK = "ask upstream"
    LOOK = "look yourself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """One remedy; ``text`` is shown to the user, ``version`` is the release it is about, or empty."""

    kind: HelpKind
    text: str
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetReadiness:
    """What one target installs of one project.

    ``version`` comes from the pin or the resolution, else it is the one the installer selects; empty if there is none.
    ``newest`` is the newest release on the indexes in any environment, subject to the rules about pre-releases and
    yanked files. These releases are None if there is none: ``first`` is the oldest with a wheel for the target's own or
    stable ABI; ``upgrade`` is the newest release after ``version`` that is ready although ``version`` is not; ``older``
    is the newest ready release before it; ``prerelease`` is a pre-release that is ready although no final release is.
    ``notes`` are about the pin: yanked, or gone from the index. ``why`` is the reason for "cannot tell", else empty.
    """

    target: str
    readiness: Readiness
    version: str = ""
    taken: TakenFile | None = None
    newest: str = ""
    first: Release | None = None
    upgrade: Release | None = None
    older: Release | None = None
    prerelease: Release | None = None
    helps: tuple[Help, ...] = ()
    notes: tuple[str, ...] = ()
    gil: GilDeclarations | None = None
    why: str = ""

    @property
    def ready(self) -> bool:
        return self.readiness in READY


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectReport:
    """One project: a verdict for each target that needs it, in the order of the targets.

    ``requirement`` is the request as text. ``chains`` are the dependency paths to it: names from a root to this
    project, shortest first; ``dependents`` counts the projects that cannot be ready before this one is. ``tracker`` is
    the URL of its issue tracker from its metadata, empty if there is none or the metadata was not read. ``problem`` is
    why there are no verdicts, with the exit code of its class and a hint what to do; otherwise they are empty and 0.
    """

    name: str
    requirement: str
    verdicts: tuple[TargetReadiness, ...] = ()
    chains: tuple[tuple[str, ...], ...] = ()
    problem: str = ""
    problem_code: int = 0
    problem_hint: str = ""
    dependents: int = 0
    tracker: str = ""

    def at(self, target: str) -> TargetReadiness | None:
        """The verdict for a target, None if the target does not need the project."""
        return next((verdict for verdict in self.verdicts if verdict.target == target), None)

    @property
    def ready(self) -> bool:
        """Whether every target that needs it is ready; false when it could not be judged."""
        return not self.problem and all(verdict.ready for verdict in self.verdicts)

    @property
    def direct(self) -> bool:
        """Whether it was requested directly."""
        return any(len(chain) == 1 for chain in self.chains)

    @property
    def difference(self) -> str:
        """``cp314t yes, cp315t not yet`` if the targets differ, else empty.

        The platform is included if the result depends on it.
        """
        if len({verdict.ready for verdict in self.verdicts}) < 2:
            return ""
        pythons = [verdict.target.partition("-")[0] for verdict in self.verdicts]
        short = all(
            len({verdict.ready for verdict, name in zip(self.verdicts, pythons, strict=True) if name == python}) == 1
            for python in pythons
        )
        words: dict[str, str] = {}
        for verdict, python in zip(self.verdicts, pythons, strict=True):
            if verdict.readiness is Readiness.CANNOT_TELL:
                word = "cannot tell"
            else:
                word = "yes" if verdict.ready else "not yet"
            words[python if short else verdict.target] = word
        return ", ".join(f"{label} {word}" for label, word in words.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class FailurePolicy:
    """What fails the command: the outcomes in ``fail_on``, except for the ``allowed`` projects (normalized names)."""

    fail_on: frozenset[Readiness] = BLOCKING
    allowed: frozenset[str] = frozenset()

    def blocks(self, project: ProjectReport) -> bool:
        """Whether one of the project's verdicts fails the command; a project that could not be judged has none."""
        return project.name not in self.allowed and any(v.readiness in self.fail_on for v in project.verdicts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many of all ``projects`` are ``ready``; of the others, ``blocking`` fail the command, ``untold`` are unknown.

    ``allowed`` are those that would block if they and their outcomes were not exempt.
    """

    projects: int
    ready: int
    blocking: int
    allowed: int
    untold: int

    @property
    def summary(self) -> str:
        """``41 of 43 ready; 2 block``"""
        if not self.projects:
            return "no dependencies, so nothing blocks"
        parts = [f"{self.ready:,} of {self.projects:,} ready"]
        if self.blocking:
            parts.append(f"{self.blocking:,} block{'s' if self.blocking == 1 else ''}")
        if self.allowed:
            parts.append(f"{self.allowed:,} allowed")
        if self.untold:
            parts.append(f"{self.untold:,} unknown")
        return "; ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Shard:
    """Part ``number`` (from 1) of ``of`` parts."""

    of: int
    number: int

    @property
    def label(self) -> str:
        """``2/8``"""
        return f"{self.number}/{self.of}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingReport:
    """The result of a run: ``projects`` by name. ``inputs`` and ``targets`` are labels, in the order given.

    ``shards`` are the parts of the input that were judged; empty means all of it.
    """

    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    projects: tuple[ProjectReport, ...]
    set_aside: tuple[UnindexedDependency, ...] = ()
    policy: FailurePolicy = FailurePolicy()
    shards: tuple[Shard, ...] = ()

    @property
    def blocking(self) -> tuple[ProjectReport, ...]:
        return tuple(project for project in self.projects if self.policy.blocks(project))

    @property
    def ranked(self) -> tuple[ProjectReport, ...]:
        """The projects by impact; ready ones last, by name.

        Blocking projects come before allowed and unknown ones. Ties are broken in favour of projects that more projects
        depend on, then directly requested ones, then those that a newer release has already fixed.
        """
        return tuple(sorted(self.projects, key=self._rank))

    def _rank(self, project: ProjectReport) -> tuple[bool, bool, int, bool, bool, str]:
        return (
            project.ready,
            not self.policy.blocks(project),
            0 if project.ready else -project.dependents,
            not project.ready and not project.direct,
            not project.ready and not any(verdict.upgrade for verdict in project.verdicts),
            project.name,
        )

    @property
    def counts(self) -> Counts:
        blocking = {project.name for project in self.blocking}
        strict = FailurePolicy(fail_on=self.policy.fail_on | BLOCKING)
        rest = [project for project in self.projects if not project.ready and project.name not in blocking]
        allowed = [project for project in rest if strict.blocks(project)]
        ready = sum(project.ready for project in self.projects)
        return Counts(
            projects=len(self.projects),
            ready=ready,
            blocking=sum(not project.ready for project in self.blocking),
            allowed=len(allowed),
            untold=len(rest) - len(allowed),
        )

    @property
    def exit_code(self) -> int:
        """The highest code of the projects that could not be judged, else 1 if something blocks, else 0.

        Allowed projects do not count. It is 2 if nothing at all could be judged, which suggests a wrong index rather
        than findings.
        """
        judged = (project for project in self.projects if project.name not in self.policy.allowed)
        if code := max((project.problem_code for project in judged), default=0):
            return code
        counts = self.counts
        if self.policy.fail_on and 0 < counts.projects == counts.untold and not self.blocking:
            return InputError.exit_code
        return int(bool(self.blocking))


def merge(reports: Iterable[MissingReport]) -> MissingReport:
    """Merge the parts of a report, in any order, with the policy of the first.

    If several parts have the same project, the judged one wins, so a later run of the failures can be merged too.
    ``shards`` is empty if the parts are complete. Raises InputError if the parts differ in targets or numbers of
    shards, or if there are no parts.
    """
    parts = list(reports)
    if not parts:
        raise InputError("nothing to merge", hint="name the JSON files of all shards")
    first = parts[0]
    for part in parts[1:]:
        if part.targets != first.targets:
            raise InputError(
                f"reports about {_listed(first.targets)} and about {_listed(part.targets)} cannot be merged",
                hint="run every shard with the same --target",
            )
    shards = sorted({shard for part in parts for shard in part.shards})
    sizes = {shard.of for shard in shards}
    if len(sizes) > 1:
        raise InputError(
            f"shards of {_listed(map(str, sorted(sizes)))} parts cannot be merged", hint="split the input the same way"
        )
    whole = not all(part.shards for part in parts) or sizes == {len(shards)}
    projects: dict[str, ProjectReport] = {}
    for project in sorted((project for part in parts for project in part.projects), key=_key):
        projects.setdefault(project.name, project)
    return MissingReport(
        inputs=tuple(sorted({label for part in parts for label in part.inputs})),
        targets=first.targets,
        projects=tuple(projects.values()),
        set_aside=tuple(sorted({aside for part in parts for aside in part.set_aside}, key=repr)),
        policy=first.policy,
        shards=() if whole else tuple(shards),
    )


def _key(project: ProjectReport) -> tuple[str, bool, str]:
    return project.name, bool(project.problem), repr(project)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
