"""A self-contained page with the coverage of a release: it loads nothing, and works without scripts."""

from __future__ import annotations

from ftwheel.render.release.html.page import html, shape, symbols

__all__ = ["html", "shape", "symbols"]
