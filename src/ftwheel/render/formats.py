"""The registry of output formats: which ones a command offers, and which consist only of findings.

A format of findings is a module of this package with ``write(findings, out, *, families, paths)`` and an entry in
``OF_FINDINGS``; every command with findings then offers it. A format of a single command is listed in ``OWN`` and
written by that command's renderer.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TextIO, cast

if TYPE_CHECKING:  # creating a Protocol takes time
    from typing import Protocol

    from ftwheel.core.findings import Finding

    class FindingsWriter(Protocol):
        """The module of a format of findings."""

        def write(
            self, findings: Sequence[Finding], out: TextIO, *, families: Sequence[str], paths: Mapping[str, str]
        ) -> None:
            """Write the findings. ``families`` (``FTW``) are the command's, ``paths`` maps file names to paths."""


__all__ = ["OF_FINDINGS", "OWN", "formats", "write_findings"]

OF_FINDINGS = {"github": "annotations", "sarif": "sarif"}
"""Each format that consists only of findings, and the module of this package that writes it."""

OWN: Mapping[str, tuple[str, ...]] = {
    "build": ("text", "json", "markdown"),
    "check": ("text", "json", "markdown"),
    "missing": ("text", "tree", "json", "markdown", "csv"),
    "rule": ("text", "json"),
    "simulate": ("text", "json", "markdown"),
    "verify": ("text", "json", "markdown"),
}
"""The formats that a command's own renderer writes; the first is the default."""

_WITHOUT_FINDINGS = {"rule", "simulate"}


def formats(command: str) -> tuple[str, ...]:
    """The formats that a command offers, its default first."""
    return OWN[command] if command in _WITHOUT_FINDINGS else (*OWN[command], *OF_FINDINGS)


def write_findings(
    form: str,
    findings: Sequence[Finding],
    out: TextIO,
    *,
    families: Sequence[str],
    paths: Mapping[str, str] | None = None,
) -> None:
    """Write findings in one of the formats of ``OF_FINDINGS``."""
    module = cast("FindingsWriter", importlib.import_module(f"ftwheel.render.{OF_FINDINGS[form]}"))
    module.write(findings, out, families=families, paths=paths or {})
