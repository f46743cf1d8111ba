"""What a check found: one report a wheel, and what the wheels of one release have to say about each other."""

from __future__ import annotations

from dataclasses import dataclass

from ftwheel.core.findings import Finding, one_for_several_files
from ftwheel.core.wheel.contents import WheelContents
from ftwheel.core.wheel.imports import ImportResult

__all__ = ["CheckReport", "Imported", "PolicyVerdict", "WheelReport"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVerdict:
    """What auditwheel says about the platform tag of a wheel.

    ``tag`` is a tag that the wheel is consistent with: one of its name, or else the most compatible one, and then
    ``reason`` names what hinders the promised one. "" when auditwheel could not judge it; then ``reason`` says why.
    """

    tag: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The results of importing a wheel's modules under one interpreter (``label`` such as ``3.13t``)."""

    label: str
    results: tuple[ImportResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelReport:
    """One wheel: what is in it, and what is wrong with it.

    ``contents`` is None when the file cannot be read as a wheel; then ``findings`` says why.
    """

    path: str
    contents: WheelContents | None
    findings: tuple[Finding, ...]
    imported: tuple[Imported, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """All wheels of a run in the order they were given; ``together`` is about several of them at once."""

    wheels: tuple[WheelReport, ...]
    together: tuple[Finding, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that was found, errors first, then wheel by wheel."""
        found = (*(finding for wheel in self.wheels for finding in wheel.findings), *self.together)
        return tuple(sorted(found, key=lambda finding: -finding.severity))

    @property
    def causes(self) -> tuple[Finding, ...]:
        """The same, one finding for what is wrong with several wheels alike."""
        return one_for_several_files(self.findings)

    @property
    def unreadable(self) -> bool:
        """Whether a file was no wheel at all."""
        return any(wheel.contents is None for wheel in self.wheels)
