"""Decides how ready a project is for a target: what the installer selects there, since when, and what would help.

The verdict on the requested version comes from the simulator (``ftwheel.core.installers.selection``); earlier and later
releases are simulated the same way, without source distributions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from ftwheel.core.dependencies.readiness import (
    NO_INDEX_HAS_IT,
    RELAX_SPECIFIER,
    Help,
    HelpKind,
    Readiness,
    Release,
    TakenFile,
    TargetReadiness,
)
from ftwheel.core.dependencies.requested import RequestedProject, RequestedVersion
from ftwheel.core.index.page import File, ProjectDetails, SourceKind, normalized
from ftwheel.core.index.page_columns import columns
from ftwheel.core.installers.candidates import Candidate
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.outcomes import Outcome, outcome
from ftwheel.core.installers.project_files import VersionFiles
from ftwheel.core.installers.registry import find_installer
from ftwheel.core.installers.requirements import Requirement, parse_requirement, parse_version
from ftwheel.core.installers.selection import ProjectFiles, choose, is_older, loads, newest_version, refusal
from ftwheel.core.installers.upload_hints import usual_platform, wheel_tag
from ftwheel.core.tags.cpython import FIRST_ABI3T
from ftwheel.core.tags.environments import Environment, Loading, loading
from ftwheel.core.tags.priority import best_tag, position

__all__ = [
    "assess",
    "describing_file",
    "help_of_index",
    "newest_wheel",
    "not_there",
    "untold",
    "with_alternatives",
    "with_helps",
    "with_passed_over",
]

_MOST_TRIES = 64  # consecutive releases whose wheels are accepted but cannot be loaded
_COMPILED = frozenset({Readiness.FREE_THREADED, Readiness.VERSION_SPECIFIC, Readiness.STABLE_ABI})
_READY = {
    Outcome.FREE_THREADED: Readiness.FREE_THREADED,
    Outcome.VERSION_SPECIFIC: Readiness.VERSION_SPECIFIC,
    Outcome.STABLE_ABI: Readiness.STABLE_ABI,
    Outcome.PURE: Readiness.PURE,
    Outcome.OLDER_VERSION: Readiness.OLDER_VERSION,
    Outcome.SDIST: Readiness.SDIST,
    Outcome.NOTHING: Readiness.NOTHING,
}


def untold(environment: Environment, why: str, *, version: str = "") -> TargetReadiness:
    """The verdict "cannot tell"."""
    return TargetReadiness(target=environment.label, readiness=Readiness.CANNOT_TELL, version=version, why=why)


def not_there(project: ProjectFiles | None, requested: RequestedProject, rules: InstallerOptions) -> str:
    """Why a project cannot be judged: no index has it or its requested version; empty otherwise.

    Projects from a lock or an environment may be missing from every index; they are judged by the input.
    """
    if any(wanted.pinned for _, wanted in requested.versions):
        return ""
    if project is None:
        return NO_INDEX_HAS_IT
    if all(len(chain) > 1 for chain in requested.chains):
        return ""
    return next(
        filter(None, (_unsatisfied(project, wanted.requirement, rules) for _, wanted in requested.versions)), ""
    )


def _unsatisfied(project: ProjectFiles, requirement: Requirement, rules: InstallerOptions) -> str:
    """Why no release satisfies a requirement in any environment, and the newest release; empty if one does."""
    specification = requirement.specification
    releases = project.version_index(find_installer(rules.name)).matching(requirement).versions
    cutoff = rules.uploaded_prior_to
    excluded: dict[str, None] = {}
    for group in releases:
        for entry in group.entries():
            if cutoff is not None and entry.upload_time is not None and entry.upload_time >= cutoff:
                excluded[f"was uploaded after {cutoff:%Y-%m-%d}"] = None
            elif entry.yanked is not None and not requirement.pinned:
                excluded["is yanked"] = None
            elif group.version.is_prerelease and rules.allow_prereleases is False:
                excluded["is a pre-release"] = None
            else:
                return ""
    if excluded:
        satisfying = f" that satisfies {specification}" if specification else ""
        why = f"every release{satisfying} {' or '.join(excluded)}"
    elif not specification:
        return ""  # an empty page
    else:
        single = requirement.single
        why = f"no release satisfies {specification}" if single is None else f"no version {single}"
    newest = newest_version(project, Requirement(text=project.name, name=project.name), rules)
    known = newest is not None and not requirement.contains(Version(newest))
    return f"{why}; the newest is {newest}" if known else why


def assess(
    project: ProjectFiles | None, requested: RequestedVersion, environment: Environment, rules: InstallerOptions
) -> TargetReadiness:
    """The readiness of one project for one target; ``project`` is None when no index has it.

    If there is a lock, its files decide what the target installs, and the index shows what would help.
    """
    if requested.pinned and parse_version(requested.pinned) is None:
        return untold(environment, f"{requested.pinned[:100]!r} is not a version (PEP 440)", version=requested.pinned)
    if project is None and not requested.locked:
        return untold(environment, NO_INDEX_HAS_IT, version=requested.pinned)
    question = _Question(project, requested, environment, rules)
    if requested.locked:
        page = ProjectDetails(name=requested.requirement.name, files=requested.locked)
        locked = _Question(ProjectFiles(page.name, [(SourceKind.INDEX, page)]), requested, environment, rules)
        return question.with_help(locked.verdict())
    return question.with_help(question.verdict())


def help_of_index(
    named: tuple[str, ProjectDetails],
    requested: RequestedVersion,
    verdict: TargetReadiness,
    environment: Environment,
    rules: InstallerOptions,
) -> Help | None:
    """What one index has for a target that is not ready: a wheel of the wanted version, else of a newer or older one.

    ``named`` is the name of the index and its page. None if it has nothing that the target accepts and can load.
    """
    label, page = named
    alone = ProjectFiles(requested.requirement.name, [(SourceKind.INDEX, page)])
    question = _Question(alone, requested, environment, rules)
    version = Version(verdict.version).public if verdict.version else ""
    wanted = (f"=={verdict.version}", f">{version}", f"<{version}") if version else ("",)
    best = next(filter(None, (question.newest_ready(one) for one in wanted)), None)
    if best is None:
        return None
    return Help(
        kind=HelpKind.OTHER_INDEX, text=f"use the index {label}: it has {best.file.filename}", version=best.version
    )


def with_passed_over(
    verdict: TargetReadiness,
    labels: Iterable[str],
    project: ProjectFiles,
    requested: RequestedVersion,
    question: tuple[Environment, InstallerOptions],
) -> TargetReadiness:
    """Add to a verdict what the installer's other indexes have, if it stops at the first one with the project.

    ``labels`` are the names of the project's sources.
    """
    named = [
        (label, source.details) for label, source in zip(labels, project.sources, strict=True) if not source.kind.flat
    ]
    if verdict.ready or len(named) < 2:
        return verdict
    together = _Question(project, requested, *question)
    found = []
    for one in named:
        there = help_of_index(one, requested, verdict, *question)
        if there is not None and together.newest_ready(f"=={there.version}", prereleases=True) is None:
            why = f"{question[1].name} stops at another index that has {project.name}"
            found.append(replace(there, text=f"{there.text}, and {why}"))
    return with_helps(verdict, found)


def with_helps(verdict: TargetReadiness, more: Iterable[Help]) -> TargetReadiness:
    """Add further remedies to a verdict, best first."""
    order = list(HelpKind)
    return replace(verdict, helps=tuple(sorted((*verdict.helps, *more), key=lambda each: order.index(each.kind))))


def with_alternatives(verdict: TargetReadiness, extras: Iterable[str]) -> TargetReadiness:
    """Add to a verdict the extras to drop, if the project is not ready."""
    helps = [each for each in verdict.helps if each.kind is not HelpKind.LEAVE_OUT]
    if not verdict.ready:
        helps += [
            Help(
                kind=HelpKind.LEAVE_OUT,
                text=f"drop the extra {extra} if you can: nothing else requires it",
            )
            for extra in extras
        ]
    return replace(verdict, helps=tuple(helps))


def describing_file(project: ProjectFiles) -> File | None:
    """The file whose metadata best describes a project: a wheel of its newest version, preferably with PEP 658 data."""
    found: dict[tuple[bool, Version], File] = {}
    for source in project.sources:
        for file in source.details.files:
            parts = file.filename.split("-")
            version = parse_version(parts[1]) if file.filename.endswith(".whl") and len(parts) in {5, 6} else None
            if version is not None and file.yanked is None:
                found.setdefault((file.core_metadata is not None, version), file)
    return found[max(found)] if found else None


def newest_wheel(
    project: ProjectFiles, verdict: TargetReadiness, environment: Environment, rules: InstallerOptions
) -> File | None:
    """The wheel whose modules to inspect: the selected one, or the newest that the target could install and load.

    None when there is none, or when its tags exclude extension modules.
    """
    taken = verdict.taken is not None and verdict.readiness in _COMPILED
    requested = RequestedVersion(requirement=Requirement(text=project.name, name=project.name))
    question = _Question(project, requested, environment, rules)
    best = question.newest_ready(f"=={verdict.version}" if taken else "", prereleases=taken)
    return best.file if best is not None and best.tag.split("-")[1] != "none" else None


class _Question:
    """A project's pages, a target, and the request."""

    def __init__(
        self,
        project: ProjectFiles | None,
        requested: RequestedVersion,
        environment: Environment,
        rules: InstallerOptions,
    ) -> None:
        self.project = project
        self.requested = requested
        self.environment = environment
        self.rules = rules
        self.name = requested.requirement.name
        # only wheels help, and pre-releases are handled separately
        self.wheels_only = rules._replace(
            only_binary=frozenset({self.name}),
            no_binary=rules.no_binary - {self.name, ":all:"},
            allow_prereleases=bool(rules.allow_prereleases),
        )

    def verdict(self) -> TargetReadiness:
        """What the installer does, without remedies."""
        project = self.project
        assert project is not None
        if self.requested.pinned and not (self.requested.resolved and self._is_free_choice()):
            wanted = self._requirement(f"=={self.requested.pinned}")
            newest: str | None = self.requested.pinned
        else:
            wanted = self.requested.requirement
            newest = newest_version(project, wanted, self.rules)
        best = choose(project, wanted, self.environment, self.rules._replace(hashes=self.requested.hashes))
        if best is not None and self._has_other_digest(best):
            best = None
        version = best.version if best else self.requested.pinned
        readiness, why = self._readiness(best, newest)
        if best is None and (problem := refusal(project, wanted, self.environment, self.rules)):
            readiness, why = Readiness.CANNOT_TELL, f"{self.rules.label} gives up on the page: {problem}"
        return TargetReadiness(
            target=self.environment.label,
            readiness=readiness,
            version=version,
            taken=TakenFile(filename=best.file.filename, tag=best.tag) if best else None,
            why=why,
            notes=(*self.requested.notes, *self._notes(best, readiness)),
        )

    def _has_other_digest(self, candidate: Candidate) -> bool:
        """Whether the installer selects the file only to find that its hash is not one of the required ones."""
        declared = {(algorithm, digest.lower()) for algorithm, digest in candidate.file.hashes}
        return bool(self.requested.hashes and declared) and self.requested.hashes.isdisjoint(declared)

    def _is_free_choice(self) -> bool:
        """Whether the target would also select the resolved version without the constraints of other projects."""
        assert self.project is not None
        best = choose(self.project, self.requested.requirement, self.environment, self.rules)
        return best is not None and _same(best.version, self.requested.pinned)

    def _readiness(self, best: Candidate | None, newest: str | None) -> tuple[Readiness, str]:
        if best is not None and best.kind == "wheel":
            answer = loads(best, self.environment)
            if answer is Loading.NO:
                return Readiness.CANNOT_LOAD, ""
            if answer is Loading.CANNOT_TELL:
                return Readiness.CANNOT_TELL, f"the tag {best.tag} does not say which build its modules are for"
        word = outcome(best, self.environment, newest)
        return _READY[word], ""

    def _notes(self, best: Candidate | None, readiness: Readiness) -> Iterator[str]:
        if readiness is Readiness.PURE and best is not None:
            group = self._group(parse_version(best.version))
            if group is not None and any(not text.endswith("-none") for text in group.by_abi().wheels):
                yield "this is the wheel for any Python; the compiled wheels are for other builds"

    def with_help(self, verdict: TargetReadiness) -> TargetReadiness:
        """Add to a verdict what the index shows: the relevant releases and remedies."""
        project = self.project
        if project is None:
            return replace(verdict, notes=(*verdict.notes, NO_INDEX_HAS_IT))
        newest = newest_version(project, self._requirement(""), self.rules) or ""
        verdict = replace(
            verdict, newest=newest, first=self._first(), notes=(*verdict.notes, *self._notes_on_pin(verdict))
        )
        if verdict.ready:
            return verdict
        if not verdict.version and (why := _unsatisfied(project, self.requested.requirement, self.rules)):
            return replace(
                verdict, notes=(*verdict.notes, why), helps=(Help(kind=HelpKind.LOOK, text=RELAX_SPECIFIER),)
            )
        return self._helped(verdict)

    def _notes_on_pin(self, verdict: TargetReadiness) -> Iterator[str]:
        version = parse_version(verdict.version)
        if version is None:
            return
        group = self._group(version)
        entries = [entry for entry in group.entries() if entry.reading.problem is None] if group else []
        if not entries:
            yield f"{verdict.version} is not on the index"
            return
        if all(entry.yanked is not None for entry in entries):
            reasons = sorted({entry.yanked.reason for entry in entries if entry.yanked is not None} - {""})
            yield f"{verdict.version} is yanked{': ' if reasons else ''}{'; '.join(reasons)}"
        on_index = {entry.filename for entry in entries}
        if gone := [file.filename for file in self.requested.locked if file.filename not in on_index]:
            yield f"the index no longer has {gone[0] if len(gone) == 1 else f'{len(gone)} of the locked files'}"

    def _is_on_index(self, version: str) -> bool:
        """Whether a pinned version is on the index, or in the lock; true for what is not pinned."""
        return not version or bool(self.requested.locked) or self._group(parse_version(version)) is not None

    def _helped(self, verdict: TargetReadiness) -> TargetReadiness:
        assert self.project is not None
        wanted = verdict.version or newest_version(self.project, self.requested.requirement, self.rules)
        version = Version(wanted).public if wanted else ""  # bounds do not accept a local version
        after = f">={version},!={version}" if version else ""
        upgrade = self.newest_ready(after)
        excluding = self._excluding_file(wanted) if verdict.readiness is Readiness.NOTHING and wanted else None
        prerelease = None
        if upgrade is None:
            prerelease = self.newest_ready(after, prereleases=True)
        older = self.newest_ready(f"<{version}") if version else None
        verdict = replace(verdict, upgrade=_release(upgrade), prerelease=_release(prerelease), older=_release(older))
        if excluding is not None:
            python = self.environment.python_full_version
            why = f"{version} requires Python {excluding.requires_python}, and the target is {python}"
            verdict = replace(verdict, notes=(*verdict.notes, why))
        return replace(verdict, helps=tuple(self._helps(verdict, version, excluding)))

    def _excluding_file(self, version: str) -> File | None:
        """The file of a version that only its Requires-Python keeps from being installed, if the installer is pip.

        uv cannot be told to ignore it, and ignores upper bounds anyway.
        """
        assert self.project is not None
        rules = self.rules._replace(ignore_requires_python=True, hashes=self.requested.hashes)
        best = choose(self.project, self._requirement(f"=={version}"), self.environment, rules)
        return None if best is None else best.file

    def _helps(self, verdict: TargetReadiness, version: str, excluding: File | None) -> Iterator[Help]:
        """The remedies, best first; ``version`` is the verdict's, or the newest that satisfies the requirement.

        ``excluding`` is the file that only its Requires-Python keeps from being installed.
        """
        if verdict.upgrade is not None:
            yield Help(
                kind=HelpKind.UPGRADE,
                text=f"upgrade to {verdict.upgrade.version}{_since(verdict.upgrade)}",
                version=verdict.upgrade.version,
            )
        again = None
        if (self.requested.locked or self.requested.hashes) and verdict.version:
            again = self.newest_ready(f"=={verdict.version}", prereleases=True)
        if again is not None:
            yield Help(
                kind=HelpKind.LOCK_AGAIN,
                text=f"lock again: the index has {again.file.filename}, which is not in the lock",
                version=verdict.version,
            )
        if verdict.prerelease is not None:
            yield Help(
                kind=HelpKind.WAIT,
                text=f"wait for the release after {verdict.prerelease.version}{_since(verdict.prerelease)},"
                " or use that pre-release",
                version=verdict.prerelease.version,
            )
        if verdict.readiness is Readiness.CANNOT_TELL:
            if verdict.taken is not None:
                yield Help(kind=HelpKind.LOOK, text=f"ftwheel check {verdict.taken.filename} shows what is inside")
            return
        # an older release that did not exclude the next Python yet does not work with it either
        useful = excluding is None or not self._is_capped(excluding.requires_python or "")
        if (
            useful
            and verdict.upgrade is None
            and again is None
            and verdict.older is not None
            and _near(version, verdict.older)
        ):
            yield Help(
                kind=HelpKind.DOWNGRADE,
                text=f"use the older {verdict.older.version}, the last with a wheel",
                version=verdict.older.version,
            )
        sdist = self._sdist(verdict.version)
        if sdist is not None:
            yield Help(
                kind=HelpKind.BUILD, text=f"build {sdist.version} from {sdist.file.filename}", version=sdist.version
            )
        if verdict.upgrade is None and verdict.prerelease is None and again is None:
            yield self._last_resort(verdict, excluding)

    def _is_capped(self, requires_python: str) -> bool:
        """Whether anything but a lower bound excludes the target's Python."""
        python = self.environment.python_full_version
        return any(
            not one.contains(python, prereleases=True)
            for one in SpecifierSet(requires_python)
            if one.operator not in {">=", ">"}
        )

    def _last_resort(self, verdict: TargetReadiness, excluding: File | None) -> Help:
        if excluding is not None:
            python = ".".join(map(str, self.environment.minor))
            return Help(kind=HelpKind.ASK_PYTHON, text=f"ask {self.name} to support Python {python}")
        if self._is_on_index(verdict.version):
            return Help(kind=HelpKind.ASK, text=self._ask(verdict))
        return Help(
            kind=HelpKind.LOOK,
            text=f"check which index {self.name} {verdict.version} is from, and add it with --extra-index-url",
        )

    def _ask(self, verdict: TargetReadiness) -> str:
        text = f"ask {self.name} for a {wheel_tag(self.environment, self._floor())} wheel"
        if not self._has_compiled_wheels():
            text += ", or a py3-none-any wheel if it has no extension modules"
        if verdict.taken is not None and verdict.readiness is Readiness.CANNOT_LOAD and "-abi3t-" in verdict.taken.tag:
            text += f", or use CPython 3.{FIRST_ABI3T}t, the first to load abi3t"
        return text

    def _floor(self) -> str:
        """The platform of the project's newest wheels, if this machine accepts it.

        A user's glibc is not a reason for a project to require a newer one than before. Without such a wheel, it is
        cibuildwheel's default, or the oldest macOS that the interpreter runs on.
        """
        assert self.project is not None
        platforms = self.environment.platforms
        order = {platform: position for position, platform in enumerate(platforms)}
        own: dict[str, set[str]] = {}  # a page has few platform parts and thousands of files
        found: dict[tuple[str, str], set[str]] = {}
        for source in self.project.sources:
            for filename in columns(source.details.files)[0]:
                parts = filename.removesuffix(".whl").split("-")
                if filename[-4:] != ".whl" or len(parts) not in {5, 6}:
                    continue
                if parts[-1] not in own:
                    own[parts[-1]] = order.keys() & parts[-1].split(".")
                if own[parts[-1]]:
                    found.setdefault((parts[0], parts[1]), set()).update(own[parts[-1]])
        wheels = [
            (version, accepted)
            for (name, text), accepted in found.items()
            if normalized(name) == self.name and (version := parse_version(text)) is not None
        ]
        if wheels:
            newest = max(version for version, _ in wheels)
            accepted = set[str]().union(*(accepted for version, accepted in wheels if version == newest))
            return min(accepted, key=lambda platform: (platform.count("_") < 3, order[platform]))
        return usual_platform(self.environment)

    def _has_compiled_wheels(self) -> bool:
        """Whether any release has wheels for a platform; without them, the index does not say what is in the code."""
        assert self.project is not None
        names = (name for source in self.project.sources for name in columns(source.details.files)[0])
        return any(name.endswith(".whl") and not name.endswith("-any.whl") for name in names)

    def newest_ready(self, specifier: str, *, prereleases: bool = False) -> Candidate | None:
        """The newest candidate that the target selects and can load, among the newest dozens of releases."""
        assert self.project is not None
        rules = self.wheels_only
        if prereleases:
            rules = rules._replace(allow_prereleases=True)
        bound = ""
        for _ in range(_MOST_TRIES):
            wanted = self._requirement(",".join(filter(None, (specifier, bound))))
            best = choose(self.project, wanted, self.environment, rules)
            if best is None or loads(best, self.environment) is Loading.YES:
                return best
            bound = f"<{Version(best.version).public}"
        return None

    def _sdist(self, version: str) -> Candidate | None:
        assert self.project is not None
        rules = self.rules._replace(no_binary=frozenset({self.name}), only_binary=frozenset())
        wanted = self._requirement(f"=={version}") if version else self.requested.requirement
        return choose(self.project, wanted, self.environment, rules)

    def _first(self) -> Release | None:
        """The oldest release with a wheel that the interpreter accepts and loads for its ABI, final ones first.

        Only names are read, so that a page with thousands of files is cheap.
        """
        assert self.project is not None
        found: dict[Version, list[datetime | None]] = {}
        for version, time in self._wheels_for_the_abi():
            found.setdefault(version, []).append(time)
        if not found:
            return None
        oldest = min(found, key=lambda version: (version.is_prerelease, version))
        times = [time for time in found[oldest] if time is not None]
        return Release(version=str(oldest), upload_time=min(times, default=None))

    def _wheels_for_the_abi(self) -> Iterator[tuple[Version, datetime | None]]:
        assert self.project is not None
        environment, flavour = self.environment, find_installer(self.rules.name).flavour(self.rules.version)
        own = environment.abis[0]
        stable = "abi3t" if environment.free_threaded else "abi3"
        abis, platforms = environment.tables(flavour)
        fits: dict[tuple[str, str], bool] = {}
        for source in self.project.sources:
            filenames, _, _, times, yanked = columns(source.details.files)
            for index, filename in enumerate(filenames):
                if (own not in filename and stable not in filename) or yanked[index] or filename[-4:] != ".whl":
                    continue
                parts = filename[:-4].split("-")
                if len(parts) not in {5, 6} or normalized(parts[0]) != self.name:
                    continue
                tags = f"{parts[-3]}-{parts[-2]}", parts[-1]
                if tags not in fits:
                    best = position(abis, platforms, *tags)
                    tag = "" if best is None else best_tag(abis, platforms, best)
                    fits[tags] = "-none-" not in tag and bool(tag) and loading(tag, environment) is Loading.YES
                version = parse_version(parts[1]) if fits[tags] else None
                if version is not None:
                    yield version, times[index]

    def _requirement(self, specifier: str) -> Requirement:
        return parse_requirement(f"{self.name}{specifier}")

    def _group(self, version: Version | None) -> VersionFiles | None:
        assert self.project is not None
        groups = self.project.version_index(find_installer(self.rules.name)).by_version
        return None if version is None else groups.get(version)


def _same(one: str, other: str) -> bool:
    return not is_older(one, other) and not is_older(other, one)


def _near(version: str, older: Release) -> bool:
    """Whether the older release is close enough to substitute: of the same major version or the previous one."""
    return Version(version).major - Version(older.version).major <= 1


def _release(candidate: Candidate | None) -> Release | None:
    return None if candidate is None else Release(version=candidate.version, upload_time=candidate.file.upload_time)


def _since(release: Release) -> str:
    return f" ({release.upload_time:%Y-%m-%d})" if release.upload_time is not None else ""
