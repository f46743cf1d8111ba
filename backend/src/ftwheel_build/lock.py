"""One build at a time in one source tree, across processes.

setuptools (and others) keep state in the tree: of two builds at once, one wheel came out empty and the other with
the modules of both. uv locks the tree only when it reads ``setuptools.build_meta`` as the backend.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from typing import BinaryIO

from ftwheel_build.errors import say

__all__ = ["locked"]

_HELD = "FTWHEEL_BUILD_LOCKED"  # trees whose lock this process or one of its parents has
_BEYOND = 1 << 40  # Windows locks byte ranges: one far behind the end of the file disturbs no reader
_PAUSE = 0.1  # seconds between two attempts on Windows, where waiting gives up after ten


def _acquire(stream: BinaryIO, *, wait: bool) -> bool:
    """Take the lock; False if another process holds it and ``wait`` is off. Raises OSError where there are no locks."""
    if sys.platform == "win32":
        import msvcrt

        while True:
            stream.seek(_BEYOND)
            try:
                msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
                return True
            except PermissionError:
                if not wait:
                    return False
                time.sleep(_PAUSE)
    else:
        import fcntl

        try:
            fcntl.flock(stream, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True


@contextlib.contextmanager
def locked(root: str) -> Iterator[None]:
    """Hold the lock of a source tree; waits, and says so, while another process has it.

    The lock is on ``pyproject.toml`` itself, so it needs no file of its own, no cleaning up and no writable folder,
    and it ends with the process. A build started by the process that holds it goes ahead. On a file system without
    locks the build goes on, and says that it is alone only by hope.
    """
    path = os.path.realpath(os.path.join(root, "pyproject.toml"))
    before = os.environ.get(_HELD, "")
    if path in before.split(os.pathsep):
        yield
        return
    with open(path, "rb") as stream:
        try:
            if not _acquire(stream, wait=False):
                say(f"waiting for another build of {root} to finish")
                _acquire(stream, wait=True)
        except OSError as error:
            say(f"cannot lock {path} ({error.strerror}): do not run two builds here at once")
        os.environ[_HELD] = os.pathsep.join(filter(None, (before, path)))
        try:
            yield
        finally:
            if before:
                os.environ[_HELD] = before
            else:
                os.environ.pop(_HELD, None)
