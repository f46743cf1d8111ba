"""The report of ``ftwheel missing``, in every form: text, tree, JSON, Markdown, CSV, GitHub annotations and SARIF.

Names and reasons come from indexes and lock files: each form escapes what its readers would take for more than text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TextIO

from ftwheel.core.dependencies.readiness import MissingReport, ProjectReport, Readiness
from ftwheel.core.dependencies.wording import listed, needed_by, short
from ftwheel.render.dependencies.wording import answers, heading, notes, shown, versions
from ftwheel.render.terminal import StyledText, paragraphs, printable, table

__all__ = ["rows", "write"]

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
_MOST_COLUMNS = 3  # with more targets than this, those that fare alike share a row


def write(report: MissingReport, form: str, out: TextIO, *, everything: bool = False) -> None:
    """Write the report in one of the formats of ``missing``; ``everything``: show what is ready as well."""
    match form:
        case "json":
            from ftwheel.core.dependencies.readiness_json import report_data
            from ftwheel.render.jsondoc import write_document

            write_document({"command": "missing", **report_data(report)}, out)
        case "markdown":
            from ftwheel.render.dependencies.markdown import write_markdown

            write_markdown(report, out, everything=everything)
        case "csv":
            from ftwheel.render.dependencies.csv import write_csv

            write_csv(report, out)
        case "text" | "tree":
            _text(report, out, everything=everything, tree=form == "tree")
        case _:
            from ftwheel.render.formats import write_findings
            from ftwheel.rules.dependencies.readiness import as_findings

            write_findings(form, as_findings(report), out, families=("FTM",))


def _text(report: MissingReport, out: TextIO, *, everything: bool, tree: bool) -> None:
    projects = shown(report, everything=everything)
    paragraphs(out, [heading(report), ""])
    if tree:
        from ftwheel.render.dependencies.tree import tree_lines

        lines = [printable(line) for line in tree_lines(report, projects, out.encoding or "utf-8")]
        out.writelines(f"{line}\n" for line in [*lines, ""] if lines)
    elif judged := [project for project in projects if project.verdicts]:
        table(out, *rows(report, judged))
        out.write("\n")
    if below := [*notes(report, projects)]:
        paragraphs(out, below)
        out.write("\n")
    out.write(f"{report.counts.summary}\n")


def rows(report: MissingReport, projects: Sequence[ProjectReport]) -> tuple[list[str], list[list[StyledText]]]:
    """The header and the rows of the table: a column for each target, or a row for those that fare alike."""
    names = short(report.targets)
    if len(report.targets) <= _MOST_COLUMNS:
        return ["project", "version", *names.values(), "needed by"], [
            [
                StyledText(project.name, "bold"),
                StyledText(", ".join(versions(project))),
                *_cells(project, report.targets),
                StyledText(needed_by(project), "dim"),
            ]
            for project in projects
        ]
    return ["project", "version", "gets", "targets", "needed by"], [
        row for project in projects for row in _grouped(project, names)
    ]


def _cells(project: ProjectReport, targets: Sequence[str]) -> list[StyledText]:
    texts = answers(project)
    found = {verdict.target: verdict.readiness for verdict in project.verdicts}
    return [
        StyledText(texts[target], _STYLES[found[target]]) if target in texts else StyledText("not wanted here", "dim")
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
            StyledText(needed_by(project), "dim"),
        ]
        for text, targets in groups.items()
    ]
