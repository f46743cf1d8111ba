"""The dependency tree of a report of ``ftwheel missing``, from its chains."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ftwheel.core.dependencies.readiness import MissingReport, ProjectReport
from ftwheel.core.dependencies.wording import short
from ftwheel.core.listing import listed
from ftwheel.render.dependencies.wording import answers, versions

__all__ = ["Tree", "tree", "tree_lines"]

_LINES = ("├── ", "└── ", "│   ", "    ")
_ASCII = ("|-- ", "`-- ", "|   ", "    ")


class Tree(dict[str, "Tree"]):
    """The names below a name, in order."""


def tree(projects: Iterable[ProjectReport]) -> Tree:
    """The chains of these projects, merged where they begin alike."""
    top = Tree()
    for project in projects:
        for chain in project.chains or ((project.name,),):
            node = top
            for name in chain:
                node = node.setdefault(name, Tree())
    return top


def tree_lines(report: MissingReport, projects: Iterable[ProjectReport], encoding: str) -> Iterator[str]:
    """A line for each project on the way from a root to one of ``projects``, with what the targets install.

    Uses box-drawing characters if ``encoding`` has them.
    """
    top = tree(projects)
    try:
        "".join(_LINES).encode(encoding)
        strokes = _LINES
    except UnicodeEncodeError:
        strokes = _ASCII
    results = {project.name: _result(report, project) for project in report.projects}
    for name in sorted(top):
        yield _line(name, results)
        yield from _below(top[name], results, strokes, "")


def _below(below: Tree, results: Mapping[str, str], strokes: tuple[str, str, str, str], indent: str) -> Iterator[str]:
    branch, last_branch, bar, space = strokes
    names = sorted(below)
    for name in names:
        last = name == names[-1]
        yield f"{indent}{last_branch if last else branch}{_line(name, results)}"
        yield from _below(below[name], results, strokes, indent + (space if last else bar))


def _line(name: str, results: Mapping[str, str]) -> str:
    return f"{name}{results.get(name, '')}"


def _result(report: MissingReport, project: ProjectReport) -> str:
    """The text after the name: `` 5.3.0: sdist (cp314t)``, without the targets if all install the same."""
    if project.problem:
        return f": {project.problem}"
    names = short(report.targets)
    groups: dict[str, list[str]] = {}
    for target, text in answers(project).items():
        groups.setdefault(text, []).append(names[target])
    result = "; ".join(
        text if len(targets) == len(names) else f"{text} ({listed(targets)})" for text, targets in groups.items()
    )
    found = versions(project)
    return f" {found[0]}: {result}" if len(found) == 1 else f": {result}"
