"""Decide whether PyPI can render a description: it rejects a file whose description it cannot render.

Of PyPI's three formats, only reStructuredText can be invalid. PyPI renders it with docutils and rejects anything that
causes a warning (readme-renderer 45, ``rst.py``; ``warehouse/forklift/legacy.py`` of 2026-08-21). This module has it
rendered with docutils, too, in a process with limits (``description_worker``).
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import subprocess
import sys
import threading

from ftwheel.core.release.index_acceptance import UNTOLD
from ftwheel.core.release.index_metadata import description_of
from ftwheel.io.system.limits import limited_environ
from ftwheel.io.wheel.description_worker import SECONDS

__all__ = ["description_problem"]

_MOST_CHARACTERS = 200_000  # docutils reads 30,000 per second if every line is a separate construct
_TIMEOUT = 60  # seconds, where the worker cannot limit its own processor time


def description_problem(metadata: str) -> str:
    """What PyPI would reject in the description in METADATA or PKG-INFO; "" if it renders.

    The answer begins with ``UNTOLD`` if rendering was not attempted, or did not come to an end.
    """
    text, content_type = description_of(metadata)
    if not text or content_type == "text/plain":
        return ""
    if not text.strip():
        return "the description is blank"
    if content_type != "text/x-rst":
        return ""
    if len(text) > _MOST_CHARACTERS:
        return f"{UNTOLD} the description can be rendered: it has {len(text):,} characters, too many to try"
    return _rst_problem(text)


@functools.lru_cache(maxsize=4)  # the wheels of a release share one description
def _rst_problem(text: str) -> str:
    try:
        worker = _ready()
    except OSError as error:
        return f"{UNTOLD} the description can be rendered: docutils cannot be run ({error.strerror})"
    answer = b""
    timer = threading.Timer(_TIMEOUT, worker.kill)
    timer.start()
    try:
        assert worker.stdin is not None
        assert worker.stdout is not None
        data = text.encode()
        with contextlib.suppress(OSError):  # it has ended
            worker.stdin.write(b"%d\n%b" % (len(data), data))
            worker.stdin.flush()
            answer = worker.stdout.readline()
    finally:
        timer.cancel()
        whole = answer.endswith(b"\n")
        if whole:
            _idle.append(worker)
        else:
            _end(worker)
    if not whole:
        return f"{UNTOLD} the description can be rendered: docutils did not finish within {SECONDS} seconds"
    problem, failure = json.loads(answer)
    return f"{UNTOLD} the description can be rendered: {failure}" if failure else str(problem)


_idle: list[subprocess.Popen[bytes]] = []  # workers that wait for the next description: loading docutils takes 0.1 s


def _ready() -> subprocess.Popen[bytes]:
    with contextlib.suppress(IndexError):  # none waits
        while True:
            worker = _idle.pop()
            if worker.poll() is None:
                return worker
            _end(worker)
    command = [sys.executable, "-P", "-c", "from ftwheel.io.wheel.description_worker import main; main()"]
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=null, env=limited_environ())


def _end(worker: subprocess.Popen[bytes]) -> None:
    worker.kill()
    worker.wait()
    for stream in (worker.stdin, worker.stdout):
        assert stream is not None
        with contextlib.suppress(OSError):  # data for a worker that has ended was never sent
            stream.close()


@atexit.register
def _end_all() -> None:
    while _idle:
        _end(_idle.pop())
