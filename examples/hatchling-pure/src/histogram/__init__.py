"""A histogram that many threads may fill at once."""

from __future__ import annotations

import math
import threading
from typing import final

__all__ = ["Histogram"]

_MAX_BINS = 65536


@final
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
        if not self._low <= value < self._high:
            return False
        bins = len(self._counts)
        bin_ = int((value - self._low) / (self._high - self._low) * bins)
        with self._lock:  # += reads and writes: two steps, with or without a GIL
            self._counts[min(bin_, bins - 1)] += 1  # the quotient may round up to 1
        return True

    def counts(self) -> list[int]:
        """How many values fell into each bin."""
        with self._lock:
            return self._counts.copy()
