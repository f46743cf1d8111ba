"""What cffi compiles: setup.py names ``builder``."""

from cffi import FFI

builder = FFI()
builder.cdef("""
    bool histogram_add(uint64_t *counts, size_t bins, double low, double high, double value);
    void histogram_read(uint64_t *counts, size_t bins, uint64_t *copy);
""")
# Counts are atomic: cffi drops the GIL during a call, so on no build of Python is there a lock around this.
builder.set_source(
    "histogram._histogram",
    """
    #include <stdatomic.h>
    #include <stdbool.h>

    static bool
    histogram_add(uint64_t *counts, size_t bins, double low, double high, double value)
    {
        if (!(value >= low && value < high)) {
            return false;
        }
        size_t bin = (size_t)((value - low) / (high - low) * (double)bins);
        size_t last = bins - 1; /* the quotient may round up to 1 */
        atomic_fetch_add((_Atomic uint64_t *)&counts[bin < bins ? bin : last], 1);
        return true;
    }

    static void
    histogram_read(uint64_t *counts, size_t bins, uint64_t *copy)
    {
        for (size_t bin = 0; bin < bins; bin++) {
            copy[bin] = atomic_load((_Atomic uint64_t *)&counts[bin]);
        }
    }
    """,
)
