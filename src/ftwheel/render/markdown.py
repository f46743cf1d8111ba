"""Markdown for job summaries and comments, with all text escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ftwheel.render.terminal import printable

__all__ = ["code", "escaped", "table"]

_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+\-!|~&@])")


def escaped(text: str) -> str:
    """The text with every character escaped that Markdown or GitHub would interpret."""
    return _MARKUP.sub(r"\\\1", " ".join(printable(text).split()))


def code(text: str) -> str:
    """The text as a code span; it may contain backticks and be used in a table."""
    clean = printable(text).replace("|", "\\|")
    fence = "`" * (1 + max(map(len, re.findall(r"`+", clean)), default=0))
    pad = " " if clean.startswith("`") or clean.endswith("`") else ""
    return f"{fence}{pad}{clean}{pad}{fence}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a table; cells are already Markdown."""
    yield f"| {' | '.join(header)} |"
    yield f"|{' --- |' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
