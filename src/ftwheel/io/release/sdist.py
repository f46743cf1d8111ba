"""Reads a source distribution as an index does: its member names, top folder and PKG-INFO."""

from __future__ import annotations

import posixpath
import tarfile
import zipfile
from pathlib import Path

from ftwheel.core.release.sdist import SdistContents
from ftwheel.core.wheel.contents import parse_metadata
from ftwheel.io.wheel.description import description_problem

__all__ = ["read_sdist"]

_MOST_BYTES = 4 << 20  # of PKG-INFO


def read_sdist(path: Path) -> SdistContents:
    """Read one source distribution, ``.tar.gz`` or ``.zip``.

    Problems are recorded in its ``flaws``. Raises tarfile.TarError, zipfile.BadZipFile or OSError for a file that is
    not an archive.
    """
    flaws = []
    if path.name.endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            top = _top(names)
            info = f"{top}/PKG-INFO"
            data = archive.read(info)[:_MOST_BYTES] if info in names else None
    else:
        with tarfile.open(path, "r:gz") as tar:
            members = tar.getmembers()
            names = [member.name for member in members]
            top = _top(names)
            if any(member.issparse() for member in members):
                flaws.append("has sparse members")
            info = f"{top}/PKG-INFO"
            stream = tar.extractfile(info) if info in names else None
            data = stream.read(_MOST_BYTES) if stream is not None else None
    if not top:
        flaws.append("its members are not all in one folder")
    elif data is None:
        flaws.append(f"has no {info}")
    text = data.decode("utf-8", "replace") if data is not None else ""
    return SdistContents(
        filename=path.name,
        size=path.stat().st_size,
        top=top,
        members=frozenset(names),
        metadata=parse_metadata(text) if data is not None else None,
        flaws=tuple(flaws),
        unrendered=description_problem(text),
    )


def _top(names: list[str]) -> str:
    """The only folder at the top, which contains every member; empty if there is none."""
    tops = {posixpath.normpath(name).partition("/")[0] for name in names}
    top = tops.pop() if len(tops) == 1 else ""
    return top if any(posixpath.normpath(name).startswith(f"{top}/") for name in names) else ""
