"""What all tests share: the pair of real interpreters, and where the examples are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
collect_ignore = ["projects"]  # project trees for ftwheel init, with tests of their own


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
def examples() -> Path:
    return ROOT / "examples"
