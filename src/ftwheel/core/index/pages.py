"""The core's interface to indexes: the pages of a project, from each location an installer consults.

``ftwheel.io`` implements it; tests use ``Pages``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from ftwheel.core.index.page import ProjectDetails, SourceKind
from ftwheel.core.named_tuples import NamedTuple

__all__ = ["Index", "Pages"]


class Index(Protocol):
    """One location that has files of projects: an index, or a ``find-links`` folder or page."""

    @property
    def kind(self) -> SourceKind:
        """The kind of location, which affects merging, ties and cut-offs."""
        ...

    def project(self, name: str) -> ProjectDetails | None:
        """The page of a project; ``name`` is normalized (PEP 503). None if the location does not have it.

        Raises NetworkError if the location cannot be reached, IndexFormatError if its answer is not a page.
        """
        ...


class Pages(NamedTuple):
    """An in-memory Index; if several pages have the same name, the first counts."""

    pages: tuple[ProjectDetails, ...]
    kind: SourceKind = SourceKind.INDEX

    @classmethod
    def of(cls, pages: Iterable[ProjectDetails], *, kind: SourceKind = SourceKind.INDEX) -> Pages:
        return cls(pages=tuple(pages), kind=kind)

    def project(self, name: str) -> ProjectDetails | None:
        return next((page for page in self.pages if page.name == name), None)
