"""The common interface of all sources of pages. Only for type checkers: creating a Protocol takes time."""

from __future__ import annotations

from typing import Protocol

from ftwheel.core.index.pages import Index

__all__ = ["NamedIndex"]


class NamedIndex(Index, Protocol):
    """An Index that can be named to the user; ``label`` holds no credentials."""

    @property
    def label(self) -> str: ...
