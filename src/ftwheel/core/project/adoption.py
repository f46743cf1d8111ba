"""Decides what a project needs to ship pairs of wheels: the edits of its pyproject.toml, and notes for its author.

Existing settings win: only an explicit request replaces one. A project that has already adopted ftwheel gets nothing
but what is requested. Sources: PEP 517 and 518 for ``[build-system]`` and its defaults, PEP 621 for ``[project]``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from packaging.requirements import InvalidRequirement
from packaging.utils import canonicalize_name

from ftwheel.core.errors import ConfigurationError, InputError
from ftwheel.core.listing import listed_briefly
from ftwheel.core.project.cibuildwheel_updates import updates
from ftwheel.core.project.declarations import Declarations
from ftwheel.core.project.proposals import proposed
from ftwheel.core.project.stable_abi import StableAbiFloor
from ftwheel.core.project.toml_edits import Edit, Insert, Put, Remove, applied, table_at
from ftwheel.core.versions import pep508_requirement

__all__ = ["STATUSES", "WRAPPER", "AdoptionPlan", "AdoptionRequest", "ProjectScan", "adopt", "found"]

WRAPPER = "ftwheel_build"
_DISTRIBUTION = "ftwheel-build"
STATUSES: Mapping[str, str] = {
    name: f"Programming Language :: Python :: Free Threading :: {number} - {name.capitalize()}"
    for number, name in enumerate(("unstable", "beta", "stable", "resilient"), 1)
}
"""The trove classifiers for free threading, by the word that names one."""

_FREE_THREADING = "Programming Language :: Python :: Free Threading"
_LEGACY = "setuptools.build_meta:__legacy__"  # what PEP 517 frontends use if no backend is named
_FLOORS = {"setuptools": "setuptools>=77", "cython": "Cython>=3.1", "cffi": "cffi>=2", "pybind11": "pybind11>=3"}
_COMPILERS = ("mesonpy", "maturin", "scikit_build_core.build", "scikit_build_core.setuptools.build_meta")
_PURE = {"flit_core.buildapi": "flit-core", "uv_build": "uv_build"}
_HOOKED = {
    "hatchling.build": (("tool", "hatch", "build", "hooks"), ("tool", "hatch", "build", "targets", "wheel", "hooks")),
    "poetry.core.masonry.api": (("tool", "poetry", "build"),),
    "pdm.backend": (("tool", "pdm", "build"),),
}
_SETUPTOOLS = ("setuptools.build_meta", _LEGACY)
_COMPILING = re.compile(
    r"\b(?:\w*Extension|cythonize|mypycify)\s*\(|\b(?:ext_modules|cffi_modules|rust_extensions)\s*=|\bskbuild\b"
)
_IMPORTS = re.compile(r"^(?:from|import)\s+(Cython|cffi|pybind11|numpy)\b", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectScan:
    """What was found in a project, without running any of its code.

    ``pyproject`` is the text of the file, None if there is none; ``document`` is its parsed content.
    ``requires_python`` comes from any of the places that can declare it. ``floors`` are the oldest versions of a stable
    ABI that the project requests from its backend; ``abi3t_feature`` is the PyO3 feature it lacks for a wheel for both
    builds. ``in_place`` names the file that compiles modules into the source tree. ``supported`` are the minor versions
    of CPython that get security fixes, None if that does not matter.
    """

    pyproject: str | None = None
    document: Mapping[str, Any] = field(default_factory=dict)
    setup_py: str | None = None
    setup_cfg: str | None = None
    requires_python: str = ""
    floors: tuple[StableAbiFloor, ...] = ()
    abi3t_feature: str = ""
    in_place: str = ""
    supported: tuple[int, ...] | None = None
    declarations: Declarations = field(default_factory=Declarations)
    test_folder: str = ""

    @property
    def adopted(self) -> bool:
        """Whether the wrapper is the build backend."""
        return (table_at(self.document, ("build-system",)) or {}).get("build-backend") == WRAPPER

    @property
    def limited_api(self) -> str:
        """The version of the stable ABI that every setting allows: the newest one named; empty if none is."""
        return self.floors[-1].version if self.floors else ""

    @property
    def proposed(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The pythons and the platform tags to propose; raises ConfigurationError when nothing is left to build."""
        today = applied(self.document, updates(self.document)[0])
        return proposed(today, self.requires_python, supported=self.supported)

    @property
    def compiles(self) -> bool:
        """Whether any module sources were found."""
        return self.declarations.all_declare is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptionRequest:
    """The author's request; None or empty by default.

    ``backend`` names an unknown backend to wrap; ``compiled`` asserts that there are modules to compile although none
    were found; ``status`` is a key of ``STATUSES``.
    """

    pythons: tuple[str, ...] | None = None
    platforms: tuple[str, ...] | None = None
    gil: str | None = None
    stable_abi: str | None = None
    status: str | None = None
    backend: str | None = None
    compiled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptionPlan:
    """The edits of pyproject.toml in order, what they are based on, and notes for the author."""

    edits: tuple[Edit, ...]
    found: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def adopt(scan: ProjectScan, request: AdoptionRequest) -> AdoptionPlan:
    """Decide the edits.

    Raises InputError for a project that cannot be adopted (it compiles nothing, its backend is unknown, or a classifier
    is requested that it does not declare), ConfigurationError for an inconsistent pyproject.toml.
    """
    backend, edits = _wrapped(scan, request)
    own = table_at(scan.document, ("tool", "ftwheel")) or {}
    notes: list[str] = []
    if not scan.adopted:
        _compiles(scan, request, backend)
        older, notes = _updates(scan)
        edits += older
    edits += _settings(scan, request, own)
    status, missing = _classifier(scan, request)
    edits += status
    notes += missing
    notes += _about_gil(scan, request, own)
    notes += _about_pairs(scan, request, own)
    notes += _about_stable_abi(scan)
    notes += _about_builds_in_place(scan)
    return AdoptionPlan(edits=tuple(edits), found=_found(scan, backend), notes=tuple(notes))


def _updates(scan: ProjectScan) -> tuple[list[Edit], list[str]]:
    """Edits of the settings in the project's table that current cibuildwheel rejects."""
    edits, notes = updates(scan.document)
    return list(edits), list(notes)


def _wrapped(scan: ProjectScan, request: AdoptionRequest) -> tuple[str, list[Edit]]:
    """Return the backend that does the work, and the edits that wrap it."""
    system = table_at(scan.document, ("build-system",))
    own = table_at(scan.document, ("tool", "ftwheel")) or {}
    named = (system or {}).get("build-backend")
    requires = (system or {}).get("requires")
    if system is not None and not _strings(requires):
        raise ConfigurationError(
            f"pyproject.toml: [build-system] requires is {requires!r}, expected an array of strings",
            hint="list the requirements of the build backend (PEP 518)",
        )
    edits: list[Edit] = []
    if named == WRAPPER:
        backend = request.backend or own.get("build-backend", "")
        if not backend:
            raise ConfigurationError(
                "pyproject.toml: ftwheel_build is the build backend, but [tool.ftwheel] names none to wrap",
                hint="name it with --build-backend, for example --build-backend setuptools.build_meta",
            )
    else:
        backend = _backend(str(named or ""), system, scan, request)
    if system is None:
        made = ("build-system",)
        needed = (_DISTRIBUTION, *_requirements(scan))
        edits.append(Put(table=made, key="requires", value=needed, why="required by setuptools, the default"))
        edits.append(Put(table=made, key="build-backend", value=WRAPPER, why="the wrapper builds"))
    else:
        if not any(_name(text) == _DISTRIBUTION for text in requires or ()):
            edits.append(
                Insert(
                    table=("build-system",),
                    key="requires",
                    value=_DISTRIBUTION,
                    position=0,
                    why="the wrapper is needed",
                )
            )
        if named != WRAPPER:
            edits.append(Put(table=("build-system",), key="build-backend", value=WRAPPER, why="the wrapper builds"))
        if "backend-path" in system:
            edits.append(Remove(table=("build-system",), key="backend-path", why="it moves to [tool.ftwheel]"))
    if own.get("build-backend") != backend:
        edits.append(Put(table=("tool", "ftwheel"), key="build-backend", value=backend, why="what the wrapper wraps"))
    if (path := (system or {}).get("backend-path")) is not None:
        if not _strings(path):
            raise ConfigurationError(
                f"pyproject.toml: [build-system] backend-path is {path!r}, expected an array of strings"
            )
        edits.append(Put(table=("tool", "ftwheel"), key="backend-path", value=tuple(path), why="from [build-system]"))
    return backend, edits


def _strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _backend(named: str, system: Mapping[str, Any] | None, scan: ProjectScan, request: AdoptionRequest) -> str:
    """The name of the backend to wrap, provided that it is known, something is compiled, or the author confirmed it."""
    backend = request.backend or named or _LEGACY
    if request.backend and named and request.backend != named:
        raise InputError(
            f"--build-backend {request.backend}: pyproject.toml names {named!r}",
            hint="change the backend first, or drop the option",
        )
    if request.backend and system is None and backend not in _SETUPTOOLS:
        raise InputError(
            f"--build-backend {backend}: its requirements are unknown",
            hint="add [build-system] with requires and build-backend to pyproject.toml first",
        )
    known = {*_COMPILERS, *_PURE, *_HOOKED, *_SETUPTOOLS}
    if request.backend or scan.compiles or backend in known or "backend-path" in (system or {}):
        return backend
    raise InputError(
        f"pyproject.toml: unknown build backend {backend!r}",
        hint=f"if it compiles modules, wrap it with --build-backend {backend}",
    )


def _requirements(scan: ProjectScan) -> tuple[str, ...]:
    """The build requirements of a setup.py that declares none: setuptools, and the packages it imports."""
    imported = sorted({match[1].lower() for match in _IMPORTS.finditer(scan.setup_py or "")})
    return tuple(_FLOORS.get(name, name) for name in ("setuptools", *imported))


def _name(text: str) -> str:
    try:
        return canonicalize_name(pep508_requirement(text).name)
    except InvalidRequirement:
        return ""


def _compiles(scan: ProjectScan, request: AdoptionRequest, backend: str) -> None:
    """Reject a pure Python project, which does not need a pair of wheels."""
    in_tree = "backend-path" in (table_at(scan.document, ("build-system",)) or {}) and backend not in _PURE
    if request.compiled or backend in _COMPILERS or in_tree or (request.backend and backend not in _PURE):
        return
    if scan.compiles and backend not in _PURE:
        return
    if backend in _SETUPTOOLS:
        table = table_at(scan.document, ("tool", "setuptools")) or {}
        rust = table_at(scan.document, ("tool", "setuptools-rust")) or {}
        texts = (scan.setup_py or "", scan.setup_cfg or "")
        if "ext-modules" in table or "ext-modules" in rust or any(map(_COMPILING.search, texts)):
            return
        looked = "setup.py, setup.cfg and [tool.setuptools] name no extension modules"
    elif backend in _PURE:
        raise InputError(
            f"{_PURE[backend]} compiles nothing: one pure wheel (py3-none-any) serves both builds of CPython",
            hint="there is no pair to build; ftwheel missing checks the dependencies",
        )
    else:
        if any(table_at(scan.document, path) is not None for path in _HOOKED[backend]):
            return
        looked = f"{backend} has no build hook here"
    raise InputError(
        f"the project compiles nothing: {looked}, so one pure wheel serves both builds of CPython",
        hint="if it does compile something, pass --compiled",
    )


def _settings(scan: ProjectScan, request: AdoptionRequest, own: Mapping[str, Any]) -> list[Edit]:
    """Edits of the other keys of [tool.ftwheel]: requested ones, plus the proposals on the first run."""
    pythons, platforms, floor = request.pythons, request.platforms, request.stable_abi
    if not scan.adopted:
        if (pythons is None and "pythons" not in own) or (platforms is None and "platforms" not in own):
            found = scan.proposed
            pythons = pythons if pythons is not None or "pythons" in own else found[0]
            platforms = platforms if platforms is not None or "platforms" in own else found[1]
        if floor is None and "stable-abi" not in own:
            floor = scan.limited_api
    wanted = (
        ("gil", request.gil, "requested"),
        ("pythons", pythons, "the interpreters to serve"),
        ("platforms", platforms, "the platforms to serve"),
        ("stable-abi", floor, "the default wheel is for the stable ABI"),
    )
    return [
        Put(table=("tool", "ftwheel"), key=key, value=value, why=why)
        for key, value, why in wanted
        if value and own.get(key) != (list(value) if isinstance(value, tuple) else value)
    ]


def _classifier(scan: ProjectScan, request: AdoptionRequest) -> tuple[list[Edit], list[str]]:
    """The free-threading classifier, if requested; never a second one."""
    if request.status is None:
        return [], []
    classifier = STATUSES[request.status]
    if scan.declarations.all_declare is not True:
        found = listed_briefly(scan.declarations.undeclared) or "no source of a module was found"
        raise InputError(
            f"--free-threading {request.status}: the sources do not declare it ({found})",
            hint="declare it in the modules first, or write the classifier yourself",
        )
    project = table_at(scan.document, ("project",))
    there = (project or {}).get("classifiers")
    if project is not None and there is None and "classifiers" not in project.get("dynamic", ()):
        why = "the modules declare it"
        return [Put(table=("project",), key="classifiers", value=(classifier,), why=why)], []
    if not _strings(there):
        return [], [f"classifiers are not in pyproject.toml; add this one to them: {classifier}"]
    present = [text for text in there or () if text.startswith(_FREE_THREADING)]
    if present:
        return [], [] if classifier in present else [f"the existing classifier is kept: {present[0]}"]
    return [
        Insert(
            table=("project",),
            key="classifiers",
            value=classifier,
            position=_position(there or (), classifier),
            why="the modules declare it",
        )
    ], []


def _position(classifiers: Sequence[str], new: str) -> int:
    """Where to insert a classifier: alphabetically if the list is sorted, else after related ones, else at the end."""
    if list(classifiers) == sorted(classifiers):
        return sum(text < new for text in classifiers)
    relatives = [index for index, text in enumerate(classifiers) if text.startswith("Programming Language :: Python")]
    return relatives[-1] + 1 if relatives else len(classifiers)


def _about_gil(scan: ProjectScan, request: AdoptionRequest, own: Mapping[str, Any]) -> list[str]:
    if (request.gil or own.get("gil")) == "allow-used" or not scan.declarations.undeclared:
        return []
    files = listed_briefly(scan.declarations.undeclared)
    note = (
        f"nothing declares that these modules do not need the GIL: {files}. Free-threaded Python turns the GIL on when "
        'it imports them, and ftwheel check fails. Declare it, or set gil = "allow-used" (--gil allow-used)'
    )
    return [note]


def _about_pairs(scan: ProjectScan, request: AdoptionRequest, own: Mapping[str, Any]) -> list[str]:
    pythons = request.pythons or own.get("pythons") or scan.proposed[0]
    if any(str(python).endswith("t") for python in pythons):
        return []
    left = ", ".join(map(str, pythons))
    return [
        f"there will be no pair: requires-python, [tool.cibuildwheel] or pythons exclude free-threaded builds ({left})"
    ]


def _about_stable_abi(scan: ProjectScan) -> list[str]:
    notes = []
    if len({floor.minor for floor in scan.floors}) > 1:
        said = ", ".join(f"{floor.version} ({floor.where})" for floor in scan.floors)
        notes.append(
            f"the stable ABI versions disagree: {said}. A wheel must not promise an older version than its modules"
            f" are compiled for, so {scan.limited_api} is used; make them agree"
        )
    if scan.abi3t_feature:
        notes.append(
            f'add the feature "{scan.abi3t_feature}" of pyo3 in Cargo.toml: then one wheel (cp315-abi3.abi3t) serves'
            " both builds of 3.15 and newer"
        )
    return notes


def _about_builds_in_place(scan: ProjectScan) -> list[str]:
    if scan.adopted or not scan.in_place:
        return []
    note = (
        f"{scan.in_place} compiles modules into the source tree. If one tree is built for several interpreters, as"
        " cibuildwheel does, the module of the first ends up in the wheel of the second, and the wrapper stops the"
        " build. Remove it between builds, for example: [tool.cibuildwheel] before-build ="
        " \"python -c \\\"import pathlib; [each.unlink() for each in pathlib.Path('src').rglob('*.so')]\\\"\""
    )
    return [note]


def found(scan: ProjectScan) -> tuple[tuple[str, str], ...]:
    """What was found in a project, to show before any question."""
    named = (table_at(scan.document, ("build-system",)) or {}).get("build-backend")
    return _found(scan, str(named or _LEGACY))


def _found(scan: ProjectScan, backend: str) -> tuple[tuple[str, str], ...]:
    judged = scan.declarations
    found_none = not (judged.declared or judged.by_default or judged.undeclared)
    unknown = "cannot tell: no source that defines a module was found" if found_none else ""
    says: Iterable[tuple[str, str]] = (
        ("build backend", f"{backend} (wrapped)" if scan.adopted else backend),
        ("requires-python", str((table_at(scan.document, ("project",)) or {}).get("requires-python", ""))
         or scan.requires_python or "not said"),
        ("stable ABI", f"from {scan.limited_api} ({scan.floors[-1].where})" if scan.floors else ""),
        ("cibuildwheel", "" if table_at(scan.document, ("tool", "cibuildwheel")) is None else "[tool.cibuildwheel]"),
        ("declares", listed_briefly(judged.declared) or unknown),
        ("declares by default (PyO3)", listed_briefly(judged.by_default)),
        ("does not declare", listed_briefly(judged.undeclared)),
    )  # fmt: skip
    return tuple((name, value) for name, value in says if value)
