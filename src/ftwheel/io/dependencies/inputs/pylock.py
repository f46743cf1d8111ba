"""Reads ``pylock.toml`` (PEP 751) with the packaging library."""

from __future__ import annotations

from ftwheel.core.dependencies.inputs import (
    Dependencies,
    PinnedFile,
    PinnedVersion,
    RequirementEdge,
    UnindexedDependency,
)
from ftwheel.core.errors import InputError
from ftwheel.core.index.page import normalized
from ftwheel.core.index.urls import split_credentials
from ftwheel.io.dependencies.inputs.entries import DIRECT
from ftwheel.io.dependencies.inputs.reading import LOCK_AGAIN, Table, shown
from ftwheel.io.dependencies.inputs.selecting import Parts

__all__ = ["read_pylock"]


def read_pylock(path: str, table: Table, parts: Parts) -> Dependencies:
    """Read the pins of a lock file; markers on extras and groups are evaluated here. Raises InputError."""
    from packaging.pylock import Pylock, PylockUnsupportedVersionError, PylockValidationError

    try:
        lock = Pylock.from_dict(table)
    except (PylockUnsupportedVersionError, PylockValidationError) as error:
        raise InputError(f"{path}: {shown(error, 300)}", hint=LOCK_AGAIN) from None
    extras = parts.of("extras", lock.extras or (), path)
    groups = {*(lock.default_groups or ()), *parts.of("groups", lock.dependency_groups or (), path)}
    pins, set_aside = [], []
    for number, package in enumerate(lock.packages, 1):
        origin = f"{path}: packages[{number}]"
        if package.version is None or package.vcs or package.directory or package.archive:
            set_aside.append(UnindexedDependency(name=package.name, origin=origin, reason=DIRECT))
            continue
        files = [file for file in (*(package.wheels or ()), package.sdist) if file is not None]
        pins.append(
            PinnedVersion(
                name=package.name,
                version=str(package.version),
                origin=origin,
                files=tuple(
                    PinnedFile(
                        filename=file.filename,
                        url=split_credentials(file.url or "")[0],
                        hashes=tuple(sorted(file.hashes.items())),
                    )
                    for file in files
                ),
                markers=() if package.marker is None else (str(package.marker),),
                requires=tuple(
                    RequirementEdge(name=normalized(str(one.get("name", "")))) for one in package.dependencies or ()
                ),
                index=split_credentials(package.index or "")[0],
            )
        )
    return Dependencies(
        label=path,
        is_lock=True,
        resolved=True,
        pins=tuple(pins),
        set_aside=tuple(set_aside),
        requires_python=str(lock.requires_python or ""),
        extras=tuple(extras),
        groups=tuple(sorted(groups)),
    )
