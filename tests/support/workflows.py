"""The linters of GitHub Actions, and the templates filled in as for a project."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ftwheel.core.project.templates import action_value, placeholders, render
from ftwheel.io.project import templates

__all__ = ["COMMIT", "complaints", "filled", "write_workflows"]

COMMIT = "0123456789abcdef0123456789abcdef01234567"
"""Stands for the commit of a release of ftwheel."""

_TIMEOUT = 60.0  # seconds


def filled(name: str, *, commit: str | None = COMMIT, install: str = ". --group test", tests: str = "tests") -> str:
    """The text of a workflow template as ``ftwheel init`` writes it for a project with these tests."""
    text = templates.read(name)
    values: dict[str, Any] = {"action": action_value("0.1.0", commit), "install": install, "tests": tests}
    return render(text, {name: values[name] for name in placeholders(text)})


def write_workflows(repository: Path, *, commit: str | None = COMMIT) -> Path:
    """Put all workflow templates, filled in, where GitHub looks for them."""
    folder = repository / ".github" / "workflows"
    folder.mkdir(parents=True)
    for name in templates.names("workflows"):
        (folder / Path(name).name).write_text(filled(name, commit=commit), encoding="utf-8")
    return repository


def complaints(repository: Path) -> str:
    """What actionlint (with shellcheck), zizmor (pedantic) and the schemas of GitHub say about a repository's files.

    Looks at ``.github/workflows``, ``.github/dependabot.yml`` and ``action.yml``; empty when all are content.
    """
    workflows = sorted((repository / ".github" / "workflows").glob("*.yml"))
    actions = [path for path in (repository / "action.yml",) if path.is_file()]
    dependabot = [path for path in (repository / ".github" / "dependabot.yml",) if path.is_file()]
    schemas = {
        "vendor.github-workflows": workflows,
        "custom.github-workflows-require-timeout": workflows,
        "vendor.github-actions": actions,
        "vendor.dependabot": dependabot,
    }
    commands = [
        ["zizmor", "--quiet", "--no-config", "--pedantic", "--offline", "--strict-collection"]
        + [os.fspath(path) for path in (*workflows, *actions, *dependabot)],
        ["actionlint", "-no-color", "-shellcheck", _tool("shellcheck"), "-pyflakes", "", *map(os.fspath, workflows)],
        *(
            ["check-jsonschema", "--builtin-schema", schema, *map(os.fspath, paths)]
            for schema, paths in schemas.items()
            if paths
        ),
    ]
    said = []
    for name, *arguments in commands:
        done = subprocess.run(
            [_tool(name), *arguments], cwd=repository, capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
        if done.returncode:
            said.append(f"{name}: {done.stdout}{done.stderr}")
    return "\n".join(said)


def _tool(name: str) -> str:
    """Where a linter is: beside this Python, or on PATH. A missing one fails the test."""
    path = os.pathsep.join([os.fspath(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return shutil.which(name, path=path) or pytest.fail(f"{name} is not installed: run python3 dev.py tests")
