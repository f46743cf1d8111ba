"""The supported lock file formats: how each is detected, and which module reads it.

A new lock format needs a reader, an entry here, a row in docs/missing-inputs.md and a test.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

from ftwheel.core.dependencies.inputs import Dependencies
from ftwheel.io.dependencies.inputs.selecting import Parts

__all__ = ["LOCK_FORMATS", "PROJECT_FILES", "UNSUPPORTED", "LockFormat", "Table", "lock_format"]

Table = dict[str, Any]
Reader = Callable[[str, Table, Parts], Dependencies]


def _by_pdm(table: Table) -> bool:
    metadata = table.get("metadata")
    return isinstance(metadata, dict) and "lock_version" in metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class LockFormat:
    """One format; ``filename`` is the name that its tool gives the file.

    ``named`` matches the file names of this format; for other names, ``marked`` detects it by content. ``reader`` is
    ``module:function`` in this package, loaded on demand, because readers import libraries that most runs do not need.
    """

    filename: str
    reader: str
    named: re.Pattern[str]
    marked: Callable[[Table], bool]

    def read(self, path: str, table: Table, parts: Parts) -> Dependencies:
        """Read the pins. Raises InputError."""
        module, _, function = self.reader.partition(":")
        reader = cast("Reader", getattr(import_module(f"{__package__}.{module}"), function))
        return reader(path, table, parts)


_NO_NAME = re.compile(r"(?!)")  # these lock files may be renamed; their content determines the format
LOCK_FORMATS = (
    LockFormat(
        filename="pylock.toml",
        reader="pylock:read_pylock",
        named=re.compile(r"pylock(\.[^.]+)?\.toml"),
        marked=lambda table: "lock-version" in table,
    ),
    LockFormat(
        filename="uv.lock",
        reader="uv_lock:read_uv_lock",
        named=_NO_NAME,
        marked=lambda table: "version" in table,
    ),
    LockFormat(filename="pdm.lock", reader="other_locks:read_pdm_lock", named=_NO_NAME, marked=_by_pdm),
    LockFormat(
        filename="poetry.lock",
        reader="other_locks:read_poetry_lock",
        named=_NO_NAME,
        marked=lambda table: "package" in table or "metadata" in table,
    ),
)
"""The formats, in the order in which they are tried."""

PROJECT_FILES = (*(each.filename for each in LOCK_FORMATS), "pyproject.toml", "requirements.txt", "requirements.in")
"""The names of files to look for in a project's folder, most exact first."""

_FROM_PIPENV = "pipenv requirements > requirements.txt writes one that is"
_FROM_CONDA = "look at the environment that it makes: ftwheel missing --python PATH"
_FROM_SETUP = "look at an environment with the project: ftwheel missing --python PATH"
UNSUPPORTED = {
    **dict.fromkeys(("pipfile", "pipfile.lock"), _FROM_PIPENV),
    **dict.fromkeys(("environment.yml", "environment.yaml", "conda-lock.yml", "pixi.lock"), _FROM_CONDA),
    **dict.fromkeys(("setup.py", "setup.cfg"), _FROM_SETUP),
}
"""Other dependency files in unsupported formats, with what to do instead."""


def lock_format(name: str, table: Table) -> LockFormat | None:
    """The format of a TOML or JSON file called ``name`` (lower case); None if it is not a lock file."""
    for each in LOCK_FORMATS:
        if each.named.fullmatch(name):
            return each
    a_project = name == "pyproject.toml" or "project" in table or "dependency-groups" in table
    a_lock = name.endswith(".lock") or "package" in table
    if "lock-version" not in table and (a_project or not a_lock):
        return None
    return next((each for each in LOCK_FORMATS if each.marked(table)), None)
