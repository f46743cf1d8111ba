"""Shows a simulation: which file each environment installs, why not another one, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

from ftwheel.core.installers.outcomes import Outcome
from ftwheel.core.installers.simulations import Simulation
from ftwheel.core.installers.simulations import SimulationCell as Result
from ftwheel.core.named_tuples import NamedTuple
from ftwheel.core.tags.environments import Loading
from ftwheel.render.terminal import StyledText, paragraphs, table

if TYPE_CHECKING:
    from ftwheel.core.installers.evaluations import Selection
    from ftwheel.core.installers.upload_hints import UploadHint

__all__ = ["SimulationReport", "cells", "heading", "notes", "rows", "shown", "write_text"]

_STYLES = {
    Outcome.FREE_THREADED: "green",
    Outcome.VERSION_SPECIFIC: "green",
    Outcome.STABLE_ABI: "cyan",
    Outcome.PURE: "blue",
    Outcome.OLDER_VERSION: "yellow",
    Outcome.SDIST: "magenta",
    Outcome.NOTHING: "bold red",
}
_MOST_ROWS = 12  # with more environments, those of one Python with the same result share a row
_LONGEST_NAME = 200


class SimulationReport(NamedTuple):
    """Everything to show about one requirement.

    ``status`` is the project status (PEP 792) with its reason, empty for an active project. ``locations`` are the names
    of the locations that each installer looks at; ``Candidate.source`` is a position among them.
    """

    simulation: Simulation
    hints: tuple[UploadHint, ...]
    status: str
    explanations: tuple[Selection, ...]
    locations: tuple[tuple[str, ...], ...]


def shown(filename: str) -> str:
    """A file name cut to a length that fits on a screen; a hostile one can have thousands of tags."""
    return filename if len(filename) <= _LONGEST_NAME else f"{filename[: _LONGEST_NAME - 3]}..."


def words(result: Result) -> str:
    """The result of one installer in one environment."""
    if result.marker_excludes:
        return "not needed here"
    if result.refusal:
        return f"nothing: {result.refusal}"
    text = result.outcome.value
    if result.outcome is Outcome.OLDER_VERSION and result.best is not None:
        text = f"older version {result.best.version}"
    if result.loading is Loading.NO:
        text += ", cannot be loaded"
    elif result.loading is Loading.CANNOT_TELL:
        text += ", cannot tell if it loads"
    return text


def _style(result: Result) -> str:
    if result.marker_excludes:
        return "dim"
    return "bold red" if result.loading is Loading.NO else _STYLES[result.outcome]


def cells(simulation: Simulation) -> Iterator[tuple[str, tuple[Result, ...]]]:
    """The label of every environment, and the results of all installers there."""
    width = len(simulation.installers)
    for number, environment in enumerate(simulation.environments):
        yield environment.label, simulation.cells[number * width : (number + 1) * width]


def rows(simulation: Simulation) -> tuple[tuple[str, ...], list[list[StyledText]]]:
    """The header and the rows of the table: one per environment, or per Python and result."""
    installers = tuple(installer.label for installer in simulation.installers)
    if len(simulation.environments) <= _MOST_ROWS:
        return ("environment", *installers, "file"), [
            [
                StyledText(label),
                *(StyledText(words(each), _style(each)) for each in results),
                StyledText(_files(results)),
            ]
            for label, results in cells(simulation)
        ]
    platforms: dict[str, list[str]] = {}
    groups: dict[tuple[str, tuple[str, ...]], tuple[tuple[Result, ...], list[str]]] = {}
    for label, results in cells(simulation):
        python, _, platform = label.partition("-")
        platforms.setdefault(python, []).append(platform)
        groups.setdefault((python, tuple(map(words, results))), (results, []))[1].append(platform)
    return ("python", "platforms", *installers), [
        [
            StyledText(python),
            StyledText(_platforms(members, platforms[python])),
            *(StyledText(words(each), _style(each)) for each in results),
        ]
        for (python, _), (results, members) in groups.items()
    ]


def _platforms(members: Sequence[str], everything: Sequence[str]) -> str:
    if len(members) == len(everything) > 2:
        return f"all {len(members)}"
    others = [platform for platform in everything if platform not in members]
    if others and len(others) < len(members) > 2:
        return f"all but {', '.join(others)}"
    return ", ".join(members)


def _files(results: Sequence[Result]) -> str:
    """The file that all installers select, or the one of each."""
    taken = {each.installer.label: shown(each.best.file.filename) if each.best else "nothing" for each in results}
    if len(set(taken.values())) == 1:
        (name,) = set(taken.values())
        return "" if name == "nothing" else name
    return ", ".join(f"{installer}: {name}" for installer, name in taken.items())


def heading(simulation: Simulation) -> str:
    """The requirement, and the newest version that matches it."""
    newest = {version or "none" for version in simulation.newest}
    if len(newest) == 1:
        return f"{simulation.requirement.text}: newest version {newest.pop()}"
    each = zip(simulation.installers, simulation.newest, strict=True)
    return f"{simulation.requirement.text}: newest version " + ", ".join(
        f"{version or 'none'} ({installer.label})" for installer, version in each
    )


def notes(report: SimulationReport) -> Iterator[str]:
    """The notes on a project, then what to do next."""
    if report.status:
        yield f"note: the project is {report.status}"
    yanked = dict.fromkeys(
        (cell.best.version, cell.best.file.yanked.reason)
        for cell in report.simulation.cells
        if cell.best is not None and cell.best.file.yanked is not None
    )
    for version, reason in yanked:
        yield f"note: {version} is yanked" + (f": {reason}" if reason else "")
    for hint in report.hints:
        yield f"next: {hint.text}"


def write_text(reports: Sequence[SimulationReport], out: TextIO) -> None:
    """Write a table for each requirement, what to do next, and the explanations."""
    for number, report in enumerate(reports):
        out.write("\n" if number else "")
        simulation = report.simulation
        if simulation.environments:
            paragraphs(out, [heading(simulation), ""])
            table(out, *rows(simulation))
        lines = [*notes(report)]
        out.write("\n" if lines else "")
        paragraphs(out, lines)
        for position, explanation in enumerate(report.explanations):
            out.write("\n" if simulation.environments or position else "")
            _write_explanation(explanation, report.locations[position % len(report.locations)], out)


def _write_explanation(selection: Selection, locations: Sequence[str], out: TextIO) -> None:
    from ftwheel.core.installers.rejections import Accepted, Rejected, describe

    takes = f"selects {shown(selection.best.file.filename)}" if selection.best else "selects nothing"
    why = f" ({selection.refusal})" if selection.refusal else ""
    where = f"{selection.installer} on {selection.environment.label}"
    paragraphs(out, [f"{selection.requirement.text}: {where} {takes}{why}", ""])
    lines: list[list[StyledText]] = []
    for evaluation in selection.evaluations:
        match evaluation.verdict:
            case Accepted(rank=rank):
                verdict, style = f"{rank}", "green" if rank == 1 else "cyan"
                reason = "selected" if rank == 1 and selection.best else "accepted"
            case Rejected(reason=cause):
                verdict, style, reason = "-", "", describe(cause)
        line = [
            StyledText(verdict, style),
            StyledText(shown(evaluation.file.filename), style),
            StyledText(shown(reason), style),
        ]
        lines.append([*line, StyledText(locations[evaluation.source])] if len(locations) > 1 else line)
    if lines:
        table(out, ("rank", "file", "why", "from")[: len(lines[0])], lines)
    else:
        out.write("no files\n")
