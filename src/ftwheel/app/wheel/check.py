"""The use case of ``ftwheel check``: reads and judges each wheel, then the wheels of each release together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from os.path import basename

from ftwheel.core.errors import FtwheelError, InputError
from ftwheel.core.findings import Finding
from ftwheel.core.wheel.contents import WheelContents
from ftwheel.core.wheel.pairs import compare_pair, pair_up
from ftwheel.core.wheel.reports import CheckReport, Imported, PolicyVerdict, WheelReport
from ftwheel.rules.wheel.archive import UnreadableWheel
from ftwheel.rules.wheel.facts import ReleaseWheels, WheelFacts
from ftwheel.rules.wheel.selection import DECIDED_BY_IMPORT, RuleSelection

__all__ = ["Importer", "Judge", "Run", "check"]

# (path, contents) -> results by interpreter, and the reason if there are none
Importer = Callable[[str, WheelContents], tuple[tuple[Imported, ...], str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Reads and judges one wheel. Instances are sent to worker processes, so they have to be picklable.

    ``policy`` is None on systems where auditwheel does not run.
    """

    selection: RuleSelection
    read: Callable[[str], WheelContents]
    stable_symbols: Callable[[], Mapping[str, int]]
    policy: Callable[[str, WheelContents], PolicyVerdict] | None
    undeclared: tuple[str, ...] = ()

    def __call__(self, path: str) -> WheelReport:
        """The report on the wheel at ``path``; a file that is not a wheel has one finding about that."""
        try:
            contents = self.read(path)
        except InputError as error:
            return WheelReport(path=path, contents=None, findings=(_unreadable(path, error),))
        return WheelReport(path=path, contents=contents, findings=self.selection.judge(self.facts(path, contents)))

    def facts(self, path: str, contents: WheelContents) -> WheelFacts:
        policy = self.policy
        return WheelFacts(
            wheel=contents,
            stable_symbols=self.stable_symbols,
            policy=None if policy is None else lambda: policy(path, contents),
            undeclared=self.undeclared,
        )


# calls the function for each path, in any order, on any number of cores
Run = Callable[[Callable[[str], WheelReport], Sequence[str]], Iterator[WheelReport]]


def check(
    paths: Sequence[str],
    judge: Judge,
    *,
    run: Run,
    importer: Importer | None = None,
    observer: Callable[[str], None] = lambda path: None,
) -> CheckReport:
    """Check the wheels at ``paths``; ``observer`` is called with each finished path. Never raises for a bad wheel."""
    done: dict[str, WheelReport] = {}
    for report in run(judge, paths):
        done[report.path] = _with_imports(report, judge, importer) if importer else report
        observer(report.path)
    wheels = tuple(done[path] for path in paths)
    return CheckReport(wheels=wheels, together=_together(wheels, judge.selection))


def _unreadable(path: str, error: InputError) -> Finding:
    name = basename(path)
    message = error.message.removeprefix(f"{path}: ").removeprefix(f"{name}: ")
    return UnreadableWheel.finding(name, message, fix=error.hint or None)


def _with_imports(report: WheelReport, judge: Judge, importer: Importer) -> WheelReport:
    """Judge again by the rules that an import decides; all other findings are kept."""
    if report.contents is None:
        return report
    try:
        imported, why_not = importer(report.path, report.contents)
    except FtwheelError as error:
        imported, why_not = (), error.message
    facts = replace(judge.facts(report.path, report.contents), imported=imported, not_imported=why_not)
    kept = (finding for finding in report.findings if finding.code not in DECIDED_BY_IMPORT)
    decided = judge.selection.judge(facts, only=DECIDED_BY_IMPORT)
    return report._replace(findings=tuple(sorted({*kept, *decided})), imported=imported)


def _together(reports: Sequence[WheelReport], selection: RuleSelection) -> tuple[Finding, ...]:
    releases: dict[tuple[str, str], list[WheelContents]] = {}
    for report in reports:
        if report.contents is not None:
            name = report.contents.name
            releases.setdefault((name.name, str(name.version)), []).append(report.contents)
    found: list[Finding] = []
    for _, wheels in sorted(releases.items()):
        pairing = pair_up(wheels)
        group = ReleaseWheels(
            wheels=tuple(wheels),
            pairing=pairing,
            comparisons=tuple(compare_pair(default, free_threaded) for default, free_threaded in pairing.pairs),
        )
        found += selection.judge_group(group)
    return tuple(found)
