"""Shows the progress of a build and its result: as text, Markdown and JSON."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TextIO

from ftwheel.core.build.model import BuildResult, BuildStage, BuiltSdist, BuiltWheel
from ftwheel.core.tags.cpython_builds import targets_of
from ftwheel.core.wheel.filename import WheelName
from ftwheel.core.wheel.imports import ImportOutcome
from ftwheel.render import findings, markdown
from ftwheel.render.formats import write_findings
from ftwheel.render.jsondoc import write_json
from ftwheel.render.terminal import StyledText, console, is_rich, printable, table

if TYPE_CHECKING:
    from rich.live import Live

__all__ = ["SCHEMA_VERSION", "BuildProgress", "progress", "write"]

SCHEMA_VERSION = 2  # of the interpreters of a wheel, only the first has to be the one that built it
_HEADER = ("wheel", "python", "size", "modules", "GIL", "time")


class BuildProgress:
    """Shows the stage of each wheel: redrawn lines on a terminal, a line for each step elsewhere."""

    def __init__(self, stream: TextIO, live: Live | None) -> None:
        self._stream = stream
        self._live = live
        self._stages: dict[str, BuildStage] = {}
        self._lock = threading.Lock()

    def stage(self, label: str, stage: BuildStage) -> None:
        """Implements ``ftwheel.core.build.model.BuildObserver``."""
        with self._lock:
            self._stages[label] = stage
            if self._live is None:
                print(f"{label}: {stage.value}", file=self._stream, flush=True)
            else:
                self._live.update(_drawn(self._stages))


@contextmanager
def progress(stream: TextIO | None = None) -> Iterator[BuildProgress]:
    """A BuildProgress on standard error, or another stream, while the build runs."""
    stream = stream or sys.stderr
    if not is_rich(stream):
        yield BuildProgress(stream, None)
        return
    from rich.live import Live

    with Live(console=console(stream), transient=True) as live:
        yield BuildProgress(stream, live)


def _drawn(stages: dict[str, BuildStage]) -> Any:
    from rich.spinner import Spinner
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 1))
    for label, stage in sorted(stages.items()):
        match stage:
            case BuildStage.DONE:
                mark: Spinner | Text = Text("✓", style="green")
            case BuildStage.FAILED:
                mark = Text("✗", style="red")
            case _:
                mark = Spinner("dots")
        grid.add_row(mark, Text(label, style="bold"), Text(stage.value))
    return grid


def write(result: BuildResult, form: str, out: TextIO) -> None:
    """Write the result in one of the formats of ``build``."""
    match form:
        case "json":
            _json(result, out)
        case "markdown":
            _markdown(result, out)
        case "text":
            _text(result, out)
        case _:
            write_findings(form, result.findings, out, families=("FTB", "FTW"))


def _text(result: BuildResult, out: TextIO) -> None:
    """Write the table of wheels, the reason for each platform tag, the findings, and where the files are."""
    table(out, _HEADER, [_row(wheel) for wheel in result.wheels])
    out.write("\n")
    for wheel in result.wheels:
        out.writelines(f"{printable(line)}\n" for line in _repair_lines(wheel))
    if result.sdist:
        out.write(f"built from {printable(result.sdist.filename)} ({_size(result.sdist.size)})\n")
    if result.findings:
        out.write("\n")
        findings.write_text(result.findings, out)
        out.write("\n")
    files = len(result.wheels) + bool(result.sdist)
    if result.passed:
        out.write(f"{files} file{'s' if files > 1 else ''} in {printable(result.out_dir)}, {result.seconds:.1f} s\n")
    else:
        out.write(f"nothing was written to {printable(result.out_dir)}\n")


def _row(wheel: BuiltWheel) -> list[StyledText | str]:
    return [
        wheel.filename,
        " ".join(each.label for each in wheel.interpreters),
        _size(wheel.size),
        str(len(wheel.modules)) if wheel.modules else "none",
        _gil(wheel),
        f"{wheel.seconds:.1f} s",
    ]


def _gil(wheel: BuiltWheel) -> StyledText:
    """What the imports showed about the GIL, for the whole wheel."""
    if not wheel.modules:
        return StyledText("-")
    results = [result for imported in wheel.imports for result in imported.results]
    if not results:
        return StyledText("not tried")
    broken = sum(each.outcome is not ImportOutcome.LOADED for each in results)
    if broken:
        return StyledText(f"{broken} not importable", "bold red")
    if not any(each.free_threaded for each in wheel.interpreters):
        return StyledText("always on")
    turned = sum(each.enables_gil for each in results)
    if turned:
        return StyledText(f"turned on by {turned}", "bold red")
    if any(each.gil_after is None or (each.gil_after and each.gil_before is not True) for each in results):
        return StyledText("cannot tell", "yellow")
    return StyledText("stays off", "green")


def _repair_lines(wheel: BuiltWheel) -> Iterator[str]:
    repair = wheel.repair
    labels = [each.label for each in wheel.interpreters]
    label = labels[0]
    if "abi3t" in (name := WheelName.parse(wheel.filename)).abis:
        first = min(target.minor for target in targets_of(name))
        yield f"{label}: serves 3.{first}, 3.{first}t and newer, both builds with one file"
    elif {each.free_threaded for each in wheel.interpreters} == {False, True}:
        yield f"{' and '.join(labels)}: one wheel is enough, because it has no extension module"
    for note in wheel.notes:
        yield f"{label}: {note}"
    if not repair.tool:
        yield f"{label}: {repair.after}, not repaired: {repair.reason}"
        return
    yield f"{label}: {repair.after} by {repair.tool}: {repair.reason}"
    if repair.grafted:
        yield f"{label}: copied into the wheel: {', '.join(repair.grafted)}"


def _size(size: int) -> str:
    """``812 B``, ``14.2 kB``, ``3.1 MB``"""
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.1f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def _markdown(result: BuildResult, out: TextIO) -> None:
    out.write(f"### {markdown.escaped(f'{result.project} {result.version}'.strip())}\n\n")
    rows = [
        [
            markdown.code(wheel.filename),
            *(cell.text if isinstance(cell, StyledText) else cell for cell in _row(wheel)[1:]),
        ]
        for wheel in result.wheels
    ]
    out.writelines(f"{line}\n" for line in markdown.table(_HEADER, rows))
    out.write("\n")
    out.writelines(
        f"{markdown.code(wheel.filename)}: {markdown.escaped(note)}\n\n"
        for wheel in result.wheels
        for note in wheel.notes
    )
    findings.write_markdown(result.findings, out)


def _json(result: BuildResult, out: TextIO) -> None:
    """One object; docs/build.md describes the keys."""
    write_json(_result(result), out)


def _result(result: BuildResult) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "project": result.project,
        "version": result.version,
        "passed": result.passed,
        "failure": result.failure.message if result.failure else None,
        "out_dir": result.out_dir,
        "seconds": round(result.seconds, 3),
        "sdist": _file(result.sdist) if result.sdist else None,
        "wheels": [_wheel(wheel) for wheel in result.wheels],
        "findings": findings.as_json(result.findings),
    }


def _file(file: BuiltSdist | BuiltWheel) -> dict[str, Any]:
    return {"path": file.path or None, "filename": file.filename, "size": file.size, "sha256": file.sha256}


def _wheel(wheel: BuiltWheel) -> dict[str, Any]:
    repair = wheel.repair
    return _file(wheel) | {
        "tags": PurePath(wheel.filename).stem.split("-", 2)[-1],
        "interpreters": [
            {
                "label": each.label,
                "version": ".".join(map(str, each.version)),
                "free_threaded": each.free_threaded,
                "executable": each.executable,
            }
            for each in wheel.interpreters
        ],
        "repair": {
            "tool": repair.tool or None,
            "before": repair.before,
            "after": repair.after,
            "reason": repair.reason,
            "grafted": list(repair.grafted),
        },
        "notes": list(wheel.notes),
        "modules": list(wheel.modules),
        "imports": [
            {
                "interpreter": imported.label,
                "module": each.module,
                "outcome": each.outcome.value,
                "gil_before": each.gil_before,
                "gil_after": each.gil_after,
                "culprits": list(each.culprits),
                "detail": each.detail,
                "seconds": round(each.seconds, 3),
            }
            for imported in wheel.imports
            for each in imported.results
        ],
        "seconds": round(wheel.seconds, 3),
    }
