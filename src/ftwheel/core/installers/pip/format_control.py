"""Decides what pip makes of ``--only-binary`` and ``--no-binary``, of which a later one changes an earlier one.

Source: pip 26.3 ``_internal/models/format_control.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from ftwheel.core.index.page import normalized

__all__ = ["pip_formats"]


def pip_formats(
    options: Iterable[tuple[Literal["only-binary", "no-binary"], str]],
) -> tuple[frozenset[str], frozenset[str]]:
    """What pip makes of its options ``--only-binary`` and ``--no-binary``, in the order in which they were given.

    Each value is a list with commas; ``:all:`` empties the other side, ``:none:`` its own, a name leaves the other
    side. Returns the sets for ``InstallerOptions.only_binary`` and ``no_binary``.
    """
    sets: dict[str, set[str]] = {"only-binary": set(), "no-binary": set()}
    for option, value in options:
        target = sets[option]
        other = sets["no-binary" if option == "only-binary" else "only-binary"]
        names = value.split(",")
        while ":all:" in names:
            other.clear()
            target.clear()
            target.add(":all:")
            del names[: names.index(":all:") + 1]
            if ":none:" not in names:
                names = []
        for name in names:
            if name == ":none:":
                target.clear()
                continue
            other.discard(normalized(name))
            target.add(normalized(name))
    return frozenset(sets["only-binary"]), frozenset(sets["no-binary"])
