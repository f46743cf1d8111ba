"""``ftwheel init``: adopts ftwheel in a project."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ftwheel.core.errors import InputError

if TYPE_CHECKING:
    from ftwheel.app.project.init import InitPlan
    from ftwheel.core.project.adoption import AdoptionRequest, ProjectScan
    from ftwheel.io.project.scan import Repository

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = """\
  ftwheel init                                   ask, show the changes, confirm, and write
  ftwheel init --dry-run                         only show the changes
  ftwheel init --yes --pythons 3.13,3.14,3.14t   take the answers from the options
  ftwheel init --adopt gate                      only verify the wheels in the workflow that publishes them
  ftwheel init --yes --workflow free-threaded-tests --workflow release
  ftwheel init --check                           exit 1 if anything would change (for CI)"""

_WORKFLOWS = ("release", "free-threaded-tests", "missing")
_STEPS = ("gate", "backend", "release")
_STEP_WORDS = {
    "gate": "verify the wheels in the workflow that publishes them; nothing else changes",
    "backend": "build through ftwheel, which produces correct wheels or fails; pyproject.toml changes",
    "release": "the same, plus a release workflow that builds, verifies and publishes",
}
_EXAMPLE = {"pythons": "3.13,3.14,3.14t", "platforms": "manylinux_2_28_x86_64,win_amd64", "stable-abi": "3.11"}
_STATUSES = ("unstable", "beta", "stable", "resilient")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("project", nargs="?", default=".", type=Path, metavar="PROJECT", help="folder of the project (default: .)")
    add("--pythons", metavar="LIST", help="CPython versions to serve, comma-separated: 3.13,3.14,3.14t")
    add("--platforms", metavar="LIST", help="platform tags to serve, comma-separated: manylinux_2_28_x86_64,win_amd64")
    add("--gil", choices=("not-used", "allow-used"), help="what every extension module has to declare")
    add("--stable-abi", metavar="VERSION", help="build the default wheel for the stable ABI of this version and later")
    add("--free-threading", choices=_STATUSES, help="add this classifier, if the sources declare support")
    add(
        "--workflow",
        action="append",
        choices=_WORKFLOWS,
        help="a workflow to write (default: release); may be repeated",
    )
    add("--adopt", choices=_STEPS, help="how much to adopt (default: gate if a workflow publishes, else release)")
    add("--no-workflow", action="store_true", help="write no workflow")
    add("--build-backend", metavar="NAME", help="wrap this build backend even though ftwheel does not know it")
    add("--compiled", action="store_true", help="the project has extension modules even though none are found")
    add("--overwrite", action="store_true", help="replace generated workflows even if they were edited")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("-y", "--yes", action="store_true", help="accept the proposals without asking, and write them")
    how.add_argument("--dry-run", action="store_true", help="show the changes without asking or writing anything")
    how.add_argument("--check", action="store_true", help="like --dry-run, and exit 1 if there are any")


def run(arguments: argparse.Namespace) -> int:
    """0 when everything is written or nothing has to be, 1 when --check finds a change or the user declines."""
    from ftwheel.core.project.adoption import AdoptionRequest, found
    from ftwheel.core.project.generated import template_of
    from ftwheel.core.tags.cpython import on
    from ftwheel.io.project.scan import read_repository, scan_project
    from ftwheel.io.system.writing import NewText, write_all
    from ftwheel.render.progress import progress
    from ftwheel.render.terminal import printable

    request, wanted = _request(arguments), _wanted(arguments)
    folder = Path(os.path.realpath(arguments.project))
    if folder.is_file() and folder.name.endswith(".tar.gz"):
        raise InputError(f"{arguments.project}: an archive, expected a project's folder", hint="unpack it first")
    supported = on(datetime.now(UTC).date())
    with progress(begin="looking at the project"):
        project, repository = scan_project(folder, supported=supported), read_repository(folder)
    asking = not (arguments.yes or arguments.dry_run or arguments.check)
    if asking and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InputError(
            "no terminal to ask questions on",
            hint="--yes accepts the proposals, --dry-run shows them, and every question has an option",
        )
    said = request != AdoptionRequest() or wanted is not None
    _refuse_what_is_not_adopted(arguments, said=said)
    gated: InitPlan | tuple[str, ...] = ()
    ours = any(template_of(text) for _, text in repository.workflows)
    if arguments.adopt == "gate" or (arguments.adopt is None and not said and not (project.adopted and ours)):
        gated = _gated(folder, repository)
    if project.adopted and arguments.adopt is None and not isinstance(gated, tuple) and not gated.changes:
        gated, wanted = (), ()  # the project has a workflow with the gate already: do not add another
    without = gated if isinstance(gated, tuple) else ()
    step = arguments.adopt or ("release" if isinstance(gated, tuple) else "gate")
    if not isinstance(gated, tuple) and asking and not arguments.adopt and gated.changes:
        _found_first(gated.found)
        for name, words in _STEP_WORDS.items():
            print(f"  {name:<8} {words}", file=sys.stderr)
        step = _choice("Adopt", _STEPS, "gate")
    if step == "gate":
        if isinstance(gated, tuple):
            raise InputError(
                "\n  ".join(["no workflow in the repository publishes what its other jobs build", *without]),
                hint="--adopt backend and --adopt release do not need one",
            )
        plan = gated
    else:
        if step == "backend":
            wanted = ()
        if asking:
            _found_first(found(project))
            request, wanted = _asked(project, request, wanted, _has_room_for_workflows(folder, repository))
        plan = _planned(project, request, folder, repository, wanted, overwrite=arguments.overwrite)
        plan = replace(plan, notes=(*without, *plan.notes))
    _show(plan)
    if not plan.changes or arguments.dry_run:
        return 0
    if arguments.check:
        return 1
    if asking:
        _summed_up(plan)
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
    there = _way_to(repository.top if step == "gate" else folder)
    for number, text in enumerate([*there, *plan.steps], 1):
        print(f"  {number}. {printable(text)}")
    return 0


def _gated(folder: Path, repository: Repository) -> InitPlan | tuple[str, ...]:
    """Only the gate, in the workflows that publish; else the reasons why it fits none."""
    from ftwheel import __version__
    from ftwheel.app.project.init import plan_gate
    from ftwheel.core.project.templates import action_value, pins
    from ftwheel.io.project import templates
    from ftwheel.io.project.workflow_yaml import is_the_same_but_for, read_workflow_text

    return plan_gate(
        repository.workflows,
        read=partial(read_workflow_text, actions=repository.actions),
        same=is_the_same_but_for,
        action=action_value(__version__, templates.release_commit()),
        pins=pins(templates.read("workflows/release.yml")),
        subfolder="" if folder == repository.top else folder.relative_to(repository.top).as_posix(),
        in_repository=repository.found,
    )


def _planned(
    project: ProjectScan,
    request: AdoptionRequest,
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
        request,
        edit=edited,
        template=templates.read,
        action=action_value(__version__, templates.release_commit()),
        subfolder="" if folder == repository.top else folder.relative_to(repository.top).as_posix(),
        in_repository=repository.found,
        workflows=repository.workflows,
        wanted=wanted,
        overwrite=overwrite,
    )


def _request(arguments: argparse.Namespace) -> AdoptionRequest:
    """What the options ask for. Raises InputError for values that [tool.ftwheel] would not take."""
    from ftwheel.core.project.adoption import AdoptionRequest
    from ftwheel_build.config import parse
    from ftwheel_build.errors import RefusedError

    for option in ("pythons", "platforms", "stable_abi"):
        if (given := getattr(arguments, option)) is None:
            continue
        key = option.replace("_", "-")
        if not given.strip(" ,"):
            raise InputError(f"--{key}: an empty argument", hint="is a shell variable not set?")
        try:
            parse({key: given if option == "stable_abi" else [*(_list(given) or ())]}, where="-")
        except RefusedError as error:
            message = error.message.removeprefix(f"-: {key}: ")
            hint = error.fix or f"for example {_EXAMPLE[key]}"
            raise InputError(f"--{key}: {message}", hint=hint) from error
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


def _refuse_what_is_not_adopted(arguments: argparse.Namespace, *, said: bool) -> None:
    """Raise InputError for options about things that ``--adopt`` leaves alone."""
    if arguments.adopt == "gate" and said:
        raise InputError(
            "--adopt gate changes only the workflow that publishes, but another option asks for more",
            hint="drop the other options, or use --adopt backend or --adopt release",
        )
    if arguments.adopt == "backend" and arguments.workflow:
        raise InputError("--adopt backend writes no workflow", hint="drop --workflow, or use --adopt release")


def _wanted(arguments: argparse.Namespace) -> tuple[str, ...] | None:
    if arguments.no_workflow and arguments.workflow:
        raise InputError("--workflow and --no-workflow contradict each other", hint="drop one of them")
    if arguments.no_workflow:
        return ()
    return tuple(f"workflows/{name}.yml" for name in arguments.workflow) if arguments.workflow else None


def _has_room_for_workflows(folder: Path, repository: Repository) -> bool:
    """Whether workflows can be written for the project at all."""
    return folder == repository.top


def _asked(
    project: ProjectScan, request: AdoptionRequest, wanted: tuple[str, ...] | None, workflows: bool
) -> tuple[AdoptionRequest, tuple[str, ...] | None]:
    """Ask what neither an option nor a setting answers; for a project that has adopted ftwheel, ask nothing."""
    from ftwheel.core.project.toml_edits import table_at
    from ftwheel.render.terminal import printable
    from ftwheel_build.config import PYTHON

    if project.adopted:
        return request, wanted
    own = table_at(project.document, ("tool", "ftwheel")) or {}
    if request.pythons is None and "pythons" not in own:
        answer = _answer("CPythons to serve", " ".join(project.proposed[0]), partial(_all_match, PYTHON, "3.14t"))
        request = replace(request, pythons=_list(answer))
    if request.platforms is None and "platforms" not in own:
        answer = _answer("Platforms to serve", " ".join(project.proposed[1]), _all_platforms)
        request = replace(request, platforms=_list(answer))
    declared = project.declarations
    if declared.undeclared and request.gil is None and "gil" not in own:
        print(f"No GIL declaration found in: {printable(', '.join(declared.undeclared))}", file=sys.stderr)
        if _yes("Allow modules without a declaration, which turn the GIL on?", default=False):
            request = replace(request, gil="allow-used")
    elif declared.all_declare and request.status is None:
        said = _choice("Free-threading classifier", (*_STATUSES, "none"), "none")
        request = replace(request, status=None if said == "none" else said)
    if wanted is None and workflows:
        chosen = [name for name in _WORKFLOWS if _yes(f"Write the workflow {name}?", default=name == "release")]
        wanted = tuple(f"workflows/{name}.yml" for name in chosen)
    return request, wanted


def _answer(question: str, default: str, wrong: Callable[[str], str]) -> str:
    """The answer to a question, which is repeated as long as ``wrong`` returns an error message."""
    while True:
        print(f"{question} [{default}]: ", end="", file=sys.stderr, flush=True)
        answer = _line() or default
        if not (message := wrong(answer)):
            return answer
        print(f"  {message}", file=sys.stderr)


def _choice(question: str, choices: Sequence[str], default: str) -> str:
    def wrong(answer: str) -> str:
        return "" if answer.lower() in choices else f"{answer!r} is not one of {', '.join(choices)}"

    return _answer(f"{question} ({', '.join(choices)})", default, wrong).lower()


def _all_match(pattern: str, example: str, answer: str) -> str:
    wrong = [word for word in _list(answer) or ("",) if not re.fullmatch(pattern, word)]
    return f"{wrong[0]!r}: write for example {example}" if wrong else ""


def _all_platforms(answer: str) -> str:
    from ftwheel.core.build.cibuildwheel.identifiers import build_platform
    from ftwheel.core.errors import ConfigurationError

    try:
        for word in _list(answer) or ():
            build_platform(word)
    except ConfigurationError as error:
        return f"{error.message}; {error.hint}"
    return ""


def _yes(question: str, *, default: bool) -> bool:
    words = {"": default, "y": True, "yes": True, "n": False, "no": False}
    while True:
        print(f"{question} [{'Y/n' if default else 'y/N'}] ", end="", file=sys.stderr, flush=True)
        answer = _line().lower()
        if answer in words:
            return words[answer]
        print("  answer y or n", file=sys.stderr)


def _line() -> str:
    text = sys.stdin.readline()
    if not text:
        raise InputError(
            "the input ended before the last answer; nothing was written", hint="--yes skips the questions"
        )
    return text.strip()


def _found_first(found: Sequence[tuple[str, str]]) -> None:
    from ftwheel.render.terminal import printable

    width = max((len(name) for name, _ in found), default=0)
    for name, value in found:
        print(f"{name.ljust(width)}  {printable(value)}", file=sys.stderr)


def _summed_up(plan: InitPlan) -> None:
    """Print how many lines each file gains and loses."""
    from difflib import ndiff

    from ftwheel.render.terminal import printable

    for change in plan.changes:
        lines = [line[0] for line in ndiff((change.before or "").splitlines(), change.after.splitlines())]
        print(f"{printable(change.path)}: +{lines.count('+')} -{lines.count('-')}", file=sys.stderr)


def _show(plan: InitPlan) -> None:
    from ftwheel.render.project.diff import write_diff
    from ftwheel.render.terminal import printable

    _found_first(plan.found)
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


def _way_to(folder: Path) -> list[str]:
    """The command that changes to a folder; nothing when it is the current one."""
    try:
        path = os.path.relpath(folder)
    except ValueError:  # on another drive
        path = str(folder)
    return [] if path == os.curdir else [shlex.join(["cd", path])]


def _files(plan: InitPlan) -> str:
    return f"{len(plan.changes)} file{'s' if len(plan.changes) != 1 else ''}"
