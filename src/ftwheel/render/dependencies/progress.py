"""Says on standard error how far a run of ``ftwheel missing`` is, while somebody is looking."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from ftwheel.core.dependencies.readiness import ProjectReport
from ftwheel.render.terminal import is_rich, printable

__all__ = ["Observer", "progress"]

Observer = Callable[[ProjectReport, int, int], None]
_FEW = 20  # projects that are looked at before a bar could be read


@contextmanager
def progress(stream: TextIO | None = None) -> Iterator[Observer]:
    """What is told each report, its number and how many there will be: a bar on a terminal, else silence."""
    stream = stream or sys.stderr
    if not is_rich(stream):
        yield lambda report, number, of: None
        return
    bars = _Bars(stream)
    try:
        yield bars
    finally:
        bars.stop()


class _Bars:
    """rich is imported when the first report says that there is something to wait for."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._update: Callable[[int, str], None] | None = None
        self.stop: Callable[[], None] = lambda: None

    def __call__(self, report: ProjectReport, number: int, of: int) -> None:
        if of <= _FEW:
            return
        if self._update is None:
            self._update = self._start(of)
        self._update(number, report.name)

    def _start(self, of: int) -> Callable[[int, str], None]:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
        bar = Progress(*columns, console=Console(file=self._stream), transient=True)
        task = bar.add_task("", total=of)
        bar.start()
        self.stop = bar.stop
        return lambda number, name: bar.update(task, completed=number, description=printable(name))
