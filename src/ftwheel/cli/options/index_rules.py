"""``--index-rules``: whose upload rules apply; overrides ``index-rules`` of ``[tool.ftwheel]``."""

from __future__ import annotations

import argparse

from ftwheel.core.index.rules import IndexRules

__all__ = ["add_argument", "chosen"]


def add_argument(parser: argparse._ActionsContainer) -> None:
    """Add ``--index-rules``."""
    parser.add_argument(
        "--index-rules",
        choices=[each.value for each in IndexRules],
        help="whose upload rules apply: pypi, or any for an index that accepts every wheel (default: pypi)",
    )


def chosen(arguments: argparse.Namespace, configured: str) -> IndexRules:
    """The option, else the project's setting."""
    return IndexRules(arguments.index_rules or configured)
