"""Reads the metadata of files on an index, as cheaply as the index allows, and caches it forever.

For a wheel: the separate metadata file (PEP 658 and 714), checked against the digest that the page declares; else
METADATA from the zip by range requests; else from the whole file, if the server does not support ranges. For a source
distribution: PKG-INFO if its build must not change it (PEP 643), else a static ``[project]`` table; otherwise it is
unknown, because builds are not run here.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ftwheel.core.dependencies.resolution import CoreMetadata, UnknownMetadata, parse_core_metadata, parse_project_table
from ftwheel.core.errors import FtwheelError, IndexFormatError
from ftwheel.core.index.urls import redact
from ftwheel.io.index.cache import CachedPage, PageCache
from ftwheel.io.index.local import local_path
from ftwheel.io.index.ranges import RangeFile
from ftwheel.io.wheel.tars import open_tar, tar_members
from ftwheel.io.wheel.zips import open_zip

if TYPE_CHECKING:
    from ftwheel.core.index.page import File
    from ftwheel.io.index.client import IndexClient

__all__ = ["MetadataClient"]

MOST_METADATA = 16 * 1024 * 1024
MOST_SDIST = 64 * 1024 * 1024
_MOST_KEPT = 64 * 1024 * 1024
_FOR_EVER = 1e12  # seconds; the metadata of a file does not change
_KIND = "core metadata 2"  # increment when the cached format changes
_UNREADABLE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, ValueError, RuntimeError)


@dataclass(slots=True)
class _Slot:
    """The state of one file; the lock is held while it is read."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    found: CoreMetadata | UnknownMetadata | None = None
    error: FtwheelError | None = None


class MetadataClient:
    """The metadata of files: each is read once, and the results are cached on disk. Thread-safe."""

    def __init__(self, client: IndexClient, *, folder: str | None) -> None:
        """``folder`` is the cache folder, None to cache nothing."""
        self._client = client
        self._cache = PageCache(folder, most_bytes=_MOST_KEPT) if folder else None
        self._lock = threading.Lock()
        self._slots: dict[str, _Slot] = {}

    def metadata(self, file: File) -> CoreMetadata | UnknownMetadata:
        """See ``ftwheel.core.dependencies.resolution.MetadataSource``."""
        with self._lock:
            slot = self._slots.setdefault(file.url, _Slot())
        with slot.lock:
            if slot.found is None and slot.error is None:
                try:
                    slot.found = self._kept_or_read(file)
                except FtwheelError as error:
                    slot.error = error
            if slot.error is not None:
                raise slot.error
            assert slot.found is not None
            return slot.found

    def _kept_or_read(self, file: File) -> CoreMetadata | UnknownMetadata:
        key = _key(file)
        page = self._cache.get(key, _KIND) if self._cache is not None and key else None
        if page is not None and (known := _decode(page.body)) is not None:
            return known
        found = self._read(file)
        if self._cache is not None and key:
            self._cache.put(_page(key, found), _KIND)
        return found

    def _read(self, file: File) -> CoreMetadata | UnknownMetadata:
        if not file.filename.endswith(".whl"):
            return self._of_sdist(file)
        if file.core_metadata is not None and (text := self._beside(file, dict(file.core_metadata))) is not None:
            return parse_core_metadata(text)
        try:
            with open_zip(self._source(file)) as archive:
                return parse_core_metadata(_metadata_of_wheel(archive))
        except _UNREADABLE as error:
            return UnknownMetadata(why=f"{file.filename} cannot be read ({str(error)[:200]})")

    def _beside(self, file: File, digests: dict[str, str]) -> str | None:
        """The separate metadata file of a wheel; None for a local wheel, or if the index does not serve it."""
        address, into = f"{file.url.partition('#')[0]}.metadata", io.BytesIO()
        if local_path(address) is not None:
            return None  # the wheel itself is just as close
        if self._client.fetch(address, into, most_bytes=MOST_METADATA).status != 200:
            return None
        for algorithm in ("sha512", "sha384", "sha256"):
            if algorithm in digests:
                digest = hashlib.new(algorithm, into.getvalue()).hexdigest()
                if digest != digests[algorithm].lower():
                    raise IndexFormatError(
                        f"{file.filename}.metadata: {algorithm} is {digest}, but the index declares"
                        f" {digests[algorithm]}",
                        hint="report it to the operator of the index",
                    )
                break
        return into.getvalue().decode("utf-8", "replace")

    def _source(self, file: File) -> str | IO[bytes]:
        path = local_path(file.url.partition("#")[0])
        return io.BufferedReader(RangeFile(self._client, file)) if path is None else path

    def _of_sdist(self, file: File) -> CoreMetadata | UnknownMetadata:
        if file.size is not None and file.size > MOST_SDIST:
            return UnknownMetadata(why=f"{file.filename} has more than {MOST_SDIST:,} bytes")
        with tempfile.TemporaryDirectory(prefix="ftwheel-") as folder:
            path = self._client.download(file, Path(folder, "sdist"), most_bytes=MOST_SDIST)
            try:
                if file.filename.endswith(".zip"):
                    with open_zip(path) as archive:
                        return _judged(_texts_of_zip(archive))
                with open_tar(path) as tar:
                    return _judged(_texts_of_tar(tar))
            except _UNREADABLE as error:
                return UnknownMetadata(why=f"{file.filename} cannot be read ({str(error)[:200]})")


def _key(file: File) -> str:
    """The cache key; empty if nothing identifies the content of the file.

    An index may declare the digest of another index's file for its own, or another size or name for the same file. So
    all that is read by belongs to the key.
    """
    digest = dict(file.core_metadata or ()).get("sha256") or dict(file.hashes).get("sha256")
    if file.url.startswith("file:") or not digest:
        return ""
    return f"{digest.lower()} {file.size} {file.filename} {redact(file.url)}"


def _page(key: str, found: CoreMetadata | UnknownMetadata) -> CachedPage:
    return CachedPage(
        url=key,
        final_url=key,
        status=200,
        content_type="application/json",
        etag="",
        last_modified="",
        fetched=0.0,
        max_age=_FOR_EVER,
        body=json.dumps(asdict(found)).encode(),
    )


def _decode(body: bytes) -> CoreMetadata | UnknownMetadata | None:
    try:
        kept = json.loads(body)
        if "why" in kept:
            return UnknownMetadata(why=kept["why"]) if isinstance(kept["why"], str) else None
        lists = chain(kept["requires"], kept["extras"], *kept["urls"])
        if {str} != {*map(type, (kept["name"], kept["version"], kept["requires_python"], *lists))}:
            return None
        return CoreMetadata(
            **{
                **kept,
                "requires": tuple(kept["requires"]),
                "extras": tuple(kept["extras"]),
                "urls": tuple((label, address) for label, address in kept["urls"]),
            }
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _metadata_of_wheel(archive: zipfile.ZipFile) -> str:
    found = [
        info
        for info in archive.infolist()
        if info.filename.count("/") == 1 and info.filename.endswith(".dist-info/METADATA")
    ]
    if len(found) != 1:
        raise zipfile.BadZipFile(f"{len(found)} METADATA files in the wheel")
    return _member(archive, found[0])


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> str:
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{info.filename} is compressed with method {info.compress_type}")
    with archive.open(info) as stream:
        return _bounded(stream)


def _bounded(stream: IO[bytes]) -> str:
    data = stream.read(MOST_METADATA + 1)
    if len(data) > MOST_METADATA:
        raise ValueError(f"its metadata has more than {MOST_METADATA:,} bytes")
    return data.decode("utf-8", "replace")


def _texts_of_zip(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    for name in ("PKG-INFO", "pyproject.toml"):
        for info in archive.infolist():
            if info.filename.count("/") == 1 and info.filename.endswith(f"/{name}"):
                yield name, _member(archive, info)


def _texts_of_tar(archive: tarfile.TarFile) -> Iterator[tuple[str, str]]:
    for member in tar_members(archive):
        folder, _, name = member.name.removeprefix("./").partition("/")
        if folder and name in {"PKG-INFO", "pyproject.toml"} and member.isfile():
            stream = archive.extractfile(member)
            assert stream is not None
            yield name, _bounded(stream)


def _judged(texts: Iterator[tuple[str, str]]) -> CoreMetadata | UnknownMetadata:
    """The metadata from PKG-INFO if it is final, else from the project table; stops reading once it is settled."""
    found = UnknownMetadata(why="it has no PKG-INFO")
    project = ""
    for name, text in texts:
        if name == "pyproject.toml":
            project = text
            continue
        info = parse_core_metadata(text, sdist=True)
        if isinstance(info, CoreMetadata):
            return info
        found = info
    return parse_project_table(project, found)
