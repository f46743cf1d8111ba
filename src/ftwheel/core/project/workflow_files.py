"""Decides which workflow files to write to a repository, without touching workflows written by others.

A generated file is recognized by its first line (``ftwheel.core.project.generated``), so it may be renamed. Files of
other workflows are never overwritten.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ftwheel.core.errors import InputError
from ftwheel.core.project.generated import FileOrigin, origin, sealed, template_of

__all__ = ["FOLDER", "UPLOADS", "WorkflowFile", "WorkflowPlan", "options_not_read", "plan_workflows"]

FOLDER = ".github/workflows"
_DEFAULT = "workflows/release.yml"
UPLOADS = re.compile(
    r"gh-action-pypi-publish|\btwine\s+upload\b|\b(?:uv|flit|hatch|poetry|pdm)\s+publish\b|\bmaturin\s+(?:upload|publish)\b"
    r"|\bcommand:\s*upload\b"
)
_CIBUILDWHEEL = re.compile(r"\bCIBW_\w+|\bconfig-file(?=:)")
_NOT_SELECTING = re.compile(r"CIBW_(?:BUILD_(?:FRONTEND|VERBOSITY)|TEST_SKIP)")
_SELECTING = re.compile(
    r"CIBW_(?:ARCHS|BUILD|CONFIG_FILE|ENABLE|MANYLINUX|MUSLLINUX|PLATFORM|PROJECT_REQUIRES_PYTHON|SKIP)|config-file"
)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class WorkflowFile:
    """A workflow file of the repository: its path, and its text (``before`` is None for a new file)."""

    path: str
    before: str | None
    after: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowPlan:
    """Files to write, sorted; the paths of all templates in use; notes for the author."""

    files: tuple[WorkflowFile, ...]
    paths: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def plan_workflows(
    existing: Sequence[tuple[str, str]],
    asked: Iterable[str] | None,
    render: Callable[[str], str],
    *,
    overwrite: bool = False,
) -> WorkflowPlan:
    """Decide what to write.

    ``existing`` are (path, text) pairs; ``asked`` are templates (``workflows/release.yml``), where None means those
    already in use, else the release. ``render`` returns the text of a template. An edited generated file is replaced
    only with ``overwrite``. Raises InputError when no name is left for a new file.
    """
    there = sorted(existing)
    ours = {template_of(text): (path, text) for path, text in reversed(there) if template_of(text)}
    wanted = (sorted(ours) or [_DEFAULT]) if asked is None else sorted(set(asked))
    files, paths, notes = [], [], []
    for template in wanted:
        path, before = ours.get(template) or (_free_name(template, {path for path, _ in there}), None)
        paths.append((template, path))
        name = f"{FOLDER}/{template.rpartition('/')[2]}"
        # a workflow triggered by changes to its own file has to know its name
        after = sealed(render(template).replace(name, path), template)
        if before is not None and "\r\n" in before:
            after = after.replace("\n", "\r\n")
        if before == after:
            continue
        if before is not None and origin(before) is FileOrigin.EDITED and not overwrite:
            notes.append(f"{path} was edited since ftwheel wrote it, and is kept (--overwrite replaces it)")
            continue
        files.append(WorkflowFile(path=path, before=before, after=after, why=f"from the template {template}"))
    notes += _about_others([(path, text) for path, text in there if not template_of(text)], releases=_DEFAULT in wanted)
    return WorkflowPlan(files=tuple(sorted(files)), paths=tuple(paths), notes=tuple(notes))


def _free_name(template: str, taken: set[str]) -> str:
    name = template.rpartition("/")[2]
    for path in (f"{FOLDER}/{name}", f"{FOLDER}/ftwheel-{name}"):
        if path not in taken:
            return path
    raise InputError(
        f"{FOLDER}/{name} and {FOLDER}/ftwheel-{name} exist, but ftwheel did not write them",
        hint="rename one of them, or pass --no-workflow",
    )


def _about_others(others: Sequence[tuple[str, str]], *, releases: bool) -> list[str]:
    if not releases:
        return []
    notes = []
    uploads = [path for path, text in others if UPLOADS.search(text)]
    if uploads:
        notes.append(
            f"{', '.join(uploads)} uploads too: remove the upload there, or both will try to publish the same tag"
        )
    for path, text in others:
        if settings := _options(text):
            notes.append(
                f"{path} sets {', '.join(settings)}, which does not affect the new workflow: move what is still "
                "needed to [tool.cibuildwheel]"
            )
    return notes


def options_not_read(existing: Sequence[tuple[str, str]]) -> list[str]:
    """Notes on what workflows select for cibuildwheel, which ``pythons`` and ``platforms`` cannot follow."""
    notes = []
    for path, text in existing:
        settings = [name for name in _options(text) if _SELECTING.match(name) and not _NOT_SELECTING.match(name)]
        if settings:
            notes.append(
                f"{path} sets {', '.join(settings)}, which init does not read: remove from pythons and platforms what"
                " it does not build"
            )
    return notes


def _options(text: str) -> list[str]:
    """The options of cibuildwheel that a workflow sets: variables, and the Action's input ``config-file``."""
    return sorted(set(_CIBUILDWHEEL.findall(text))) if "CIBW_" in text or "cibuildwheel" in text else []
