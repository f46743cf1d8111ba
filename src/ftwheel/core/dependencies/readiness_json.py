"""Writes and reads the JSON report of ``ftwheel missing``, the format in which shards are merged.

docs/json.md describes the keys. The input may be any file, so every value is validated.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from ftwheel.core.dependencies.inputs import UnindexedDependency
from ftwheel.core.dependencies.readiness import (
    FailurePolicy,
    GilDeclarations,
    Help,
    HelpKind,
    MissingReport,
    ProjectReport,
    Readiness,
    Release,
    Shard,
    TakenFile,
    TargetReadiness,
)
from ftwheel.core.errors import InputError

__all__ = ["parse_project", "parse_report", "parse_shard", "project_data", "report_data"]

_SHARD = re.compile(r"([1-9][0-9]{0,4})/([1-9][0-9]{0,4})")
_T = TypeVar("_T")
_Enum = TypeVar("_Enum", bound=enum.Enum)


def parse_shard(text: str) -> Shard:
    """Parse a shard such as ``2/8``. Raises InputError."""
    match = _SHARD.fullmatch(text)
    if match is None or int(match[1]) > int(match[2]):
        raise InputError(f"{text[:100]}: not a shard", hint="expected NUMBER/OF, for example 1/8 to 8/8")
    return Shard(of=int(match[2]), number=int(match[1]))


def report_data(report: MissingReport) -> dict[str, Any]:
    """The report as JSON data, with derived values (``summary``, ``counts``, ``blocking``)."""
    counts = report.counts
    return {
        "inputs": list(report.inputs),
        "targets": list(report.targets),
        "shards": [shard.label for shard in report.shards],
        "policy": {
            "fail_on": sorted(readiness.value for readiness in report.policy.fail_on),
            "allowed": sorted(report.policy.allowed),
        },
        "summary": counts.summary,
        "counts": {
            "projects": counts.projects,
            "ready": counts.ready,
            "blocking": counts.blocking,
            "allowed": counts.allowed,
            "untold": counts.untold,
        },
        "blocking": [project.name for project in report.blocking],
        "ranking": [project.name for project in report.ranked if not project.ready],
        "projects": list(map(project_data, report.projects)),
        "set_aside": [
            {"name": aside.name, "origin": aside.origin, "reason": aside.reason} for aside in report.set_aside
        ],
    }


def project_data(project: ProjectReport) -> dict[str, Any]:
    """One project as JSON data."""
    return {
        "name": project.name,
        "requirement": project.requirement,
        "ready": project.ready,
        "difference": project.difference,
        "verdicts": list(map(_verdict_data, project.verdicts)),
        "chains": [list(chain) for chain in project.chains],
        "dependents": project.dependents,
        "tracker": project.tracker,
        "problem": project.problem,
        "problem_code": project.problem_code,
        "problem_hint": project.problem_hint,
    }


def _verdict_data(verdict: TargetReadiness) -> dict[str, Any]:
    taken, gil = verdict.taken, verdict.gil
    return {
        "target": verdict.target,
        "readiness": verdict.readiness.value,
        "ready": verdict.ready,
        "version": verdict.version,
        "file": {"filename": taken.filename, "tag": taken.tag} if taken else None,
        "newest": verdict.newest,
        "first": _release_data(verdict.first),
        "upgrade": _release_data(verdict.upgrade),
        "older": _release_data(verdict.older),
        "prerelease": _release_data(verdict.prerelease),
        "helps": [{"kind": each.kind.value, "text": each.text, "version": each.version} for each in verdict.helps],
        "notes": list(verdict.notes),
        "deep": {
            "filename": gil.filename,
            "declares": gil.declares.value,
            "modules": gil.modules,
            "others": list(gil.others),
            "why": gil.why,
        }
        if gil
        else None,
        "why": verdict.why,
    }


def _release_data(release: Release | None) -> dict[str, Any] | None:
    if release is None:
        return None
    time = release.upload_time
    return {
        "version": release.version,
        "upload_time": time.astimezone(UTC).isoformat().replace("+00:00", "Z") if time else None,
    }


def parse_report(data: object, where: str) -> MissingReport:
    """The report that ``report_data`` wrote; ``where`` is the file, for messages. Raises InputError."""
    return _parsed(_report, data, where)


def parse_project(data: object, where: str) -> ProjectReport:
    """The project that ``project_data`` wrote; ``where`` is the file, for messages. Raises InputError."""
    return _parsed(_project, data, where)


def _parsed(parse: Callable[[Mapping[str, Any]], _T], data: object, where: str) -> _T:
    try:
        return parse(_table(data))
    except (KeyError, TypeError, ValueError) as error:
        what = f"no key {error}" if isinstance(error, KeyError) else str(error)
        raise InputError(
            f"{where}: not a report of ftwheel missing ({what[:200]})",
            hint="create it with ftwheel missing --format json",
        ) from None


def _report(data: Mapping[str, Any]) -> MissingReport:
    policy = _table(data["policy"])
    inputs, targets = _texts(data["inputs"]), _texts(data["targets"])
    projects = tuple(_project(_table(each)) for each in _items(data["projects"]))
    if not inputs or not targets:
        raise ValueError("it has no inputs or no targets")
    for stray in sorted({verdict.target for project in projects for verdict in project.verdicts}.difference(targets)):
        raise ValueError(f"a verdict is about {stray}, which is not one of its targets")
    return MissingReport(
        inputs=inputs,
        targets=targets,
        projects=projects,
        set_aside=tuple(
            UnindexedDependency(name=_text(each["name"]), origin=_text(each["origin"]), reason=_text(each["reason"]))
            for each in map(_table, _items(data["set_aside"]))
        ),
        policy=FailurePolicy(
            fail_on=frozenset(_member(Readiness, each) for each in _items(policy["fail_on"])),
            allowed=frozenset(_texts(policy["allowed"])),
        ),
        shards=tuple(map(parse_shard, _texts(data["shards"]))),
    )


def _project(data: Mapping[str, Any]) -> ProjectReport:
    return ProjectReport(
        name=_text(data["name"]),
        requirement=_text(data["requirement"]),
        verdicts=tuple(_verdict(_table(each)) for each in _items(data["verdicts"])),
        chains=tuple(map(_texts, _items(data["chains"]))),
        problem=_text(data["problem"]),
        problem_code=_number(data["problem_code"]),
        problem_hint=_text(data.get("problem_hint", "")),
        dependents=_number(data.get("dependents", 0)),  # absent from reports of earlier versions
        tracker=_text(data.get("tracker", "")),
    )


def _verdict(data: Mapping[str, Any]) -> TargetReadiness:
    taken, gil = data["file"], data["deep"]
    return TargetReadiness(
        target=_text(data["target"]),
        readiness=_member(Readiness, data["readiness"]),
        version=_text(data["version"]),
        taken=None if taken is None else TakenFile(filename=_text(_table(taken)["filename"]), tag=_text(taken["tag"])),
        newest=_text(data["newest"]),
        first=_release(data["first"]),
        upgrade=_release(data["upgrade"]),
        older=_release(data["older"]),
        prerelease=_release(data["prerelease"]),
        helps=tuple(
            Help(kind=_member(HelpKind, each["kind"]), text=_text(each["text"]), version=_text(each["version"]))
            for each in map(_table, _items(data["helps"]))
        ),
        notes=_texts(data["notes"]),
        gil=None if gil is None else _gil(_table(gil)),
        why=_text(data["why"]),
    )


def _gil(data: Mapping[str, Any]) -> GilDeclarations:
    from ftwheel.core.wheel.extension_module import Declaration  # noqa: PLC0415  # 15 ms, and most reports have none

    return GilDeclarations(
        filename=_text(data["filename"]),
        declares=_member(Declaration, data["declares"]),
        modules=_number(data["modules"]),
        others=_texts(data["others"]),
        why=_text(data["why"]),
    )


def _release(data: object) -> Release | None:
    if data is None:
        return None
    time = _table(data)["upload_time"]
    return Release(
        version=_text(_table(data)["version"]),
        upload_time=None if time is None else datetime.fromisoformat(_text(time)).astimezone(UTC),
    )


def _member(kind: type[_Enum], value: object) -> _Enum:
    return kind(_text(value))


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(_text, _items(value)))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"found {_kind(value)}, expected a string")
    return value


def _number(value: object) -> int:
    if type(value) is not int:
        raise TypeError(f"found {_kind(value)}, expected an integer")
    return value


def _items(value: object) -> Iterable[Any]:
    if not isinstance(value, list):
        raise TypeError(f"found {_kind(value)}, expected an array")
    return value


def _table(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"found {_kind(value)}, expected an object")
    return value


def _kind(value: object) -> str:
    return "null" if value is None else f"a {type(value).__name__}"
