"""The result of a simulation: a cell for each environment and installer."""

from __future__ import annotations

from ftwheel.core.installers.candidates import Candidate
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.outcomes import Outcome
from ftwheel.core.installers.requirements import Requirement
from ftwheel.core.named_tuples import NamedTuple
from ftwheel.core.tags.environments import Environment, Loading

__all__ = ["Simulation", "SimulationCell"]


class SimulationCell(NamedTuple):
    """What one installer does in one environment.

    ``loading`` is None unless a wheel is selected. ``marker_excludes`` is true when the requirement's marker is false
    here; then nothing is selected. ``refusal`` is why a page makes the installer give up, else empty.
    """

    environment: Environment
    installer: InstallerOptions
    best: Candidate | None
    outcome: Outcome
    loading: Loading | None = None
    marker_excludes: bool = False
    refusal: str = ""


class Simulation(NamedTuple):
    """The whole matrix: ``cells`` are in the order of the given environments, then of the installers.

    ``newest`` is, for each installer, the newest version that matches the requirement in any environment, None when
    there is none.
    """

    requirement: Requirement
    environments: tuple[Environment, ...]
    installers: tuple[InstallerOptions, ...]
    newest: tuple[str | None, ...]
    cells: tuple[SimulationCell, ...]

    def at(self, environment: str | Environment, installer: str | InstallerOptions) -> SimulationCell:
        """The cell of one environment and one installer, by their labels. Raises KeyError."""
        place = environment if isinstance(environment, str) else environment.label
        label = installer if isinstance(installer, str) else installer.label
        for cell in self.cells:
            if cell.environment.label == place and cell.installer.label == label:
                return cell
        raise KeyError((place, label))
