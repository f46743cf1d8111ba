"""The project trees for ``ftwheel init``, and the command run in this process."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from ftwheel.cli.main import main

__all__ = ["PAIR", "TREES", "UNDECLARED", "init", "tree"]

_FOLDER = Path(__file__).resolve().parents[1] / "projects"
TREES = tuple(sorted(path.name for path in _FOLDER.iterdir() if path.is_dir() and path.name != "expected"))
UNDECLARED = frozenset({"setuptools-flat", "uv-scikit"})  # their modules declare nothing
PAIR = ("--pythons", "3.14,3.14t", "--platforms", "manylinux_2_28_x86_64")


def tree(name: str, folder: Path) -> Path:
    """A copy of a project tree, which is a repository without a commit."""
    project = folder / name
    shutil.copytree(_FOLDER / name, project)
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", project], check=True)
    return project


def init(project: Path, *options: str) -> int:
    """Run ``ftwheel init`` on a project; its exit code."""
    return main(["init", str(project), *options])
