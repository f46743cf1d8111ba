"""Decides the smallest set of wheels that gives every target of a release a wheel it can load.

``ftwheel.core.build.stable_abi_plan`` decides which interpreters share a stable ABI wheel.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ftwheel.core.build.stable_abi_plan import PythonBuild, plan_builds
from ftwheel.core.release.ambiguous_files import wheel_names
from ftwheel.core.release.coverage import TargetEnvironment, level
from ftwheel.core.tags.cpython_builds import targets_of
from ftwheel.core.wheel.pairs import platform_family

__all__ = ["PlannedWheel", "plan", "stable_abi_floor", "upload_order"]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class PlannedWheel:
    """One wheel to build, and the targets it is for; ``platform`` is the oldest of their machines."""

    platform: str
    targets: tuple[TargetEnvironment, ...]
    tag: str

    def filename(self, project: str, version: str) -> str:
        """The file name of the finished wheel."""
        stem = project.replace("-", "_")
        return f"{stem}-{version.replace('-', '_')}-{self.tag}-{self.platform}.whl"


def plan(targets: Iterable[TargetEnvironment], *, floor: int | None, abi3t: bool = True) -> tuple[PlannedWheel, ...]:
    """The wheels for these targets, sorted by platform and version.

    A wheel for a platform family (glibc on x86_64, ...) is built for its oldest machine. ``floor`` is the oldest minor
    version of the stable ABI, if any; default builds below it get their own wheels. ``abi3t`` is false if the project's
    toolchain cannot build ``abi3t``.
    """
    families: dict[tuple[str, str], list[TargetEnvironment]] = {}
    for target in targets:
        families.setdefault(platform_family(target.platform), []).append(target)
    found = []
    for wanted in families.values():
        for build in plan_builds(map(_python, wanted), floor=floor, abi3t=abi3t):
            served = sorted(target for target in wanted if _python(target) in build.serves)
            platform = min((target.platform for target in served), key=level)
            found.append(PlannedWheel(platform=platform, tag=build.tag, targets=tuple(served)))
    return tuple(sorted(found))


def _python(target: TargetEnvironment) -> PythonBuild:
    return PythonBuild(minor=target.minor, free_threaded=target.free_threaded)


def upload_order(filenames: Iterable[str]) -> tuple[str, ...]:
    """The files in upload order: wheels before the sdist, so that nobody gets the sdist in the meantime."""
    return tuple(sorted(filenames, key=lambda filename: (not filename.endswith(".whl"), filename)))


def stable_abi_floor(filenames: Iterable[str]) -> int | None:
    """The oldest floor among a release's ``abi3`` wheels; None if it has no such wheel."""

    return min(
        (target.minor for name in wheel_names(filenames) for target in targets_of(name) if target.onwards), default=None
    )
