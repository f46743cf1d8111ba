"""Read a file that someone else wrote, or replaced with a FIFO or a link to a device without an end."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import suppress

__all__ = ["log_lines", "read_log", "read_text", "unwaiting"]

_MOST = 1 << 20  # characters of configuration, whose parsing costs 6 seconds in the worst case
_LOG = 1 << 20  # bytes at each end of a log in which the cause of a failure is searched
_LINE = 1000  # characters of a line of it: the patterns take quadratic time over a line
_SHOWN_LINE = 1 << 16


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


def read_log(path: str | os.PathLike[str]) -> str:
    """The beginning and the end of a program's output, with long lines cut off; "" for what is no file.

    A program writes what it likes, and a build may put a FIFO or a link to a device in the place of its log.
    """
    with suppress(OSError), open(path, "rb", opener=_regular) as stream:
        data = stream.read(2 * _LOG)
        size = os.fstat(stream.fileno()).st_size
        if size > 2 * _LOG:
            stream.seek(size - _LOG)
            data = data[:_LOG] + f"\n[... {size - 2 * _LOG} more bytes]\n".encode() + stream.read(_LOG)
        return "\n".join(line[:_LINE] for line in data.decode("utf-8", "replace").splitlines())
    return ""


def log_lines(path: str | os.PathLike[str]) -> Iterator[str]:
    """Every line of a program's output, without reading it as a whole; none of what is no file."""
    with suppress(OSError), open(path, encoding="utf-8", errors="replace", opener=_regular) as stream:
        while line := stream.readline(_SHOWN_LINE):
            yield line.rstrip("\n")


def _regular(path: str, flags: int) -> int:
    """An ``opener`` that raises OSError for a FIFO, a device or a folder."""
    descriptor = unwaiting(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", path)
    return descriptor
