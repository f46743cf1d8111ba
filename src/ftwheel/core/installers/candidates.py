"""The types of a selection: candidates, evaluations and the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ftwheel.core.index.page import File
from ftwheel.core.installers.requirements import Requirement
from ftwheel.core.tags.environments import Environment

if TYPE_CHECKING:
    from ftwheel.core.installers.rejections import Verdict

__all__ = ["Candidate", "Evaluation", "Selection"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A file that may be selected, as the installer reads its name.

    ``version`` is the text of the version in the name; ``tag`` the one that makes a wheel fit best, empty for a source
    distribution; ``tags`` the whole compressed set, empty when not known; ``source`` the number of the place the file
    comes from, in the order given to ``ProjectFiles``. ``described_by`` is the file whose METADATA the installer reads,
    where a resolver asked for it and it is another one.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One file of the pages and the installer's verdict; ``version`` is empty when the name has none."""

    file: File
    source: int
    version: str
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The selection of one installer in one environment.

    ``best`` is None when nothing is selected. ``applicable`` are the acceptable files, best first.
    ``evaluations`` are all files: the accepted ones by rank, then the rejected ones, nearest miss first, within one
    reason newest version first. ``refusal`` is why a page makes the installer give up without a selection, else empty.
    """

    requirement: Requirement
    environment: Environment
    installer: str
    best: Candidate | None
    applicable: tuple[Candidate, ...]
    evaluations: Sequence[Evaluation]
    refusal: str = ""
