// A histogram that many threads may fill at once.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace py = pybind11;

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
        std::lock_guard lock(mutex_);
        counts_[std::min(bin, counts_.size() - 1)]++;  // the quotient may round up to 1
        return true;
    }

    std::vector<std::uint64_t> counts() const {
        std::lock_guard lock(mutex_);
        return counts_;
    }

private:
    const double low_, high_;  // never change, so reading them needs no lock
    mutable std::mutex mutex_;  // nothing of Python is called while it is held, so it cannot deadlock with the GIL
    std::vector<std::uint64_t> counts_;
};

// py::mod_gil_not_used() declares that the module does not need the GIL.
PYBIND11_MODULE(_histogram, m, py::mod_gil_not_used()) {
    using namespace py::literals;
    py::class_<Histogram>(m, "Histogram", "Counts values in bins of equal width over [low, high).")
        .def(py::init<double, double, std::ptrdiff_t>(), "low"_a, "high"_a, "bins"_a)
        .def("add", &Histogram::add, "value"_a, "Count one value; False if it is outside [low, high).")
        .def("counts", &Histogram::counts, "How many values fell into each bin.");
}
