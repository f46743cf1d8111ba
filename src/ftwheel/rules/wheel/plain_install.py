"""Decides whether a failed import is one that users of a plain install never try: of an extra, a test, a vendored copy.

Such a module is neither proved nor broken, because nothing was there to import it with. The metadata has to say so, or
the layout of the wheel; a missing module that nothing accounts for is a missing dependency.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from ftwheel.core.named_tuples import NamedTuple
from ftwheel.core.wheel.contents import WheelContents, installed_path
from ftwheel.core.wheel.imports import ImportResult

__all__ = ["NotOfPlainInstall", "not_of_plain_install"]

_EXTRA = re.compile(r"\bextra\s*==\s*[\"']([A-Za-z0-9._-]+)[\"']")  # no other text gets into a command
_TESTS = frozenset({"test", "tests"})
_PREFIX = re.compile(r"py(?:thon)?-?")  # of the distributions of dateutil, yaml, zmq, ...
_Path = tuple[str, ...]  # the parts of a path below site-packages


class NotOfPlainInstall(NamedTuple):
    """Why a module cannot be imported in a plain install (``reason``), and how to try it (``fix``)."""

    reason: str
    fix: str


def not_of_plain_install(wheel: WheelContents, result: ImportResult) -> NotOfPlainInstall | None:
    """Explain a failed import that does not concern users of a plain install; None if it does, or may.

    The package has to load, and the module has to lack another module that no plain install of the wheel has.
    """
    top = result.missing.partition(".")[0]
    paths = [tuple(installed_path(member.path).split("/")) for member in wheel.installed]
    if not result.package_loads or not top or any(_is_module(path, top) for path in paths):
        return None
    if folder := _search_folder(paths, result.module, top):
        name = ".".join(result.module.split(".")[len(folder) :])
        where = "/".join(folder)
        return NotOfPlainInstall(
            reason=f"needs {top}, which is in {where}, a folder for sys.path instead of a package",
            fix='Try it by its name there: python -c "import sys, sysconfig; sys.path.insert(0,'
            f" sysconfig.get_path('platlib') + '/{where}'); import {name}\"",
        )
    for name, extra in _optional(wheel):
        if _provides(name, result.missing):
            return NotOfPlainInstall(
                reason=f"needs {top}, which comes with the extra {extra}; the import has no extras",
                fix=f'Try it with the extra: pip install "{wheel.filename}[{extra}]"'
                f' && python -c "import {result.module}"',
            )
    if _TESTS.intersection(result.module.split(".")[1:]):
        return NotOfPlainInstall(
            reason=f"needs {top}, which the wheel does not require, and is a module for tests",
            fix=f"Try it where {top} is installed, or keep the tests out of the wheel.",
        )
    return None


def _optional(wheel: WheelContents) -> Iterator[tuple[str, str]]:
    """The requirements that come only with an extra, as (canonical name, extra)."""
    for text in wheel.metadata.requires_dist if wheel.metadata else ():
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        for extra in _EXTRA.findall(str(requirement.marker or "")):
            yield canonicalize_name(requirement.name), str(extra)


def _provides(distribution: str, module: str) -> bool:
    """Whether a distribution's name is that of the module, or of a package it begins with: cffi has _cffi_backend."""
    wanted = canonicalize_name(module.lstrip("_"))
    names = {distribution, _PREFIX.sub("", distribution, count=1)} - {""}
    return any(wanted == name or wanted.startswith(f"{name}-") for name in names)


def _is_module(path: _Path, name: str) -> bool:
    """Whether a path is of this module or package at its top."""
    return path[0] == name or (len(path) == 1 and path[0].partition(".")[0] == name)


def _search_folder(paths: list[_Path], module: str, missing: str) -> _Path:
    """The deepest folder around the module that has the missing one and is no package, though inside of one."""
    packages = {path[:-1] for path in paths if path[-1].partition(".")[0] == "__init__"}
    *package, _ = module.split(".")
    for depth in range(len(package), 1, -1):
        folder = tuple(package[:depth])
        if folder not in packages and any(folder[:above] in packages for above in range(1, depth)):
            inside = (path[depth:] for path in paths if path[:depth] == folder and len(path) > depth)
            if any(_is_module(path, missing) for path in inside):
                return folder
    return ()
