"""Texts shared by the reports and findings of ``ftwheel missing``: targets, dependents, remedies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ftwheel.core.dependencies.readiness import Help, HelpKind, MissingReport, ProjectReport
from ftwheel.core.listing import listed, listed_briefly

__all__ = ["helps", "needed_by", "short"]

_MOST_CHAINS = 3


def short(targets: Sequence[str]) -> dict[str, str]:
    """The shortest unambiguous name of each target: ``cp314t`` if there is only one platform."""
    if len({label.partition("-")[2] for label in targets}) == 1:
        return {label: label.partition("-")[0] for label in targets}
    return {label: label for label in targets}


def needed_by(project: ProjectReport) -> str:
    """The path to a project, such as ``scrapy > parsel``; empty for a directly requested project."""
    paths = list(dict.fromkeys(" > ".join(chain[:-1]) for chain in project.chains))
    if not paths or "" in paths:
        return ""
    return listed_briefly(paths, _MOST_CHAINS)


def helps(report: MissingReport, project: ProjectReport) -> Iterator[str]:
    """Yield the remedies for a project, best first: one clause each, naming the targets unless it holds for all."""
    names = short(report.targets)
    found: dict[Help, list[str]] = {}
    troubled = [verdict for verdict in project.verdicts if not verdict.ready]
    for verdict in troubled:
        for each in verdict.helps:
            found.setdefault(each, []).append(names[verdict.target])
    order = list(HelpKind)
    for each, targets in sorted(found.items(), key=lambda item: order.index(item[0].kind)):
        yield each.text if len(targets) == len(troubled) else f"{each.text} ({listed(targets)})"
