"""A histogram that many threads may fill at once."""

from __future__ import annotations

import math
from typing import final

from ._histogram import ffi, lib

__all__ = ["Histogram"]

_MAX_BINS = 65536


@final
class Histogram:
    """Counts values in bins of equal width over [low, high)."""

    def __init__(self, low: float, high: float, bins: int) -> None:
        if not (low < high and math.isfinite(high - low) and 1 <= bins <= _MAX_BINS):
            raise ValueError(f"need low < high and 1 to {_MAX_BINS} bins")
        self._low, self._high, self._bins = low, high, bins
        self._counts = ffi.new("uint64_t[]", bins)

    def add(self, value: float, /) -> bool:
        """Count one value; False if it is outside [low, high)."""
        return lib.histogram_add(self._counts, self._bins, self._low, self._high, value)

    def counts(self) -> list[int]:
        """How many values fell into each bin."""
        copy = ffi.new("uint64_t[]", self._bins)
        lib.histogram_read(self._counts, self._bins, copy)
        return list(copy)
