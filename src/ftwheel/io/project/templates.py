"""The templates that ship with ftwheel: ``workflows/`` for GitHub Actions, ``gitlab/`` for GitLab CI,
``pyproject/`` for each build backend.

They are in ``templates/`` in the repository, and in ``ftwheel/templates/`` in an installed ftwheel.
"""

from __future__ import annotations

import re
from importlib.resources import files
from importlib.resources.abc import Traversable

__all__ = ["names", "read", "release_commit"]


def _top() -> Traversable:
    package = files("ftwheel")
    installed = package / "templates"
    # an editable install imports src/ftwheel; the folder is two levels up
    return installed if installed.is_dir() else package / ".." / ".." / "templates"


def names(folder: str) -> tuple[str, ...]:
    """The templates in ``workflows``, ``gitlab`` or ``pyproject``, sorted: ``("workflows/missing.yml", ...)``."""
    return tuple(sorted(f"{folder}/{entry.name}" for entry in (_top() / folder).iterdir() if entry.is_file()))


def read(name: str) -> str:
    """The text of a template, by its name as returned by ``names``."""
    return (_top() / name).read_text(encoding="utf-8")


def release_commit() -> str | None:
    """The commit that this ftwheel was released from, recorded by its release workflow; None in a checkout."""
    entry = _top() / "COMMIT"
    text = entry.read_text(encoding="ascii").strip() if entry.is_file() else ""
    return text if re.fullmatch(r"[0-9a-f]{40}", text) else None
