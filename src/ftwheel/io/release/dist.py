"""Reads a folder of files to be uploaded: names, sizes and metadata.

Only METADATA (PKG-INFO of a source distribution) is read; digests are computed on demand.
"""

from __future__ import annotations

import os
import shlex
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from packaging.utils import InvalidSdistFilename, canonicalize_name, parse_sdist_filename

from ftwheel.core.errors import InputError
from ftwheel.core.index.page import File
from ftwheel.core.release.sdist import SdistContents
from ftwheel.core.release.upload import Upload
from ftwheel.core.wheel.contents import parse_metadata
from ftwheel.core.wheel.filename import WheelName
from ftwheel.core.wheel.reports import CheckReport
from ftwheel.io.release.digests import digest_of
from ftwheel.io.release.sdist import read_sdist
from ftwheel.io.system.folders import near
from ftwheel.io.wheel.reading import unreadable
from ftwheel.io.wheel.tars import open_tar, tar_members
from ftwheel.io.wheel.zips import open_zip

__all__ = ["ENDINGS", "Dist", "file_identity", "read_dist"]

_MOST_BYTES = 4 << 20  # per METADATA; the longest descriptions on the public index are below 2 MiB
# accepted as distributions by publishers and indexes at some time; all but the first two are findings today
ENDINGS = (
    *(".whl", ".tar.gz", ".zip", ".egg", ".tar", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.z", ".tar.zst"),
    *(".tar.lzma", ".exe", ".msi", ".rpm", ".deb", ".dmg", ".conda"),
)
_ADDRESS = "https://uploaded.invalid/"  # never resolves (RFC 2606); installers treat local files differently
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, OSError, EOFError, KeyError, ValueError, RuntimeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dist:
    """The local files of one release; ``name`` is normalized, ``version`` is spelled as in the first file's name.

    ``rejected`` maps the other files to the reasons why they are neither wheels nor source distributions.
    """

    name: str
    version: str
    files: tuple[File, ...]
    paths: dict[str, Path]
    rejected: dict[str, str] = field(default_factory=dict)

    def upload(self, check: Callable[[Sequence[str]], CheckReport]) -> Upload:
        """The files in the form that ``ftwheel.app.release.verify`` expects; ``check`` checks wheels by their paths."""
        return Upload(
            files=self.files,
            sha256=self.sha256,
            check=lambda names: check([str(self.paths[name]) for name in names]),
            sdist=self.sdist,
            rejected=self.rejected,
        )

    def sha256(self, filename: str) -> str:
        """The digest of one of the files, in hexadecimal."""
        return digest_of(self.paths[filename])

    def sdist(self, filename: str) -> SdistContents:
        """The contents of one of the source distributions. Raises InputError if it cannot be read."""
        path = self.paths[filename]
        try:
            return read_sdist(path)
        except _BROKEN as error:
            raise unreadable(path, error, "a source distribution") from error

    def metadata(self, filename: str) -> bytes:
        """The METADATA of one of the wheels."""
        return _metadata(self.paths[filename], WheelName.parse(filename).stem)


def read_dist(places: Iterable[Path]) -> Dist:
    """Read wheels and source distributions from folders or file paths. All have to belong to one release.

    A file that is neither is ``rejected``. Raises InputError if no file remains, or if the remaining ones belong to
    several releases.
    """
    paths: dict[str, Path] = {}
    asked = tuple(places)
    for path in _found(asked):
        if path.name in paths:
            raise InputError(f"{path}: a second file of this name", hint="an index accepts only one file of a name")
        paths[path.name] = path
    if not paths:
        raise InputError(
            f"{', '.join(map(str, asked))}: contains no wheel and no source distribution",
            hint=_below(asked) or "build them first, or pass the folder they were built in",
        )
    files: list[File] = []
    releases: dict[tuple[str, object], tuple[str, str]] = {}
    rejected: dict[str, InputError] = {}
    spelled: dict[object, str] = {}
    for name, path in sorted(paths.items(), key=lambda item: (item[0].lower(), item[0].swapcase())):
        first = spelled.setdefault(file_identity(name), name)
        if first != name:
            rejected[name] = InputError(f"{name}: is {first} in another spelling", hint="remove one of the two")
            continue
        try:
            project, version, text = _release(name)
            requires_python = _requires_python(path) or None
        except InputError as error:
            rejected[name] = error
            continue
        releases.setdefault((project, version), (name, text))
        files.append(
            File(
                filename=name,
                url=f"{_ADDRESS}{project}/{name}",
                size=path.stat().st_size,
                requires_python=requires_python,
            )
        )
    if not files:
        raise next(iter(rejected.values()))
    if len(releases) > 1:
        one, other = [name for name, _ in releases.values()][:2]
        raise InputError(
            f"{one} and {other} belong to different releases", hint="pass the files, or the folder, of one release"
        )
    ((project, _), (_, text)) = next(iter(releases.items()))
    return Dist(
        name=project,
        version=text,
        files=tuple(files),
        paths={file.filename: paths[file.filename] for file in files},
        rejected={
            name: error.message.removeprefix(f"{paths[name]}: ").removeprefix(f"{name}: ")
            for name, error in rejected.items()
        },
    )


def file_identity(filename: str) -> object:
    """A key that is equal for all spellings of one file: of the project, the version, or the order of a wheel's tags.

    It is the name itself if that is neither a wheel's nor a source distribution's.
    """
    try:
        if filename.endswith(".whl"):
            name = WheelName.parse(filename)
            tags = map(frozenset, (name.interpreters, name.abis, name.platforms))
            return (name.name, name.version, name.build, name.variant, *tags)
        return (*parse_sdist_filename(filename), filename.endswith(".zip"))
    except (InputError, InvalidSdistFilename):
        return filename


def _below(places: Iterable[Path]) -> str:
    """The hint if the files are in subfolders, as the artifacts of several jobs are; else empty."""
    folders = sorted({path.parent for place in places if place.is_dir() for path in place.glob("*/*.whl")})
    return f"name the folders that hold them: ftwheel verify {shlex.join(map(str, folders))}" if folders else ""


def _found(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_dir():
            for path in sorted(path for path in place.iterdir() if path.name.lower().endswith(ENDINGS)):
                if not path.is_file():
                    raise _no_file(path)
                yield path
        elif place.is_file():
            yield place
        elif os.path.lexists(place):
            raise _no_file(place)
        else:
            raise InputError(
                f"{place}: no such file or folder",
                hint=near(place) or "name a folder of files to upload, or individual files",
            )


def _no_file(path: Path) -> InputError:
    return InputError(
        f"{path}: not a regular file", hint="remove it: a publisher that is given the whole folder tries to upload it"
    )


def _release(filename: str) -> tuple[str, object, str]:
    """The normalized project name, the version, and the version as text."""
    if filename.endswith(".whl"):
        name = WheelName.parse(filename)
        return name.name, name.version, str(name.version)
    try:
        project, version = parse_sdist_filename(filename)
    except InvalidSdistFilename as error:
        raise InputError(
            f"{filename}: neither a wheel nor a source distribution ({error})",
            hint="pass wheels, source distributions (.tar.gz), or a folder that contains nothing else",
        ) from error
    return canonicalize_name(project), version, str(version)


def _requires_python(path: Path) -> str:
    if path.name.endswith(".whl"):
        return parse_metadata(
            _metadata(path, WheelName.parse(path.name).stem).decode("utf-8", "replace")
        ).requires_python
    try:
        data = _pkg_info(path)
    except _BROKEN as error:
        raise unreadable(path, error, "a source distribution") from error
    return parse_metadata(data.decode("utf-8", "replace")).requires_python


def _metadata(path: Path, stem: str) -> bytes:
    try:
        with open_zip(path) as archive:
            wanted = f"{stem}.dist-info/METADATA"
            names = archive.NameToInfo
            if wanted not in names:
                wanted = next(name for name in names if name.endswith(".dist-info/METADATA") and name.count("/") == 1)
            with archive.open(wanted) as file:
                return file.read(_MOST_BYTES)
    except (*_BROKEN, StopIteration) as error:
        cause = ValueError("it has no METADATA") if isinstance(error, StopIteration) else error
        raise unreadable(path, cause, "a wheel") from error


def _pkg_info(path: Path) -> bytes:
    """The PKG-INFO in the top folder of a source distribution; empty if it has none."""
    if path.name.endswith(".zip"):
        with open_zip(path) as archive:
            for name in archive.namelist():
                if name.count("/") == 1 and name.endswith("/PKG-INFO"):
                    with archive.open(name) as file:
                        return file.read(_MOST_BYTES)
        return b""
    with open_tar(path) as tar:
        for member in tar_members(tar):
            if member.name.count("/") == 1 and member.name.endswith("/PKG-INFO") and member.isfile():
                stream = tar.extractfile(member)
                return stream.read(_MOST_BYTES) if stream is not None else b""
    return b""
