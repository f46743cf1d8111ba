"""A self-contained page about missing wheels: a table to sort and filter, the tree, and issues to file."""

from __future__ import annotations

from ftwheel.render.dependencies.html.page import html

__all__ = ["html"]
