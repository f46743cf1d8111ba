"""Keep a cache folder below its limit."""

from __future__ import annotations

import os

__all__ = ["prune"]

_BLOCK = 4096  # bytes that even an empty file counts as


def prune(folder: str, most_bytes: int) -> None:
    """Remove the files that were not used for the longest time until the rest fits; whoever uses one sets its time."""
    try:
        with os.scandir(folder) as entries:
            files = sorted(
                ((stat.st_mtime, stat.st_size, entry.path) for entry in entries if (stat := entry.stat())),
                reverse=True,
            )
    except OSError:
        return
    total = 0
    for _, size, path in files:
        total += max(size, _BLOCK)
        if total > most_bytes:
            try:
                os.unlink(path)
            except OSError:
                continue
