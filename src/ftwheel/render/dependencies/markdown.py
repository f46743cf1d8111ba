"""The report of ``ftwheel missing`` as Markdown, for job summaries and comments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from ftwheel.core.dependencies.readiness import MissingReport
from ftwheel.render.dependencies.rows import rows
from ftwheel.render.dependencies.wording import heading, notes, shown
from ftwheel.render.markdown import code, escaped, table

__all__ = ["write_markdown"]


def write_markdown(report: MissingReport, out: TextIO, *, everything: bool) -> None:
    """Write the summary as a heading, the table, and what to do next."""
    out.writelines(f"{line}\n" for line in _lines(report, everything=everything))


def _lines(report: MissingReport, *, everything: bool) -> Iterator[str]:
    mark = "❌" if report.blocking else "✅" if report.counts.ready == report.counts.projects else "⚠️"
    yield f"### {mark} {escaped(report.counts.summary)}"
    yield ""
    yield escaped(heading(report))
    projects = shown(report, everything=everything)
    header, body = rows(report, [project for project in projects if project.verdicts])
    if body:
        yield ""
        yield from table(
            [escaped(name) for name in header],
            [
                [
                    code(cell.text) if cell.text and number == 0 else escaped(cell.text)
                    for number, cell in enumerate(row)
                ]
                for row in body
            ],
        )
    listed = [f"- {escaped(note)}" for note in notes(report, projects)]
    yield from ["", *listed] if listed else []
