"""Shows what the cibuildwheel driver would run."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, TextIO

from ftwheel.render import jsondoc
from ftwheel.render.terminal import printable

if TYPE_CHECKING:
    from ftwheel.core.build.cibuildwheel.runs import CibuildwheelRun, DriverPlan

__all__ = ["SCHEMA_VERSION", "left_out_lines", "write_json", "write_text"]

SCHEMA_VERSION = 1


def write_text(plan: DriverPlan, out: TextIO) -> None:
    """Write each run with its builds, command line and variables, then the builds that are left out."""
    for run in plan.runs:
        out.write(f"cibuildwheel {run.series.label} ({run.series.value}) for {run.system}, {' '.join(run.archs)}\n")
        out.writelines(f"  {each.text}\n" for each in run.identifiers)
        out.write("runs\n")
        settings = sorted(run.environment.items())
        out.writelines(f"  {name}={printable(shlex.quote(value))}\n" for name, value in settings)
        file = " --config-file FILE" if run.config else ""
        out.write(f"  cibuildwheel {' '.join(run.arguments)}{file}\n")
        if run.config:
            out.write("where FILE is\n")
            out.writelines(f"  {printable(line)}\n" for line in run.config.splitlines())
        out.write("\n")
    if plan.maturin:
        out.write(f"or, with maturin-action in a container: --interpreter {' '.join(plan.maturin)}\n\n")
    out.writelines(f"{line}\n" for line in left_out_lines(plan))


def left_out_lines(plan: DriverPlan) -> list[str]:
    """One line for each requested build that does not run."""
    return [f"left out: {each.identifier.text}: {printable(each.why)}" for each in plan.left_out]


def write_json(plan: DriverPlan, out: TextIO) -> None:
    """Write one object; docs/cibuildwheel.md describes the keys."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "runs": [_run(run) for run in plan.runs],
        "left_out": [{"identifier": each.identifier.text, "why": each.why} for each in plan.left_out],
        "maturin_interpreters": list(plan.maturin),
    }
    jsondoc.write_json(document, out)


def _run(run: CibuildwheelRun) -> dict[str, Any]:
    return {
        "series": run.series.label,
        "requirement": run.series.value,
        "platform": run.system,
        "archs": list(run.archs),
        "identifiers": [each.text for each in run.identifiers],
        "arguments": list(run.arguments),
        "environment": dict(sorted(run.environment.items())),
        "config": run.config or None,
        "engine": run.engine or None,
        "images": [{"name": each.name, "arch": each.arch} for each in run.images],
    }
