"""Decides which jobs publish the files of one release together, and which see only a part of it.

A gate that sees only part of a release reports the rest as missing, so its placement determines its value.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ftwheel.core.project.workflow_text import ALWAYS, JobText, WorkflowText

__all__ = [
    "JudgedTogether",
    "earlier_jobs",
    "judged_together",
    "publishes_sdists_only",
    "publishes_wheels",
    "publishing",
    "split_releases",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedTogether:
    """The jobs that wait for one gate, in workflow order, and the condition under which the gate has to run."""

    jobs: tuple[JobText, ...]
    condition: str


def publishing(workflow: WorkflowText) -> list[JobText]:
    """The jobs that upload to an index other than a test index."""
    return [job for job in workflow.jobs if job.publishes and not job.is_for_tests]


def judged_together(
    workflow: WorkflowText, jobs: Sequence[JobText], others: Sequence[WorkflowText] = ()
) -> JudgedTogether:
    """Decide which of the publishing jobs share one gate: all if possible, else those that run together.

    Jobs that publish wheels take precedence over those that publish only source distributions. Jobs with different
    conditions can share one gate unless something that the gate needs is skipped under another job's condition.
    """
    names = {job.name for job in jobs}
    earlier = {job.name: [each for each in earlier_jobs(workflow, job) if each.name not in names] for job in jobs}
    # the gate cannot wait for a job that waits for the gate
    last = {name for name, found in earlier.items() if any(names.intersection(each.needs) for each in found)}
    first_ones = [job for job in jobs if job.name not in last] or [jobs[0]]
    conditions = dict.fromkeys(_plain(job.condition) for job in first_ones)
    free = not any(each.condition for found in earlier.values() for each in found)
    if len(conditions) > 1 and free and not any("${{" in each or ALWAYS.search(each) for each in conditions):
        condition = "" if "" in conditions else " || ".join(conditions)
        return JudgedTogether(jobs=tuple(first_ones), condition=condition)
    first = next((job for job in first_ones if not publishes_sdists_only(workflow, job, others)), first_ones[0])
    alike = tuple(job for job in first_ones if job.condition == first.condition)
    return JudgedTogether(jobs=alike, condition=" ".join(first.condition.split()))


def publishes_sdists_only(workflow: WorkflowText, job: JobText, others: Sequence[WorkflowText] = ()) -> bool:
    """Whether a job publishes source distributions and certainly no wheels, built by itself or by earlier jobs."""
    named = [step.settings.get("name") or step.settings.get("pattern", "") for step in job.downloads]
    if named and not job.builds and all("sdist" in name and "wheel" not in name for name in named):
        return True
    sources = [job] * job.builds
    if job.downloads or not job.builds:
        sources += _uploading(workflow, job, others)
    return bool(sources) and all(each.builds_sdists_only for each in sources)


def publishes_wheels(workflow: WorkflowText) -> bool:
    """Whether any job of the workflow may publish wheels."""
    return any(not publishes_sdists_only(workflow, job) for job in publishing(workflow))


def split_releases(workflows: Sequence[WorkflowText]) -> frozenset[str]:
    """The paths of workflows that publish wheels of the same release, started by the same event or workflow."""
    started: dict[str, set[str]] = {workflow.path: set(workflow.triggers) for workflow in workflows}
    for workflow in workflows:
        for job in workflow.jobs:
            if (path := job.calls.removeprefix("./")) in started:
                started[path].add(f"{workflow.path} {job.condition}")
    wheels = [workflow.path for workflow in workflows if publishes_wheels(workflow)]
    count = Counter(itertools.chain.from_iterable(started[path] for path in wheels))
    return frozenset(path for path in wheels if any(count[each] > 1 for each in started[path]))


def earlier_jobs(workflow: WorkflowText, job: JobText) -> list[JobText]:
    """The jobs that have finished when this one starts, in workflow order."""
    named = {each.name: each for each in workflow.jobs}
    found: set[str] = set()
    left = list(job.needs)
    while left:
        name = left.pop()
        if name in named and name not in found:
            found.add(name)
            left += named[name].needs
    return [each for each in workflow.jobs if each.name in found]


def _uploading(workflow: WorkflowText, job: JobText, others: Sequence[WorkflowText]) -> Iterator[JobText]:
    """The earlier jobs that make artifacts; for a reusable workflow, its jobs, or else the job that calls it."""
    called = {f"./{other.path}": other.jobs for other in others}
    for each in earlier_jobs(workflow, job):
        if each.calls:
            yield from called.get(each.calls, (each,))
        elif each.uploads_artifacts:
            yield each


def _plain(condition: str) -> str:
    """A condition on one line, without a ``${{ }}`` that encloses all of it."""
    condition = " ".join(condition.split())
    inner = condition.removeprefix("${{").removesuffix("}}")
    return inner.strip() if inner != condition and "}}" not in inner else condition
