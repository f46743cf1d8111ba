"""Decides which file an installer selects.

``ftwheel.core.installers.evaluations`` gives every file with its verdict; both share the rules, and a property test
compares them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from packaging.version import Version

from ftwheel.core.installers.candidates import Candidate
from ftwheel.core.installers.interface import Asked
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.project_files import ProjectFiles
from ftwheel.core.installers.registry import find_installer
from ftwheel.core.installers.requirements import Requirement, parse_version
from ftwheel.core.tags.environments import Environment, Loading, loading

if TYPE_CHECKING:
    from ftwheel.core.installers.interface import Question

__all__ = [
    "Candidate",
    "ProjectFiles",
    "answer",
    "choose",
    "loads",
    "newest_version",
    "refusal",
    "walk",
]


def _ask(
    project: ProjectFiles, requirement: Requirement, environment: Environment, rules: InstallerOptions
) -> Question:
    asked = Asked(project=project, requirement=requirement, environment=environment, options=rules)
    return find_installer(rules.name).ask(asked)


def answer(
    project: ProjectFiles, requirement: Requirement, environment: Environment, rules: InstallerOptions
) -> tuple[Candidate | None, str]:
    """The file the installer selects, and why a page makes it give up (empty when it does not)."""
    return _ask(project, requirement, environment, rules).answer()


def refusal(project: ProjectFiles, requirement: Requirement, environment: Environment, rules: InstallerOptions) -> str:
    """Why a page makes the installer give up; empty when it does not."""
    return answer(project, requirement, environment, rules)[1]


def choose(
    project: ProjectFiles, requirement: Requirement, environment: Environment, rules: InstallerOptions
) -> Candidate | None:
    """The file the installer selects, None when it selects none or gives up on a page."""
    return answer(project, requirement, environment, rules)[0]


def walk(
    project: ProjectFiles,
    requirement: Requirement,
    environment: Environment,
    rules: InstallerOptions,
    *,
    pins: frozenset[Version] | None = None,
) -> Iterator[Candidate]:
    """Yield the file the installer selects for each version, in the order in which its resolver tries them.

    Yields nothing if it gives up on a page: see ``refusal``. ``pins`` are versions pinned somewhere other than in
    ``requirement``: uv selects their yanked files too, whatever else is required.
    """
    asked = Asked(project=project, requirement=requirement, environment=environment, options=rules, pins=pins)
    question = find_installer(rules.name).ask(asked)
    if question.answer()[1]:
        return
    for entry in question.walk():
        found, read = question.candidate(entry), question.metadata_file(entry)
        yield found if read is entry else found._replace(described_by=project.file(read))


def loads(candidate: Candidate, environment: Environment) -> Loading:
    """Whether the interpreter can load a wheel according to its tags; the most favourable tag counts.

    A source distribution is built for the interpreter, so it loads if it builds.
    """
    if candidate.kind == "sdist" or loading(candidate.tag, environment) is Loading.YES:
        return Loading.YES
    # the installer may have read a name other than the page's
    interpreters, abis, platforms = (candidate.tags or candidate.tag).lower().split("-")
    accepted = set(environment.platforms) | {"any"}
    found = {
        loading(f"{interpreter}-{abi}-{platform}", environment)
        for platform in accepted.intersection(platforms.split("."))
        for interpreter in interpreters.split(".")
        for abi in abis.split(".")
    }
    return next((answer for answer in Loading if answer in found), Loading.NO)


def newest_version(project: ProjectFiles, requirement: Requirement, rules: InstallerOptions) -> str | None:
    """The newest version that matches the requirement in any environment; None when there is none.

    Yanked files, and pre-releases unless allowed, count only if there is nothing else.
    """
    version_index = project.version_index(find_installer(rules.name))
    ranked: list[tuple[bool, bool, Version]] = []
    for group in version_index.matching(requirement).versions:
        version = group.version
        entries = [entry for entry in group.entries() if entry.reading.problem is None]
        if rules.uploaded_prior_to is not None:
            entries = [e for e in entries if e.upload_time is None or e.upload_time < rules.uploaded_prior_to]
        if not entries:
            continue
        asked = rules.allow_prereleases or requirement.asks_for_prereleases
        final = asked or not version.is_prerelease
        ranked.append((any(entry.yanked is None for entry in entries), final, version))
        if ranked[-1][:2] == (True, True):
            break
    return str(max(ranked)[2]) if ranked else None


def is_older(version: str, than: str | None) -> bool:
    """Whether one version, given as text, is older than another; nothing is older than None."""
    if version == than:
        return False
    one, other = parse_version(version), parse_version(than) if than is not None else None
    return one is not None and other is not None and one < other
