"""Write ``docs/rules``: what the registry says, and below it the example that a page has already."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from ftwheel.rules.registry import RULES, index

PAGES = ROOT / "docs" / "rules"
EXAMPLE = "\n## Example\n"


def main() -> None:
    for code, rule in RULES.items():
        path = PAGES / f"{code}.md"
        _, found, example = (path.read_text(encoding="utf-8") if path.exists() else "").partition(EXAMPLE)
        path.write_text(rule.page() + found + example, encoding="utf-8")
    (PAGES / "README.md").write_text(index(), encoding="utf-8")


if __name__ == "__main__":
    main()
