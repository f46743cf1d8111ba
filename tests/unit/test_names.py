"""Names that explain themselves: a class name means one thing in both distributions."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("src/ftwheel", "backend/src/ftwheel_build")


def classes() -> Iterator[tuple[str, str]]:
    """The name of each public class, and where it is."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    yield node.name, f"{path.relative_to(ROOT).as_posix()}:{node.lineno}"


def test_no_two_classes_share_a_name() -> None:
    where: defaultdict[str, list[str]] = defaultdict(list)
    for name, place in classes():
        where[name].append(place)
    assert len(where) > 100
    assert {name: places for name, places in where.items() if len(places) > 1} == {}
