"""``--index-rules``: whose rules about uploads count, over ``index-rules`` of ``[tool.ftwheel]``."""

from __future__ import annotations

import argparse

from ftwheel.core.index.rules import IndexRules

__all__ = ["add_argument", "chosen"]


def add_argument(parser: argparse._ActionsContainer) -> None:
    """Take ``--index-rules``."""
    parser.add_argument(
        "--index-rules",
        choices=[each.value for each in IndexRules],
        help="whose rules about uploads count: pypi's, or any for an index that takes every wheel (default: pypi)",
    )


def chosen(arguments: argparse.Namespace, configured: str) -> IndexRules:
    """The option, or else what the project's table says."""
    return IndexRules(arguments.index_rules or configured)
