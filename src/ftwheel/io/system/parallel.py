"""Call a function for many items on all cores: in this process and in workers, or in threads if the GIL is disabled.

The workers are separate programs (``parallel_worker``) in their own sessions: Ctrl-C reaches only this process, which
then ends them. If this process is killed, they exit because their input ends.
"""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from ftwheel.core.errors import FtwheelError

__all__ = ["cores", "in_parallel"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_POLL = 0.2  # seconds; on Windows, a wait without a timeout cannot be interrupted


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_parallel(function: Callable[[_Item], _Result], items: Sequence[_Item], *, jobs: int) -> Iterator[_Result]:
    """Yield the results as they arrive; with one job or item, in order and from this process.

    With worker processes, the function, items and results must be picklable. If the caller stops early, because of
    Ctrl-C or otherwise, the workers are ended immediately. Raises FtwheelError if a worker ends without an answer.
    """
    if jobs <= 1 or len(items) <= 1:
        yield from map(function, items)
        return
    waiting: queue.SimpleQueue[_Item] = queue.SimpleQueue()
    for item in items:
        waiting.put(item)
    done: queue.SimpleQueue[_Result | BaseException] = queue.SimpleQueue()
    kind = _Process if getattr(sys, "_is_gil_enabled", lambda: True)() else _Here
    # a worker takes a while to load its modules; this process has loaded them, so the first item is its own
    workers = [kind(function) for _ in range(min(jobs, len(items)) - 1)]
    hands: list[_Hand] = [_Here(function), *workers]
    threads = [threading.Thread(target=_work, args=(hand, waiting, done), daemon=True) for hand in hands]
    try:
        for thread in threads:
            thread.start()
        for _ in items:
            result = _next(done)
            if isinstance(result, BaseException):
                raise result
            yield result
    finally:
        for hand in hands:
            hand.end()


def _next(done: queue.SimpleQueue[_Result | BaseException]) -> _Result | BaseException:
    while True:
        try:
            return done.get(timeout=_POLL)
        except queue.Empty:
            continue


class _Hand(Protocol):
    """Does the work of one thread."""

    def call(self, item: Any) -> Any: ...
    def end(self) -> None: ...


def _work(hand: _Hand, waiting: queue.SimpleQueue[Any], done: queue.SimpleQueue[Any]) -> None:
    try:
        while True:
            done.put(hand.call(waiting.get_nowait()))
    except queue.Empty:
        hand.end()
    except BaseException as error:  # noqa: BLE001 - in_parallel raises it again
        done.put(error)


class _Here:
    """Calls the function in a thread of this process."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._function = function

    def call(self, item: Any) -> Any:
        return self._function(item)

    def end(self) -> None:
        """Do nothing: a call cannot be interrupted, but is short, and its thread does not keep the process alive."""


class _Process:
    """Calls the function in a worker process, started immediately so that the workers load modules in parallel."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        # -P: never import from the current folder, which may contain the project being checked
        command = [sys.executable, "-P", "-m", "ftwheel.io.system.parallel_worker"]
        if sys.platform == "win32":
            own: dict[str, object] = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        else:
            own = {"start_new_session": True}
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **own)  # type: ignore[call-overload]
        self._send(function)

    def _send(self, value: object) -> None:
        import pickle

        stream = self._process.stdin
        assert stream is not None
        with contextlib.suppress(OSError):  # the worker has exited; waiting for its answer reports that
            pickle.dump(value, stream)
            stream.flush()

    def call(self, item: Any) -> Any:
        import pickle

        self._send(item)
        try:
            return pickle.load(self._process.stdout)  # noqa: S301 - from our own worker
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            code = self._process.wait()
            raise FtwheelError(
                f"the worker process that read {item} ended without an answer (exit code {code})",
                hint="the system may have run out of memory: try --cores 1",
            ) from error

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with contextlib.suppress(OSError):  # data for a worker that has exited was never sent
                stream.close()
