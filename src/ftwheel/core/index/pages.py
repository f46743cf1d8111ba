"""What the core asks of the world: the pages of one project, from each place an installer looks.

The implementations stand in ``ftwheel.io``; a test hands in ``Pages``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from ftwheel.core.index.page import ProjectDetails, SourceKind

__all__ = ["Index", "Pages"]


class Index(Protocol):
    """One place to look for the files of a project: an index, or a ``find-links`` folder or page."""

    @property
    def kind(self) -> SourceKind:
        """What installers call this place: it decides about merging, ties and cut-offs."""
        ...

    def project(self, name: str) -> ProjectDetails | None:
        """The page of a project; ``name`` is normalized (PEP 503). None when the place does not have it.

        Raises NetworkError when the place cannot be reached, IndexFormatError when what it says is no page.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """An Index made of pages at hand; of pages with one name the first counts."""

    pages: tuple[ProjectDetails, ...]
    kind: SourceKind = SourceKind.INDEX

    @classmethod
    def of(cls, pages: Iterable[ProjectDetails], *, kind: SourceKind = SourceKind.INDEX) -> Pages:
        return cls(pages=tuple(pages), kind=kind)

    def project(self, name: str) -> ProjectDetails | None:
        return next((page for page in self.pages if page.name == name), None)
