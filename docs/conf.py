"""How Sphinx builds the site from the Markdown of this folder: ``python3 dev.py docs``.

Navigation is written once, as ordinary links: the headings and links of ``index.md`` are its tables of contents, and
the table of ``rules/README.md`` lists the rules. Every warning is an error, so a page that nothing leads to and a link
that leads nowhere fail the build.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

import reference

import ftwheel

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
_HEADING = re.compile(r"## (.+)")
_LINK = re.compile(r"\[([^\]]+)\]\(([\w/-]+)\.md\)")

project = "ftwheel"
author = "the ftwheel authors"
release = version = ftwheel.__version__
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
myst_heading_anchors = 4
html_theme = "furo"
html_title = "ftwheel"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": False}
pygments_style, pygments_dark_style = "a11y-high-contrast-light", "a11y-high-contrast-dark"
suppress_warnings = ["misc.highlighting_failure"]  # console output is not a language


def contents(_: Sphinx, page: str, source: list[str]) -> None:
    """Make tables of contents of the links of the two pages that have them."""
    if page not in {"index", "rules/README"}:
        return
    trees: dict[str, list[str]] = {}
    heading = ""
    for line in source[0].splitlines():
        if found := _HEADING.fullmatch(line):
            heading = found[1]
        for title, entry in _LINK.findall(line):
            if page != "index":
                trees.setdefault("", []).append(entry)
            elif heading:
                trees.setdefault(heading, []).append(f"{title.replace('`', '')} <{entry}>")
    for caption, entries in trees.items():
        named = f":caption: {caption}\n" if caption else ""
        listed = "\n".join(dict.fromkeys(entries))
        source[0] += f"\n\n```{{toctree}}\n:hidden:\n:maxdepth: 1\n{named}\n{listed}\n```\n"


# What axe-core misses in the theme's pages: a keyboard reaches what scrolls, and landmarks have names of their own.
_ACCESSIBLE = {
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer': '<aside aria-label="This page" class="toc-drawer',
    "<pre>": '<pre tabindex="0">',
    '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',
}


def accessible(app: Sphinx, error: Exception | None) -> None:
    """Mend the pages that were written."""
    if error is None:
        for path in Path(app.outdir).rglob("*.html"):
            text = path.read_text("utf-8")
            for found, better in _ACCESSIBLE.items():
                text = text.replace(found, better)
            path.write_text(text, "utf-8")


def setup(app: Sphinx) -> None:
    reference.write_python(HERE / "reference")
    app.connect("source-read", contents)
    app.connect("build-finished", accessible)
