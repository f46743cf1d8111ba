/* A histogram that many threads may fill at once; nothing of Python in it. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

/* Counts are atomic: ctypes drops the GIL during a call, so on no build of Python is there a lock around this. */
typedef _Atomic uint64_t count_t;

/* Count one value in `bins` bins of equal width over [low, high); false if it is outside. */
EXPORT bool
histogram_add(count_t *counts, size_t bins, double low, double high, double value)
{
    if (!(value >= low && value < high)) {
        return false;
    }
    size_t bin = (size_t)((value - low) / (high - low) * (double)bins);
    atomic_fetch_add(&counts[bin < bins ? bin : bins - 1], 1); /* the quotient may round up to 1 */
    return true;
}

/* Copy how many values fell into each bin. */
EXPORT void
histogram_read(const count_t *counts, size_t bins, uint64_t *copy)
{
    for (size_t bin = 0; bin < bins; bin++) {
        copy[bin] = atomic_load(&counts[bin]);
    }
}
