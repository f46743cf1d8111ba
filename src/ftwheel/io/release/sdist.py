"""Reads a source distribution as an index does: its member names, top folder and PKG-INFO."""

from __future__ import annotations

import posixpath
import tarfile
from pathlib import Path

from ftwheel.core.release.sdist import SdistContents
from ftwheel.core.wheel.contents import parse_metadata
from ftwheel.io.wheel.description import description_problem
from ftwheel.io.wheel.tars import open_tar, tar_members
from ftwheel.io.wheel.zips import open_zip

__all__ = ["read_sdist"]

_MOST_BYTES = 4 << 20  # of PKG-INFO


def read_sdist(path: Path) -> SdistContents:
    """Read one source distribution, ``.tar.gz`` or ``.zip``.

    Problems are recorded in its ``flaws``. Raises tarfile.TarError, zipfile.BadZipFile or OSError for a file that is
    not an archive.
    """
    flaws = []
    infos: dict[str, bytes] = {}
    if path.name.endswith(".zip"):
        with open_zip(path) as archive:
            names = archive.namelist()
            info = f"{_top(names)}/PKG-INFO"
            if info in archive.NameToInfo:
                with archive.open(info) as stream:
                    infos[info] = stream.read(_MOST_BYTES)
    else:
        names, sparse = [], False
        with open_tar(path) as tar:
            for member in tar_members(tar):
                names.append(member.name)
                sparse = sparse or member.issparse()
                if member.name.count("/") == 1 and member.name.endswith("/PKG-INFO"):
                    infos = {member.name: _contents(tar, member)}  # of several tops, none counts
        if sparse:
            flaws.append("has sparse members")
    top = _top(names)
    info = f"{top}/PKG-INFO"
    data = infos.get(info)
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


def _contents(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = tar.extractfile(member) if member.isfile() else None
    return b"" if stream is None else stream.read(_MOST_BYTES)


def _top(names: list[str]) -> str:
    """The only folder at the top, which contains every member; empty if there is none."""
    tops = {posixpath.normpath(name).partition("/")[0] for name in names}
    top = tops.pop() if len(tops) == 1 else ""
    return top if any(posixpath.normpath(name).startswith(f"{top}/") for name in names) else ""
