"""The use case of ``ftwheel simulate``: decides which file each installer selects in each environment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from ftwheel.core.errors import FtwheelError, InputError
from ftwheel.core.index.page import File, ProjectDetails, SourceKind, UnreadablePageError, normalized
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.outcomes import Outcome, outcome
from ftwheel.core.installers.requirements import Requirement, unknown_project
from ftwheel.core.installers.selection import ProjectFiles, answer, loads, newest_version
from ftwheel.core.installers.simulations import Simulation, SimulationCell
from ftwheel.core.tags.environments import Environment

if TYPE_CHECKING:
    from ftwheel.core.dependencies.resolution import CoreMetadata, UnknownMetadata
    from ftwheel.core.index.pages import Index
    from ftwheel.core.wheel.contents import Metadata

__all__ = ["Simulation", "SimulationCell", "fetch", "simulate_project"]


def fetch(
    requirement: Requirement,
    indexes: Iterable[Index],
    *,
    metadata: Mapping[str, Metadata] | None = None,
    read: Callable[[File], CoreMetadata | UnknownMetadata] | None = None,
) -> ProjectFiles:
    """Fetch the project's pages, querying each index once; ``metadata`` is that of wheels, by file name.

    ``read`` reads it from the files in ``find-links`` folders, because nothing else declares what they require.

    An unreadable page counts as an empty one that some installers reject; if there are no others, its error is raised.
    Raises InputError if no index has the project, and NetworkError and IndexFormatError as the indexes do.
    """
    found: list[tuple[SourceKind, ProjectDetails]] = []
    unreadable: list[UnreadablePageError] = []
    for index in indexes:
        try:
            page = index.project(requirement.name)
        except UnreadablePageError as error:
            unreadable.append(error)
            page = ProjectDetails(name=requirement.name, files=(), problems=(error.problem,), unreadable=error.message)
        if page is not None:
            found.append((index.kind, page))
    if unreadable and len(unreadable) == len(found):
        raise unreadable[0]
    if not found:
        raise InputError(f"{requirement.name}: no index has this project", hint=unknown_project(requirement.name))
    known = {} if read is None else _declared(requirement.name, found, read)
    if metadata:
        files = (file for _, page in found for file in page.files)
        known |= {file.url: metadata[file.filename] for file in files if file.filename in metadata}
    return ProjectFiles(requirement.name, found, metadata=known)


def _declared(
    name: str,
    found: Iterable[tuple[SourceKind, ProjectDetails]],
    read: Callable[[File], CoreMetadata | UnknownMetadata],
) -> dict[str, Metadata]:
    """The metadata of files in folders, by URL, without files whose metadata is unreadable or unknown."""
    files = [
        file
        for kind, page in found
        if kind is SourceKind.FIND_LINKS_FILES
        for file in page.files
        if file.url.startswith("file:") and normalized(file.filename).startswith(f"{name}-")
    ]
    if not files:
        return {}
    from ftwheel.core.dependencies.resolution import CoreMetadata
    from ftwheel.core.wheel.contents import Metadata

    known: dict[str, Metadata] = {}
    for file in files:
        try:
            said = read(file)
        except FtwheelError:
            continue
        if isinstance(said, CoreMetadata) and said.version:
            known[file.url] = Metadata(
                name=said.name, version=said.version, requires_python=said.requires_python, classifiers=()
            )
    return known


def simulate_project(
    project: ProjectFiles,
    requirement: Requirement,
    *,
    environments: tuple[Environment, ...],
    installers: tuple[InstallerOptions, ...],
) -> Simulation:
    """Decide which file every installer selects in every environment; dependencies are not followed."""
    newest = tuple(newest_version(project, requirement, rules) for rules in installers)
    return Simulation(
        requirement=requirement,
        environments=environments,
        installers=installers,
        newest=newest,
        cells=tuple(
            _cell(project, requirement, environment, rules, version)
            for environment in environments
            for rules, version in zip(installers, newest, strict=True)
        ),
    )


def _cell(
    project: ProjectFiles,
    requirement: Requirement,
    environment: Environment,
    rules: InstallerOptions,
    newest: str | None,
) -> SimulationCell:
    if requirement.marker and not requirement.applies(dict(environment.markers)):
        return SimulationCell(
            environment=environment, installer=rules, best=None, outcome=Outcome.NOTHING, marker_excludes=True
        )
    best, refusal = answer(project, requirement, environment, rules)
    return SimulationCell(
        environment=environment,
        installer=rules,
        best=best,
        outcome=outcome(best, environment, newest),
        loading=loads(best, environment) if best is not None and best.kind == "wheel" else None,
        refusal=refusal,
    )
