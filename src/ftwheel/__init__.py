"""ftwheel: build, check and verify pairs of wheels for the default and the free-threaded build of CPython.

``__all__`` and ``ftwheel.testing`` are public; everything else is private and may change. A name is loaded when it is
first used, so that ``import ftwheel`` alone costs next to nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it as true; importing typing would cost time
if TYPE_CHECKING:
    from ftwheel.api.dependencies import missing as missing
    from ftwheel.api.indexes import IndexSource as IndexSource
    from ftwheel.api.indexes import OpenIndex as OpenIndex
    from ftwheel.api.indexes import open_index as open_index
    from ftwheel.api.installers import explain as explain
    from ftwheel.api.installers import simulate as simulate
    from ftwheel.api.release import verify as verify
    from ftwheel.api.wheel import check as check
    from ftwheel.app.release.verify import Verification as Verification
    from ftwheel.core.dependencies.readiness import Help as Help
    from ftwheel.core.dependencies.readiness import HelpKind as HelpKind
    from ftwheel.core.dependencies.readiness import MissingReport as MissingReport
    from ftwheel.core.dependencies.readiness import ProjectReport as ProjectReport
    from ftwheel.core.dependencies.readiness import Readiness as Readiness
    from ftwheel.core.dependencies.readiness import TargetReadiness as TargetReadiness
    from ftwheel.core.dependencies.resolution import ResolutionError as ResolutionError
    from ftwheel.core.errors import BuildError as BuildError
    from ftwheel.core.errors import ConfigurationError as ConfigurationError
    from ftwheel.core.errors import FtwheelError as FtwheelError
    from ftwheel.core.errors import IndexFormatError as IndexFormatError
    from ftwheel.core.errors import InputError as InputError
    from ftwheel.core.errors import MissingToolError as MissingToolError
    from ftwheel.core.errors import NetworkError as NetworkError
    from ftwheel.core.findings import Finding as Finding
    from ftwheel.core.findings import Severity as Severity
    from ftwheel.core.index.page import File as File
    from ftwheel.core.index.page import ProjectDetails as ProjectDetails
    from ftwheel.core.index.page import SourceKind as SourceKind
    from ftwheel.core.index.page import Yanked as Yanked
    from ftwheel.core.index.pages import Index as Index
    from ftwheel.core.index.parse import parse_page as parse_page
    from ftwheel.core.installers.candidates import Candidate as Candidate
    from ftwheel.core.installers.evaluations import Evaluation as Evaluation
    from ftwheel.core.installers.evaluations import Selection as Selection
    from ftwheel.core.installers.options import IndexStrategy as IndexStrategy
    from ftwheel.core.installers.options import InstallerOptions as InstallerOptions
    from ftwheel.core.installers.outcomes import Outcome as Outcome
    from ftwheel.core.installers.rejections import Accepted as Accepted
    from ftwheel.core.installers.rejections import Rejected as Rejected
    from ftwheel.core.installers.requirements import Requirement as Requirement
    from ftwheel.core.installers.requirements import parse_requirement as parse_requirement
    from ftwheel.core.installers.simulations import Simulation as Simulation
    from ftwheel.core.installers.simulations import SimulationCell as SimulationCell
    from ftwheel.core.release.coverage import Coverage as Coverage
    from ftwheel.core.release.coverage import CoverageCell as CoverageCell
    from ftwheel.core.release.coverage import ExpectationBasis as ExpectationBasis
    from ftwheel.core.release.coverage import InstallerChoice as InstallerChoice
    from ftwheel.core.release.coverage import TargetEnvironment as TargetEnvironment
    from ftwheel.core.tags.environments import Environment as Environment
    from ftwheel.core.tags.environments import Loading as Loading
    from ftwheel.core.tags.environments import parse_environment as parse_environment
    from ftwheel.core.tags.pip_target import PipTarget as PipTarget
    from ftwheel.core.tags.pip_target import target_environment as target_environment
    from ftwheel.core.wheel.reports import CheckReport as CheckReport
    from ftwheel.core.wheel.reports import WheelReport as WheelReport
    from ftwheel.io.system.environment_probe import environment_of as environment_of

__version__ = "0.1.0"

# the same names at run time, by module; each module is imported when one of its names is first used
_NAMES = {
    "api.dependencies": "missing",
    "api.indexes": "IndexSource open_index OpenIndex",
    "api.installers": "explain simulate",
    "api.release": "verify",
    "api.wheel": "check",
    "app.release.verify": "Verification",
    "core.dependencies.readiness": "Help HelpKind MissingReport ProjectReport Readiness TargetReadiness",
    "core.dependencies.resolution": "ResolutionError",
    "core.errors": (
        "BuildError ConfigurationError FtwheelError IndexFormatError InputError MissingToolError NetworkError"
    ),
    "core.findings": "Finding Severity",
    "core.index.page": "File ProjectDetails SourceKind Yanked",
    "core.index.pages": "Index",
    "core.index.parse": "parse_page",
    "core.installers.candidates": "Candidate",
    "core.installers.evaluations": "Evaluation Selection",
    "core.installers.options": "IndexStrategy InstallerOptions",
    "core.installers.outcomes": "Outcome",
    "core.installers.rejections": "Accepted Rejected",
    "core.installers.requirements": "parse_requirement Requirement",
    "core.installers.simulations": "Simulation SimulationCell",
    "core.release.coverage": "Coverage CoverageCell ExpectationBasis InstallerChoice TargetEnvironment",
    "core.tags.environments": "Environment Loading parse_environment",
    "core.tags.pip_target": "PipTarget target_environment",
    "core.wheel.reports": "CheckReport WheelReport",
    "io.system.environment_probe": "environment_of",
}
_MODULES = {name: f"ftwheel.{module}" for module, names in _NAMES.items() for name in names.split()}


if not TYPE_CHECKING:  # hidden from type checkers, which then reject unknown names too

    def __getattr__(name: str) -> object:
        if name == "__all__":
            return [*_MODULES, "__version__"]
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module  # noqa: PLC0415

        value = globals()[name] = getattr(import_module(_MODULES[name]), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
