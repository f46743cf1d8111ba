"""Markdown pages of ``docs/`` as tests see them: fenced blocks, headings and links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Block", "blocks", "only_blocks"]

_FENCE = re.compile(r"(?P<indent> *)(?P<marks>`{3,})(?P<language>[\w-]*)(?P<rest>.*)")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: ``line`` is the number of its first line of text, ``info`` what follows the language."""

    language: str
    line: int
    text: str
    info: str = ""


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order. A block without an end is an error of the page."""
    lines = enumerate(page.splitlines(), 1)
    for number, line in lines:
        if not (opening := _FENCE.fullmatch(line)):
            continue
        text: list[str] = []
        for _, inner in lines:
            if inner.strip() == opening["marks"]:
                break
            text.append(inner.removeprefix(opening["indent"]))
        else:
            raise AssertionError(f"line {number}: a fenced block without an end")
        yield Block(opening["language"], number + 1, "".join(f"{each}\n" for each in text), opening["rest"].strip())


def only_blocks(page: str, language: str) -> str:
    """The page with everything but the blocks of a language left out; what is left is on the lines where it was."""
    kept = [""] * (page.count("\n") + 1)
    for block in blocks(page):
        if block.language == language:
            text = block.text.splitlines()
            kept[block.line - 1 : block.line - 1 + len(text)] = text
    return "\n".join(kept) + "\n"
