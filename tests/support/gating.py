"""The shapes of release workflows, and a reader for them without a YAML library: their layout is always the same."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

from ftwheel.core.project.workflow_text import JobText, StepText, WorkflowText

__all__ = ["GATED", "WITHOUT", "read_shape", "shape"]

_FOLDER = Path(__file__).resolve().parents[1] / "workflows"
GATED = tuple(sorted(path.stem for path in (_FOLDER / "gated").glob("*.yml")))
WITHOUT = tuple(sorted(path.stem for path in (_FOLDER / "without").glob("*.yml")))
_JOB = re.compile(r"  ([\w-]+):\n")


def shape(name: str) -> str:
    [path] = _FOLDER.glob(f"*/{name}.yml")
    return path.read_text(encoding="utf-8")


def read_shape(path: str, text: str) -> WorkflowText:
    """As ``read_workflow_text`` reads it: jobs at two spaces, their values at four, steps at six."""
    lines = text.splitlines(keepends=True)
    start = lines.index("jobs:\n")
    starts = [number for number, line in enumerate(lines) if number > start and _JOB.fullmatch(line)]
    ends = [*starts[1:], len(lines)]
    jobs = tuple(_job(lines, first, end) for first, end in zip(starts, ends, strict=True))
    return WorkflowText(path=path, text=text, jobs=jobs)


def _job(lines: list[str], start: int, end: int) -> JobText:
    values = {
        match[1]: (number, match[2].partition(" #")[0])
        for number in range(start, end)
        if (match := re.fullmatch(r"    ([\w-]+):\s*(.*)\n", lines[number]))
    }
    needs_line, needs = values.get("needs", (None, ""))
    if needs_line is not None and needs in {"", "["}:
        place = needs_line + 1
        while re.match(r"      [\w-]", lines[place]):
            needs += " " + lines[place].partition("#")[0]
            place += 1
    first = values["steps"][0] if "steps" in values else end
    steps = [number for number in range(first, end) if lines[number].startswith("      - ")]
    return JobText(
        name=lines[start].strip(" :\n"),
        line=start,
        column=2,
        inner=4,
        needs=tuple(re.findall(r"[A-Za-z][\w-]*", needs)),
        needs_at=None if needs_line is None else (needs_line, 4),
        condition=values.get("if", (0, ""))[1],
        condition_at=(values["if"][0], 4) if "if" in values else None,
        environment=values.get("environment", (0, ""))[1],
        calls=values.get("uses", (0, ""))[1],
        matrix="strategy" in values,
        steps=tuple(_step(lines[one:two], one) for one, two in itertools.pairwise([*steps, end])),
    )


def _step(lines: list[str], number: int) -> StepText:
    text = "".join(lines)

    def value(key: str) -> str:
        match = re.search(rf"^(?:      - |        ){key}: (.*)$", text, re.MULTILINE)
        return match[1].partition(" #")[0] if match else ""

    return StepText(
        line=number,
        column=6,
        uses=value("uses"),
        run=text if value("run") in {"|", ">", ">-"} else value("run"),
        condition=value("if"),
        settings={
            match[1]: json.loads(match[2]) if match[2].startswith('"') else match[2]
            for match in re.finditer(r"^          ([\w-]+): (.*)$", text, re.MULTILINE)
        },
    )
