"""Call a function for many items on all cores: worker processes, or threads where the interpreter has no GIL."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from ftwheel.core.errors import FtwheelError

__all__ = ["cores", "in_parallel"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_parallel(
    function: Callable[[_Item], _Result], items: Sequence[_Item], *, jobs: int, preload: Sequence[str] = ()
) -> Iterator[_Result]:
    """Yield the results as they come; with one job, in order and in this process.

    In worker processes function, items and results have to be picklable; ``preload`` names modules that the workers
    import once for all of them. On KeyboardInterrupt the workers are ended at once. Raises FtwheelError when a worker
    is killed from outside.
    """
    if jobs <= 1 or len(items) <= 1:
        yield from map(function, items)
        return
    pool = _pool(min(jobs, len(items)), preload)
    try:
        futures = {pool.submit(function, item): item for item in items}
        for future in as_completed(futures):
            try:
                yield future.result()
            except BrokenProcessPool as error:
                raise FtwheelError(
                    f"a worker process was ended from outside, perhaps while reading {futures[future]}",
                    hint="the system kills processes when memory runs out: try --cores 1",
                ) from error
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in multiprocessing.active_children():
            child.terminate()
        raise
    pool.shutdown()


def _pool(workers: int, preload: Sequence[str]) -> Executor:
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        return ThreadPoolExecutor(workers)
    methods = multiprocessing.get_all_start_methods()
    if "forkserver" in methods:
        # the server imports what the workers need and forks from there: one start-up for all, and no fork of threads
        context: multiprocessing.context.BaseContext = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(preload))
    else:
        context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_ignore_interrupt)


def _ignore_interrupt() -> None:
    """Ctrl-C reaches the whole foreground group; the parent answers it for all."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
