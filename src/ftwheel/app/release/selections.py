"""Simulates which files of a release the installers select on each target, and which targets it serves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.version import Version

from ftwheel.app.installers.simulate import SimulationCell, simulate_project
from ftwheel.core.errors import InputError
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.outcomes import Outcome
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.installers.selection import ProjectFiles
from ftwheel.core.release.ambiguous_files import LAST_MICRO, ChosenWheel
from ftwheel.core.release.coverage import CoverageCell, InstallerChoice, TargetEnvironment
from ftwheel.core.tags.environments import Environment, Loading, parse_environment

__all__ = ["ReleaseSelections", "environments_of", "select", "served_targets"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSelections:
    """The selections: one cell per target, not yet judged, and every selected wheel of the release."""

    cells: tuple[CoverageCell, ...]
    wheels: tuple[ChosenWheel, ...]


def environments_of(targets: Iterable[TargetEnvironment]) -> dict[TargetEnvironment, Environment]:
    """The environment of each target, with the last micro version; targets on unknown platforms are omitted.

    A requires-python such as ``>=3.9.2`` excludes old micro versions, which is not a gap in a release.
    """
    found = {}
    for target in targets:
        try:
            threads = "t" if target.free_threaded else ""
            found[target] = parse_environment(f"cp3.{target.minor}.{LAST_MICRO}{threads}-{target.platform}")
        except InputError:
            continue
    return found


def select(
    project: ProjectFiles,
    requirement: str,
    version: Version,
    environments: Mapping[TargetEnvironment, Environment],
    installers: tuple[InstallerOptions, ...],
) -> ReleaseSelections:
    """What each installer selects for ``requirement`` on each target; ``version`` is the release to judge.

    If one selects an sdist, all are simulated again with ``--only-binary``.
    """
    wanted = parse_requirement(requirement)
    strict = tuple(rules._replace(only_binary=frozenset({":all:"})) for rules in installers)
    cells: list[CoverageCell] = []
    wheels: list[ChosenWheel] = []
    for target, taken in _simulated(project, requirement, environments, installers):
        binary: dict[str, str] = {}
        if any(each.best is not None and each.best.kind == "sdist" for each in taken):
            again = simulate_project(project, wanted, environments=(environments[target],), installers=strict)
            binary = {each.installer.label: each.best.version if each.best else "" for each in again.cells}
        served = all(_serves(each, version) for each in taken)
        cells.append(
            CoverageCell(
                target=target,
                choices=tuple(_choice(each, binary) for each in taken),
                served=served,
                compiled=served and all(each.outcome is not Outcome.PURE for each in taken),
            )
        )
        wheels += [
            ChosenWheel(
                target=target,
                installer=each.installer.label,
                filename=each.best.file.filename,
                tag=each.best.tag,
            )
            for each in taken
            if each.best is not None and _serves(each, version)
        ]
    return ReleaseSelections(cells=tuple(cells), wheels=tuple(wheels))


def served_targets(
    project: ProjectFiles,
    requirement: str,
    version: Version,
    environments: Mapping[TargetEnvironment, Environment],
    installers: tuple[InstallerOptions, ...],
) -> frozenset[TargetEnvironment]:
    """The targets on which every installer selects a wheel of ``version`` that the interpreter can load."""
    return frozenset(
        target
        for target, taken in _simulated(project, requirement, environments, installers)
        if all(_serves(each, version) for each in taken)
    )


def _simulated(
    project: ProjectFiles,
    requirement: str,
    environments: Mapping[TargetEnvironment, Environment],
    installers: tuple[InstallerOptions, ...],
) -> Iterator[tuple[TargetEnvironment, Sequence[SimulationCell]]]:
    simulation = simulate_project(
        project, parse_requirement(requirement), environments=tuple(environments.values()), installers=installers
    )
    for number, target in enumerate(environments):
        yield target, simulation.cells[number * len(installers) : (number + 1) * len(installers)]


def _serves(cell: SimulationCell, version: Version) -> bool:
    best = cell.best
    return (
        best is not None
        and best.kind == "wheel"
        and cell.loading is not Loading.NO
        and Version(best.version) == version
    )


def _choice(cell: SimulationCell, binary: Mapping[str, str]) -> InstallerChoice:
    best = cell.best
    return InstallerChoice(
        installer=cell.installer.label,
        outcome=cell.outcome,
        filename=best.file.filename if best else "",
        version=best.version if best else "",
        only_binary=binary.get(cell.installer.label) if best and best.kind == "sdist" else None,
        loadable=cell.loading is not Loading.NO,
    )
