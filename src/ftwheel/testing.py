"""An index in memory, for tests of programs that use ftwheel."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Self

from packaging.utils import canonicalize_name, parse_sdist_filename

from ftwheel.core.dependencies.resolution import CoreMetadata, UnknownMetadata
from ftwheel.core.errors import InputError
from ftwheel.core.index.page import File, ProjectDetails, SourceKind, Yanked
from ftwheel.core.wheel.filename import WheelName

__all__ = ["MemoryIndex"]

_ADDRESS = "https://files.invalid/"  # a name that no host has (RFC 2606)


class MemoryIndex:
    """An ``Index`` of files that exist by name only; its pages are in the order in which files were added.

    >>> index = MemoryIndex("demo-1.0-cp313-cp313-win_amd64.whl", "demo-1.0.tar.gz")
    >>> [file.filename for file in index.project("demo").files]
    ['demo-1.0-cp313-cp313-win_amd64.whl', 'demo-1.0.tar.gz']
    """

    def __init__(self, *filenames: str, kind: SourceKind = SourceKind.INDEX) -> None:
        """``kind`` is what the installers treat it as. Raises InputError like ``add``."""
        self.kind = kind
        self._files: dict[str, dict[str, File]] = {}
        self._metadata: dict[str, CoreMetadata] = {}
        for filename in filenames:
            self.add(filename)

    def add(
        self,
        filename: str,
        *,
        requires: Iterable[str] = (),
        extras: Iterable[str] = (),
        requires_python: str = "",
        yanked: str | None = None,
        upload_time: datetime | None = None,
        size: int | None = None,
        sha256: str = "",
    ) -> Self:
        """Add a file; it replaces an earlier file of the same name.

        ``requires``, ``extras`` and ``requires_python`` are fields of its METADATA; ``requires_python`` is on the page
        as well. ``yanked`` is the reason, which may be empty; None means not yanked. ``upload_time`` must have a time
        zone. Raises InputError for a name that is neither a wheel's nor a source distribution's.
        """
        name, version = _release(filename)
        if upload_time is not None and upload_time.tzinfo is None:
            raise InputError(f"{filename}: upload_time has no time zone", hint="for example tzinfo=UTC")
        self._files.setdefault(name, {})[filename] = File(
            filename=filename,
            url=f"{_ADDRESS}{name}/{filename}",
            hashes=(("sha256", sha256),) if sha256 else (),
            size=size,
            upload_time=upload_time,
            requires_python=requires_python or None,
            yanked=None if yanked is None else Yanked(reason=yanked),
        )
        self._metadata[filename] = CoreMetadata(
            name=name,
            version=version,
            requires_python=requires_python,
            requires=tuple(requires),
            extras=tuple(extras),
        )
        return self

    def project(self, name: str) -> ProjectDetails | None:
        """The page of a project by its normalized name; None when no file of the project was added."""
        files = self._files.get(name)
        return None if files is None else ProjectDetails(name=name, files=tuple(files.values()))

    def metadata(self, file: File) -> CoreMetadata | UnknownMetadata:
        """The core metadata of a file."""
        return self._metadata.get(file.filename) or UnknownMetadata(why=f"{file.filename} is not on this index")


def _release(filename: str) -> tuple[str, str]:
    if filename.endswith(".whl"):
        wheel = WheelName.parse(filename)
        return wheel.name, str(wheel.version)
    try:
        name, version = parse_sdist_filename(filename)
    except ValueError as error:
        raise InputError(f"{filename}: neither a wheel nor a source distribution", hint=str(error)) from error
    return canonicalize_name(name), str(version)
