"""Finds the known word that a mistyped word was meant to be."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["closest", "did_you_mean"]

_LONGEST = 64  # characters; comparing is quadratic


def closest(word: str, known: Iterable[str]) -> str:
    """The known word nearest to ``word``, ignoring case; empty if none is near.

    For short words (``pipy``), one with the same letters counts as near.
    """
    from difflib import get_close_matches  # noqa: PLC0415  # 5 ms, only after a mistake

    spellings = {each.lower(): each for each in known}
    written = word[:_LONGEST].lower()
    near = get_close_matches(written, spellings, n=1) or (each for each in spellings if sorted(each) == sorted(written))
    return next((spellings[match] for match in near), "")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean 'json'?``; empty if no known word is close."""
    match = closest(word, known)
    return f"did you mean {match!r}?" if match else ""
