"""What the library answers, alone and from many threads, and that it travels in the wheel."""

import os
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import files

import pytest
from binning import find


@pytest.mark.parametrize(("value", "expected"), [(0.0, 0), (1.5, 1), (3.999, 3), (4.0, None), (-0.1, None)])
def test_a_value_is_in_its_bin(value, expected):
    assert find(0.0, 4.0, 4, value) == expected


def test_no_bins_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        find(0.0, 1.0, 0, 0.5)


def test_many_threads_get_the_same_answers():
    values = [number / 100 for number in range(400)]

    def answers(_):
        return [find(0.0, 4.0, 4, value) for value in values]

    with ThreadPoolExecutor(4) as pool:
        assert all(each == [int(value) for value in values] for each in pool.map(answers, range(100)))


def test_the_library_is_in_the_wheel():
    assert any(path.name.startswith("libbinning") for path in files("bundled-library"))


@pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="the default build always has its GIL")
def test_the_import_leaves_the_gil_off():
    # In a process of its own: pytest, or PYTHON_GIL, may have decided about the GIL of this one.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHON_GIL"}
    code = "import binning, sys; print(sys._is_gil_enabled())"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("False", "")
