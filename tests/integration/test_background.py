"""``ftwheel.io.system.background``: calls that start before their results are needed."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from ftwheel.core.errors import InputError
from ftwheel.io.system.background import in_background


def test_the_call_is_under_way_before_its_result_is_asked_for() -> None:
    started, go = threading.Event(), threading.Event()

    def call() -> int:
        started.set()
        assert go.wait(60)
        return 7

    result = in_background(call)
    assert started.wait(60)
    go.set()
    assert result() == 7
    assert result() == 7


def test_an_error_is_raised_where_the_result_is_asked_for() -> None:
    def call() -> None:
        raise InputError("not an interpreter")

    result = in_background(call)
    with pytest.raises(InputError, match="not an interpreter"):
        result()


def test_nobody_waits_for_a_call_whose_result_is_not_asked_for() -> None:
    program = (
        "import threading\n"
        "from ftwheel.io.system.background import in_background\n"
        "in_background(threading.Event().wait)\n"
        "print('done')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "done\n"
