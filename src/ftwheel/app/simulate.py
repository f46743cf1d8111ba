"""The use case behind ``ftwheel simulate``: a requirement, environments, installers and indexes in; who takes which file out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ftwheel.core.environments import Environment, Loading
from ftwheel.core.outcomes import Outcome
from ftwheel.core.ports import Index
from ftwheel.core.requirements import Requirement
from ftwheel.core.rules import InstallerRules
from ftwheel.core.selection import Candidate, Selection

__all__ = ["Cell", "Simulation", "explain", "simulate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What one installer does in one environment.

    ``loading`` is None unless a wheel is taken. ``marker_excludes`` is true when the requirement's own marker says it does not apply
    here; then nothing is taken. ``refusal`` is why the installer gives up on a page as a whole, empty when it does not.
    """

    environment: Environment
    installer: InstallerRules
    best: Candidate | None
    outcome: Outcome
    loading: Loading | None = None
    marker_excludes: bool = False
    refusal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """The whole matrix: ``cells`` by environment in the order given, within one by installer. ``newest`` is the newest version that fits
    the requirement in any environment, None when there is none."""

    requirement: Requirement
    environments: tuple[Environment, ...]
    installers: tuple[InstallerRules, ...]
    newest: str | None
    cells: tuple[Cell, ...]

    def at(self, environment: Environment, installer: InstallerRules) -> Cell:
        """The cell of one environment and one installer. Raises KeyError."""
        raise NotImplementedError


def simulate(
    requirement: str | Requirement,
    *,
    environments: Iterable[str | Environment] = ("all",),
    installers: Iterable[str | InstallerRules] = ("pip", "uv"),
    indexes: Iterable[Index],
) -> Simulation:
    """Decide, for every environment and installer, which file is taken; dependencies are not followed.

    Each index is asked once. Raises InputError for text that cannot be read and when no index has the project, NetworkError and
    IndexFormatError as the indexes do.
    """
    raise NotImplementedError


def explain(
    requirement: str | Requirement,
    *,
    environment: str | Environment,
    installer: str | InstallerRules = "pip",
    indexes: Iterable[Index],
) -> Selection:
    """Decide about every single file, for one environment and one installer."""
    raise NotImplementedError
