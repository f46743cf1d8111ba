"""What is wrong with the files of a release whatever else is on the index: two of one rank, requires-python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from ftwheel.core.errors import InputError
from ftwheel.core.findings import Finding, Severity
from ftwheel.core.index.page import File
from ftwheel.core.release.coverage import TargetEnvironment
from ftwheel.core.tags.cpython_builds import targets_of
from ftwheel.core.wheel.filename import WheelName

__all__ = ["LAST_MICRO", "ChosenWheel", "ambiguous", "excluded", "wheel_names"]

LAST_MICRO = 99  # beyond every micro version there is


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ChosenWheel:
    """The wheel of the release that an installer takes in a place; ``tag`` is the one that made it fit best."""

    place: TargetEnvironment
    installer: str
    filename: str
    tag: str


def wheel_names(filenames: Iterable[str]) -> tuple[WheelName, ...]:
    """Those of the names that are a wheel's, sorted."""
    found = []
    for filename in sorted(filenames):
        try:
            found.append(WheelName.parse(filename))
        except InputError:
            continue
    return tuple(found)


def ambiguous(choices: Iterable[ChosenWheel], names: Iterable[WheelName]) -> Iterator[Finding]:
    """FTV107: places where two wheels have one rank, or where installers take different wheels.

    Two wheels of one version and build number that share the tag by which one of them is taken have one rank there:
    pip decides by the order of the page, and uv by the order of the names.
    """
    names = tuple(names)
    builds = {name.filename: name.build for name in names}
    by_tag: dict[str, list[str]] = defaultdict(list)
    for name in names:
        for tag in name.tags:
            by_tag[str(tag)].append(name.filename)
    pairs: dict[tuple[str, ...], list[ChosenWheel]] = defaultdict(list)
    taken: dict[TargetEnvironment, dict[str, ChosenWheel]] = defaultdict(dict)
    for choice in choices:
        taken[choice.place][choice.installer] = choice
        equal = [other for other in by_tag[choice.tag] if builds[other] == builds.get(choice.filename)]
        if len(equal) > 1:
            pairs[tuple(equal)].append(choice)
    equals = list(pairs)
    for by_installer in taken.values():
        different = tuple(sorted({choice.filename for choice in by_installer.values()}))
        if len(different) > 1 and not any(set(different) <= set(pair) for pair in equals):
            pairs[different] += by_installer.values()
    for files, found in sorted(pairs.items()):
        first = min(found).place
        who = "; ".join(
            f"{choice.installer} takes {choice.filename}" for choice in sorted(found) if choice.place == first
        )
        places = len({choice.place for choice in found})
        yield Finding(
            subject=files[0],
            code="FTV107",
            severity=Severity.WARNING,
            message=f"competes with {', '.join(files[1:])} in {places} place{'s' if places > 1 else ''}, "
            f"{first.label} for one: {who}",
            fix="Upload only one of them, or give the one that is meant a build number.",
        )


def excluded(files: Mapping[str, File], names: Iterable[WheelName], newest: int) -> Iterator[Finding]:
    """FTV108: wheels whose requires-python keeps out every interpreter that their tags are for.

    ``newest`` is the newest minor version a stable-ABI wheel is for.
    """
    for name in names:
        said = files[name.filename].requires_python
        targets = targets_of(name)
        if not said or not targets:
            continue
        try:
            specifier = SpecifierSet(said)
        except InvalidSpecifier:
            continue  # installers differ about what cannot be read, and the coverage shows it
        minors = {
            minor
            for target in targets
            for minor in range(target.minor, (max(newest, target.minor) if target.onwards else target.minor) + 1)
        }
        if not any(specifier.contains(f"3.{minor}.{micro}") for minor in minors for micro in (0, LAST_MICRO)):
            yield Finding(
                subject=name.filename,
                code="FTV108",
                severity=Severity.ERROR,
                message=f"requires-python {said} keeps it from every interpreter that its tags are for",
                fix="Correct requires-python, or leave this wheel out.",
            )
