"""Shows changes of text files as unified diffs; in colour on a terminal."""

from __future__ import annotations

import difflib
from typing import TextIO

from ftwheel.render.terminal import console, is_rich, printable

__all__ = ["write_diff"]

_NO_END = "\\ No newline at end of file"
_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def write_diff(path: str, before: str | None, after: str, out: TextIO) -> None:
    """Write the diff of one file; ``before`` is None for a new one. CRLF line ends are not shown."""
    old = [] if before is None else _lines(before)
    name = printable(path)
    heads = ("/dev/null" if before is None else f"a/{name}", f"b/{name}")
    lines: list[tuple[str, str]] = []
    for index, line in enumerate(difflib.unified_diff(old, _lines(after), *heads, lineterm="")):
        style = "bold" if index < 2 else _STYLES.get(line[0], "")
        text, ended = (line, True) if index < 2 or line[0] == "@" else (line.rstrip("\r\n"), line.endswith("\n"))
        lines.append((printable(text), style))
        if not ended:
            lines.append((_NO_END, ""))
    if is_rich(out):
        from rich.text import Text

        coloured = console(out, highlight=False)
        for text, style in lines:
            coloured.print(Text(text, style=style), soft_wrap=True)
        return
    out.writelines(f"{text}\n" for text, _ in lines)


def _lines(text: str) -> list[str]:
    """Lines with their ends as editors count them; ``str.splitlines`` splits at more characters."""
    *ended, last = text.split("\n")
    return [f"{line}\n" for line in ended] + ([last] if last else [])
