"""FTV about files: problems with the files of a release, judged by their names and by the page of the index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from packaging.specifiers import InvalidSpecifier

from ftwheel.core.findings import Finding, Severity, likewise
from ftwheel.core.index.page import File, ProjectDetails
from ftwheel.core.release.ambiguous_files import LAST_MICRO, ChosenWheel
from ftwheel.core.release.coverage import TargetEnvironment
from ftwheel.core.tags.cpython_builds import targets_of
from ftwheel.core.versions import specifier_set
from ftwheel.core.wheel.contents import WheelContents
from ftwheel.core.wheel.filename import WheelName
from ftwheel.rules.rule import Rule
from ftwheel.rules.wheel.facts import WheelFacts, WheelRule
from ftwheel.rules.wheel.tags import Abi3tFloor, NeverAccepted, PythonTagWithT

__all__ = [
    "FILE_RULES",
    "QUOTED_BY_NAME",
    "ambiguous",
    "conflicts",
    "excluded",
    "never_right",
    "not_distributions",
    "variants",
]


class FileRule(Rule):
    """A rule about a file of a release."""


class SameRank(FileRule):
    code = "FTV107"
    title = "pip and uv choose differently, or arbitrarily, between two files of equal rank"
    why = """Two wheels share the best tag: pip selects by the order of the page, uv by the order of the names. Which
        one users run depends on their installer."""
    fix = "Upload only one of them, or give the intended one a build number."
    severity = Severity.WARNING


class RequiresPythonExcludesAll(FileRule):
    code = "FTV108"
    title = "requires-python excludes every interpreter that a wheel was built for"
    why = "Installers skip files whose requires-python does not match, so nobody can install this wheel."
    fix = "Correct requires-python, or leave this wheel out."
    severity = Severity.ERROR
    see = ("FTW503",)


class OtherContents(FileRule):
    code = "FTV109"
    title = "A new file is already on the index, with different contents"
    why = "An index never replaces a file: it rejects the upload, and users keep getting the existing file."
    fix = "Build it with a new version, or with a build number (-1-) if only the build was wrong."
    severity = Severity.ERROR


class YankedUpload(FileRule):
    code = "FTV110"
    title = "A new file is already on the index, and yanked"
    why = "Installers avoid a yanked file unless its version is pinned, and another upload does not change that."
    fix = "Un-yank it on the index, or release a new version."
    severity = Severity.ERROR


class NeverRight(FileRule):
    code = "FTV111"
    title = "The tags of a wheel are never accepted, or never right"
    why = "By its name alone, no interpreter accepts the wheel, or it promises an ABI that its interpreters lack."
    fix = "Use the tag that the backend generates, or `ftwheel tag --suggest`."
    severity = Severity.ERROR
    see = ("FTW203", "FTW204", "FTW209")


class VariantWheel(FileRule):
    code = "FTV113"
    title = "A wheel variant, which pip and uv ignore"
    why = """The label at the end of the file name makes the wheel a variant (PEP 825). Installers without support for
        variants do not recognize such a file as a wheel, so it serves no user of current pip or uv. Beside a wheel
        without a label that has its tags, this is advice."""
    fix = "Next to the variants, ship a wheel without a label for each target, which installers select."
    severity = Severity.WARNING
    see = ("FTW211",)


class NotADistribution(FileRule):
    code = "FTV114"
    title = "A file that is neither a wheel nor a source distribution"
    why = """The index rejects it, and the upload of the folder stops there: later files are missing from the
        release."""
    fix = "Remove the file from the folder, or build it again."
    severity = Severity.ERROR


FILE_RULES = FileRule.defined_in(globals())
_BY_NAME: tuple[WheelRule, ...] = (PythonTagWithT(), Abi3tFloor(), NeverAccepted())
QUOTED_BY_NAME = tuple(rule.code for rule in _BY_NAME)  # FTV111


def ambiguous(choices: Iterable[ChosenWheel], names: Iterable[WheelName]) -> Iterator[Finding]:
    """FTV107: targets where two wheels have equal rank, or where installers select different wheels.

    Two wheels of one version and build number that share the best tag have equal rank: pip selects by the order of the
    page, uv by the order of the names.
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
        taken[choice.target][choice.installer] = choice
        equal = [other for other in by_tag[choice.tag] if builds[other] == builds.get(choice.filename)]
        if len(equal) > 1:
            pairs[tuple(equal)].append(choice)
    equals = list(pairs)
    for by_installer in taken.values():
        different = tuple(sorted({choice.filename for choice in by_installer.values()}))
        if len(different) > 1 and not any(set(different) <= set(pair) for pair in equals):
            pairs[different] += by_installer.values()
    platforms = {name.filename: name.platforms for name in names}
    built_alike: dict[object, list[tuple[str, ...]]] = defaultdict(list)
    for files in sorted(pairs):
        built_alike[tuple(platforms[each] for each in files)].append(files)
    for files, *others in built_alike.values():
        found = pairs[files]
        first = min(found).target
        who = "; ".join(
            f"{choice.installer} selects {choice.filename}" for choice in sorted(found) if choice.target == first
        )
        count = len({choice.target for choice in found})
        where = first.label if count == 1 else f"{count} targets, such as {first.label}"
        message = f"competes with {', '.join(files[1:])} on {where}: {who}"
        yield SameRank.finding(files[0], message + likewise([each for each, *_ in others]))


def excluded(files: Mapping[str, File], names: Iterable[WheelName], newest: int) -> Iterator[Finding]:
    """FTV108: wheels whose requires-python excludes every interpreter that their tags are for.

    ``newest`` is the newest minor version to consider for a stable-ABI wheel.
    """
    for name in names:
        said = files[name.filename].requires_python
        targets = targets_of(name)
        if not said or not targets:
            continue
        try:
            specifier = specifier_set(said)
        except InvalidSpecifier:
            continue  # installers differ about invalid specifiers, which the coverage shows
        minors = {
            minor
            for target in targets
            for minor in range(target.minor, (max(newest, target.minor) if target.onwards else target.minor) + 1)
        }
        if not any(specifier.contains(f"3.{minor}.{micro}") for minor in minors for micro in (0, LAST_MICRO)):
            yield RequiresPythonExcludesAll.finding(
                name.filename, f"requires-python {said} excludes every interpreter that its tags are for"
            )


def conflicts(
    new_files: Sequence[File], page: ProjectDetails | None, sha256: Callable[[str], str] | None
) -> Iterator[Finding]:
    """FTV109 and FTV110: new files whose names are already on the index.

    ``sha256`` returns the digest of a new file; it is called for these files only. An identical file is not a finding.
    """
    there = {file.filename: file for file in page.files} if page is not None else {}
    for new in new_files:
        if (old := there.get(new.filename)) is None:
            continue
        digest = dict(old.hashes).get("sha256", "").lower()
        if (new.size is not None and old.size is not None and new.size != old.size) or (
            digest and sha256 is not None and sha256(new.filename) != digest
        ):
            yield OtherContents.finding(
                new.filename, "the index has a file of this name with different contents, and keeps it"
            )
        if old.yanked is not None:
            reason = f" ({old.yanked.reason})" if old.yanked.reason else ""
            yield YankedUpload.finding(
                new.filename, f"the index has this file, but it is yanked{reason}: installers avoid it"
            )


def never_right(names: Iterable[WheelName]) -> Iterator[Finding]:
    """FTV111: what the rules of ``ftwheel check`` find in a name alone."""
    for name in names:
        contents = WheelContents(
            name=name, dist_info=f"{name.stem}.dist-info/", size=0, members=(), wheel=None, metadata=None, record=None
        )
        facts = WheelFacts(wheel=contents, stable_symbols=dict)
        for rule in _BY_NAME:
            for finding in rule.check(facts):
                said = f"{finding.message} ({finding.code})"
                yield NeverRight.finding(finding.subject, said, fix=finding.fix, severity=finding.severity)


def variants(names: Iterable[WheelName]) -> Iterator[Finding]:
    """FTV113: the wheels that are variants, and whether a wheel without a label stands beside them."""
    names = tuple(names)
    plain = {tag for name in names if not name.variant for tag in name.tags}
    for name in names:
        if name.variant:
            label, alone = f"is a wheel variant with the label {name.variant}", not name.tags & plain
            yield VariantWheel.finding(
                name.filename,
                f"{label}, and no wheel without a label has its tags" if alone else label,
                severity=None if alone else Severity.ADVICE,
            )


def not_distributions(rejected: Mapping[str, str]) -> Iterator[Finding]:
    """FTV114: files to upload that cannot be read, and why."""
    for filename, problem in rejected.items():
        yield NotADistribution.finding(filename, problem)
