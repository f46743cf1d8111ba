"""Writes the page. All text is truncated, made printable and passed through ``html.escape``.

Each cell of the matrix links to its row in the list of all targets, which has the same in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

from ftwheel.core.findings import Finding
from ftwheel.core.release.coverage import Coverage, CoverageCell, InstallerChoice, TargetEnvironment
from ftwheel.render.findings import summary
from ftwheel.render.html_document import asset, document
from ftwheel.render.release.matrix import Column, CoverageMatrix, Field, FieldState, System, Tone, bounded, lay_out
from ftwheel.render.release.shapes import SHAPES

__all__ = ["html", "shape", "symbols"]

_MOST_NARROW = 10  # columns that fit into 1200 px, so that the header can be sticky
_VERDICTS = {Tone.GOOD: "every target is served", Tone.WARNED: "warnings", Tone.BAD: "not every target is served"}
_SWATCHES = {
    Tone.BAD: "full colour, framed: a problem",
    Tone.WARNED: "framed: a warning",
    Tone.KNOWN: "dotted frame: a problem that the baseline accepts",
    Tone.QUIET: "pale, dashed frame: no wheel is expected there",
}
_TROUBLE = (Tone.BAD, Tone.WARNED)
_MEANINGS = {
    FieldState.WHEEL: "a wheel for this version and build",
    FieldState.STABLE_ABI: "a wheel with the stable ABI",
    FieldState.PURE: "a wheel without an ABI tag (none)",
    FieldState.OLDER: "an older version, silently",
    FieldState.SDIST: "the source distribution, to be compiled",
    FieldState.NOTHING: "nothing, the installation fails",
    FieldState.UNLOADABLE: "a wheel that is accepted but cannot be loaded",
}


def html(coverage: Coverage, found: Sequence[Finding], *, known: frozenset[tuple[str, str]] = frozenset()) -> str:
    """The page as text, to be written as UTF-8; ``known`` is what a baseline accepts."""
    return "".join(f"{line}\n" for line in _page(coverage, found, lay_out(coverage, found, known=known)))


def _page(coverage: Coverage, found: Sequence[Finding], layout: CoverageMatrix) -> Iterator[str]:
    return document(
        title=f"{layout.title}: {_VERDICTS[layout.verdict]}",
        style=asset(__package__, "page.css"),
        script=asset(__package__, "page.js"),
        skip=("#findings", "Skip to the findings"),
        body=_body(coverage, found, layout),
    )


def _body(coverage: Coverage, found: Sequence[Finding], layout: CoverageMatrix) -> Iterator[str]:
    yield symbols()
    yield "<header>"
    yield from _header(coverage, layout)
    yield "</header>\n<main>"
    if layout.systems:
        yield from _matrix(layout)
    yield from _findings(found)
    if layout.systems:
        yield from _targets(coverage, layout)
    yield from _files(coverage)
    yield "</main>"


def symbols() -> str:
    shapes = "".join(
        f'<symbol id="{_name(state)}" viewBox="0 0 16 16"><path fill-rule="evenodd" d="{path}"/></symbol>'
        for state, path in SHAPES.items()
    )
    return f'<svg class="symbols" aria-hidden="true">{shapes}</svg>'


def _name(state: FieldState) -> str:
    return f"s-{state.name.lower().replace('_', '-')}"


def shape(state: FieldState) -> str:
    return f'<svg class="shape" aria-hidden="true"><use href="#{_name(state)}"/></svg>'


def _header(coverage: Coverage, layout: CoverageMatrix) -> Iterator[str]:
    yield f"<p class=over>Which wheel each target installs</p><h1>{escape(layout.title)}</h1>"
    mark = shape(FieldState.WHEEL if layout.verdict is Tone.GOOD else FieldState.UNLOADABLE)
    counted = [f"{count} {_plural(tone, count)}" for tone in _TROUBLE if (count := layout.count(tone))]
    more = f" ({', '.join(counted)})" if len(counted) > 1 else ""
    yield f'<p class="verdict {_class(layout.verdict)}">{mark}<strong>{escape(layout.headline + more)}</strong></p>'
    yield "<dl class=facts>"
    for tone, count in layout.counts:
        if count or tone in {Tone.GOOD, Tone.BAD}:
            yield f"<div class={_class(tone)}><dt>{escape(_plural(tone, count))}</dt><dd>{count}</dd></div>"
    yield "</dl>"
    installers = " and ".join(escape(bounded(name, 40)) for name in coverage.installers)
    before = (
        f" Compared with {escape(bounded(coverage.previous, 80))}, the previous release." if coverage.previous else ""
    )
    yield f"<p class=basis>What {installers} would install on each target, simulated from index pages.{before}</p>"


def _class(tone: Tone) -> str:
    return tone.name.lower()


def _plural(tone: Tone, count: int) -> str:
    return f"{tone.value}s" if count != 1 and tone in {*_TROUBLE, Tone.KNOWN} else tone.value


def _matrix(layout: CoverageMatrix) -> Iterator[str]:
    yield '<section><h2 id="matrix">Coverage</h2>'
    yield from _filters(layout)
    width = "wide" if len(layout.columns) > _MOST_NARROW else "narrow"
    yield f'<div class="scroll {width}" role="region" aria-labelledby="matrix" tabindex="0">'
    yield '<table class="matrix" role="table">'  # explicit roles, because small screens show it as blocks
    yield (
        "<caption><span>A row per platform, a column per CPython build. Hover over a cell, or focus it with Tab, "
        "to see the reason; the cell links to its row in the list of all targets.</span></caption>"
    )
    minors = [(minor, list(group)) for minor, group in groupby(layout.columns, key=lambda column: column.minor)]
    yield '<thead role="rowgroup"><tr role="row"><td rowspan="2" class="corner" role="cell"></td>'
    for minor, group in minors:
        head = f'scope="colgroup" colspan="{len(group)}" class="{_classes(group)}"'
        yield f'<th role="columnheader" {head}>3.{minor}</th>'
    yield '</tr><tr role="row">'
    for _, group in minors:
        for column in group:
            name = "free-<wbr>threaded" if column.free_threaded else "default"
            yield f'<th role="columnheader" scope="col" class="{_build(column)}{_first(column, group)}">{name}</th>'
    yield "</tr></thead>"
    firsts = {(column.minor, column.free_threaded) for _, group in minors for column in group[:1]}
    for number, system in enumerate(layout.systems):
        yield from _system(system, number, layout, firsts)
    yield "</table></div>"
    yield from _legend(layout)
    yield "</section>"


def _classes(group: Sequence[Column]) -> str:
    """The heading of a version is hidden together with the last of its builds."""
    return f"first only-{_build(group[0])}" if len(group) == 1 else "first"


def _build(column: Column | TargetEnvironment) -> str:
    return "ft" if column.free_threaded else "df"


def _first(column: Column, group: Sequence[Column]) -> str:
    return " first" if column is group[0] else ""


def _system(system: System, number: int, layout: CoverageMatrix, firsts: set[tuple[int, bool]]) -> Iterator[str]:
    yield f'<tbody class="y{number}" role="rowgroup"><tr class="system" role="row">'
    yield f'<th role="rowheader" scope="rowgroup" colspan="{len(layout.columns) + 1}">'
    yield f"<span>{escape(system.name)}</span></th></tr>"
    for row in system.rows:
        clean = "" if any(field and field.tone in _TROUBLE for field in row.fields) else ' class="clean"'
        tag = "" if row.name == row.platform else f" <code>{escape(bounded(row.platform))}</code>"
        yield f'<tr role="row"{clean}><th role="rowheader" scope="row">{escape(row.name)}{tag}</th>'
        for column, field in zip(layout.columns, row.fields, strict=True):
            first = " first" if (column.minor, column.free_threaded) in firsts else ""
            yield _field(field, f"{_build(column)}{first}")
        yield "</tr>"
    yield "</tbody>"


def _field(field: Field | None, classes: str) -> str:
    if field is None:
        return f'<td role="cell" class="none {classes}"><span class="hidden">no such target</span></td>'
    label = escape(field.target.label, quote=True)
    spoken = "" if field.tone is Tone.GOOD else f'<span class="hidden">{field.tone.value}</span>'
    codes = f" <code>{', '.join(map(escape, field.codes))}</code>" if field.codes else ""
    return (
        f'<td role="cell" class="{_class(field.tone)} {classes}">'
        f'<a href="#{label}" data-python="{_short(field)}" aria-describedby="w-{label}">{shape(field.state)}'
        f'<span class="word">{escape(field.word)}</span>{spoken}</a>'
        f'<span class="why" role="tooltip" id="w-{label}"><b>CPython {escape(field.python)} '
        f'<span class="on">on {escape(field.target.platform)}</span></b> {_sentence(field.taken)} '
        f"{_sentence(field.why)}{codes}</span></td>"
    )


def _short(field: Field) -> str:
    """``3.14 ft``: the header of the column, for screens too narrow to show it."""
    return f"3.{field.target.minor}{' ft' if field.target.free_threaded else ''}"


def _sentence(text: str) -> str:
    """A sentence on its own line, capitalized unless it starts with the name of an installer."""
    return f"<span>{escape(text[:1].upper() + text[1:] if not text.startswith(('pip ', 'uv ')) else text)}.</span>"


def _filters(layout: CoverageMatrix) -> Iterator[str]:
    """Checkboxes that the style sheet evaluates; a browser without ``:has()`` shows everything."""
    yield '<fieldset class="filters"><legend>Show</legend>'
    yield '<label><input type="checkbox" id="f-bad"> only platforms with problems</label>'
    if len({column.free_threaded for column in layout.columns}) == 2:
        yield '<label><input type="checkbox" id="f-df" checked> default</label>'
        yield '<label><input type="checkbox" id="f-ft" checked> free-threaded</label>'
    if len(layout.systems) > 1:
        for number, system in enumerate(layout.systems):
            yield f'<label><input type="checkbox" id="f-y{number}" checked> {escape(system.name)}</label>'
    yield "</fieldset>"


def _legend(layout: CoverageMatrix) -> Iterator[str]:
    used = {field.state for field in layout.fields}
    yield "<ul class=legend aria-label='Legend'>"
    for state in FieldState:
        if state in used:
            yield f"<li>{shape(state)}<span><b>{escape(state.value)}</b>: {escape(_MEANINGS[state])}</span></li>"
    for tone, text in _SWATCHES.items():
        if layout.count(tone):
            yield f'<li><span class="swatch {_class(tone)}"></span><span>{text}</span></li>'
    yield "</ul>"


def _findings(found: Sequence[Finding]) -> Iterator[str]:
    yield '<section aria-labelledby="findings"><h2 id="findings" tabindex="-1">Findings</h2>'
    if not found:
        yield "<p>No findings.</p></section>"
        return
    yield f"<p>{escape(summary(found))}.</p><ol class=findings>"
    for finding in sorted(found, key=lambda each: -each.severity):  # the most severe first
        subject = f"<span class=on>{escape(bounded(finding.subject))}</span>"
        head = f"<b>{finding.severity.word}</b> {escape(bounded(finding.code))} {subject}"
        yield f"<li class={finding.severity.word}><h3>{head}</h3>"
        yield f"<p>{escape(bounded(finding.message, 4000))}</p>"
        if finding.fix:
            yield f"<p class=fix><b>Fix:</b> {escape(bounded(finding.fix, 4000))}</p>"
        yield "</li>"
    yield "</ol></section>"


def _targets(coverage: Coverage, layout: CoverageMatrix) -> Iterator[str]:
    cells = {cell.target: cell for cell in coverage.cells}
    yield '<section aria-labelledby="targets"><h2 id="targets">All targets</h2>'
    yield "<p>The matrix in words, system by system.</p>"
    for system in layout.systems:
        fields = [field for row in system.rows for field in row.fields if field is not None]
        troubles = {tone: sum(field.tone is tone for field in fields) for tone in _TROUBLE}
        bad = sum(troubles.values())
        named = [f"{count} {_plural(tone, count)}" for tone, count in troubles.items() if count or tone is Tone.BAD]
        count = f"{len(fields)} target{'' if len(fields) == 1 else 's'}, {', '.join(named)}"
        yield f"<details{' open' if bad else ''}><summary>{escape(system.name)} <span class=on>{count}</span></summary>"
        yield '<div class="scroll" role="region" tabindex="0" aria-label="Targets on ' + escape(system.name) + '">'
        yield f'<table class="list"><caption class="hidden">Targets on {escape(system.name)}</caption><thead><tr>'
        yield from (f'<th scope="col">{name}</th>' for name in ("Target", "Verdict", "Installs", "Why"))
        yield "</tr></thead><tbody>"
        yield from (_line(field, cells[field.target]) for field in fields)
        yield "</tbody></table></div></details>"
    yield "</section>"


def _line(field: Field, cell: CoverageCell) -> str:
    label = escape(field.target.label, quote=True)
    taken = f"{_sentence(field.taken)}{_names(cell.choices)}"
    codes = "".join(f" <code>{escape(code)}</code>" for code in field.codes)
    return (
        f'<tr id="{label}" class="{_class(field.tone)}">'
        f'<th scope="row">CPython {escape(field.python)}<code>{label}</code></th>'
        f"<td>{shape(field.state)}<b>{escape(field.word)}</b><br>{escape(field.tone.value)}{codes}</td>"
        f"<td>{taken}</td><td>{_sentence(field.why)}</td></tr>"
    )


def _names(taken: Sequence[InstallerChoice]) -> str:
    """The file names behind "the older version" and "the sdist"; other answers contain them."""
    named = [choice for choice in taken if _shown_without_name(choice)]
    names = dict.fromkeys(bounded(choice.filename) for choice in named)
    return "".join(f" <code>{escape(name)}</code>" for name in names)


def _shown_without_name(choice: InstallerChoice) -> bool:
    return choice.filename != "" and choice.outcome.value in {"older version", "sdist"}


def _files(coverage: Coverage) -> Iterator[str]:
    parts = (("New files", coverage.new_files), ("Files already on the index", coverage.published))
    if not any(names for _, names in parts):
        return
    yield '<section aria-labelledby="files"><h2 id="files">Files of this release</h2>'
    for title, names in parts:
        if names:
            yield f"<details><summary>{title} <span class=on>{len(names)}</span></summary><ul class=files>"
            yield from (f"<li><code>{escape(bounded(name))}</code></li>" for name in names[:2000])
            yield "</ul></details>"
    yield "</section>"
