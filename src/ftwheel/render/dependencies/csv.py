"""The report of ``ftwheel missing`` as CSV (RFC 4180): a line for each project and target."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TextIO

from ftwheel.core.dependencies.readiness import MissingReport, ProjectReport, Release, TargetReadiness
from ftwheel.core.dependencies.wording import needed_by
from ftwheel.render.terminal import printable

__all__ = ["COLUMNS", "write_csv"]

COLUMNS = (
    "project",
    "requirement",
    "target",
    "readiness",
    "ready",
    "blocks",
    "version",
    "file",
    "newest",
    "first",
    "first_date",
    "upgrade",
    "declares",
    "needed_by",
    "next",
    "notes",
    "problem",
    "dependents",
    "tracker",
)
_FORMULA = ("=", "+", "-", "@")  # spreadsheets evaluate cells that start with these (CWE-1236)


def write_csv(report: MissingReport, out: TextIO) -> None:
    """Write a header and all projects, judged or not. Spreadsheets read no cell as a formula."""
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(COLUMNS)
    for project in report.projects:
        for verdict in project.verdicts or (None,):
            lines.writerow(map(_safe, _row(report, project, verdict)))


def _row(report: MissingReport, project: ProjectReport, verdict: TargetReadiness | None) -> Iterator[str]:
    yield project.name
    yield project.requirement
    if verdict is None:
        yield from [""] * (len(COLUMNS) - 8)
        yield needed_by(project)
        yield from ("", "", project.problem, str(project.dependents), project.tracker)
        return
    blocks = verdict.readiness in report.policy.fail_on and project.name not in report.policy.allowed
    first = verdict.first
    yield verdict.target
    yield verdict.readiness.value
    yield "yes" if verdict.ready else "no"
    yield "yes" if blocks else "no"
    yield verdict.version
    yield verdict.taken.filename if verdict.taken else ""
    yield verdict.newest
    yield _version(first)
    yield f"{first.upload_time:%Y-%m-%d}" if first and first.upload_time else ""
    yield _version(verdict.upgrade)
    yield verdict.gil.declares.value if verdict.gil and verdict.gil.modules else ""
    yield needed_by(project)
    yield "; ".join(each.text for each in verdict.helps)
    yield "; ".join(verdict.notes)
    yield verdict.why
    yield str(project.dependents)
    yield project.tracker


def _version(release: Release | None) -> str:
    return release.version if release else ""


def _safe(text: str) -> str:
    clean = printable(text)
    return f"'{clean}" if clean.lstrip().startswith(_FORMULA) else clean
