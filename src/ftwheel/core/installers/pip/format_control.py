"""Combines ``--only-binary`` and ``--no-binary`` as pip does: later options change the effect of earlier ones.

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
    """The combined effect of pip's ``--only-binary`` and ``--no-binary`` options, in the order given.

    Each value is a comma-separated list; ``:all:`` empties the other set, ``:none:`` empties its own set, and a name is
    removed from the other set. Returns the sets for ``InstallerOptions.only_binary`` and ``no_binary``.
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
