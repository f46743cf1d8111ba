"""``--report FORMAT=FILE``: what a command found, once more and in another form, from one run."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from io import StringIO
from pathlib import Path
from typing import TextIO

from ftwheel.core.errors import InputError

__all__ = ["add_argument", "save", "write_all"]

Report = tuple[str, Path]  # the format, and the file


def add_argument(parser: argparse._ActionsContainer, formats: Sequence[str]) -> None:
    """Take ``--report`` any number of times; ``arguments.report`` are the ``Report``s."""

    def report(text: str) -> Report:
        form, _, path = text.partition("=")
        if form not in formats or not path:
            raise argparse.ArgumentTypeError(f"{text!r} is not FORMAT=FILE with one of {', '.join(formats)}")
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
    """Whole or not at all."""
    new = path.with_name(f".{path.name}.new")
    try:
        new.write_text(text, encoding="utf-8")
        new.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error
