"""The reports of ``ftwheel verify`` as text, JSON and Markdown; docs/report.md shows them.

The HTML page is in ``ftwheel.render.release.html``, the images for a README are in ``ftwheel.render.release.svg``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TextIO

from ftwheel.core.findings import Finding
from ftwheel.core.installers.outcomes import Outcome
from ftwheel.core.release.coverage import Coverage, CoverageCell, ExpectationBasis, InstallerChoice
from ftwheel.render import findings, markdown
from ftwheel.render.formats import write_findings
from ftwheel.render.jsondoc import write_document
from ftwheel.render.release.matrix import Column, CoverageMatrix, Field, Tone, bounded, lay_out
from ftwheel.render.terminal import StyledText, paragraphs, printable, table

__all__ = ["write"]

_STYLES = {Tone.GOOD: "green", Tone.BAD: "bold red", Tone.WARNED: "yellow", Tone.KNOWN: "cyan", Tone.QUIET: "dim"}
_MARKS = {Tone.GOOD: "{}", Tone.BAD: "{} !", Tone.WARNED: "{} ?", Tone.KNOWN: "{} (accepted)", Tone.QUIET: "({})"}
_LEGEND = {
    Tone.BAD: "! is a problem",
    Tone.WARNED: "? a warning",
    Tone.KNOWN: "(accepted) a problem that the baseline accepts",
    Tone.QUIET: "parentheses mean that no wheel is expected",
}
_BOLD = _MARKS | {Tone.BAD: "**{}** ❌", Tone.WARNED: "**{}** ⚠️", Tone.QUIET: "*({})*"}
_VERDICTS = {Tone.GOOD: "✅", Tone.WARNED: "⚠️", Tone.BAD: "❌"}


def write(
    coverage: Coverage,
    found: Sequence[Finding],
    form: str,
    out: TextIO,
    *,
    known: frozenset[tuple[str, str]] = frozenset(),
    paths: Mapping[str, str] | None = None,
) -> None:
    """Write the coverage and its findings in one of the formats of ``verify``.

    ``known`` is what a baseline accepts, ``paths`` maps the names of new files to paths.
    """
    match form:
        case "json":
            _json(coverage, found, known, out)
        case "markdown":
            out.writelines(f"{line}\n" for line in _markdown(coverage, found, known))
            findings.write_markdown(found, out)
        case "text":
            _text(coverage, found, known, out)
        case _:
            write_findings(form, found, out, families=("FTV",), paths=paths)


def _heading(coverage: Coverage, layout: CoverageMatrix) -> str:
    before = f", compared with {bounded(coverage.previous, 80)}" if coverage.previous else ""
    return f"{layout.title}{before}: {', '.join(map(printable, coverage.installers))}"


def _from_index(coverage: Coverage) -> str:
    """The published files that are judged with the new ones; empty unless there are both."""
    if not coverage.new_files or not coverage.published:
        return ""
    return f"from the index: {', '.join(bounded(name) for name in coverage.published)}"


def _stable_abi(coverage: Coverage) -> str:
    """What ``abi3t`` wheels serve, which may be older than the CPython they serve; empty without such wheels."""
    served = sorted(
        {cell.target.minor for cell in coverage.cells if cell.served and any(_both(choice) for choice in cell.choices)}
    )
    return (
        f"abi3t wheels serve 3.{served[0]}, 3.{served[0]}t and newer, also when uploaded before their release"
        if served
        else ""
    )


def _both(choice: InstallerChoice) -> bool:
    return choice.outcome is Outcome.STABLE_ABI and "abi3t" in choice.filename


def _columns(columns: Iterable[Column]) -> list[str]:
    return [f"3.{column.minor}{' ft' if column.free_threaded else ''}" for column in columns]


def _legend(layout: CoverageMatrix) -> Iterator[str]:
    if any(column.free_threaded for column in layout.columns):
        yield "ft is the free-threaded build"
    yield from (text for tone, text in _LEGEND.items() if layout.count(tone))


def _text(coverage: Coverage, found: Sequence[Finding], known: frozenset[tuple[str, str]], out: TextIO) -> None:
    layout = lay_out(coverage, found, known=known)
    paragraphs(
        out, [*filter(None, (_heading(coverage, layout), printable(_from_index(coverage)), _stable_abi(coverage))), ""]
    )
    if layout.systems:
        rows = [
            [StyledText(row.platform), *(_cell(field) for field in row.fields)]
            for system in layout.systems
            for row in system.rows
        ]
        table(out, ("platform", *_columns(layout.columns)), rows)
        if legend := "; ".join(_legend(layout)):
            paragraphs(out, ["", legend])
        out.write("\n")
    if found:
        findings.write_text(found, out)
        out.write("\n")
    tail = f" ({findings.summary(found)})" if found else ""
    paragraphs(out, [f"{layout.headline}{tail}"])


def _cell(field: Field | None) -> StyledText:
    return StyledText(_MARKS[field.tone].format(field.word), _STYLES[field.tone]) if field else StyledText("-", "dim")


def _markdown(coverage: Coverage, found: Sequence[Finding], known: frozenset[tuple[str, str]]) -> Iterator[str]:
    layout = lay_out(coverage, found, known=known)
    yield f"### {markdown.escaped(_heading(coverage, layout))}"
    yield ""
    yield f"{_VERDICTS[layout.verdict]} {markdown.escaped(layout.headline)}"
    yield ""
    for line in filter(None, (_from_index(coverage), _stable_abi(coverage))):
        yield markdown.escaped(line)
        yield ""
    if layout.systems:
        yield from markdown.table(
            ["platform", *_columns(layout.columns)],
            [
                [
                    markdown.code(row.platform),
                    *(
                        _BOLD[field.tone].format(markdown.escaped(field.word)) if field is not None else ""
                        for field in row.fields
                    ),
                ]
                for system in layout.systems
                for row in system.rows
            ],
        )
        yield ""
        if legend := "; ".join(text.replace("!", "❌").replace("?", "⚠️") for text in _legend(layout)):
            yield f"{legend}."
            yield ""


def _json(coverage: Coverage, found: Sequence[Finding], known: frozenset[tuple[str, str]], out: TextIO) -> None:
    layout = lay_out(coverage, found, known=known)
    cells = {cell.target: cell for cell in coverage.cells}
    write_document(
        {
            "command": "verify",
            "project": coverage.project,
            "version": coverage.version,
            "previous": coverage.previous or None,
            "verdict": layout.verdict.value,
            "headline": layout.headline,
            "installers": list(coverage.installers),
            "new_files": list(coverage.new_files),
            "published": list(coverage.published),
            "places": [_target(field, cells[field.target]) for field in layout.fields],
            "findings": findings.as_json(found),
        },
        out,
    )


def _target(field: Field, cell: CoverageCell) -> dict[str, Any]:
    return {
        "environment": field.target.label,
        "python": f"3.{field.target.minor}",
        "free_threaded": field.target.free_threaded,
        "platform": field.target.platform,
        "state": field.state.value,
        "verdict": field.tone.value,
        "served": cell.served,
        "compiled": cell.compiled,
        "expected": _expected(cell),
        "why": field.why,
        "codes": list(field.codes),
        "gets": [_choice(choice) for choice in cell.choices],
    }


def _expected(cell: CoverageCell) -> str | None:
    match cell.expected:
        case None:
            return None
        case ExpectationBasis.OTHER_BUILD:
            return "twin"
        case reason:
            return reason.name.lower().replace("_", "-")


def _choice(choice: InstallerChoice) -> dict[str, Any]:
    return {
        "installer": choice.installer,
        "outcome": choice.outcome.value,
        "filename": choice.filename or None,
        "version": choice.version or None,
        "only_binary": choice.only_binary,
        "loadable": choice.loadable,
    }
