"""What every place that can be asked for pages has in common. Only for type checkers: a Protocol takes time to make."""

from __future__ import annotations

from typing import Protocol

from ftwheel.core.index.pages import Index

__all__ = ["NamedIndex"]


class NamedIndex(Index, Protocol):
    """An Index that can be named to the user; ``label`` holds no credentials."""

    @property
    def label(self) -> str: ...
