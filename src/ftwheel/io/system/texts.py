"""Read a text that someone else wrote, or replaced with a link to a device without an end."""

from __future__ import annotations

import errno
import os

__all__ = ["read_text"]

_MOST = 1 << 20  # characters of configuration, whose parsing costs 6 seconds in the worst case


def read_text(
    path: str | os.PathLike[str], *, errors: str = "strict", newline: str | None = None, most: int = _MOST
) -> str:
    """The UTF-8 text of a file. Raises UnicodeDecodeError, and OSError also for a file that is longer than ``most``."""
    with open(path, encoding="utf-8", errors=errors, newline=newline) as stream:
        text = stream.read(most)
        if stream.read(1):
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), os.fspath(path))
    return text
