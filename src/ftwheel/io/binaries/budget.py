"""How much the modules of one wheel may cost to read, so that a bounded time does for many costly ones."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["WorkBudget"]


@dataclass(slots=True, kw_only=True)
class WorkBudget:
    """What may still be done for the modules of one wheel; each kind of work takes a few seconds in all.

    ``instructions`` are how many are walked. ``places`` are those where a module definition may be; reading a
    definition, or its slots, counts as many places as take the same time.
    """

    places: int = 2_000_000
    instructions: int = 2_000_000  # scipy's 110 modules take 350,000
