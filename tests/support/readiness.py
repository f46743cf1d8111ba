"""Reports of ``ftwheel missing`` made by hand, for the renderers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from ftwheel.core.dependencies.readiness import (
    Help,
    HelpKind,
    MissingReport,
    ProjectReport,
    Readiness,
    Release,
    TakenFile,
    TargetReadiness,
)

LINUX = "cp314t-manylinux_2_28_x86_64"
NEXT = "cp315t-manylinux_2_28_x86_64"

__all__ = ["LINUX", "NEXT", "project", "release", "report", "verdict"]


def release(version: str, day: str = "") -> Release:
    return Release(version=version, upload_time=datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None)


def verdict(
    target: str = LINUX,
    readiness: Readiness = Readiness.FREE_THREADED,
    *,
    version: str = "1.0",
    filename: str = "",
    helps: Iterable[tuple[HelpKind, str]] = (),
    **more: object,
) -> TargetReadiness:
    return TargetReadiness(
        target=target,
        readiness=readiness,
        version=version,
        taken=TakenFile(filename=filename) if filename else None,
        helps=tuple(Help(kind=kind, text=text) for kind, text in helps),
        **more,  # type: ignore[arg-type]
    )


def project(
    name: str, *verdicts: TargetReadiness, chains: Iterable[tuple[str, ...]] = (), **more: object
) -> ProjectReport:
    return ProjectReport(
        name=name,
        requirement=name,
        verdicts=verdicts,
        chains=tuple(chains) or ((name,),),
        **more,  # type: ignore[arg-type]
    )


def report(*projects: ProjectReport, targets: tuple[str, ...] = (LINUX, NEXT), **more: object) -> MissingReport:
    return MissingReport(inputs=("requirements.txt",), targets=targets, projects=projects, **more)  # type: ignore[arg-type]
