"""``ftwheel init``: adopt ftwheel in a project."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ftwheel.core.errors import InputError

if TYPE_CHECKING:
    from ftwheel.app.project.init import InitPlan
    from ftwheel.core.project.adoption import AdoptionRequest, ProjectScan
    from ftwheel.io.project.scan import Repository

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = """\
  ftwheel init                                   ask, show the changes, ask again, and write
  ftwheel init --dry-run                         only show the changes
  ftwheel init --yes --pythons 3.13,3.14,3.14t   take the answers from here
  ftwheel init --yes --workflow free-threaded-tests --workflow release
  ftwheel init --check                           exit code 1 if something would change (for CI)"""

_WORKFLOWS = ("release", "free-threaded-tests", "missing")
_STATUSES = ("unstable", "beta", "stable", "resilient")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("project", nargs="?", default=".", type=Path, metavar="PROJECT", help="folder of the project (default: .)")
    add("--pythons", metavar="LIST", help="CPythons to serve, with commas between: 3.13,3.14,3.14t")
    add("--platforms", metavar="LIST", help="platform tags to serve: manylinux_2_28_x86_64,win_amd64")
    add("--gil", choices=("not-used", "allow-used"), help="what every module has to declare")
    add("--stable-abi", metavar="VERSION", help="the default half is a wheel of the stable ABI from this version on")
    add("--free-threading", choices=_STATUSES, help="add this classifier, if the sources declare it")
    add(
        "--workflow",
        action="append",
        choices=_WORKFLOWS,
        help="a workflow to write (default: release); may be repeated",
    )
    add("--no-workflow", action="store_true", help="write no workflow")
    add("--build-backend", metavar="NAME", help="wrap this build backend though it is not known here")
    add("--compiled", action="store_true", help="the project has compiled modules though none are found")
    add("--overwrite", action="store_true", help="replace workflows of ftwheel that were changed by hand")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("-y", "--yes", action="store_true", help="ask nothing: take the proposals and write")
    how.add_argument("--dry-run", action="store_true", help="show the changes, ask nothing, write nothing")
    how.add_argument("--check", action="store_true", help="the same, and exit code 1 if there are any")


def run(arguments: argparse.Namespace) -> int:
    """0 when all is written or nothing has to be, 1 when --check finds a change or the last answer is no."""
    from ftwheel.core.tags.cpython import on
    from ftwheel.io.project.scan import read_repository, survey
    from ftwheel.io.system.writing import NewText, write_all
    from ftwheel.render.terminal import printable

    folder = Path(os.path.realpath(arguments.project))
    supported = on(datetime.now(UTC).date())
    project, repository = survey(folder, supported=supported), read_repository(folder)
    asking = not (arguments.yes or arguments.dry_run or arguments.check)
    if asking and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InputError(
            "there is no terminal to ask on",
            hint="--yes takes the proposals, --dry-run shows them, and every answer has an option of its own",
        )
    wishes, wanted = _wishes(arguments), _wanted(arguments)
    if asking:
        wishes, wanted = _asked(project, wishes, wanted, _places(folder, repository))
    plan = _planned(project, wishes, folder, repository, wanted, overwrite=arguments.overwrite)
    _show(plan)
    if not plan.changes or arguments.dry_run:
        return 0
    if arguments.check:
        return 1
    if asking and not _yes(f"Write {_files(plan)}?", default=False):
        print("ftwheel: nothing was written", file=sys.stderr)
        return 1
    write_all(
        [
            NewText(path=repository.top / change.path, before=change.before, after=change.after)
            for change in plan.changes
        ]
    )
    print(f"wrote {_files(plan)}. Next:")
    for number, step in enumerate(plan.steps, 1):
        print(f"  {number}. {printable(step)}")
    return 0


def _planned(
    project: ProjectScan,
    wishes: AdoptionRequest,
    folder: Path,
    repository: Repository,
    wanted: tuple[str, ...] | None,
    *,
    overwrite: bool,
) -> InitPlan:
    from ftwheel import __version__
    from ftwheel.app.project.init import plan_init
    from ftwheel.core.project.templates import action_value
    from ftwheel.io.project import templates
    from ftwheel.io.project.toml_text import edited

    return plan_init(
        project,
        wishes,
        edit=edited,
        template=templates.read,
        action=action_value(__version__, templates.release_commit()),
        place="" if folder == repository.top else folder.relative_to(repository.top).as_posix(),
        in_repository=repository.found,
        workflows=repository.workflows,
        wanted=wanted,
        overwrite=overwrite,
    )


def _wishes(arguments: argparse.Namespace) -> AdoptionRequest:
    from ftwheel.core.project.adoption import AdoptionRequest

    return AdoptionRequest(
        pythons=_list(arguments.pythons),
        platforms=_list(arguments.platforms),
        gil=arguments.gil,
        stable_abi=arguments.stable_abi,
        status=arguments.free_threading,
        backend=arguments.build_backend,
        compiled=arguments.compiled,
    )


def _list(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    return tuple(dict.fromkeys(text.replace(",", " ").split())) or None


def _wanted(arguments: argparse.Namespace) -> tuple[str, ...] | None:
    if arguments.no_workflow and arguments.workflow:
        raise InputError("--workflow and --no-workflow contradict each other", hint="leave one of them out")
    if arguments.no_workflow:
        return ()
    return tuple(f"workflows/{name}.yml" for name in arguments.workflow) if arguments.workflow else None


def _places(folder: Path, repository: Repository) -> bool:
    """Whether workflows can be written for the project at all."""
    return folder == repository.top


def _asked(
    project: ProjectScan, wishes: AdoptionRequest, wanted: tuple[str, ...] | None, workflows: bool
) -> tuple[AdoptionRequest, tuple[str, ...] | None]:
    """Ask for what no option says and no setting answers; an adopted project is asked nothing."""
    from dataclasses import replace

    from ftwheel.core.project.toml_edits import table_at
    from ftwheel.render.terminal import printable

    if project.adopted:
        return wishes, wanted
    own = table_at(project.document, ("tool", "ftwheel")) or {}
    pythons, platforms = project.proposed
    if wishes.pythons is None and "pythons" not in own:
        wishes = replace(wishes, pythons=_list(_answer("CPythons to serve", " ".join(pythons))))
    if wishes.platforms is None and "platforms" not in own:
        wishes = replace(wishes, platforms=_list(_answer("Platforms to serve", " ".join(platforms))))
    declared = project.declarations
    if declared.undeclared and wishes.gil is None and "gil" not in own:
        print(f"No declaration about the GIL found in: {printable(', '.join(declared.undeclared))}", file=sys.stderr)
        if _yes("May modules leave it undeclared, and turn the GIL on?", default=False):
            wishes = replace(wishes, gil="allow-used")
    elif declared.all_declare and wishes.status is None:
        said = _answer(f"Free-threading classifier ({', '.join(_STATUSES)} or none)", "none").lower()
        if said not in {"none", *_STATUSES}:
            raise InputError(f"{said!r}: wanted {', '.join(_STATUSES)} or none", hint="nothing was written")
        wishes = replace(wishes, status=None if said == "none" else said)
    if wanted is None and workflows:
        chosen = [name for name in _WORKFLOWS if _yes(f"Write the workflow {name}?", default=name == "release")]
        wanted = tuple(f"workflows/{name}.yml" for name in chosen)
    return wishes, wanted


def _answer(question: str, default: str) -> str:
    print(f"{question} [{default}]: ", end="", file=sys.stderr, flush=True)
    return _line() or default


def _yes(question: str, *, default: bool) -> bool:
    print(f"{question} [{'Y/n' if default else 'y/N'}] ", end="", file=sys.stderr, flush=True)
    answer = _line().lower()
    return default if not answer else answer in {"y", "yes"}


def _line() -> str:
    text = sys.stdin.readline()
    if not text:
        raise InputError("the input ended before the last answer; nothing was written", hint="--yes asks nothing")
    return text.strip()


def _show(plan: InitPlan) -> None:
    from ftwheel.render.project.diff import write_diff
    from ftwheel.render.terminal import printable

    width = max(len(name) for name, _ in plan.found)
    for name, value in plan.found:
        print(f"{name.ljust(width)}  {printable(value)}", file=sys.stderr)
    for note in plan.notes:
        print(f"note: {printable(note)}", file=sys.stderr)
    sys.stderr.flush()
    for change in plan.changes:
        for line in change.says:
            print(f"{printable(change.path)}: {printable(line)}")
        write_diff(change.path, change.before, change.after, sys.stdout)
    if not plan.changes:
        print("nothing to change")
    sys.stdout.flush()


def _files(plan: InitPlan) -> str:
    return f"{len(plan.changes)} file{'s' if len(plan.changes) != 1 else ''}"
