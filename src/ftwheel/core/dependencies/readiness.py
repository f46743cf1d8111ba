"""What is said about a dependency: whether a target gets something of it that its interpreter can load, and what helps.

A verdict is about one project and one target (an environment, by its label). A project that cannot be told about, since
no index answered or its pin is no file of an index, says why; the others are not affected.
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
    """What a target gets. The words are those of ``ftwheel.core.installers.outcomes.Outcome``, and three more."""

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
"""What fails the command unless the user says otherwise; ``CANNOT_TELL`` is neither ready nor known to block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GilDeclarations:
    """What the compiled modules of a wheel declare about the GIL, all together. A declaration is a promise, no proof.

    ``declares`` is the answer that decides what happens on import: one module that needs the GIL, or says nothing, is
    enough. ``modules`` counts them, and is 0 for a wheel without; ``others`` are those that do not declare that they
    can do without the GIL, sorted. ``why`` is the reason where the wheel could not be read, else empty.
    """

    filename: str
    declares: Declaration
    modules: int = 0
    others: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One release: ``upload_time`` is that of its earliest file for the target, UTC, None when the page has none."""

    version: str
    upload_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenFile:
    """The file that the installer takes; ``tag`` is the one by which a wheel fits, empty for a source distribution."""

    filename: str
    tag: str = ""


NO_INDEX_HAS_IT = "no index has this project"


class HelpKind(enum.Enum):
    """What a user can do about a verdict; the order is the order of preference."""

    UPGRADE = "upgrade"  # a release after the one wanted has a wheel
    LOCK_AGAIN = "lock again"  # the index has more, or fewer, files of this release than the lock knows
    OTHER_INDEX = "use another index"  # that the installer does not take the project from now
    WAIT = "wait"  # a pre-release has a wheel
    DOWNGRADE = "use an older release"
    LEAVE_OUT = "leave out an extra"  # that alone requires the project
    BUILD = "build from sdist"
    ASK = "ask upstream"
    LOOK = "look yourself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """One thing that helps; ``text`` is a clause for people, ``version`` the release it is about, maybe empty."""

    kind: HelpKind
    text: str
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetReadiness:
    """What one target gets of one project.

    ``version`` is the version wanted: that of the pin or of the resolution, else the one the installer takes; empty
    when there is none. ``newest`` is the newest release on the indexes, by the rules about pre-releases and yanked
    files, in any environment. The releases are, each None when there is none: ``first``, the oldest with a wheel of the
    target's own ABI or the stable one; ``upgrade``, the newest after ``version`` that would be ready where ``version``
    is not; ``older``, the newest before it that would; ``prerelease``, a pre-release that would where no final one
    does. ``notes`` are what there is to know about the pin: yanked, or gone from the index. ``why`` says why it cannot
    be told, empty otherwise.
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
    """One project: a verdict for each target that wants it, in the order of the targets.

    ``requirement`` is what was asked for, as text. ``chains`` say who pulls it in: each a path of names from a root to
    this project, shortest first; ``dependents`` counts the projects that cannot be ready before this one is.
    ``tracker`` is the address of its issue tracker by its metadata, empty when that names none or was not looked at.
    ``problem`` is why there are no verdicts, with the exit code of its class; both are empty (0) otherwise.
    """

    name: str
    requirement: str
    verdicts: tuple[TargetReadiness, ...] = ()
    chains: tuple[tuple[str, ...], ...] = ()
    problem: str = ""
    problem_code: int = 0
    dependents: int = 0
    tracker: str = ""

    def at(self, target: str) -> TargetReadiness | None:
        """The verdict for a target, None when the target does not want the project."""
        return next((verdict for verdict in self.verdicts if verdict.target == target), None)

    @property
    def ready(self) -> bool:
        """Whether every target that wants it is ready; not when it could not be judged."""
        return not self.problem and all(verdict.ready for verdict in self.verdicts)

    @property
    def direct(self) -> bool:
        """Whether it was asked for itself, and not only for another's sake."""
        return any(len(chain) == 1 for chain in self.chains)

    @property
    def difference(self) -> str:
        """``cp314t yes, cp315t not yet`` where targets differ, empty where they do not.

        The platform is named where it makes the difference.
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
    """What fails the command: ``fail_on`` are the outcomes that do, ``allowed`` the projects (normalized) exempt."""

    fail_on: frozenset[Readiness] = BLOCKING
    allowed: frozenset[str] = frozenset()

    def blocks(self, project: ProjectReport) -> bool:
        """Whether one of its verdicts fails the command; a project that could not be judged is no verdict."""
        return project.name not in self.allowed and any(v.readiness in self.fail_on for v in project.verdicts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """``projects`` are ``ready`` ones and others; of the others ``blocking`` fail, ``untold`` could not be told.

    ``allowed`` are those that would block if neither they nor what they get were exempt.
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
            parts.append(f"{self.untold:,} cannot be told")
        return "; ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Shard:
    """Part ``number`` (from 1) of ``of``."""

    of: int
    number: int

    @property
    def label(self) -> str:
        """``2/8``"""
        return f"{self.number}/{self.of}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingReport:
    """What comes out of a run: ``projects`` by name. ``inputs`` and ``targets`` are labels, in the order given.

    ``shards`` are the parts of the input that were looked at; empty means all of it.
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
        """The projects, those first whose readiness unblocks most; those that are ready last, by name.

        What blocks goes before what is allowed or cannot be told. Then what more projects depend on, what was asked
        for itself, and what a newer release has solved already.
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
        """The highest code of the projects that could not be judged, else 1 where something blocks, else 0.

        Projects that are allowed do not count. It is 2 when of all that was asked about nothing can be told, which is
        no finding: an index is not the right one.
        """
        judged = (project for project in self.projects if project.name not in self.policy.allowed)
        if code := max((project.problem_code for project in judged), default=0):
            return code
        counts = self.counts
        if self.policy.fail_on and 0 < counts.projects == counts.untold and not self.blocking:
            return InputError.exit_code
        return int(bool(self.blocking))


def merge(reports: Iterable[MissingReport]) -> MissingReport:
    """One report of several parts, in any order, with the policy of the first; the same for every order otherwise.

    Of a project that is in several parts the one that was judged counts, so that a later run of what failed is merged
    in the same way. ``shards`` is empty when all parts are there. Raises InputError when the parts are not about the
    same targets or cut in the same number of shards, and when there are none.
    """
    parts = list(reports)
    if not parts:
        raise InputError("there is nothing to merge", hint="name the JSON files of all shards")
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
            f"shards of {_listed(map(str, sorted(sizes)))} parts cannot be merged", hint="cut the input the same way"
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
