"""Reads a project's cibuildwheel options: ``[tool.cibuildwheel]`` and the ``CIBW_`` variables.

The precedence is cibuildwheel's (``OptionsReader.get`` in ``options.py``, 3.4.1 and 4.3.3): the table, the platform's
table, the variable, the platform's variable; the last one set wins, unless ``inherit`` appends to the previous one.
``[[tool.cibuildwheel.overrides]]`` apply to some identifiers and are left to cibuildwheel. Its own reader cannot be
used: ``init`` and the plans work without an installation, and it does not distinguish the project's values from its
defaults. ``tests/integration/test_cibuildwheel_itself.py`` compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ftwheel.core.errors import ConfigurationError

__all__ = ["CibuildwheelOptions", "read_options", "table_of"]

_GLOBAL_ONLY = frozenset({"build", "skip", "enable", "test-skip"})  # there is no CIBW_BUILD_LINUX


@dataclass(frozen=True, slots=True, kw_only=True)
class CibuildwheelOptions:
    """The project's cibuildwheel options; ``environ`` contains only the ``CIBW_`` variables."""

    table: Mapping[str, Any] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str, system: str, *, separator: str = " ") -> str | None:
        """The value for one of cibuildwheel's platforms, None if the project does not set it.

        The items of an array are joined with the separator. Tables are formatted differently for each option: see
        ``raw``.
        """
        value: str | None = None
        for found, rule in self._levels(name, system):
            text = separator.join(map(str, found)) if isinstance(found, list) else str(found)
            if value and rule != "none":
                value = f"{value}{separator}{text}" if rule == "append" else f"{text}{separator}{value}"
            else:
                value = text
        return value

    def raw(self, name: str, system: str) -> Any:
        """The effective value as written in TOML or the variable; None if it is not set."""
        return next((found for found, _ in reversed(self._levels(name, system))), None)

    def named_in_overrides(self, name: str) -> bool:
        """Whether an override sets the option for some identifiers."""
        overrides = self.table.get("overrides", ())
        return any(name in each for each in overrides if isinstance(each, Mapping))

    def where(self, name: str, system: str) -> str:
        """A description of where the value is set."""
        for variable in self._variables(name, system)[::-1]:
            if variable in self.environ:
                return variable
        if name in self._own(system):
            return f"[tool.cibuildwheel.{system}] {name}"
        return f"[tool.cibuildwheel] {name}"

    def _levels(self, name: str, system: str) -> list[tuple[Any, str]]:
        """Every value set, the most general first, with its inherit rule."""
        found = []
        for table in (self.table, self._own(system)):
            if name in table:
                inherit = table.get("inherit", {})
                found.append((table[name], inherit.get(name, "none") if isinstance(inherit, Mapping) else "none"))
        rule = "append" if name == "enable" else "none"
        variables = self._variables(name, system)
        return found + [(self.environ[variable], rule) for variable in variables if variable in self.environ]

    def _own(self, system: str) -> Mapping[str, Any]:
        return table_of(self.table, system)

    @staticmethod
    def _variables(name: str, system: str) -> tuple[str, ...]:
        variable = f"CIBW_{name.upper().replace('-', '_')}"
        return (variable,) if name in _GLOBAL_ONLY else (variable, f"{variable}_{system.upper()}")


def table_of(document: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """The table at a path of a document; empty if there is none."""
    found: Any = document
    for key in path:
        found = found.get(key, {}) if isinstance(found, Mapping) else {}
    return found if isinstance(found, Mapping) else {}


def read_options(document: Mapping[str, Any], environ: Mapping[str, str]) -> CibuildwheelOptions:
    """The options of a project: ``document`` is its pyproject.toml, ``environ`` the environment of cibuildwheel.

    Raises ConfigurationError when ``[tool.cibuildwheel]`` is not a table, or the options are in another file.
    """
    table = table_of(document, "tool").get("cibuildwheel", {})
    if not isinstance(table, Mapping):
        raise ConfigurationError(f"[tool.cibuildwheel]: found {table!r}, expected a table")
    if file := environ.get("CIBW_CONFIG_FILE"):
        raise ConfigurationError(
            f"CIBW_CONFIG_FILE is {file}, but the driver only reads [tool.cibuildwheel] in pyproject.toml",
            hint="move the options there",
        )
    own = {name: value for name, value in environ.items() if name.startswith("CIBW_")}
    return CibuildwheelOptions(table=table, environ=own)
