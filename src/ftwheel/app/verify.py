"""Behind ``ftwheel verify``: new files laid over an index, every place resolved, what is missing named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from packaging.version import InvalidVersion, Version

from ftwheel.app.simulate import Cell, fetch, simulate_project
from ftwheel.core.coverage import Configured, Coverage, Gets, Place, Spot, judge, places, reach
from ftwheel.core.environments import Loading, parse_environment
from ftwheel.core.errors import InputError
from ftwheel.core.findings import Finding
from ftwheel.core.gate import findings
from ftwheel.core.outcomes import Outcome
from ftwheel.core.ports import Index
from ftwheel.core.releases import on
from ftwheel.core.requirements import parse_requirement
from ftwheel.core.rules import InstallerRules
from ftwheel.core.selection import Project
from ftwheel.core.simple import File, ProjectDetails, SourceKind

__all__ = ["Overlay", "Verification", "verify"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The coverage of a release, and what is wrong with it."""

    coverage: Coverage
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """An index on which the new files are already uploaded."""

    below: Index
    name: str
    files: tuple[File, ...]

    @property
    def kind(self) -> SourceKind:
        return self.below.kind

    def project(self, name: str) -> ProjectDetails | None:
        """The page with the new files behind the ones it has; a file that is there already is not listed twice."""
        page = self.below.project(name)
        if name != self.name:
            return page
        if page is None:
            return ProjectDetails(name=name, files=self.files)
        there = {file.filename for file in page.files}
        return replace(page, files=(*page.files, *(file for file in self.files if file.filename not in there)))


def verify(
    name: str,
    version: str,
    *,
    new_files: Sequence[File],
    indexes: Sequence[Index],
    installers: tuple[InstallerRules, ...],
    day: date,
    configured: Configured | None = None,
) -> Verification:
    """Decide whether everybody gets what the release has for them.

    ``new_files`` are laid over the first index; with none, the release is judged as it is on the indexes. ``day``
    decides which versions of CPython there are. Raises InputError when there is no such release anywhere,
    NetworkError and IndexFormatError as the indexes do.
    """
    configured = configured or Configured()
    over = [Overlay(below=indexes[0], name=name, files=tuple(new_files)), *indexes[1:]]
    project = fetch(parse_requirement(name), over)
    cutoff = next((rules.uploaded_prior_to for rules in installers), None)
    good, yanked = _by_version(project, cutoff)
    names = yanked | good
    try:
        wanted = Version(version)
    except InvalidVersion:
        raise InputError(f"{version}: not a version (PEP 440)") from None
    if wanted not in names:
        raise InputError(
            f"{name} {version}: no index has this release", hint="name a folder with its files, or another version"
        )
    if wanted.is_prerelease:
        installers = tuple(replace(rules, allow_prereleases=True) for rules in installers)
    supported = on(day)
    previous = max((one for one in good if one < wanted and not one.is_prerelease), default=None)
    release = reach(names[wanted], supported[-1])
    before = reach(names[previous], supported[-1]) if previous else None
    asked = places(release, before, configured)
    # What users ask for is no exact version, but a newer one than this release must not hide it.
    operator = "==" if wanted.local or wanted not in good else "<="
    spots = _spots(project, f"{name}{operator}{version}", wanted, asked, installers)
    served_before: frozenset[Place] = frozenset()
    if previous is not None:
        old = _spots(project, f"{name}=={previous}", previous, asked, installers)
        served_before = frozenset(spot.place for spot in old if spot.served)
    fresh = {file.filename for file in new_files}
    coverage = Coverage(
        project=name,
        version=version,
        previous=str(previous or ""),
        installers=tuple(rules.label for rules in installers),
        new_files=tuple(sorted(fresh)),
        published=tuple(sorted(set(names[wanted]) - fresh)),
        spots=judge(
            spots, release=release, configured=configured, served_before=served_before, supported=frozenset(supported)
        ),
    )
    return Verification(coverage=coverage, findings=findings(coverage))


def _by_version(project: Project, cutoff: datetime | None) -> tuple[dict[Version, list[str]], dict[Version, list[str]]]:
    """The names of the files of each version: those that are not yanked, and those that are."""
    good: dict[Version, list[str]] = {}
    yanked: dict[Version, list[str]] = {}
    for entry in project.shelf("pip").everything():
        version, uploaded = entry.reading.version, entry.upload_time
        if version is None or entry.reading.problem is not None or (cutoff and uploaded and uploaded >= cutoff):
            continue
        (yanked if entry.yanked else good).setdefault(version, []).append(entry.filename)
    return good, yanked


def _spots(
    project: Project,
    requirement: str,
    version: Version,
    asked: Iterable[Place],
    installers: tuple[InstallerRules, ...],
) -> list[Spot]:
    """What the installers take in each place, asked about a second time without sdists where one was taken."""
    wanted = parse_requirement(requirement)
    by_label = {place.label: place for place in asked}
    environments = tuple(map(parse_environment, by_label))
    matrix = simulate_project(project, wanted, environments=environments, installers=installers)
    strict = tuple(replace(rules, only_binary=frozenset({":all:"})) for rules in installers)
    found = []
    for number, (environment, place) in enumerate(zip(environments, by_label.values(), strict=True)):
        cells = matrix.cells[number * len(installers) : (number + 1) * len(installers)]
        binary: dict[str, str] = {}
        if any(cell.best is not None and cell.best.kind == "sdist" for cell in cells):
            again = simulate_project(project, wanted, environments=(environment,), installers=strict)
            binary = {cell.installer.label: cell.best.version if cell.best else "" for cell in again.cells}
        found.append(
            Spot(
                place=place,
                gets=tuple(_gets(cell, binary) for cell in cells),
                served=all(_serves(cell, version) for cell in cells),
                compiled=all(_serves(cell, version) and cell.outcome is not Outcome.PURE for cell in cells),
            )
        )
    return found


def _serves(cell: Cell, version: Version) -> bool:
    best = cell.best
    return (
        best is not None
        and best.kind == "wheel"
        and cell.loading is not Loading.NO
        and Version(best.version) == version
    )


def _gets(cell: Cell, binary: dict[str, str]) -> Gets:
    best = cell.best
    return Gets(
        installer=cell.installer.label,
        outcome=cell.outcome,
        filename=best.file.filename if best else "",
        version=best.version if best else "",
        only_binary=binary.get(cell.installer.label) if best and best.kind == "sdist" else None,
        loadable=cell.loading is not Loading.NO,
    )
