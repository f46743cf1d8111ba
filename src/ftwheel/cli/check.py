"""``ftwheel check``: what the code in wheels is, and whether their tags are true."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from ftwheel.cli import rule
from ftwheel.cli.options import index_rules, indexes, reports, severities
from ftwheel.cli.options.files import no_such_file, written_in
from ftwheel.core.errors import ConfigurationError, InputError

if TYPE_CHECKING:
    from packaging.version import Version

    from ftwheel.app.wheel.check import Importer, Judge, Run
    from ftwheel.core.index.rules import IndexRules
    from ftwheel.core.wheel.reports import CheckReport, WheelReport
    from ftwheel.render.progress import Progress
    from ftwheel.rules.wheel.selection import RuleSelection
    from ftwheel_build.config import Config

__all__ = ["EXAMPLES", "add_arguments", "check_quietly", "run"]

EXAMPLES = """\
  ftwheel check dist/                      every wheel in a folder, and the pairs among them
  ftwheel check --import dist/*cp313t*.whl  also import each module, in its own process
  ftwheel check numpy==2.3.5               the wheels of a release on the configured index
  ftwheel check --ignore FTW404,FTW5 dist/  without some rules
  ftwheel check --format sarif dist/ > check.sarif
  ftwheel check --explain FTW401"""

_SMALL = 4 << 20  # bytes of wheels below which starting workers takes longer than reading the wheels
_DOWNLOADS = 8  # concurrent downloads; more would only share the same bandwidth


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    several = partial(add, action="append", default=[])
    add("targets", nargs="*", metavar="WHEEL", help="a wheel, a folder of wheels, or NAME==VERSION on the index")
    several("--select", metavar="CODES", help="only these rules: FTW401, or FTW4 for a group")
    several("--ignore", metavar="CODES", help="skip these rules")
    severities.add_arguments(parser)
    index_rules.add_argument(parser)
    reports.add_arguments(parser, "check")
    add("-q", "--quiet", action="store_true", help="omit the tables of modules from the text")
    add("--import", dest="imports", action="store_true", help="install each wheel and import all its modules")
    several("--python", metavar="LIST", help="interpreters for --import: 3.14, 3.14t or paths")
    add("--level", type=int, choices=(1, 2), default=2, help="1: read data only; 2: also follow init functions")
    add("--cores", type=indexes.positive, metavar="N", help="how many wheels to read in parallel (default: all cores)")
    add("--config", type=Path, metavar="FILE", help="pyproject.toml to read [tool.ftwheel.check] from (default: here)")
    add("--list-rules", action="store_true", help="list all rules and exit")
    add("--explain", metavar="CODE", help="show the page of any rule and exit")
    indexes.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """0 without findings at ``--fail-on`` or above, 1 with, 2 when a file is not a wheel."""
    if arguments.list_rules or arguments.explain:
        return rule.explain(arguments.explain)
    if not arguments.targets:
        raise InputError("no wheels given", hint="ftwheel check dist/")
    from ftwheel.app.wheel.check import check
    from ftwheel.core.findings import Severity
    from ftwheel.render.progress import progress
    from ftwheel.render.wheel.check import write

    selection = _selection(arguments)
    with ExitStack() as stack, progress(begin="looking for wheels") as shown:
        paths = list(dict.fromkeys(_paths(arguments, stack, shown)))
        judge = _judge(*selection, together=_of_one_release(paths), follow_init=arguments.level == 2)
        importer = _importer(arguments.python) if arguments.imports else None
        shown(0, len(paths), os.path.basename(paths[0]))
        done = count(1)
        report = check(
            paths,
            judge,
            run=_runner(arguments.cores),
            importer=importer,
            observer=lambda path: shown(next(done), len(paths), os.path.basename(path)),
        )
    show = partial(write, report, quiet=arguments.quiet)
    show(arguments.format, sys.stdout)
    reports.write_all(arguments.report, show)
    if report.unreadable:
        return 2
    limit = Severity[arguments.fail_on.upper()]
    return 1 if any(finding.severity >= limit for finding in report.findings) else 0


def check_quietly(paths: Sequence[str], table: Config, rules: IndexRules) -> CheckReport:
    """Run ``ftwheel check`` on these wheels as ``[tool.ftwheel]`` configures it, for another command."""
    from ftwheel.app.wheel.check import check

    judge = _judge(_configured(table, rules), table.check.undeclared, together=_of_one_release(paths))
    return check(paths, judge, run=_runner(None))


def _of_one_release(paths: Sequence[str]) -> bool:
    """Whether any two files may be wheels of one release, and so a pair."""
    from packaging.utils import canonicalize_name

    names = [os.path.basename(path).split("-", 2)[0] for path in paths]
    return len({canonicalize_name(name) for name in names}) < len(names)


def _judge(selection: RuleSelection, undeclared: tuple[str, ...], *, together: bool, follow_init: bool = True) -> Judge:
    from ftwheel.app.wheel.check import Judge
    from ftwheel.io.wheel.platform_policy import can_audit, platform_policy, watched_symbols
    from ftwheel.io.wheel.reading import inspect_wheel
    from ftwheel.io.wheel.stable_abi import stable_symbols

    return Judge(
        selection=selection,
        read=partial(
            inspect_wheel,
            level2=follow_init,
            watched=watched_symbols() if can_audit() else None,
            portable=together,
        ),
        stable_symbols=stable_symbols,
        policy=platform_policy if can_audit() else None,
        undeclared=undeclared,
    )


def _selection(arguments: argparse.Namespace) -> tuple[RuleSelection, tuple[str, ...]]:
    """``[tool.ftwheel.check]`` with the command line on top; also the modules that need not declare."""
    from ftwheel_build.config import Config, load_table
    from ftwheel_build.errors import RefusedError

    table = Config()
    config: Path = arguments.config or Path("pyproject.toml")
    if arguments.config or config.is_file():
        try:
            table = load_table(config)
        except RefusedError as error:
            raise ConfigurationError(error.message, hint=error.fix) from error
    with written_in(f"{config}: [tool.ftwheel.check]"):
        configured = _configured(table, index_rules.chosen(arguments, table.index_rules))
    selection = replace(
        configured,
        select=severities.codes(arguments.select) or configured.select,
        ignore=(*configured.ignore, *severities.codes(arguments.ignore)),
        severities={**configured.severities, **dict(map(severities.severity, arguments.severity))},
    )
    return selection, table.check.undeclared


def _configured(table: Config, rules: IndexRules) -> RuleSelection:
    from ftwheel.core.findings import Severity
    from ftwheel.rules.wheel.selection import RuleSelection

    levels = dict.fromkeys(("FTW401", "FTW703"), Severity.WARNING) if table.gil == "allow-used" else {}
    levels |= {code: Severity[word.upper()] for code, word in table.check.severity.items()}
    return RuleSelection(select=table.check.select, ignore=table.check.ignore, severities=levels, index_rules=rules)


def _paths(arguments: argparse.Namespace, stack: ExitStack, shown: Progress) -> Iterator[str]:
    """The files to check; a release is downloaded to a folder that ``stack`` removes."""
    for target in arguments.targets:
        path = Path(target)
        if path.is_dir():
            wheels = sorted(os.path.join(target, name) for name in os.listdir(target) if name.endswith(".whl"))
            if not wheels:
                raise InputError(f"{target}: no wheels in this folder", hint=_where_wheels_are(path))
            yield from wheels
        elif path.is_file() and not path.name.endswith(".whl"):
            _leave_out(target, others=any(each.endswith(".whl") for each in arguments.targets))
        elif path.is_file():
            yield target
        elif "*" in target and not path.exists():
            matches = sorted(os.fspath(wheel) for wheel in path.parent.glob(path.name))  # cmd.exe does not expand *
            if not matches:
                raise InputError(f"{target}: no file matches", hint="pass the folder the wheels were built to")
            yield from matches
        elif release := _release(target):
            yield from _downloaded(arguments, *release, stack, shown)
        else:
            raise no_such_file(target, "a wheel, a folder of wheels, or a release")


def _release(target: str) -> tuple[str, Version] | None:
    from ftwheel.app.release.published_wheels import parse_release  # loads the model of the index; files need none

    return parse_release(target)


def _leave_out(target: str, *, others: bool) -> None:
    """Raise InputError for a file that is not named as a wheel is; of an sdist beside ``others`` (dist/*) say so."""
    if not target.endswith((".tar.gz", ".zip")):
        raise InputError(f"{target}: not a wheel", hint="pass a wheel, a folder of wheels, or a release: NAME==VERSION")
    if not others:
        raise InputError(
            f"{target}: a source distribution, not a wheel",
            hint=f"ftwheel build {target} builds wheels from it; ftwheel verify looks at it with the wheels",
        )
    print(f"ftwheel: note: {target}: a source distribution; check looks at the wheels alone", file=sys.stderr)


def _where_wheels_are(folder: Path) -> str:
    """The hint for a folder without wheels; those of a project are in ``dist`` once they are built."""
    for name in ("dist", "wheelhouse"):
        if any((folder / name).glob("*.whl")):
            return f"did you mean {folder / name}?"
    if (folder / "pyproject.toml").is_file() or (folder / "setup.py").is_file():
        return f"build its wheels first: ftwheel build {folder}"
    return "pass the folder the wheels were built to"


def _downloaded(
    arguments: argparse.Namespace, name: str, version: Version, stack: ExitStack, shown: Progress
) -> Iterator[str]:
    """The wheels of a release, downloaded and verified concurrently."""
    from concurrent.futures import ThreadPoolExecutor
    from tempfile import TemporaryDirectory

    from ftwheel.app.release.published_wheels import wheels_of

    locations = stack.enter_context(indexes.open_locations(arguments))
    if locations.client is None:
        raise InputError("--index: a recording holds pages, not files", hint="use --index-url or --find-links")
    pages = [page for index in locations.all if (page := index.project(name)) is not None]
    files = wheels_of(pages, name, version)
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="ftwheel-check-")))
    download = locations.client.download
    with ThreadPoolExecutor(_DOWNLOADS) as pool:
        try:
            paths = pool.map(lambda file: os.fspath(download(file, folder / file.filename)), files)
            for number, path in enumerate(paths, 1):
                shown(number, len(files), f"downloaded {os.path.basename(path)}")
                yield path
        except BaseException:
            locations.client.abort()
            pool.shutdown(cancel_futures=True)
            raise


def _runner(asked: int | None) -> Run:
    from ftwheel.io.system.parallel import cores, in_parallel

    def run_all(function: Callable[[str], WheelReport], paths: Sequence[str]) -> Iterator[WheelReport]:
        sizes = {path: os.path.getsize(path) for path in paths}
        small = sum(sizes.values()) < _SMALL and asked is None
        # the largest first, so that no core is left with a large one at the end
        ordered = sorted(paths, key=lambda path: -sizes[path])
        yield from in_parallel(function, ordered, jobs=1 if small else asked or cores())

    return run_all


def _importer(asked: Sequence[str]) -> Importer:
    from ftwheel.app.wheel.imports import ImportEach
    from ftwheel.cli.build import ask, interpreters
    from ftwheel.io.project.source import SourceProject
    from ftwheel.io.system.interpreters import discover
    from ftwheel.io.wheel.importing import import_modules

    # which interpreters a project supports matters only when none is asked for
    found = interpreters(ask(asked), SourceProject(path=Path(), folder=Path())) if asked else discover()
    return ImportEach(interpreters=found, import_modules=import_modules)
