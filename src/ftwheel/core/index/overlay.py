"""An index with a release's files added as if they were uploaded, or an index as it was at an earlier time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from ftwheel.core.errors import IndexFormatError
from ftwheel.core.index.page import File, ProjectDetails, SourceKind
from ftwheel.core.index.pages import Index

__all__ = ["Overlay"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """An index with the new files, and without files uploaded at or after ``before``."""

    below: Index
    name: str = ""
    files: tuple[File, ...] = ()
    before: datetime | None = None

    @property
    def kind(self) -> SourceKind:
        return self.below.kind

    def project(self, name: str) -> ProjectDetails | None:
        """The page with the new files after its own; files it already has are not listed twice.

        Raises whatever the index raises, and IndexFormatError if ``before`` is set and a file has no upload time.
        """
        page = self.below.project(name)
        if page is not None and self.before is not None:
            page = page._replace(files=tuple(_uploaded(page.files, self.before)))
        if name != self.name or not self.files:
            return page
        if page is None:
            return ProjectDetails(name=name, files=self.files)
        there = {file.filename for file in page.files}
        return page._replace(files=(*page.files, *(file for file in self.files if file.filename not in there)))


def _uploaded(files: Iterable[File], before: datetime) -> Iterator[File]:
    for file in files:
        if file.upload_time is None and not file.url.startswith("file:"):
            raise IndexFormatError(
                f"{file.filename}: the index does not say when it was uploaded",
                hint="drop --uploaded-prior-to, or use an index with upload times (PEP 700)",
            )
        if file.upload_time is None or file.upload_time < before:
            yield file
