"""The use case of ``ftwheel verify``: adds new files to an index, simulates every target, and reports gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from packaging.specifiers import InvalidSpecifier
from packaging.version import Version

from ftwheel.app.installers.simulate import fetch
from ftwheel.app.release.selections import environments_of, select, served_targets
from ftwheel.core.errors import InputError
from ftwheel.core.findings import Finding, Severity, one_for_several_files
from ftwheel.core.index.overlay import Overlay
from ftwheel.core.index.page import File, ProjectDetails
from ftwheel.core.index.pages import Index, Pages
from ftwheel.core.index.rules import IndexRules
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.project_files import ProjectFile
from ftwheel.core.installers.registry import DEFAULT_INSTALLERS, find_installer
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.installers.selection import ProjectFiles
from ftwheel.core.release.ambiguous_files import LAST_MICRO, ChosenWheel, wheel_names
from ftwheel.core.release.coverage import (
    ConfiguredTargets,
    Coverage,
    TargetEnvironment,
    WheelScope,
    judge,
    target_environments,
    wheel_scope,
)
from ftwheel.core.release.sdist import SdistContents
from ftwheel.core.release.upload import Upload
from ftwheel.core.release.upload_plan import PlannedWheel, upload_order
from ftwheel.core.tags.cpython import on
from ftwheel.core.versions import specifier_set
from ftwheel.core.wheel.reports import CheckReport
from ftwheel.rules.release.coverage import findings, problems
from ftwheel.rules.release.files import ambiguous, conflicts, excluded, never_right, not_distributions, variants
from ftwheel.rules.release.uploads import RefusedByIndex, broken, closed, refused, stopped, unknown_project

__all__ = ["Verification", "unserved", "verify"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The coverage and the findings of a release.

    ``accepted`` is the baseline that would accept all findings: codes with target labels or file names; ``known`` is
    the baseline that was used. ``incomplete`` is true if all the missing targets are ones that the files to upload are
    not for, as after a build on one machine.
    """

    coverage: Coverage
    findings: tuple[Finding, ...]
    accepted: frozenset[tuple[str, str]]
    known: frozenset[tuple[str, str]] = frozenset()
    incomplete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Release:
    """The files of the release and of the previous one; ``supported`` are the CPython minor versions of its time.

    ``requirement`` is the simulated requirement of users, ``previous`` is None for a first release.
    """

    name: str
    text: str
    version: Version
    requirement: str
    files: Mapping[str, File]
    scope: WheelScope
    previous: Version | None
    previous_scope: WheelScope | None
    supported: tuple[int, ...]


def verify(
    name: str,
    version: str,
    *,
    upload: Upload | None = None,
    indexes: Sequence[Index],
    installers: tuple[InstallerOptions, ...],
    day: date,
    configured: ConfiguredTargets | None = None,
    before: datetime | None = None,
    known: frozenset[tuple[str, str]] = frozenset(),
    index_rules: IndexRules = IndexRules.PYPI,
    new_project: bool = False,
    keep_targets: bool = False,
    local: bool = False,
) -> Verification:
    """Determine which file of a release each target installs, and what is missing.

    The files of ``upload`` are added to the first index and judged by the CPython versions supported on ``day``.
    Without them, the release on the indexes is judged by the versions supported when its last file was uploaded.
    ``before`` hides later uploads, ``known`` is what a baseline accepts. ``index_rules`` says whether PyPI has to
    accept the files; ``new_project`` accepts a project that no index has. With ``keep_targets``, the release has to
    serve what the previous one did, except for CPython versions that are no longer supported, or that requires-python
    now excludes. With ``local``, the files were built on one machine, and only the targets that they are for count.

    Raises InputError if no index has the release, and NetworkError and IndexFormatError as the indexes do.
    """
    upload = upload or Upload()
    project = fetch(parse_requirement(name), _overlaid(name, upload, indexes, before))
    release = _release(project, name, version, day=day, as_published=not upload.files)
    if release.version.is_prerelease:
        installers = tuple(rules._replace(allow_prereleases=True) for rules in installers)
    targets = configured or ConfiguredTargets()
    own = wheel_scope((file.filename for file in upload.files), release.supported[-1])
    coverage, wheels = _coverage(
        project, release, upload, installers, targets, keep=keep_targets, only=own.concerns if local else None
    )
    about_files = _about_files(release, upload, wheels, indexes, day=day, index_rules=index_rules)
    if upload.files and not new_project and all(index.project(name) is None for index in indexes):
        about_files.append(unknown_project(name))
    fresh = [finding for finding in about_files if (finding.code, finding.subject) not in known]
    return Verification(
        coverage=coverage,
        known=known,
        incomplete=bool(own.machines and coverage.missing)
        and not any(own.concerns(cell.target) for cell in coverage.missing),
        findings=one_for_several_files([*findings(coverage, known), *fresh]),
        accepted=frozenset(
            [
                *((code, cell.target.label) for code, cell in problems(coverage)),
                *((finding.code, finding.subject) for finding in about_files),
            ]
        ),
    )


def unserved(
    coverage: Coverage, wheels: Iterable[PlannedWheel], installers: tuple[InstallerOptions, ...]
) -> tuple[TargetEnvironment, ...]:
    """The targets that install no wheel from an index with only the planned wheels; empty if the plan is correct."""
    wheels = tuple(wheels)
    names = [wheel.filename(coverage.project, coverage.version) for wheel in wheels]
    page = ProjectDetails(
        name=coverage.project, files=tuple(File(filename=name, url=f"https://planned.invalid/{name}") for name in names)
    )
    environments = environments_of(target for wheel in wheels for target in wheel.targets)
    version = _version(coverage.version)
    project = fetch(parse_requirement(coverage.project), [Pages.of([page])])
    served = served_targets(project, f"{coverage.project}=={version}", version, environments, installers)
    return tuple(target for target in environments if target not in served)


def _overlaid(name: str, upload: Upload, indexes: Sequence[Index], before: datetime | None) -> list[Overlay]:
    return [
        Overlay(below=index, name=name, files=() if number else upload.files, before=before)
        for number, index in enumerate(indexes)
    ]


def _release(project: ProjectFiles, name: str, version: str, *, day: date, as_published: bool) -> _Release:
    """Find the release among a project's files; ``as_published`` judges it by the date of its last upload.

    Raises InputError if the project has no such release.
    """
    good, yanked = _by_version(project)
    wanted = _version(version)
    entries = good.get(wanted) or yanked.get(wanted)
    if entries is None:
        newest = max((one for one in good if not one.is_prerelease), default=max(good, default=None))
        hint = f"the newest is {newest}; for files that are not on an index, name their folder"
        raise InputError(
            f"{name} {version}: no index has this release",
            hint=hint if newest else "name a folder with its files, or another version",
        )
    files = {entry.filename: project.file(entry) for entry in entries}
    supported = on(max(_upload_days(files.values()), default=day) if as_published else day)
    previous = max((one for one in good if one < wanted and not one.is_prerelease), default=None)
    # users do not pin a version, but a newer release must not hide this one
    operator = "==" if wanted.local or wanted not in good else "<="
    return _Release(
        name=name,
        text=version,
        version=wanted,
        requirement=f"{name}{operator}{version}",
        files=files,
        scope=wheel_scope(files, supported[-1]),
        previous=previous,
        previous_scope=wheel_scope((entry.filename for entry in good[previous]), supported[-1]) if previous else None,
        supported=supported,
    )


def _allowed(release: _Release) -> frozenset[int]:
    """The supported minor versions that the release's requires-python allows; all of them if it is invalid."""
    found: set[int] = set()
    for said in {file.requires_python or "" for file in release.files.values()}:
        try:
            specifier = specifier_set(said)
        except InvalidSpecifier:
            return frozenset(release.supported)
        found |= {minor for minor in release.supported if specifier.contains(f"3.{minor}.{LAST_MICRO}")}
    return frozenset(found)


def _coverage(
    project: ProjectFiles,
    release: _Release,
    upload: Upload,
    installers: tuple[InstallerOptions, ...],
    configured: ConfiguredTargets,
    *,
    keep: bool,
    only: Callable[[TargetEnvironment], bool] | None,
) -> tuple[Coverage, tuple[ChosenWheel, ...]]:
    """The judged coverage, and the selected wheels of the release."""
    environments = environments_of(filter(only, target_environments(release.scope, release.previous_scope, configured)))
    selections = select(project, release.requirement, release.version, environments, installers)
    served_before: frozenset[TargetEnvironment] = frozenset()
    if release.previous is not None:
        before = f"{release.name}=={release.previous}"
        served_before = served_targets(project, before, release.previous, environments, installers)
    new_files = {file.filename for file in upload.files}
    coverage = Coverage(
        project=release.name,
        version=release.text,
        previous=str(release.previous or ""),
        installers=tuple(rules.label for rules in installers),
        new_files=tuple(sorted(new_files)),
        published=tuple(sorted(release.files.keys() - new_files)),
        cells=judge(
            selections.cells,
            release=release.scope,
            configured=configured,
            served_before=served_before,
            supported=frozenset(release.supported),
            allowed=_allowed(release),
            keep=keep,
        ),
    )
    return coverage, selections.wheels


def _about_files(
    release: _Release,
    upload: Upload,
    wheels: Iterable[ChosenWheel],
    indexes: Sequence[Index],
    *,
    day: date,
    index_rules: IndexRules,
) -> list[Finding]:
    """The findings about the files themselves, and about the first index."""
    names = wheel_names(release.files)
    new_files = {file.filename for file in upload.files}
    page = indexes[0].project(release.name) if new_files else None
    there = {file.filename for file in page.files} & new_files if page is not None else set()
    waiting = upload_order(new_files - there)
    checked, sdists = _read(upload, waiting)
    kept_out = tuple(excluded(release.files, names, release.supported[-1]))
    found = [
        *refused(
            checked,
            sdists,
            index_rules=index_rules,
            limit=max((file.size or 0 for file in page.files), default=0) if page is not None else 0,
        ),
        *closed(
            waiting,
            first_upload=min(_upload_days(release.files.values()), default=None),
            day=day,
            version=release.text,
            index_rules=index_rules,
        ),
        *ambiguous(wheels, names),
        *broken(checked, {finding.subject for finding in kept_out}),
        *kept_out,
        *conflicts(upload.files, page, upload.sha256),
        *never_right(names),
        *variants(wheel_names(new_files)),
        *not_distributions(upload.rejected),
    ]
    refusals = (finding for finding in found if finding.code == RefusedByIndex.code)
    blocked = {finding.subject: finding.code for finding in refusals if finding.severity is Severity.ERROR}
    return [*found, *stopped(waiting, there, blocked.get, subject=f"{release.name} {release.text}")]


def _read(upload: Upload, waiting: Sequence[str]) -> tuple[CheckReport, list[SdistContents]]:
    """The contents of the files to upload, as far as they can be read."""
    wheels = [filename for filename in waiting if filename.endswith(".whl")]
    others = [filename for filename in waiting if not filename.endswith(".whl")]
    checked = upload.check(wheels) if upload.check is not None and wheels else CheckReport(wheels=())
    return checked, list(map(upload.sdist, others)) if upload.sdist is not None else []


def _upload_days(files: Iterable[File]) -> list[date]:
    return [file.upload_time.astimezone(UTC).date() for file in files if file.upload_time is not None]


def _version(text: str) -> Version:
    try:
        return Version(text)
    except ValueError:
        raise InputError(f"{text}: not a version (PEP 440)", hint="write for example 2.3.5 or 2.4.0rc1") from None


def _by_version(project: ProjectFiles) -> tuple[dict[Version, list[ProjectFile]], dict[Version, list[ProjectFile]]]:
    """The files of each version: those that are not yanked, and those that are."""
    good: dict[Version, list[ProjectFile]] = {}
    yanked: dict[Version, list[ProjectFile]] = {}
    for entry in project.version_index(find_installer(DEFAULT_INSTALLERS[0])).everything():
        if entry.reading.version is not None and entry.reading.problem is None:
            (yanked if entry.yanked else good).setdefault(entry.reading.version, []).append(entry)
    return good, yanked
