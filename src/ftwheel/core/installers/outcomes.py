"""Decides the outcome: what an installer does in an environment, as a single word."""

from __future__ import annotations

import enum

from ftwheel.core.installers.candidates import Candidate
from ftwheel.core.installers.selection import is_older
from ftwheel.core.tags.environments import Environment

__all__ = ["Outcome", "outcome"]


class Outcome(enum.Enum):
    """What a user gets. A silent downgrade is a single outcome, whatever file it installs."""

    FREE_THREADED = "free-threaded wheel"
    VERSION_SPECIFIC = "version-specific wheel"
    STABLE_ABI = "stable ABI"
    PURE = "pure"
    OLDER_VERSION = "older version"
    SDIST = "sdist"
    NOTHING = "nothing"


def outcome(candidate: Candidate | None, environment: Environment, newest: str | None) -> Outcome:
    """The outcome; ``newest`` is the newest version that matches in any environment, None if unknown.

    ``pure`` is any wheel with the ABI tag ``none``, even one for a single platform.
    """
    if candidate is None:
        return Outcome.NOTHING
    if is_older(candidate.version, newest):
        return Outcome.OLDER_VERSION
    if candidate.kind == "sdist":
        return Outcome.SDIST
    abi = candidate.tag.split("-")[1]
    if abi == "none":
        return Outcome.PURE
    if abi in {"abi3", "abi3t"}:
        return Outcome.STABLE_ABI
    # pip before 24.1 accepts wheels for the default build on the free-threaded one
    return Outcome.FREE_THREADED if environment.free_threaded and "t" in abi else Outcome.VERSION_SPECIFIC
