"""Finds the wheels of a release on the pages of its project."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from datetime import datetime

from packaging.utils import (
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from ftwheel.core.errors import InputError
from ftwheel.core.index.page import File, ProjectDetails
from ftwheel.core.index.page_columns import columns
from ftwheel.core.installers.requirements import corrected, corrected_hyphen, unknown_project
from ftwheel.core.wheel.filename import WheelName

__all__ = ["meant_release", "newest_release", "parse_release", "project_name", "wheels_of"]

_RELEASE = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*==\s*([^=].*)")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?=$|[\s<>=!~\[])")
_OF_FILES = (
    *(".whl", ".tar.gz", ".zip", ".toml", ".txt", ".in", ".lock", ".json", ".cfg", ".py", ".md", ".yml", ".yaml"),
    *(".html", ".svg", ".egg", ".exe"),
)
"""Endings that indicate a file, although a project might have such a name."""
_PLAIN = re.compile(r"[\w.+!-]+\.whl")  # names from an index become local files, so no path separators


def parse_release(text: str) -> tuple[str, Version] | None:
    """Parse ``NAME==VERSION`` into normalized name and version, else None. Raises InputError for an invalid version."""
    match = _RELEASE.fullmatch(text.strip())
    if not match:
        return None
    try:
        return canonicalize_name(match[1]), Version(match[2])
    except ValueError as error:
        raise InputError(
            f"{text[:200]}: {match[2][:100]!r} is not a version", hint="name one release, for example numpy==2.3.5"
        ) from error


def project_name(text: str) -> str:
    """The normalized name if the text is just a project name, else empty."""
    match = _NAME.fullmatch(text)
    return canonicalize_name(text) if match and not text.endswith(_OF_FILES) else ""


def newest_release(name: str, pages: Iterable[ProjectDetails], *, before: datetime | None = None) -> str:
    """The newest version with a file that is not yanked, preferring final versions.

    ``before`` hides later uploads. Raises InputError if none is left.
    """
    versions: dict[str, Version] = {}  # by the name and version as written: a release has many wheels
    for page in pages:
        filenames, _, _, times, yanked = columns(page.files)
        for filename, uploaded, mark in zip(filenames, times, yanked, strict=True):
            written = "-".join(filename.split("-", 2)[:2]) if filename.endswith(".whl") else filename
            if mark is None and written not in versions and (before is None or (uploaded and uploaded <= before)):
                with contextlib.suppress(ValueError):
                    project, version = _identity(filename)
                    if project == name:
                        versions[written] = version
    if not versions:
        meant = corrected_hyphen(name)
        raise InputError(
            f"{name}: no index has a release of it",
            hint=f"did you mean {meant}?" if meant else "pass a folder of files, or check the spelling of the project",
        )
    return str(max(versions.values(), key=lambda version: (not version.is_prerelease, version)))


def _identity(filename: str) -> tuple[str, Version]:
    """The normalized name and the version. Raises ValueError if it is not the file name of a distribution."""
    return parse_wheel_filename(filename)[:2] if filename.endswith(".whl") else parse_sdist_filename(filename)


def meant_release(text: str) -> str:
    """The hint for a text that resembles a release, such as ``numpy=2.0`` or ``numpy``. Empty for anything else."""
    meant = corrected(text) or corrected_hyphen(text)
    if _RELEASE.fullmatch(meant):
        return f"did you mean {meant}?"
    name = _NAME.match(text.strip())
    if not name or text.endswith(_OF_FILES):
        return ""
    return f"for a release on the index, name its version: {name[0]}==VERSION"


def wheels_of(pages: Iterable[ProjectDetails], name: str, version: Version) -> tuple[File, ...]:
    """The wheels of one version, sorted by file name; of files with the same name, the one on the first page counts.

    Raises InputError if there is no page, or the pages have no wheel of that version.
    """
    pages = tuple(pages)
    if not pages:
        raise InputError(f"{name}: no index has this project", hint=unknown_project(name))
    found: dict[str, File] = {}
    versions: set[Version] = set()
    for page in pages:
        for file in page.files:
            if not _PLAIN.fullmatch(file.filename):
                continue
            try:
                parsed = WheelName.parse(file.filename)
            except InputError:
                continue
            if parsed.name != name:
                continue
            versions.add(parsed.version)
            if parsed.version == version:
                found.setdefault(file.filename, file)
    if not found:
        newest = f"the newest with wheels is {max(versions)}" if versions else "it has no wheels at all"
        raise InputError(f"{name}=={version}: no wheel of this version is on the index", hint=newest)
    return tuple(file for _, file in sorted(found.items()))
