"""Decides the one word for what an installer does in an environment."""

from __future__ import annotations

import enum

from ftwheel.core.environments import Environment
from ftwheel.core.selection import Candidate

__all__ = ["Outcome", "outcome"]


class Outcome(enum.Enum):
    """What a user gets, from what a pair should give down to nothing. A silent downgrade is an outcome."""

    FREE_THREADED = "free-threaded wheel"
    STABLE_ABI = "stable ABI"
    VERSION_SPECIFIC = "version-specific wheel"
    PURE = "pure"
    OLDER_VERSION = "older version"
    SDIST = "sdist"
    NOTHING = "nothing"


def outcome(candidate: Candidate | None, environment: Environment, newest: str | None) -> Outcome:
    """Decide the word; ``newest`` is the version a user without constraints by environment would get, None when there is none."""
    raise NotImplementedError
