"""Decides which CPythons and platforms to propose to a project: what cibuildwheel would build for it as it is.

requires-python and the project's own ``build``, ``skip``, ``archs`` and images count. The experimental 3.13t is not
proposed, nor are systems without a free-threaded CPython (iOS, Android, Pyodide).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ftwheel.core.build.cibuildwheel.identifiers import HOSTED, place_of, request_for, select
from ftwheel.core.build.cibuildwheel.options import CibuildwheelOptions
from ftwheel.core.build.cibuildwheel.runs import image_of

__all__ = ["proposed"]

_WINDOWS = {"AMD64": "win_amd64", "ARM64": "win_arm64", "x86": "win32"}
_SYSTEMS = {"linux": ("manylinux", "musllinux"), "macos": ("macosx",), "windows": ("win",)}
_AUTOMATIC = frozenset({"auto", "auto32", "auto64", "native", "all"})  # depends on the machine that builds
_MACOS = {"macosx_x86_64": "macosx_10_13_x86_64", "macosx_arm64": "macosx_11_0_arm64"}
_IMAGE = re.compile(r"(manylinux2014|(?:many|musl)linux_\d+_\d+)")


def proposed(document: Mapping[str, Any], requires_python: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Labels of CPythons (``3.14t``), the oldest first, and platform tags (``manylinux_2_28_x86_64``).

    ``document`` is pyproject.toml; ``requires_python`` holds where that does not say. Raises ConfigurationError when
    nothing is left to build.
    """
    request = request_for(document, {})
    places = tuple(dict.fromkeys(place for system in _SYSTEMS for place in _places(system, request.own)))
    found = select(
        replace(request, pythons=(), places=places, requires_python=request.requires_python or requires_python)
    ).identifiers
    pythons = sorted({(each.minor, each.free_threaded): each.label for each in found}.items())
    built = {each.place for each in found}
    return tuple(label for _, label in pythons), tuple(_tag(place, request.own) for place in places if place in built)


def _places(system: str, own: CibuildwheelOptions) -> Iterator[str]:
    """The places of a system that the project's ``archs`` name, else those with a hosted runner."""
    named = re.split(r"[\s,]+", own.get("archs", system) or "auto")
    if _AUTOMATIC.intersection(named):
        yield from (place for place in HOSTED if place.startswith(_SYSTEMS[system]))
        return
    for arch in filter(None, named):
        if arch == "universal2":  # one wheel for both machines
            yield from ("macosx_x86_64", "macosx_arm64")
        elif system == "windows":
            yield place_of(_WINDOWS.get(arch, arch))
        else:
            yield from (place_of(f"{family}_{arch}") for family in _SYSTEMS[system])


def _tag(place: str, own: CibuildwheelOptions) -> str:
    """The platform tag of a place; for Linux that of the image, the usual one if the project names its own."""
    family, _, arch = place.partition("_")
    if family not in _SYSTEMS["linux"]:
        return _MACOS.get(place, place)
    chosen = _IMAGE.fullmatch(image_of(place, own, ())[0])
    name = chosen[1] if chosen else image_of(place, CibuildwheelOptions(), ())[0]
    return f"{'manylinux_2_17' if name == 'manylinux2014' else name}_{arch}"
