"""Decides the smallest set of wheels that gives every place of a release a wheel that it can load.

Without the stable ABI that is one wheel for each interpreter and platform. With it, one ``abi3`` wheel serves all
default builds from its floor on, ``cp315-abi3.abi3t`` (PEP 803) both builds from 3.15 on, and only 3.13t and 3.14t
need wheels of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ftwheel.core.release.ambiguous_files import wheel_names
from ftwheel.core.release.coverage import TargetEnvironment, level
from ftwheel.core.tags.cpython import FIRST_ABI3T
from ftwheel.core.tags.cpython_builds import targets_of
from ftwheel.core.wheel.pairs import platform_family

__all__ = ["PlannedWheel", "plan", "stable_abi_floor", "upload_order"]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class PlannedWheel:
    """One wheel to build, and the places it is for; ``platform`` is the oldest of their machines."""

    platform: str
    places: tuple[TargetEnvironment, ...]
    tag: str

    def filename(self, project: str, version: str) -> str:
        """The name that the finished wheel will have."""
        stem = project.replace("-", "_")
        return f"{stem}-{version.replace('-', '_')}-{self.tag}-{self.platform}.whl"


def plan(places: Iterable[TargetEnvironment], *, floor: int | None) -> tuple[PlannedWheel, ...]:
    """The wheels for these places, sorted by platform and version.

    A wheel for a family of platforms (glibc on x86_64, ...) is one for its oldest machine. ``floor`` is the oldest
    minor version of the stable ABI, if any; default builds below it get wheels of their own.
    """
    wanted = tuple(places)
    shared = {platform_family(place.platform) for place in wanted if place.free_threaded and place.minor >= FIRST_ABI3T}
    groups: dict[tuple[tuple[str, str], str], list[TargetEnvironment]] = {}
    for place in wanted:
        family = platform_family(place.platform)
        groups.setdefault((family, _tag(place, floor, shared=family in shared)), []).append(place)
    return tuple(
        sorted(
            PlannedWheel(
                platform=min((place.platform for place in found), key=level), tag=tag, places=tuple(sorted(found))
            )
            for (_, tag), found in groups.items()
        )
    )


def _tag(place: TargetEnvironment, floor: int | None, *, shared: bool) -> str:
    """``shared`` is true where a free-threaded build from 3.15 on is served as well."""
    if floor is not None and place.minor >= max(floor, FIRST_ABI3T) and (place.free_threaded or shared):
        return f"cp3{max(floor, FIRST_ABI3T)}-abi3.abi3t"
    if floor is not None and place.minor >= floor and not place.free_threaded:
        return f"cp3{floor}-abi3"
    return f"cp3{place.minor}-{place.python}"


def upload_order(filenames: Iterable[str]) -> tuple[str, ...]:
    """The order to upload files in: wheels before the sdist, so that nobody falls back to it meanwhile."""
    return tuple(sorted(filenames, key=lambda filename: (not filename.endswith(".whl"), filename)))


def stable_abi_floor(filenames: Iterable[str]) -> int | None:
    """The lowest floor among the ``abi3`` wheels of a release; None when it has none."""

    return min(
        (target.minor for name in wheel_names(filenames) for target in targets_of(name) if target.onwards), default=None
    )
