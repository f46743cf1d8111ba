"""A simulation as Markdown, for job summaries and comments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TextIO

from ftwheel.core.installers.evaluations import Selection
from ftwheel.core.installers.rejections import Accepted, Rejected, describe
from ftwheel.render.installers.simulation import SimulationReport, heading, notes, rows, shown
from ftwheel.render.markdown import code, escaped, table

__all__ = ["write_markdown"]


def write_markdown(reports: Sequence[SimulationReport], out: TextIO) -> None:
    """Write a section for each requirement."""
    for number, report in enumerate(reports):
        out.write("\n" if number else "")
        out.writelines(f"{line}\n" for line in _lines(report))


def _lines(report: SimulationReport) -> Iterator[str]:
    yield f"### {escaped(heading(report.simulation))}"
    if report.simulation.environments:
        header, body = rows(report.simulation)
        yield ""
        yield from table(
            [escaped(name) for name in header],
            [
                [
                    code(cell.text) if cell.text and position == 0 else escaped(cell.text)
                    for position, cell in enumerate(row)
                ]
                for row in body
            ],
        )
    listed = [f"- {escaped(note)}" for note in notes(report)]
    yield from ["", *listed] if listed else []
    for explanation in report.explanations:
        yield ""
        yield from _explanation(explanation)


def _explanation(selection: Selection) -> Iterator[str]:
    takes = code(shown(selection.best.file.filename)) if selection.best else "nothing"
    yield f"{escaped(selection.installer)} on {code(selection.environment.label)} selects {takes}"
    yield ""
    lines = []
    for evaluation in selection.evaluations:
        match evaluation.verdict:
            case Accepted(rank=rank):
                rank_text, why = str(rank), "accepted"
            case Rejected(reason=reason):
                rank_text, why = "", describe(reason)
        lines.append([rank_text, code(shown(evaluation.file.filename)), escaped(shown(why))])
    yield from table(["rank", "file", "why"], lines)
