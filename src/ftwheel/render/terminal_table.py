"""Draws a table on a terminal of any width: side by side, shortened, or stacked.

rich's own tables break words in narrow columns, which makes file names unreadable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console


__all__ = ["draw", "filled", "folded", "shortened"]

_GAP = 2  # columns between columns, and in front of what belongs to the line above
_UNBROKEN = "\N{NO-BREAK SPACE}"  # in names of columns and between number and unit, until they are written
_QUANTITY = re.compile(r"^([\d.]+) (\w+)$")
_SHORTEST = 34  # columns that a file name is shortened to at most: NAME-VERSION and the platform can still be seen
_PLATFORM_END = len("64.whl")
_FILENAME = re.compile(r"\S+\.(?:whl|tar\.gz|zip|so|pyd|dylib)")

Cell = tuple[str, str]  # printable text, and a rich style, which may be empty
Row = Sequence[Cell]


def draw(console: Console, header: Sequence[str], rows: Sequence[Row]) -> None:
    """Write the rows; their texts must be printable."""
    width = console.width - 1  # a full last column makes some terminals wrap
    rows = [[(_QUANTITY.sub(rf"\1{_UNBROKEN}\2", text), style) for text, style in row] for row in rows]
    widths = _widths(width, header, rows)
    for line in _columns(header, rows, widths, console) if widths else _stacked(header, rows, width, console):
        line.rstrip()
        console.print(line, soft_wrap=True, highlight=False)


def folded(console: Console, text: str) -> list[str]:
    """The text in lines that fit the terminal, broken between words; all but the first are indented.

    A file name that is wider than a line loses its middle.
    """
    width = console.width - 1
    indent = " " * (len(text) - len(text.lstrip()) + _GAP)
    return _wrapped(_fitting(text, width - len(indent), _strokes(console)[1]), width, indent)


def filled(console: Console, markdown: str) -> str:
    """A page whose paragraphs and list items fill the terminal; other lines are broken between words."""
    text = "".join(
        part if part.startswith("```") else re.sub(r"(?<=\S)\n *(?=[^-\s#|*>])", " ", part)
        for part in re.split(r"(^```.*?^```$)", markdown, flags=re.MULTILINE | re.DOTALL)
    )
    lines: list[str] = []
    code = False
    for line in text.split("\n"):
        code ^= line.startswith("```")
        hanging = " " * (len(line) - len(line.lstrip()) + _GAP) if code or line.lstrip().startswith("- ") else ""
        lines += _wrapped(line, console.width - 1, hanging)
    return "\n".join(lines)


def shortened(text: str, width: int, dots: str = "…") -> str:
    """The text, without its middle if it is wider: both ends of a file name tell more than one of them.

    Of a wheel's name, all up to the ABI is kept if the end of the platform fits as well.
    """
    if cell_len(text) <= width:
        return text
    kept = max(2, width - len(dots))
    start = text.rfind("-") + 1 if text.endswith(".whl") else 0
    if not 0 < start <= kept - _PLATFORM_END:
        start = kept // 2
    return f"{text[:start]}{dots}{text[start - kept :]}"


def _widths(available: int, header: Sequence[str], rows: Sequence[Row]) -> list[int]:
    """The width of each column; empty when the longest words do not fit side by side."""
    columns = [[name, *(row[number][0] for row in rows)] for number, name in enumerate(header)]
    natural = [max(map(cell_len, column)) for column in columns]
    least = [max(_longest_word(text) for text in column) for column in columns]
    left = available - _GAP * (len(header) - 1) - sum(least)
    if left < 0:
        return []
    widths = list(least)
    names = [number for number, column in enumerate(columns) if any(_FILENAME.search(text) for text in column)]
    others = sorted(range(len(header)), key=lambda each: natural[each] - least[each])
    # first enough to tell file names apart, then to keep texts on one line, then for whole file names
    for number, most in [*((each, available * 3 // 5) for each in names), *((each, available) for each in others)]:
        more = max(0, min(left, natural[number] - widths[number], most - widths[number]))
        widths[number] += more
        left -= more
    return widths


def _longest_word(text: str) -> int:
    return max(
        (min(cell_len(word), _SHORTEST) if _FILENAME.fullmatch(word) else cell_len(word) for word in text.split(" ")),
        default=0,
    )


def _columns(header: Sequence[str], rows: Sequence[Row], widths: Sequence[int], console: Console) -> Iterator[Text]:
    rule, dots = _strokes(console)
    heads = [_wrapped(name, width) for name, width in zip(header, widths, strict=True)]
    yield from _side_by_side([(lines, "bold") for lines in heads], widths)
    yield Text(rule * (sum(widths) + _GAP * (len(widths) - 1)))
    for row in rows:
        cells = [
            (_wrapped(_fitting(text, width, dots), width), style)
            for (text, style), width in zip(row, widths, strict=True)
        ]
        yield from _side_by_side(cells, widths)


def _stacked(header: Sequence[str], rows: Sequence[Row], width: int, console: Console) -> Iterator[Text]:
    """The first cell as a title; below it each distinct value, with the names of its columns.

    Rows with the same values share a block below their titles. A title that is a number takes the next cell in.
    """
    lead = 0
    if all(re.fullmatch(r"\d{1,5}|-", row[0][0]) for row in rows):
        lead = max(cell_len(row[0][0]) for row in rows) + _GAP
        header = header[1:]
        rows = [[(f"{row[0][0].ljust(lead)}{row[1][0]}", row[1][1]), *row[2:]] for row in rows]
    _, dots = _strokes(console)
    alike: dict[tuple[Cell, ...], list[Cell]] = {}
    for row in rows:
        alike.setdefault(tuple(row[1:]), []).append(row[0])
    names = [_grouped(header, values) for values in alike]
    lefts = [cell_len(left) for groups in names for left, _ in groups]
    fitting = [each for each in lefts if each <= width // 2]
    label = max(fitting, default=width // 2)
    value = width - label - 2 * _GAP
    for titles, groups in zip(alike.values(), names, strict=True):
        for text, style in _titles(titles):
            yield from (
                Text(line, style=style or "bold") for line in _wrapped(_fitting(text, width - lead, dots), width)
            )
        for left, (text, style) in groups:
            lines = _wrapped(left, label)
            texts = _wrapped(_fitting(text, value, dots), value)
            yield from (
                Text(" " * _GAP) + line
                for line in _side_by_side([(lines, ""), (texts, style)], [max(label, *map(cell_len, lines)), value])
            )


def _titles(cells: Sequence[Cell]) -> Iterator[Cell]:
    """The titles of a block: words share lines, anything longer has one of its own."""
    if len({style for _, style in cells}) == 1 and not any(" " in text or _FILENAME.search(text) for text, _ in cells):
        yield ", ".join(text for text, _ in cells), cells[0][1]
    else:
        yield from cells


def _grouped(header: Sequence[str], values: Row) -> list[tuple[str, Cell]]:
    groups: dict[Cell, list[str]] = {}
    for name, cell in zip(header[1:], values, strict=True):
        if cell[0] not in {"", "-"}:
            groups.setdefault(cell, []).append(name.replace(" ", _UNBROKEN))
    return [(", ".join(names), cell) for cell, names in groups.items()]


def _side_by_side(cells: Sequence[tuple[Sequence[str], str]], widths: Sequence[int]) -> Iterator[Text]:
    for line in zip_longest(*(lines for lines, _ in cells), fillvalue=""):
        text = Text()
        for number, (part, (_, style), width) in enumerate(zip(line, cells, widths, strict=True)):
            text.append(" " * _GAP if number else "").append(part.replace(_UNBROKEN, " "), style=style or None)
            text.append(" " * (width - cell_len(part)))
        yield text


def _fitting(text: str, width: int, dots: str) -> str:
    """The text with its file names shortened to a width."""
    return _FILENAME.sub(lambda match: shortened(match[0], width, dots), text)


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Lines of whole words; a word that is too wide is on a line of its own."""
    words = text.split(" ")
    lines = [words[0]]
    for word in words[1:]:
        if cell_len(lines[-1]) + 1 + cell_len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(f"{indent}{word}")
    return lines


def _strokes(console: Console) -> tuple[str, str]:
    """The rule below the header and the ellipsis, in ASCII if the output cannot encode them."""
    try:
        "─…".encode(console.encoding)
    except UnicodeEncodeError:
        return "-", "..."
    return "─", "…"
