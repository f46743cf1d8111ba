"""One self-contained page that shows the coverage of a release: no network, no script needed to read or filter it."""

from __future__ import annotations

from ftwheel.render.release.html.page import html, shape, symbols

__all__ = ["html", "shape", "symbols"]
