"""Two pictures of the coverage for a README: a badge, and the matrix in small. No script, no font, no address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from ftwheel.core.coverage import Coverage
from ftwheel.core.findings import Finding
from ftwheel.render.board import Board, Field, Tone, lay_out
from ftwheel.render.shapes import SHAPES

__all__ = ["badge", "matrix"]

_FONT = "system-ui,-apple-system,'Segoe UI',Verdana,'DejaVu Sans',sans-serif"
_CHARACTER = 6.6  # px; textLength makes the text fit whatever font the reader has
_CELL, _GAP, _LABEL, _LINE = 26, 3, 190, 29  # px
_STYLE = (
    "text{font:12px " + _FONT + ";fill:#1f2328}.s{font-weight:600}.f{font-size:10px}"
    ".good{--b:#d9f2e3;--i:#116329}.bad{--b:#b3261e;--i:#fff}.known{--b:#fff1c2;--i:#7a4b00}.quiet{--b:#eef0f3;--i:#6e7781}"
    "rect{fill:var(--b)}path{fill:var(--i)}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}"
    ".good{--b:#12391f;--i:#7ee2a0}.bad{--b:#ff8a80;--i:#3b0500}.known{--b:#4a3700;--i:#ffd970}.quiet{--b:#22272e;--i:#9198a1}}"
)


def badge(coverage: Coverage, found: Sequence[Finding], *, known: frozenset[tuple[str, str]] = frozenset()) -> str:
    """``wheels | complete`` or ``wheels | 3 places missing``, 20 px high."""
    board = lay_out(coverage, found, known=known)
    bad = sum(field.tone is Tone.BAD for field in board.fields)
    if bad:
        value = f"{bad} place{'s' if bad > 1 else ''} missing"
    else:
        value = "complete" if board.passed else "findings"
    colour = "#116329" if board.passed else "#b3261e"
    label, left, right = "wheels", 6 * _CHARACTER + 12, len(value) * _CHARACTER + 12
    title = escape(f"Wheels of {board.title}: {board.headline}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right:.0f}" height="20" role="img" aria-labelledby="t">'
        f'<title id="t">{title}</title><clipPath id="r"><rect width="{left + right:.0f}" height="20" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)"><path fill="#424a53" d="M0 0h{left:.1f}v20H0z"/>'
        f'<path fill="{colour}" d="M{left:.1f} 0h{right:.1f}v20H{left:.1f}z"/></g>'
        f'<g fill="#fff" font-family="{_FONT}" font-size="11">'
        f'<text x="6" y="14" textLength="{left - 12:.1f}">{label}</text>'
        f'<text x="{left + 6:.1f}" y="14" textLength="{right - 12:.1f}">{escape(value)}</text></g></svg>\n'
    )


def matrix(coverage: Coverage, found: Sequence[Finding], *, known: frozenset[tuple[str, str]] = frozenset()) -> str:
    """A shape for each place, machines down, both builds of each version side by side; light and dark."""
    return "".join(_drawn(lay_out(coverage, found, known=known)))


def _drawn(board: Board) -> Iterator[str]:
    xs: list[int] = []
    x = _LABEL
    for number, column in enumerate(board.columns):
        if number and column.minor != board.columns[number - 1].minor:
            x += 10
        xs.append(x)
        x += _CELL + _GAP
    rows = sum(len(system.rows) for system in board.systems)
    width, height = max(x + 8, 420), 66 + rows * _LINE + len(board.systems) * 22
    summary = ", ".join(f"{count} {tone.value}" for tone, count in board.counts if count)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-labelledby="t d"><title id="t">{escape(f"{board.title}: {board.headline}")}</title>'
        f'<desc id="d">{escape(_described(board, summary))}</desc><style>{_STYLE}</style>'
        f'<text class="s" x="4" y="16">{escape(board.title[:40])}</text><text x="4" y="33">{escape(board.headline)}</text>'
    )
    for number, column in enumerate(board.columns):
        name = f"3.{column.minor}{'t' if column.free_threaded else ''}"
        yield f'<text class="f" text-anchor="middle" x="{xs[number] + _CELL // 2}" y="56">{name}</text>'
    y = 62
    for system in board.systems:
        yield f'<text class="s" x="4" y="{y + 15}">{escape(system.name)}</text>'
        y += 22
        for row in system.rows:
            yield f'<text x="12" y="{y + 17}">{escape(row.name[:26])}</text>'
            for position, field in zip(xs, row.fields, strict=True):
                if field is not None:
                    yield _cell(field, position, y)
            y += _LINE
    yield "</svg>\n"


def _cell(field: Field, x: int, y: int) -> str:
    title = f"CPython {field.python}, {field.place.platform}: {field.word}, {field.tone.value}"
    return (
        f'<g class="{field.tone.name.lower()}" transform="translate({x} {y})"><title>{escape(title)}</title>'
        f'<rect width="{_CELL}" height="{_CELL}" rx="5"/>'
        f'<path fill-rule="evenodd" transform="translate(5 5)" d="{SHAPES[field.state]}"/></g>'
    )


def _described(board: Board, summary: str) -> str:
    """The counts, then every problem by name; a picture's text has to say what the picture shows."""
    bad = [f"CPython {each.python} on {each.place.platform}: {each.word}" for each in board.fields if each.codes]
    return ". ".join([summary, *bad])
