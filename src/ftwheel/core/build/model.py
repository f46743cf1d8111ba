"""What a build of a pair is made of, and what it asks of the world.

``ftwheel.app.build.build`` decides; ``Builder`` is all it may do outside, implemented by ``ftwheel.io.build.local``.
The result types are what the renderers get.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ftwheel.core.build.interpreters import Interpreter
from ftwheel.core.build.stable_abi_plan import PythonBuild, newer_builder
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

ConfigSettings = Mapping[str, str | Sequence[str]]  # as PEP 517 frontends pass them: a repeated key has a list


class BuildStage(enum.Enum):
    """Where the build of one wheel stands; the value is what the user reads."""

    SOURCE = "copying the source"
    ENVIRONMENT = "making the build environment"
    REQUIREMENTS = "asking the backend what it needs"
    BUILD = "building"
    CONTAINER = "starting a container"
    REPAIR = "repairing"
    CHECK = "checking"
    TEST = "running the project's tests"
    IMPORT = "importing its modules"
    DONE = "done"
    FAILED = "failed"


class BuildObserver(Protocol):
    """Hears how a build goes on; called from several threads."""

    def stage(self, label: str, stage: BuildStage) -> None:
        """``label`` is the build (``3.14t``) or ``sdist``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPlan:
    """What to build: every interpreter once, the two builds of a version next to each other.

    ``serves`` names by the label of a builder the other interpreters that its wheel is for (``[tool.ftwheel]
    stable-abi``): nothing is built with those, and the modules are imported in them, too. ``inferred`` says that the
    project's other settings were asked instead: an interpreter that the wheel does not serve builds one of its own.
    ``allow_gil`` makes a module that enables the GIL a warning (``[tool.ftwheel] gil = "allow-used"``).
    ``index_rules`` says whose rules about uploads give warnings. Findings with a
    code in ``ignored`` are dropped.
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
    """What a repair made of the platform tag.

    ``tool`` is "" when nothing was repaired, and ``reason`` says why the tag is what it is. ``grafted`` names the
    libraries that were copied into the wheel.
    """

    tool: str
    before: str
    after: str
    reason: str
    grafted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltWheel:
    """One finished file.

    ``path`` is where it is in the output folder, or "" when it was not put there because of findings. ``interpreters``
    are those that it was built for: one for a version-specific wheel, more for a pure wheel or one with ``abi3``; the
    file is the build of the first. ``modules`` are dotted names, sorted. ``seconds`` is the wall time from the copy of
    the source to the last import, of the slowest of those builds.
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
        """What to know about who built it."""
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
    """Everything one run made and found. ``findings`` are sorted; with an error among them no file was written."""

    project: str
    version: str
    out_dir: str
    wheels: tuple[BuiltWheel, ...]
    findings: tuple[Finding, ...]
    sdist: BuiltSdist | None = None
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether the files were put into the output folder."""
        return worst(self.findings) is not Severity.ERROR


class Builder(Protocol):
    """What a build may do outside: one private place of work, made before and removed after it.

    Methods with an interpreter are called for several interpreters at once, each from its own thread. Failures are
    BuildError, with the interesting end of the log, or MissingToolError.
    """

    def make_sdist(self, interpreter: Interpreter, observer: BuildObserver) -> str:
        """Build the source distribution; later wheels are built from it. Returns its path in the workspace."""
        ...

    def make_wheel(self, interpreter: Interpreter, observer: BuildObserver) -> str:
        """Build one wheel in an isolated environment from a private copy of the source. Returns its path."""
        ...

    def inspect(self, wheel: str, interpreter: Interpreter) -> tuple[Finding, ...]:
        """Whether the wheel is what a build by this interpreter has to come to: its tags, and what is inside."""
        ...

    def repair(self, wheel: str, interpreter: Interpreter) -> tuple[str, Repair]:
        """Make the wheel stand on its own on other machines of its platform, which may change its tag and its path."""
        ...

    def read(self, wheel: str, interpreter: Interpreter, *, thorough: bool) -> WheelContents:
        """What is in the wheel; ``thorough`` also walks the code of its modules."""
        ...

    def import_modules(self, wheel: str, interpreter: Interpreter, modules: Sequence[str]) -> tuple[ImportResult, ...]:
        """Install the wheel into a throw-away environment and import each module in a process of its own."""
        ...

    def log_of(self, label: str) -> str:
        """What the build of a wheel (``3.14t``) has printed; "" where nothing was built here."""
        ...

    def digest(self, path: str) -> tuple[int, str]:
        """Size in bytes and SHA-256 of a file in the workspace."""
        ...

    def publish(self, paths: Sequence[str]) -> tuple[str, ...]:
        """Put files into the output folder, all or none, whole at any moment; returns their new paths."""
        ...

    def stable_symbols(self) -> Mapping[str, int]:
        """Each symbol of the stable ABI with the minor version of CPython 3 that added it."""
        ...

    def stop(self) -> None:
        """End every program that runs; the methods that wait for one raise."""
        ...

    def clock(self) -> float:
        """Seconds since an arbitrary moment."""
        ...
