"""The project trees for ``ftwheel init``, and the command run in this process."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

from ftwheel.cli.main import main

__all__ = ["PAIR", "TREES", "UNDECLARED", "adapt", "init", "machine", "tree"]

_FOLDER = Path(__file__).resolve().parents[1] / "projects"
TREES = tuple(sorted(path.name for path in _FOLDER.iterdir() if path.is_dir() and path.name != "expected"))
UNDECLARED = frozenset({"setuptools-flat", "uv-scikit"})  # their modules declare nothing
PAIR = ("--pythons", "3.14,3.14t", "--platforms", "manylinux_2_28_x86_64")
# newer projects leave out 3.13t, which is the free-threaded build that a machine without 3.14 can have
_ADAPTED = {
    "cibuildwheel": [("pyproject.toml", "14t}", "13t}")],
    "maturin-new": [("Cargo.toml", 'pyo3 = "0.29.0"', 'pyo3 = "0.28"')],
}


def tree(name: str, folder: Path) -> Path:
    """A copy of a project tree, which is a repository without a commit."""
    project = folder / name
    shutil.copytree(_FOLDER / name, project)
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", project], check=True)
    return project


def init(project: Path, *options: str) -> int:
    """Run ``ftwheel init`` on a project; its exit code."""
    return main(["init", str(project), *options])


def adapt(name: str, project: Path) -> None:
    """Let a project be built for 3.13t, where it leaves that out."""
    for path, old, new in _ADAPTED.get(name, ()):
        text = (project / path).read_text()
        assert old in text
        (project / path).write_text(text.replace(old, new))


def machine() -> str:
    """The platform tag of this machine: what is built without a container may need all of its C library."""
    version = (os.confstr("CS_GNU_LIBC_VERSION") or "").removeprefix("glibc ").replace(".", "_")
    return f"manylinux_{version}_{platform.machine()}"
