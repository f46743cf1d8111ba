"""Findings as annotations of GitHub Actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TextIO

from ftwheel.core.findings import Finding, Severity
from ftwheel.render import workflow_commands
from ftwheel.render.findings import file_and_member

__all__ = ["write"]

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "notice"}


def write(
    findings: Sequence[Finding], out: TextIO, *, families: Sequence[str] = (), paths: Mapping[str, str] | None = None
) -> None:
    """Write workflow commands that GitHub Actions shows as annotations; ``paths`` maps file names to paths."""
    del families  # an annotation names only its own code
    for finding in findings:
        file, member = file_and_member(finding)
        title = f"{finding.code} {member}".strip()
        text = "\n".join(filter(None, [f"{file}: {finding.message}", finding.fix and f"fix: {finding.fix}"]))
        where = (paths or {}).get(file, file)
        getattr(out, "unescaped", out).write(
            workflow_commands.command(_LEVELS[finding.severity], text, file=where, title=title)
        )
