"""The shape of each state, in a box of 16 by 16, so that no report relies on colour alone."""

from __future__ import annotations

from ftwheel.render.release.matrix import FieldState

__all__ = ["SHAPES"]

_TICK = "M3.9 8.1 6.9 11.1 12.2 5.8 11 4.6 6.9 8.7 5.1 6.9z"
SHAPES = {
    FieldState.WHEEL: f"M8 .8a7.2 7.2 0 1 1 0 14.4A7.2 7.2 0 0 1 8 .8z{_TICK}",
    FieldState.STABLE_ABI: f"M8 0 16 8 8 16 0 8z{_TICK}",
    FieldState.PURE: "M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1zm0 2.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6z",
    FieldState.OLDER: "M5.8 1h4.4v6.6h4.3L8 15 1.5 7.6h4.3z",
    FieldState.SDIST: "M1 2.5h14v11H1zM3 4.5v7h10v-7zM5 7h6v2H5z",
    FieldState.NOTHING: "M3.2 1.3 8 6.1l4.8-4.8 1.9 1.9L9.9 8l4.8 4.8-1.9 1.9L8 9.9l-4.8 4.8-1.9-1.9L6.1 8 1.3 3.2z",
    FieldState.UNLOADABLE: "M8 .8 15.8 15H.2zM7.1 5.6h1.8v4.8H7.1zM7.1 11.6h1.8v1.8H7.1z",
}
"""SVG path data, for the even-odd fill rule."""
