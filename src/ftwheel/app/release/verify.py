"""Behind ``ftwheel verify``: new files laid over an index, every place resolved, what is missing named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from packaging.version import Version

from ftwheel.app.installers.simulate import SimulationCell, fetch, simulate_project
from ftwheel.core.errors import InputError
from ftwheel.core.findings import Finding, Severity
from ftwheel.core.index.overlay import Overlay
from ftwheel.core.index.page import File, ProjectDetails
from ftwheel.core.index.pages import Index, Pages
from ftwheel.core.index.rules import IndexRules
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.outcomes import Outcome
from ftwheel.core.installers.project_files import ProjectFile
from ftwheel.core.installers.registry import DEFAULT_INSTALLERS, find_installer
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.installers.selection import ProjectFiles
from ftwheel.core.release.ambiguous_files import LAST_MICRO, ChosenWheel, wheel_names
from ftwheel.core.release.coverage import (
    ConfiguredTargets,
    Coverage,
    CoverageCell,
    InstallerChoice,
    TargetEnvironment,
    judge,
    target_environments,
    wheel_scope,
)
from ftwheel.core.release.sdist import SdistContents
from ftwheel.core.release.upload_plan import PlannedWheel, upload_order
from ftwheel.core.tags.cpython import on
from ftwheel.core.tags.environments import Environment, Loading, parse_environment
from ftwheel.core.wheel.contents import WheelContents
from ftwheel.rules.release.coverage import findings, problems
from ftwheel.rules.release.files import ambiguous, conflicts, excluded, never_right, not_distributions, variants
from ftwheel.rules.release.uploads import closed, refused, stopped, unknown_project

__all__ = ["Verification", "planned", "verify"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The coverage of a release, and what is wrong with it.

    ``accepted`` is what a baseline has to hold to accept all of it: codes with labels of places or names of files;
    ``known`` is what the baseline held.
    """

    coverage: Coverage
    findings: tuple[Finding, ...]
    accepted: frozenset[tuple[str, str]]
    known: frozenset[tuple[str, str]] = frozenset()


def verify(
    name: str,
    version: str,
    *,
    new_files: Sequence[File] = (),
    indexes: Sequence[Index],
    installers: tuple[InstallerOptions, ...],
    day: date,
    configured: ConfiguredTargets | None = None,
    before: datetime | None = None,
    known: frozenset[tuple[str, str]] = frozenset(),
    sha256: Callable[[str], str] | None = None,
    rejected: Mapping[str, str] | None = None,
    contents: Callable[[str], WheelContents | SdistContents] | None = None,
    index_rules: IndexRules = IndexRules.PYPI,
    new_project: bool = False,
) -> Verification:
    """Decide whether everybody gets what the release has for them.

    ``new_files`` are laid over the first index; with none, the release is judged as it is on the indexes, by the
    versions of CPython of the day its last file was uploaded; otherwise by those of ``day``. ``before`` hides what was
    uploaded later. ``known`` is what a baseline accepts; ``sha256`` gives the digest of a new file; ``rejected``
    says of files beside the new ones why they are no distributions; ``contents`` reads a new file, to judge by
    ``index_rules`` whether it can be uploaded. ``new_project`` says that no index needs to know the project. Raises
    InputError when there is no such release anywhere, NetworkError and IndexFormatError as the indexes do.
    """
    configured = configured or ConfiguredTargets()
    over = [
        Overlay(below=index, name=name, files=() if number else tuple(new_files), before=before)
        for number, index in enumerate(indexes)
    ]
    project = fetch(parse_requirement(name), over)
    good, yanked = _by_version(project)
    wanted = _version(version)
    release_entries = good.get(wanted) or yanked.get(wanted)
    if release_entries is None:
        raise InputError(
            f"{name} {version}: no index has this release", hint="name a folder with its files, or another version"
        )
    files = {entry.filename: project.file(entry) for entry in release_entries}
    if wanted.is_prerelease:
        installers = tuple(replace(rules, allow_prereleases=True) for rules in installers)
    uploads = [file.upload_time.astimezone(UTC).date() for file in files.values() if file.upload_time is not None]
    supported = on(max(uploads) if uploads and not new_files else day)
    previous = max((one for one in good if one < wanted and not one.is_prerelease), default=None)
    release = wheel_scope(files, supported[-1])
    before_it = wheel_scope((entry.filename for entry in good[previous]), supported[-1]) if previous else None
    asked = _environments(target_environments(release, before_it, configured))
    # What users ask for is no exact version, but a newer one than this release must not hide it.
    operator = "==" if wanted.local or wanted not in good else "<="
    spots, choices = _spots(project, f"{name}{operator}{version}", wanted, asked, installers)
    served_before: frozenset[TargetEnvironment] = frozenset()
    if previous is not None:
        old = _served(project, f"{name}=={previous}", previous, asked, installers)
        served_before = frozenset(old)
    fresh = {file.filename for file in new_files}
    coverage = Coverage(
        project=name,
        version=version,
        previous=str(previous or ""),
        installers=tuple(rules.label for rules in installers),
        new_files=tuple(sorted(fresh)),
        published=tuple(sorted(files.keys() - fresh)),
        spots=judge(
            spots, release=release, configured=configured, served_before=served_before, supported=frozenset(supported)
        ),
    )
    names = wheel_names(files)
    page = indexes[0].project(name) if new_files else None
    there = {file.filename for file in page.files} & fresh if page is not None else set()
    waiting = upload_order(fresh - there)
    first_upload = min(
        (file.upload_time.astimezone(UTC).date() for file in files.values() if file.upload_time is not None),
        default=None,
    )
    about_files = [
        *refused(
            (contents(filename) for filename in waiting) if contents is not None else (),
            index_rules=index_rules,
            limit=max((file.size or 0 for file in page.files), default=0) if page is not None else 0,
        ),
        *closed(waiting, first_upload=first_upload, day=day, version=version, index_rules=index_rules),
        *ambiguous(choices, names),
        *excluded(files, names, supported[-1]),
        *conflicts(new_files, page, sha256),
        *never_right(names),
        *variants(wheel_names(fresh)),
        *not_distributions(rejected or {}),
    ]
    if new_files and not new_project and all(index.project(name) is None for index in indexes):
        about_files.append(unknown_project(name))
    blocked = {finding.subject: finding.code for finding in about_files if finding.severity is Severity.ERROR}
    about_files += stopped(waiting, there, blocked.get, subject=f"{name} {version}")
    return Verification(
        coverage=coverage,
        known=known,
        findings=tuple(
            sorted(
                [
                    *findings(coverage, known),
                    *(finding for finding in about_files if (finding.code, finding.subject) not in known),
                ]
            )
        ),
        accepted=frozenset(
            [
                *((code, spot.place.label) for code, spot in problems(coverage)),
                *((finding.code, finding.subject) for finding in about_files),
            ]
        ),
    )


def planned(
    coverage: Coverage, wheels: Iterable[PlannedWheel], installers: tuple[InstallerOptions, ...]
) -> tuple[TargetEnvironment, ...]:
    """The places that an index with nothing but the planned wheels would leave without one; none, if all is well."""
    wheels = tuple(wheels)
    names = [wheel.filename(coverage.project, coverage.version) for wheel in wheels]
    page = ProjectDetails(
        name=coverage.project, files=tuple(File(filename=name, url=f"https://planned.invalid/{name}") for name in names)
    )
    asked = _environments(place for wheel in wheels for place in wheel.places)
    version = _version(coverage.version)
    project = fetch(parse_requirement(coverage.project), [Pages.of([page])])
    served = set(_served(project, f"{coverage.project}=={version}", version, asked, installers))
    return tuple(place for place in asked if place not in served)


def _version(text: str) -> Version:
    try:
        return Version(text)
    except ValueError:
        raise InputError(f"{text}: not a version (PEP 440)") from None


def _by_version(project: ProjectFiles) -> tuple[dict[Version, list[ProjectFile]], dict[Version, list[ProjectFile]]]:
    """The files of each version: those that are not yanked, and those that are."""
    good: dict[Version, list[ProjectFile]] = {}
    yanked: dict[Version, list[ProjectFile]] = {}
    for entry in project.shelf(find_installer(DEFAULT_INSTALLERS[0])).everything():
        if entry.reading.version is not None and entry.reading.problem is None:
            (yanked if entry.yanked else good).setdefault(entry.reading.version, []).append(entry)
    return good, yanked


def _environments(asked: Iterable[TargetEnvironment]) -> dict[TargetEnvironment, Environment]:
    """The environment of each place, of the last micro version; platform tags that no installer knows have none.

    A requires-python such as ``>=3.9.2`` keeps out old micro versions, and is no gap.
    """
    found = {}
    for place in asked:
        try:
            threads = "t" if place.free_threaded else ""
            found[place] = parse_environment(f"cp3.{place.minor}.{LAST_MICRO}{threads}-{place.platform}")
        except InputError:
            continue
    return found


def _spots(
    project: ProjectFiles,
    requirement: str,
    version: Version,
    asked: dict[TargetEnvironment, Environment],
    installers: tuple[InstallerOptions, ...],
) -> tuple[list[CoverageCell], list[ChosenWheel]]:
    """What the installers take in each place, asked about a second time without sdists where one was taken."""
    wanted = parse_requirement(requirement)
    matrix = simulate_project(project, wanted, environments=tuple(asked.values()), installers=installers)
    strict = tuple(replace(rules, only_binary=frozenset({":all:"})) for rules in installers)
    spots, choices = [], []
    for number, (place, environment) in enumerate(asked.items()):
        cells = matrix.cells[number * len(installers) : (number + 1) * len(installers)]
        binary: dict[str, str] = {}
        if any(cell.best is not None and cell.best.kind == "sdist" for cell in cells):
            again = simulate_project(project, wanted, environments=(environment,), installers=strict)
            binary = {cell.installer.label: cell.best.version if cell.best else "" for cell in again.cells}
        serving = [_serves(cell, version) for cell in cells]
        spots.append(
            CoverageCell(
                place=place,
                gets=tuple(_gets(cell, binary) for cell in cells),
                served=all(serving),
                compiled=all(serving) and all(cell.outcome is not Outcome.PURE for cell in cells),
            )
        )
        choices += [
            ChosenWheel(
                place=place,
                installer=cell.installer.label,
                filename=cell.best.file.filename,
                tag=cell.best.tag,
            )
            for cell, serves in zip(cells, serving, strict=True)
            if serves and cell.best is not None
        ]
    return spots, choices


def _served(
    project: ProjectFiles,
    requirement: str,
    version: Version,
    asked: dict[TargetEnvironment, Environment],
    installers: tuple[InstallerOptions, ...],
) -> Iterator[TargetEnvironment]:
    """The places that a release serves."""
    matrix = simulate_project(
        project, parse_requirement(requirement), environments=tuple(asked.values()), installers=installers
    )
    for number, place in enumerate(asked):
        if all(
            _serves(cell, version) for cell in matrix.cells[number * len(installers) : (number + 1) * len(installers)]
        ):
            yield place


def _serves(cell: SimulationCell, version: Version) -> bool:
    best = cell.best
    return (
        best is not None
        and best.kind == "wheel"
        and cell.loading is not Loading.NO
        and Version(best.version) == version
    )


def _gets(cell: SimulationCell, binary: dict[str, str]) -> InstallerChoice:
    best = cell.best
    return InstallerChoice(
        installer=cell.installer.label,
        outcome=cell.outcome,
        filename=best.file.filename if best else "",
        version=best.version if best else "",
        only_binary=binary.get(cell.installer.label) if best and best.kind == "sdist" else None,
        loadable=cell.loading is not Loading.NO,
    )
