"""Which part of a long build log tells why it failed."""

from __future__ import annotations

import re

__all__ = ["interesting"]

_TAIL = 25  # lines always shown
_BEFORE = 2  # lines of context above the first complaint
_AFTER = 10  # and below it
_COMPLAINT = re.compile(
    r"(^|[\s:])(fatal )?(error|ERROR)( [A-Z]+\d+)?:|error\[E\d+\]|undefined reference|^FAILED: |CMake Error"
    r"|^[\w.]*(Error|Exception)\b(:|$)"
)


def interesting(log: str, *, tail: int = _TAIL) -> str:
    """The end of a log from its first complaint on, or the first complaint and the end when much is between them.

    Compilers complain first and drivers then wrap the complaint into pages of traceback, so the end alone often
    does not say what is wrong. Left-out lines are counted.
    """
    lines = log.rstrip().splitlines()
    start = max(0, len(lines) - tail)
    first = next((number for number, line in enumerate(lines) if _COMPLAINT.search(line)), start)
    above = max(0, first - _BEFORE)
    if first >= start:
        begin = max(start, above)
        return "\n".join(_omitted(begin) + lines[begin:])
    below = min(start, first + _AFTER)
    return "\n".join(_omitted(above) + lines[above:below] + _omitted(start - below) + lines[start:])


def _omitted(count: int) -> list[str]:
    return [f"[... {count} more line{'' if count == 1 else 's'}]"] if count else []
