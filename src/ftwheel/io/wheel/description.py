"""Decide whether PyPI can render a description: it rejects a file whose description it cannot render.

Of PyPI's three formats, only reStructuredText can be invalid. PyPI renders it with docutils and rejects anything that
causes a warning (readme-renderer 45, ``rst.py``; ``warehouse/forklift/legacy.py`` of 2026-08-21). This module has it
rendered with docutils, too, in a process with limits (``description_worker``).
"""

from __future__ import annotations

import functools
import subprocess
import sys

from ftwheel.core.release.index_acceptance import UNTOLD
from ftwheel.core.release.index_metadata import description_of
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
    command = [sys.executable, "-P", "-m", "ftwheel.io.wheel.description_worker"]
    try:
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=_TIMEOUT)
    except subprocess.TimeoutExpired:
        why = f"docutils did not finish within {_TIMEOUT} seconds"
    except OSError as error:
        why = f"docutils cannot be run ({error.strerror})"
    else:
        if not done.returncode:
            return done.stdout.decode()
        last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        why = last if done.returncode > 0 and last else f"docutils did not finish within {SECONDS} seconds"
    return f"{UNTOLD} the description can be rendered: {why}"
