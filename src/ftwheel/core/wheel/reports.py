"""The result of a check: one report per wheel, and findings about several wheels of a release."""

from __future__ import annotations

from ftwheel.core.findings import Finding, one_for_several_files
from ftwheel.core.named_tuples import NamedTuple
from ftwheel.core.wheel.contents import WheelContents
from ftwheel.core.wheel.imports import ImportResult

__all__ = ["CheckReport", "Imported", "PolicyVerdict", "WheelReport"]


class PolicyVerdict(NamedTuple):
    """What auditwheel says about the platform tag of a wheel.

    ``tag`` is a tag that the wheel is consistent with: one from its name, else the most compatible one, in which case
    ``reason`` says what rules out the promised tag. It is "" if auditwheel could not judge the wheel, with the cause in
    ``reason``.
    """

    tag: str
    reason: str = ""


class Imported(NamedTuple):
    """The results of importing a wheel's modules under one interpreter (``label`` such as ``3.13t``)."""

    label: str
    results: tuple[ImportResult, ...]


class WheelReport(NamedTuple):
    """One wheel: its contents and findings.

    ``contents`` is None if the file cannot be read as a wheel; ``findings`` then has the reason.
    """

    path: str
    contents: WheelContents | None
    findings: tuple[Finding, ...]
    imported: tuple[Imported, ...] = ()


class CheckReport(NamedTuple):
    """All wheels of a run in the order given; ``together`` are findings about several of them."""

    wheels: tuple[WheelReport, ...]
    together: tuple[Finding, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, errors first, then wheel by wheel."""
        found = (*(finding for wheel in self.wheels for finding in wheel.findings), *self.together)
        return tuple(sorted(found, key=lambda finding: -finding.severity))

    @property
    def causes(self) -> tuple[Finding, ...]:
        """The same findings, but only one for a problem that several wheels share."""
        return one_for_several_files(self.findings)

    @property
    def unreadable(self) -> bool:
        """Whether a file could not be read as a wheel."""
        return any(wheel.contents is None for wheel in self.wheels)
