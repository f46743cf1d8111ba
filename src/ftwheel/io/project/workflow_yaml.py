"""Reads GitHub workflows as YAML, with line numbers; a text that is not a workflow has no jobs."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ftwheel.core.project.gate import Gate
from ftwheel.core.project.workflow_text import JobText, StepText, WorkflowText

__all__ = ["is_the_same_but_for", "read_workflow_text"]

_MOST_VALUES = 100_000
_INPUT = re.compile(r"\$\{\{\s*inputs\.(?P<name>[\w-]+)\s*\}\}")


def read_workflow_text(path: str, text: str, actions: Mapping[str, str] = MappingProxyType({})) -> WorkflowText:
    """The jobs of a workflow; none if the text is not YAML, or if ``jobs`` is in flow style.

    ``actions`` are the texts of the repository's own actions, by folder: ``.github/actions/publish``.
    """
    document = _load(text)
    jobs: Any = document.get("jobs") if isinstance(document, Mapping) else None
    if not _is_mapping(jobs) or jobs.fa.flow_style() is True:
        return WorkflowText(path=path, text=text)
    environ = _texts(document.get("env"))
    found = [
        _job(str(name), job, jobs.lc.key(name), actions, environ) for name, job in jobs.items() if _is_mapping(job)
    ]
    return WorkflowText(
        path=path,
        text=text,
        jobs=tuple(found),
        triggers=frozenset(_triggers(document.get("on"))),
        environ=frozenset(environ),
    )


def _triggers(on: Any) -> Iterator[str]:
    """The events by which a release triggers a workflow; pushes are distinguished by their branch and tag filters."""
    events = dict.fromkeys([on] if isinstance(on, str) else on or ()) if not isinstance(on, Mapping) else on
    for event, filters in events.items():
        if event == "push":
            kept = {key: value for key, value in (filters or {}).items() if key.startswith(("tags", "branches"))}
            yield f"push {json.dumps(_plain(kept), sort_keys=True, default=repr)}"
        elif event == "release":
            yield "release"


def _load(text: str) -> Any:
    """The document; None if it is not YAML, or too large. Tabs before comments, which ruamel rejects, are spaces."""
    for each in dict.fromkeys((text, text.replace("\t", " "))):
        with contextlib.suppress(YAMLError, ValueError):
            document = YAML(typ="rt").load(each)
            return document if _values(document, {}) <= _MOST_VALUES else None
    return None


def _values(value: Any, known: dict[int, int]) -> int:
    """The number of values with every alias written out; a few lines can stand for billions."""
    if id(value) not in known:
        known[id(value)] = 1
        inside = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
        known[id(value)] += sum(_values(each, known) for each in inside)
    return known[id(value)]


def _is_mapping(value: object) -> bool:
    """Whether it is a non-empty mapping with positions."""
    return isinstance(value, Mapping) and bool(value) and hasattr(value, "lc")


def _job(
    name: str, job: Any, position: tuple[int, int], actions: Mapping[str, str], environ: Mapping[str, str]
) -> JobText:
    needs = job.get("needs", ())
    strategy = job.get("strategy")
    environment = job.get("environment", "")
    permissions = job.get("permissions")
    steps = job.get("steps")
    flow = job.fa.flow_style() is True
    return JobText(
        name=name,
        line=position[0],
        column=position[1],
        inner=position[1] * 2 if flow else job.lc.col,
        opens=(job.lc.line, job.lc.col) if flow else None,
        needs=(str(needs),) if isinstance(needs, str) else tuple(map(str, needs or ())),
        needs_at=_key(job, "needs"),
        condition=_text(job.get("if", "")),
        condition_at=_key(job, "if"),
        environment=" ".join(
            map(str, environment.values()) if isinstance(environment, Mapping) else [str(environment)]
        ),
        calls=str(job.get("uses", "")),
        permissions=frozenset(map(str, permissions)) if isinstance(permissions, Mapping) else None,
        matrix=isinstance(strategy, Mapping) and "matrix" in strategy,
        steps=tuple(_steps(steps, actions, {**environ, **_texts(job.get("env"))})) if _is_list(steps) else (),
    )


def _key(mapping: Any, name: str) -> tuple[int, int] | None:
    """The position of a key with a value, as (line, column); None for one from a merge key."""
    if mapping.get(name) is None or name not in (mapping.lc.data or {}):
        return None
    line, column = mapping.lc.key(name)
    return line, column


def _steps(steps: Any, actions: Mapping[str, str], environ: Mapping[str, str]) -> Iterator[StepText]:
    inline = steps.fa.flow_style() is True
    for number, step in enumerate(steps):
        if not _is_mapping(step):
            continue
        settings = _texts(step.get("with"))
        own = {**environ, **_texts(step.get("env"))}
        line, column = steps.lc.item(number)
        action = str(step.get("uses", "")).removeprefix("./").rstrip("/")
        yield StepText(
            line=line,
            column=column if inline else steps.lc.col,
            inline=inline,
            uses=str(step.get("uses", "")),
            inside=tuple(_inside(action, actions, settings, own)),
            run=str(step.get("run", "")),
            condition=_text(step.get("if", "")),
            settings=settings,
            environ=own,
        )


def _inside(
    action: str, actions: Mapping[str, str], settings: Mapping[str, str], environ: Mapping[str, str]
) -> Iterator[StepText]:
    """The steps of the repository's composite action with its inputs filled in; an action cannot contain itself."""
    document = _load(actions.get(action, ""))
    runs = document.get("runs") if isinstance(document, Mapping) else None
    steps = runs.get("steps") if isinstance(runs, Mapping) else None
    if not _is_list(steps):
        return
    declared = document.get("inputs")
    defaults = {
        str(name): _text(one.get("default", "") if isinstance(one, Mapping) else "")
        for name, one in (declared.items() if isinstance(declared, Mapping) else ())
    }
    inputs = {**defaults, **settings}

    def filled(text: str) -> str:
        return _INPUT.sub(lambda match: inputs.get(match["name"], match[0]), text)

    for step in _steps(steps, {name: text for name, text in actions.items() if name != action}, environ):
        yield _filled(step, filled)


def _filled(step: StepText, filled: Callable[[str], str]) -> StepText:
    """A step of an action with its inputs filled in, without a position in the workflow."""
    return replace(
        step,
        line=-1,
        run=filled(step.run),
        condition=filled(step.condition),
        settings={name: filled(value) for name, value in step.settings.items()},
        inside=tuple(_filled(each, filled) for each in step.inside),
    )


def _is_list(value: Any) -> bool:
    """Whether it is a list with positions."""
    return isinstance(value, list) and hasattr(value, "lc")


def _texts(value: Any) -> dict[str, str]:
    """A mapping of ``with`` or ``env`` as text; empty for anything else."""
    return {str(key): _text(item) for key, item in value.items()} if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_the_same_but_for(before: str, gate: Gate) -> bool:
    """Whether adding the gate to the text changes its meaning by the gate alone."""
    old, new = _plain(_load(before)), _plain(_load(gate.text))
    if not isinstance(old, dict) or not isinstance(new, dict):
        return False
    if not gate.job:
        for name, _ in gate.before:
            steps = new["jobs"][name]["steps"]
            kept = [step for step in steps if (step.get("with") or {}).get("mode") != "verify"]
            if len(kept) != len(steps) - 1:
                return False
            new["jobs"][name]["steps"] = kept
        return _same(old, new)
    if not isinstance(new["jobs"].pop(gate.job, None), dict):
        return False
    for name, condition in gate.before:
        was, now = old["jobs"][name], new["jobs"][name]
        if _names(now.pop("needs", ())) != [*_names(was.pop("needs", ())), gate.job]:
            return False
        if condition:
            was.pop("if")
            if "".join(now.pop("if").split()) != "".join(condition.split()):  # folded lines differ in whitespace
                return False
    return _same(old, new)


def _names(needs: Any) -> list[Any]:
    return [needs] if isinstance(needs, str) else list(needs)


def _same(old: Any, new: Any) -> bool:
    """Whether two values are equal, including the order of keys."""
    return json.dumps(old, default=repr) == json.dumps(new, default=repr)


def _plain(value: Any) -> Any:
    """The value without ruamel's annotations, with merged keys like any others."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
