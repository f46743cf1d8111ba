"""The pages of the documentation: every link leads somewhere, and something leads to every page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import unquote

import pytest

from ftwheel.core.tags.cpython import CPYTHONS, CPython
from support.documents import blocks

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md"), ROOT / "backend" / "README.md"])
MADE = {DOCS / "reference" / "python.md"}  # by tools/reference.py
_LINK = re.compile(r"(?<!!)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"#{1,6} (.+)")


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    text = page.read_text("utf-8")
    for block in blocks(text):
        text = text.replace(block.text, "", 1)
    return text


def links(page: Path) -> Iterator[str]:
    text = re.sub(r"`[^`\n]*`", "", prose(page))
    for found in _LINK.finditer(text):
        yield found[1] or found[2]


def anchors(page: Path) -> set[str]:
    """As GitHub and MyST make them of headings."""
    found = set()
    for line in prose(page).splitlines():
        if heading := _HEADING.fullmatch(line):
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1])
            found.add(re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-"))
    return found


def target(page: Path, link: str) -> tuple[Path, str]:
    path, _, anchor = unquote(link).partition("#")
    return ((page.parent / path).resolve() if path else page), anchor


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    dead = []
    for link in links(page):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        path, anchor = target(page, link)
        if path in MADE:
            continue
        if not path.exists() or (anchor and path.suffix == ".md" and anchor not in anchors(path)):
            dead.append(link)
    assert dead == []


def test_the_start_page_leads_to_every_page_of_the_site() -> None:
    seen: set[Path] = set()
    rest = [DOCS / "index.md"]
    while rest:
        page = rest.pop()
        if page in seen:
            continue
        seen.add(page)
        rest += [
            path
            for link in links(page)
            if "://" not in link and (path := target(page, link)[0]).suffix == ".md" and path.is_relative_to(DOCS)
            if path.exists()
        ]
    assert {page for page in PAGES if page.is_relative_to(DOCS)} - seen - MADE == set()


def test_navigation_names_every_page() -> None:
    """The table of contents is made of the links of these two pages: one that is only linked elsewhere is not in it."""
    listed = {
        target(page, link)[0]
        for page in (DOCS / "index.md", DOCS / "rules" / "README.md")
        for link in links(page)
        if "://" not in link
    }
    assert {page for page in PAGES if page.is_relative_to(DOCS)} - listed - {DOCS / "index.md"} - MADE == set()


@pytest.mark.parametrize("page", [ROOT / "CONTRIBUTING.md", DOCS / "architecture.md"], ids=lambda page: page.name)
def test_the_files_and_sessions_that_are_named_exist(page: Path) -> None:
    text = prose(page)
    named = re.findall(r"`((?:src|tests|docs|tools|backend|examples|templates|benchmarks)/[\w./-]*)`", text)
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []
    sessions = {
        session for line in re.findall(r"dev\.py ([a-z ]+)", page.read_text("utf-8")) for session in line.split()
    }
    known = set(re.findall(r"^@nox\.session\ndef (\w+)", (ROOT / "noxfile.py").read_text("utf-8"), re.MULTILINE))
    assert sessions <= known


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("src/ftwheel/core/tags/cpython.py", "CPYTHONS"),
        ("src/ftwheel/core/tags/cpython.py", "exists"),
        ("src/ftwheel/rules/wheel/selection.py", "WHEEL_RULES"),
        ("src/ftwheel/rules/wheel/selection.py", "GROUP_RULES"),
        ("src/ftwheel/core/installers/interface.py", "Installer"),
        ("src/ftwheel/io/dependencies/inputs/formats.py", "LOCK_FORMATS"),
        ("tests/unit/rules/test_checks_rules.py", "CASES"),
        ("src/ftwheel/render/formats.py", "OF_FINDINGS"),
        ("src/ftwheel/render/formats.py", "OWN"),
        ("src/ftwheel/cli/main.py", "COMMANDS"),
    ],
)
def test_what_contributors_are_told_to_change_is_where_they_are_told(path: str, name: str) -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert path in page
    assert f"`{name}`" in page
    assert re.search(rf"^(?:class |def )?{name}\b", (ROOT / path).read_text("utf-8"), re.MULTILINE)


def test_the_release_that_contributors_are_shown_is_a_row_of_the_table() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    [row] = re.findall(r"^```python\n(CPython\(.*\))\n```$", page, re.MULTILINE)
    shown = eval(row, {"CPython": CPython, "date": date})
    older = [python for python in CPYTHONS if python.minor < shown.minor]
    assert older[-1].released < shown.released < shown.end_of_life
    assert older[-1].macos <= shown.macos
