"""``ftwheel simulate``: which file pip and uv would install in any environment, and why not the others."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ftwheel.cli.options import indexes, reports
from ftwheel.cli.options import installers as choices
from ftwheel.core.errors import FtwheelError, InputError
from ftwheel.core.index.urls import redact

if TYPE_CHECKING:
    from ftwheel.cli.options.indexes import IndexLocations
    from ftwheel.core.dependencies.resolution import CoreMetadata, UnknownMetadata
    from ftwheel.core.index.page import File
    from ftwheel.core.installers.evaluations import Selection
    from ftwheel.core.installers.options import InstallerOptions
    from ftwheel.core.installers.project_files import ProjectFiles
    from ftwheel.core.installers.requirements import Requirement
    from ftwheel.core.installers.simulations import Simulation
    from ftwheel.core.tags.environments import Environment
    from ftwheel.core.tags.pip_target import PipTarget
    from ftwheel.io.index.named import NamedIndex
    from ftwheel.render.installers.simulation import SimulationReport

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = """\
  ftwheel simulate numpy                             every supported Python, on every platform, with pip and uv
  ftwheel simulate rpds-py==0.22.0 --env cp313-win_amd64 --env cp313t-win_amd64
  ftwheel simulate lxml --python python3.14t         this machine's interpreter
  ftwheel simulate lxml --explain cp314t-win_amd64   every file, and why it is rejected
  ftwheel simulate lxml --platform win_amd64 --python-version 3.13 --abi cp313t   with the options of pip download
  ftwheel simulate whenever --uploaded-prior-to 2026-01-11
  ftwheel simulate numpy --record pages && ftwheel simulate numpy --index pages"""

_WORDS = ("older-version", "sdist", "nothing")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    several = partial(add, action="append", default=[])
    add("requirement", nargs="+", metavar="REQUIREMENT", help="a project, or a requirement such as 'lxml>=5,<6'")
    several(
        "-e",
        "--env",
        metavar="LABEL",
        help="cp314t-manylinux_2_28_x86_64, cp313-win_amd64, ..., or all or pairs; may be repeated (default: all)",
    )
    several("--python", metavar="PATH", help="the environment of this interpreter; may be repeated")
    several("--installer", metavar="NAME", help=choices.names_of_installers())
    cross = parser.add_argument_group("pip's options for another interpreter (it runs on --env, --python or this one)")
    cross.add_argument(
        "--platform", action="append", metavar="TAG", help="wheels for this platform tag; may be repeated"
    )
    cross.add_argument("--python-version", metavar="VERSION", help="3, 313, 3.13 or 3.13.1")
    cross.add_argument(
        "--abi",
        action="append",
        metavar="TAG",
        help="wheels for this ABI tag; may be repeated, and the first one decides about free-threading",
    )
    cross.add_argument("--implementation", metavar="NAME", help="cp, pp, or py for wheels of no implementation")
    several("--explain", metavar="LABEL", help="show every file and why it is accepted or rejected, nearest miss first")
    several("--allow", choices=_WORDS, help="do not exit 1 for this outcome")
    add("--record", metavar="DIR", help="save the index pages that were used, for --index DIR")
    reports.add_format(parser, "simulate")
    choices.add_arguments(parser)
    indexes.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """0 when every environment installs a wheel of the newest version that it can load, 1 when one does not."""
    from ftwheel.core.installers.outcomes import Outcome
    from ftwheel.core.installers.registry import DEFAULT_INSTALLERS, installer
    from ftwheel.core.installers.requirements import parse_requirement
    from ftwheel.core.installers.upload_hints import is_resolved
    from ftwheel.core.tags.environments import parse_environments

    _refuse_files(arguments.requirement)
    requirements = [parse_requirement(text) for text in arguments.requirement]
    target = _target(arguments)
    asked = arguments.installer or (["pip"] if target else DEFAULT_INSTALLERS)
    installers = tuple(dict.fromkeys(map(installer, asked)))
    environments = _for_target(_environments(arguments, target), target)
    explained = _for_target(parse_environments(arguments.explain), target)
    reports: list[SimulationReport] = []
    failed = 0
    from ftwheel.render.progress import progress

    with (
        progress(begin="querying the indexes") as shown,
        indexes.open_locations(arguments, (each.name for each in installers)) as locations,
    ):
        names = list(dict.fromkeys(requirement.name for requirement in requirements))
        locations.prefetch(names)
        if arguments.record:
            from pathlib import Path

            locations.record(Path(arguments.record), names)
        for number, requirement in enumerate(requirements):
            shown(number, len(requirements), requirement.name)
            try:
                rules = tuple(choices.rules(arguments, installers, locations, requirement.name))
                reports.append(_report(requirement, environments, explained, rules, locations))
            except FtwheelError as error:
                if len(requirements) == 1:
                    raise
                print(f"ftwheel: error: {error.message}", file=sys.stderr)
                failed = max(failed, error.exit_code)
    _write(arguments.format, reports)
    allowed = frozenset(Outcome(word.replace("-", " ")) for word in arguments.allow)
    cells = (cell for report in reports for cell in report.simulation.cells)
    return failed or int(not all(is_resolved(cell, allowed) for cell in cells))


def _target(arguments: argparse.Namespace) -> PipTarget | None:
    """pip's options that describe another interpreter, None when none is given."""
    if not (arguments.platform or arguments.python_version or arguments.abi or arguments.implementation):
        return None
    from ftwheel.core.tags.pip_target import PipTarget

    return PipTarget(
        platforms=tuple(arguments.platform or ()),
        python_version=arguments.python_version or "",
        abis=tuple(arguments.abi or ()),
        implementation=arguments.implementation or "",
    )


def _for_target(hosts: Iterable[Environment], target: PipTarget | None) -> tuple[Environment, ...]:
    if target is None:
        return tuple(hosts)
    from ftwheel.core.tags.pip_target import target_environment

    return tuple(target_environment(host, target) for host in hosts)


def _environments(arguments: argparse.Namespace, target: PipTarget | None) -> tuple[Environment, ...]:
    """The environments requested, each label once; by default ``all``, or this interpreter with pip's cross options."""
    from ftwheel.core.tags.environments import parse_environments

    named = arguments.env or arguments.python or arguments.explain
    if target and not named:
        from ftwheel.io.system.environment_probe import environment_of

        return (environment_of(sys.executable),)
    labels = arguments.env if named else ["all"]
    found = list(parse_environments(text for label in labels for text in label.split(",") if text))
    if arguments.python:
        from ftwheel.io.system.environment_probe import environment_of

        found += [environment_of(path) for path in arguments.python]
    if not found and not arguments.explain:
        raise InputError("no environment given", hint="use --env all, --env cp314t-win_amd64 or --python PATH")
    return tuple({environment.label: environment for environment in found}.values())


def _refuse_files(named: Iterable[str]) -> None:
    """Raise InputError for files and folders, which other commands take."""
    for text in named:
        if text.endswith((".whl", ".tar.gz")):
            raise InputError(
                f"{text}: expected a project or a requirement, got a file",
                hint=f"ftwheel verify {text} shows which environments would install it",
            )
        if os.sep in text.partition("@")[0] or text.endswith((".txt", ".in", ".toml", ".lock")):
            raise InputError(
                f"{text}: expected a project or a requirement, got a path",
                hint=f"ftwheel missing {text} checks everything it requires",
            )


def _report(
    requirement: Requirement,
    environments: tuple[Environment, ...],
    explained: tuple[Environment, ...],
    rules: tuple[InstallerOptions, ...],
    locations: IndexLocations,
) -> SimulationReport:
    from ftwheel.app.installers.simulate import fetch
    from ftwheel.core.installers.selection import newest_version
    from ftwheel.core.installers.upload_hints import advise
    from ftwheel.render.installers.simulation import SimulationReport

    looked_at = [locations.indexes[each.name] for each in rules]
    read = partial(_read_file, locations) if locations.client is not None else None
    fetched = {found: fetch(requirement, found, read=read) for found in dict.fromkeys(looked_at)}
    projects = [fetched[found] for found in looked_at]
    unread = (source.details.unreadable for project in projects for source in project.sources)
    for message in dict.fromkeys(filter(None, unread)):
        print(f"ftwheel: warning: {redact(message)}", file=sys.stderr)
    simulation = _simulate(requirement, environments, rules, projects)
    if requirement.specifiers and not any(simulation.newest):
        bare = requirement._replace(specifier=None, specifiers=())
        if newest := newest_version(projects[0], bare, rules[0]):
            raise InputError(
                f"{requirement.text}: {requirement.name} has no such version", hint=f"the newest is {newest}"
            )
    return SimulationReport(
        simulation=simulation,
        hints=advise(simulation),
        status=_status(projects),
        explanations=_explanations(requirement, explained, rules, projects) if explained else (),
        locations=tuple(
            tuple(location.label for location in found if _has_page(location, requirement.name)) for found in looked_at
        ),
    )


def _explanations(
    requirement: Requirement,
    environments: Sequence[Environment],
    rules: Sequence[InstallerOptions],
    projects: Sequence[ProjectFiles],
) -> tuple[Selection, ...]:
    from ftwheel.core.installers.evaluations import explain

    return tuple(
        explain(project, requirement, environment, one)
        for environment in environments
        for one, project in zip(rules, projects, strict=True)
    )


def _read_file(locations: IndexLocations, file: File) -> CoreMetadata | UnknownMetadata:
    """What a file of a folder says of itself."""
    from ftwheel.io.dependencies.metadata import MetadataClient

    assert locations.client is not None
    return MetadataClient(locations.client, folder=None).metadata(file)


def _has_page(location: NamedIndex, name: str) -> bool:
    """Whether a location has a page of the project, readable or not."""
    from ftwheel.core.index.page import UnreadablePageError

    try:
        return location.project(name) is not None
    except UnreadablePageError:
        return True


def _simulate(
    requirement: Requirement,
    environments: tuple[Environment, ...],
    rules: tuple[InstallerOptions, ...],
    projects: Sequence[ProjectFiles],
) -> Simulation:
    """One simulation of several installers, which may look at different locations."""
    from ftwheel.app.installers.simulate import simulate_project
    from ftwheel.core.installers.simulations import Simulation

    parts = [
        simulate_project(project, requirement, environments=environments, installers=(one,))
        for one, project in zip(rules, projects, strict=True)
    ]
    return Simulation(
        requirement=requirement,
        environments=environments,
        installers=rules,
        newest=tuple(part.newest[0] for part in parts),
        cells=tuple(cell for row in zip(*(part.cells for part in parts), strict=True) for cell in row),
    )


def _status(projects: Sequence[ProjectFiles]) -> str:
    """The first project status (PEP 792) other than ``active`` among the locations, with its reason."""
    for source in (source for project in projects for source in project.sources):
        if source.details.status != "active":
            reason = source.details.status_reason
            return f"{source.details.status}: {reason}" if reason else source.details.status
    return ""


def _write(form: str, reports: Sequence[SimulationReport]) -> None:
    if form == "json":
        from ftwheel.render.installers.simulation_json import write_json as write
    elif form == "markdown":
        from ftwheel.render.installers.simulation_markdown import write_markdown as write
    else:
        from ftwheel.render.installers.simulation import write_text as write
    write(reports, sys.stdout)
