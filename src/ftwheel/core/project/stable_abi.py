"""Decides from a project's settings whether its default wheel targets the stable ABI, and from which version.

Only explicit settings count: ``py_limited_api`` of setuptools' ``bdist_wheel`` (setup.cfg, ``[tool.distutils]``, a
literal in setup.py, a ``get_tag`` that returns ``cp39`` and ``abi3``), ``wheel.py-api`` of scikit-build-core,
``limited_api`` in meson.build or the option it refers to, the feature ``abi3-py3N`` of PyO3 in Cargo.toml or for
maturin, and the macro ``Py_LIMITED_API`` with its number.
"""

from __future__ import annotations

import configparser
import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ftwheel.core.project.toml_edits import table_at
from ftwheel.core.tags.cpython import FIRST_ABI3T

__all__ = [
    "StableAbiFloor",
    "StableAbiSources",
    "abi3t_feature",
    "asks_for_abi3t",
    "pyo3_dependencies",
    "stable_abi_floors",
]

_TAG = re.compile(r"\bcp3(\d{1,2})(?![\dt])")
_TAG_T = re.compile(r"\bcp3\d{1,2}t\b")
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
_SETUP_PY = (
    re.compile(r"""\bpy_limited_api["']?\]?\s*[:=,]\s*["']cp3(\d{1,2})["']"""),
    re.compile(r"""--py-limited-api(?:=|["']\s*,\s*["'])cp3(\d{1,2})\b"""),
    re.compile(r"""["']cp3(\d{1,2})["']\s*,\s*["']abi3["']"""),  # get_tag() of a bdist_wheel class
)
_MESON = re.compile(r"\blimited_api'?\s*:\s*'3\.(\d{1,2})'")
_MESON_OPTION = re.compile(r"\blimited_api'?\s*:\s*get_option\(\s*'([^']+)'\s*\)")
_MACRO = re.compile(r"Py_LIMITED_API\b[^\w\n]{1,8}0x03([0-9a-fA-F]{2})[0-9a-fA-F]{4}\b")
_FEATURE = re.compile(r"(?:pyo3(?:-ffi)?\??/)?abi3-py3(\d{1,2})")
_ABI3T = re.compile(r"(?:pyo3(?:-ffi)?\??/)?abi3t(?:-py3\d{1,2})?")
_NUMBERS = re.compile(r"(\d+)\.(\d+)")
_FIRST_WITH_ABI3T = (0, 29)  # PyO3


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class StableAbiFloor:
    """The floor of a stable ABI, CPython 3.``minor``, and the setting that defines it."""

    minor: int
    where: str

    @property
    def version(self) -> str:
        """``3.9``"""
        return f"3.{self.minor}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StableAbiSources:
    """The texts that may set a floor.

    ``meson_build`` holds every meson.build of the project, ``meson_options`` the options they may refer to; ``cargo``
    holds the Cargo.toml of the crate and of its enclosing workspaces.
    """

    document: Mapping[str, Any]
    setup_py: str = ""
    setup_cfg: str = ""
    meson_build: str = ""
    meson_options: str = ""
    cargo: Sequence[Mapping[str, Any]] = ()


def stable_abi_floors(sources: StableAbiSources) -> tuple[StableAbiFloor, ...]:
    """Every floor with its source, the oldest first; empty if no setting uses the stable ABI."""
    return tuple(sorted({StableAbiFloor(minor=minor, where=where) for where, minor in _named(sources)}))


def _named(sources: StableAbiSources) -> Iterator[tuple[str, int]]:
    tables = (
        ("[tool.scikit-build] wheel.py-api", ("scikit-build", "wheel"), ("py-api",)),
        ("[tool.distutils.bdist_wheel]", ("distutils", "bdist_wheel"), ("py-limited-api", "py_limited_api")),
    )
    for where, path, keys in tables:
        table = table_at(sources.document, ("tool", *path)) or {}
        for key in keys:
            if match := _TAG.search(str(table.get(key, ""))):
                yield where, int(match[1])
    yield from (("setup.cfg", minor) for minor in _in_setup_cfg(sources.setup_cfg))
    modules = (table_at(sources.document, ("tool", "setuptools")) or {}).get("ext-modules")
    setup_py, meson_build = (_COMMENT.sub("", text) for text in (sources.setup_py, sources.meson_build))
    texts = (
        ("setup.py", _SETUP_PY, setup_py),
        ("meson.build", (_MESON,), meson_build),
        ("[[tool.setuptools.ext-modules]]", (), str(modules)),
    )
    for where, patterns, text in texts:
        yield from ((where, int(match[1])) for pattern in patterns for match in pattern.finditer(text))
        yield from ((f"Py_LIMITED_API in {where}", int(match[1], 16)) for match in _MACRO.finditer(text))
    for asked in _MESON_OPTION.finditer(meson_build):
        option = rf"\boption\(\s*'{re.escape(asked[1])}'(?:(?!\boption\().)*?\bvalue\s*:\s*'3\.(\d{{1,2}})'"
        if match := re.search(option, sources.meson_options, re.DOTALL):
            yield f"the option {asked[1]} of Meson", int(match[1])
    if minors := [int(match[1]) for feature in _pyo3_features(sources) if (match := _FEATURE.fullmatch(feature))]:
        yield "the features of PyO3", min(minors)  # the oldest wins: a feature enables those of newer versions


def _in_setup_cfg(text: str) -> Iterator[int]:
    parser = configparser.RawConfigParser(strict=False)
    with contextlib.suppress(configparser.Error):
        parser.read_string(text)
    for key in ("py_limited_api", "py-limited-api"):
        if match := _TAG.match(parser.get("bdist_wheel", key, fallback="")):
            yield int(match[1])


def _pyo3_features(sources: StableAbiSources) -> Iterator[str]:
    """The features that a build enables, including the crate's own features and those they enable in turn."""
    maturin = (table_at(sources.document, ("tool", "maturin")) or {}).get("features")
    asked = [*_strings(maturin), "default"]
    for cargo in sources.cargo:
        for pyo3 in pyo3_dependencies(cargo):
            yield from _strings(pyo3.get("features"))
    seen: set[str] = set()
    while asked:
        name = asked.pop()
        if name not in seen:
            seen.add(name)
            yield name
            asked += [
                each for cargo in sources.cargo for each in _strings((table_at(cargo, ("features",)) or {}).get(name))
            ]


def pyo3_dependencies(cargo: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The PyO3 dependency, even if renamed; a table even if only its version is given."""
    places: list[Mapping[str, Any] | None] = [
        table_at(cargo, ("dependencies",)),
        table_at(cargo, ("workspace", "dependencies")),
    ]
    targets = table_at(cargo, ("target",)) or {}
    places += [table_at(targets, (name, "dependencies")) for name in targets]
    for place in places:
        for name, found in (place or {}).items():
            table = {"version": found} if isinstance(found, str) else found
            if isinstance(table, Mapping) and table.get("package", name) in {"pyo3", "pyo3-ffi"}:
                yield table


def _strings(value: object) -> list[str]:
    """The strings in a list, and the ``feature`` of its tables: maturin's conditional features."""
    found = (
        [item.get("feature") if isinstance(item, Mapping) else item for item in value]
        if isinstance(value, list)
        else []
    )
    return [item for item in found if isinstance(item, str)]


def abi3t_feature(sources: StableAbiSources) -> str:
    """The PyO3 feature for a wheel that serves both builds, if it can be added: ``abi3t-py315``.

    Empty if PyO3 is not used with the stable ABI, already has the feature, or is older than 0.29, which introduced it.
    """
    features = list(_pyo3_features(sources))
    wanted = any(map(_FEATURE.fullmatch, features)) and not any(map(_ABI3T.fullmatch, features))
    versions = [
        (int(match[1]), int(match[2]))
        for cargo in sources.cargo
        for pyo3 in pyo3_dependencies(cargo)
        if (match := _NUMBERS.search(str(pyo3.get("version", ""))))
    ]
    return f"abi3t-py3{FIRST_ABI3T}" if wanted and versions and min(versions) >= _FIRST_WITH_ABI3T else ""


def asks_for_abi3t(sources: StableAbiSources) -> bool:
    """Whether the project's settings use the stable ABI for both builds: a PyO3 feature, ``cp315t``, or a tag."""
    scikit_build = table_at(sources.document, ("tool", "scikit-build", "wheel")) or {}
    return (
        any(map(_ABI3T.fullmatch, _pyo3_features(sources)))
        or bool(_TAG_T.search(str(scikit_build.get("py-api", ""))))
        or "abi3t" in sources.setup_py
    )
