"""Tables and colours on a terminal; plain, aligned text in a pipe.

rich is imported only when the output really is a terminal. Whatever came out of a wheel or an index is escaped
before it is printed: control characters never reach the terminal.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

__all__ = ["StyledText", "is_rich", "printable", "table"]

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
    """Write a table: drawn by rich on a terminal, else columns two spaces apart with an upper-case header."""
    cells = [[cell if isinstance(cell, StyledText) else StyledText(cell) for cell in row] for row in rows]
    if is_rich(stream):
        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        drawn = Table(box=box.SIMPLE_HEAD, header_style="bold")
        for name in header:
            drawn.add_column(name, overflow="fold")  # a file name cut short is no file name
        for row in cells:
            drawn.add_row(*(Text(printable(cell.text), style=cell.style) for cell in row))
        Console(file=stream).print(drawn)
        return
    plain = [[name.upper() for name in header], *([printable(cell.text) for cell in row] for row in cells)]
    widths = [max(map(len, column)) for column in zip(*plain, strict=True)]
    stream.writelines(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in plain
    )
