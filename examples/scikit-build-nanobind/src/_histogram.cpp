// A histogram that many threads may fill at once.
#include <nanobind/nanobind.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace nb = nanobind;

constexpr std::ptrdiff_t max_bins = 65536;

class Histogram {
public:
    Histogram(double low, double high, std::ptrdiff_t bins) : low_(low), high_(high) {
        if (!(low < high) || !std::isfinite(high - low) || bins < 1 || bins > max_bins)
            throw std::invalid_argument("need low < high and 1 to " + std::to_string(max_bins) + " bins");
        counts_.resize(static_cast<std::size_t>(bins));
    }

    bool add(double value) {
        if (!(value >= low_ && value < high_))
            return false;
        auto bin = static_cast<std::size_t>((value - low_) / (high_ - low_) * static_cast<double>(counts_.size()));
        counts_[std::min(bin, counts_.size() - 1)]++;  // the quotient may round up to 1
        return true;
    }

    std::vector<std::uint64_t> counts() const { return counts_; }

private:
    double low_, high_;
    std::vector<std::uint64_t> counts_;
};

NB_MODULE(_histogram, m) {
    using namespace nb::literals;
    // lock_self() holds the object's own lock during the call; on the default build it is the GIL's job.
    nb::class_<Histogram>(m, "Histogram", "Counts values in bins of equal width over [low, high).")
        .def(nb::init<double, double, std::ptrdiff_t>(), "low"_a, "high"_a, "bins"_a)
        .def("add", &Histogram::add, "value"_a, nb::lock_self(), "Count one value; False if it is outside [low, high).")
        .def("counts", &Histogram::counts, nb::lock_self(), "How many values fell into each bin.");
}
