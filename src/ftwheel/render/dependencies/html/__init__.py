"""One self-contained page about missing wheels: a table to sort and filter, the tree, and the issues to send."""

from __future__ import annotations

from ftwheel.render.dependencies.html.page import html

__all__ = ["html"]
