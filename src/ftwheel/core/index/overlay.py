"""Lays the files of a release over an index as if they were uploaded, and looks at the index as it was on a day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from ftwheel.core.errors import IndexFormatError
from ftwheel.core.index.page import File, ProjectDetails, SourceKind
from ftwheel.core.index.pages import Index

__all__ = ["Overlay"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """An index on which the new files are already uploaded, and nothing that came at or after ``before``."""

    below: Index
    name: str = ""
    files: tuple[File, ...] = ()
    before: datetime | None = None

    @property
    def kind(self) -> SourceKind:
        return self.below.kind

    def project(self, name: str) -> ProjectDetails | None:
        """The page with the new files behind the ones it has; a file that is there already is not listed twice.

        Raises what the index raises, and IndexFormatError when there is a ``before`` and no upload time to compare.
        """
        page = self.below.project(name)
        if page is not None and self.before is not None:
            page = replace(page, files=tuple(_uploaded(page.files, self.before)))
        if name != self.name or not self.files:
            return page
        if page is None:
            return ProjectDetails(name=name, files=self.files)
        there = {file.filename for file in page.files}
        return replace(page, files=(*page.files, *(file for file in self.files if file.filename not in there)))


def _uploaded(files: Iterable[File], before: datetime) -> Iterator[File]:
    for file in files:
        if file.upload_time is None and not file.url.startswith("file:"):
            raise IndexFormatError(
                f"{file.filename}: the index does not say when it was uploaded",
                hint="leave --uploaded-prior-to out, or use an index with PEP 700's upload times",
            )
        if file.upload_time is None or file.upload_time < before:
            yield file
