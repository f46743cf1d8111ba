"""FTV about coverage: what a release lacks on which targets, and what users install instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ftwheel.core.findings import Finding, Severity
from ftwheel.core.installers.outcomes import Outcome
from ftwheel.core.listing import listed
from ftwheel.core.release.coverage import (
    Coverage,
    CoverageCell,
    ExpectationBasis,
    InstallerChoice,
    floor_of,
    level,
)
from ftwheel.core.tags.cpython import oldest_machine
from ftwheel.core.wheel.pairs import platform_family
from ftwheel.rules.rule import Rule

__all__ = ["COVERAGE_RULES", "PureStandIn", "Unloadable", "findings", "instead", "problems"]


class CoverageRule(Rule):
    """A rule about the targets that a release serves."""


class OtherBuildNotServed(CoverageRule):
    code = "FTV101"
    title = "One wheel of a pair is missing"
    why = """One build of an interpreter has a wheel on a platform and the other does not: its users get the sdist, an
        older version or nothing, without a hint that a wheel was supposed to exist."""
    fix = "Build and upload the wheel for the other build."
    severity = Severity.ERROR
    see = ("FTW606",)


class NeitherBuildServed(CoverageRule):
    code = "FTV102"
    title = "Both wheels of a pair are missing although the release covers the version and the platform elsewhere"
    why = """The release has wheels for this version of Python on other platforms, and for other versions on this
        platform. Such a gap is rarely intended: a job of the build matrix failed or is missing."""
    fix = "Build and upload both wheels, or declare what the release is for in `[tool.ftwheel]`."
    severity = Severity.WARNING


class Lost(CoverageRule):
    code = "FTV103"
    title = "A target that the previous release served is lost"
    why = "Users of the previous release's wheel get the sdist, the older version or nothing when they upgrade."
    fix = "Build and upload the wheel that the previous release had."
    severity = Severity.ERROR


class ConfiguredNotServed(CoverageRule):
    code = "FTV104"
    title = "A target that [tool.ftwheel] names is not served"
    why = "`pythons` and `platforms` in `[tool.ftwheel]` declare what the project intends to serve."
    fix = "Build and upload the wheel, or remove the version or the platform from `[tool.ftwheel]`."
    severity = Severity.ERROR


class PureStandIn(CoverageRule):
    code = "FTV105"
    title = "One build installs a pure wheel where the other installs a compiled wheel"
    why = """The `none-any` wheel keeps the project installable and hides that the compiled wheel is missing: the code
        runs, but slowly."""
    fix = "Build and upload the compiled wheel for the other build."
    severity = Severity.ERROR


class Unloadable(CoverageRule):
    code = "FTV106"
    title = "A wheel is accepted but cannot be loaded"
    why = """Accepted is not loadable: by their tags, installers on free-threaded 3.13 and 3.14 accept some wheels whose
        modules these interpreters cannot load. The installation succeeds, the import fails."""
    fix = "Build and upload a wheel for that interpreter, and correct the tags of the other wheel."
    severity = Severity.ERROR
    see = ("FTW204", "FTM101")


class Dropped(CoverageRule):
    code = "FTV112"
    title = "An interpreter or a platform of the previous release is dropped altogether"
    why = """Dropping one is often meant. When it is not, everybody who uses it is left behind at once. A CPython that
        is out of support, or that requires-python now excludes, is not reported."""
    fix = "If that is meant, say so in the release notes; otherwise build and upload them."
    severity = Severity.WARNING


class RaisedFloor(CoverageRule):
    code = "FTV115"
    title = "The wheels need a newer system than those of the previous release"
    why = """Users of the older systems get the sdist, the older version or nothing from now on. Raising the floor
        should be a decision, but often a new build image or a new CPython raises it unnoticed."""
    fix = "If intended, mention it in the release notes; otherwise build for the older floor again."
    severity = Severity.WARNING


COVERAGE_RULES = CoverageRule.defined_in(globals())
_BY_CODE: Mapping[str, type[CoverageRule]] = {rule.code: rule for rule in COVERAGE_RULES}
_BY_BASIS: Mapping[ExpectationBasis, type[CoverageRule]] = {
    ExpectationBasis.CONFIGURED: ConfiguredNotServed,
    ExpectationBasis.OTHER_BUILD: OtherBuildNotServed,
    ExpectationBasis.PREVIOUS: Lost,
    ExpectationBasis.RAISED_FLOOR: RaisedFloor,
    ExpectationBasis.DROPPED_PYTHON: Dropped,
    ExpectationBasis.DROPPED_PLATFORM: Dropped,
    ExpectationBasis.SHIPPED: NeitherBuildServed,
}


_DROPPED = {ExpectationBasis.DROPPED_PYTHON, ExpectationBasis.DROPPED_PLATFORM, ExpectationBasis.RAISED_FLOOR}


def problems(coverage: Coverage) -> Iterator[tuple[str, CoverageCell]]:
    """Every target with a problem, and the code of the rule."""
    compiled = {cell.target for cell in coverage.cells if cell.compiled}
    for cell in coverage.cells:
        if cell.expected is not None and not cell.served:
            yield _BY_BASIS[cell.expected].code, cell
        if cell.served and not cell.compiled and cell.target.other_build in compiled:
            yield PureStandIn.code, cell
        if any(not choice.loadable for choice in cell.choices):
            yield Unloadable.code, cell


def findings(coverage: Coverage, known: frozenset[tuple[str, str]] = frozenset()) -> tuple[Finding, ...]:
    """All findings about the coverage, one for the targets that share cause and outcome.

    ``known`` are (code, target label) pairs accepted by a baseline, which are left out.
    """
    subject = f"{coverage.project} {coverage.version}"
    groups: dict[tuple[str, object], list[CoverageCell]] = {}
    for code, cell in problems(coverage):
        if (code, cell.target.label) not in known:
            cause: object = (cell.target.python,) if code in {PureStandIn.code, Unloadable.code} else _cause(cell)
            groups.setdefault((code, cause), []).append(cell)
    found = []
    for code, cells in _one_for_each_cause(groups):
        match code:
            case PureStandIn.code:
                found.append(_stand_in(subject, cells))
            case Unloadable.code:
                found.append(_unloadable(subject, cells))
            case RaisedFloor.code:
                found += _raised(coverage, subject, cells)
            case _:
                found.append(_missing(_BY_CODE[code], subject, cells))
    return tuple(sorted(found))


def _one_for_each_cause(
    groups: Mapping[tuple[str, object], list[CoverageCell]],
) -> Iterator[tuple[str, list[CoverageCell]]]:
    """Merge versions that lack the same wheels on the same platforms: a job that did not run is one cause."""
    merged: dict[object, tuple[str, list[CoverageCell]]] = {}
    for (code, cause), cells in groups.items():
        first = cells[0]
        same: object = cause
        if isinstance(cause, tuple) and first.target.python in cause and first.expected not in _DROPPED:
            build = first.expected is not ExpectationBasis.SHIPPED and first.target.free_threaded
            same = (build, cause[1:], tuple(cell.target.platform for cell in cells))
        merged.setdefault((code, same), (code, []))[1].extend(cells)
    yield from merged.values()


def _cause(cell: CoverageCell) -> object:
    """What targets in one finding have in common."""
    if cell.expected is ExpectationBasis.DROPPED_PYTHON:
        return cell.expected, cell.target.python
    if cell.expected in {ExpectationBasis.DROPPED_PLATFORM, ExpectationBasis.RAISED_FLOOR}:
        return cell.expected
    return cell.target.python, cell.expected, tuple(each.outcome for each in cell.choices)


def _pythons(cells: Iterable[CoverageCell]) -> str:
    """``3.13, 3.14 and 3.14t``"""
    builds = sorted({(cell.target.minor, cell.target.free_threaded) for cell in cells})
    return listed(f"3.{minor}{'t' * free_threaded}" for minor, free_threaded in builds)


def _build(cells: Iterable[CoverageCell]) -> str:
    """``the default 3.14``, ``the free-threaded 3.14 and 3.15``"""
    targets = [cell.target for cell in cells]
    return (
        f"the {'free-threaded' if targets[0].free_threaded else 'default'} "
        f"{listed(f'3.{minor}' for minor in sorted({target.minor for target in targets}))}"
    )


def _targets(cells: Iterable[CoverageCell]) -> str:
    return listed(dict.fromkeys(cell.target.platform for cell in cells))


def _taken(choices: Iterable[InstallerChoice]) -> str:
    """What one installer selects on several targets."""
    by_outcome: dict[Outcome, list[InstallerChoice]] = {}
    for choice in choices:
        by_outcome.setdefault(choice.outcome, []).append(choice)
    return " or ".join(_alike(outcome, same) for outcome, same in by_outcome.items())


def _alike(outcome: Outcome, choices: Iterable[InstallerChoice]) -> str:
    match outcome:
        case Outcome.NOTHING:
            return "nothing"
        case Outcome.OLDER_VERSION:
            return f"the older version {_any_of(choice.version for choice in choices)}"
        case Outcome.SDIST:
            versions = (f"version {choice.only_binary}" if choice.only_binary else "nothing" for choice in choices)
            return f"the sdist (with only-binary: {_any_of(versions)})"
        case _:
            return _any_of(choice.filename for choice in choices)


def _any_of(names: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(names))


def instead(*cells: CoverageCell) -> str:
    """``pip and uv select the sdist`` or, where they or the targets differ, everything they select."""
    by_answer: dict[str, list[str]] = {}
    for choices in zip(*(cell.choices for cell in cells), strict=True):
        by_answer.setdefault(_taken(choices), []).append(choices[0].installer)
    return "; ".join(
        f"{' and '.join(names)} {'selects' if len(names) == 1 else 'select'} {answer}"
        for answer, names in by_answer.items()
    )


def _verb(cells: Iterable[CoverageCell], one: str, several: str) -> str:
    return one if len({cell.target.python for cell in cells}) == 1 else several


def _wheels(cells: list[CoverageCell]) -> str:
    abis = [f"cp3{cell.target.minor}-{cell.target.python}" for cell in cells]
    abi = listed(dict.fromkeys(abis))
    if len(cells) == 1:
        return f"a {abi}-{cells[0].target.platform} wheel"
    return f"a {abi} wheel for each" if len(set(abis)) == 1 else f"{abi} wheels for each"


def _raised(coverage: Coverage, subject: str, cells: list[CoverageCell]) -> Iterator[Finding]:
    """One finding for each old and new floor: architectures and builds with the same change are one decision.

    A build that was served on every machine its CPython runs on (macOS 10.13 for 3.12) has the oldest of all floors.
    """
    families: dict[tuple[str, str], dict[str, list[CoverageCell]]] = {}
    for cell in cells:
        builds = families.setdefault(platform_family(cell.target.platform), {})
        builds.setdefault(cell.target.python, []).append(cell)
    rises: dict[tuple[str, str], list[CoverageCell]] = {}
    for (_, architecture), builds in families.items():
        floors = [min((cell.target.platform for cell in build), key=level) for build in builds.values()]
        oldest = min(floors, key=level)
        for old, build in zip(floors, builds.values(), strict=True):
            new = max((floor_of(coverage.cells, cell.target) or old for cell in build), key=level)
            before = oldest if old == oldest_machine(build[0].target.minor, oldest) else old
            rise = (before.removesuffix(f"_{architecture}"), new.removesuffix(f"_{architecture}"))
            rises.setdefault(rise, []).extend(build)
    for (old, new), risen in rises.items():
        architectures = listed(sorted({platform_family(cell.target.platform)[1] for cell in risen}))
        yield RaisedFloor.finding(
            subject,
            f"the floor rises from {old} to {new} on {architectures} for {_pythons(risen)}:"
            f" on the older systems {instead(*risen)}",
        )


def _missing(rule: type[Rule], subject: str, cells: list[CoverageCell]) -> Finding:
    first = cells[0]
    where, what = f"{_build(cells)} on {_targets(cells)}", instead(*cells)
    upload = f"Build and upload {_wheels(cells)}."
    match first.expected:
        case ExpectationBasis.DROPPED_PYTHON:
            message = f"the previous release had wheels for {where}, but this one has none for that interpreter"
            upload = Dropped.fix
        case ExpectationBasis.DROPPED_PLATFORM:
            platforms = listed(sorted({cell.target.platform for cell in cells}))
            which = "that platform" if " and " not in platforms else "those platforms"
            message = f"the previous release had wheels for {platforms}, but this one has none for {which}"
            upload = Dropped.fix
        case ExpectationBasis.CONFIGURED:
            message = f"[tool.ftwheel] names {where}: no wheel"
        case ExpectationBasis.OTHER_BUILD:
            other_build = "default" if first.target.free_threaded else "free-threaded"
            message = f"no wheel for {where}, although the {other_build} build has one"
        case ExpectationBasis.PREVIOUS:
            message = f"the previous release had a wheel for {where}"
        case _:
            message = f"no wheel for {_pythons(cells)} on {_targets(cells)}"
    return rule.finding(subject, f"{message}; {what}", fix=upload)


def _stand_in(subject: str, cells: list[CoverageCell]) -> Finding:
    return PureStandIn.finding(
        subject,
        f"{_build(cells)} on {_targets(cells)} {_verb(cells, 'installs', 'install')} a pure wheel where the other"
        " build installs a compiled one",
        fix=f"Build and upload {_wheels(cells)}.",
    )


def _unloadable(subject: str, cells: list[CoverageCell]) -> Finding:
    names = sorted({choice.filename for cell in cells for choice in cell.choices if not choice.loadable})
    return Unloadable.finding(
        subject,
        f"{_build(cells)} on {_targets(cells)} {_verb(cells, 'accepts', 'accept')} {', '.join(names)}"
        " but cannot load it",
        fix=f"Build and upload {_wheels(cells)}, and correct the tags of the other wheel.",
    )
