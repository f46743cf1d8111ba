"""Turns the picture of a release into findings: what is missing where, and what users get instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from ftwheel.core.findings import Finding, Severity
from ftwheel.core.installers.outcomes import Outcome
from ftwheel.core.release.coverage import Coverage, CoverageCell, ExpectationBasis, InstallerChoice
from ftwheel.core.wheel.pairs import platform_family

__all__ = ["CODES", "findings", "instead", "problems", "weighed"]

CODES = {
    "FTV101": "One half of a pair is missing",
    "FTV102": "Both halves are missing where the release has this version and this platform elsewhere",
    "FTV103": "A place that the previous release served is lost",
    "FTV104": "A place that [tool.ftwheel] names is not served",
    "FTV105": "A pure wheel is taken where the twin gets a compiled one",
    "FTV106": "A wheel is accepted that cannot be loaded",
    "FTV107": "pip and uv choose differently, or by luck, between two files of one rank",
    "FTV108": "requires-python keeps an interpreter from a wheel that was built for it",
    "FTV109": "A new file is on the index already, with other contents",
    "FTV110": "A new file is on the index already, and yanked there",
    "FTV111": "The tags of a wheel are never accepted, or never right",
    "FTV112": "An interpreter or a platform of the previous release is dropped altogether",
}
"""Each code and what it means; a code never changes its meaning."""


_BY_BASIS = {
    ExpectationBasis.CONFIGURED: "FTV104",
    ExpectationBasis.TWIN: "FTV101",
    ExpectationBasis.PREVIOUS: "FTV103",
    ExpectationBasis.DROPPED_PYTHON: "FTV112",
    ExpectationBasis.DROPPED_PLATFORM: "FTV112",
    ExpectationBasis.SHIPPED: "FTV102",
}


def problems(coverage: Coverage) -> Iterator[tuple[str, CoverageCell]]:
    """Every place something is wrong with, and the code of what it is."""
    compiled = {spot.place for spot in coverage.spots if spot.compiled}
    for spot in coverage.spots:
        if spot.basis is not None and not spot.served:
            yield _BY_BASIS[spot.basis], spot
        if spot.served and not spot.compiled and spot.place.twin in compiled:
            yield "FTV105", spot
        if any(not gets.loadable for gets in spot.gets):
            yield "FTV106", spot


def findings(coverage: Coverage, known: frozenset[tuple[str, str]] = frozenset()) -> tuple[Finding, ...]:
    """Everything that is wrong with the coverage, one finding for places that share the version, cause and outcome.

    ``known`` are pairs of a code and a place's label that were accepted before, and are left out.
    """
    subject = f"{coverage.project} {coverage.version}"
    groups: dict[tuple[str, object], list[CoverageCell]] = {}
    for code, spot in problems(coverage):
        if (code, spot.place.label) not in known:
            cause = spot.place.python if code in {"FTV105", "FTV106"} else _cause(spot)
            groups.setdefault((code, cause), []).append(spot)
    found = []
    for (code, _), spots in groups.items():
        match code:
            case "FTV105":
                found.append(_stand_in(subject, spots))
            case "FTV106":
                found.append(_unloadable(subject, spots))
            case _:
                found.append(_missing(subject, spots))
    return tuple(sorted(found))


def weighed(
    found: Iterable[Finding], *, severities: Mapping[str, Severity], ignore: Sequence[str] = ()
) -> tuple[Finding, ...]:
    """The findings with the severities that are asked for; without those whose code begins with one of ``ignore``."""
    return tuple(
        sorted(
            replace(finding, severity=severities.get(finding.code, finding.severity))
            for finding in found
            if not finding.code.startswith(tuple(ignore))
        )
    )


def _cause(spot: CoverageCell) -> object:
    """What places in one finding have in common."""
    if spot.basis is ExpectationBasis.DROPPED_PYTHON:
        return spot.basis, spot.place.python
    if spot.basis is ExpectationBasis.DROPPED_PLATFORM:
        return spot.basis, platform_family(spot.place.platform)
    return spot.place.python, spot.basis, tuple((each.outcome, each.version, each.only_binary) for each in spot.gets)


def _build(spot: CoverageCell) -> str:
    """``the default 3.14`` or ``the free-threaded 3.14``"""
    return f"the {'free-threaded' if spot.place.free_threaded else 'default'} 3.{spot.place.minor}"


def _places(spots: Iterable[CoverageCell]) -> str:
    names = [spot.place.platform for spot in spots]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _taken(gets: InstallerChoice) -> str:
    match gets.outcome:
        case Outcome.NOTHING:
            return "nothing"
        case Outcome.OLDER_VERSION:
            return f"the older version {gets.version}"
        case Outcome.SDIST:
            instead = f"version {gets.only_binary}" if gets.only_binary else "nothing"
            return f"the sdist (with only-binary: {instead})"
        case _:
            return gets.filename


def instead(spot: CoverageCell) -> str:
    """``pip and uv take the sdist`` or, where they differ, what each takes."""
    by_answer: dict[str, list[str]] = {}
    for gets in spot.gets:
        by_answer.setdefault(_taken(gets), []).append(gets.installer)
    return "; ".join(
        f"{' and '.join(names)} {'takes' if len(names) == 1 else 'take'} {answer}"
        for answer, names in by_answer.items()
    )


def _wheels(spots: list[CoverageCell]) -> str:
    place = spots[0].place
    abi = f"cp3{place.minor}-{place.python}"
    return f"a {abi}-{place.platform} wheel" if len(spots) == 1 else f"a {abi} wheel for each"


def _missing(subject: str, spots: list[CoverageCell]) -> Finding:
    first = spots[0]
    where, what = f"{_build(first)} on {_places(spots)}", instead(first)
    upload = f"Build and upload {_wheels(spots)}."
    match first.basis:
        case ExpectationBasis.DROPPED_PYTHON:
            code, severity = "FTV112", Severity.WARNING
            message = f"the previous release had wheels for {where}, this one has none for that interpreter"
            upload = "If that is meant, say so in the release notes; otherwise build and upload them."
        case ExpectationBasis.DROPPED_PLATFORM:
            code, severity = "FTV112", Severity.WARNING
            platforms = " and ".join(sorted({spot.place.platform for spot in spots}))
            message = f"the previous release had wheels for {platforms}, this one has none for that platform"
            upload = "If that is meant, say so in the release notes; otherwise build and upload them."
        case ExpectationBasis.CONFIGURED:
            code, severity, message = "FTV104", Severity.ERROR, f"[tool.ftwheel] names {where}: no wheel"
        case ExpectationBasis.TWIN:
            twin = "default" if first.place.free_threaded else "free-threaded"
            code, severity = "FTV101", Severity.ERROR
            message = f"no wheel for {where}, though the {twin} build has one"
        case ExpectationBasis.PREVIOUS:
            code, severity, message = "FTV103", Severity.ERROR, f"the previous release had a wheel for {where}"
        case _:
            code, severity, message = "FTV102", Severity.WARNING, f"no wheel for {where}, nor for the other build"
    return Finding(subject=subject, code=code, severity=severity, message=f"{message}; {what}", fix=upload)


def _stand_in(subject: str, spots: list[CoverageCell]) -> Finding:
    return Finding(
        subject=subject,
        code="FTV105",
        severity=Severity.ERROR,
        message=f"{_build(spots[0])} on {_places(spots)} gets a pure wheel where the other build gets a compiled one",
        fix=f"Build and upload {_wheels(spots)}.",
    )


def _unloadable(subject: str, spots: list[CoverageCell]) -> Finding:
    names = sorted({gets.filename for spot in spots for gets in spot.gets if not gets.loadable})
    return Finding(
        subject=subject,
        code="FTV106",
        severity=Severity.ERROR,
        message=f"{_build(spots[0])} on {_places(spots)} accepts {', '.join(names)} and cannot load it",
        fix=f"Build and upload {_wheels(spots)}, and give the other wheel the tags of what is inside.",
    )
