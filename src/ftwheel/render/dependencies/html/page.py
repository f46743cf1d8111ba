"""Writes the page about missing wheels. Text from indexes is truncated, made printable and escaped."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from html import escape

from ftwheel.core.dependencies.readiness import MissingReport, ProjectReport, Readiness, TargetReadiness
from ftwheel.core.dependencies.wording import helps, needed_by, short
from ftwheel.core.errors import InputError
from ftwheel.core.listing import listed
from ftwheel.render.dependencies.issue import write_issue
from ftwheel.render.dependencies.tree import Tree, tree
from ftwheel.render.dependencies.wording import asks, heading, notes_on, versions
from ftwheel.render.html_document import asset, document
from ftwheel.render.release.html import shape, symbols
from ftwheel.render.release.matrix import FieldState, bounded

__all__ = ["html"]

_STATES = {
    Readiness.FREE_THREADED: FieldState.WHEEL,
    Readiness.VERSION_SPECIFIC: FieldState.WHEEL,
    Readiness.STABLE_ABI: FieldState.STABLE_ABI,
    Readiness.PURE: FieldState.PURE,
    Readiness.CANNOT_LOAD: FieldState.UNLOADABLE,
    Readiness.OLDER_VERSION: FieldState.OLDER,
    Readiness.SDIST: FieldState.SDIST,
    Readiness.NOTHING: FieldState.NOTHING,
    Readiness.CANNOT_TELL: FieldState.UNLOADABLE,
}
_MOST_NODES = 5000  # of the tree


def html(report: MissingReport, *, installer: str) -> str:
    """The page as text, to be written as UTF-8; ``installer`` is the one that was simulated."""
    lines = document(
        title=f"{bounded(listed(report.inputs), 80)}: {report.counts.summary}",
        style="\n".join([asset("ftwheel.render.release.html", "page.css"), asset(__package__, "page.css")]),
        script=asset(__package__, "page.js"),
        skip=("#projects", "Skip to the projects"),
        body=_body(report, installer),
    )
    return "".join(f"{line}\n" for line in lines)


def _body(report: MissingReport, installer: str) -> Iterator[str]:
    yield symbols()
    yield "<header>"
    yield from _header(report)
    yield "</header>\n<main>"
    yield from _table(report)
    yield from _tree(report)
    yield from _issues(report, installer)
    yield from _set_aside(report)
    yield "</main>"


def _text(text: str, most: int = 240) -> str:
    return escape(bounded(text, most))


def _header(report: MissingReport) -> Iterator[str]:
    counts = report.counts
    tone = "bad" if report.blocking else "warned" if counts.untold else "good"
    mark = shape(FieldState.WHEEL if tone == "good" else FieldState.UNLOADABLE)
    yield f"<p class=over>Wheels for free-threaded CPython</p><h1>{_text(listed(report.inputs))}</h1>"
    yield f'<p class="verdict {tone}">{mark}<strong>{_text(counts.summary)}</strong></p>'
    yield f"<p class=basis>{_text(heading(report), 1000)}</p>"


def _table(report: MissingReport) -> Iterator[str]:
    names = short(report.targets)
    yield '<section aria-labelledby="projects"><h2 id="projects" tabindex="-1">Projects</h2>'
    yield "<p>Ordered by impact: projects that many others depend on, and those you asked for, come first.</p>"
    checked = "" if report.counts.ready == report.counts.projects else " checked"
    yield '<fieldset class="filters"><legend>Show</legend>'
    yield f'<label><input type="checkbox" id="f-bad"{checked}> only projects that are not ready</label>'
    yield '<label hidden>named <input type="search" id="f-name" autocomplete="off"></label></fieldset>'
    yield '<p class="sr-status" role="status"></p>'
    yield '<div class="scroll" role="region" aria-label="Table of projects" tabindex="0"><table class="list deps">'
    yield '<caption class="hidden">Projects, and what each target installs</caption><thead><tr>'
    heads = ("Rank", "Project", *names.values(), "Dependents", "Next steps")
    for number, name in enumerate(heads):
        sort = "" if number == len(heads) - 1 else " data-sort"
        sorted_by = ' aria-sort="ascending"' if number == 0 else ""
        yield f'<th scope="col"{sort}{sorted_by}>{_text(name)}</th>'
    yield "</tr></thead><tbody>"
    for rank, project in enumerate(report.ranked, 1):
        yield from _row(report, project, rank, names)
    yield "</tbody></table></div></section>"


def _row(report: MissingReport, project: ProjectReport, rank: int, names: Mapping[str, str]) -> Iterator[str]:
    name = _text(project.name)
    searched = _text(" ".join([project.name, *{each for chain in project.chains for each in chain}]).lower(), 2000)
    yield f'<tr id="p-{name}"{" class=clean" if project.ready else ""} data-names="{searched}">'
    yield f'<td class="num" data-label="Rank" data-key="{rank}">{rank}</td>'
    by = needed_by(project)
    pulled = f'<span class="on">needed by {_text(by)}</span>' if by else ""
    yield f'<th scope="row" data-key="{name}">{name} <code>{_text(", ".join(versions(project)))}</code>{pulled}</th>'
    for target, head in names.items():
        verdict = project.at(target)
        yield f'<td data-label="{_text(head)}">{_verdict(report, project, verdict) if verdict else _none(project)}</td>'
    yield f'<td class="num" data-label="Dependents" data-key="{project.dependents}">{project.dependents}</td>'
    yield f'<td data-label="Next steps">{_next(report, project)}</td></tr>'


def _none(project: ProjectReport) -> str:
    if project.problem:
        return f'<span class="mark warned">{shape(FieldState.UNLOADABLE)}could not be judged</span>'
    return '<span class="said">not needed here</span>'


def _tone(report: MissingReport, project: ProjectReport, verdict: TargetReadiness) -> str:
    if verdict.ready:
        return "good"
    if project.name in report.policy.allowed:
        return "known"
    return "bad" if verdict.readiness in report.policy.fail_on else "warned"


def _mark(report: MissingReport, project: ProjectReport, verdict: TargetReadiness) -> str:
    tone = _tone(report, project, verdict)
    allowed = " (allowed)" if tone == "known" else ""
    return f'<span class="mark {tone}">{shape(_STATES[verdict.readiness])}{verdict.readiness.value}{allowed}</span>'


def _verdict(report: MissingReport, project: ProjectReport, verdict: TargetReadiness) -> str:
    taken = f'<code class="said">{_text(verdict.taken.filename)}</code>' if verdict.taken else ""
    why = f'<span class="said">{_text(verdict.why, 1000)}</span>' if verdict.why else ""
    return f"{_mark(report, project, verdict)}{taken}{why}"


def _next(report: MissingReport, project: ProjectReport) -> str:
    steps = [_text(step, 1000) for step in (project.problem_hint, *helps(report, project)) if step]
    if project.tracker and asks(project):
        # a report read from a file may contain any text here
        linked = project.tracker.startswith(("https://", "http://"))
        address = escape(bounded(project.tracker, 300), quote=True)
        steps.append(f'<a href="{address}" rel="noreferrer">issue tracker</a>' if linked else address)
    if asks(project):
        steps.append(f'<a href="#i-{_text(project.name)}">text of an issue to file</a>')
    listed_steps = f"<ul>{''.join(f'<li>{step}</li>' for step in steps)}</ul>" if steps else ""
    notes = "".join(f'<span class="note">{_text(note, 1000)}</span>' for note in _notes(report, project))
    return f"{listed_steps}{notes}"


def _notes(report: MissingReport, project: ProjectReport) -> Iterator[str]:
    if project.problem:
        yield project.problem
    if not project.ready:
        yield from notes_on(report, project)


def _tree(report: MissingReport) -> Iterator[str]:
    projects = {project.name: project for project in report.projects}
    top = tree(report.projects)
    if all(not below for below in top.values()):
        return
    yield '<section aria-labelledby="tree"><h2 id="tree">Dependency tree</h2><ul class="tree">'
    left = [_MOST_NODES]
    for name in sorted(top):
        yield from _node(report, projects, name, top[name], left)
    yield "</ul></section>"


def _node(
    report: MissingReport, projects: Mapping[str, ProjectReport], name: str, below: Tree, left: list[int]
) -> Iterator[str]:
    if left[0] <= 0:
        return
    left[0] -= 1
    clean = ' class="clean"' if _all_ready(projects, name, below) else ""
    project = projects.get(name)
    marks = _marks(report, project) if project is not None else ""
    if not below:
        yield f'<li{clean}><a href="#p-{_text(name)}">{_text(name)}</a> {marks}</li>'
        return
    yield f"<li{clean}><details open><summary>{_text(name)} {marks}</summary><ul>"
    for each in sorted(below):
        yield from _node(report, projects, each, below[each], left)
    yield "</ul></details></li>"


def _marks(report: MissingReport, project: ProjectReport) -> str:
    """What the targets install, each answer once."""
    return " ".join(dict.fromkeys(_mark(report, project, verdict) for verdict in project.verdicts)) or _none(project)


def _all_ready(projects: Mapping[str, ProjectReport], name: str, below: Tree) -> bool:
    project = projects.get(name)
    return (project is None or project.ready) and all(_all_ready(projects, each, below[each]) for each in below)


def _issues(report: MissingReport, installer: str) -> Iterator[str]:
    asked = [project for project in report.ranked if asks(project)]
    if not asked:
        return
    yield '<section aria-labelledby="issues"><h2 id="issues">Issues to file</h2>'
    for project in asked:
        text = io.StringIO()
        try:
            write_issue(report, project, installer, text)
        except InputError:  # in a report that was edited by hand
            continue
        name = _text(project.name)
        yield f"<details><summary>{name}</summary>"
        yield f'<pre class="issue" id="i-{name}" tabindex="0">{_issue(text.getvalue())}</pre></details>'
    yield "</section>"


def _issue(text: str) -> str:
    return "\n".join(_text(line, 2000) for line in text.rstrip().split("\n"))


def _set_aside(report: MissingReport) -> Iterator[str]:
    if not report.set_aside:
        return
    yield '<section aria-labelledby="aside"><h2 id="aside">Set aside</h2><ul class=files>'
    yield from (f"<li>{_text(aside.name)}: {_text(aside.reason)}</li>" for aside in report.set_aside[:_MOST_NODES])
    yield "</ul></section>"
