"""Every command of the documentation is run, and prints what the page says.

A ``console`` block is run here, in an empty folder that has the repository's ``tests`` and ``examples``; a line ``...``
of its output stands for any number of lines. A block that needs a compiler, a network or a project of its own names the
test that runs it, after the language: ``test=tests/e2e/test_examples.py``.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from support.commands import ftwheel, ftwheel_environ
from support.documents import Block, blocks

ROOT = Path(__file__).resolve().parents[2]
FOUND = [
    (page.relative_to(ROOT).as_posix(), block)
    for page in sorted((ROOT / "docs").glob("*.md"))
    for block in blocks(page.read_text("utf-8"))
    if block.language == "console"
]
RUN = [(page, block) for page, block in FOUND if not block.info]
HELD = [(page, block) for page, block in FOUND if block.info]


def identified(value: object) -> str:
    return f"line-{value.line}" if isinstance(value, Block) else str(value)


def matches(shown: str, printed: str) -> bool:
    """Whether the output is what is shown, where a line ``...`` stands for any lines, none included."""
    parts = [".*\n" if line == "..." else re.escape(line) + "\n" for line in shown.rstrip("\n").splitlines()]
    pattern = "".join(parts).replace(".*\n", r"(?:.*\n)*")
    return re.fullmatch(pattern, printed.rstrip("\n") + "\n" if printed.strip() else "") is not None


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


def test_a_line_of_dots_stands_for_lines_and_nothing_else_does() -> None:
    assert matches("a\n...\nd\n", "a\nb\nc\nd\n")
    assert matches("a\n...\n", "a\n")
    assert not matches("a\nd\n", "a\nb\nd\n")
    assert not matches("a.c\n", "abc\n")


@pytest.mark.parametrize(("page", "block"), RUN, ids=identified)
def test_the_command_prints_what_the_page_shows(page: str, block: Block, tmp_path: Path) -> None:
    for name in ("tests", "examples"):
        (tmp_path / name).symlink_to(ROOT / name)
    environ = ftwheel_environ(
        FTWHEEL_CACHE_DIR=str(tmp_path / "cache"), COLUMNS="200", PIP_NO_INDEX="1", UV_NO_INDEX="1"
    )
    for command, shown in commands(block):
        program, *arguments = shlex.split(command)
        assert program == "ftwheel", f"{page}: a block that runs {program} has to name its test"
        done = ftwheel(*arguments, cwd=tmp_path, environ=environ)
        assert done.code in {0, 1}, done.err
        assert matches(shown, done.out), f"{page}:{block.line}: {command}\n{done.out}{done.err}"


@pytest.mark.parametrize(("page", "block"), HELD, ids=identified)
def test_a_block_that_is_not_run_here_names_the_test_that_runs_it(page: str, block: Block) -> None:
    key, _, path = block.info.partition("=")
    assert key == "test", f"{page}:{block.line}: {block.info}"
    text = (ROOT / path).read_text("utf-8")
    for command, _ in commands(block):
        words = command.split()
        if words[0] == "echo":
            continue
        wanted = words[1] if words[0] in {"ftwheel", "pip-ftwheel"} else words[0]
        assert wanted in text, f"{page}:{block.line}: {path} says nothing of {wanted}"
