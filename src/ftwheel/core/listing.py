"""Puts lists of names into a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["listed", "listed_briefly"]


def listed(names: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``; empty for none"""
    *most, last = [*names] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def listed_briefly(names: Sequence[str], most: int = 5) -> str:
    """The first few names, and how many more there are; one more is named."""
    more = len(names) - most
    return f"{', '.join(names[:most])} and {more} more" if more > 1 else ", ".join(names)
