"""Reads a project's requirements: ``[project]`` dependencies and extras, and dependency groups (PEP 621, PEP 735)."""

from __future__ import annotations

from ftwheel.core.dependencies.inputs import Dependencies
from ftwheel.core.errors import InputError
from ftwheel.core.index.page import normalized
from ftwheel.io.dependencies.inputs.entries import Entries
from ftwheel.io.dependencies.inputs.reading import Table, read_toml, shown
from ftwheel.io.dependencies.inputs.selecting import Parts
from ftwheel.io.dependencies.inputs.tables import LockTable

__all__ = ["read_pyproject"]


def read_pyproject(path: str, parts: Parts, table: Table | None = None) -> Dependencies:
    """Read the requirements of a ``pyproject.toml``; extras that refer to the project's other extras are followed.

    Raises InputError for a missing table, a wrong type, an unknown extra or group, or dynamic dependencies.
    """
    document = LockTable(read_toml(path) if table is None else table, path)
    project = LockTable(document.table_at("project"), f"{path}: project")
    if not project.table and not document.table_at("dependency-groups"):
        raise InputError(f"{path}: has no [project] table", hint="pass a requirements file or a lock file instead")
    dynamic = {"dependencies", *(["optional-dependencies"] if parts.extras else [])}.intersection(
        map(str, project.list("dynamic"))
    )
    if dynamic:
        raise InputError(
            f"{path}: {' and '.join(sorted(dynamic))} are dynamic, so they are known only after a build",
            hint="pass a requirements file or a lock file instead",
        )
    found = Entries()
    name = normalized(project.text("name"))
    for number, text in enumerate(project.list("dependencies"), 1):
        found.add(_text(text, f"{path}: dependencies[{number}]"), f"{path}: dependencies[{number}]")
    optional = LockTable(project.table_at("optional-dependencies"), f"{path}: optional-dependencies")
    _extras(found, optional, parts.of("extras", optional.table, path), name)
    groups = document.table_at("dependency-groups")
    for group in parts.of("groups", groups, path):
        for text in _group(path, groups, group):
            found.add(text, f"{path}: {group}")
    wanted = tuple(each for each in found.wanted if each.requirement.name != name)
    return Dependencies(
        label=path,
        resolved=False,
        wanted=wanted,
        roots=tuple(dict.fromkeys(each.requirement.name for each in wanted)),
        set_aside=tuple(found.set_aside),
        requires_python=project.text("requires-python"),
    )


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise InputError(f"{where}: {shown(repr(value))} is not a requirement", hint='write it as a string: "numpy>=2"')
    return value


def _extras(found: Entries, optional: LockTable, asked: tuple[str, ...], own: str) -> None:
    names = {normalized(name): name for name in optional.table}
    waiting = [normalized(extra) for extra in asked]
    seen: set[str] = set()
    while waiting:
        extra = waiting.pop(0)
        if extra in seen or extra not in names:
            continue
        seen.add(extra)
        for number, text in enumerate(optional.list(names[extra]), 1):
            where = f"{optional.where}.{names[extra]}[{number}]"
            if found.add(_text(text, where), where) == own and found.wanted:
                waiting += [normalized(one) for one in found.wanted[-1].requirement.extras]


def _group(path: str, groups: Table, name: str) -> tuple[str, ...]:
    from packaging.dependency_groups import resolve_dependency_groups

    try:
        return resolve_dependency_groups(groups, name)
    except ExceptionGroup as errors:
        error = errors.exceptions[0]
    except (LookupError, TypeError, ValueError) as one:
        error = one
    raise InputError(
        f"{path}: dependency-groups.{shown(name)}: {shown(error, 200)}",
        hint="a group lists requirements and {include-group = NAME}",
    )
