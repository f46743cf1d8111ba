"""Lay out who pulls in what: the chains of a report of ``ftwheel missing``, merged at their beginnings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ftwheel.core.dependencies.readiness import MissingReport, ProjectReport
from ftwheel.core.dependencies.wording import listed, short
from ftwheel.render.dependencies.wording import answers, versions

__all__ = ["Tree", "tree", "tree_lines"]

_LINES = ("├── ", "└── ", "│   ", "    ")
_ASCII = ("|-- ", "`-- ", "|   ", "    ")


class Tree(dict[str, "Tree"]):
    """The names below a name, in order."""


def tree(projects: Iterable[ProjectReport]) -> Tree:
    """The chains of these projects, merged at their beginnings."""
    top = Tree()
    for project in projects:
        for chain in project.chains or ((project.name,),):
            place = top
            for name in chain:
                place = place.setdefault(name, Tree())
    return top


def tree_lines(report: MissingReport, projects: Iterable[ProjectReport], encoding: str) -> Iterator[str]:
    """A line for each project on the way from a root to one of ``projects``, with what the targets get of it.

    Box-drawing characters stand where ``encoding`` has them.
    """
    top = tree(projects)
    try:
        "".join(_LINES).encode(encoding)
        strokes = _LINES
    except UnicodeEncodeError:
        strokes = _ASCII
    told = {project.name: _told(report, project) for project in report.projects}
    for name in sorted(top):
        yield _line(name, told)
        yield from _below(top[name], told, strokes, "")


def _below(below: Tree, told: Mapping[str, str], strokes: tuple[str, str, str, str], indent: str) -> Iterator[str]:
    branch, last_branch, bar, space = strokes
    names = sorted(below)
    for name in names:
        last = name == names[-1]
        yield f"{indent}{last_branch if last else branch}{_line(name, told)}"
        yield from _below(below[name], told, strokes, indent + (space if last else bar))


def _line(name: str, told: Mapping[str, str]) -> str:
    return f"{name}{told[name]}" if name in told else name


def _told(report: MissingReport, project: ProjectReport) -> str:
    """What follows the name: `` 5.3.0: sdist (cp314t)``, without the targets where all get the same."""
    if project.problem:
        return f": {project.problem}"
    names = short(report.targets)
    groups: dict[str, list[str]] = {}
    for target, text in answers(project).items():
        groups.setdefault(text, []).append(names[target])
    told = "; ".join(
        text if len(targets) == len(names) else f"{text} ({listed(targets)})" for text, targets in groups.items()
    )
    found = versions(project)
    return f" {found[0]}: {told}" if len(found) == 1 else f": {told}"
