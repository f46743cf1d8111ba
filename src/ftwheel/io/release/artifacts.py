"""Merges the artifacts of several build jobs."""

from __future__ import annotations

import shutil
from pathlib import Path

from packaging.utils import InvalidSdistFilename, parse_sdist_filename

from ftwheel.core.errors import InputError
from ftwheel.io.release.digests import digest_of
from ftwheel.io.release.dist import ENDINGS, file_identity

__all__ = ["collect"]


def collect(source: Path, target: Path, *, shared: bool = False) -> tuple[Path, ...]:
    """Copy all wheels and source distributions below ``source`` to the new folder ``target``; returns them sorted.

    Raises InputError if two jobs built different files with the same name, or with names that an index treats as the
    same: an upload would pick one of them by chance. Any other file is rejected too, because it would be uploaded;
    hidden files, which are never uploaded, are ignored. In a ``shared`` folder, which is filled by a workflow that
    ftwheel did not write, only distributions in other formats at the top are rejected: checksums, reports and archives
    may lie beside and below.
    """
    found: dict[str, Path] = {}
    spelled: dict[object, str] = {}
    for path in sorted(source.rglob("*")):
        if not path.is_file() or path.name.startswith("."):
            continue
        if shared and _is_foreign(path, top=path.parent == source):
            continue
        if not path.name.endswith((".whl", ".tar.gz")):
            raise InputError(
                f"{path.relative_to(source).as_posix()}: neither a wheel nor a source distribution (.tar.gz)",
                hint="remove it from the artifacts with the wheels: everything in them is uploaded",
            )
        first = spelled.setdefault(file_identity(path.name), path.name)
        if first != path.name:
            raise InputError(
                f"{path.name}: is {first} in another spelling", hint="build each file in one job, and do not rename it"
            )
        other = found.setdefault(path.name, path)
        if digest_of(other) != digest_of(path):
            raise InputError(
                f"{path.name}: built by two jobs, with different contents"
                f" ({other.relative_to(source).as_posix()} and {path.relative_to(source).as_posix()})",
                hint="build each file in one job; a wheel that is not for one platform is built once",
            )
    target.mkdir(parents=True)
    return tuple(Path(shutil.copy2(found[name], target / name)) for name in sorted(found))


def _is_foreign(path: Path, *, top: bool) -> bool:
    """Whether a file in a shared folder is one that no publisher would treat as a distribution."""
    if top:
        return not path.name.lower().endswith(ENDINGS)
    if path.name.endswith(".whl"):
        return False
    try:
        parse_sdist_filename(path.name)
    except InvalidSdistFilename:
        return True
    return not path.name.endswith(".tar.gz")
