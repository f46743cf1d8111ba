"""Decides which builds a set of interpreters comes to when a project ships wheels of the stable ABI.

One ``cp3N-abi3`` wheel serves every default build from its floor on, ``cp315-abi3.abi3t`` (PEP 803) both builds from
3.15 on, and only 3.13t and 3.14t need wheels of their own. An abi3 module is meant for interpreters as new as the one
that built it, or newer (python/cpython#122931), so the oldest interpreter of the range builds it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ftwheel.core.tags.cpython import FIRST_ABI3T

__all__ = ["PlannedBuild", "PythonBuild", "plan_builds"]


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
    """One wheel of each platform: who builds it, its interpreter and ABI tags, and whom it serves, sorted."""

    builder: PythonBuild
    tag: str
    serves: tuple[PythonBuild, ...]


def plan_builds(pythons: Iterable[PythonBuild], *, floor: int | None, abi3t: bool = True) -> tuple[PlannedBuild, ...]:
    """The builds of one platform that give each of these interpreters a wheel, by the version of their builders.

    ``floor`` is the minor version of ``[tool.ftwheel] stable-abi``, None without one: then each interpreter builds its
    own wheel. ``abi3t`` is false where the project's toolchain cannot make ``abi3t`` (``limited-api =
    "version-specific"``). With ``stable-abi = "3.11"``, the pythons 3.11 to 3.15, 3.14t and 3.15t come to three builds:
    ``cp311-abi3`` by 3.11, ``cp314-cp314t`` by 3.14t, and ``cp315-abi3.abi3t`` by 3.15t (by 3.15 if there is no 3.15t:
    its headers can, too). Without a free-threaded build from 3.15 on, the abi3 wheel serves 3.15 as well.

    ``verify --plan`` asks with the places of a platform family, ``init``, the Action's plan and the cibuildwheel driver
    with ``[tool.ftwheel] pythons``, and ``ftwheel build`` with the interpreters it found.
    """
    wanted = sorted(set(pythons))
    shared = abi3t and floor is not None and any(_can_abi3t(each) and each.free_threaded for each in wanted)
    groups: dict[str, list[PythonBuild]] = {}
    for each in wanted:
        groups.setdefault(_tag(each, floor, shared=shared), []).append(each)
    return tuple(
        sorted(
            # of the builds of the lowest version the free-threaded one: each toolchain that knows abi3t can use it
            PlannedBuild(
                builder=max(each for each in found if each.minor == found[0].minor), tag=tag, serves=tuple(found)
            )
            for tag, found in groups.items()
        )
    )


def _can_abi3t(python: PythonBuild) -> bool:
    return python.minor >= FIRST_ABI3T


def _tag(python: PythonBuild, floor: int | None, *, shared: bool) -> str:
    """``shared`` is true where a free-threaded build from 3.15 on is served with ``abi3t``."""
    if floor is not None and shared and python.minor >= max(floor, FIRST_ABI3T):
        return f"cp3{max(floor, FIRST_ABI3T)}-abi3.abi3t"
    if floor is not None and python.minor >= floor and not python.free_threaded:
        return f"cp3{floor}-abi3"
    return f"cp3{python.minor}-{python.abi_tag}"
