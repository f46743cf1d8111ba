"""Reads from what cibuildwheel prints which wheel it is at (``logger.py``, 3.4.1 and 4.3.3)."""

from __future__ import annotations

import re

from ftwheel.core.build.model import Stage

__all__ = ["Follower"]

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_BUILDING = re.compile(r"Building ([a-z]{2}\d+t?-\w+) wheel")
_STEPS = {
    "Starting container image": Stage.CONTAINER,
    "Copying project into container": Stage.SOURCE,
    "Setting up build environment": Stage.ENVIRONMENT,
    "Building wheel": Stage.BUILD,
    "Repairing wheel": Stage.REPAIR,
    "Auditing wheel": Stage.CHECK,
    "Testing wheel": Stage.TEST,
}


class Follower:
    """Follows one run, line by line. ``identifier`` is the build it is at, "" before the first."""

    def __init__(self) -> None:
        self.identifier = ""

    def read(self, line: str) -> Stage | None:
        """The step that begins with this line; None for every other line."""
        text = _COLOUR.sub("", line).strip().removeprefix("::group::")
        if match := _BUILDING.fullmatch(text):
            self.identifier = match[1]
            return None
        return next((stage for words, stage in _STEPS.items() if text.startswith(words) and text.endswith("...")), None)
