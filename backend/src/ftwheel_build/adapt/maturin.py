"""maturin: each ABI has its own target folder, because PyO3's build script is not rerun when only the ABI differs.

The limited API needs nothing: PyO3 leaves it out on free-threaded interpreters, and maturin follows.
``build-args`` are never touched, because maturin replaces the project's own by them.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ftwheel_build.adapt import own_folder

if TYPE_CHECKING:
    from ftwheel_build.job import Job

__all__ = ["adapted"]

_VARIABLE = "CARGO_TARGET_DIR"


@contextlib.contextmanager
def adapted(job: Job) -> Iterator[dict[str, Any]]:
    """Set ``CARGO_TARGET_DIR`` for the wrapped hook."""
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = own_folder(os.path.join(job.root, before or "target"), job)
    try:
        yield dict(job.settings)
    finally:
        if before is None:
            del os.environ[_VARIABLE]
        else:
            os.environ[_VARIABLE] = before
