"""Decides which file an installer takes: fast, the best only, or explained, every candidate with its verdict.

The two ways share the rules and are kept equal by a property test.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ftwheel.core.environments import Environment, Loading
from ftwheel.core.reasons import Verdict
from ftwheel.core.requirements import Requirement
from ftwheel.core.rules import InstallerRules
from ftwheel.core.simple import File, ProjectDetails, SourceKind

__all__ = ["Candidate", "Evaluation", "Project", "Selection", "choose", "explain"]


class Project:
    """The pages of one project from all places, prepared once for any number of environments and installers.

    What does not depend on the environment (names, versions, tags) is worked out at most once for each distinct string.
    """

    def __init__(self, name: str, sources: Iterable[tuple[SourceKind, ProjectDetails]]) -> None:
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A file an installer takes part in choosing, and how it reads its name.

    ``version`` is the text of the version in the name; ``tag`` the one that made a wheel fit best, empty for a source distribution;
    ``source`` the number of the place the file comes from, in the order given to ``Project``.
    """

    file: File
    kind: Literal["wheel", "sdist"]
    version: str
    tag: str = ""
    source: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One file of the pages and what the installer says about it; ``version`` is empty when the name has none."""

    file: File
    source: int
    version: str
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What one installer makes of all pages in one environment.

    ``best`` is None when nothing is taken. ``applicable`` are the files that may be taken, best first. ``evaluations`` are all files: the accepted
    ones by rank, then the rejected ones, nearest miss first, then newest version first. ``refusal`` is set when the installer gives up
    on a page as a whole.
    """

    requirement: Requirement
    environment: Environment
    installer: str
    best: Candidate | None
    applicable: tuple[Candidate, ...]
    evaluations: tuple[Evaluation, ...]
    refusal: str = ""


def choose(
    project: Project, requirement: Requirement, environment: Environment, rules: InstallerRules
) -> Candidate | None:
    """The file the installer takes, None when it takes none (or refuses a page)."""
    raise NotImplementedError


def explain(project: Project, requirement: Requirement, environment: Environment, rules: InstallerRules) -> Selection:
    """Every file with its verdict; ``best`` equals what ``choose`` gives."""
    raise NotImplementedError


def loads(candidate: Candidate, environment: Environment) -> Loading:
    """Whether the interpreter can load what the candidate's tags declare: the most hopeful of its compatible tags counts."""
    raise NotImplementedError
