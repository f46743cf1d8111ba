# cython: language_level=3, freethreading_compatible=True
"""A histogram that many threads may fill at once."""

cimport cython
from libc.math cimport isfinite
from libc.stdlib cimport calloc, free

cdef enum:
    MAX_BINS = 65536


@cython.final
cdef class Histogram:
    """Counts values in bins of equal width over [low, high)."""

    # Set once in __cinit__, so reading them needs no lock.
    cdef double low, high
    cdef Py_ssize_t bins
    # Touched in critical sections only.
    cdef unsigned long long* tally

    def __cinit__(self, double low, double high, Py_ssize_t bins):
        if not low < high or not isfinite(high - low) or not 1 <= bins <= MAX_BINS:
            raise ValueError(f"need low < high and 1 to {MAX_BINS} bins")
        self.low, self.high, self.bins = low, high, bins
        self.tally = <unsigned long long*>calloc(bins, sizeof(unsigned long long))
        if self.tally is NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.tally)

    def add(self, double value, /):
        """Count one value; False if it is outside [low, high)."""
        if not self.low <= value < self.high:
            return False
        cdef Py_ssize_t bin = <Py_ssize_t>((value - self.low) / (self.high - self.low) * self.bins)
        with cython.critical_section(self):
            self.tally[min(bin, self.bins - 1)] += 1  # the quotient may round up to 1
        return True

    def counts(self):
        """How many values fell into each bin."""
        with cython.critical_section(self):
            return [self.tally[bin] for bin in range(self.bins)]
