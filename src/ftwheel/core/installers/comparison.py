"""Compares a real installation with the simulation."""

from __future__ import annotations

from dataclasses import dataclass

from ftwheel.core.wheel.imports import ImportOutcome, ImportResult

__all__ = ["Comparison", "RealInstall"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RealInstall:
    """What an installer did. ``filename`` is empty if it selected nothing; ``imports`` are those of an installed wheel.

    ``error`` is the last line of its output if it did not install the file it selected.
    """

    filename: str
    imports: tuple[ImportResult, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One installer in one environment; ``simulated`` is the simulated file name, empty if nothing is selected."""

    environment: str
    installer: str
    simulated: str
    real: RealInstall

    @property
    def agrees(self) -> bool:
        """Whether the installer selected the simulated file and, if it is a wheel, installed and imported it."""
        return self.simulated == self.real.filename and not self.failed and not self.refused

    @property
    def refused(self) -> str:
        """Why a wheel was selected but not installed; source distributions are never served."""
        return self.real.error if self.real.filename.endswith(".whl") else ""

    @property
    def failed(self) -> tuple[ImportResult, ...]:
        """The modules that could not be imported."""
        return tuple(result for result in self.real.imports if result.outcome is not ImportOutcome.LOADED)
