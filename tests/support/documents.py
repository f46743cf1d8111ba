"""Markdown pages of ``docs/`` as tests see them: fenced blocks, headings and links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Block", "blocks", "commands", "documented", "matches", "only_blocks"]

DOCS = Path(__file__).resolve().parents[2] / "docs"
# What differs between machines and runs: times, sizes, platforms, digests in file names, folders.
_ALIKE = (
    (re.compile(r"\b\d+\.\d s\b"), "N s"),
    (re.compile(r"\b\d+(?:\.\d)? [kM]?B\b"), "N kB"),
    (re.compile(r"\b(?:many|musl)?linux[\w.]*_(?:x86_64|aarch64)(?!-linux)"), "PLATFORM"),
    (re.compile(r"\bby auditwheel: .*"), "by auditwheel: WHY"),
    (re.compile(r"-[0-9a-f]{8}\.so\b"), "-DIGEST.so"),
    (re.compile(r"\b(files? in|nothing was written to) \S+?(?=,|$)", re.MULTILINE), r"\1 FOLDER"),
    (re.compile(r"(?<=')\S*python3?(?:\.\d+)?(?= -m)"), "PYTHON"),
    (re.compile(r"(?<=@)[0-9a-f]{40}\b"), "COMMIT"),
    (re.compile(r"(?<=uses: ftwheel/ftwheel@).*"), "COMMIT"),  # an unreleased one has none
    (re.compile(r" --index-url http://127\.\S+(?=, for)"), ""),
    (re.compile(r"^\S+/bin/python\b", re.MULTILINE), "PYTHON"),
    (re.compile(r"http://127\.0\.0\.1:\d+"), "http://LOOPBACK"),
    (re.compile(r"\b(pip|uv)==[\d.]+"), r"\1"),
    (re.compile(r"\bcp3\.13\.\d+"), "cp3.13"),
    (re.compile(r" {2,}(?=\S)"), "  "),
)

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


def commands(block: Block) -> list[tuple[str, str]]:
    """Each command of a block, with what it is shown to print."""
    found: list[tuple[str, str]] = []
    for line in block.text.splitlines(keepends=True):
        if line.startswith("$ "):
            found.append((line[2:].strip(), ""))
        else:
            assert found, f"line {block.line}: output before a command"
            found[-1] = (found[-1][0], found[-1][1] + line)
    return found


def matches(shown: str, printed: str) -> bool:
    """Whether the output is what is shown, where a line ``...`` stands for any lines, none included."""
    parts = [".*\n" if line == "..." else re.escape(line) + "\n" for line in shown.rstrip("\n").splitlines()]
    pattern = "".join(parts).replace(".*\n", r"(?:.*\n)*")
    return re.fullmatch(pattern, printed.rstrip("\n") + "\n" if printed.strip() else "") is not None


def documented(page: str, command: str, printed: str) -> None:
    """Fail unless the page shows the command with this output, but for what differs between machines.

    ``command`` is how the one command begins that is meant, with a newline at its end the whole of it. For blocks that
    name their test.
    """
    [shown] = {
        output
        for block in blocks((DOCS / page).read_text("utf-8"))
        if block.language == "console"
        for line, output in commands(block)
        if f"{line}\n".startswith(command)
    }
    assert matches(_alike(shown), _alike(printed)), f"docs/{page}: {command} prints now:\n{printed}"


def _alike(text: str) -> str:
    for pattern, word in _ALIKE:
        text = pattern.sub(word, text)
    return text
