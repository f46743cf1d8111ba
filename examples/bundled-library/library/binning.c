#include "binning.h"

size_t
binning_find(double low, double high, size_t bins, double value)
{
    if (!(value >= low && value < high)) {
        return bins;
    }
    size_t bin = (size_t)((value - low) / (high - low) * (double)bins);
    return bin < bins ? bin : bins - 1; /* the quotient may round up to 1 */
}
