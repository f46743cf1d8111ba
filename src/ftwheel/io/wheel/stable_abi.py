"""The symbols of CPython's stable ABI and the versions that added them, from the abi3info package."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

__all__ = ["stable_symbols"]


@cache
def stable_symbols() -> Mapping[str, int]:
    """Map each function and object of the stable ABI to the minor version of CPython 3 that added it."""
    import abi3info

    return {
        symbol.name: each.added.minor
        for table in (abi3info.FUNCTIONS, abi3info.DATAS)
        for symbol, each in table.items()
    }
