"""What the tests of pages ask a real browser."""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

__all__ = ["OVERFLOW", "violations"]

OVERFLOW = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
_AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Page, *only: str) -> list[str]:
    """What axe-core finds wrong by these of its rules, or by every rule it has switched on."""
    page.evaluate(f"() => {{ {_AXE} }}")  # evaluated by the browser's protocol: the page's own policy forbids it
    result = page.evaluate("only => axe.run(only.length ? {runOnly: only} : {})", list(only))
    assert only or len(result["passes"]) > 20
    return [f"{rule['id']}: {node['html'][:120]}" for rule in result["violations"] for node in rule["nodes"]]
