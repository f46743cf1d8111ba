"""The pages in docs/rules say what the classes say."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftwheel.rules.registry import RULES, index

PAGES = Path(__file__).parents[3] / "docs" / "rules"


@pytest.mark.parametrize("code", RULES)
def test_a_page_is_the_rules_own(code: str) -> None:
    # after a change: ftwheel check --explain CODE > docs/rules/CODE.md
    assert (PAGES / f"{code}.md").read_text(encoding="utf-8") == RULES[code].page()


def test_every_page_is_a_rules() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == {*RULES, "README"}
    assert (PAGES / "README.md").read_text(encoding="utf-8") == index()
