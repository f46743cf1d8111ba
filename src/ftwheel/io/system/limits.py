"""The environment of processes whose memory is limited (``RLIMIT_DATA``) because they read what a stranger wrote."""

from __future__ import annotations

import os

__all__ = ["limited_environ"]


def limited_environ(**changes: str) -> dict[str, str]:
    """This process's environment, with ``changes``.

    When it starts, free-threaded Python reserves 1 GiB in such a way that all of it counts as used: with a lower limit,
    no library could be loaded any more. With this variable of mimalloc, its allocator, only what is used counts.
    """
    return {**os.environ, "MIMALLOC_ARENA_EAGER_COMMIT": "0", **changes}
