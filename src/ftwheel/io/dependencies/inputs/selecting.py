"""The selected extras and groups of an input."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ftwheel.core.errors import InputError
from ftwheel.core.index.page import normalized

__all__ = ["Parts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """``extras`` and ``groups`` to add to the main dependencies; ``*`` means all."""

    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def of(self, kind: str, known: Iterable[str], where: str) -> tuple[str, ...]:
        """The selected ``extras`` or ``groups`` of an input, in its spelling and order.

        Raises InputError if the input does not have one of them.
        """
        names = {normalized(name): name for name in known}
        asked: Collection[str] = self.extras if kind == "extras" else self.groups
        if "*" in asked:
            return tuple(names.values())
        wanted = {normalized(name) for name in asked}
        for name in sorted(wanted - names.keys()):
            raise InputError(
                f"{where}: has no {kind.removesuffix('s')} {name[:100]}",
                hint=f"it has {', '.join(sorted(names))}" if names else f"it has no {kind}",
            )
        return tuple(name for key, name in names.items() if key in wanted)
