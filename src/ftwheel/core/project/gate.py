"""Decides how a release workflow that is there gets ``ftwheel verify`` between its builds and its upload.

The workflow keeps its text: a job ``verify`` is put before the job that publishes, downloads what that one downloads,
and becomes one of its ``needs``. Where one job builds and publishes, a step is put before the upload. A workflow whose
jobs each publish their own file has no such place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ftwheel.core.project.templates import Value, scalar
from ftwheel.core.project.workflow_files import UPLOADS

__all__ = ["Gate", "JobText", "StepText", "WorkflowText", "gate"]

_PUBLISHES = "pypa/gh-action-pypi-publish@"
_MATURIN = "PyO3/maturin-action@"
_DOWNLOAD = "actions/download-artifact@"
_UPLOAD = "actions/upload-artifact@"
_CHECKOUT = "actions/checkout@"
_TEST_INDEX = re.compile(r"test\.pypi|testpypi", re.IGNORECASE)
_BUILDS = re.compile(
    r"cibuildwheel|\bpython3? -m build\b|\bbuild --(?:sdist|wheel)\b|\bsetup\.py \w*dist"
    r"|\bpyproject-build\b|\bbdist_wheel\b|\bpip3? wheel\b"
    r"|\b(?:uv|hatch|poetry|pdm|flit|maturin) build\b",
    re.IGNORECASE,
)
_ALWAYS = re.compile(r"\b(?:always|cancelled|failure)\s*\(\s*\)")
_EXPRESSION = re.compile(r"\$\{\{.*?\}\}")
_FOLDER = re.compile(r"(?<![\w./-])((?:[\w.-]+/)*[\w.-]+)/\*")  # the folder in "twine upload dist/*"
_DIST = "dist"
_PLAIN = re.compile(r"(?:\$\{\{|[A-Za-z0-9_./])[^\n]*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepText:
    """A step: ``line`` is the 0-based number of its first line, ``column`` where its dash stands."""

    line: int
    column: int
    uses: str = ""
    run: str = ""
    condition: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def publishes(self) -> bool:
        """Whether it uploads to an index."""
        if self.uses.startswith(_PUBLISHES):
            return True
        if self.uses.startswith(_MATURIN):
            return self.settings.get("command") in {"upload", "publish"}
        return bool(UPLOADS.search(self.run))

    @property
    def is_for_tests(self) -> bool:
        """Whether the index is the one for trying things out."""
        return bool(_TEST_INDEX.search(" ".join([self.run, *self.settings.values()])))

    @property
    def verifies(self) -> bool:
        """Whether it is the gate already."""
        if "ftwheel verify" in self.run:
            return True
        return "/ftwheel@" in self.uses and self.settings.get("mode") == "verify"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobText:
    """A job: ``line`` is the 0-based number of its key's line, ``column`` where the key stands, ``inner`` its values.

    ``needs_line`` is the line of the key ``needs``, None without one. ``matrix`` says whether it runs several times.
    """

    name: str
    line: int
    column: int
    inner: int
    needs: tuple[str, ...] = ()
    needs_line: int | None = None
    condition: str = ""
    environment: str = ""
    matrix: bool = False
    steps: tuple[StepText, ...] = ()

    @property
    def upload(self) -> StepText | None:
        """The step that publishes, the real index before the one for tests."""
        found = [step for step in self.steps if step.publishes]
        return min(found, key=lambda step: step.is_for_tests, default=None)

    @property
    def is_for_tests(self) -> bool:
        return self.upload is not None and (
            self.upload.is_for_tests or bool(_TEST_INDEX.search(f"{self.name} {self.environment}"))
        )

    @property
    def downloads(self) -> tuple[StepText, ...]:
        return tuple(step for step in self.steps if step.uses.startswith(_DOWNLOAD))

    @property
    def builds(self) -> bool:
        """Whether it makes distributions itself."""
        return any(
            _BUILDS.search(step.run + step.uses) or (step.uses.startswith(_MATURIN) and not step.publishes)
            for step in self.steps
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowText:
    """A workflow: its path from the top of the repository, its text, and where its jobs stand in that."""

    path: str
    text: str
    jobs: tuple[JobText, ...] = ()

    @property
    def verifies(self) -> bool:
        """Whether the gate is there already."""
        return any(step.verifies for job in self.jobs for step in job.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The workflow with the gate in it. ``job`` is the new job, empty where a step was put into ``before``."""

    path: str
    text: str
    before: str
    job: str = ""
    needs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def gate(workflow: WorkflowText, *, action: Value, pins: Mapping[str, Value], project: str = "") -> Gate | str | None:
    """Put the gate into a workflow. Why not, where it has no place; None where it publishes nothing or has one.

    ``action`` is how ftwheel's Action is named, ``pins`` how the actions are that the workflow does not use itself
    (``checkout``, ``download-artifact``); ``project`` the project's folder below the top of the repository.
    """
    publishing = [job for job in workflow.jobs if job.upload is not None]
    if not publishing or workflow.verifies:
        return None
    job = min(publishing, key=lambda job: job.is_for_tests)
    name = f"{workflow.path}: {job.name}"
    if job.is_for_tests:
        return f"{name} publishes to an index for tests only"
    pinned = _Pinned(workflow, action, pins)
    if job.downloads:
        return _with_job(workflow, job, job.downloads, pinned, project)
    if job.builds and job.matrix:
        return f"{name} builds and publishes in one, each of its matrix by itself: publish in a job after all of them"
    if job.builds:
        return _with_step(workflow, job, pinned, project)
    if made := _uploads(workflow, job):
        return _with_job(workflow, job, made, pinned, project)
    return f"{name}: what it publishes does not come from an artifact of the workflow, so there is nothing to verify"


class _Pinned:
    """How actions are named in a workflow: as it names them itself, else as the templates do."""

    def __init__(self, workflow: WorkflowText, action: Value, pins: Mapping[str, Value]) -> None:
        self.action = f"uses: {scalar(action)}"
        self._lines = workflow.text.splitlines()
        self._steps = [step for job in workflow.jobs for step in job.steps]
        self._pins = pins

    def of(self, step: StepText) -> str:
        """The ``uses`` of a step with its comment."""
        texts = (line.strip().removeprefix("- ").strip() for line in self._lines[step.line :])
        return next(text for text in texts if text.startswith("uses:"))

    def named(self, action: str) -> str:
        found = next((step for step in self._steps if step.uses.startswith(action)), None)
        if found is not None:
            return self.of(found)
        return f"uses: {scalar(self._pins[action.removeprefix('actions/').rstrip('@')])}"


def _uploads(workflow: WorkflowText, job: JobText) -> tuple[StepText, ...]:
    """Downloads of everything that the jobs before upload, by patterns in place of what differs from job to job."""
    before = _before(workflow.jobs, job.needs)
    patterns = dict.fromkeys(
        _EXPRESSION.sub("*", step.settings.get("name", "artifact"))
        for each in workflow.jobs
        if each.name in before and each.builds
        for step in each.steps
        if step.uses.startswith(_UPLOAD)
    )
    return tuple(
        StepText(line=-1, column=0, settings={"pattern": pattern, "path": _DIST, "merge-multiple": "true"})
        for pattern in patterns
    )


def _before(jobs: Sequence[JobText], needs: Iterable[str]) -> set[str]:
    """The jobs that have ended when one with these needs starts."""
    named = {job.name: job for job in jobs}
    found: set[str] = set()
    left = list(needs)
    while left:
        name = left.pop()
        if name in named and name not in found:
            found.add(name)
            left += named[name].needs
    return found


def _with_job(
    workflow: WorkflowText, job: JobText, downloads: Sequence[StepText], pinned: _Pinned, project: str
) -> Gate:
    """A job of its own before the job that publishes."""
    names = {each.name for each in workflow.jobs}
    name = "verify" if "verify" not in names else "ftwheel-verify"
    folders = [step.settings.get("path", "") for step in downloads]
    inside = [folder if _is_inside(folder) else _DIST for folder in folders]
    dist = inside[0] if len({*inside}) == 1 else _common(inside)
    step = job.inner - job.column
    steps: list[str] = [f"- {pinned.named(_CHECKOUT)}", "  with:", "    persist-credentials: false"]
    for download, folder in zip(downloads, inside, strict=True):
        steps.append(f"- {pinned.of(download) if download.line >= 0 else pinned.named(_DOWNLOAD)}")
        settings = {**download.settings, "path": folder}
        steps += ["  with:", *(f"    {key}: {_text(value)}" for key, value in settings.items())]
    steps += [f"- {pinned.action}", "  with:", "    mode: verify", f"    dist: {_text(dist)}"]
    steps += [f"    project: {_text(project)}"] if project else []
    lines = [f"{name}:", "name: Verify", *_values(job, downloads), "steps:", *steps]
    indented = [lines[0], *(" " * step + line for line in lines[1 : lines.index("steps:") + 1])]
    offset = job.steps[0].column - job.column
    indented += [" " * offset + line for line in steps]
    notes = []
    if _ALWAYS.search(job.condition):
        notes.append(
            f"{workflow.path}: {job.name} runs also when a job before it failed (if: {job.condition}); add"
            f" needs.{name}.result == 'success'"
        )
    return Gate(
        path=workflow.path,
        text=_inserted(workflow, job, [" " * job.column + line for line in indented], name),
        before=job.name,
        job=name,
        needs=job.needs,
        notes=tuple(notes),
    )


def _values(job: JobText, downloads: Sequence[StepText]) -> list[str]:
    found = (
        [f"needs: [{', '.join(job.needs)}]"] if len(job.needs) > 1 else [f"needs: {job.needs[0]}"] if job.needs else []
    )
    if job.condition and not _ALWAYS.search(job.condition):
        found.append(f"if: {_text(job.condition)}")
    found += ["runs-on: ubuntu-latest", "timeout-minutes: 15", "permissions:", "  contents: read"]
    if any("run-id" in step.settings for step in downloads):
        found.append("  actions: read # the artifacts of another run")
    return found


def _text(value: str) -> str:
    """A scalar as people write it: without quotes where YAML reads the same text, or GitHub makes it one."""
    plain = _PLAIN.fullmatch(value) and ": " not in value and " #" not in value and not value.endswith(":")
    return value if plain else json.dumps(value, ensure_ascii=False)


def _is_inside(folder: str) -> bool:
    """Whether a folder holds nothing but what is downloaded into it."""
    return bool(folder) and not folder.startswith((".", "/", "~", "$")) and "${{" not in folder


def _common(folders: Collection[str]) -> str:
    """The folder that all of them are in."""
    parts = [folder.split("/") for folder in folders]
    same = []
    for names in zip(*parts, strict=False):
        if len({*names}) > 1:
            break
        same.append(names[0])
    return "/".join(same) or "."


def _inserted(workflow: WorkflowText, job: JobText, lines: Sequence[str], name: str) -> str:
    """The text with the new job before the one that publishes, which needs it from now on."""
    text = workflow.text.splitlines(keepends=True)
    end = "\r\n" if text[0].endswith("\r\n") else "\n"
    _need(text, job, name, end)
    place = job.line
    while place and text[place - 1].lstrip().startswith("#"):
        place -= 1
    blank = [end] if place and not text[place - 1].strip() else []
    return "".join([*text[:place], *(line + end for line in lines), *blank, *text[place:]])


def _need(text: list[str], job: JobText, name: str, end: str) -> None:
    """Add a name to the ``needs`` of a job, in the form that they have."""
    if job.needs_line is None:
        # a line that names the job stays the first
        named = text[job.line + 1].strip().startswith("name:")
        text.insert(job.line + 1 + named, f"{' ' * job.inner}needs: {name}{end}")
        return
    place = job.needs_line
    key, _, rest = text[place].partition(":")
    value, comment = _split_comment(rest.rstrip("\r\n"))
    if value.startswith("["):
        while "]" not in text[place].partition("#")[0]:
            place += 1
        head, _, tail = text[place].partition("]")
        # an item before the bracket, or a comma, may be on a line of its own
        before = "" if head.rstrip().endswith(",") else ","
        text[place] = f"{head.rstrip()}{before} {name}]{tail}" if head.strip() else f"{head}{name}]{tail}"
        if not head.strip() and not _ends_with_comma(text[place - 1]):
            text[place - 1] = _with_comma(text[place - 1])
    elif value:
        text[place] = f"{key}: [{value}, {name}]{comment}{end}"
    else:
        last = place
        while not (line := text[place + 1]).strip() or line.lstrip().startswith(("-", "#")):
            place += 1
            if line.lstrip().startswith("-"):
                last = place
        dash = text[last][: len(text[last]) - len(text[last].lstrip())]
        text.insert(last + 1, f"{dash}- {name}{end}")


def _ends_with_comma(line: str) -> bool:
    return line.partition("#")[0].rstrip().endswith(",")


def _with_comma(line: str) -> str:
    code = line.partition("#")[0].rstrip()
    return f"{code},{line[len(code) :]}"


def _split_comment(text: str) -> tuple[str, str]:
    """A plain value and the comment behind it, with the space before."""
    match = re.match(r"\s*(.*?)(\s+#.*)?\s*$", text)
    assert match is not None
    return match[1], match[2] or ""


def _with_step(workflow: WorkflowText, job: JobText, pinned: _Pinned, project: str) -> Gate:
    """A step before the one that publishes, in the job that gathers everything."""
    upload = job.upload
    assert upload is not None
    folder = upload.settings.get("packages-dir") or upload.settings.get("packages_dir")
    if not folder:
        match = _FOLDER.search(upload.run)
        folder = match[1] if match else _DIST
    lines = [f"- {pinned.action}"]
    if upload.condition:
        lines.append(f"  if: {_text(upload.condition)}")
    lines += ["  with:", "    mode: verify", f"    dist: {_text(folder.rstrip('/'))}"]
    lines += [f"    project: {_text(project)}"] if project else []
    text = workflow.text.splitlines(keepends=True)
    end = "\r\n" if text[0].endswith("\r\n") else "\n"
    place = upload.line
    while text[place - 1].lstrip().startswith("#"):
        place -= 1
    blank = [end] if not text[place - 1].strip() else []
    made = [*(" " * upload.column + line + end for line in lines), *blank]
    return Gate(path=workflow.path, text="".join([*text[:place], *made, *text[place:]]), before=job.name)
