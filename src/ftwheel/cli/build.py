"""``ftwheel build``: builds and checks both wheels of a pair."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ftwheel.cli.options import index_rules, reports
from ftwheel.core.errors import InputError, MissingToolError

if TYPE_CHECKING:
    from ftwheel.core.build.interpreters import Interpreter
    from ftwheel.core.build.model import BuildResult, ConfigSettings
    from ftwheel.core.build.python_requests import PythonRequest
    from ftwheel.io.project.source import SourceProject

__all__ = ["EXAMPLES", "Answers", "add_arguments", "ask", "interpreters", "run"]

EXAMPLES = """\
  ftwheel build                        every pair of interpreters on this machine; wheels go to dist/
  ftwheel build --python 3.13,3.14     the pairs 3.13 + 3.13t and 3.14 + 3.14t
  ftwheel build --python 3.14t         the free-threaded wheel alone
  ftwheel build --sdist -o wheelhouse  the source distribution, and the pairs built from it
  ftwheel build --driver cibuildwheel  the same pairs with cibuildwheel, in manylinux containers on Linux
  ftwheel build --driver cibuildwheel --platforms 'manylinux*' --dry-run
  ftwheel build --format json          the result for other programs"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the interpreters said: those that ``--python`` names by path, and those found for its ``versions``."""

    named: tuple[Interpreter, ...]
    versions: tuple[PythonRequest, ...]
    found: tuple[Interpreter, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    several = partial(add, action="append", default=[])
    add("project", nargs="?", default=".", type=Path, metavar="PROJECT", help="folder or .tar.gz (default: .)")
    several(
        "--python",
        metavar="LIST",
        help="3.14 (both builds), 3.14t, 3.14+gil (one build) or paths, comma-separated (default: every pair)",
    )
    add("-o", "--out-dir", type=Path, metavar="DIR", help="where the files go (default: PROJECT/dist)")
    add("--sdist", action="store_true", help="build the source distribution too, and the wheels from it")
    add("--no-repair", action="store_true", help="keep the platform tag and the libraries as built")
    add("--no-import", action="store_true", help="do not import the modules, which leaves the GIL untested")
    several("-C", "--config-setting", metavar="KEY=VALUE", help="setting for the build backend; may be repeated")
    add("--driver", choices=("local", "cibuildwheel"), default="local", help="what builds the wheels (default: local)")
    several(
        "--platforms",
        metavar="LIST",
        help="with cibuildwheel: manylinux_2_28_x86_64, ... or patterns (default: the project's, built here)",
    )
    add("--dry-run", action="store_true", help="with cibuildwheel: show what would run, and exit")
    add("--write-digests", type=Path, metavar="FILE", help="write names and SHA-256 of the files, for verify --digests")
    index_rules.add_argument(parser)
    reports.add_arguments(parser, "build")
    add("-v", "--verbose", action="store_true", help="show the build logs too")


def run(arguments: argparse.Namespace) -> int:
    """0 when every file was made and checked, 1 with findings; failures of the build itself raise."""
    from ftwheel.io.system.background import in_background

    # the interpreters start while most modules and the project are still to be read
    asked = in_background(partial(ask, arguments.python)) if arguments.driver == "local" else None
    with _opened(Path(os.path.abspath(arguments.project))) as project:
        return _run(arguments, project, asked)


@contextmanager
def _opened(path: Path) -> Iterator[SourceProject]:
    """The project; a source distribution is unpacked for as long as its files may be asked for."""
    from ftwheel.io.build.sources import unpack_sdist
    from ftwheel.io.project.source import read_project
    from ftwheel.io.system.workspace import workspace

    if not (path.is_file() and path.name.endswith(".tar.gz")):
        yield read_project(path)
        return
    with workspace() as scratch:
        yield read_project(unpack_sdist(path, scratch), sdist=path)


def _run(arguments: argparse.Namespace, project: SourceProject, asked: Callable[[], Answers] | None) -> int:
    from ftwheel.render.build.result import write

    settings = config_settings(arguments.config_setting)
    project = replace(project, index_rules=index_rules.chosen(arguments, project.index_rules.value))
    default_dir = project.path.parent if project.is_sdist else project.path / "dist"
    out_dir = Path(os.path.abspath(arguments.out_dir or default_dir))
    shown = os.fspath(arguments.out_dir or _shorter(default_dir))
    if not project.is_sdist:
        _tell_links(project.path, out_dir)
    if asked is None:
        from ftwheel.cli import build_cibuildwheel

        build_cibuildwheel.refuse(arguments)
        if arguments.dry_run:
            build_cibuildwheel.show_plan(arguments, project, settings)
            return 0
        result = build_cibuildwheel.build(arguments, project, settings, out_dir, shown=shown)
    else:
        result = _build(arguments, project, asked, settings, out_dir, shown=shown)
    write(result, arguments.format, sys.stdout)
    reports.write_all(arguments.report, partial(write, result))
    if arguments.write_digests and result.passed:
        from ftwheel.io.release.digests import written

        digests = {wheel.filename: wheel.sha256 for wheel in result.wheels}
        if result.sdist:
            digests[result.sdist.filename] = result.sdist.sha256
        reports.save(arguments.write_digests, written(digests))
    if result.failure is not None:
        raise result.failure
    return 0 if result.passed else 1


def _tell_links(project: Path, out_dir: Path) -> None:
    from ftwheel.io.build.sources import links_left_out
    from ftwheel.render.terminal import printable

    for link in links_left_out(project, without=out_dir):
        print(f"{printable(link)}: skipped, because it links to a path outside of the project", file=sys.stderr)


def _build(
    arguments: argparse.Namespace,
    project: SourceProject,
    asked: Callable[[], Answers],
    settings: ConfigSettings,
    out_dir: Path,
    *,
    shown: str,
) -> BuildResult:
    """Build with the interpreters of this machine; ``shown`` is the output folder as the user reads it."""
    from ftwheel.app.build.build import build
    from ftwheel.core.build.model import BuildPlan
    from ftwheel.core.build.stable_abi_plan import plan_local_builds
    from ftwheel.core.index.rules import IndexRules
    from ftwheel.io.build.local import open_builder
    from ftwheel.io.project.scan import inferred_stable_abi
    from ftwheel.render.build.result import progress

    if arguments.platforms or arguments.dry_run:
        raise InputError(
            f"{'--platforms' if arguments.platforms else '--dry-run'} requires --driver cibuildwheel",
            hint="the local driver builds for this machine",
        )
    if project.is_sdist and arguments.sdist:
        raise InputError(f"{project.path.name} is already a source distribution", hint="drop --sdist")
    repair = not arguments.no_repair
    if not arguments.verbose:
        _hide_backend_warnings()
    with open_builder(project.path, out_dir, settings, repair=repair) as builder:
        found = interpreters(asked(), project)
        floor, abi3t = project.floor, project.abi3t
        inferred = floor is None
        if inferred:
            floor, abi3t = inferred_stable_abi(project.folder)
        serves = {} if floor is None else plan_local_builds(found, floor=floor, abi3t=abi3t and project.abi3t)
        plan = BuildPlan(
            interpreters=tuple(serves) or found,
            serves={builder.label: others for builder, others in serves.items()},
            inferred=inferred,
            sdist=arguments.sdist,
            repair=repair,
            import_modules=not arguments.no_import,
            allow_gil=project.allow_gil,
            # wheels that are not repaired are not meant for an index
            index_rules=project.index_rules if repair else IndexRules.ANY,
            ignored=project.ignored,
        )
        try:
            with progress() as observer:
                return build(
                    plan,
                    builder,
                    observer,
                    project=project.path.name,
                    out_dir=shown,
                    jobs=max(2, os.cpu_count() or 1),
                )
        finally:
            if arguments.verbose:
                _show_logs(plan.interpreters, builder.whole_log_of)


def _hide_backend_warnings() -> None:
    """Hide the warnings of build backends, as pip does; ``--verbose`` shows them."""
    import warnings

    import pyproject_hooks

    if (category := getattr(pyproject_hooks, "BuildBackendWarning", None)) is not None:  # since 1.3
        warnings.filterwarnings("ignore", category=category)


def ask(texts: Sequence[str]) -> Answers:
    """Run the interpreters that ``--python`` names by path, and if it names none or a version, all on this machine."""
    from ftwheel.core.build.python_requests import parse_request
    from ftwheel.io.system.interpreters import discover, probe

    requests = tuple(parse_request(item) for text in texts for item in text.split(",") if item.strip())
    if texts and not requests:
        raise InputError("--python: an empty argument", hint="is a shell variable not set?")
    paths = [request.path for request in requests if request.path]
    with ThreadPoolExecutor() as pool:
        named = dict(zip(paths, pool.map(probe, paths), strict=True))
    for path, interpreter in named.items():
        if interpreter.implementation != "cpython":
            raise InputError(
                f"{path}: pairs are built for CPython, but this is {interpreter.implementation}",
                hint="pass the path of a CPython interpreter, or a version such as 3.14t",
            )
    versions = tuple(request for request in requests if not request.path)
    found = discover() if versions or not requests else ()
    return Answers(named=tuple(named.values()), versions=versions, found=found)


def interpreters(answers: Answers, project: SourceProject) -> tuple[Interpreter, ...]:
    """The interpreters to build with, in the order requested.

    Without a request: every pair on this machine that the project names (if there is none, the newest pair it
    supports), and with ``[tool.ftwheel] stable-abi`` the default builds that its wheel serves.
    """
    from ftwheel.core.build.python_requests import default_builds, resolve

    found = answers.found
    if answers.named or answers.versions:
        chosen = [*answers.named, *(resolve(answers.versions, found) if answers.versions else ())]
        return tuple(dict.fromkeys(chosen))
    supported = tuple(each for each in found if project.supports(each))
    if found and not supported:
        raise MissingToolError(
            f"{project.path}: supports none of the interpreters on this machine"
            f" (requires-python {project.requires_python or 'any'})",
            hint="install a supported pair, for example: uv python install 3.14 3.14t",
        )
    wanted = tuple(each for each in supported if project.wants(each))
    pairs = _pairs(project, wanted, supported)
    served = () if project.floor is None else default_builds(wanted, from_minor=project.floor)
    return tuple(dict.fromkeys((*pairs, *served)))


def _pairs(
    project: SourceProject, wanted: Sequence[Interpreter], supported: Sequence[Interpreter]
) -> tuple[Interpreter, ...]:
    """Every pair of the project's ``pythons``; if this machine has none, the newest pair that can build it."""
    from ftwheel.core.build.interpreters import pairs
    from ftwheel.core.build.python_requests import resolve

    if pairs(wanted) or not (spare := pairs(supported)):
        return resolve((), wanted)
    print(
        f"building {spare[0].default.label} and {spare[0].free_threaded.label}: this machine has no pair of"
        f" [tool.ftwheel] pythons ({', '.join(sorted(project.pythons, key=_age))})",
        file=sys.stderr,
    )
    return spare[0].default, spare[0].free_threaded


def _age(python: str) -> tuple[int, bool]:
    return int(python.removesuffix("t").partition(".")[2]), python.endswith("t")


def config_settings(texts: Sequence[str]) -> ConfigSettings:
    """``KEY=VALUE`` items as PEP 517 config settings; the values of a repeated key become a list, as with ``build``."""
    settings: dict[str, str | list[str]] = {}
    for text in texts:
        key, separator, value = text.partition("=")
        if not key:
            raise InputError(
                f"--config-setting {text!r}: no key", hint="write -C KEY=VALUE, or -C KEY for an empty value"
            )
        value = value if separator else ""
        before = settings.get(key)
        if before is None:
            settings[key] = value
        else:
            settings[key] = [*([before] if isinstance(before, str) else before), value]
    return settings


def _show_logs(interpreters: Sequence[Interpreter], log_of: Callable[[str], Iterator[str]]) -> None:
    from ftwheel.render.terminal import printable

    for label in ("sdist", *(each.label for each in interpreters)):
        for line in log_of(label):
            print(f"{label} | {printable(line)}", file=sys.stderr)


def _shorter(folder: Path) -> str:
    """The path relative to the current folder if it is inside."""
    try:
        return os.fspath(folder.relative_to(Path.cwd()))
    except ValueError:
        return os.fspath(folder)
