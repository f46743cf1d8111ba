"""Adds ``ftwheel verify`` to an existing release workflow, between its builds and its upload.

The rest of the workflow's text is unchanged. A job ``verify`` is inserted before the publishing job, downloads the same
files, and is added to its ``needs``. If a single job both makes or fetches the files and publishes them, a step is
inserted before the upload instead. A workflow whose jobs each publish their own file has no place for a gate.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ftwheel.core.project.release_parts import (
    JudgedTogether,
    earlier_jobs,
    judged_together,
    publishes_sdists_only,
    publishes_wheels,
    publishing,
)
from ftwheel.core.project.templates import Value, scalar
from ftwheel.core.project.workflow_edits import WorkflowEdits
from ftwheel.core.project.workflow_files import UPLOADS
from ftwheel.core.project.workflow_text import ALWAYS, DOWNLOAD, JobText, StepText, WorkflowText

__all__ = ["Gate", "gate"]

_CHECKOUT = "actions/checkout"
_EXPRESSION = re.compile(r"\$\{\{.*?\}\}")
_OF_THE_JOB = re.compile(r"\b(?:matrix|steps|strategy|job)\.")  # contexts not available in another job
_VARIABLE = re.compile(r"\benv\.(\w+)")
_FOLDER = re.compile(r"(?<![\w./*-])((?:[\w.*-]+/)*[\w.*-]+)/\*")  # the folder in "twine upload dist/*"
_WORKSPACE = re.compile(r"^(?:\$\{\{\s*github\.workspace\s*\}\}/?|\./)+")
_FIRST_RELEASE = "# new-project: true # for the first release alone: no index knows the project yet (FTV118)"
_DIST = "dist"
_PLAIN = re.compile(r"(?:\$\{\{|[A-Za-z0-9_./])[^\n]*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The workflow with the gate.

    ``before`` are the publishing jobs, each with its new condition (empty if unchanged). ``job`` is the new job, empty
    if a step was inserted into each job of ``before``.
    """

    path: str
    text: str
    before: tuple[tuple[str, str], ...]
    job: str = ""
    notes: tuple[str, ...] = ()


def gate(
    workflow: WorkflowText,
    *,
    action: Value,
    pins: Mapping[str, Value],
    project: str = "",
    others: Sequence[WorkflowText] = (),
) -> Gate | str | None:
    """Add the gate to a workflow. Return the reason if that is impossible, None if there is nothing to gate or add.

    ``action`` is the reference to ftwheel's Action, ``pins`` are those of actions that the workflow may not use itself
    (``checkout``, ``download-artifact``); ``project`` is the project's folder in the repository; ``others`` are the
    other workflows of the repository, which this one may call or be called by.
    """
    if workflow.verifies:
        return None
    if not any(job.publishes for job in workflow.jobs):
        uploads = UPLOADS.search(workflow.text) and not workflow.jobs
        return f"{workflow.path}: uploads, but its jobs cannot be read as block-style YAML" if uploads else None
    real = publishing(workflow)
    if not real:
        name = next(job.name for job in workflow.jobs if job.publishes)
        return f"{workflow.path}: {name} publishes only to a test index"
    if project:
        ready = [each for each in real if each.downloads] or real
        real = [next((each for each in real if _mentions(each, project)), ready[0])]
    wheels = [each for each in real if not publishes_sdists_only(workflow, each, others)]
    if not wheels and any(map(publishes_wheels, others)):
        return f"{workflow.path}: {real[0].name} publishes source distributions only, without the wheels of the release"
    writer = _Writer(workflow, action, pins, project, others)
    if ready := [each for each in real if each.downloads]:
        if len({each.index_project for each in ready} - {""}) > 1:
            return writer.with_steps_of_projects(ready)
        together = judged_together(workflow, ready, others)
        [job, *rest] = together.jobs
        # no other job has both the files it downloads and those it builds
        here = job.builds and not rest and not job.matrix and job.publishes_at_once
        return writer.with_steps([job]) if here else writer.with_job(together)
    wheels = wheels or real
    job = wheels[0]
    name = f"{workflow.path}: {job.name}"
    if job.upload is not None and job.upload.builds:
        return f"{name} builds and publishes in one step: build in a step before it"
    if not job.builds and (made := tuple(_uploads(workflow, job, others))):
        return writer.with_job(JudgedTogether(jobs=(job,), condition=job.condition), made)
    if job.builds or job.prepares:
        if job.matrix:
            return (
                f"{name} builds and publishes in one, each of its matrix by itself: publish in a job after all of them"
            )
        if more := [each.name for each in wheels[1:] if each.condition == job.condition]:
            return f"{name} and {', '.join(more)} each publish what they build: publish in a job after all of them"
        return writer.with_steps([job])
    if job.upload is None:
        return f"{name} builds and publishes with a workflow of another repository, which cannot be edited"
    return f"{name}: the published files do not come from an artifact of the workflow, so there is nothing to verify"


def _mentions(job: JobText, project: str) -> bool:
    words = [job.name, job.condition, *(text for step in job.steps for text in (step.run, *step.settings.values()))]
    return any(project in word or project.rpartition("/")[2] in word for word in words)


def _uploads(workflow: WorkflowText, job: JobText, others: Sequence[WorkflowText]) -> Iterator[StepText]:
    """Yield downloads of everything that earlier jobs upload, with patterns for the parts that differ between jobs."""
    called = {f"./{other.path}": other.jobs for other in others}
    building = earlier_jobs(workflow, job)
    building += [inner for each in building for inner in called.get(each.calls, ())]
    patterns = dict.fromkeys(
        _EXPRESSION.sub("*", step.settings.get("name", "artifact"))
        for each in building
        if each.builds
        for step in each.uploads_artifacts
    )
    for pattern in patterns:
        yield StepText(line=-1, column=0, settings={"pattern": pattern, "path": _DIST, "merge-multiple": "true"})


class _Writer:
    """Writes the gate into one workflow, reusing the workflow's references to actions, else those of the templates."""

    def __init__(
        self,
        workflow: WorkflowText,
        action: Value,
        pins: Mapping[str, Value],
        project: str,
        others: Sequence[WorkflowText],
    ) -> None:
        self._workflow = workflow
        self._others = others
        self._lines = workflow.text.splitlines()
        self._steps = [step for job in workflow.jobs for step in job.steps]
        self._pins = pins
        self._action = action
        self._project = [f"project: {_text(project)}"] if project else []

    def with_job(self, together: JudgedTogether, downloads: Sequence[StepText] = ()) -> Gate:
        """Insert a job before the publishing jobs; it gets ``downloads`` or, without any, what those jobs download."""
        jobs = together.jobs
        taken = {each.name for each in self._workflow.jobs}
        name = "verify" if "verify" not in taken else "ftwheel-verify"
        first = jobs[0]
        found = [step for job in jobs for step in downloads or _published(job)]
        paths, dist = _folders([step.settings.get("path", "") for step in found])
        steps = [f"- {self._named(_CHECKOUT)}", "  with:", "    persist-credentials: false"]
        for each in dict.fromkeys(
            "\n".join(self._download(step, path)) for step, path in zip(found, paths, strict=True)
        ):
            steps += each.split("\n")
        conditions = {job.publish_condition for job in jobs}
        steps += [f"- uses: {scalar(self._action)}", *self._condition(conditions.pop() if len(conditions) == 1 else "")]
        steps += ["  with:", "    mode: verify", f"    dist: {_text(dist)}"]
        steps += [f"    {line}" for line in (*self._project, _FIRST_RELEASE)]
        unit = first.inner - first.column
        dash = first.steps[0].column - first.column if first.steps and not first.steps[0].inline else unit
        head = _head(together, found, _granted(self._workflow, self._others))
        lines = [f"{name}:", *(" " * unit + line for line in head), *(" " * dash + line for line in steps)]
        edits = WorkflowEdits(self._workflow.text)
        before, notes = [], [*self._aside([job for job in jobs if not job.builds])]
        for job in sorted(jobs, key=lambda job: -job.line):
            condition = edits.also_after(job, name) if ALWAYS.search(job.condition) else ""
            if ALWAYS.search(job.condition) and not condition:
                notes.append(
                    f"{self._workflow.path}: {job.name} also runs if an earlier job failed (if: {job.condition});"
                    f" add needs.{name}.result == 'success'"
                )
            edits.need(job, name)
            before.append((job.name, condition))
        edits.insert(min(job.line for job in jobs), [" " * first.column + line for line in lines])
        return Gate(
            path=self._workflow.path, text=edits.text, before=tuple(reversed(before)), job=name, notes=tuple(notes)
        )

    def with_steps_of_projects(self, jobs: Sequence[JobText]) -> Gate | str:
        """Insert a step into each job, because a gate judges the files of one project."""
        names = " and ".join(job.name for job in jobs)
        if any(job.matrix or not job.publishes_at_once for job in jobs):
            return f"{self._workflow.path}: {names} publish different projects, and a gate judges one"
        return self.with_steps(jobs)

    def with_steps(self, jobs: Sequence[JobText]) -> Gate:
        """Insert a step before the publishing step, in each job that collects everything it publishes."""
        edits = WorkflowEdits(self._workflow.text)
        for job in sorted(jobs, key=lambda job: -job.line):
            assert job.upload is not None
            self._insert_step(edits, job.upload)
        before = tuple((job.name, "") for job in jobs)
        return Gate(path=self._workflow.path, text=edits.text, before=before, notes=tuple(self._aside(jobs)))

    def _insert_step(self, edits: WorkflowEdits, upload: StepText) -> None:
        settings = ["mode: verify", f"dist: {_text(_folder(upload) or _DIST)}", *self._project]
        if upload.inline:
            condition = f"if: {json.dumps(upload.condition)}, " if upload.condition else ""
            edits.insert_inline(upload, f"{{uses: {self._action.text}, {condition}with: {{{', '.join(settings)}}}}}")
        else:
            lines = [f"- uses: {scalar(self._action)}"]
            lines += [f"  if: {_text(upload.condition)}"] if upload.condition else []
            lines += ["  with:", *(f"    {line}" for line in (*settings, _FIRST_RELEASE))]
            edits.insert(upload.line, [" " * upload.column + line for line in lines])

    def _aside(self, jobs: Sequence[JobText]) -> Iterator[str]:
        """What other jobs publish ungated; in a repository with several projects, it may be another project."""
        for each in () if self._project else publishing(self._workflow):
            if each not in jobs:
                what = "under another condition" if each.downloads and not each.builds else "what it builds itself"
                yield f"{self._workflow.path}: {each.name} publishes {what}, which the gate does not see"

    def _download(self, step: StepText, path: str) -> Iterator[str]:
        """The publishing job's download, to another path and without values that only that job knows."""
        yield f"- {self._of(step) if step.uses else self._named(DOWNLOAD)}"
        yield from self._condition(step.condition)
        yield "  with:"
        for key, value in {**self._elsewhere(step.settings), "path": path}.items():
            yield f"    {key}: {_text(value)}"

    def _elsewhere(self, settings: Mapping[str, str]) -> dict[str, str]:
        """A download's settings for use in another job: a name that only this job knows becomes a pattern."""
        found: dict[str, str] = {}
        for key, value in settings.items():
            if key in {"name", "pattern"} and self._of_the_job("".join(_EXPRESSION.findall(value))):
                found["pattern"] = _EXPRESSION.sub("*", value)
            else:
                found[key] = value
        return found

    def _condition(self, text: str) -> Iterator[str]:
        """The line of a step's condition in another job; none if only its own job can tell."""
        if text and not self._of_the_job(text):
            yield f"  if: {_text(' '.join(text.split()))}"

    def _of_the_job(self, text: str) -> bool:
        """Whether only the job itself can evaluate an expression."""
        variables = _VARIABLE.findall(text)
        return bool(_OF_THE_JOB.search(text)) or not self._workflow.environ.issuperset(variables)

    def _of(self, step: StepText) -> str:
        """A step's ``uses`` value with its comment, if it is on a line of its own."""
        for line in self._lines[step.line :] if step.line >= 0 else ():
            text = line.strip().removeprefix("- ").strip()
            if text.startswith("uses:") and step.uses in text:
                return text
            if step.uses in text:
                break
        return f"uses: {step.uses}"

    def _named(self, action: str) -> str:
        found = next((step for step in self._steps if step.runs(action)), None)
        if found is not None:
            return self._of(found)
        return f"uses: {scalar(self._pins[action.removeprefix('actions/')])}"


def _granted(workflow: WorkflowText, others: Sequence[WorkflowText]) -> bool:
    """Whether a job of the workflow may read the repository's contents, which a caller's permissions can prevent."""
    callers = [job for other in others for job in other.jobs if job.calls == f"./{workflow.path}"]
    return all(job.permissions is None or "contents" in job.permissions for job in callers)


def _head(together: JudgedTogether, downloads: Sequence[StepText], contents: bool) -> Iterator[str]:
    """The lines of the new job that precede its steps."""
    yield "name: Verify"
    names = {job.name for job in together.jobs}
    needs = list(dict.fromkeys(name for job in together.jobs for name in job.needs if name not in names))
    if needs:
        yield f"needs: {needs[0] if len(needs) == 1 else '[' + ', '.join(needs) + ']'}"
    if together.condition:
        yield f"if: {_text(together.condition)}"
    yield "runs-on: ubuntu-latest"
    yield "timeout-minutes: 15"
    other_run = any(step.downloads_of_other_runs for step in downloads)
    granted = [*["contents: read"] * contents, *["actions: read # the artifacts of another run"] * other_run]
    yield "permissions:" if granted else "permissions: {}"
    yield from (f"  {each}" for each in granted)
    yield "steps:"


def _text(value: str) -> str:
    """A scalar, unquoted if YAML reads it back as the same text or GitHub converts it to text."""
    plain = _PLAIN.fullmatch(value) and ": " not in value and " #" not in value and not value.endswith(":")
    return value if plain else json.dumps(value, ensure_ascii=False)


def _folder(upload: StepText) -> str:
    """The published folder, relative to the workspace; empty if unknown."""
    if inner := next((step for step in upload.inside if step.publishes), None):
        return _folder(inner)
    said = upload.settings.get("packages-dir") or upload.settings.get("packages_dir") or ""
    if not said and (match := _FOLDER.search(f"{upload.run} {upload.settings.get('args', '')}")):
        said = match[1]
    return _WORKSPACE.sub("", said).rstrip("/")


def _published(job: JobText) -> list[StepText]:
    """The downloads of published files: those into the uploaded folder, or into one that a script names."""
    assert job.upload is not None
    folder = _folder(job.upload) or _DIST
    scripts = [step.run for step in job.steps]
    found = []
    for step in job.downloads:
        path = _inside(step.settings.get("path", ""))
        if _overlap(path, folder) or any(path in script for script in scripts):
            found.append(step)
    return found or list(job.downloads)


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/") or not one


def _inside(folder: str) -> str:
    """A folder as a path relative to the workspace; empty for the workspace itself and paths outside."""
    path = _WORKSPACE.sub("", folder).rstrip("/")
    return "" if path.startswith((".", "/", "~", "$")) or "${{" in path else path


def _folders(said: Sequence[str]) -> tuple[list[str], str]:
    """The path of each download, and their common folder: never the workspace, because it contains other files."""
    paths = [_inside(path) or _DIST for path in said]
    common = _common(paths)
    if common:
        return paths, common
    return [f"{_DIST}/{path}" for path in paths], _DIST


def _common(folders: Sequence[str]) -> str:
    """The common folder; empty for the workspace itself."""
    same = []
    for names in zip(*(folder.split("/") for folder in folders), strict=False):
        if len({*names}) > 1:
            break
        same.append(names[0])
    return "/".join(same)
