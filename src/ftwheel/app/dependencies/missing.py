"""The use case of ``ftwheel missing``: reports on each project that a target needs.

Projects are judged as their pages arrive, and pages are dropped afterwards, so that only the reports take memory in
proportion to the number of projects. An error with one project is part of its report and does not affect the others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from ftwheel.core.dependencies.inputs import Dependencies, UnindexedDependency
from ftwheel.core.dependencies.readiness import (
    NO_INDEX_HAS_IT,
    RELAX_SPECIFIER,
    FailurePolicy,
    GilDeclarations,
    HelpKind,
    MissingReport,
    ProjectReport,
    Readiness,
    Shard,
    TargetReadiness,
)
from ftwheel.core.dependencies.requested import RequestedProject, in_shard, requested_projects
from ftwheel.core.errors import FtwheelError, InputError
from ftwheel.core.index.page import File
from ftwheel.core.index.pages import Index
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.tags.environments import Environment

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ftwheel.core.dependencies.resolution import Resolution

__all__ = [
    "ArrivingPages",
    "InspectWheel",
    "KnownReports",
    "ReadinessQuestion",
    "Resolve",
    "judge",
    "missing",
    "requested",
    "resolved",
]

_READERS = 4  # concurrent reads; wheels may be large

Resolve = Callable[[Dependencies, Environment], "Resolution"]


class InspectWheel(Protocol):
    """Inspects a wheel; called from several threads. ``abort`` cancels pending work."""

    def __call__(self, file: File) -> GilDeclarations: ...
    def abort(self) -> None: ...


class ArrivingPages(Protocol):
    """Indexes that fetch the pages of many projects concurrently."""

    def arriving(self, names: Iterable[str]) -> Iterator[str]:
        """Yield the names, each once its pages are available, while the next ones are being fetched."""
        ...

    @property
    def indexes(self) -> Sequence[Index]:
        """The indexes, in the installer's order."""
        ...

    def forget(self, name: str) -> None:
        """Drop the pages of a project."""
        ...


class KnownReports(Protocol):
    """Reports of earlier runs, valid as long as question and pages are unchanged."""

    def recall(self, requested_projects: RequestedProject) -> ProjectReport | None: ...
    def keep(self, requested_projects: RequestedProject, report: ProjectReport) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadinessQuestion:
    """The question about every project. ``rules`` returns the installer options for a normalized name.

    ``tracker`` returns the URL of a project's issue tracker, from the file with the best metadata; it is called for
    projects that upstream has to fix. ``others`` are indexes that the installer does not use, by name; they are queried
    for projects that are not ready. Both are called from several threads.
    """

    targets: tuple[Environment, ...]
    rules: Callable[[str], InstallerOptions]
    arrivals: ArrivingPages
    inspect: InspectWheel | None = None
    memory: KnownReports | None = None
    tracker: Callable[[File], str] | None = None
    others: tuple[tuple[str, Index], ...] = ()


def missing(
    inputs: Sequence[Dependencies],
    question: ReadinessQuestion,
    *,
    resolve: Resolve | None = None,
    policy: FailurePolicy | None = None,
    shard: Shard | None = None,
    done: Mapping[str, ProjectReport] | None = None,
    observer: Callable[[ProjectReport, int, int], None] = lambda report, number, of: None,
) -> MissingReport:
    """Judge every project that a target needs.

    ``done`` are reports of an interrupted run of the same question, which are reused. ``observer`` is called with each
    new report, its number and the total, including earlier ones. Raises what ``resolve`` raises; an error with one
    project is part of its report.
    """
    resolutions = resolved(inputs, question.targets, resolve)
    projects = requested(inputs, resolutions, question.targets, shard)
    reports = _kept(projects, done or {})
    for report in judge([one for one in projects if one.name not in reports], question):
        reports[report.name] = report
        observer(report, len(reports), len(projects))
    return MissingReport(
        inputs=tuple(each.label for each in inputs),
        targets=tuple(target.label for target in question.targets),
        projects=tuple(report for _, report in sorted(reports.items())),
        set_aside=_set_aside(inputs, resolutions),
        policy=policy or FailurePolicy(),
        shards=(shard,) if shard is not None else (),
    )


Resolutions = Sequence[Mapping[int, "Resolution"]]  # for each input, by the number of the target


def resolved(inputs: Sequence[Dependencies], targets: Sequence[Environment], resolve: Resolve | None) -> Resolutions:
    """Resolve the unresolved inputs for each target; without ``resolve``, as for long lists of names, use them as is.

    Raises what ``resolve`` raises.
    """
    return [
        {}
        if resolve is None or dependencies.resolved
        else {number: resolve(dependencies, target) for number, target in enumerate(targets)}
        for dependencies in inputs
    ]


def requested(
    inputs: Sequence[Dependencies], resolutions: Resolutions, targets: Sequence[Environment], shard: Shard | None = None
) -> tuple[RequestedProject, ...]:
    """The projects in the inputs that the targets need, by name."""
    markers = [dict(target.markers) for target in targets]
    everything = requested_projects(zip(inputs, resolutions, strict=True), markers)
    return tuple(one for one in everything if in_shard(one.name, shard))


def _set_aside(inputs: Sequence[Dependencies], resolutions: Resolutions) -> tuple[UnindexedDependency, ...]:
    aside = [one for each in inputs for one in each.set_aside]
    aside += [one for each in resolutions for resolution in each.values() for one in resolution.set_aside]
    return tuple(dict.fromkeys(aside))


def _kept(projects: Iterable[RequestedProject], done: Mapping[str, ProjectReport]) -> dict[str, ProjectReport]:
    """The reports of an earlier run that answer the current question."""
    return {
        one.name: _placed(done[one.name], one)
        for one in projects
        if one.name in done and done[one.name].requirement == one.requirement
    }


def _placed(report: ProjectReport, one: RequestedProject) -> ProjectReport:
    """The report with the fields that depend on other projects rather than on pages."""
    from ftwheel.core.dependencies.assessment import with_alternatives

    verdicts = tuple(with_alternatives(verdict, one.extras) for verdict in report.verdicts)
    return replace(report, chains=one.chains, dependents=one.dependents, verdicts=verdicts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """A report, with the wheel to inspect for each verdict, and the file whose metadata has the project's tracker."""

    report: ProjectReport
    wheels: tuple[File | None, ...] = ()
    described_by: File | None = None
    new: bool = True


def judge(projects: Iterable[RequestedProject], question: ReadinessQuestion) -> Iterator[ProjectReport]:
    """The report of each project, in the order in which pages arrive."""
    by_name = {one.name: one for one in projects}
    reports = _judged(by_name, question)
    if question.inspect is not None or question.tracker is not None or question.others:
        reports = _completed(reports, by_name, question)
    for judged in reports:
        one = by_name[judged.report.name]
        # what other indexes have may change while the pages do not
        lasting = judged.report.ready or not question.others
        if question.memory is not None and judged.new and lasting and not judged.report.problem:
            question.memory.keep(one, judged.report)
        yield _placed(judged.report, one)


def _judged(by_name: Mapping[str, RequestedProject], question: ReadinessQuestion) -> Iterator[_Judged]:
    asked = []
    for name, one in by_name.items():
        known = _known(one, question)
        if known is None:
            asked.append(name)
        else:
            yield known
    if not asked:
        return
    for name in question.arrivals.arriving(asked):
        one = by_name[name]
        judged = _known(one, question) or _judge(one, question)  # the pages may be those of an earlier run
        question.arrivals.forget(name)
        yield judged


def _known(one: RequestedProject, question: ReadinessQuestion) -> _Judged | None:
    """The report of an earlier run, if it answers everything."""
    if question.memory is None or question.inspect is not None:  # a cached report has no files to inspect
        return None
    known = question.memory.recall(one)
    if (
        known is None
        or (question.others and not known.ready)
        or (question.tracker is not None and not known.tracker and _asks(known.verdicts))
    ):
        return None
    return _Judged(report=known, new=False)


def _judge(one: RequestedProject, question: ReadinessQuestion) -> _Judged:
    # not needed for cached reports
    from ftwheel.core.dependencies.assessment import assess, describing_file, newest_wheel, not_there, with_passed_over
    from ftwheel.core.installers.requirements import unknown_project
    from ftwheel.core.installers.selection import ProjectFiles

    report = ProjectReport(name=one.name, requirement=one.requirement, chains=one.chains)
    try:
        indexes = question.arrivals.indexes
        pages = [(index.kind, index.project(one.name)) for index in indexes]
    except FtwheelError as error:
        return _Judged(
            report=replace(report, problem=error.message, problem_code=error.exit_code, problem_hint=error.hint)
        )
    found = [(kind, page) for kind, page in pages if page is not None]
    named = (getattr(index, "label", "") for index in indexes)
    labels = [label for label, (_, page) in zip(named, pages, strict=True) if page is not None]
    project = ProjectFiles(one.name, found) if found else None
    rules = question.rules(one.name)
    if problem := not_there(project, one, rules):
        hint = unknown_project(one.name) if project is None else RELAX_SPECIFIER
        return _Judged(report=replace(report, problem=problem, problem_code=InputError.exit_code, problem_hint=hint))
    verdicts: dict[int, TargetReadiness] = {}
    for number, version in one.versions:
        verdict = assess(project, version, question.targets[number], rules)
        if project is not None:
            verdict = with_passed_over(verdict, labels, project, version, (question.targets[number], rules))
        if number not in verdicts or _is_worse(verdict, verdicts[number]):
            verdicts[number] = verdict
    wheels: tuple[File | None, ...] = ()
    described_by = None
    if project is not None:
        if question.inspect is not None:
            wheels = tuple(
                newest_wheel(project, verdict, question.targets[number], rules) for number, verdict in verdicts.items()
            )
        if question.tracker is not None and _asks(verdicts.values()):
            described_by = describing_file(project)
        project.release()
    return _Judged(report=replace(report, verdicts=tuple(verdicts.values())), wheels=wheels, described_by=described_by)


def _asks(verdicts: Iterable[TargetReadiness]) -> bool:
    """Whether any verdict needs a fix by the project itself."""
    return any(each.kind in {HelpKind.ASK, HelpKind.ASK_PYTHON} for verdict in verdicts for each in verdict.helps)


def _is_worse(one: TargetReadiness, other: TargetReadiness) -> bool:
    """Whether one verdict on a target is worse than another, from an input that requires a different version."""
    order = list(Readiness)
    return order.index(one.readiness) > order.index(other.readiness)


def _completed(
    reports: Iterable[_Judged], by_name: Mapping[str, RequestedProject], question: ReadinessQuestion
) -> Iterator[_Judged]:
    """The reports with the declarations of wheels, trackers and what other indexes have, in the same order.

    Files and pages are read concurrently.
    """
    from concurrent.futures import ThreadPoolExecutor  # 20 ms

    inspect, tracker = question.inspect, question.tracker
    with ThreadPoolExecutor(max_workers=_READERS, thread_name_prefix="readiness") as pool:
        waiting: deque[_Waiting] = deque()
        try:
            for judged in reports:
                wheels = {file.filename: file for file in judged.wheels if file is not None}
                asks_others = question.others and not judged.report.ready
                waiting.append(
                    _Waiting(
                        judged=judged,
                        declared={name: pool.submit(inspect, file) for name, file in wheels.items()} if inspect else {},
                        address=pool.submit(tracker, judged.described_by) if tracker and judged.described_by else None,
                        elsewhere=pool.submit(_elsewhere, judged.report, by_name[judged.report.name], question)
                        if asks_others
                        else None,
                    )
                )
                while sum(map(_Waiting.is_under_way, waiting)) > 2 * _READERS or (
                    waiting and not waiting[0].is_under_way()
                ):
                    yield waiting.popleft().complete()
            while waiting:
                yield waiting.popleft().complete()
        except BaseException:
            if inspect is not None:
                inspect.abort()
            pool.shutdown(cancel_futures=True)
            raise


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """A report with its pending requests."""

    judged: _Judged
    declared: Mapping[str, Future[GilDeclarations]]
    address: Future[str] | None
    elsewhere: Future[ProjectReport] | None

    def is_under_way(self) -> bool:
        return bool(self.declared or self.address or self.elsewhere)

    def complete(self) -> _Judged:
        """The report with the answers, waiting for them."""
        report = self.judged.report if self.elsewhere is None else self.elsewhere.result()
        if self.address is not None:
            report = replace(report, tracker=self.address.result())
        if self.declared:
            wheels = self.judged.wheels
            found = [None if file is None else self.declared[file.filename].result() for file in wheels]
            verdicts = zip(report.verdicts, found, strict=True)
            report = replace(report, verdicts=tuple(replace(verdict, gil=each) for verdict, each in verdicts))
        return replace(self.judged, report=report)


def _elsewhere(report: ProjectReport, one: RequestedProject, question: ReadinessQuestion) -> ProjectReport:
    """The report with what other indexes have; an index that cannot be queried is noted."""
    from ftwheel.core.dependencies.assessment import help_of_index, with_helps

    rules = question.rules(one.name)
    targets = {target.label: (number, target) for number, target in enumerate(question.targets)}
    for label, index in question.others:
        try:
            page = index.project(one.name)
        except FtwheelError as error:
            noted = tuple(replace(each, notes=(*each.notes, f"{label}: {error.message}")) for each in report.verdicts)
            report = replace(report, verdicts=noted)
            continue
        if page is None:
            continue
        if report.problem == NO_INDEX_HAS_IT:
            report = replace(report, problem=f"{report.problem}; {label} has it")
        verdicts = []
        for verdict in report.verdicts:
            number, target = targets[verdict.target]
            wanted = [version for at, version in one.versions if at == number]
            version = next((each for each in wanted if each.pinned == verdict.version), wanted[0])
            helps = None if verdict.ready else help_of_index((label, page), version, verdict, target, rules)
            verdicts.append(with_helps(verdict, [helps] if helps else []))
        report = replace(report, verdicts=tuple(verdicts))
    return report
