"""A simulation as JSON; docs/json.md describes the keys. Files are identified by name and hashes, without URLs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from ftwheel.core.index.page import File
from ftwheel.core.installers.candidates import Candidate
from ftwheel.core.installers.evaluations import Selection
from ftwheel.core.installers.simulations import SimulationCell
from ftwheel.core.installers.upload_hints import UploadHint, is_resolved
from ftwheel.render.installers.simulation import SimulationReport
from ftwheel.render.jsondoc import write_document

__all__ = ["write_json"]


def write_json(reports: Sequence[SimulationReport], out: TextIO) -> None:
    """Write one object with a result for each requirement."""
    write_document(
        {
            "command": "simulate",
            "resolved": all(is_resolved(cell) for report in reports for cell in report.simulation.cells),
            "results": [_report(report) for report in reports],
        },
        out,
    )


def _report(report: SimulationReport) -> dict[str, Any]:
    simulation = report.simulation
    installers = [installer.label for installer in simulation.installers]
    locations = dict(zip(installers, report.locations, strict=True))
    return {
        "requirement": simulation.requirement.text,
        "project": simulation.requirement.name,
        "resolved": all(map(is_resolved, simulation.cells)),
        "status": report.status or "active",
        "newest": dict(zip(installers, simulation.newest, strict=True)),
        "cells": [_cell(cell, locations[cell.installer.label]) for cell in simulation.cells],
        "advice": [_hint(hint) for hint in report.hints],
        "explanations": [_explanation(one, locations[one.installer]) for one in report.explanations],
    }


def _cell(cell: SimulationCell, locations: Sequence[str]) -> dict[str, Any]:
    environment = cell.environment
    return {
        "environment": environment.label,
        "python": environment.python_full_version,
        "free_threaded": environment.free_threaded,
        "platform": environment.platforms[0],
        "installer": cell.installer.label,
        "outcome": cell.outcome.value,
        "resolved": is_resolved(cell),
        "applies": not cell.marker_excludes,
        "loading": cell.loading.value if cell.loading else None,
        "refusal": cell.refusal,
        "file": _candidate(cell.best, locations) if cell.best else None,
    }


def _candidate(candidate: Candidate, locations: Sequence[str]) -> dict[str, Any]:
    return {
        "filename": candidate.file.filename,
        "version": candidate.version,
        "kind": candidate.kind,
        "tag": candidate.tag or None,
        "from": locations[candidate.source],
        **_file(candidate.file),
    }


def _file(file: File) -> dict[str, Any]:
    return {
        "hashes": dict(file.hashes),
        "size": file.size,
        "upload_time": file.upload_time.isoformat().replace("+00:00", "Z") if file.upload_time else None,
        "requires_python": file.requires_python,
        "yanked": file.yanked.reason if file.yanked else None,
    }


def _hint(hint: UploadHint) -> dict[str, Any]:
    return {
        "build": hint.build,
        "environments": hint.environments,
        "installers": hint.installers,
        "gets": hint.outcome,
        "wheels": hint.wheels,
        "text": hint.text,
    }


def _explanation(selection: Selection, locations: Sequence[str]) -> Mapping[str, Any]:
    from ftwheel.core.installers.rejections import Accepted, Rejected, describe

    files = []
    for evaluation in selection.evaluations:
        match evaluation.verdict:
            case Accepted(rank=rank):
                verdict: dict[str, Any] = {"rank": rank, "reason": None, "why": None}
            case Rejected(reason=reason):
                verdict = {"rank": None, "reason": _code(type(reason).__name__), "why": describe(reason)}
        files.append(
            {
                "filename": evaluation.file.filename,
                "version": evaluation.version or None,
                **verdict,
                "from": locations[evaluation.source],
                **_file(evaluation.file),
            }
        )
    return {
        "environment": selection.environment.label,
        "installer": selection.installer,
        "takes": selection.best.file.filename if selection.best else None,
        "refusal": selection.refusal,
        "files": files,
    }


def _code(name: str) -> str:
    """``TagMismatch`` as ``tag-mismatch``."""
    return re.sub(r"(?<=.)(?=[A-Z])", "-", name).lower()
