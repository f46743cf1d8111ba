"""Decides which CPythons and platforms to propose to a project: those cibuildwheel would build for it now.

requires-python and the project's own ``build``, ``skip``, ``archs`` and images count. Never proposed are the
experimental 3.13t, systems without a free-threaded CPython (iOS, Android, Pyodide), or a CPython without security
support unless the project names it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ftwheel.core.build.cibuildwheel.identifiers import HOSTED, build_platform, request_for, select
from ftwheel.core.build.cibuildwheel.options import CibuildwheelOptions
from ftwheel.core.build.cibuildwheel.runs import image_of
from ftwheel.core.project.toml_edits import table_at
from ftwheel.core.tags.cpython import macos_target

__all__ = ["proposed"]

_WINDOWS = {"AMD64": "win_amd64", "ARM64": "win_arm64", "x86": "win32"}
_SYSTEMS = {"linux": ("manylinux", "musllinux"), "macos": ("macosx",), "windows": ("win",)}
_AUTOMATIC = frozenset({"auto", "auto32", "auto64", "native", "all"})  # depends on the build machine
_IMAGE = re.compile(r"(manylinux2014|(?:many|musl)linux_\d+_\d+)")
_CLASSIFIER = re.compile(r"Programming Language :: Python :: 3\.(\d+)")
_SELECTOR = re.compile(r"\bcp3(\d+)t?-")
_TARGET = re.compile(r"\bMACOSX_DEPLOYMENT_TARGET=[\"']?(\d+)(?:\.(\d+))?")


def proposed(
    document: Mapping[str, Any], requires_python: str, *, supported: Collection[int] | None = None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Labels of CPythons (``3.14t``), the oldest first, and platform tags (``manylinux_2_28_x86_64``).

    ``document`` is pyproject.toml; ``requires_python`` is used if that has none. ``supported`` are the minor versions
    with security support (None: all). Raises ConfigurationError when nothing is left to build.
    """
    request = request_for(document, {})
    platforms = tuple(dict.fromkeys(platform for system in _SYSTEMS for platform in _platforms(system, request.own)))
    found = select(
        replace(request, pythons=(), platforms=platforms, requires_python=request.requires_python or requires_python)
    ).identifiers
    alive = [each for each in found if supported is None or each.minor in supported or each.minor in _named(document)]
    found = tuple(alive) or found
    pythons = sorted({(each.minor, each.free_threaded): each.label for each in found}.items())
    built = {each.platform for each in found}
    oldest = min(each.minor for each in found)
    return (
        tuple(label for _, label in pythons),
        tuple(_tag(platform, request.own, oldest) for platform in platforms if platform in built),
    )


def _named(document: Mapping[str, Any]) -> set[int]:
    """The minor versions that the project names in classifiers or cibuildwheel's ``build`` option."""
    classifiers = (table_at(document, ("project",)) or {}).get("classifiers", ())
    build = (table_at(document, ("tool", "cibuildwheel")) or {}).get("build", "")
    return {
        int(match[1])
        for pattern, text in ((_CLASSIFIER, classifiers), (_SELECTOR, build))
        for match in pattern.finditer(str(text))
    }


def _platforms(system: str, own: CibuildwheelOptions) -> Iterator[str]:
    """A system's platforms according to the project's ``archs``, else those with a hosted runner."""
    named = re.split(r"[\s,]+", own.get("archs", system) or "auto")
    if _AUTOMATIC.intersection(named):
        yield from (platform for platform in HOSTED if platform.startswith(_SYSTEMS[system]))
        return
    for arch in filter(None, named):
        if arch == "universal2":  # one wheel for both machines
            yield from ("macosx_x86_64", "macosx_arm64")
        elif system == "windows":
            yield build_platform(_WINDOWS.get(arch, arch))
        else:
            yield from (build_platform(f"{family}_{arch}") for family in _SYSTEMS[system])


def _tag(platform: str, own: CibuildwheelOptions, oldest: int) -> str:
    """The platform tag of a platform; for Linux, that of the image, or the default if the project has its own image.

    For macOS, that of the deployment target, but not older than CPython 3.``oldest`` supports.
    """
    family, _, arch = platform.partition("_")
    if family == "macosx":
        major, minor = max(macos_target(oldest, arch), _deployment_target(own))
        return f"macosx_{major}_{minor if major == 10 else 0}_{arch}"
    if family not in _SYSTEMS["linux"]:
        return platform
    chosen = _IMAGE.fullmatch(image_of(platform, own, ())[0])
    name = chosen[1] if chosen else image_of(platform, CibuildwheelOptions(), ())[0]
    return f"{'manylinux_2_17' if name == 'manylinux2014' else name}_{arch}"


def _deployment_target(own: CibuildwheelOptions) -> tuple[int, int]:
    """``MACOSX_DEPLOYMENT_TARGET`` in the project's ``environment``, a table or a string; (0, 0) if it is not set."""
    said = own.raw("environment", "macos")
    text = " ".join(f"{name}={value}" for name, value in said.items()) if isinstance(said, Mapping) else str(said)
    match = _TARGET.search(text)
    return (int(match[1]), int(match[2] or 0)) if match else (0, 0)
