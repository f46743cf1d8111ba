"""A histogram that many threads may fill at once."""

from __future__ import annotations

import math
import threading

from ._histogram import bin_of

__all__ = ["Histogram"]

_MAX_BINS = 65536


class Histogram:
    """Counts values in bins of equal width over [low, high)."""

    def __init__(self, low: float, high: float, bins: int) -> None:
        if not (low < high and math.isfinite(high - low) and 1 <= bins <= _MAX_BINS):
            raise ValueError(f"need low < high and 1 to {_MAX_BINS} bins")
        self._low, self._high = low, high
        self._counts = [0] * bins
        self._lock = threading.Lock()

    def add(self, value: float, /) -> bool:
        """Count one value; False if it is outside [low, high)."""
        number = bin_of(value, self._low, self._high, len(self._counts))
        if number < 0:
            return False
        with self._lock:
            self._counts[number] += 1
        return True

    def counts(self) -> list[int]:
        """How many values fell into each bin."""
        with self._lock:
            return list(self._counts)
