"""Every command of the documentation is run, and prints what the page says.

A ``console`` block is run here, in an empty folder that has the repository's ``tests`` and ``examples``; a line ``...``
of its output stands for any number of lines. A block that needs a compiler, a network or a project of its own names the
test that runs it, after the language: ``test=tests/e2e/test_examples.py``; that test compares what is shown with
``support.documents.documented``.
"""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import reference

from support.commands import ftwheel, ftwheel_environ
from support.documents import Block, blocks, commands, matches

ROOT = Path(__file__).resolve().parents[2]
FOUND = [
    (page.relative_to(ROOT).as_posix(), block)
    for page in sorted((ROOT / "docs").glob("*.md"))
    for block in blocks(page.read_text("utf-8"))
    if block.language == "console"
]
RUN = [(page, block) for page, block in FOUND if not block.info]
ELSEWHERE = {
    "docs/backend.md": "uv and setuptools print around it what their versions like",
    "docs/cibuildwheel.md": "one of its blocks needs containers; the other is compared",
}
"""Pages whose tests look for single lines of what is shown."""
HELD = [(page, block) for page, block in FOUND if block.info]


def identified(value: object) -> str:
    return f"line-{value.line}" if isinstance(value, Block) else str(value)


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
    for command, shown in commands(block):
        words = command.split()
        if words[0] == "echo":
            continue
        assert not shown or page in ELSEWHERE or f'"{Path(page).name}", ' in text, (
            f"{page}:{block.line}: {path} compares no output"
        )
        wanted = words[1] if words[0] in {"ftwheel", "pip-ftwheel"} else words[0]
        assert wanted in text, f"{page}:{block.line}: {path} says nothing of {wanted}"


@pytest.mark.parametrize("command", reference.COMMANDS)
def test_the_page_of_a_command_lists_its_options_as_the_help_does(command: str) -> None:
    page = (ROOT / "docs" / f"{command}.md").read_text("utf-8")
    assert page == reference.with_options(command, page), "python3 tools/reference.py writes them anew"
