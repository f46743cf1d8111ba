"""Reads GitHub workflows as YAML, with the lines on which things stand; what is no workflow has no jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ftwheel.core.project.gate import Gate, JobText, StepText, WorkflowText

__all__ = ["is_the_same_but_for", "read_workflow_text"]


def read_workflow_text(path: str, text: str) -> WorkflowText:
    """The jobs of a workflow; none where the text is not YAML, or is written in one line of flow style."""
    document = _load(text)
    jobs = document.get("jobs") if isinstance(document, Mapping) else None
    if not isinstance(jobs, Mapping) or not hasattr(jobs, "lc"):
        return WorkflowText(path=path, text=text)
    found = [_job(str(name), job, jobs.lc.key(name)) for name, job in jobs.items() if _is_block(job)]
    return WorkflowText(path=path, text=text, jobs=tuple(found))


def _load(text: str) -> Any:
    try:
        return YAML(typ="rt").load(text)
    except (YAMLError, ValueError):
        return None


def _is_block(value: object) -> bool:
    """Whether it is a mapping over lines of its own."""
    return isinstance(value, Mapping) and bool(value) and hasattr(value, "fa") and value.fa.flow_style() is not True


def _job(name: str, job: Any, position: tuple[int, int]) -> JobText:
    needs = job.get("needs", ())
    strategy = job.get("strategy")
    environment = job.get("environment", "")
    steps = job.get("steps")
    return JobText(
        name=name,
        line=position[0],
        column=position[1],
        inner=job.lc.col,
        needs=(str(needs),) if isinstance(needs, str) else tuple(map(str, needs or ())),
        needs_line=job.lc.key("needs")[0] if "needs" in job else None,
        condition=str(job.get("if", "")),
        environment=str(environment.get("name", "") if isinstance(environment, Mapping) else environment),
        matrix=isinstance(strategy, Mapping) and "matrix" in strategy,
        steps=tuple(_steps(steps)) if isinstance(steps, list) else (),
    )


def _steps(steps: Any) -> Iterator[StepText]:
    for number, step in enumerate(steps):
        if not _is_block(step):
            continue
        settings = step.get("with")
        yield StepText(
            line=steps.lc.item(number)[0],
            column=steps.lc.col,
            uses=str(step.get("uses", "")),
            run=str(step.get("run", "")),
            condition=str(step.get("if", "")),
            settings={str(key): _text(value) for key, value in settings.items()}
            if isinstance(settings, Mapping)
            else {},
        )


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_the_same_but_for(before: str, gate: Gate) -> bool:
    """Whether the text with the gate means what it meant before, with the gate and with nothing else."""
    old, new = _load(before), _load(gate.text)
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return False
    if gate.job:
        added = new["jobs"].pop(gate.job, None)
        needs = new["jobs"][gate.before].pop("needs", None)
        old["jobs"][gate.before].pop("needs", None)
        wanted = [*gate.needs, gate.job]
        found = [needs] if isinstance(needs, str) else needs
        return isinstance(added, Mapping) and found == wanted and _plain(old) == _plain(new)
    steps = new["jobs"][gate.before]["steps"]
    left = [step for step in steps if (step.get("with") or {}).get("mode") != "verify"]
    new["jobs"][gate.before]["steps"] = left
    return len(left) == len(steps) - 1 and _plain(old) == _plain(new)


def _plain(value: Any) -> Any:
    """The value without what ruamel keeps beside it; mappings in their order."""
    if isinstance(value, Mapping):
        return [(str(key), _plain(item)) for key, item in value.items()]
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
