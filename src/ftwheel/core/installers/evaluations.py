"""Decides the verdict of an installer on every file: which it accepts, in which order, and why it rejects the others.

``ftwheel.core.installers.selection`` decides about the best file alone, which is faster; a property test compares them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

from packaging.version import Version

from ftwheel.core.index.page import File
from ftwheel.core.installers.candidates import Candidate
from ftwheel.core.installers.interface import Asked
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.project_files import ProjectFile, ProjectFiles
from ftwheel.core.installers.registry import find_installer
from ftwheel.core.installers.rejections import Accepted, Reason, Rejected, Verdict, closeness
from ftwheel.core.installers.requirements import Requirement
from ftwheel.core.tags.environments import Environment

__all__ = ["Evaluation", "Selection", "explain"]

_OLDEST = Version("0.dev0")


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


class _Evaluations(Sequence[Evaluation]):
    """The verdict on every file, created on access because a page has thousands."""

    __slots__ = ("_project", "_verdicts")

    def __init__(self, project: ProjectFiles, verdicts: list[tuple[ProjectFile, Verdict]]) -> None:
        self._project = project
        self._verdicts = verdicts

    def __len__(self) -> int:
        return len(self._verdicts)

    @overload
    def __getitem__(self, index: int) -> Evaluation: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Evaluation, ...]: ...
    def __getitem__(self, index: int | slice) -> Evaluation | tuple[Evaluation, ...]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        entry, verdict = self._verdicts[index]
        return Evaluation(
            file=self._project.file(entry), source=entry.source, version=entry.reading.text, verdict=verdict
        )

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, _Evaluations | tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))


def explain(
    project: ProjectFiles, requirement: Requirement, environment: Environment, rules: InstallerOptions
) -> Selection:
    """Every file with its verdict; ``best`` equals the result of ``choose``."""
    asked = Asked(project=project, requirement=requirement, environment=environment, options=rules)
    installer = find_installer(rules.name)
    question, judgement = installer.ask(asked), installer.judge(asked)
    applicable = tuple(map(question.candidate, judgement.ranked))

    # keyed by text, which hashes for free; files without a version come last
    written = {entry.reading.text: entry.reading.version or _OLDEST for entry, _ in judgement.rejected}
    ages = {version: age for age, version in enumerate(sorted(set(written.values()), reverse=True))}
    ages_by_text = {text: ages[version] for text, version in written.items()}

    nearness: dict[int, tuple[int, int]] = {}  # many files share one reason

    def key(rejected: tuple[ProjectFile, Reason]) -> tuple[tuple[int, int], int, str, int, int]:
        entry, reason = rejected
        near = nearness.get(id(reason))
        if near is None:
            near = nearness[id(reason)] = closeness(reason)
        return (near, ages_by_text[entry.reading.text], entry.filename, entry.source, entry.position)

    verdicts: list[tuple[ProjectFile, Verdict]] = [
        (entry, Accepted(rank=rank)) for rank, entry in enumerate(judgement.ranked, 1)
    ]
    verdicts += [(entry, Rejected(reason=reason)) for entry, reason in sorted(judgement.rejected, key=key)]
    return Selection(
        requirement=requirement,
        environment=environment,
        installer=rules.label,
        best=applicable[0] if applicable and not judgement.refusal else None,
        applicable=applicable,
        evaluations=_Evaluations(project, verdicts),
        refusal=judgement.refusal,
    )
