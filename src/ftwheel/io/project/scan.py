"""Scans a project and the repository around it, without running any of their code."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ftwheel.core.errors import ConfigurationError
from ftwheel.core.project.stable_abi import StableAbiSources, abi3t_feature, asks_for_abi3t, stable_abi_floors
from ftwheel.core.project.toml_edits import table_at
from ftwheel.core.project.workflow_files import FOLDER
from ftwheel.io.project.source import read_project
from ftwheel.io.system.texts import read_text

if TYPE_CHECKING:
    from ftwheel.core.project.adoption import ProjectScan

__all__ = ["Repository", "inferred_stable_abi", "read_repository", "scan_project"]

_SKIPPED = frozenset(
    {"_vendor", "bench", "benchmark", "benchmarks", "build", "demo", "demos", "dist", "doc", "docs", "env", "example",
     "examples", "extern", "external", "fuzz", "fuzzing", "node_modules", "subprojects", "target", "test", "testing",
     "tests", "third-party", "third_party", "thirdparty", "vendor", "vendored", "venv", "wheelhouse"}
)  # fmt: skip
_TESTS = re.compile(r"tests?[_-].*|.*[_-]tests?", re.IGNORECASE)
_MOST_FILES = 20_000  # a larger tree is scanned only partially
_LARGEST = 1 << 20  # bytes; only generated C files are larger
_IN_PLACE = re.compile(
    r"\binplace['\"]?\s*[=:,]\s*(?:True|1)\b|--inplace\b|build_ext['\"]\s*,\s*['\"]-i\b", re.IGNORECASE
)
_NAMED = re.compile(
    r"\bsetup\s*\((?:[^()]|\([^()]*\))*?\bname\s*="
)  # with numpy.distutils, each folder has a setup.py without a name
_OWN_ACTION = re.compile(r"\buses:\s*[\"']?\./([^\s\"'#,}]+)")
_ACTION_FILES = ("action.yml", "action.yaml")
_TEST_FOLDERS = ("tests", "test", "python/tests", "src/tests")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """The work tree that contains a project: its root, and its workflows as (path from the root, text), sorted.

    ``found`` is False if there is no repository; then, the root is the project itself. ``actions`` are the texts of the
    repository's own actions that the workflows use, by their names there: ``.github/actions/publish``.
    """

    top: Path
    found: bool
    workflows: tuple[tuple[str, str], ...]
    actions: Mapping[str, str]


def scan_project(folder: Path, *, supported: tuple[int, ...] | None = None) -> ProjectScan:
    """Collect what a project declares; ``supported`` as in ``ProjectScan``.

    Raises InputError if there is no project, ConfigurationError if ``pyproject.toml`` cannot be read or has a value
    where a table is expected.
    """
    from ftwheel.core.project.adoption import ProjectScan
    from ftwheel.core.project.declarations import declarations
    from ftwheel.core.project.requires_python import requires_python_of

    read_project(folder)
    pyproject = _text(folder / "pyproject.toml")
    document = tomllib.loads(pyproject) if pyproject is not None else {}
    for name in ("build-system", "project", "tool"):
        if not isinstance(document.get(name, {}), dict):
            raise ConfigurationError(f"{folder / 'pyproject.toml'}: {name} is {document[name]!r}, expected a table")
    setup_py, setup_cfg = _text(folder / "setup.py"), _text(folder / "setup.cfg")
    stable = _stable_abi(folder, document)
    return ProjectScan(
        pyproject=pyproject,
        document=document,
        setup_py=setup_py,
        setup_cfg=setup_cfg,
        requires_python=requires_python_of(document, setup_cfg=setup_cfg or "", setup_py=setup_py or ""),
        floors=stable_abi_floors(stable),
        abi3t_feature=abi3t_feature(stable),
        in_place=_in_place(folder, document),
        supported=supported,
        declarations=declarations(_sources(folder)),
        test_folder=next((name for name in _TEST_FOLDERS if (folder / name).is_dir()), ""),
    )


def inferred_stable_abi(folder: Path) -> tuple[int | None, bool]:
    """The oldest CPython 3.N of the stable ABI that a project's settings request, and whether ``abi3t`` is possible.

    N is None if they request none. ``abi3t`` is possible with a setting that mentions it, or a ``PyModExport_``
    function. The project must be one that ``read_project`` has read.
    """
    pyproject = folder / "pyproject.toml"
    stable = _stable_abi(folder, tomllib.loads(_lenient(pyproject)))
    floors = stable_abi_floors(stable)
    if not floors:
        return None, False
    return floors[0].minor, asks_for_abi3t(stable) or any("PyModExport_" in text for _, text in _sources(folder))


def _stable_abi(folder: Path, document: dict[str, Any]) -> StableAbiSources:
    return StableAbiSources(
        document=document,
        setup_py=_lenient(folder / "setup.py"),
        setup_cfg=_lenient(folder / "setup.cfg"),
        meson_build="\n".join(map(_lenient, _named(folder, "meson.build"))),
        meson_options=_lenient(folder / "meson.options") or _lenient(folder / "meson_options.txt"),
        cargo=tuple(_cargo(folder, document)),
    )


def read_repository(folder: Path) -> Repository:
    """The repository around a project. Raises ConfigurationError if a workflow is not text.

    As in git, folders at or above one in ``GIT_CEILING_DIRECTORIES`` are ignored, except for the project's own.
    """
    ceilings = {Path(each) for each in os.environ.get("GIT_CEILING_DIRECTORIES", "").split(os.pathsep) if each}
    parents = itertools.takewhile(lambda each: each not in ceilings, folder.parents)
    top = next((each for each in (folder, *parents) if (each / ".git").exists()), None)
    root = top or folder
    place = root / FOLDER
    found = sorted(path for path in place.glob("*") if path.suffix in {".yml", ".yaml"} and path.is_file())
    texts = tuple((f"{FOLDER}/{path.name}", _text(path) or "") for path in found)
    return Repository(top=root, found=top is not None, workflows=texts, actions=_actions(root, [t for _, t in texts]))


def _actions(root: Path, texts: list[str]) -> dict[str, str]:
    """The texts of the repository's own actions that these texts use, directly or indirectly, by their names there."""
    found: dict[str, str] = {}
    left = [*texts]
    while left:
        for name in map(str, _OWN_ACTION.findall(left.pop())):
            folder = name.rstrip("/")
            if folder not in found and (text := _action(root, folder)):
                found[folder] = text
                left.append(text)
    return found


def _action(root: Path, folder: str) -> str:
    """The text of an action; its path may start with the folder that the workflow checks out the repository to."""
    parts = PurePosixPath(folder).parts
    if ".." in parts:
        return ""
    places = (root.joinpath(*parts[start:]) for start in range(len(parts)))
    return next(filter(None, (_lenient(place / name) for place in places for name in _ACTION_FILES)), "")


def _text(path: Path) -> str | None:
    """The text with its line endings unchanged; None if there is no such file."""
    try:
        return read_text(path, newline="")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read ({error})") from error


def _lenient(path: Path) -> str:
    """The text of a file that only a build backend needs; empty if it cannot be read."""
    try:
        return read_text(path, errors="replace")
    except (OSError, ValueError):  # a name with NUL is a ValueError
        return ""


def _cargo(folder: Path, document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The project's Cargo.toml, if any, then those above it within the project, where a workspace may declare more."""
    named = (table_at(document, ("tool", "maturin")) or {}).get("manifest-path", "Cargo.toml")
    crate = (folder / str(named)).parent
    for place in dict.fromkeys((crate, *crate.parents)):
        if place == folder or folder in place.parents:
            with contextlib.suppress(ValueError):
                yield tomllib.loads(_lenient(place / "Cargo.toml"))


def _in_place(folder: Path, document: dict[str, Any]) -> str:
    """The file that configures modules to be compiled into the source tree; empty if none does."""
    tool = document.get("tool", {})
    poetry = table_at(tool, ("poetry",)) or {}
    script = poetry.get("build")
    script = script.get("script") if isinstance(script, dict) else script
    if isinstance(script, str):  # Poetry packages whatever the script leaves in the tree
        return script
    hook = (table_at(tool, ("hatch", "build", "hooks", "custom")) or {}).get("path", "hatch_build.py")
    for name in ("setup.py", "setup.cfg", str(hook)):
        if _IN_PLACE.search(_lenient(folder / name)):
            return name
    return ""


def _sources(folder: Path) -> Iterator[tuple[str, str]]:
    """The files that may define modules, as (path from the project, text)."""
    from ftwheel.core.project.declarations import is_source

    for path in _files(folder):
        relative = path.relative_to(folder).as_posix()
        if is_source(relative) and path.is_file() and path.stat().st_size <= _LARGEST:
            yield relative, path.read_text(encoding="utf-8", errors="replace")


def _named(folder: Path, name: str) -> Iterator[Path]:
    """The files with this name, starting with the one in the project's top folder; none if that is missing."""
    if (folder / name).is_file():
        yield from sorted((path for path in _files(folder) if path.name == name), key=lambda path: len(path.parts))


def _files(folder: Path) -> Iterator[Path]:
    """The project's files, without tests, build folders, vendored copies and nested projects."""
    seen = 0
    for top, folders, files in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith((".", "__")) and not _is_aside(name) and not _is_other(Path(top, name))
        )
        for name in sorted(files):
            seen += 1
            if seen > _MOST_FILES:
                return
            yield Path(top, name)


def _is_aside(name: str) -> bool:
    """Whether a folder with this name contains tests, documentation, build results or copies of other projects."""
    return name in _SKIPPED or bool(_TESTS.fullmatch(name))


def _is_other(folder: Path) -> bool:
    """Whether a folder is a virtual environment or a separate project."""
    return (
        (folder / "pyvenv.cfg").exists()
        or (folder / "PKG-INFO").exists()
        or "[project]" in (text := _lenient(folder / "pyproject.toml"))
        or "[build-system]" in text
        or bool(_NAMED.search(_lenient(folder / "setup.py")))
    )
