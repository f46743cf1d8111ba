"""The worker of ``ftwheel.io.system.parallel``: read a pickled function, then pickled items, and answer each in turn.

Run as ``python -m ftwheel.io.system.parallel_worker``. Exits at the end of its input.
"""

from __future__ import annotations

import os
import pickle
import sys

__all__ = ["main"]


def main() -> None:
    """Answer until there are no more items. An exception in the function ends the worker and is printed."""
    source = sys.stdin.buffer
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # a library's output must not end up among the answers
        try:
            function = pickle.load(source)  # noqa: S301 - from the process that started this one
            while True:
                pickle.dump(function(pickle.load(source)), answers)  # noqa: S301
                answers.flush()
        except (EOFError, BrokenPipeError):
            return


if __name__ == "__main__":
    main()
