"""The inputs of the GitHub Action, the jobs it plans, and its outputs.

Inputs arrive as environment variables ``INPUT_NAME``, unvalidated.
"""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from ftwheel.core.build.cibuildwheel.identifiers import BuildIdentifier
from ftwheel.core.errors import InputError
from ftwheel.core.project.runners import runner_for

__all__ = [
    "MOST_JOBS",
    "ActionInputs",
    "ActionMode",
    "BuildJob",
    "artifact_name",
    "built_pairs",
    "job_of",
    "missing_dependencies",
    "missing_targets",
    "plan_jobs",
    "read_inputs",
    "served_pairs",
]

MOST_JOBS = 256
"""GitHub's limit for one matrix."""

_DRIVERS = ("cibuildwheel", "local")
_SPLITS = ("platform", "pair")
_FAIL_ON = ("error", "warning", "advice", "never")
_OF_LINES = {"arguments", "dependencies", "matrix", "platforms", "pythons", "runners"}
_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}")
_WORD = re.compile(r"[A-Za-z0-9_.]+")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class ActionMode(enum.Enum):
    """What one use of the Action does."""

    PLAN = "plan"
    BUILD = "build"
    VERIFY = "verify"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildJob:
    """One job of the matrix; its fields are the keys of ``matrix`` in a workflow.

    ``platform`` has no version (``manylinux_x86_64``), ``pythons`` look like ``3.14`` and ``3.14t``. All fields are
    empty in a workflow with its own matrix.
    """

    name: str = ""
    runner: str = ""
    emulate: str = ""
    platform: str = ""
    pythons: tuple[str, ...] = ()
    sdist: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "runner": self.runner,
            "emulate": self.emulate,
            "platform": self.platform,
            "pythons": " ".join(self.pythons),
            "sdist": self.sdist,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionInputs:
    """The inputs of action.yml, which describes them; ``seconds`` is the time limit."""

    mode: ActionMode
    project: str = "."
    platforms: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()
    split: str = "platform"
    runners: Mapping[str, str] = field(default_factory=dict)
    sdist: bool = True
    matrix: Mapping[str, Any] = field(default_factory=dict)
    driver: str = "cibuildwheel"
    artifacts: str = "wheels"
    dist: str = ""
    dependencies: tuple[str, ...] = ()
    fail_on: str = "error"
    new_project: bool = False
    local: bool = False
    arguments: tuple[str, ...] = ()
    seconds: float = 7200


def read_inputs(environ: Mapping[str, str]) -> ActionInputs:
    """Read the inputs of one use of the Action; an empty input gets its default.

    Raises InputError, with the name of the input, for an invalid value.
    """

    def text(name: str, default: str = "") -> str:
        value = environ.get(f"INPUT_{name.upper().replace('-', '_')}", "").strip()
        if not (value.isprintable() or name in _OF_LINES):
            raise _wrong(name, value, "one line of text")
        return value or default

    def choice(name: str, choices: Sequence[str], default: str = "") -> str:
        value = text(name, default)
        if value not in choices:
            raise _wrong(name, value, f"one of {', '.join(choices)}")
        return value

    def flag(name: str, default: bool) -> bool:
        return choice(name, ("true", "false"), str(default).lower()) == "true"

    def words(name: str) -> tuple[str, ...]:
        found = tuple(text(name).replace(",", " ").split())
        for word in found:
            if not _WORD.fullmatch(word):
                raise _wrong(name, word, "words with only letters, digits, dots and underscores")
        return found

    minutes = text("timeout-minutes", "120")
    if not (minutes.isascii() and minutes.isdigit() and 0 < int(minutes[:6]) <= 1440):
        raise _wrong("timeout-minutes", minutes, "a number of minutes, at most 1440")
    prefix = text("artifacts", "wheels")
    if not _PREFIX.fullmatch(prefix):
        raise _wrong("artifacts", prefix, "an artifact name prefix with only letters, digits, '.', '_' and '-'")
    return ActionInputs(
        mode=ActionMode(choice("mode", [mode.value for mode in ActionMode])),
        project=text("project", "."),
        platforms=words("platforms"),
        pythons=words("pythons"),
        split=choice("split", _SPLITS, "platform"),
        runners=_runners(text("runners")),
        sdist=flag("sdist", True),
        matrix=_matrix(text("matrix", "{}")),
        driver=choice("driver", _DRIVERS, "cibuildwheel"),
        artifacts=prefix,
        dist=text("dist"),
        dependencies=_lines(text("dependencies")),
        fail_on=choice("fail-on", _FAIL_ON, "error"),
        new_project=flag("new-project", False),
        local=flag("local", False),
        arguments=_lines(text("arguments")),
        seconds=60 * int(minutes),
    )


def _wrong(name: str, found: str, wanted: str) -> InputError:
    return InputError(
        f"input {name}: found {found[:200]!r}, expected {wanted}", hint="docs/action.md documents every input"
    )


def _lines(text: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, text.splitlines())))


def _runners(text: str) -> dict[str, str]:
    found = {}
    for line in _lines(text):
        pattern, _, label = map(str.strip, line.partition("="))
        if not pattern or not _LABEL.fullmatch(label):
            raise _wrong("runners", line, "lines such as *_aarch64=my-arm-runner")
        found[pattern] = label
    return found


def _matrix(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = text
    if found is None:  # a job without a matrix
        return {}
    if not isinstance(found, dict):
        raise _wrong("matrix", text, "the matrix of the job as JSON")
    return found


def job_of(inputs: ActionInputs) -> BuildJob:
    """The part of the plan that this job builds; inputs take precedence over the matrix.

    Keys or values that no plan creates, as in a workflow's own matrix, are ignored.
    """

    def said(name: str) -> str:
        value = inputs.matrix.get(name, "")
        return value if isinstance(value, str) and value.isprintable() else ""

    def words(name: str) -> tuple[str, ...]:
        return tuple(word for word in said(name).split() if _WORD.fullmatch(word))

    platform = " ".join(inputs.platforms or words("platform"))
    return BuildJob(
        name=said("name"),
        runner=said("runner"),
        emulate=" ".join(words("emulate")),
        platform=platform,
        pythons=inputs.pythons or words("pythons"),
        sdist=inputs.sdist and inputs.matrix.get("sdist") is True,
    )


def artifact_name(inputs: ActionInputs, machine: str) -> str:
    """The name of a build job's artifact, unique per job: from its matrix, else from its machine."""
    values = [str(value) for value in inputs.matrix.values() if isinstance(value, str | int | float)]
    own = job_of(inputs).name or "-".join(values) or machine
    return f"{inputs.artifacts}-{re.sub(r'[^A-Za-z0-9_.]+', '-', own).strip('-')[:120]}"


def plan_jobs(identifiers: Iterable[BuildIdentifier], inputs: ActionInputs) -> tuple[BuildJob, ...]:
    """The jobs that build the identifiers: one per platform, or per pair and platform; one also builds the sdist.

    They are sorted by platform. Raises InputError for more jobs than GitHub allows.
    """

    def key(each: BuildIdentifier) -> tuple[str, int]:
        return each.platform, each.minor if inputs.split == "pair" else 0

    jobs: list[BuildJob] = []
    # the runner that is available fastest builds the sdist
    ordered = sorted(identifiers, key=lambda each: (each.platform != "manylinux_x86_64", key(each), each))
    for (platform, minor), group in groupby(ordered, key=key):
        runner = runner_for(platform, inputs.runners)
        jobs.append(
            BuildJob(
                name=f"{platform}-3.{minor}" if minor else platform,
                runner=runner.label,
                emulate=runner.emulate,
                platform=platform,
                pythons=tuple(each.label for each in group),
                sdist=inputs.sdist and not jobs,
            )
        )
    if len(jobs) > MOST_JOBS:
        raise InputError(
            f"input split: the plan has {len(jobs)} jobs, but GitHub allows at most {MOST_JOBS} per matrix",
            hint="plan one job per platform: split: platform",
        )
    return tuple(jobs)


def built_pairs(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The two wheels of each version of CPython, from the JSON of ``ftwheel build``, which may be empty."""
    found: dict[str, dict[str, Any]] = {}
    for wheel in document.get("wheels", ()):
        for interpreter in wheel["interpreters"]:
            python = interpreter["label"].rstrip("t")
            pair = found.setdefault(python, {"python": python, "default": None, "free_threaded": None})
            pair["free_threaded" if interpreter["free_threaded"] else "default"] = wheel["filename"]
    return [found[python] for python in sorted(found, key=_natural)]


def served_pairs(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The files for both builds of CPython if the release serves both, from the JSON of ``ftwheel verify``."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for target in document.get("places", ()):
        files = [choice["filename"] for choice in target["gets"]]
        if target["served"] and files:
            python, platform = target["python"], target["platform"]
            pair = found.setdefault(
                (python, platform), {"python": python, "platform": platform, "default": None, "free_threaded": None}
            )
            pair["free_threaded" if target["free_threaded"] else "default"] = files[0]
    both = (pair for pair in found.values() if pair["default"] and pair["free_threaded"])
    return sorted(both, key=lambda pair: (pair["platform"], _natural(pair["python"])))


def missing_targets(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The targets that a release should serve but does not, from the JSON of ``ftwheel verify``."""
    return [
        {
            "python": target["python"] + ("t" if target["free_threaded"] else ""),
            "platform": target["platform"],
            "codes": target["codes"],
        }
        for target in document.get("places", ())
        if target["expected"] and not target["served"]
    ]


def missing_dependencies(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The blocking dependencies by target, from the JSON of ``ftwheel missing``, which is too large for an output."""
    return [
        {
            "name": project["name"],
            "target": verdict["target"],
            "version": verdict["version"],
            "readiness": verdict["readiness"],
        }
        for project in document.get("projects", ())
        if project["name"] in document["blocking"]
        for verdict in project["verdicts"]
        if not verdict["ready"]
    ]


def _natural(python: str) -> tuple[int, ...]:
    return tuple(int(part) for part in python.split("."))
