"""``--format`` and ``--report FORMAT=FILE``: the result of a command in one or several formats."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from io import StringIO
from typing import TYPE_CHECKING

from ftwheel.core.errors import InputError
from ftwheel.core.suggestions import closest
from ftwheel.render.formats import formats

__all__ = ["add_arguments", "add_format", "save", "write_all"]

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

    Report = tuple[str, Path]  # the format, and the file


def add_format(parser: argparse._ActionsContainer, command: str) -> None:
    """Add ``--format`` with the formats of the command."""
    first, *_ = offered = formats(command)
    parser.add_argument("--format", choices=offered, default=first, help=f"output format (default: {first})")


def add_arguments(parser: argparse._ActionsContainer, command: str) -> None:
    """Add ``--format`` and a repeatable ``--report``; ``arguments.report`` holds the ``Report``s."""
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
        from pathlib import Path

        return form, Path(path)

    parser.add_argument(
        "--report",
        action="append",
        default=[],
        type=report,
        metavar="FORMAT=FILE",
        help="also write the result to a file, in any of these formats; may be repeated",
    )


def write_all(reports: Iterable[Report], write: Callable[[str, TextIO], object]) -> None:
    """Write each report with ``write``, which receives the format and a stream."""
    for form, path in reports:
        text = StringIO()
        write(form, text)
        save(path, text.getvalue())


def save(path: Path, text: str) -> None:
    """Write one report whole or not at all. Raises InputError when it cannot be written."""
    from ftwheel.io.system.writing import write_text

    write_text(path, text)
