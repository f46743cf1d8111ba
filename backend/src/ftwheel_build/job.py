"""One call of a hook: what the adapters decide by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ftwheel_build.config import Config
from ftwheel_build.target import FIRST_ABI3T, Target
from ftwheel_build.values import FrozenValue

__all__ = ["OPTIONAL_EXTENSIONS", "Job"]

OPTIONAL_EXTENSIONS = "every extension is optional"  # a note: a wheel without any is meant


class Job(FrozenValue):
    """One hook about to be called: what an adapter decides by. ``settings`` are the wrapped backend's.

    ``notes`` takes what an adapter learns during the build and the check of the wheel has to know.
    """

    hook: str
    root: str
    target: Target
    config: Config
    document: Mapping[str, Any]
    settings: Mapping[str, Any]
    notes: set[str]

    @property
    def editable(self) -> bool:
        return self.hook.endswith("editable")

    @property
    def drops_limited_api(self) -> bool:
        """Whether the limited API has to be switched off on this target."""
        if self.target.implementation != "cpython" or not self.target.free_threaded:
            return False
        policy = self.config.limited_api
        return policy == "version-specific" or (policy == "auto" and self.target.version < FIRST_ABI3T)

    @property
    def raises_limited_api(self) -> bool:
        """Whether the limited API becomes that of 3.15 with PEP 803, the first that free-threaded builds have."""
        return self.target.stable_abi == "abi3t" and self.config.limited_api == "auto" and not self.drops_limited_api
