"""One registry of every code: what it says, its page in docs/rules, and who may make a finding."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from ftwheel.core.errors import InputError
from ftwheel.core.findings import Severity
from ftwheel.rules.backend import refusal, same_fact
from ftwheel.rules.registry import FAMILIES, RULES, family, index, rules_of
from ftwheel.rules.rule import Rule
from ftwheel_build.errors import CODES

ROOT = Path(__file__).parents[3]
PAGES = ROOT / "docs" / "rules"


@pytest.mark.parametrize("code", RULES)
def test_a_rule_says_what_it_is(code: str) -> None:
    rule = RULES[code]
    assert rule.code == code
    assert re.fullmatch(rf"({'|'.join(FAMILIES)})\d{{3}}", code)
    assert rule.title
    assert not rule.title.endswith(".")
    assert rule.why.strip().endswith((".", ":"))
    assert rule.fix.strip().endswith((".", ":"))
    assert isinstance(rule.severity, Severity)
    assert set(rule.see) <= RULES.keys() - {code}


@pytest.mark.parametrize("code", RULES)
def test_a_page_is_the_rules_own(code: str) -> None:
    # after a change: python tools/rule_pages.py
    page = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    assert page.partition("\n## Example\n")[0] == RULES[code].page()


def test_no_code_is_given_twice() -> None:
    found: list[str] = []
    waiting: list[type[Rule]] = [Rule]
    while waiting:
        for rule in waiting.pop().__subclasses__():
            waiting.append(rule)
            found += [rule.code] if "code" in vars(rule) else []
    assert sorted(found) == sorted(RULES)


def test_every_page_is_a_rules() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == {*RULES, "README"}
    assert (PAGES / "README.md").read_text(encoding="utf-8") == index()


def test_the_backend_has_the_same_codes() -> None:
    titles = {code: rule.title for code, rule in family("FTB").items()}
    assert {code: title.casefold() for code, title in titles.items()} == {
        code: title.casefold() for code, title in CODES.items()
    }


def test_a_refusal_is_a_finding_of_its_rule() -> None:
    own = refusal("FTB306", "a.whl", "is wrong", "")
    assert (own.code, own.severity, own.url) == ("FTB306", Severity.ERROR, "docs/rules/FTB306.md")
    assert own.fix == " ".join(RULES["FTB306"].fix.split())
    assert refusal("FTB306", "a.whl", "is wrong", "do this").fix == "do this"
    assert "FTW208" in same_fact("FTB306")
    assert same_fact("FTW208") == ()


def test_only_rules_make_findings() -> None:
    """A code, its severity and its page come from the registry: nobody else writes ``Finding(...)``."""
    outside = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in (ROOT / "src").rglob("*.py")
        if path != ROOT / "src" / "ftwheel" / "rules" / "rule.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "Finding"
    ]
    assert outside == []


def test_a_rule_is_found_in_any_case() -> None:
    assert rules_of("ftw401") == (RULES["FTW401"],)
    assert rules_of("ftv") == tuple(family("FTV").values())
    assert rules_of("FTB306") == (RULES["FTB306"],)
    for nothing in ("FTX1", ""):
        with pytest.raises(InputError, match=f"^{nothing}: no rule"):
            rules_of(nothing)
    with pytest.raises(InputError) as caught:
        rules_of("FTX107")
    assert caught.value.hint == "did you mean FTW107 or FTV107 or FTM107?"


def test_facts_for_json() -> None:
    data = RULES["FTB306"].as_data()
    assert "FTW206" in data["see"]
    assert data["url"] == "docs/rules/FTB306.md"
    assert {rule.code for rule in family().values()} == set(RULES)
