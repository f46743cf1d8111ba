"""A badge for a README: a label and a value, 20 px high. No scripts, fonts or URLs."""

from __future__ import annotations

from html import escape

__all__ = ["FONT", "badge"]

FONT = "system-ui,-apple-system,'Segoe UI',Verdana,'DejaVu Sans',sans-serif"
_CHARACTER = 6.6  # px; textLength makes the text fit in any font


def badge(label: str, value: str, *, colour: str, title: str) -> str:
    """``label | value`` as SVG; ``title`` is its text alternative. White text must be readable on ``colour``."""
    left, right = len(label) * _CHARACTER + 12, len(value) * _CHARACTER + 12
    size = f'width="{left + right:.0f}" height="20"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="ftwheel-badge-title">'
        f'<title id="ftwheel-badge-title">{escape(title)}</title><clipPath id="ftwheel-badge-frame">'
        f'<rect {size} rx="3"/></clipPath>'
        f'<g clip-path="url(#ftwheel-badge-frame)"><path fill="#424a53" d="M0 0h{left:.1f}v20H0z"/>'
        f'<path fill="{colour}" d="M{left:.1f} 0h{right:.1f}v20H{left:.1f}z"/></g>'
        f'<g fill="#fff" font-family="{FONT}" font-size="11">'
        f'<text x="6" y="14" textLength="{left - 12:.1f}">{escape(label)}</text>'
        f'<text x="{left + 6:.1f}" y="14" textLength="{right - 12:.1f}">{escape(value)}</text></g></svg>\n'
    )
