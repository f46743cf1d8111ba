"""Read a file that someone else wrote, or replaced with a FIFO or a link to a device without an end."""

from __future__ import annotations

import errno
import os

__all__ = ["read_text", "unwaiting"]

_MOST = 1 << 20  # characters of configuration, whose parsing costs 6 seconds in the worst case


def unwaiting(path: str, flags: int) -> int:
    """An ``opener`` for ``open`` that does not wait for somebody to write to a FIFO: without a writer, it is empty."""
    if not hasattr(os, "O_NONBLOCK"):
        return os.open(path, flags)
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    os.set_blocking(descriptor, True)
    return descriptor


def read_text(
    path: str | os.PathLike[str], *, errors: str = "strict", newline: str | None = None, most: int = _MOST
) -> str:
    """The UTF-8 text of a file. Raises UnicodeDecodeError, and OSError also for a file that is longer than ``most``."""
    with open(path, encoding="utf-8", errors=errors, newline=newline, opener=unwaiting) as stream:
        text = stream.read(most)
        if stream.read(1):
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), os.fspath(path))
    return text
