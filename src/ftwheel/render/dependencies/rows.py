"""The rows of the table of ``ftwheel missing``, for terminals, Markdown and HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ftwheel.core.dependencies.readiness import MissingReport, ProjectReport, Readiness
from ftwheel.core.dependencies.wording import needed_by, short
from ftwheel.core.listing import listed
from ftwheel.render.dependencies.wording import answers, versions
from ftwheel.render.terminal import StyledText

__all__ = ["rows"]

_STYLES = {
    Readiness.FREE_THREADED: "green",
    Readiness.VERSION_SPECIFIC: "green",
    Readiness.STABLE_ABI: "cyan",
    Readiness.PURE: "blue",
    Readiness.CANNOT_LOAD: "bold red",
    Readiness.OLDER_VERSION: "yellow",
    Readiness.SDIST: "magenta",
    Readiness.NOTHING: "bold red",
    Readiness.CANNOT_TELL: "yellow",
}
_MOST_COLUMNS = 3  # with more targets, those with the same result share a row


def rows(report: MissingReport, projects: Sequence[ProjectReport]) -> tuple[list[str], list[list[StyledText]]]:
    """The header and the rows of the table: a column for each target, or a row for those with the same result."""
    names = short(report.targets)
    if len(report.targets) <= _MOST_COLUMNS:
        return ["project", "version", *names.values(), "needed by"], [
            [
                StyledText(project.name, "bold"),
                StyledText(", ".join(versions(project))),
                *_cells(project, report.targets),
                StyledText(_needed_by(project), "dim"),
            ]
            for project in projects
        ]
    return ["project", "version", "installs", "targets", "needed by"], [
        row for project in projects for row in _grouped(project, names)
    ]


def _cells(project: ProjectReport, targets: Sequence[str]) -> list[StyledText]:
    texts = answers(project)
    found = {verdict.target: verdict.readiness for verdict in project.verdicts}
    return [
        StyledText(texts[target], _STYLES[found[target]]) if target in texts else StyledText("not needed here", "dim")
        for target in targets
    ]


def _grouped(project: ProjectReport, names: Mapping[str, str]) -> list[list[StyledText]]:
    groups: dict[str, list[str]] = {}
    styles: dict[str, str] = {}
    for target, text in answers(project).items():
        groups.setdefault(text, []).append(target)
    for verdict in project.verdicts:
        styles.setdefault(verdict.target, _STYLES[verdict.readiness])
    return [
        [
            StyledText(project.name, "bold"),
            StyledText(", ".join(versions(project))),
            StyledText(text, styles[targets[0]]),
            StyledText(
                f"all {len(targets)}" if len(targets) == len(names) else listed(names[each] for each in targets)
            ),
            StyledText(_needed_by(project), "dim"),
        ]
        for text, targets in groups.items()
    ]


def _needed_by(project: ProjectReport) -> str:
    """``3 projects: scrapy > parsel``, without the number for a single project."""
    text, number = needed_by(project), project.dependents
    if not text:
        return f"{number} project{'' if number == 1 else 's'}" if number else ""
    return f"{number} projects: {text}" if number > 1 else text
