"""Reads a project's declarations before it is built."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ftwheel.core.build.interpreters import Interpreter
from ftwheel.core.build.stable_abi_plan import floor_of
from ftwheel.core.errors import ConfigurationError, InputError
from ftwheel.core.index.rules import IndexRules
from ftwheel.core.versions import specifier_set
from ftwheel.io.system.folders import from_here, near
from ftwheel.io.system.texts import read_text
from ftwheel_build.toml import loads

if TYPE_CHECKING:
    from ftwheel_build.config import Config

__all__ = ["SourceProject", "read_project"]

_PROJECT = "pass the folder that holds pyproject.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceProject:
    """A folder with a ``pyproject.toml`` or ``setup.py``, or a source distribution.

    ``folder`` contains its files: it is the project's own folder, or where a source distribution is unpacked
    temporarily. ``requires_python`` is empty if it is not static. ``pythons`` are those of ``[tool.ftwheel]``: ``3.14``
    is the default build and ``3.14t`` the free-threaded one; empty means any. ``ignored`` are codes of findings.
    ``floor`` is the minor version of ``stable-abi``, and ``abi3t`` is false with ``limited-api = "version-specific"``.
    """

    path: Path
    folder: Path
    requires_python: str = ""
    pythons: frozenset[str] = frozenset()
    allow_gil: bool = False
    index_rules: IndexRules = IndexRules.PYPI
    ignored: frozenset[str] = frozenset()
    floor: int | None = None
    abi3t: bool = True

    @property
    def is_sdist(self) -> bool:
        return self.path.is_file()

    def supports(self, interpreter: Interpreter) -> bool:
        """Whether requires-python includes an interpreter."""
        from packaging.specifiers import SpecifierSet

        return SpecifierSet(self.requires_python).contains(".".join(map(str, interpreter.version)))

    def wants(self, interpreter: Interpreter) -> bool:
        """Whether the project is built for an interpreter that was not requested explicitly."""
        return self.supports(interpreter) and (not self.pythons or interpreter.label in self.pythons)


def read_project(path: Path, *, sdist: Path | None = None) -> SourceProject:
    """Read a project without running any of its code; ``sdist`` is the file that its folder was unpacked from.

    Raises InputError if there is no project, and ConfigurationError if ``pyproject.toml`` cannot be read.
    """
    shown = from_here(sdist or path)
    if not path.is_dir():
        if not path.exists():
            raise InputError(f"{shown}: does not exist", hint=near(shown) or _here() or _PROJECT)
        wheel = path.suffix == ".whl"
        raise InputError(
            f"{shown}: {'a wheel' if wheel else 'a file'}, neither a project folder nor a source distribution"
            " (.tar.gz)",
            hint=f"to check it, run ftwheel check {shown}" if wheel else _PROJECT,
        )
    pyproject = Path(shown, "pyproject.toml")
    bare = SourceProject(path=sdist or path, folder=path)
    try:
        text = read_text(path / "pyproject.toml")
        table = loads(text)
    except FileNotFoundError:
        if (path / "setup.py").is_file():
            return bare
        alone = "setup.cfg alone cannot be built: add a pyproject.toml with [build-system]"
        raise InputError(
            f"{shown}: no pyproject.toml and no setup.py, so this is not a Python project",
            hint=alone if (path / "setup.cfg").is_file() else _PROJECT,
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{pyproject}: not valid TOML: it is not UTF-8", hint="save it as UTF-8") from error
    except ValueError as error:
        from ftwheel_build.config import after_merge

        hint = after_merge(text) or "correct that line"
        raise ConfigurationError(f"{pyproject}: not valid TOML ({error})", hint=hint) from error
    except OSError as error:
        raise ConfigurationError(
            f"{pyproject}: cannot be read ({error.strerror})", hint="check the path and its permissions"
        ) from error
    project = replace(bare, requires_python=_requires_python(pyproject, table))
    config = _own_table(pyproject, table)
    if config is None:
        return project
    return replace(
        project,
        pythons=frozenset(config.pythons),
        allow_gil=config.gil == "allow-used",
        index_rules=IndexRules(config.index_rules),
        ignored=frozenset(config.ignore),
        floor=floor_of(config.stable_abi),
        abi3t=config.limited_api != "version-specific",
    )


def _here() -> str:
    """A suggestion for a path that does not exist: the current folder, or those in it, if they are projects."""
    folders = sorted(Path().glob("*/pyproject.toml"))[:3]
    if Path("pyproject.toml").is_file():
        return "leave it out for the project in this folder"
    return f"projects here: {', '.join(str(each.parent) for each in folders)}" if folders else ""


def _own_table(pyproject: Path, table: dict[str, Any]) -> Config | None:
    """The ``[tool.ftwheel]`` configuration; None if the project has none."""
    tool = table.get("tool")
    if not isinstance(tool, dict) or "ftwheel" not in tool:
        return None
    from ftwheel_build.config import parse
    from ftwheel_build.errors import RefusedError

    try:
        return parse(tool["ftwheel"], where=f"{pyproject}: [tool.ftwheel]")
    except RefusedError as error:
        raise ConfigurationError(error.message, hint=error.fix) from error


def _requires_python(pyproject: Path, table: dict[str, Any]) -> str:
    project = table.get("project")
    said = project.get("requires-python", "") if isinstance(project, dict) else ""
    if not said:
        return ""
    from packaging.specifiers import InvalidSpecifier

    try:
        return str(specifier_set(said if isinstance(said, str) else repr(said)))
    except InvalidSpecifier as error:
        raise ConfigurationError(
            f"{pyproject}: project.requires-python is {said!r}, not a set of version specifiers",
            hint='write for example requires-python = ">=3.10"',
        ) from error
