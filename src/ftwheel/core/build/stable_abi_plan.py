"""Decides which builds serve a set of interpreters if a project ships stable ABI wheels.

One ``cp3N-abi3`` wheel serves every default build from its floor on; ``cp315-abi3.abi3t`` (PEP 803) serves both builds
from 3.15 on; only 3.13t and 3.14t need their own wheels. An abi3 module works on interpreters at least as new as the
one that built it (python/cpython#122931), so the oldest interpreter of the range builds it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ftwheel.core.build.interpreters import Interpreter
from ftwheel.core.tags.cpython import FIRST_ABI3T
from ftwheel.core.tags.cpython_builds import targets_of
from ftwheel.core.wheel.filename import WheelName

__all__ = ["PlannedBuild", "PythonBuild", "floor_of", "newer_builder", "plan_builds", "plan_local_builds"]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class PythonBuild:
    """CPython 3.``minor``, default or free-threaded."""

    minor: int
    free_threaded: bool

    @property
    def label(self) -> str:
        """``3.14t``, as in ``[tool.ftwheel] pythons``."""
        return f"3.{self.minor}{'t' if self.free_threaded else ''}"

    @property
    def abi_tag(self) -> str:
        """``cp314t``"""
        return f"cp3{self.minor}{'t' if self.free_threaded else ''}"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class PlannedBuild:
    """One wheel per platform: its builder, its interpreter and ABI tags, and the builds it serves, sorted."""

    builder: PythonBuild
    tag: str
    serves: tuple[PythonBuild, ...]


def plan_builds(pythons: Iterable[PythonBuild], *, floor: int | None, abi3t: bool = True) -> tuple[PlannedBuild, ...]:
    """The builds of one platform that together serve each of these interpreters, ordered by the builders' version.

    ``floor`` is the minor version of ``[tool.ftwheel] stable-abi``; if None, each interpreter builds its own wheel.
    ``abi3t`` is false if the project's toolchain cannot build ``abi3t`` (``limited-api = "version-specific"``). With
    ``stable-abi = "3.11"``, the pythons 3.11 to 3.15, 3.14t and 3.15t need three builds: ``cp311-abi3`` by 3.11,
    ``cp314-cp314t`` by 3.14t, and ``cp315-abi3.abi3t`` by 3.15t (by 3.15 if there is no 3.15t, since its headers can do
    it too). Without a free-threaded build from 3.15 on, the abi3 wheel serves 3.15 as well.

    ``verify --plan`` calls it for the targets of a platform family, ``init``, the Action's plan and the cibuildwheel
    driver for ``[tool.ftwheel] pythons``, ``plan_local_builds`` for ``ftwheel build``.
    """
    wanted = sorted(set(pythons))
    shared = abi3t and floor is not None and any(_can_abi3t(each) and each.free_threaded for each in wanted)
    groups: dict[str, list[PythonBuild]] = {}
    for each in wanted:
        groups.setdefault(_tag(each, floor, shared=shared), []).append(each)
    return tuple(
        sorted(
            # the free-threaded build of the oldest version, which every toolchain with abi3t support can use
            PlannedBuild(
                builder=max(each for each in found if each.minor == found[0].minor), tag=tag, serves=tuple(found)
            )
            for tag, found in groups.items()
        )
    )


def plan_local_builds(
    interpreters: Iterable[Interpreter], *, floor: int, abi3t: bool
) -> dict[Interpreter, tuple[Interpreter, ...]]:
    """The builders among a machine's interpreters, by version, each with the others that its wheel serves.

    ``floor`` and ``abi3t`` are those of ``plan_builds``. A default build from 3.15 on counts as both builds of its
    version, because it can build the ``abi3t`` wheel on a machine without 3.15t. Two interpreters of the same build are
    both included; the caller rejects that.
    """
    found: dict[PythonBuild, list[Interpreter]] = {}
    for each in interpreters:
        found.setdefault(PythonBuild(minor=each.minor[1], free_threaded=each.free_threaded), []).append(each)
    both = {PythonBuild(minor=each.minor, free_threaded=True) for each in found if _can_abi3t(each)}
    plan: dict[Interpreter, tuple[Interpreter, ...]] = {}
    for build in plan_builds({*found, *both} if abi3t else found, floor=floor, abi3t=abi3t):
        here = [each for each in build.serves if each in found]
        builder = max(each for each in here if each.minor == here[0].minor)
        first, *twice = found[builder]
        plan[first] = tuple(interpreter for each in here if each != builder for interpreter in found[each])
        plan |= dict.fromkeys(twice, ())
    return plan


def floor_of(stable_abi: str) -> int | None:
    """The minor version of ``[tool.ftwheel] stable-abi``: 11 for ``3.11``, None if it is not set."""
    return int(stable_abi.removeprefix("3.")) if stable_abi else None


def newer_builder(name: WheelName, builder: PythonBuild) -> str:
    """The note about a stable ABI wheel built by an interpreter newer than the wheel's floor; else empty.

    CPython supports a stable ABI module only on the version it was compiled with and newer: headers of a newer version
    may expand to symbols that an older version lacks.
    """
    oldest = min((target.minor for target in targets_of(name) if target.onwards), default=builder.minor)
    if oldest >= builder.minor:
        return ""
    return (
        f"the tag serves 3.{oldest} and newer, but CPython {builder.label} built it: CPython supports a stable ABI"
        f" module only on the version it was compiled with and newer; build it with 3.{oldest}"
    )


def _can_abi3t(python: PythonBuild) -> bool:
    return python.minor >= FIRST_ABI3T


def _tag(python: PythonBuild, floor: int | None, *, shared: bool) -> str:
    """The tag of a builder; ``shared`` is true if ``abi3t`` serves a free-threaded build from 3.15 on."""
    if floor is not None and shared and python.minor >= max(floor, FIRST_ABI3T):
        return f"cp3{max(floor, FIRST_ABI3T)}-abi3.abi3t"
    if floor is not None and python.minor >= floor and not python.free_threaded:
        return f"cp3{floor}-abi3"
    return f"cp3{python.minor}-{python.abi_tag}"
