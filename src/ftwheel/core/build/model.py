"""The types of a build: its plan, its results, and ``Builder``, its interface to the outside.

``ftwheel.app.build.build`` makes the decisions, ``ftwheel.io.build.local`` implements ``Builder``, and renderers show
the results.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ftwheel.core.build.interpreters import Interpreter
from ftwheel.core.build.stable_abi_plan import PythonBuild, newer_builder
from ftwheel.core.errors import FtwheelError
from ftwheel.core.findings import Finding, Severity, worst
from ftwheel.core.index.rules import IndexRules
from ftwheel.core.wheel.filename import WheelName
from ftwheel.core.wheel.imports import ImportResult

if TYPE_CHECKING:
    from ftwheel.core.wheel.contents import WheelContents
    from ftwheel.core.wheel.reports import Imported

__all__ = [
    "BuildObserver",
    "BuildPlan",
    "BuildResult",
    "BuildStage",
    "Builder",
    "BuiltSdist",
    "BuiltWheel",
    "ConfigSettings",
    "Repair",
]

ConfigSettings = Mapping[str, str | Sequence[str]]  # as passed by PEP 517 frontends: a repeated key has a list


class BuildStage(enum.Enum):
    """The stage of one wheel's build; the value is shown to the user."""

    SOURCE = "copying the source"
    ENVIRONMENT = "creating the build environment"
    REQUIREMENTS = "getting the build requirements"
    BUILD = "building"
    CONTAINER = "starting a container"
    REPAIR = "repairing"
    CHECK = "checking"
    TEST = "running the project's tests"
    IMPORT = "importing its modules"
    DONE = "done"
    FAILED = "failed"


class BuildObserver(Protocol):
    """Receives the progress of a build, from several threads."""

    def stage(self, label: str, stage: BuildStage) -> None:
        """Report a stage; ``label`` is the build (``3.14t``) or ``sdist``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPlan:
    """What to build: every interpreter once, with the two builds of a version next to each other.

    ``serves`` maps a builder's label to the other interpreters its wheel is for (``[tool.ftwheel] stable-abi``): they
    build nothing but also import the modules. ``inferred`` means that the stable ABI was inferred from other settings;
    an interpreter that the wheel does not serve then builds its own. ``allow_gil`` makes a module that enables the GIL
    a warning (``[tool.ftwheel] gil = "allow-used"``). ``index_rules`` says whose upload rules give warnings. Findings
    with a code in ``ignored`` are dropped.
    """

    interpreters: tuple[Interpreter, ...]
    serves: Mapping[str, tuple[Interpreter, ...]] = field(default_factory=dict)
    inferred: bool = False
    sdist: bool = False
    repair: bool = True
    import_modules: bool = True
    allow_gil: bool = False
    index_rules: IndexRules = IndexRules.PYPI
    ignored: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """The result of a repair.

    ``tool`` is "" when nothing was repaired; ``reason`` explains the platform tag. ``grafted`` are the libraries copied
    into the wheel.
    """

    tool: str
    before: str
    after: str
    reason: str
    grafted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltWheel:
    """One finished file.

    ``path`` is its location in the output folder, or "" if findings prevented writing it. ``interpreters`` are those it
    is for: one for a version-specific wheel, several for a pure or ``abi3`` wheel; the first one built it. ``modules``
    are dotted names, sorted. ``seconds`` is the wall time from the copy of the source to the last import, of the
    slowest build.
    """

    path: str
    filename: str
    size: int
    sha256: str
    interpreters: tuple[Interpreter, ...]
    modules: tuple[str, ...]
    repair: Repair
    imports: tuple[Imported, ...]
    seconds: float

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on the interpreter that built it."""
        first = self.interpreters[0]
        builder = PythonBuild(minor=first.minor[1], free_threaded=first.free_threaded)
        return tuple(filter(None, [newer_builder(WheelName.parse(self.filename), builder)]))


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltSdist:
    """The source distribution the wheels were built from; ``path`` as for wheels."""

    path: str
    filename: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """The result of one run. ``findings`` are sorted.

    With an error among them, or a ``failure``, no file was written. ``failure`` is why other wheels could not be built.
    """

    project: str
    version: str
    out_dir: str
    wheels: tuple[BuiltWheel, ...]
    findings: tuple[Finding, ...]
    failure: FtwheelError | None = None
    sdist: BuiltSdist | None = None
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether the files were written to the output folder."""
        return self.failure is None and worst(self.findings) is not Severity.ERROR


class Builder(Protocol):
    """What a build may do outside the core, in a private workspace that exists only for the build.

    Methods with an interpreter are called concurrently for several interpreters, each from its own thread. They raise
    BuildError, with the relevant part of the log, or MissingToolError.
    """

    def make_sdist(self, interpreter: Interpreter, observer: BuildObserver) -> str:
        """Build the source distribution; later wheels are built from it. Returns its path in the workspace."""
        ...

    def make_wheel(self, interpreter: Interpreter, observer: BuildObserver) -> str:
        """Build one wheel in an isolated environment from a private copy of the source. Returns its path."""
        ...

    def inspect(self, wheel: str, interpreter: Interpreter) -> tuple[Finding, ...]:
        """The findings about the tags and the content of a wheel that this interpreter built."""
        ...

    def repair(self, wheel: str, interpreter: Interpreter) -> tuple[str, Repair]:
        """Make the wheel self-contained for its platform, which may change its tag and path."""
        ...

    def read(self, wheel: str, interpreter: Interpreter, *, thorough: bool) -> WheelContents:
        """The content of the wheel; ``thorough`` also follows the code of its modules."""
        ...

    def import_modules(self, wheel: str, interpreter: Interpreter, modules: Sequence[str]) -> tuple[ImportResult, ...]:
        """Install the wheel into a temporary environment and import each module in its own process."""
        ...

    def log_of(self, label: str) -> str:
        """The build output of a wheel (``3.14t``), without its middle if it is long; "" if nothing was built here."""
        ...

    def digest(self, path: str) -> tuple[int, str]:
        """Size in bytes and SHA-256 of a file in the workspace."""
        ...

    def publish(self, paths: Sequence[str]) -> tuple[str, ...]:
        """Move files to the output folder, all or none, each atomically; returns their new paths."""
        ...

    def stable_symbols(self) -> Mapping[str, int]:
        """Each symbol of the stable ABI with the minor version of CPython 3 that added it."""
        ...

    def stop(self) -> None:
        """Stop every running program; methods waiting for one raise an error."""
        ...

    def clock(self) -> float:
        """Seconds since an arbitrary moment."""
        ...
