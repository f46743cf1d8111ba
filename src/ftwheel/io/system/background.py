"""Start slow calls early: before their results are needed, while other modules are still loading."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

__all__ = ["in_background"]

_Result = TypeVar("_Result")


def in_background(call: Callable[[], _Result]) -> Callable[[], _Result]:
    """Start a call in a thread, and return a function that waits for its result or raises its error.

    The thread does not keep the process alive if nobody waits.
    """
    done: Future[_Result] = Future()

    def run() -> None:
        try:
            done.set_result(call())
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return done.result
