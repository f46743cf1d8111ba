//! A histogram that many threads may fill at once.

use pyo3::prelude::*;

/// Since PyO3 0.28 `gil_used = false` is what a module declares by default; it stands here to be seen.
#[pymodule(gil_used = false)]
mod _histogram {
    use super::*;
    use pyo3::exceptions::PyValueError;
    use std::sync::Mutex;

    const MAX_BINS: usize = 65536;

    /// Counts values in bins of equal width over [low, high).
    // Frozen: without methods that take `&mut self`, PyO3 has no borrows to check and threads never collide.
    #[pyclass(frozen, module = "histogram")]
    struct Histogram {
        low: f64,
        high: f64,
        counts: Mutex<Vec<u64>>,
    }

    #[pymethods]
    impl Histogram {
        #[new]
        fn new(low: f64, high: f64, bins: usize) -> PyResult<Self> {
            if low < high && (high - low).is_finite() && (1..=MAX_BINS).contains(&bins) {
                let counts = Mutex::new(vec![0; bins]);
                Ok(Self { low, high, counts })
            } else {
                Err(PyValueError::new_err(format!("need low < high and 1 to {MAX_BINS} bins")))
            }
        }

        /// Count one value; False if it is outside [low, high).
        fn add(&self, value: f64) -> bool {
            let inside = self.low <= value && value < self.high;
            if inside {
                // Nothing of Python is called while the lock is held, so it cannot deadlock with the GIL.
                let mut counts = self.counts.lock().unwrap();
                let last = counts.len() - 1;
                let bin = ((value - self.low) / (self.high - self.low) * counts.len() as f64) as usize;
                counts[bin.min(last)] += 1; // the quotient may round up to 1
            }
            inside
        }

        /// How many values fell into each bin.
        fn counts(&self) -> Vec<u64> {
            self.counts.lock().unwrap().clone()
        }
    }
}
