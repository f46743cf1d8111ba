"""Two images of the coverage for a README: a badge and a small matrix. No scripts, fonts or URLs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from ftwheel.core.findings import Finding
from ftwheel.core.release.coverage import Coverage
from ftwheel.render.badge import FONT
from ftwheel.render.badge import badge as draw_badge
from ftwheel.render.release.matrix import CoverageMatrix, Field, Tone, lay_out
from ftwheel.render.release.shapes import SHAPES

__all__ = ["badge", "matrix"]

_CELL, _GAP, _LABEL, _LINE = 26, 3, 190, 29  # px
_LIGHT = {
    Tone.GOOD: ("#d9f2e3", "#116329"),
    Tone.BAD: ("#b3261e", "#fff"),
    Tone.WARNED: ("#ffd970", "#5c3a00"),
    Tone.KNOWN: ("#e3ecfa", "#2b4f81"),
    Tone.QUIET: ("#eef0f3", "#6e7781"),
}
_DARK = {
    Tone.GOOD: ("#12391f", "#7ee2a0"),
    Tone.BAD: ("#ff8a80", "#3b0500"),
    Tone.WARNED: ("#ffd970", "#3d2800"),
    Tone.KNOWN: ("#1b2b42", "#a9c7f5"),
    Tone.QUIET: ("#22272e", "#9198a1"),
}


def _style(tones: Mapping[Tone, tuple[str, str]], ink: str) -> str:
    """CSS rules scoped to the image, because it may be inlined into a page."""
    rules = [f".ftwheel-matrix text{{fill:{ink}}}"]
    for tone, (ground, shape) in tones.items():
        name = f".ftwheel-matrix .{tone.name.lower()}"
        stroke = shape if tone in {Tone.BAD, Tone.WARNED} else ground
        rules.append(f"{name} rect{{fill:{ground};stroke:{stroke}}}{name} path{{fill:{shape}}}")
    return "".join(rules)


_STYLE = (
    f".ftwheel-matrix text{{font:12px {FONT}}}"
    ".ftwheel-matrix .s{font-weight:600}.ftwheel-matrix .f{font-size:10px}"
    f"{_style(_LIGHT, '#1f2328')}@media(prefers-color-scheme:dark){{{_style(_DARK, '#e6edf3')}}}"
)


def badge(coverage: Coverage, found: Sequence[Finding], *, known: frozenset[tuple[str, str]] = frozenset()) -> str:
    """``wheels | complete`` or ``wheels | 3 gaps``, 20 px high."""
    layout = lay_out(coverage, found, known=known)
    value = "complete" if layout.verdict is Tone.GOOD else "findings"
    if bad := layout.count(Tone.BAD) + layout.count(Tone.WARNED):
        value = f"{bad} gap{'s' if bad > 1 else ''}"
    colour = {Tone.GOOD: "#116329", Tone.WARNED: "#7a4b00"}.get(layout.verdict, "#b3261e")
    return draw_badge("wheels", value, colour=colour, title=f"Wheels of {layout.title}: {layout.headline}")


def matrix(coverage: Coverage, found: Sequence[Finding], *, known: frozenset[tuple[str, str]] = frozenset()) -> str:
    """A shape for each target, with a row per platform and a column per build; for light and dark mode."""
    return "".join(_drawn(lay_out(coverage, found, known=known)))


def _drawn(layout: CoverageMatrix) -> Iterator[str]:
    xs: list[int] = []
    x = _LABEL
    for number, column in enumerate(layout.columns):
        if number and column.minor != layout.columns[number - 1].minor:
            x += 10
        xs.append(x)
        x += _CELL + _GAP
    rows = sum(len(system.rows) for system in layout.systems)
    width, height = max(x + 8, 420), 66 + rows * _LINE + len(layout.systems) * 22
    summary = ", ".join(f"{count} {tone.value}" for tone, count in layout.counts if count)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'role="img" class="ftwheel-matrix" aria-labelledby="ftwheel-matrix-title ftwheel-matrix-description">'
        f'<title id="ftwheel-matrix-title">{escape(f"{layout.title}: {layout.headline}")}</title>'
        f'<desc id="ftwheel-matrix-description">{escape(_described(layout, summary))}</desc><style>{_STYLE}</style>'
        f'<text class="s" x="4" y="16">{escape(layout.title[:40])}</text>'
        f'<text x="4" y="33">{escape(layout.headline)}</text>'
    )
    for number, column in enumerate(layout.columns):
        name = f"3.{column.minor}{'t' if column.free_threaded else ''}"
        yield f'<text class="f" text-anchor="middle" x="{xs[number] + _CELL // 2}" y="56">{name}</text>'
    y = 62
    for system in layout.systems:
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
    title = f"CPython {field.python}, {field.target.platform}: {field.word}, {field.tone.value}"
    return (
        f'<g class="{field.tone.name.lower()}" transform="translate({x} {y})"><title>{escape(title)}</title>'
        f'<rect x=".5" y=".5" width="{_CELL - 1}" height="{_CELL - 1}" rx="5"/>'
        f'<path fill-rule="evenodd" transform="translate(5 5)" d="{SHAPES[field.state]}"/></g>'
    )


def _described(layout: CoverageMatrix, summary: str) -> str:
    """The text alternative: the counts, then every problem by name."""
    bad = [f"CPython {each.python} on {each.target.platform}: {each.word}" for each in layout.fields if each.codes]
    return ". ".join([summary, *bad])
