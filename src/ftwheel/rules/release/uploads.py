"""FTV about the upload: files that an index rejects or that are broken, interrupted uploads, unknown projects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from ftwheel.core.findings import Finding, Severity, likewise
from ftwheel.core.index.rules import IndexRules
from ftwheel.core.release.index_acceptance import (
    DEFAULT_LIMIT,
    RefusalReason,
    UploadRefusal,
    sdist_refusals,
)
from ftwheel.core.release.index_metadata import metadata_errors
from ftwheel.core.release.sdist import SdistContents
from ftwheel.core.wheel.contents import WheelContents
from ftwheel.core.wheel.reports import CheckReport
from ftwheel.rules.release.files import QUOTED_BY_NAME
from ftwheel.rules.rule import Rule
from ftwheel.rules.wheel.facts import WheelFacts
from ftwheel.rules.wheel.index import INDEX_RULES, RefusedSize
from ftwheel.rules.wheel.metadata import RequiresPythonExcludes
from ftwheel.rules.wheel.selection import RuleSelection

__all__ = [
    "UPLOAD_RULES",
    "RefusedByIndex",
    "broken",
    "closed",
    "refused",
    "stopped",
    "unknown_project",
]

# what makes an index or an installer reject the file itself: the archive, its metadata, its tags
_UNACCEPTABLE = ("FTW1", "FTW201", "FTW8")
# warnings about the archive (the index sends a mail, installers do not check), and about a stable ABI wheel that later
# versions do not accept
_ACCEPTED_ANYWAY = ("FTW1", "FTW313")
_OPEN_FOR = timedelta(days=14)  # PyPI accepts no new files for an older release


class RefusedByIndex(Rule):
    code = "FTV116"
    title = "The index rejects a file"
    why = """An upload stops at the first file that the index rejects, and later files are not uploaded: the users they
        are for get the sdist, an older version or nothing."""
    fix = "Correct what the finding names and build the file again, or remove it from the upload."
    severity = Severity.ERROR
    see = ("FTW109", "FTW801")


class StoppedUpload(Rule):
    code = "FTV117"
    title = "The upload stopped before the last file"
    why = """Some files of the folder are on the index and others are not. Until the rest is uploaded, pip and uv select
        the sdist or an older version where a wheel is missing. Upload wheels first: if the index has only the sdist,
        every user has to build it."""
    fix = "Upload the rest in this order: wheels, then the sdist. Files already on the index are skipped."
    severity = Severity.WARNING
    see = ("FTV109", "FTV116")


class UnknownProject(Rule):
    code = "FTV118"
    title = "No index has the project"
    why = """Without a page to compare with, ftwheel cannot know what users install today: a mistyped name or a wrong
        index URL looks the same as a first release."""
    fix = """Check the name and the index; for a first release, pass `--new-project`, or set `new-project: true` in the
        Action."""
    severity = Severity.ERROR


class BrokenFile(Rule):
    code = "FTV119"
    title = "`ftwheel check` finds an error in a file"
    why = """The index accepts the file and installers select it, but it is not what its name says: for example, the
        code is for another machine or another build, or an import does not find it. A file on an index cannot be
        replaced."""
    fix = "Fix what the rule in parentheses describes, and build the file again."
    severity = Severity.ERROR
    see = ("FTV106", "FTV111", "FTV116")


UPLOAD_RULES = Rule.defined_in(globals())


def refused(
    report: CheckReport, sdists: Iterable[SdistContents], *, index_rules: IndexRules, limit: int = DEFAULT_LIMIT
) -> Iterator[Finding]:
    """FTV116: the files that an index rejects, with one finding per reason, about the first such file.

    ``limit`` is the size in bytes that the index is known to accept from this project.
    """
    names: dict[tuple[Severity, str, str], list[str]] = defaultdict(list)
    found: list[tuple[str, tuple[Severity, str, str]]] = []
    for wheel in report.wheels:
        if wheel.contents is None:
            found += [(one.subject, (one.severity, f"{one.message} ({one.code})", one.fix)) for one in wheel.findings]
        else:
            found += [(wheel.contents.filename, about) for about in _about_wheel(wheel.contents, index_rules, limit)]
    found += [(sdist.filename, about) for sdist in sdists for about in _about_sdist(sdist, index_rules)]
    for filename, about in dict.fromkeys(found):
        names[about].append(filename)
    for (severity, message, fix), (first, *others) in names.items():
        may = "is" if severity is Severity.ERROR else "may be"
        told = f"{may} rejected: {message}{likewise(others)}"
        yield RefusedByIndex.finding(first, told, fix=fix or None, severity=severity)


def broken(report: CheckReport, excluded: Collection[str] = ()) -> Iterator[Finding]:
    """FTV119: errors of a check that no other release rule reports, and warnings about files that are accepted anyway.

    The same problem of several files is one finding, about the first of them. ``excluded`` are the files with a finding
    of FTV108, about Requires-Python.
    """
    dist_info = {wheel.contents.filename: wheel.contents.dist_info for wheel in report.wheels if wheel.contents}
    names: dict[tuple[Severity, str, str], list[str]] = defaultdict(list)
    for finding in report.findings:
        if finding.code in QUOTED_BY_NAME:
            continue
        if finding.code == RequiresPythonExcludes.code and finding.subject in excluded:
            continue
        accepted = finding.code.startswith(_ACCEPTED_ANYWAY) and finding.severity is Severity.WARNING
        if accepted or (finding.severity is Severity.ERROR and not finding.code.startswith(_UNACCEPTABLE)):
            filename, message = _quoted(finding, dist_info)
            names[finding.severity, message, finding.fix].append(filename)
    for (severity, message, fix), (first, *others) in names.items():
        yield BrokenFile.finding(first, message + likewise(others), fix=fix, severity=severity)


def _quoted(finding: Finding, dist_info: Mapping[str, str]) -> tuple[str, str]:
    """The file, and what ``check`` says about it, with members of ``.dist-info`` named without the folder."""
    filename, _, member = finding.subject.partition(":")
    member = member.removeprefix(dist_info.get(filename, ""))
    return filename, f"{member}{': ' if member else ''}{finding.message} ({finding.code})"


def _about_wheel(wheel: WheelContents, index_rules: IndexRules, limit: int) -> Iterator[tuple[Severity, str, str]]:
    selection = RuleSelection(select=_UNACCEPTABLE, index_rules=index_rules)
    for finding in selection.judge(WheelFacts(wheel=wheel, stable_symbols=dict)):
        if finding.severity is not Severity.ERROR and (finding.code != RefusedSize.code or wheel.size <= limit):
            continue
        yield finding.severity, _quoted(finding, {wheel.filename: wheel.dist_info})[1], finding.fix


def _about_sdist(sdist: SdistContents, index_rules: IndexRules) -> Iterator[tuple[Severity, str, str]]:
    if sdist.metadata is not None:
        for error in metadata_errors(sdist.metadata.text):
            yield Severity.ERROR, f"PKG-INFO: {error}", ""
    if index_rules is IndexRules.PYPI:
        rules = {rule.reason: rule for rule in INDEX_RULES}
        for refusal in sdist_refusals(sdist):
            severity = Severity.ERROR if refusal.certain else Severity.WARNING
            fix = "" if refusal.reason is RefusalReason.ARCHIVE else " ".join(rules[refusal.reason].fix.split())
            yield severity, _sentence(refusal), fix


def _sentence(refusal: UploadRefusal) -> str:
    match refusal.reason:
        case RefusalReason.LICENSE_FILE:
            return f"PKG-INFO names the license file {refusal.detail}, which is missing"
        case RefusalReason.METADATA | RefusalReason.DESCRIPTION:
            return f"PKG-INFO: {refusal.detail}"
        case _:
            return refusal.detail


def closed(
    waiting: Sequence[str], *, first_upload: date | None, day: date, version: str, index_rules: IndexRules
) -> Iterator[Finding]:
    """FTV116 for files that come too late: PyPI accepts no new files for a release older than 14 days."""
    if index_rules is IndexRules.PYPI and waiting and first_upload is not None and day - first_upload > _OPEN_FOR:
        yield RefusedByIndex.finding(
            waiting[0],
            f"is rejected: {version} is on the index since {first_upload}, and PyPI accepts no new files for a release"
            f" after {_OPEN_FOR.days} days{likewise(waiting[1:])}",
            fix="Raise the version (a post release will do) and upload every file under it.",
        )


def stopped(
    waiting: Sequence[str], there: Collection[str], reason: Callable[[str], str | None], *, subject: str
) -> Iterator[Finding]:
    """FTV117: some files of the folder are on the index; ``waiting`` are those that are not, in the order to upload.

    ``reason`` returns the code of the rule for which an index rejects a file, if known.
    """
    if not waiting or not there:
        return
    culprit = next(((name, code) for name in waiting if (code := reason(name))), None)
    stop = (
        f"the upload stopped at {culprit[0]} ({culprit[1]})"
        if culprit
        else f"{waiting[0]}, the first of them, has no problem, so it is unknown why the upload stopped"
    )
    yield StoppedUpload.finding(
        subject,
        f"{len(there)} of {len(there) + len(waiting)} files are on the index; missing, in the order to upload:"
        f" {', '.join(waiting)}; {stop}",
    )


def unknown_project(name: str) -> Finding:
    """FTV118: no index has a page of the project."""
    return UnknownProject.finding(name, "no index has this project, so what users install today is unknown")
