"""``--format`` and ``--report FORMAT=FILE``: what a command found, in any form, and in several from one run."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from io import StringIO
from pathlib import Path
from typing import TextIO

from ftwheel.core.errors import InputError
from ftwheel.core.suggestions import closest
from ftwheel.render.formats import formats

__all__ = ["add_arguments", "add_format", "save", "write_all"]

Report = tuple[str, Path]  # the format, and the file


def add_format(parser: argparse._ActionsContainer, command: str) -> None:
    """Take ``--format`` with one of the formats of the command."""
    first, *_ = offered = formats(command)
    parser.add_argument("--format", choices=offered, default=first, help=f"how to show the result (default: {first})")


def add_arguments(parser: argparse._ActionsContainer, command: str) -> None:
    """Take ``--format``, and ``--report`` any number of times; ``arguments.report`` are the ``Report``s."""
    add_format(parser, command)
    offered = formats(command)

    def report(text: str) -> Report:
        form, _, path = text.partition("=")
        if form not in offered or not path:
            meant = form if form in offered else closest(form, offered)
            example = f"{meant or 'json'}={path or 'report.json'}"
            raise InputError(
                f"--report {text}: expected FORMAT=FILE, where FORMAT is one of {', '.join(offered)}",
                hint=f"did you mean --report {example}?" if meant else f"for example --report {example}",
            )
        return form, Path(path)

    parser.add_argument(
        "--report",
        action="append",
        default=[],
        type=report,
        metavar="FORMAT=FILE",
        help="write the result to a file as well, in any of these formats; may be repeated",
    )


def write_all(reports: Iterable[Report], write: Callable[[str, TextIO], object]) -> None:
    """Write each report with ``write``, which gets the format and a stream."""
    for form, path in reports:
        text = StringIO()
        write(form, text)
        save(path, text.getvalue())


def save(path: Path, text: str) -> None:
    """Write one report whole or not at all. Raises InputError when it cannot be written."""
    from ftwheel.io.system.writing import write_text

    write_text(path, text)
