"""What a histogram counts, alone and from many threads; the same tests for every toolchain."""

import os
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from histogram import Histogram


def test_each_value_lands_in_its_bin():
    histogram = Histogram(0.0, 4.0, 4)
    for value in (0.0, 0.5, 1.0, 3.999):
        assert histogram.add(value) is True
    assert histogram.counts() == [2, 1, 0, 1]


def test_values_outside_are_not_counted():
    histogram = Histogram(low=-1.0, high=1.0, bins=2)
    for value in (-1.5, 1.0, float("inf"), float("nan")):
        assert histogram.add(value) is False
    assert histogram.counts() == [0, 0]


@pytest.mark.parametrize(("low", "high", "bins"), [(1.0, 1.0, 3), (0.0, float("inf"), 3), (0.0, 1.0, 0)])
def test_bounds_that_make_no_sense_are_refused(low, high, bins):
    with pytest.raises(ValueError, match="low < high"):
        Histogram(low, high, bins)


def test_no_count_is_lost_between_threads():
    threads, rounds, bins = 4, 100_000, 3
    histogram = Histogram(0, bins, bins)
    start = Barrier(threads)

    def fill():
        start.wait()
        for number in range(rounds):
            histogram.add(number % bins)
            if number % 1000 == 0:
                histogram.counts()

    with ThreadPoolExecutor(threads) as pool:
        for future in [pool.submit(fill) for _ in range(threads)]:
            future.result()
    assert sum(histogram.counts()) == threads * rounds


@pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="the default build always has its GIL")
def test_the_import_leaves_the_gil_off():
    # In a process of its own: pytest, or PYTHON_GIL, may have decided about the GIL of this one.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHON_GIL"}
    code = "import histogram, sys; print(sys._is_gil_enabled())"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("False", "")
