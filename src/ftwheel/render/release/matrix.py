"""The coverage of a release as a matrix: a row per platform, a column per CPython build.

Every report of ``ftwheel verify`` (text, Markdown, JSON, HTML, SVG) is drawn from this, so that they agree. Text from
indexes is made printable and truncated here.
"""

from __future__ import annotations

import enum
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from ftwheel.core.findings import Finding, Severity, worst
from ftwheel.core.installers.outcomes import Outcome
from ftwheel.core.release.coverage import Coverage, CoverageCell, InstallerChoice, TargetEnvironment, level
from ftwheel.core.wheel.pairs import platform_family
from ftwheel.render.terminal import printable
from ftwheel.rules.release.coverage import PureStandIn, Unloadable, instead, problems
from ftwheel.rules.release.uploads import RefusedByIndex

__all__ = ["Column", "CoverageMatrix", "Field", "FieldState", "Row", "System", "Tone", "bounded", "lay_out"]

_LONGEST = 240  # characters of a name or a reason; a hostile file name can have a hundred thousand
_LONGEST_VERSION = 12
_SYSTEMS = {
    "linux": "Linux (glibc)",
    "manylinux": "Linux (glibc)",
    "musllinux": "Linux (musl)",
    "macosx": "macOS",
    "win": "Windows",
    "ios": "iOS",
    "android": "Android",
    "pyodide": "Emscripten",
    "pyemscripten": "Emscripten",
    "emscripten": "Emscripten",
}
_ORDER = tuple(dict.fromkeys(_SYSTEMS.values()))
_WINDOWS = {"win_amd64": "x86_64", "win32": "x86", "win_arm64": "arm64"}
_LEVEL_WORDS = {"manylinux": "glibc", "musllinux": "musl", "macosx": "macOS", "ios": "iOS"}
_VERSIONED = re.compile(r"(manylinux|musllinux|macosx|ios)_([0-9]{1,4})_([0-9]{1,4})_([a-z0-9_]+)")


class FieldState(enum.Enum):
    """What a target installs, from best to worst; the value is the word shown."""

    WHEEL = "wheel"
    STABLE_ABI = "stable ABI"
    PURE = "pure"
    OLDER = "older"
    SDIST = "sdist"
    NOTHING = "nothing"
    UNLOADABLE = "cannot load"


_WORST_LAST = tuple(FieldState)
_STATES = {
    Outcome.FREE_THREADED: FieldState.WHEEL,
    Outcome.VERSION_SPECIFIC: FieldState.WHEEL,
    Outcome.STABLE_ABI: FieldState.STABLE_ABI,
    Outcome.PURE: FieldState.PURE,
    Outcome.OLDER_VERSION: FieldState.OLDER,
    Outcome.SDIST: FieldState.SDIST,
    Outcome.NOTHING: FieldState.NOTHING,
}


class Tone(enum.Enum):
    """The verdict on a field."""

    GOOD = "served"
    BAD = "problem"
    WARNED = "warning"
    KNOWN = "accepted problem"
    QUIET = "not expected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One target: the worst state among the installers, and its explanation.

    ``word`` is the state's word, with the older version, and with the installers if they differ. ``taken`` says what
    each installer selects, ``why`` gives the reason for the verdict, ``codes`` are the rule codes of its problems.
    """

    target: TargetEnvironment
    state: FieldState
    tone: Tone
    word: str
    taken: str
    why: str
    codes: tuple[str, ...]

    @property
    def python(self) -> str:
        """``3.14, free-threaded``"""
        return f"3.{self.target.minor}, {'free-threaded' if self.target.free_threaded else 'default'}"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Column:
    """One build of one minor version, as in ``TargetEnvironment``."""

    minor: int
    free_threaded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One platform: ``name`` is for display, ``platform`` the tag; a field is None if there is no such build."""

    platform: str
    name: str
    fields: tuple[Field | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """The platforms of one operating system."""

    name: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageMatrix:
    """The whole matrix.

    ``headline`` is the verdict in one sentence; ``verdict`` is ``BAD`` with an error among the findings, ``WARNED``
    with a warning, else ``GOOD``.
    """

    title: str
    headline: str
    verdict: Tone
    counts: tuple[tuple[Tone, int], ...]
    columns: tuple[Column, ...]
    systems: tuple[System, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        """Every field, row by row."""
        return tuple(
            field for system in self.systems for row in system.rows for field in row.fields if field is not None
        )

    def count(self, tone: Tone) -> int:
        """How many fields there are of a tone."""
        return dict(self.counts)[tone]


def bounded(text: str, longest: int = _LONGEST) -> str:
    """The text, made printable and truncated."""
    text = printable(text[:longest])
    return text if len(text) < longest else f"{text[: longest - 3]}..."


def lay_out(
    coverage: Coverage, found: Sequence[Finding], *, known: frozenset[tuple[str, str]] = frozenset()
) -> CoverageMatrix:
    """Lay out the matrix; ``known`` are the (rule code, target label) pairs that a baseline accepts.

    Severities are those of ``found``, which are configurable.
    """
    weights = {finding.code: finding.severity for finding in found}
    codes: dict[TargetEnvironment, list[str]] = {}
    for code, cell in problems(coverage):
        codes.setdefault(cell.target, []).append(code)
    fields = {cell.target: _field(cell, codes.get(cell.target, ()), known, weights) for cell in coverage.cells}
    columns = sorted({Column(minor=target.minor, free_threaded=target.free_threaded) for target in fields})
    rows = [
        Row(
            platform=row[0],
            name=_machine(row[0]),
            fields=tuple(
                next(
                    (
                        field
                        for target, field in fields.items()
                        if target.platform in row
                        and (target.minor, target.free_threaded) == (column.minor, column.free_threaded)
                    ),
                    None,
                )
                for column in columns
            ),
        )
        for row in _rows(fields)
    ]
    counts = Counter(field.tone for field in fields.values())
    heaviest = worst(found) or Severity.ADVICE
    return CoverageMatrix(
        title=f"{bounded(coverage.project, 80)} {bounded(coverage.version, 80)}",
        headline=_headline(counts, found),
        verdict={Severity.ERROR: Tone.BAD, Severity.WARNING: Tone.WARNED}.get(heaviest, Tone.GOOD),
        counts=tuple((tone, counts[tone]) for tone in Tone),
        columns=tuple(columns),
        systems=tuple(
            System(name=name, rows=tuple(group)) for name, group in groupby(rows, key=lambda row: _system(row.platform))
        ),
    )


def _rows(targets: Iterable[TargetEnvironment]) -> list[list[str]]:
    """The platform tags of each row, the oldest first.

    Newer CPython versions need a newer macOS: macOS tags of one architecture share a row as long as no interpreter is
    on two of them.
    """
    pythons: dict[str, set[str]] = {}
    for target in targets:
        pythons.setdefault(target.platform, set()).add(target.python)
    rows: list[list[str]] = []
    for platform in sorted(pythons, key=_sorting):
        before = rows[-1] if rows else []
        if (
            before
            and platform.startswith("macosx_")
            and platform_family(platform) == platform_family(before[0])
            and all(pythons[platform].isdisjoint(pythons[other]) for other in before)
        ):
            before.append(platform)
        else:
            rows.append([platform])
    return rows


def _headline(counts: Counter[Tone], found: Sequence[Finding]) -> str:
    bad, accepted = counts[Tone.BAD] + counts[Tone.WARNED], counts[Tone.KNOWN]
    expected = counts.total() - counts[Tone.QUIET]
    if bad:
        return f"{bad} of {expected} expected targets {'does' if bad == 1 else 'do'} not get the wheel of this release"
    if found:
        if any(finding.code == RefusedByIndex.code and finding.severity is Severity.ERROR for finding in found):
            return "Every expected target would be served, but the index rejects files"
        return "Every expected target is served, but there are findings about the files"
    if accepted:
        return f"All {expected} expected targets are served or accepted by the baseline ({accepted} accepted)"
    if not expected:
        return "No target is expected to get a wheel of this release"
    return f"All {expected} expected targets get a wheel of this release"


def _field(
    cell: CoverageCell, codes: Iterable[str], known: frozenset[tuple[str, str]], weights: Mapping[str, Severity]
) -> Field:
    codes = tuple(codes)
    states = {choice.installer: _state(choice) for choice in cell.choices}
    state = max(states.values(), key=_WORST_LAST.index, default=FieldState.NOTHING)
    word = state.value
    if state is FieldState.OLDER:
        word = f"older {bounded(next(g.version for g in cell.choices if _state(g) is state), _LONGEST_VERSION)}"
    if len(set(states.values())) > 1:
        word += f" ({', '.join(name for name, each in states.items() if each is state)})"
    tone = Tone.GOOD if cell.served else Tone.QUIET
    if codes:
        heavy = [weights.get(code, Severity.ERROR) for code in codes if (code, cell.target.label) not in known]
        tone = Tone.KNOWN
        if heavy:
            tone = Tone.BAD if max(heavy) is Severity.ERROR else Tone.WARNED
    return Field(
        target=cell.target,
        state=state,
        tone=tone,
        word=word,
        taken=bounded(instead(cell)),
        why=_why(cell, tone, codes),
        codes=codes,
    )


def _state(choice: InstallerChoice) -> FieldState:
    return _STATES[choice.outcome] if choice.loadable else FieldState.UNLOADABLE


def _why(cell: CoverageCell, tone: Tone, codes: Iterable[str]) -> str:
    parts = []
    if cell.expected is not None:
        parts.append(f"expected: {cell.expected.value}")
    elif tone is Tone.GOOD:
        parts.append("served, although not expected")
    elif tone is Tone.QUIET:
        parts.append("not expected: neither the configuration, the other build nor the previous release requires it")
    # the other rules would only repeat the basis
    about_wheels = (rule for rule in (PureStandIn, Unloadable) if rule.code in codes)
    parts += [f"{rule.title[:1].lower()}{rule.title[1:]}" for rule in about_wheels]
    if tone is Tone.KNOWN:
        parts.append("accepted by the baseline")
    return "; ".join(parts)


def _system(platform: str) -> str:
    return _SYSTEMS.get(re.split(r"[_0-9]", platform, maxsplit=1)[0], "Other")


def _sorting(platform: str) -> tuple[object, ...]:
    system = _system(platform)
    position = _ORDER.index(system) if system in _ORDER else len(_ORDER)
    return position, platform_family(platform), level(platform), platform


def _machine(platform: str) -> str:
    """``x86_64, glibc 2.17``; the tag itself if there is nothing to spell out."""
    if platform in _WINDOWS:
        return _WINDOWS[platform]
    if not (match := _VERSIONED.fullmatch(platform)):
        return bounded(platform)
    name, major, minor, machine = match.groups()
    version = major if name == "macosx" and int(major) > 10 else f"{major}.{minor}"
    return f"{machine}, {_LEVEL_WORDS[name]} {version}"
