"""``ftwheel rule``: explains a rule: what it means, why it matters and how to fix it."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from ftwheel.cli.options import reports

if TYPE_CHECKING:
    from ftwheel.rules.rule import Rule

__all__ = ["EXAMPLES", "add_arguments", "explain", "run"]

EXAMPLES = """\
  ftwheel rule                  every rule: code, severity and title
  ftwheel rule FTW401           the page of one rule
  ftwheel rule FTV              the rules of a family, or of a group such as FTW4
  ftwheel rule --format json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("codes", nargs="*", metavar="CODE", help="a rule code, or a prefix of several (default: all)")
    reports.add_format(parser, "rule")


def run(arguments: argparse.Namespace) -> int:
    """0; raises InputError for a code or prefix that no rule has."""
    from ftwheel.rules.registry import RULES, rules_of

    asked = [rule for text in arguments.codes for rule in rules_of(text)] or list(RULES.values())
    if arguments.format == "json":
        from ftwheel.render.jsondoc import write_document

        write_document({"rules": [rule.as_data() for rule in asked]}, sys.stdout)
    elif all(code.upper() in RULES for code in arguments.codes) and arguments.codes:
        from ftwheel.render.terminal import page

        page(sys.stdout, "\n".join(map(_page, asked)))
    else:
        from ftwheel.render.terminal import table

        table(
            sys.stdout, ["rule", "severity", "title"], [[each.code, each.severity.word, each.title] for each in asked]
        )
    return 0


def _page(rule: type[Rule]) -> str:
    """The page as it ships: the registry's text and an example."""
    from importlib.resources import files

    package = files("ftwheel")
    # an editable install imports src/ftwheel, and docs is two folders up
    for folder in (package / "rule_pages", package / ".." / ".." / "docs" / "rules"):
        page = folder / f"{rule.code}.md"
        if page.is_file():
            return page.read_text(encoding="utf-8")
    return rule.page()


def explain(code: str | None) -> int:
    """What ``--explain CODE`` and ``--list-rules`` of other commands print."""
    return run(argparse.Namespace(codes=[code] if code else [], format="text"))
