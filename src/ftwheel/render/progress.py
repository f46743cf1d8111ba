"""Shows the progress of a command on standard error if that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from ftwheel.render.terminal import console, is_rich, printable

__all__ = ["Progress", "progress"]

Progress = Callable[[int, int, str], None]
"""Called with how many are done, of how many (0: not known yet), and the current item."""

_SOON = 0.4  # seconds without a display; importing rich takes a fifth of that
_MANY = 20  # with more items, the display starts at once
_NARROW = 59  # characters that do not wrap on a terminal of 60 columns


@contextmanager
def progress(stream: TextIO | None = None, *, begin: str = "") -> Iterator[Progress]:
    """A spinner or bar on a terminal once a command takes about half a second; nothing elsewhere.

    ``begin`` is shown before the first item. The display is removed when the context ends.
    """
    stream = stream or sys.stderr
    if not is_rich(stream):
        yield lambda done, of, what: None
        return
    display = _Display(stream)
    display(0, 0, begin)
    try:
        yield display
    finally:
        display.stop()


class _Display:
    """The display, which imports rich in a timer thread when it first shows."""

    def __init__(self, stream: TextIO) -> None:
        from threading import Lock, Timer

        self._stream = stream
        self._state = (0, 0, "")
        self._update: Callable[[int, int, str], None] | None = None
        self._end: Callable[[], None] = lambda: None
        self._stopped = False
        self._lock = Lock()
        self._timer = Timer(_SOON, self._start)
        self._timer.daemon = True
        self._timer.start()

    def __call__(self, done: int, of: int, what: str) -> None:
        self._state = (done, of, what)
        if self._update is not None:
            self._update(done, of, what)
        elif of > _MANY:
            self._start()

    def stop(self) -> None:
        self._timer.cancel()
        with self._lock:
            self._stopped = True
            self._end()

    def _start(self) -> None:
        with self._lock:
            if self._stopped or self._update is not None:
                return
            terminal = getattr(self._stream, "unescaped", self._stream)
            terminal.write(f"{printable(self._state[2])[:_NARROW]}\r")  # until rich is imported
            terminal.flush()
            from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
            from rich.table import Column

            bar = Progress(
                SpinnerColumn(),
                BarColumn(bar_width=20),
                TextColumn("{task.fields[count]}", markup=False),
                TextColumn(
                    "{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)
                ),
                console=console(self._stream),
                transient=True,
                expand=True,
            )
            task = bar.add_task("", total=None, count="")

            def update(done: int, of: int, what: str) -> None:
                count = f"{done:,}/{of:,}" if of else f"{done:,}" if done else ""
                bar.update(task, completed=done, total=of or None, description=printable(what), count=count)

            update(*self._state)
            terminal.write("\x1b[2K")
            bar.start()
            self._update, self._end = update, bar.stop
