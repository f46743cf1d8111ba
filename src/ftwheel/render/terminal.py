"""Tables and colours on a terminal; plain, aligned text in a pipe.

rich is imported only if the output is a terminal. Text from wheels, indexes, files and arguments is escaped by
``printable`` before it is printed: control characters never reach the terminal, and no line is read as a workflow
command. ``EscapedStream`` escapes what a caller forgets.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from ftwheel.core.index.urls import redact_login
from ftwheel.core.named_tuples import NamedTuple

if TYPE_CHECKING:
    from rich.console import Console

__all__ = [
    "EscapedStream",
    "StyledText",
    "console",
    "is_rich",
    "page",
    "paragraphs",
    "printable",
    "printable_lines",
    "table",
]

# C0 and C1 controls, bidirectional overrides, line separators, and lone surrogates
_BUT_LINES = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_HIDDEN_BUT_LINES = f"[{_BUT_LINES}]"
_HIDDEN = f"[\t\n{_BUT_LINES}]"
_COMMAND = re.compile(r"^([^\S\n]*)::", re.MULTILINE)


class StyledText(NamedTuple):
    """Text with a rich style such as ``green`` or ``bold red``; plain output ignores the style."""

    text: str
    style: str = ""


def printable(text: str) -> str:
    """One line of text, with characters escaped that could move the cursor, hide other text or end the line.

    Workflow commands of GitHub Actions are escaped too (``::`` at the start, ``##[`` anywhere); logins are removed.
    """
    text = redact_login(_escaped(text))
    if text.lstrip().startswith("::"):
        text = text.replace(":", "\\x3a", 1)
    return text.replace("##[", "#\\x23[")


def printable_lines(text: str) -> str:
    """Text of several lines, each made ``printable``."""
    return "\n".join(map(printable, text.split("\n")))


def _escaped(text: str, hidden: str = _HIDDEN) -> str:
    if text.isprintable():
        return text
    return re.sub(hidden, lambda match: match[0].encode("unicode_escape").decode(), text)


class EscapedStream(io.TextIOWrapper):
    """Standard output or error of a whole process, with control characters other than line ends and tabs escaped.

    So are workflow commands, also where a text continues a line: what was written before is not known.
    ``unescaped`` is the same stream without escaping, for colours and for ftwheel's own workflow commands; both write
    through.
    """

    def __init__(self, stream: io.TextIOWrapper) -> None:
        encoding, line_buffering = stream.encoding, stream.line_buffering
        super().__init__(stream.detach(), encoding, "backslashreplace", None, line_buffering, write_through=True)
        self.unescaped = io.TextIOWrapper(self.buffer, encoding, "backslashreplace", None, write_through=True)

    def write(self, text: str, /) -> int:
        text = _escaped(text, _HIDDEN_BUT_LINES)
        if "::" in text:
            text = _COMMAND.sub(r"\1\\x3a:", text)
        return super().write(text.replace("##[", "#\\x23["))


def console(stream: TextIO, **options: Any) -> Console:
    """A rich console on a stream; it escapes nothing, so texts have to be ``printable``."""
    from rich.console import Console

    return Console(file=getattr(stream, "unescaped", stream), **options)


def is_rich(stream: TextIO) -> bool:
    """Whether to draw tables and colours: on a terminal that is not ``dumb``.

    rich itself handles ``NO_COLOR`` and ``FORCE_COLOR``.
    """
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def table(stream: TextIO, header: Sequence[str], rows: Sequence[Sequence[StyledText | str]]) -> None:
    """Write a table that fits the terminal; in a pipe, columns two spaces apart with an upper-case header.

    On a narrow terminal, texts are wrapped between words and file names shortened in the middle; if that is not enough,
    each row becomes a block with a line for each value. No word is broken.
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

        draw(console(stream), header, [[(cell.text, cell.style) for cell in row] for row in cells])
        return
    plain = [[name.upper() for name in header], *([cell.text for cell in row] for row in cells)]
    widths = [max(map(len, column)) for column in zip(*plain, strict=True)]
    stream.writelines(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in plain
    )


def page(stream: TextIO, text: str) -> None:
    """Write a page of Markdown; on a terminal its paragraphs and list items fill the width, and no word is broken."""
    if is_rich(stream):
        from ftwheel.render.terminal_table import filled

        text = filled(console(stream), text)
    stream.write(text)


def paragraphs(stream: TextIO, texts: Iterable[str]) -> None:
    """Write each text on its own line; on a terminal it is wrapped between words, with a hanging indent."""
    lines = [printable(text) for text in texts]
    if lines and is_rich(stream):
        from ftwheel.render.terminal_table import folded

        lines = [line for text in lines for line in folded(console(stream), text)]
    stream.writelines(f"{line}\n" for line in lines)
