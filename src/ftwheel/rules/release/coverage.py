"""FTV about coverage: what is missing where in a release, and what users get instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ftwheel.core.findings import Finding, Severity
from ftwheel.core.installers.outcomes import Outcome
from ftwheel.core.release.coverage import (
    Coverage,
    CoverageCell,
    ExpectationBasis,
    InstallerChoice,
    floor_of,
    level,
)
from ftwheel.core.wheel.pairs import platform_family
from ftwheel.rules.rule import Rule

__all__ = ["COVERAGE_RULES", "PureStandIn", "Unloadable", "findings", "instead", "problems"]


class CoverageRule(Rule):
    """A rule about the places that a release serves."""


class HalfNotServed(CoverageRule):
    code = "FTV101"
    title = "One wheel of a pair is missing"
    why = """One build of an interpreter gets a wheel on a platform and the other does not: its users get the sdist, an
        older version or nothing, and nobody tells them that a wheel was meant to exist."""
    fix = "Build and upload the wheel for the other build."
    severity = Severity.ERROR
    see = ("FTW606",)


class NeitherHalfServed(CoverageRule):
    code = "FTV102"
    title = "Both wheels of a pair are missing where the release has this version and this platform elsewhere"
    why = """The release has wheels for this version of Python on other platforms, and wheels for this platform for
        other versions. Such a hole is rarely meant: a job of the build matrix failed or was never there."""
    fix = "Build and upload both wheels, or name what the release is for in `[tool.ftwheel]`."
    severity = Severity.WARNING


class Lost(CoverageRule):
    code = "FTV103"
    title = "A place that the previous release served is lost"
    why = "Users who got a wheel of the previous release get the sdist, the older version or nothing when they upgrade."
    fix = "Build and upload the wheel that the previous release had."
    severity = Severity.ERROR


class ConfiguredNotServed(CoverageRule):
    code = "FTV104"
    title = "A place that [tool.ftwheel] names is not served"
    why = "`pythons` and `platforms` in `[tool.ftwheel]` say what the project means to serve."
    fix = "Build and upload the wheel, or take the version or the platform out of `[tool.ftwheel]`."
    severity = Severity.ERROR


class PureStandIn(CoverageRule):
    code = "FTV105"
    title = "One build installs a pure wheel where the other one installs a compiled wheel"
    why = """The `none-any` wheel keeps the project installable and hides that the compiled wheel is missing: the code
        runs, and runs slowly."""
    fix = "Build and upload the compiled wheel for the other build."
    severity = Severity.ERROR


class Unloadable(CoverageRule):
    code = "FTV106"
    title = "A wheel is accepted that cannot be loaded"
    why = """Accepted is not loadable: installers on free-threaded 3.13 and 3.14 take some wheels by their tags whose
        modules these interpreters cannot load. The install succeeds, the import fails."""
    fix = "Build and upload a wheel for that interpreter, and give the other wheel the tags of what is inside."
    severity = Severity.ERROR
    see = ("FTW204", "FTM101")


class Dropped(CoverageRule):
    code = "FTV112"
    title = "An interpreter or a platform of the previous release is dropped altogether"
    why = "Dropping one is often meant. When it is not, everybody who uses it is left behind at once."
    fix = "If that is meant, say so in the release notes; otherwise build and upload them."
    severity = Severity.WARNING


class RaisedFloor(CoverageRule):
    code = "FTV115"
    title = "The wheels need a newer system than those of the previous release"
    why = """Users of the older systems get the sdist, the older version or nothing from now on. Raising the floor is a
        decision, and it is often made by a new build image or a new CPython rather than by anybody."""
    fix = "If that is meant, say so in the release notes; otherwise build for the older floor again."
    severity = Severity.WARNING


COVERAGE_RULES: tuple[type[CoverageRule], ...] = (
    HalfNotServed,
    NeitherHalfServed,
    Lost,
    ConfiguredNotServed,
    PureStandIn,
    Unloadable,
    Dropped,
    RaisedFloor,
)
_BY_CODE: Mapping[str, type[CoverageRule]] = {rule.code: rule for rule in COVERAGE_RULES}
_BY_BASIS: Mapping[ExpectationBasis, type[CoverageRule]] = {
    ExpectationBasis.CONFIGURED: ConfiguredNotServed,
    ExpectationBasis.TWIN: HalfNotServed,
    ExpectationBasis.PREVIOUS: Lost,
    ExpectationBasis.RAISED_FLOOR: RaisedFloor,
    ExpectationBasis.DROPPED_PYTHON: Dropped,
    ExpectationBasis.DROPPED_PLATFORM: Dropped,
    ExpectationBasis.SHIPPED: NeitherHalfServed,
}


_DROPPED = {ExpectationBasis.DROPPED_PYTHON, ExpectationBasis.DROPPED_PLATFORM, ExpectationBasis.RAISED_FLOOR}


def problems(coverage: Coverage) -> Iterator[tuple[str, CoverageCell]]:
    """Every place something is wrong with, and the code of what it is."""
    compiled = {spot.place for spot in coverage.spots if spot.compiled}
    for spot in coverage.spots:
        if spot.basis is not None and not spot.served:
            yield _BY_BASIS[spot.basis].code, spot
        if spot.served and not spot.compiled and spot.place.twin in compiled:
            yield PureStandIn.code, spot
        if any(not gets.loadable for gets in spot.gets):
            yield Unloadable.code, spot


def findings(coverage: Coverage, known: frozenset[tuple[str, str]] = frozenset()) -> tuple[Finding, ...]:
    """Everything that is wrong with the coverage, one finding for places that share the cause and the outcome.

    ``known`` are pairs of a code and a place's label that were accepted before, and are left out.
    """
    subject = f"{coverage.project} {coverage.version}"
    groups: dict[tuple[str, object], list[CoverageCell]] = {}
    for code, spot in problems(coverage):
        if (code, spot.place.label) not in known:
            cause: object = (spot.place.python,) if code in {PureStandIn.code, Unloadable.code} else _cause(spot)
            groups.setdefault((code, cause), []).append(spot)
    found = []
    for code, spots in _one_for_each_cause(groups):
        match code:
            case PureStandIn.code:
                found.append(_stand_in(subject, spots))
            case Unloadable.code:
                found.append(_unloadable(subject, spots))
            case RaisedFloor.code:
                found += _raised(coverage, subject, spots)
            case _:
                found.append(_missing(_BY_CODE[code], subject, spots))
    return tuple(sorted(found))


def _one_for_each_cause(
    groups: Mapping[tuple[str, object], list[CoverageCell]],
) -> Iterator[tuple[str, list[CoverageCell]]]:
    """Put versions together that lack the same on the same platforms: a job that did not run is one cause."""
    merged: dict[object, tuple[str, list[CoverageCell]]] = {}
    for (code, cause), spots in groups.items():
        first = spots[0]
        same: object = cause
        if isinstance(cause, tuple) and first.place.python in cause and first.basis not in _DROPPED:
            same = (first.place.free_threaded, cause[1:], tuple(spot.place.platform for spot in spots))
        merged.setdefault((code, same), (code, []))[1].extend(spots)
    yield from merged.values()


def _cause(spot: CoverageCell) -> object:
    """What places in one finding have in common."""
    if spot.basis is ExpectationBasis.DROPPED_PYTHON:
        return spot.basis, spot.place.python
    if spot.basis in {ExpectationBasis.DROPPED_PLATFORM, ExpectationBasis.RAISED_FLOOR}:
        return spot.basis
    return spot.place.python, spot.basis, tuple((each.outcome, each.version, each.only_binary) for each in spot.gets)


def _build(spots: Iterable[CoverageCell]) -> str:
    """``the default 3.14``, ``the free-threaded 3.14 and 3.15``"""
    places = [spot.place for spot in spots]
    return (
        f"the {'free-threaded' if places[0].free_threaded else 'default'} "
        f"{_listed(f'3.{minor}' for minor in sorted({place.minor for place in places}))}"
    )


def _places(spots: Iterable[CoverageCell]) -> str:
    return _listed(dict.fromkeys(spot.place.platform for spot in spots))


def _listed(names: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``"""
    *rest, last = names
    return f"{', '.join(rest)} and {last}" if rest else last


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


def _verb(spots: Iterable[CoverageCell], one: str, several: str) -> str:
    return one if len({spot.place.python for spot in spots}) == 1 else several


def _wheels(spots: list[CoverageCell]) -> str:
    abis = [f"cp3{spot.place.minor}-{spot.place.python}" for spot in spots]
    abi = _listed(dict.fromkeys(abis))
    if len(spots) == 1:
        return f"a {abi}-{spots[0].place.platform} wheel"
    return f"a {abi} wheel for each" if len(set(abis)) == 1 else f"{abi} wheels for each"


def _raised(coverage: Coverage, subject: str, spots: list[CoverageCell]) -> Iterator[Finding]:
    """One finding for each old and new floor: the machines of one system whose floor rose alike are one decision."""
    families: dict[tuple[str, str], list[CoverageCell]] = {}
    for spot in spots:
        families.setdefault(platform_family(spot.place.platform), []).append(spot)
    rises: dict[tuple[str, str], list[CoverageCell]] = {}
    for (_, architecture), cells in families.items():
        old = min((cell.place.platform for cell in cells), key=level)
        new = max((floor_of(coverage.spots, cell.place) or old for cell in cells), key=level)
        rise = (old.removesuffix(f"_{architecture}"), new.removesuffix(f"_{architecture}"))
        rises.setdefault(rise, []).extend(cells)
    for (old, new), cells in rises.items():
        architectures = _listed(sorted({platform_family(cell.place.platform)[1] for cell in cells}))
        builds = _listed(
            f"3.{minor}{'t' * free_threaded}"
            for minor, free_threaded in sorted({(cell.place.minor, cell.place.free_threaded) for cell in cells})
        )
        yield RaisedFloor.finding(
            subject,
            f"the floor rises from {old} to {new} on {architectures} for {builds}:"
            f" on the older systems {instead(cells[0])}",
        )


def _missing(rule: type[Rule], subject: str, spots: list[CoverageCell]) -> Finding:
    first = spots[0]
    where, what = f"{_build(spots)} on {_places(spots)}", instead(first)
    upload = f"Build and upload {_wheels(spots)}."
    match first.basis:
        case ExpectationBasis.DROPPED_PYTHON:
            message = f"the previous release had wheels for {where}, this one has none for that interpreter"
            upload = Dropped.fix
        case ExpectationBasis.DROPPED_PLATFORM:
            platforms = _listed(sorted({spot.place.platform for spot in spots}))
            which = "that platform" if " and " not in platforms else "those platforms"
            message = f"the previous release had wheels for {platforms}, this one has none for {which}"
            upload = Dropped.fix
        case ExpectationBasis.CONFIGURED:
            message = f"[tool.ftwheel] names {where}: no wheel"
        case ExpectationBasis.TWIN:
            twin = "default" if first.place.free_threaded else "free-threaded"
            message = f"no wheel for {where}, though the {twin} build has one"
        case ExpectationBasis.PREVIOUS:
            message = f"the previous release had a wheel for {where}"
        case _:
            message = f"no wheel for {where}, nor for the other build"
    return rule.finding(subject, f"{message}; {what}", fix=upload)


def _stand_in(subject: str, spots: list[CoverageCell]) -> Finding:
    return PureStandIn.finding(
        subject,
        f"{_build(spots)} on {_places(spots)} {_verb(spots, 'gets', 'get')} a pure wheel where the other build"
        " gets a compiled one",
        fix=f"Build and upload {_wheels(spots)}.",
    )


def _unloadable(subject: str, spots: list[CoverageCell]) -> Finding:
    names = sorted({gets.filename for spot in spots for gets in spot.gets if not gets.loadable})
    return Unloadable.finding(
        subject,
        f"{_build(spots)} on {_places(spots)} {_verb(spots, 'accepts', 'accept')} {', '.join(names)}"
        " and cannot load it",
        fix=f"Build and upload {_wheels(spots)}, and give the other wheel the tags of what is inside.",
    )
