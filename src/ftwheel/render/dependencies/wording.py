"""The texts that all formats of the ``ftwheel missing`` report share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ftwheel.core.dependencies.readiness import (
    HelpKind,
    MissingReport,
    ProjectReport,
    Readiness,
    Release,
    TargetReadiness,
)
from ftwheel.core.dependencies.wording import helps, short
from ftwheel.core.listing import listed, listed_briefly

__all__ = [
    "answers",
    "asks",
    "day",
    "heading",
    "notes",
    "notes_on",
    "shown",
    "versions",
]


_MOST_NAMED = 6  # targets, in a heading


def day(release: Release) -> str:
    """``6.0.2 (2025-09-21)``, without the date if the index has none."""
    return f"{release.version} ({release.upload_time:%Y-%m-%d})" if release.upload_time else release.version


def heading(report: MissingReport) -> str:
    """The inputs and the targets."""
    shards = f", shard {listed(shard.label for shard in report.shards)}" if report.shards else ""
    return f"{listed(report.inputs)}{shards}, for {_targets(report.targets)}"


def _targets(labels: Sequence[str]) -> str:
    """All of a few targets; of many, how many there are of each part."""
    if len(labels) <= _MOST_NAMED:
        return listed(labels)
    parts = [label.partition("-") for label in labels]
    pythons, platforms = dict.fromkeys(each[0] for each in parts), {each[2] for each in parts}
    return f"{len(labels)} targets: {listed(pythons)}, on {len(platforms)} platform{'s' * (len(platforms) > 1)}"


def _words(verdict: TargetReadiness, *, versions: bool = False) -> str:
    """What one target installs, with the version if ``versions``."""
    text = verdict.readiness.value
    if versions and verdict.version:
        text = f"{verdict.version}: {text}"
    if verdict.readiness is Readiness.OLDER_VERSION and verdict.taken is not None:
        text += f" ({verdict.taken.filename})"
    if verdict.why:
        text += f": {verdict.why}"
    if verdict.gil is None:
        return text
    # name the wheel that was read if the target does not install it
    other = "" if verdict.ready else f"{verdict.gil.filename}: "
    return f"{text}, {other}{_gil(verdict)}"


def _gil(verdict: TargetReadiness) -> str:
    gil = verdict.gil
    assert gil is not None
    if gil.why:
        return f"cannot tell what its modules declare: {gil.why}"
    if not gil.modules:
        return "no extension modules"
    from ftwheel.core.wheel.extension_module import Declaration  # 10 ms, and most reports have none

    text = gil.declares.value
    if gil.declares is not Declaration.NOT_USED and gil.others:
        text += f" ({len(gil.others)} of {gil.modules}: {listed_briefly(gil.others)})"
    return text


def versions(project: ProjectReport) -> tuple[str, ...]:
    """The versions that its targets install, each once."""
    return tuple(dict.fromkeys(verdict.version for verdict in project.verdicts if verdict.version))


def answers(project: ProjectReport) -> dict[str, str]:
    """What each target installs, by its label, without targets that do not need the project."""
    several = len(versions(project)) > 1
    return {verdict.target: _words(verdict, versions=several) for verdict in project.verdicts}


def shown(report: MissingReport, *, everything: bool) -> tuple[ProjectReport, ...]:
    """The projects to show, by impact: those that are not ready or have a note, or all."""
    return tuple(
        project
        for project in report.ranked
        if everything or not project.ready or any(_silent(verdict) for verdict in project.verdicts)
    )


def _silent(verdict: TargetReadiness) -> bool:
    """Whether a wheel was inspected and has modules without the declaration."""
    return verdict.gil is not None and bool(verdict.gil.others or verdict.gil.why)


def asks(project: ProjectReport) -> bool:
    """Whether only the project itself can fix something."""
    kinds = {each.kind for verdict in project.verdicts for each in verdict.helps}
    return not project.ready and not kinds.isdisjoint({HelpKind.ASK, HelpKind.ASK_PYTHON})


def notes(report: MissingReport, projects: Sequence[ProjectReport]) -> Iterator[str]:
    """Notes and next steps by project, then what was skipped."""
    hints: dict[str, list[str]] = {}
    for project in projects:
        if project.problem_hint:
            hints.setdefault(project.problem_hint, []).append(project.name)
    for project in projects:
        if project.problem:
            yield f"error: {project.name}: {project.problem}"
        if project.problem_hint in hints:
            yield f"next: {listed_briefly(hints.pop(project.problem_hint))}: {project.problem_hint}"
        for note in notes_on(report, project):
            yield f"note: {project.name}: {note}"
        allowed = " (allowed)" if not project.ready and project.name in report.policy.allowed else ""
        for text in helps(report, project):
            yield f"next: {project.name}{allowed}: {text}"
        if project.tracker and asks(project):
            yield f"next: {project.name}{allowed}: its issue tracker is {project.tracker}"
    if asking := [project.name for project in projects if asks(project)]:
        yield f"note: --issue NAME prints an issue to file with a project, for example --issue {asking[0]}"
    for aside in report.set_aside:
        where = f" ({aside.origin})" if aside.origin else ""
        yield f"set aside: {aside.name}{where}: {aside.reason}"


def notes_on(report: MissingReport, project: ProjectReport) -> Iterator[str]:
    """The notes on one project."""
    if project.difference:
        yield project.difference
    yield from dict.fromkeys(note for verdict in project.verdicts for note in verdict.notes)
    for first, targets in _firsts(report, project).items():
        yield f"{first} was the first release with a wheel for {listed(targets)}"


def _firsts(report: MissingReport, project: ProjectReport) -> dict[str, list[str]]:
    """The first release with a wheel and its targets, for targets that are not ready now."""
    names = short(report.targets)
    found: dict[str, list[str]] = {}
    for verdict in project.verdicts:
        if not verdict.ready and verdict.first is not None:
            found.setdefault(day(verdict.first), []).append(names[verdict.target])
    return found
