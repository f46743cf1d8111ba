"""``ftwheel build --driver cibuildwheel``: cibuildwheel builds the wheels, and ftwheel checks them like local ones."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import filter as matching
from pathlib import Path
from typing import TYPE_CHECKING

from ftwheel.core.errors import BuildError, InputError

if TYPE_CHECKING:
    import argparse

    from ftwheel.core.build.cibuildwheel.identifiers import BuildIdentifier, IdentifiersOf
    from ftwheel.core.build.cibuildwheel.options import CibuildwheelOptions
    from ftwheel.core.build.cibuildwheel.runs import DriverPlan
    from ftwheel.core.build.model import BuildObserver, BuildResult, ConfigSettings
    from ftwheel.io.build.cibuildwheel import BuiltByCibuildwheel
    from ftwheel.io.project.source import SourceProject
    from ftwheel.io.system.processes import ProcessGroup

__all__ = ["build", "refuse", "show_plan"]


def refuse(arguments: argparse.Namespace) -> None:
    """Raise InputError for an option that does not work with cibuildwheel."""
    if arguments.sdist:
        raise InputError(
            "--sdist: cibuildwheel builds wheels only",
            hint="build it first (uv build --sdist), then: ftwheel build --driver cibuildwheel dist/NAME.tar.gz",
        )
    if arguments.no_repair:
        raise InputError(
            "--no-repair: cibuildwheel repairs what it builds",
            hint='set repair-wheel-command = "" in [tool.cibuildwheel]',
        )


def show_plan(arguments: argparse.Namespace, project: SourceProject, settings: ConfigSettings) -> None:
    """Print what would run."""
    from ftwheel.core.build.cibuildwheel.identifiers import copied_identifiers
    from ftwheel.render.build.cibuildwheel import write_json, write_text

    plan = _plan(arguments, project, project.folder, settings, label="", identifiers_of=copied_identifiers)
    write = write_json if arguments.format == "json" else write_text
    write(plan, sys.stdout)


def build(
    arguments: argparse.Namespace, project: SourceProject, settings: ConfigSettings, out_dir: Path, *, shown: str
) -> BuildResult:
    """Build and check the wheels; ``shown`` is the output folder as printed."""
    from ftwheel.core.build.model import BuildStage
    from ftwheel.io.build.cibuildwheel import Cibuildwheel, container_label, put_source
    from ftwheel.io.system.processes import ProcessGroup
    from ftwheel.io.system.workspace import workspace
    from ftwheel.render.build.cibuildwheel import left_out_lines
    from ftwheel.render.build.result import progress
    from ftwheel.render.terminal import printable

    def echo(line: str) -> None:
        if arguments.verbose:
            print(printable(line.rstrip("\n")), file=sys.stderr)

    started = time.monotonic()
    label = container_label()
    processes = ProcessGroup()
    with workspace() as scratch:
        try:
            (scratch / "tree").mkdir()
            source = put_source(project.path, scratch / "tree", without=out_dir)
            tool = Cibuildwheel(source, scratch, processes, label=label, echo=echo)
            with progress() as observer:
                observer.stage("cibuildwheel", BuildStage.ENVIRONMENT)
                plan = _plan(arguments, project, source, settings, label=label, identifiers_of=tool.identifiers)
            for line in left_out_lines(plan):
                print(line, file=sys.stderr)
            built: dict[BuildIdentifier, BuiltByCibuildwheel] = {}
            with progress() as observer:
                for run in plan.runs:
                    tool.look_ahead(run, observer)
                for run in plan.runs:
                    built |= tool.build(run, observer)
                if left := _not_served(plan.shared, built, project):
                    rest = _plan(
                        arguments, project, source, settings, label=label, identifiers_of=tool.identifiers, only=left
                    )
                    for run in rest.runs:
                        built |= tool.build(run, observer)
                return _judge(
                    project,
                    built,
                    processes,
                    observer,
                    scratch=scratch,
                    imports=not arguments.no_import,
                    out_dir=out_dir,
                    shown=shown,
                    started=started,
                )
        finally:
            processes.stop()


def _not_served(
    shared: Sequence[BuildIdentifier], built: Mapping[BuildIdentifier, BuiltByCibuildwheel], project: SourceProject
) -> tuple[BuildIdentifier, ...]:
    """The builds that were left to the stable ABI wheel of another one, and that no wheel serves.

    Raises BuildError if ``[tool.ftwheel] stable-abi`` promises that one does.
    """
    from ftwheel.core.build.cibuildwheel.identifiers import serves
    from ftwheel.core.wheel.filename import WheelName

    names = [WheelName.parse(made.path.name) for made in built.values()]
    left = tuple(each for each in shared if not any(serves(name, each) for name in names))
    if left and project.floor is not None:
        raise BuildError(
            f"no wheel serves {', '.join(each.text for each in left)}:"
            " [tool.ftwheel] stable-abi says that one wheel serves them all",
            hint="configure the backend for that limited API, or remove stable-abi from [tool.ftwheel]",
        )
    return left


def _plan(
    arguments: argparse.Namespace,
    project: SourceProject,
    folder: Path,
    settings: ConfigSettings,
    *,
    label: str,
    identifiers_of: IdentifiersOf,
    only: tuple[BuildIdentifier, ...] = (),
) -> DriverPlan:
    """What is built here: the project's wheels for the platforms that this machine can build.

    Without ``stable-abi`` the floor is read from the settings of the backend, as for a local build; ``only`` are builds
    that the wheel turned out not to serve.
    """
    from ftwheel.core.build.cibuildwheel.identifiers import request_for, select
    from ftwheel.core.build.cibuildwheel.options import read_options, table_of
    from ftwheel.core.build.cibuildwheel.runs import RunRequest, plan_runs
    from ftwheel.io.project.scan import inferred_stable_abi
    from ftwheel.io.system.texts import read_text

    file = folder / "pyproject.toml"
    document = tomllib.loads(read_text(file)) if file.is_file() else {}
    own = read_options(document, os.environ)
    tags = tuple(table_of(document, "tool", "ftwheel").get("platforms", ()))
    platforms = _platforms(arguments.platforms, tags, own)
    request = request_for(document, os.environ, pythons=_pythons(arguments.python), platforms=platforms)
    run_request = RunRequest(
        platforms=(*platforms, *tags),
        config_settings=settings,
        audit=_audit(),
        container_label=label,
        backend_folder=_backend_folder() if label else "",
    )
    if only:
        selection = select(replace(request, floor=None), identifiers_of).only(only)
    else:
        if request.floor is None:
            floor, abi3t = inferred_stable_abi(project.folder)
            request = replace(request, floor=floor, abi3t=abi3t and request.abi3t)
        selection = select(request, identifiers_of)
    return plan_runs(selection, own, document, run_request)


def _backend_folder() -> str:
    """The folder with the ``ftwheel-build`` wheel shipped with this ftwheel, as a URL; empty when there is none."""
    from ftwheel.io.build.backend_wheel import backend_wheel

    wheel = backend_wheel()
    return wheel.parent.as_uri() if wheel is not None else ""


def _pythons(asked: Sequence[str]) -> list[str]:
    """``--python`` in the syntax of ``[tool.ftwheel] pythons``."""
    from ftwheel.core.build.python_requests import parse_request
    from ftwheel.core.tags.cpython import FIRST_FREE_THREADED

    found: list[str] = []
    for text in (item for each in asked for item in each.split(",") if item.strip()):
        request = parse_request(text)
        if request.path or len(request.version) != 2:
            raise InputError(
                f"--python {text}: cibuildwheel uses its own interpreters", hint="write 3.14, 3.14t or 3.14+gil"
            )
        minor = request.version[1]
        builds = [False, True] if request.free_threaded is None else [request.free_threaded]
        if request.free_threaded is None and minor < FIRST_FREE_THREADED:
            builds = [False]
        found += [f"3.{minor}{'t' if free_threaded else ''}" for free_threaded in builds]
    return found


def _platforms(asked: Sequence[str], tags: Sequence[str], own: CibuildwheelOptions) -> tuple[str, ...]:
    """The platforms to build for: those requested, else those of the project that this machine can build.

    A pattern with ``*`` selects from the project's platforms, or, if it names none, from those of hosted runners.
    """
    from ftwheel.core.build.cibuildwheel.identifiers import HOSTED, platforms_here
    from ftwheel.io.build.cibuildwheel import native_platforms, system_here

    known = tags or HOSTED
    found: tuple[str, ...] = ()
    if not asked:
        native = native_platforms()
        found = platforms_here(known, native, own.get("archs", system_here()) or "")
        if not found:
            raise InputError(
                f"this machine ({native[0]}) can build none of {', '.join(known)} without emulation",
                hint=f"to build with emulation, name the platform: --platforms {known[0]}",
            )
    for item in (item.strip() for each in asked for item in each.split(",") if item.strip()):
        picked = tuple(matching(known, item)) if "*" in item else (item,)
        if not picked:
            raise InputError(
                f"--platforms {item}: matches none of {', '.join(known)}", hint="write one of them, or * for all"
            )
        found += picked
    return found


def _judge(
    project: SourceProject,
    built: Mapping[BuildIdentifier, BuiltByCibuildwheel],
    processes: ProcessGroup,
    observer: BuildObserver,
    *,
    scratch: Path,
    imports: bool,
    out_dir: Path,
    shown: str,
    started: float,
) -> BuildResult:
    """Check the wheels of each platform, in a folder of its own, as ``ftwheel build`` checks local wheels."""
    from ftwheel.app.build.collect import PlatformWheels, WheelOrigin, collect
    from ftwheel.core.build.model import BuildPlan
    from ftwheel.io.build.collected import CollectedBuilder, interpreters_for
    from ftwheel.io.system.interpreters import discover

    found = discover() if imports else ()
    platforms = []
    for name in sorted({each.platform for each in built}):
        wheels = {each: made.path for each, made in sorted(built.items()) if each.platform == name}
        interpreters, importable = interpreters_for(wheels, found)
        if imports and not importable:
            labels = " and ".join(each.label for each in wheels)
            print(
                f"{name}: modules are not imported, because this machine does not have all of {labels}", file=sys.stderr
            )
        plan = BuildPlan(
            interpreters=interpreters,
            repair=False,  # cibuildwheel has done it
            import_modules=importable,
            allow_gil=project.allow_gil,
            index_rules=project.index_rules,
            ignored=project.ignored,
        )
        (scratch / name).mkdir()
        builder = CollectedBuilder(
            project.path,
            out_dir,
            {each.label: path for each, path in wheels.items()},
            scratch=scratch / name,
            processes=processes,
        )
        platforms.append(PlatformWheels(plan=plan, builder=builder))
    origins = {
        made.path.name: WheelOrigin(repaired_by=f"cibuildwheel {made.version}", seconds=made.seconds)
        for _, made in sorted(built.items(), reverse=True)  # of several that share a wheel the first one built it
    }
    return collect(
        platforms,
        origins,
        builder.put,
        observer,
        project=project.path.name,
        out_dir=shown,
        jobs=max(2, os.cpu_count() or 1),
        started=started,
    )


def _audit() -> str:
    """The ``ftwheel check`` command that cibuildwheel 4.x runs after each repair, outside of the container.

    It sees one wheel at a time, so rules about missing counterparts are off.
    """
    command = [sys.executable, "-m", "ftwheel", "check", "--quiet", "--ignore", "FTW502,FTW606"]
    quoted = subprocess.list2cmdline(command) if sys.platform == "win32" else shlex.join(command)
    return f"{quoted} {{wheel}}"
