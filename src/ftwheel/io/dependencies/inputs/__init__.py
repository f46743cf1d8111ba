"""Reads lists of dependencies written by any supported tool.

``read_input`` detects the format by the file's name, or by its content if the name does not determine it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ftwheel.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ftwheel.core.dependencies.inputs import Dependencies
    from ftwheel.io.dependencies.inputs.formats import Table
    from ftwheel.io.dependencies.inputs.selecting import Parts

__all__ = ["DISTRIBUTIONS", "read_arguments", "read_input", "read_interpreter", "resolved_together"]

DISTRIBUTIONS = (".whl", ".tar.gz", ".zip")
"""Endings of files that are distributions, not lists of dependencies."""


def read_arguments(requirements: Iterable[str], *, label: str = "the command line") -> Dependencies:
    """Parse requirements as passed to ``pip install``. Raises InputError for an invalid one."""
    from ftwheel.core.dependencies.inputs import Dependencies
    from ftwheel.io.dependencies.inputs.entries import Entries

    found = Entries()
    names = [found.add(text, "argument") for text in requirements]
    return Dependencies(
        label=label,
        resolved=False,
        wanted=tuple(found.wanted),
        roots=tuple(dict.fromkeys(filter(None, names))),
        set_aside=tuple(found.set_aside),
    )


def read_interpreter(executable: str) -> Dependencies:
    """The distributions installed in the environment of an interpreter. Raises InputError."""
    from ftwheel.io.dependencies.inputs.installed import read_interpreter

    return read_interpreter(executable)


def resolved_together(found: Iterable[Dependencies], constraints: Sequence[str]) -> list[Dependencies]:
    """Merge the unresolved inputs into one, with the constraints of these files, as an installer does.

    Returns the resolved inputs, then the merged one. Raises InputError if there are constraints but nothing to resolve.
    """
    inputs = tuple(found)
    unresolved = [each for each in inputs if not each.resolved]
    if constraints and not unresolved:
        raise InputError(
            f"-c {constraints[0]}: constraints do not apply to versions that are already pinned",
            hint="drop -c, or pass requirements instead of a lock file or an environment",
        )
    if constraints:
        from ftwheel.io.dependencies.inputs.requirements import read_constraints

        unresolved += map(read_constraints, constraints)
    if not unresolved:
        return [*inputs]
    from ftwheel.core.dependencies.inputs import merged

    return [*(each for each in inputs if each.resolved), merged(unresolved)]


def read_input(path: str, *, extras: tuple[str, ...] = (), groups: tuple[str, ...] = ()) -> Dependencies:
    """Read requirements, ``pyproject.toml``, a lock file, ``pip inspect`` output or a pip report.

    ``-`` reads JSON from standard input; for a folder, its ``pyproject.toml`` is read. ``extras`` and ``groups`` are
    added to the main dependencies if the format has them; ``*`` means all. Raises InputError.
    """
    from ftwheel.io.dependencies.inputs.formats import UNSUPPORTED, lock_format
    from ftwheel.io.dependencies.inputs.reading import name_of, read_bytes, read_json, read_stdin, read_toml
    from ftwheel.io.dependencies.inputs.selecting import Parts

    if path == "-":
        return _json("standard input", read_json("standard input", read_stdin()))
    if os.path.isdir(path):
        if not os.path.exists(os.path.join(path, "pyproject.toml")):
            raise _folder(path)
        path = os.path.join(path, "pyproject.toml")
    name = name_of(path)
    if name.endswith(DISTRIBUTIONS):
        raise _distribution(path, name)
    if name in UNSUPPORTED:
        raise InputError(f"{path}: not a format that is read here", hint=UNSUPPORTED[name])
    parts = Parts(extras=extras, groups=groups)
    if name.endswith(".json") or (not name.endswith((".toml", ".txt", ".in")) and _is_json(read_bytes(path))):
        document = read_json(path)
        if isinstance(document, dict) and (lock := lock_format(name, document)):
            return lock.read(path, document, parts)
        return _json(path, document)
    if name.endswith((".toml", ".lock")):
        return _toml(path, name, read_toml(path), parts)
    from ftwheel.io.dependencies.inputs.requirements import read_requirements

    return read_requirements(path)


def _is_json(body: bytes) -> bool:
    return body.lstrip()[:1] == b"{"


def _json(path: str, document: object) -> Dependencies:
    from ftwheel.io.dependencies.inputs.installed import read_inspection, read_report

    if isinstance(document, dict) and "installed" in document:
        return read_inspection(path, document)
    if isinstance(document, dict) and "install" in document:
        return read_report(path, document)
    raise InputError(
        f"{path}: neither the output of pip inspect nor a pip install report",
        hint="create it with pip inspect, or with pip install --dry-run --report FILE",
    )


def _toml(path: str, name: str, table: Table, parts: Parts) -> Dependencies:
    from ftwheel.io.dependencies.inputs.formats import PROJECT_FILES, lock_format

    if lock := lock_format(name, table):
        return lock.read(path, table, parts)
    if "project" in table or "dependency-groups" in table or name == "pyproject.toml":
        from ftwheel.io.dependencies.inputs.pyproject import read_pyproject

        return read_pyproject(path, parts, table)
    raise InputError(f"{path}: not a known format", hint=f"expected {', '.join(PROJECT_FILES[:-1])}")


def _folder(path: str) -> InputError:
    """The error for a folder without ``pyproject.toml``, and what to pass instead."""
    from ftwheel.io.dependencies.inputs.formats import PROJECT_FILES

    there = os.listdir(path)
    if found := next((name for name in PROJECT_FILES if name in there), ""):
        hint = f"did you mean {os.path.join(path, found)}?"
    elif any(name.endswith(".whl") for name in there):
        hint = f"ftwheel check {path} looks into wheels, ftwheel verify {path} at a release"
    else:
        hint = "pass a requirements file, a lock file or a requirement"
    return InputError(f"{path}: a folder without pyproject.toml", hint=hint)


def _distribution(path: str, name: str) -> InputError:
    """The error for a wheel or a source distribution, and what to pass instead."""
    if name.endswith(".whl"):
        what, looks = "a wheel", f"ftwheel check {path} looks into it"
    else:
        what, looks = "an archive", ""
    parts = os.path.basename(path).removesuffix(".whl").removesuffix(".tar.gz").removesuffix(".zip").split("-")
    follows = f"ftwheel missing {parts[0]}=={parts[1]} follows what it requires" if len(parts) > 1 else ""
    return InputError(
        f"{path}: {what}, not a list of dependencies",
        hint="; ".join(filter(None, (looks, follows))) or "pass a requirements file, a lock file or a requirement",
    )
