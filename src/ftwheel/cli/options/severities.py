"""The values of ``--fail-on``, ``--severity``, ``--select`` and ``--ignore``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from ftwheel.core.findings import Severity

__all__ = ["SEVERITIES", "add_arguments", "codes", "severity"]

SEVERITIES = ("advice", "warning", "error")


def add_arguments(parser: argparse._ActionsContainer) -> None:
    """Add ``--severity`` and ``--fail-on``."""
    parser.add_argument(
        "--severity",
        action="append",
        default=[],
        metavar="CODE=LEVEL",
        help="set the severity of a rule: advice, warning or error",
    )
    fails = "exit 1 at this severity or above (default: error)"
    parser.add_argument("--fail-on", choices=SEVERITIES, default="error", help=fails)


def codes(given: Sequence[str]) -> tuple[str, ...]:
    """The codes in comma-separated lists, in upper case."""
    return tuple(code.strip().upper() for text in given for code in text.split(",") if code.strip())


def severity(text: str) -> tuple[str, Severity]:
    """The two parts of ``CODE=LEVEL``. Raises InputError for another level."""
    from ftwheel.core.errors import InputError
    from ftwheel.core.findings import Severity
    from ftwheel.core.suggestions import did_you_mean

    code, _, word = text.partition("=")
    if word not in SEVERITIES:
        raise InputError(
            f"--severity {text}: expected CODE=LEVEL",
            hint=did_you_mean(word, SEVERITIES) or "LEVEL is advice, warning or error",
        )
    return code.strip().upper(), Severity[word.upper()]
