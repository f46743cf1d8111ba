"""ftwheel: build, check and verify pairs of wheels for the default and the free-threaded CPython ABI."""

from __future__ import annotations

__version__ = "0.1.0"
