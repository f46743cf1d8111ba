"""A histogram that many threads may fill at once."""

from __future__ import annotations

import ctypes
import math
import sys
from pathlib import Path
from typing import final

__all__ = ["Histogram"]

_MAX_BINS = 65536
_SUFFIX = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
_library = ctypes.CDLL(str(Path(__file__).with_name(f"libhistogram{_SUFFIX}")))
_counts = ctypes.POINTER(ctypes.c_uint64)
_library.histogram_add.argtypes = [_counts, ctypes.c_size_t, ctypes.c_double, ctypes.c_double, ctypes.c_double]
_library.histogram_add.restype = ctypes.c_bool
_library.histogram_read.argtypes = [_counts, ctypes.c_size_t, _counts]
_library.histogram_read.restype = None


@final
class Histogram:
    """Counts values in bins of equal width over [low, high)."""

    def __init__(self, low: float, high: float, bins: int) -> None:
        if not (low < high and math.isfinite(high - low) and 1 <= bins <= _MAX_BINS):
            raise ValueError(f"need low < high and 1 to {_MAX_BINS} bins")
        self._low, self._high, self._bins = low, high, bins
        self._counts = (ctypes.c_uint64 * bins)()

    def add(self, value: float, /) -> bool:
        """Count one value; False if it is outside [low, high)."""
        return _library.histogram_add(self._counts, self._bins, self._low, self._high, value)

    def counts(self) -> list[int]:
        """How many values fell into each bin."""
        copy = (ctypes.c_uint64 * self._bins)()
        _library.histogram_read(self._counts, self._bins, copy)
        return list(copy)
