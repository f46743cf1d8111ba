"""Behind ``ftwheel missing``: inputs, targets and indexes in; one report for each project that a target wants out.

Projects are judged as their pages arrive, and a page is let go once its project is judged, so that a run needs no more
memory for a long list than for a short one, but for the reports themselves. What goes wrong with one project is said
there and stops no other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from ftwheel.core.dependencies.inputs import Dependencies, UnindexedDependency
from ftwheel.core.dependencies.readiness import (
    FailurePolicy,
    GilDeclarations,
    MissingReport,
    ProjectReport,
    Readiness,
    Shard,
    TargetReadiness,
)
from ftwheel.core.dependencies.requested import RequestedProject, in_shard, requested_projects
from ftwheel.core.errors import FtwheelError
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
    "wanted",
]

_INSPECTORS = 4  # wheels looked into at a time; each may be large

Resolve = Callable[[Dependencies, Environment], "Resolution"]


class InspectWheel(Protocol):
    """Looks into a wheel; called from several threads. ``abort`` ends what is under way."""

    def __call__(self, file: File) -> GilDeclarations: ...
    def abort(self) -> None: ...


class ArrivingPages(Protocol):
    """The places to look, for many projects at once."""

    def arriving(self, names: Iterable[str]) -> Iterator[str]:
        """The same names, each when its pages are at hand, while those of the next are under way."""
        ...

    @property
    def indexes(self) -> Sequence[Index]:
        """In the installer's order."""
        ...

    def forget(self, name: str) -> None:
        """Let the pages of a project go."""
        ...


class KnownReports(Protocol):
    """Reports of earlier runs, for questions and pages that have not changed since."""

    def recall(self, requested_projects: RequestedProject) -> ProjectReport | None: ...
    def keep(self, requested_projects: RequestedProject, report: ProjectReport) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadinessQuestion:
    """What is asked about every project. ``rules`` gives those for a project, by its normalized name."""

    targets: tuple[Environment, ...]
    rules: Callable[[str], InstallerOptions]
    arrivals: ArrivingPages
    inspect: InspectWheel | None = None
    memory: KnownReports | None = None


def wanted(
    inputs: Sequence[Dependencies],
    targets: Sequence[Environment],
    *,
    resolve: Resolve | None = None,
    shard: Shard | None = None,
) -> tuple[tuple[RequestedProject, ...], tuple[UnindexedDependency, ...]]:
    """What the targets want of the inputs, by name, and what no index is asked about.

    Inputs that are not resolved are, by ``resolve``, for each target; without it, what they name is taken as it stands
    and nothing is followed, which is how a long list of names is looked at. Raises what ``resolve`` raises.
    """
    resolutions: list[dict[int, Resolution]] = [
        {}
        if resolve is None or dependencies.resolved
        else {number: resolve(dependencies, target) for number, target in enumerate(targets)}
        for dependencies in inputs
    ]
    everything = requested_projects(zip(inputs, resolutions, strict=True), [dict(target.markers) for target in targets])
    aside = [one for each in inputs for one in each.set_aside]
    aside += [one for each in resolutions for resolution in each.values() for one in resolution.set_aside]
    return tuple(one for one in everything if in_shard(one.name, shard)), tuple(dict.fromkeys(aside))


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
    """Judge every project that a target wants.

    ``done`` are reports of an earlier run of the same question that was interrupted; they are not made again.
    ``observer`` is told each new report, its number and how many there will be, earlier ones counted. Raises what
    ``resolve`` raises; what is wrong with one project stands in its report.
    """
    everything, aside = wanted(inputs, question.targets, resolve=resolve, shard=shard)
    earlier = done or {}
    reports = {
        one.name: replace(earlier[one.name], chains=one.chains)
        for one in everything
        if one.name in earlier and earlier[one.name].requirement == one.requirement
    }
    for report in judge([one for one in everything if one.name not in reports], question):
        reports[report.name] = report
        observer(report, len(reports), len(everything))
    return MissingReport(
        inputs=tuple(each.label for each in inputs),
        targets=tuple(target.label for target in question.targets),
        projects=tuple(report for _, report in sorted(reports.items())),
        set_aside=aside,
        policy=policy or FailurePolicy(),
        shards=(shard,) if shard is not None else (),
    )


def judge(everything: Iterable[RequestedProject], question: ReadinessQuestion) -> Iterator[ProjectReport]:
    """The report of each project, in the order in which pages arrive."""
    by_name = {one.name: one for one in everything}
    reports = _judged(by_name, question)
    if question.inspect is None:
        yield from (report for report, _ in reports)
    else:
        yield from _deepened(reports, question.inspect)


# a report, and for each verdict the wheel to look into
_Judged = tuple[ProjectReport, tuple[File | None, ...]]


def _judged(by_name: Mapping[str, RequestedProject], question: ReadinessQuestion) -> Iterator[_Judged]:
    asked = []
    for name, one in by_name.items():
        # a report remembered has no files to look into
        known = question.memory.recall(one) if question.memory is not None and question.inspect is None else None
        if known is None:
            asked.append(name)
        else:
            yield replace(known, chains=one.chains), ()
    if not asked:
        return
    for name in question.arrivals.arriving(asked):
        judged = _judge(by_name[name], question)
        question.arrivals.forget(name)
        if question.memory is not None and not judged[0].problem:
            question.memory.keep(by_name[name], judged[0])
        yield judged


def _judge(one: RequestedProject, question: ReadinessQuestion) -> _Judged:
    # what was remembered needs none of this
    from ftwheel.core.dependencies.assessment import assess, newest_wheel
    from ftwheel.core.installers.selection import ProjectFiles

    report = ProjectReport(name=one.name, requirement=one.requirement, chains=one.chains)
    try:
        pages = [(index.kind, index.project(one.name)) for index in question.arrivals.indexes]
    except FtwheelError as error:
        return replace(report, problem=error.message, problem_code=error.exit_code), ()
    found = [(kind, page) for kind, page in pages if page is not None]
    project = ProjectFiles(one.name, found) if found else None
    rules = question.rules(one.name)
    verdicts: dict[int, TargetReadiness] = {}
    for number, wish in one.wishes:
        verdict = assess(project, wish, question.targets[number], rules)
        if number not in verdicts or _is_worse(verdict, verdicts[number]):
            verdicts[number] = verdict
    files: tuple[File | None, ...] = ()
    if question.inspect is not None and project is not None:
        files = tuple(
            newest_wheel(project, verdict, question.targets[number], rules) for number, verdict in verdicts.items()
        )
    return replace(report, verdicts=tuple(verdicts.values())), files


def _is_worse(one: TargetReadiness, other: TargetReadiness) -> bool:
    """Of two inputs that want different versions for one target, the one that is not ready is told."""
    order = list(Readiness)
    return order.index(one.readiness) > order.index(other.readiness)


def _deepened(reports: Iterable[_Judged], inspect: InspectWheel) -> Iterator[ProjectReport]:
    """The same reports with what their wheels declare, in the same order; some wheels are looked into at a time."""
    from concurrent.futures import ThreadPoolExecutor  # 20 ms

    with ThreadPoolExecutor(max_workers=_INSPECTORS, thread_name_prefix="deep") as pool:
        waiting: deque[tuple[ProjectReport, tuple[File | None, ...], dict[str, Future[GilDeclarations]]]] = deque()
        try:
            for report, files in reports:
                futures = {file.filename: file for file in files if file is not None}
                waiting.append((report, files, {name: pool.submit(inspect, file) for name, file in futures.items()}))
                while sum(bool(futures) for _, _, futures in waiting) > 2 * _INSPECTORS:
                    yield _with_deep(*waiting.popleft())
            while waiting:
                yield _with_deep(*waiting.popleft())
        except BaseException:
            inspect.abort()
            pool.shutdown(cancel_futures=True)
            raise


def _with_deep(
    report: ProjectReport, files: tuple[File | None, ...], futures: Mapping[str, Future[GilDeclarations]]
) -> ProjectReport:
    if not futures:
        return report
    deep = [None if file is None else futures[file.filename].result() for file in files]
    return replace(
        report,
        verdicts=tuple(replace(verdict, deep=found) for verdict, found in zip(report.verdicts, deep, strict=True)),
    )
