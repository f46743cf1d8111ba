"""Looks at a project and at the repository around it, without running anything of either."""

from __future__ import annotations

import ast
import configparser
import itertools
import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftwheel.core.errors import ConfigurationError
from ftwheel.core.project.adoption import ProjectScan
from ftwheel.core.project.declarations import declarations, is_source
from ftwheel.core.project.stable_abi import stable_abi_floor_of
from ftwheel.core.project.workflow_files import FOLDER
from ftwheel.io.project.source import read_project

__all__ = ["Repository", "read_repository", "survey"]

_SKIPPED = frozenset(
    {"benchmarks", "build", "dist", "docs", "env", "examples", "node_modules", "target", "test", "testing", "tests",
     "venv", "wheelhouse"}
)  # fmt: skip
_MOST_FILES = 20_000  # a tree with more is looked at in part
_LARGEST = 1 << 20  # bytes; generated C files are larger, and hand-written ones are not
_TEST_FOLDERS = ("tests", "test", "python/tests", "src/tests")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """The working tree that holds a project: its top, and its workflows as (path from the top, text), sorted.

    ``found`` is False where there is no repository, and the top is the project itself.
    """

    top: Path
    found: bool
    workflows: tuple[tuple[str, str], ...]


def survey(folder: Path) -> ProjectScan:
    """What a project says about itself.

    Raises InputError when there is no project, ConfigurationError when ``pyproject.toml`` cannot be read or has tables
    that are none.
    """
    project = read_project(folder)
    pyproject = _text(folder / "pyproject.toml")
    document = tomllib.loads(pyproject) if pyproject is not None else {}
    for name in ("build-system", "project", "tool"):
        if not isinstance(document.get(name, {}), dict):
            raise ConfigurationError(f"{folder / 'pyproject.toml'}: {name} is {document[name]!r}, wanted a table")
    setup_py, setup_cfg = _text(folder / "setup.py"), _text(folder / "setup.cfg")
    return ProjectScan(
        pyproject=pyproject,
        document=document,
        setup_py=setup_py,
        setup_cfg=setup_cfg,
        requires_python=project.requires_python or _requires_python(setup_cfg or "", setup_py or ""),
        limited_api=stable_abi_floor_of(
            document, setup_py=setup_py or "", setup_cfg=setup_cfg or "", cargo=_cargo(folder, document)
        ),
        declarations=declarations(_sources(folder)),
        test_folder=next((name for name in _TEST_FOLDERS if (folder / name).is_dir()), ""),
    )


def read_repository(folder: Path) -> Repository:
    """The repository around a project. Raises ConfigurationError when a workflow is no text.

    As with git, nothing at or above a folder of ``GIT_CEILING_DIRECTORIES`` counts, unless it is the project's own.
    """
    ceilings = {Path(each) for each in os.environ.get("GIT_CEILING_DIRECTORIES", "").split(os.pathsep) if each}
    parents = itertools.takewhile(lambda each: each not in ceilings, folder.parents)
    top = next((each for each in (folder, *parents) if (each / ".git").exists()), None)
    root = top or folder
    place = root / FOLDER
    found = sorted(path for path in place.glob("*") if path.suffix in {".yml", ".yaml"} and path.is_file())
    texts = tuple((f"{FOLDER}/{path.name}", _text(path) or "") for path in found)
    return Repository(top=root, found=top is not None, workflows=texts)


def _text(path: Path) -> str | None:
    """The text with its line ends as they are, None if there is no such file."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read ({error})") from error


def _cargo(folder: Path, document: dict[str, Any]) -> dict[str, Any]:
    """Cargo.toml of a maturin project; nothing where it is not there or cannot be read, as only cargo needs it."""
    maturin = document.get("tool", {}).get("maturin", {})
    named = maturin.get("manifest-path", "Cargo.toml") if isinstance(maturin, dict) else "Cargo.toml"
    try:
        return tomllib.loads((folder / str(named)).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _requires_python(setup_cfg: str, setup_py: str) -> str:
    """``python_requires`` where it is written out; empty else, and where it is no specifier."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(setup_cfg)
        said = parser.get("options", "python_requires", fallback="") or _keyword(setup_py, "python_requires")
        return str(SpecifierSet(said))
    except (configparser.Error, InvalidSpecifier):
        return ""


def _keyword(source: str, name: str) -> str:
    """The value of a keyword argument of ``setup()``, if it is a plain string."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "setup":
            for keyword in node.keywords:
                if keyword.arg == name and isinstance(keyword.value, ast.Constant):
                    return str(keyword.value.value)
    return ""


def _sources(folder: Path) -> Iterator[tuple[str, str]]:
    """Files that may define modules, outside tests and build folders."""
    seen = 0
    for top, folders, files in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith((".", "__")) and name not in _SKIPPED and not Path(top, name, "pyvenv.cfg").exists()
        )
        for name in sorted(files):
            path = Path(top, name)
            relative = path.relative_to(folder).as_posix()
            seen += 1
            if seen > _MOST_FILES:
                return
            if is_source(relative) and path.is_file() and path.stat().st_size <= _LARGEST:
                yield relative, path.read_text(encoding="utf-8", errors="replace")
