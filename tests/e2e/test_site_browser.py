"""The built documentation in a real Chromium: narrow and wide, both themes. ``python3 dev.py docs`` builds it first."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from support.browser import OVERFLOW, violations

pytestmark = pytest.mark.site
PAGES = ("index", "tutorial-application", "verify", "configuration", "rules/README", "reference/python", "api")


@pytest.fixture(scope="module")
def site() -> Path:
    folder = os.environ.get("FTWHEEL_SITE")
    assert folder, "FTWHEEL_SITE is not set: run this through python3 dev.py docs"
    return Path(folder)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("page", PAGES)
def test_everybody_can_read_it(browser: Browser, site: Path, page: str, width: int, theme: str) -> None:
    context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 900})  # type: ignore[arg-type]
    try:
        opened = context.new_page()
        asked: list[str] = []
        opened.on("request", lambda request: asked.append(request.url))
        opened.goto((site / f"{page}.html").as_uri())
        assert violations(opened) == []
        assert not opened.evaluate(OVERFLOW)
        assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    finally:
        context.close()
