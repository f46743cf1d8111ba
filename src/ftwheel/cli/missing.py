"""``ftwheel missing``: which dependencies, direct or not, have no wheel that a free-threaded build can load."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ftwheel.cli.options import indexes, reports
from ftwheel.cli.options import installers as choices
from ftwheel.cli.options.files import written_in
from ftwheel.core.errors import ConfigurationError, InputError
from ftwheel.core.installers.registry import DEFAULT_INSTALLERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager

    from ftwheel.app.dependencies.missing import InspectWheel
    from ftwheel.app.dependencies.resolver import Resolver
    from ftwheel.cli.options.indexes import IndexLocations
    from ftwheel.core.dependencies.inputs import Dependencies, IndexOptions
    from ftwheel.core.dependencies.readiness import FailurePolicy, MissingReport, ProjectReport, Shard
    from ftwheel.core.index.page import File
    from ftwheel.core.installers.options import InstallerOptions
    from ftwheel.core.tags.environments import Environment
    from ftwheel.io.dependencies.metadata import MetadataClient
    from ftwheel.io.dependencies.run_state import RunState
    from ftwheel.io.index.named import NamedIndex
    from ftwheel.render.progress import Progress
    from ftwheel_build.config import MissingSettings

__all__ = ["EXAMPLES", "OUTCOMES", "add_arguments", "add_shared_arguments", "python", "read", "report_on", "run"]

EXAMPLES = """\
  ftwheel missing                                 everything installed in the active environment
  ftwheel missing -r requirements.txt --target 3.14t --target 3.14t-win_amd64
  ftwheel missing uv.lock --format markdown >> "$GITHUB_STEP_SUMMARY"
  ftwheel missing pyproject.toml --extra dev --format tree --all
  ftwheel missing 'scrapy>=2.13' --deep           also what the modules of the wheels declare
  ftwheel missing pylock.toml --issue lxml        an issue to file with the project
  ftwheel missing pylock.toml --html missing.html the tree, to filter and sort
  pip install --quiet --dry-run --report - scrapy | ftwheel missing -"""

_SEVERITIES = {
    "error": ("cannot-load", "older-version", "sdist", "nothing"),
    "warning": ("cannot-load", "older-version", "sdist", "nothing", "cannot-tell", "undeclared"),
    "advice": ("cannot-load", "older-version", "sdist", "nothing", "cannot-tell", "undeclared"),
    "never": (),
}
OUTCOMES = (*_SEVERITIES, *_SEVERITIES["warning"])
_PROJECT = "pyproject.toml"
_OF_PROJECTS = (_PROJECT, "setup.py", "setup.cfg")
_SUFFIXES = (".txt", ".in", ".toml", ".lock", ".json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "input",
        nargs="*",
        metavar="INPUT",
        help="pyproject.toml, a lock file, a requirements file, JSON of pip inspect or pip install --report (- for"
        " standard input), or a requirement (default: the active environment)",
    )
    add_shared_arguments(parser)
    scale = parser.add_argument_group("large runs")
    add = scale.add_argument
    add("--shard", metavar="I/N", help="judge only part I of N of the projects")
    add("--state", metavar="FILE", help="save each project's report here as it is made, and resume from this file")
    add("--merge", nargs="+", default=[], metavar="FILE", help="merge the JSON reports of all parts")


def add_shared_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that ``pip-ftwheel`` shares."""
    add = parser.add_argument
    several = partial(add, action="append", default=[])
    several("-r", "--requirement", metavar="FILE", help="a requirements file; may be repeated")
    several("-c", "--constraint", metavar="FILE", help="a constraints file; may be repeated")
    several("--extra", metavar="NAME", help="extra of a project or lock to include; * for all")
    several("--group", metavar="NAME", help="group of a project or lock to include; * for all")
    add("--python", metavar="PATH", help="interpreter to inspect (default: that of the active environment)")
    several(
        "-t",
        "--target",
        metavar="TARGET",
        help="3.14t, 3.14t-win_amd64, ...; may be repeated (default: the free-threaded build of the same version and"
        " the next one, on this platform)",
    )
    add("--no-deps", action="store_true", help="judge only the projects named, not their dependencies")
    first = DEFAULT_INSTALLERS[:1]
    add("--installer", default=first[0], metavar="NAME", help=choices.names_of_installers(first))
    add("--deep", action="store_true", help="download the wheels and report what their modules declare about the GIL")
    weight = parser.add_argument_group("policy")
    add = weight.add_argument
    add(
        "--allow",
        action="append",
        default=[],
        metavar="NAME[==VERSION]",
        help="a project that need not be ready; may be repeated",
    )
    add(
        "--config",
        type=Path,
        metavar="FILE",
        help="pyproject.toml to read [tool.ftwheel.missing] from (default: here)",
    )
    add(
        "--fail-on",
        action="append",
        choices=OUTCOMES,
        metavar="OUTCOME",
        help="exit 1 on this outcome; may be repeated: cannot-load, older-version, sdist or nothing (error means all"
        " of these), cannot-tell or undeclared (warning and advice mean these too), or never (default: error)",
    )
    shown = parser.add_argument_group("output")
    add = shown.add_argument
    add("--all", action="store_true", help="also show the projects that are ready")
    add("--issue", metavar="PROJECT", help="print the text of an issue for this project instead of the result")
    reports.add_arguments(shown, "missing")
    add("--html", type=Path, metavar="FILE", help="also write the report as one HTML file")
    add("--badge", type=Path, metavar="FILE", help="also write a badge for a README")
    add("--record", metavar="DIR", help="save the index pages that were used, for --index DIR")
    choices.add_arguments(parser)
    indexes.add_arguments(parser).add_argument(
        "--alternative-index",
        action="append",
        default=[],
        metavar="URL",
        help="an index to search only for projects that are not ready; may be repeated (default: configured indexes"
        " that the installer does not use)",
    )


def run(arguments: argparse.Namespace) -> int:
    """0 when every dependency is ready on every target, 1 when one is not, else the code of an error that hides it."""
    if arguments.merge:
        return _merge(arguments)
    return report_on(partial(read, arguments), arguments)


def report_on(inputs: Callable[[], Sequence[Dependencies]], arguments: argparse.Namespace) -> int:
    """Read the inputs, judge every dependency, show the report, and return the exit code."""
    from ftwheel.core.installers.registry import installer
    from ftwheel.render.progress import progress

    settings = _settings(arguments)
    asked = installer(arguments.installer)
    with progress(begin="reading the requirements") as shown:
        dependencies = inputs()
        targets = _targets(arguments, settings)
        arguments = _with_options(arguments, [each.options for each in dependencies])
        with indexes.open_locations(arguments, [asked.name], others=arguments.alternative_index) as locations:
            report = _judged(dependencies, targets, _Run(asked, locations, arguments, shown))
            if arguments.record:
                locations.record(Path(arguments.record), [project.name for project in report.projects])
    _refuse_unknown(report, arguments)
    return _show(replace(report, policy=_policy(report, arguments, settings)), arguments)


def _refuse_unknown(report: MissingReport, arguments: argparse.Namespace) -> None:
    """Raise InputError when nothing that was requested exists: a name or a version is misspelled."""
    if not report.projects or any(project.problem_code != InputError.exit_code for project in report.projects):
        return
    first = report.projects[0]
    folder = next((text for text in getattr(arguments, "input", ()) if os.path.isdir(text)), "")
    hint = f"did you mean the folder: .{os.sep}{folder}?" if folder else first.problem_hint
    raise InputError(f"{first.name}: {first.problem}", hint=hint)


@dataclass(frozen=True, slots=True)
class _Run:
    """The context of a run: the installer, the index locations, the options, and the progress display."""

    installer: InstallerOptions
    locations: IndexLocations
    arguments: argparse.Namespace
    shown: Progress

    def rules(self, name: str) -> InstallerOptions:
        return next(choices.rules(self.arguments, [self.installer], self.locations, name))


def _judged(inputs: Sequence[Dependencies], targets: tuple[Environment, ...], run: _Run) -> MissingReport:
    """Resolve the inputs that need it, and judge every project."""
    from ftwheel.app.dependencies.missing import ReadinessQuestion, missing
    from ftwheel.io.dependencies.report_cache import ReportCache
    from ftwheel.io.index.arrivals import IndexArrivals
    from ftwheel.io.system.folders import cache_root

    locations, arguments = run.locations, run.arguments
    metadata = None
    if locations.client is not None and not arguments.no_deps:
        from ftwheel.io.dependencies.metadata import MetadataClient  # 25 ms

        metadata = MetadataClient(locations.client, folder=os.path.join(cache_root(), "metadata-1"))
    arrivals = IndexArrivals(locations.client, locations.indexes[run.installer.name], jobs=arguments.jobs)
    memory = ReportCache(os.path.join(cache_root(), "reports-1"), targets, run.rules, arrivals.edition)
    question = ReadinessQuestion(
        targets=targets,
        rules=run.rules,
        arrivals=arrivals,
        inspect=_inspector(locations) if arguments.deep else None,
        memory=memory,
        tracker=None if metadata is None else partial(_tracker, metadata),
        others=tuple((index.label, index) for index in locations.others),
    )
    follow = not arguments.no_deps and not all(each.resolved for each in inputs)
    with _state(arguments, targets, [*arrivals.indexes, *locations.others]) as state:

        def observer(report: ProjectReport, number: int, of: int) -> None:
            if state is not None:
                state.keep(report)
            run.shown(number, of, report.name)

        try:
            return missing(
                inputs if metadata is None else _with_edges(inputs, metadata, run),
                question,
                resolve=_resolver(metadata, run) if follow else None,
                shard=_shard(arguments),
                done=state.done if state is not None else None,
                observer=observer,
            )
        finally:
            memory.close()


def _with_edges(inputs: Sequence[Dependencies], metadata: MetadataClient, run: _Run) -> list[Dependencies]:
    """The inputs, with dependency edges from metadata where a lock has none."""
    from ftwheel.io.dependencies.lock_edges import lacks_edges, with_edges

    return [
        with_edges(each, metadata, jobs=run.arguments.jobs, observer=run.shown) if lacks_edges(each) else each
        for each in inputs
    ]


def _tracker(metadata: MetadataClient, file: File) -> str:
    """The issue tracker of a file's project; empty when its metadata is unavailable."""
    from ftwheel.core.dependencies.resolution import CoreMetadata
    from ftwheel.core.dependencies.trackers import issue_tracker
    from ftwheel.core.errors import FtwheelError

    try:
        said = metadata.metadata(file)
    except FtwheelError:
        return ""
    return issue_tracker(said.urls) if isinstance(said, CoreMetadata) else ""


def _resolver(metadata: MetadataClient | None, run: _Run) -> Resolver:
    """The resolver; every page and every file's metadata is requested once, however many targets there are."""
    from ftwheel.app.dependencies.candidates import CandidateSource
    from ftwheel.app.dependencies.resolver import Resolver

    if run.locations.client is None or metadata is None:
        raise InputError(
            "a recording contains index pages, but no metadata of files",
            hint="use a resolved input such as a lock file, or --no-deps",
        )
    source = CandidateSource(
        run.locations.all,
        metadata,
        jobs=run.arguments.jobs,
        abort=run.locations.client.abort,
        observer=lambda number, name: run.shown(number, 0, f"projects in the resolution: {name}"),
    )
    return Resolver(source, run.rules)


def _inspector(locations: IndexLocations) -> InspectWheel:
    from ftwheel.io.dependencies.wheel_declarations import WheelDeclarations

    if locations.client is None:
        raise InputError(
            "a recording contains index pages, but no wheels to inspect", hint="drop --deep, or --index DIR"
        )
    return WheelDeclarations(locations.client.download, abort=locations.client.abort)


def _state(
    arguments: argparse.Namespace, targets: Sequence[Environment], found: Sequence[NamedIndex]
) -> AbstractContextManager[RunState | None]:
    """The file of ``--state``, for reports about these targets with these options; None without ``--state``."""
    path = getattr(arguments, "state", None)  # pip-ftwheel has none
    if not path:
        return nullcontext()
    from ftwheel.io.dependencies.run_state import RunState, question_digest

    options = (arguments.installer, arguments.formats, arguments.prefer_binary, arguments.pre)
    cut = (arguments.uploaded_prior_to, arguments.deep)
    return RunState(
        path,
        question_digest(
            [repr(target) for target in targets], [repr(options), repr(cut)], [index.label for index in found]
        ),
    )


def _shard(arguments: argparse.Namespace) -> Shard | None:
    from ftwheel.core.dependencies.readiness_json import parse_shard

    text = getattr(arguments, "shard", None)  # pip-ftwheel has none
    return parse_shard(text) if text else None


def _with_options(arguments: argparse.Namespace, found: Iterable[IndexOptions]) -> argparse.Namespace:
    """The arguments with the options of the files added; the command line has precedence.

    With a recording, the indexes that files name are ignored.
    """
    known = argparse.Namespace(**vars(arguments))
    for options in found:
        known.formats = [*options.formats, *known.formats]
        known.pre |= options.prereleases
        known.prefer_binary |= options.prefer_binary
        if not known.index:
            known.index_url = known.index_url or options.index_url
            known.extra_index_url = [*options.extra_index_urls, *known.extra_index_url]
            known.find_links = [*options.find_links, *known.find_links]
            known.no_index |= options.no_index
    return known


def _merge(arguments: argparse.Namespace) -> int:
    from ftwheel.core.dependencies.readiness import merge
    from ftwheel.core.dependencies.readiness_json import parse_report
    from ftwheel.io.dependencies.inputs.reading import read_json

    report = merge(parse_report(read_json(path), path) for path in arguments.merge)
    settings = _settings(arguments)
    if arguments.allow or arguments.fail_on or settings.allow or settings.fail_on:
        report = replace(report, policy=_policy(report, arguments, settings))
    return _show(report, arguments)


def _settings(arguments: argparse.Namespace) -> MissingSettings:
    """``[tool.ftwheel.missing]`` of the ``--config`` file, or of the project in the current folder."""
    from ftwheel_build.config import MissingSettings, load_missing
    from ftwheel_build.errors import RefusedError

    path: Path = arguments.config or Path(_PROJECT)
    if arguments.config is None and not path.is_file():
        return MissingSettings()
    try:
        return load_missing(path)
    except RefusedError as error:
        raise ConfigurationError(error.message, hint=error.fix) from error


def _policy(report: MissingReport, arguments: argparse.Namespace, settings: MissingSettings) -> FailurePolicy:
    """What fails the command; an allowed project is exempt as long as every version it installs is allowed."""
    from ftwheel.core.dependencies.readiness import FailurePolicy, Readiness
    from ftwheel.core.installers.requirements import parse_requirement, parse_version

    with written_in(f"{arguments.config or _PROJECT}: [tool.ftwheel.missing] allow"):
        exempt = [*map(parse_requirement, settings.allow)]
    allowed = set()
    for requirement in (*exempt, *map(parse_requirement, arguments.allow)):
        for project in report.projects:
            versions = [parse_version(verdict.version) for verdict in project.verdicts if verdict.version]
            if project.name == requirement.name and all(
                version is not None and requirement.contains(version) for version in versions
            ):
                allowed.add(project.name)
    outcomes = _failing(arguments.fail_on or settings.fail_on) - {"undeclared"}
    return FailurePolicy(
        fail_on=frozenset(Readiness[word.replace("-", "_").upper()] for word in outcomes), allowed=frozenset(allowed)
    )


def _failing(given: Iterable[str]) -> set[str]:
    """The outcomes that ``--fail-on`` names or covers."""
    return {outcome for word in given or ("error",) for outcome in _SEVERITIES.get(word, (word,))}


def _show(report: MissingReport, arguments: argparse.Namespace) -> int:
    from ftwheel.render.dependencies.report import write

    if arguments.issue:
        _write_issue(report, arguments)
        return 0
    show = partial(write, report, everything=arguments.all)
    show(arguments.format, sys.stdout)
    reports.write_all(arguments.report, show)
    if arguments.html:
        from ftwheel.render.dependencies.html import html

        reports.save(arguments.html, html(report, installer=arguments.installer))
    if arguments.badge:
        from ftwheel.render.dependencies.badge import badge

        reports.save(arguments.badge, badge(report))
    undeclared = any(
        verdict.gil is not None and verdict.gil.others
        for project in report.projects
        if project.name not in report.policy.allowed
        for verdict in project.verdicts
    )
    failing = _failing(arguments.fail_on or _settings(arguments).fail_on)
    return report.exit_code or int(undeclared and "undeclared" in failing)


def _write_issue(report: MissingReport, arguments: argparse.Namespace) -> None:
    from ftwheel.core.index.page import normalized
    from ftwheel.render.dependencies.issue import write_issue

    name = normalized(arguments.issue)
    project = next((each for each in report.projects if each.name == name), None)
    if project is None:
        from ftwheel.core.suggestions import closest

        meant = closest(name, (each.name for each in report.projects))
        raise InputError(
            f"--issue {arguments.issue[:100]}: not a project of the report, which has {len(report.projects):,}",
            hint=f"did you mean {meant}?" if meant else "name one of the report; --all shows them all",
        )
    write_issue(report, project, arguments.installer, sys.stdout)


def read(arguments: argparse.Namespace) -> list[Dependencies]:
    """All inputs; those still to be resolved are merged into one, because an installer resolves them together."""
    from ftwheel.io.dependencies.inputs import read_arguments, read_input, read_interpreter, resolved_together

    named = getattr(arguments, "input", [])  # pip-ftwheel has none
    _refuse_folders(named)
    files = [*filter(_is_file, named), *arguments.requirement]
    parts = {"extras": tuple(arguments.extra), "groups": tuple(arguments.group)}
    found = [read_input(_from_here(path), **parts) for path in files]
    requirements = [text for text in named if not _is_file(text)]
    if not files and (unused := next((option for option in ("extra", "group") if getattr(arguments, option)), "")):
        raise InputError(
            f"--{unused} {getattr(arguments, unused)[0]}: applies to a project or lock file, but none is given",
            hint="pass one, for example pyproject.toml; for a project on the index, write 'NAME[EXTRA]'",
        )
    if requirements:
        found.append(read_arguments(requirements, label=" ".join(requirements)))
    if not found:
        found.append(read_interpreter(python(arguments)))
    return resolved_together(found, arguments.constraint)


def _refuse_folders(named: Iterable[str]) -> None:
    """Raise InputError for a bare name that is also the folder of a project: it is ambiguous."""
    for text in named:
        if not _is_file(text) and any(os.path.isfile(os.path.join(text, name)) for name in _OF_PROJECTS):
            raise InputError(
                f"{text}: both the folder of a project and the name of a project on the index",
                hint=f"did you mean .{os.sep}{text}? For the project on the index, write '{text}>=0'",
            )


def _is_file(text: str) -> bool:
    """Whether an argument is a file rather than a requirement; a bare name is a requirement even if a folder has it."""
    from ftwheel.io.dependencies.inputs import DISTRIBUTIONS

    if text in {"-", ".", ".."} or os.path.isfile(text):
        return True
    separators = [os.sep, *([os.altsep] if os.altsep else [])]
    suffixes = (*_SUFFIXES, *DISTRIBUTIONS)
    return "@" not in text and (any(each in text for each in separators) or text.endswith(suffixes))


def _from_here(path: str) -> str:
    """The path relative to the current folder if it is inside, as annotations need it; a project's pyproject.toml."""
    if os.path.isfile(project := os.path.join(path, "pyproject.toml")):
        path = os.path.normpath(project)
    return path.removeprefix(os.path.join(os.getcwd(), ""))


def python(arguments: argparse.Namespace) -> str:
    """The interpreter whose environment is read."""
    from ftwheel.io.installers.pip_command import user_python

    return str(arguments.python or user_python())


def _targets(arguments: argparse.Namespace, settings: MissingSettings) -> tuple[Environment, ...]:
    """The targets of ``--target`` or the project, else the free-threaded builds of this version and the next."""
    from ftwheel.core.dependencies.targets import default_targets, parse_targets

    if arguments.target or settings.targets:
        from ftwheel.io.system.environment_probe import this_platform

        if arguments.target:
            return parse_targets(arguments.target, this_platform())
        with written_in(f"{arguments.config or _PROJECT}: [tool.ftwheel.missing] targets"):
            return parse_targets(settings.targets, this_platform())
    from datetime import UTC, datetime

    from ftwheel.core.tags.cpython import on

    released = on(datetime.now(UTC).date())
    executable = python(arguments)
    if executable == sys.executable:
        from ftwheel.io.system.environment_probe import this_platform

        return default_targets(sys.version_info.minor, released, this_platform())
    from ftwheel.io.system.environment_probe import environment_of

    environment = environment_of(executable)
    return default_targets(environment.minor[1], released, environment.label.partition("-")[2])
