"""Tables and colours on a terminal; plain, aligned text in a pipe.

rich is imported only when the output really is a terminal. Whatever came out of a wheel or an index is escaped
before it is printed: control characters never reach the terminal.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TextIO

__all__ = ["StyledText", "is_rich", "paragraphs", "printable", "table"]

# C0 and C1 controls, bidirectional overrides, line separators, and lone surrogates
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class StyledText:
    """Text with a rich style such as ``green`` or ``bold red``; the style vanishes in plain output."""

    text: str
    style: str = ""


def printable(text: str) -> str:
    """The text with every character escaped that could move the cursor or hide other text."""
    return _HIDDEN.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def is_rich(stream: TextIO) -> bool:
    """Whether to draw tables and colours: a real terminal that nobody called dumb.

    ``NO_COLOR`` and ``FORCE_COLOR`` are left to rich, which knows them.
    """
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def table(stream: TextIO, header: Sequence[str], rows: Sequence[Sequence[StyledText | str]]) -> None:
    """Write a table that fits the terminal; in a pipe, columns two spaces apart with an upper-case header.

    On a terminal too narrow for it, texts are wrapped between words and the middles of file names left out; where that
    is not enough, each row becomes a block with a line for each value. No word is broken.
    """
    cells = [
        [
            StyledText(printable(cell.text), cell.style)
            if isinstance(cell, StyledText)
            else StyledText(printable(cell))
            for cell in row
        ]
        for row in rows
    ]
    if is_rich(stream):
        from ftwheel.render.terminal_table import draw

        draw(stream, header, cells)
        return
    plain = [[name.upper() for name in header], *([cell.text for cell in row] for row in cells)]
    widths = [max(map(len, column)) for column in zip(*plain, strict=True)]
    stream.writelines(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in plain
    )


def paragraphs(stream: TextIO, texts: Iterable[str]) -> None:
    """Write each text as a line of its own; a terminal gets it wrapped between words, the rest indented."""
    lines = [printable(text) for text in texts]
    if lines and is_rich(stream):
        from ftwheel.render.terminal_table import folded

        lines = [line for text in lines for line in folded(stream, text)]
    stream.writelines(f"{line}\n" for line in lines)
