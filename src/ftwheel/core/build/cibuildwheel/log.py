"""Tracks cibuildwheel's progress from its output (``logger.py``, 3.4.1 and 4.3.3)."""

from __future__ import annotations

import re

from ftwheel.core.build.model import BuildStage

__all__ = ["LogFollower"]

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_BUILDING = re.compile(r"Building ([a-z]{2}\d+t?-\w+) wheel")
# copied: cibuildwheel has no option to print them; tests/integration/test_cibuildwheel_itself.py checks its source
_STEPS = {
    "Starting container image": BuildStage.CONTAINER,
    "Copying project into container": BuildStage.SOURCE,
    "Setting up build environment": BuildStage.ENVIRONMENT,
    "Building wheel": BuildStage.BUILD,
    "Repairing wheel": BuildStage.REPAIR,
    "Auditing wheel": BuildStage.CHECK,
    "Testing wheel": BuildStage.TEST,
}


class LogFollower:
    """Tracks one run, line by line. ``identifier`` is the current build, "" before the first."""

    def __init__(self) -> None:
        self.identifier = ""

    def read(self, line: str) -> BuildStage | None:
        """The stage that this line starts; None for other lines."""
        text = _COLOUR.sub("", line).strip().removeprefix("::group::")
        if match := _BUILDING.fullmatch(text):
            self.identifier = match[1]
            return None
        return next((stage for words, stage in _STEPS.items() if text.startswith(words) and text.endswith("...")), None)
