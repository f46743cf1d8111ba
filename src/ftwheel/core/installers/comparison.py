"""What a real installer did, beside what the simulator says it does."""

from __future__ import annotations

from dataclasses import dataclass

from ftwheel.core.wheel.imports import ImportOutcome, ImportResult

__all__ = ["Comparison", "RealInstall"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RealInstall:
    """What an installer did. ``filename`` is empty when it took nothing; ``imports`` are of a wheel that was installed.

    ``error`` is the last line it said when it did not install what it took.
    """

    filename: str
    imports: tuple[ImportResult, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One installer in one environment; ``simulated`` is the file name that the simulator gives, empty for nothing."""

    environment: str
    installer: str
    simulated: str
    real: RealInstall

    @property
    def agrees(self) -> bool:
        """Whether it took the file that the simulator gives, and a wheel could be installed and imported."""
        return self.simulated == self.real.filename and not self.failed and not self.refused

    @property
    def refused(self) -> str:
        """Why a wheel was taken and not installed; a source distribution is never handed out."""
        return self.real.error if self.real.filename.endswith(".whl") else ""

    @property
    def failed(self) -> tuple[ImportResult, ...]:
        """The modules that could not be imported."""
        return tuple(result for result in self.real.imports if result.outcome is not ImportOutcome.LOADED)
