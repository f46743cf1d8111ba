"""A candidate: a file that an installer may select."""

from __future__ import annotations

from typing import Literal

from ftwheel.core.index.page import File
from ftwheel.core.named_tuples import NamedTuple

__all__ = ["Candidate"]


class Candidate(NamedTuple):
    """A file that may be selected, as the installer reads its name.

    ``version`` is the version as written in the name; ``tag`` is the best-matching tag of a wheel, empty for a source
    distribution; ``tags`` is the whole compressed set, empty if unknown; ``source`` is the number of the file's
    location, in the order given to ``ProjectFiles``. ``described_by`` is the file whose METADATA the installer reads,
    set only if a resolver requested it and it is a different file.
    """

    file: File
    kind: Literal["wheel", "sdist"]
    version: str
    tag: str = ""
    tags: str = ""
    source: int = 0
    described_by: File | None = None

    @property
    def metadata_file(self) -> File:
        """The file whose METADATA the installer reads."""
        return self.described_by or self.file
