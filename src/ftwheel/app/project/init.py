"""The use case of ``ftwheel init``: which files change, how, and what remains to be done by hand."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, assert_never

from ftwheel.core.build.cibuildwheel.identifiers import NothingToBuildError, request_for, select, skipped
from ftwheel.core.errors import InputError
from ftwheel.core.project.adoption import AdoptionPlan, AdoptionRequest, ProjectScan, adopt
from ftwheel.core.project.gate import Gate, gate
from ftwheel.core.project.generated import template_of
from ftwheel.core.project.release_parts import split_releases
from ftwheel.core.project.templates import Value, placeholders, render
from ftwheel.core.project.toml_edits import Drop, Edit, Insert, Put, Remove, applied, table_at
from ftwheel.core.project.workflow_files import WorkflowPlan, options_not_read, plan_workflows
from ftwheel.core.project.workflow_text import WorkflowText
from ftwheel_build.config import parse
from ftwheel_build.errors import RefusedError

__all__ = ["Change", "InitPlan", "ci_values", "plan_gate", "plan_init"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A changed file: its path in the repository, both texts, and descriptions of the changes."""

    path: str
    before: str | None
    after: str
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InitPlan:
    """Everything ``ftwheel init`` would do. Without changes, there is nothing to do.

    ``steps`` are what the user has to do next, in order; ``notes`` may require a decision.
    """

    found: tuple[tuple[str, str], ...]
    changes: tuple[Change, ...]
    notes: tuple[str, ...]
    steps: tuple[str, ...]


def plan_init(
    scan: ProjectScan,
    request: AdoptionRequest,
    *,
    edit: Callable[[str, Sequence[Edit]], str],
    template: Callable[[str], str],
    action: Value,
    subfolder: str,
    in_repository: bool,
    workflows: Sequence[tuple[str, str]],
    wanted: Sequence[str] | None,
    overwrite: bool = False,
) -> InitPlan:
    """Plan all changes without writing any.

    ``edit`` applies edits to a TOML text, ``template`` returns the text of a template; ``subfolder`` is the project's
    folder in the repository (empty at the top), ``workflows`` are those of the repository, ``wanted`` are the requested
    templates (None: the existing ones, else the one for releases).

    Raises InputError and ConfigurationError like ``adopt`` and ``plan_workflows``, and InputError when the resulting
    table would be invalid.
    """
    adoption = adopt(scan, request)
    document = applied(scan.document, adoption.edits)
    _parsed(document)
    changes: list[Change] = []
    if adoption.edits:
        before = scan.pyproject or ""
        changes.append(
            Change(
                path=str(PurePosixPath(subfolder, "pyproject.toml")),
                before=scan.pyproject,
                after=edit(before, adoption.edits),
                says=tuple(map(_words, adoption.edits)),
            )
        )
    notes = [*adoption.notes, *_left_out(document)]
    made = WorkflowPlan(files=(), paths=(), notes=())
    if not subfolder:
        values: dict[str, str | Value] = {"action": action, **ci_values(document, scan.test_folder)}
        made = plan_workflows(workflows, wanted, lambda name: _filled(template(name), values), overwrite=overwrite)
        changes += [
            Change(path=each.path, before=each.before, after=each.after, says=(each.why,)) for each in made.files
        ]
        notes += made.notes
    elif wanted is None or wanted:
        notes.append(
            f"no workflow is written: the templates are for a project at the top of its repository, not in {subfolder}"
        )
    if "workflows/release.yml" not in dict(made.paths) and any(map(_selects, adoption.edits)):
        notes += options_not_read(workflows)
    if not in_repository:
        notes.append("this is not a git repository yet: GitHub runs the workflow once it is")
    return InitPlan(
        found=_found(adoption, workflows),
        changes=tuple(changes),
        notes=tuple(notes),
        steps=_steps(changes, made, subfolder=subfolder, adopted=scan.adopted),
    )


def plan_gate(
    workflows: Sequence[tuple[str, str]],
    *,
    read: Callable[[str, str], WorkflowText],
    same: Callable[[str, Gate], bool],
    action: Value,
    pins: Mapping[str, Value],
    subfolder: str,
    in_repository: bool,
) -> InitPlan | tuple[str, ...]:
    """Plan to add ``ftwheel verify`` to the workflows that publish, and to change nothing else.

    If that is not possible, returns the reason for each workflow that publishes.

    ``read`` parses the jobs of a workflow, ``same`` checks that the text with the gate is otherwise equivalent. In a
    repository of several projects, only workflows that name the project's folder count, if there are any.
    """
    others = [(path, text) for path, text in workflows if not template_of(text)]
    own = [(path, text) for path, text in others if subfolder and subfolder in text]
    changes, notes, there = [], [], []
    read_all = [read(path, text) for path, text in others]
    split = split_releases([each for each in read_all if not own or (each.path, each.text) in own])
    for (path, text), workflow in zip(others, read_all, strict=True):
        if own and (path, text) not in own:
            continue
        if workflow.verifies:
            there.append(path)
        found = gate(workflow, action=action, pins=pins, project=subfolder, others=read_all)
        if isinstance(found, Gate) and path in split:
            rest = ", ".join(sorted(split - {path}))
            found = f"{path}: publishes a part of the release, and {rest} the rest: no place sees all of it"
        if isinstance(found, str):
            notes.append(found)
        elif found is not None and same(text, found):
            names = " and ".join(name for name, _ in found.before)
            one = len(found.before) == 1
            what = f"the job {found.job} verifies everything before {names} {'publishes' if one else 'publish'} it"
            alone = "verifies everything before it publishes it" if one else "verify everything before they publish it"
            says = what if found.job else f"{names} {alone}"
            changes.append(Change(path=path, before=text, after=found.text, says=(says,)))
            notes += found.notes
        elif found is not None:
            notes.append(f"{path}: cannot insert a job before {found.before[0][0]} in this layout")
    if not changes and not there:
        return tuple(notes)
    if not in_repository:
        notes.append("this is not a git repository yet: GitHub runs the workflow once it is")
    paths = shlex.join(change.path for change in changes)
    steps = (
        "check the release on the index: ftwheel verify NAME",
        f'git add {paths} && git commit -m "Verify the wheels before they are published"',
    )
    files = ", ".join([*(change.path for change in changes), *there])
    return InitPlan(
        found=(("publishes", files),), changes=tuple(changes), notes=tuple(notes), steps=steps if changes else ()
    )


def ci_values(document: Mapping[str, Any], folder: str) -> dict[str, str]:
    """What the workflows install to run the tests, and which tests, based on the usual names of such groups."""
    groups = table_at(document, ("dependency-groups",)) or {}
    extras = table_at(document, ("project", "optional-dependencies")) or {}
    names = ("test", "tests", "testing", "dev")
    group = next((name for name in names if name in groups), "")
    extra = next((name for name in names if name in extras), "")
    install = f". --group {group}" if group else f".[{extra}]" if extra else ". pytest"
    return {"install": install, "tests": folder or "."}


def _filled(text: str, values: Mapping[str, str | Value]) -> str:
    return render(text, {name: values[name] for name in placeholders(text)})


def _selects(edit: Edit) -> bool:
    return edit.table == ("tool", "ftwheel") and edit.key in {"pythons", "platforms"}


def _words(edit: Edit) -> str:
    where = f"[{'.'.join(edit.table)}] {edit.key}"
    match edit:
        case Put():
            done = "is set"
        case Insert():
            done = f'gets "{edit.value}"'
        case Drop():
            done = f'loses "{edit.value}"'
        case Remove():
            done = "goes"
        case _:
            assert_never(edit)
    return f"{where} {done}: {edit.why}"


def _parsed(document: Mapping[str, Any]) -> None:
    """Raise InputError for a table that the build backend would reject later."""
    try:
        parse(table_at(document, ("tool", "ftwheel")) or {})
    except RefusedError as error:
        raise InputError(error.message, hint=error.fix) from error


def _left_out(document: Mapping[str, Any]) -> Iterator[str]:
    """Notes on what the project has to serve, but cibuildwheel would not build."""
    request = request_for(document, {})
    try:
        select(request)
    except NothingToBuildError as error:
        what = error.message.partition("\n")[0]
        yield f"a build by cibuildwheel will stop: {what}. {error.hint[:1].upper()}{error.hint[1:]}"
    table = table_at(document, ("tool", "ftwheel")) or {}
    found: dict[tuple[str, str], list[str]] = {}
    for (python, tag), why in skipped(table.get("pythons", ()), table.get("platforms", ()), request.own).items():
        found.setdefault((python, why), []).append(tag)
    for (python, why), tags in found.items():
        yield f"{python} on {', '.join(tags)} is not built ({why}), and the gate does not ask for it"


def _found(adoption: AdoptionPlan, workflows: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    names = ", ".join(PurePosixPath(path).name for path, _ in workflows)
    return adoption.found + ((("workflows", names),) if names else ())


def _steps(changes: Sequence[Change], made: WorkflowPlan, *, subfolder: str, adopted: bool) -> tuple[str, ...]:
    """What to do next, in the project's folder."""
    if not changes:
        return ()
    steps = []
    if not adopted:
        steps += [
            "build a pair on this machine: ftwheel build",
            "see which wheel each environment would install: ftwheel verify --local dist/",
        ]
    paths = shlex.join(change.path.removeprefix(f"{subfolder}/") for change in changes)
    steps.append(f'git add {paths} && git commit -m "Build and verify pairs of wheels with ftwheel"')
    release = dict(made.paths).get("workflows/release.yml")
    if release and any(change.path == release and change.before is None for change in changes):
        name = PurePosixPath(release).name
        steps += [
            f"on the index, add a trusted publisher: this repository, workflow {name}, environment pypi",
            "on GitHub, create the environment pypi (Settings, Environments), with the people who may release",
            (
                "push a tag such as v1.0: every wheel is built, compared with its counterpart, and published"
                " if there are no errors"
            ),
        ]
    return tuple(steps)
