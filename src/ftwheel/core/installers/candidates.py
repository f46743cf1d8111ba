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


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A file listed on a page and the installer's verdict on it; ``version`` is empty if the name has none."""

    file: File
    source: int
    version: str
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What one installer selects in one environment.

    ``best`` is None if nothing is selected. ``applicable`` lists the acceptable files, best first. ``evaluations``
    covers all files: accepted ones by rank, then rejected ones, nearest miss first, and newest version first within a
    reason. ``refusal`` says why a page makes the installer give up without a selection; empty otherwise.
    """

    requirement: Requirement
    environment: Environment
    installer: str
    best: Candidate | None
    applicable: tuple[Candidate, ...]
    evaluations: Sequence[Evaluation]
    refusal: str = ""
