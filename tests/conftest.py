"""What all tests share: the pair of real interpreters, and where the examples are."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.server import IndexServer

ROOT = Path(__file__).resolve().parent.parent
collect_ignore = ["projects"]  # project trees for ftwheel init, with tests of their own


# A shell starts background jobs with SIGINT ignored, and programs inherit that: those that the tests interrupt would
# never end. A handler of Python's own is not inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)


def _required(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        pytest.fail(f"{name} is not set: run the tests through python3 dev.py tests")
    return value


@pytest.fixture(scope="session")
def default_python() -> str:
    """The path of a real default build of CPython."""
    return _required("FTWHEEL_PYTHON")


@pytest.fixture(scope="session")
def free_threaded_python() -> str:
    """The path of the free-threaded build of the same minor version."""
    return _required("FTWHEEL_PYTHON_FT")


@pytest.fixture(scope="session")
def python_314() -> str:
    """The path of a real default CPython 3.14."""
    return _required("FTWHEEL_PYTHON_314")


@pytest.fixture(scope="session")
def python_315() -> str:
    """The path of a real default CPython 3.15."""
    return _required("FTWHEEL_PYTHON_315")


@pytest.fixture(scope="session")
def examples() -> Path:
    return ROOT / "examples"


@pytest.fixture
def server() -> Iterator[IndexServer]:
    """A server on the loopback interface that has nothing yet."""
    from support.server import serve

    with serve() as running:
        yield running
