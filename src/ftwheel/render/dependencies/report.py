"""The report of ``ftwheel missing`` in every format: text, tree, JSON, Markdown, CSV, GitHub annotations and SARIF.

Names and reasons come from indexes and lock files, so each format escapes what is special in it.
"""

from __future__ import annotations

from typing import TextIO

from ftwheel.core.dependencies.readiness import MissingReport
from ftwheel.render.dependencies.rows import rows
from ftwheel.render.dependencies.wording import heading, notes, shown
from ftwheel.render.terminal import paragraphs, printable, table

__all__ = ["write"]


def write(report: MissingReport, form: str, out: TextIO, *, everything: bool = False) -> None:
    """Write the report in one of the formats of ``missing``; ``everything`` includes the projects that are ready."""
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
