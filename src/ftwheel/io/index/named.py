"""The common interface of all page sources. For type checkers only: creating a Protocol takes time."""

from __future__ import annotations

from typing import Protocol

from ftwheel.core.index.pages import Index

__all__ = ["NamedIndex"]


class NamedIndex(Index, Protocol):
    """An Index with a ``label`` to show to the user, which contains no credentials."""

    @property
    def label(self) -> str: ...
