"""Decides what an environment is: an interpreter on a platform, the tags it accepts in order, and its markers.

Nothing here asks the machine it runs on. Labels read ``cp314t-manylinux_2_28_x86_64``: the version-specific ABI tag, then the newest
platform tag the machine accepts; everything older on the platform's ladder is accepted as well.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

__all__ = [
    "Environment",
    "Loading",
    "environment",
    "from_facts",
    "loading",
    "parse_environment",
    "parse_environments",
    "preset",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One interpreter on one platform.

    ``label`` is the name it was asked for by. ``implementation`` is ``cp`` (or ``pp``, ``graalpy``). ``python_version`` is (major, minor,
    micro); ``python_full_version`` keeps ``rc1``. ``platforms`` are the platform tags in packaging's order, most preferred
    first. ``abis`` are the version-specific ABI tags in order. ``markers`` are the PEP 508 variables of the target.
    """

    label: str
    implementation: str
    python_version: tuple[int, int, int]
    python_full_version: str
    free_threaded: bool
    debug: bool
    abis: tuple[str, ...]
    platforms: tuple[str, ...]
    markers: tuple[tuple[str, str], ...]

    @property
    def tags(self) -> tuple[str, ...]:
        """Every tag the interpreter accepts, most preferred first, as packaging lists them on such a machine."""
        raise NotImplementedError


class Loading(enum.Enum):
    """Whether an interpreter can load what a wheel with a tag contains; accepting the wheel is another question."""

    YES = "loads"
    NO = "cannot load"
    CANNOT_TELL = "cannot tell"


def parse_environment(label: str) -> Environment:
    """``cp314t-manylinux_2_28_x86_64``, ``cp313-win_amd64``, ``cp315t-macosx_14_0_arm64``, ``cp314-musllinux_1_2_aarch64``.

    Also with a micro version, ``cp3.14.1t-...``; without one it is 0. Raises InputError.
    """
    raise NotImplementedError


def preset(name: str) -> tuple[Environment, ...]:
    """``all`` or ``pairs``; see ``PRESETS``. Raises InputError."""
    raise NotImplementedError


def parse_environments(labels: Iterable[str]) -> tuple[Environment, ...]:
    """Labels and preset names, mixed, each environment once, in the order given. Raises InputError."""
    raise NotImplementedError


def from_facts(
    *,
    label: str,
    implementation: str,
    python_version: tuple[int, int, int],
    python_full_version: str,
    free_threaded: bool,
    debug: bool,
    platforms: Sequence[str],
    markers: Mapping[str, str],
    abis: Sequence[str] = (),
) -> Environment:
    """The environment of a real interpreter, from what it said when it was asked.

    ``platforms`` is what ``packaging.tags.platform_tags()`` lists there; ``markers`` is
    ``packaging.markers.default_environment()``. ``abis`` may be left out for CPython.
    """
    raise NotImplementedError


def loading(tag: str, environment: Environment) -> Loading:
    """Decide whether the interpreter can load extension modules a wheel with this tag declares.

    ``tag`` is one tag of three parts. ``cp314-abi3t`` is accepted by 3.14t and loads nowhere below 3.15 (PEP 803);
    ``cp313-none-win_amd64`` on 3.13t cannot be told: whatever is inside was not built for it.
    """
    raise NotImplementedError
