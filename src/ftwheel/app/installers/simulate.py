"""Behind ``ftwheel simulate``: a requirement, environments, installers and indexes in; who takes which file out."""

from __future__ import annotations

from collections.abc import Iterable

from ftwheel.core.errors import InputError
from ftwheel.core.index.pages import Index
from ftwheel.core.installers.candidates import Selection
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.options import installer as parse_installer
from ftwheel.core.installers.outcomes import Outcome, outcome
from ftwheel.core.installers.requirements import Requirement, parse_requirement
from ftwheel.core.installers.selection import ProjectFiles, choose, loads, newest_version, refusal
from ftwheel.core.installers.selection import explain as explain_choice
from ftwheel.core.installers.simulations import Simulation, SimulationCell
from ftwheel.core.tags.environments import Environment, parse_environments

__all__ = ["Simulation", "SimulationCell", "explain", "fetch", "simulate", "simulate_project"]


def fetch(requirement: Requirement, indexes: Iterable[Index]) -> ProjectFiles:
    """The project's pages, each index asked once.

    Raises InputError when no index has the project, NetworkError and IndexFormatError as the indexes do.
    """
    pages = [(index.kind, index.project(requirement.name)) for index in indexes]
    found = [(kind, page) for kind, page in pages if page is not None]
    if not found:
        raise InputError(f"{requirement.name}: no index has this project", hint="is the name spelled right?")
    return ProjectFiles(requirement.name, found)


def simulate(
    requirement: str | Requirement,
    *,
    environments: Iterable[str | Environment] = ("all",),
    installers: Iterable[str | InstallerOptions] = ("pip", "uv"),
    indexes: Iterable[Index],
) -> Simulation:
    """Decide, for every environment and installer, which file is taken; dependencies are not followed.

    ``environments`` are labels, presets or objects. ``indexes`` are in pip's order; see ``ProjectFiles``. Raises
    InputError for text that cannot be read and when no index has the project, NetworkError and IndexFormatError as the
    indexes do.
    """
    wanted = _requirement(requirement)
    places = _environments(environments)
    rules = tuple(parse_installer(one) if isinstance(one, str) else one for one in installers)
    return simulate_project(fetch(wanted, indexes), wanted, environments=places, installers=rules)


def simulate_project(
    project: ProjectFiles,
    requirement: Requirement,
    *,
    environments: tuple[Environment, ...],
    installers: tuple[InstallerOptions, ...],
) -> Simulation:
    """The same for pages at hand."""
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


def explain(
    requirement: str | Requirement,
    *,
    environment: str | Environment,
    installer: str | InstallerOptions = "pip",
    indexes: Iterable[Index],
) -> Selection:
    """Decide about every single file, for one environment and one installer. Raises as ``simulate`` does."""
    wanted = _requirement(requirement)
    (place,) = _environments([environment])
    rules = parse_installer(installer) if isinstance(installer, str) else installer
    return explain_choice(fetch(wanted, indexes), wanted, place, rules)


def _requirement(requirement: str | Requirement) -> Requirement:
    return parse_requirement(requirement) if isinstance(requirement, str) else requirement


def _environments(environments: Iterable[str | Environment]) -> tuple[Environment, ...]:
    found: dict[str, Environment] = {}
    for one in environments:
        for environment in parse_environments([one]) if isinstance(one, str) else (one,):
            found.setdefault(environment.label, environment)
    return tuple(found.values())


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
    best = choose(project, requirement, environment, rules)
    return SimulationCell(
        environment=environment,
        installer=rules,
        best=best,
        outcome=outcome(best, environment, newest),
        loading=loads(best, environment) if best is not None and best.kind == "wheel" else None,
        refusal="" if best is not None else refusal(project, requirement, environment, rules),
    )
