"""The badge of a project: how many of its dependencies are ready for free-threaded CPython."""

from __future__ import annotations

from ftwheel.core.dependencies.readiness import MissingReport
from ftwheel.core.listing import listed
from ftwheel.render.badge import badge as draw_badge
from ftwheel.render.terminal import printable

__all__ = ["badge"]


def badge(report: MissingReport) -> str:
    """``free-threaded | 41 of 43 ready``"""
    counts = report.counts
    colour = "#b3261e" if report.blocking else "#7a4b00" if counts.ready < counts.projects else "#116329"
    title = printable(f"Dependencies for {listed(report.targets)}: {counts.summary}")[:500]
    return draw_badge("free-threaded", f"{counts.ready:,} of {counts.projects:,} ready", colour=colour, title=title)
