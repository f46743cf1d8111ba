"""``ftwheel.open_index``: opens an index by URL, a folder, or pages in memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from ftwheel.api.arguments import listed
from ftwheel.core.errors import IndexFormatError, InputError
from ftwheel.core.index.page import JSON_TYPE, ProjectDetails, SourceKind
from ftwheel.core.index.pages import Index, Pages

if TYPE_CHECKING:
    from ftwheel.core.dependencies.resolution import CoreMetadata, UnknownMetadata
    from ftwheel.core.index.page import File
    from ftwheel.io.dependencies.metadata import MetadataClient
    from ftwheel.io.index.client import IndexClient
    from ftwheel.io.index.credentials import Credentials
    from ftwheel.io.index.transport import Transport

__all__ = ["IndexSource", "OpenIndex", "PageSource", "open_index", "opened"]

_REQUESTS = 24  # at a time

PageSource = ProjectDetails | Mapping[str, Any]
"""A page in memory: the result of ``parse_page``, or simple API JSON (PEP 691) as ``json.loads`` returns it."""

IndexSource = str | os.PathLike[str] | PageSource | Sequence[PageSource] | Index
"""Anything ``open_index`` accepts, or an object that implements ``Index``."""


class OpenIndex:
    """An open ``Index`` that also serves the core metadata of its files.

    Close it, or use ``with``; pages that were read stay valid. ``label`` contains no credentials.
    """

    def __init__(self, below: Index, label: str, client: IndexClient | None = None) -> None:
        self._below = below
        self._client = client
        self._metadata: MetadataClient | None = None
        self.label = label

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.label}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def kind(self) -> SourceKind:
        """What the installers treat this location as."""
        return self._below.kind

    def project(self, name: str) -> ProjectDetails | None:
        """The page of a project by its normalized name, None when there is none. Raises what ``Index`` documents."""
        return self._below.project(name)

    def metadata(self, file: File) -> CoreMetadata | UnknownMetadata:
        """The core metadata of a file, with as few requests as the index allows.

        Raises NetworkError and IndexFormatError.
        """
        if self._client is None:
            from ftwheel.core.dependencies.resolution import UnknownMetadata

            return UnknownMetadata(why=f"{file.filename} is on a page in memory, which has no dependency metadata")
        if self._metadata is None:
            from ftwheel.io.dependencies.metadata import MetadataClient
            from ftwheel.io.system.folders import cache_root

            self._metadata = MetadataClient(self._client, folder=os.path.join(cache_root(), "metadata-1"))
        return self._metadata.metadata(file)

    def prefetch(self, names: Iterable[str]) -> None:
        """Fetch the pages of many projects concurrently; ``project`` then returns them, or raises what went wrong."""
        if self._client is not None:
            self._client.prefetch([self._below], names)

    def forget(self, name: str) -> None:
        """Drop the page of a project from memory; ``project`` reads it again."""
        if self._client is not None:
            self._client.forget(self._below, name)

    def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            self._client.close()


def open_index(
    source: str | os.PathLike[str] | PageSource | Sequence[PageSource],
    *,
    kind: SourceKind | None = None,
    offline: bool = False,
    refresh: bool = False,
) -> OpenIndex:
    """Open an index by its URL, a folder, or pages in memory.

    A folder that contains ``NAME/index.html`` is an index; any other folder is a ``find-links`` folder of files, and an
    HTML file is a ``find-links`` page. ``kind`` overrides that: an index may be an ``EXTRA_INDEX``, and a URL with the
    kind ``FIND_LINKS_PAGE`` is the page itself. Pages share the cache of the command line: ``offline`` uses only
    the cache, ``refresh`` revalidates every page. Credentials come from the URL, netrc and the keyring.

    Raises InputError for a URL or folder that cannot be an index, IndexFormatError for data that is not a page.
    """
    if isinstance(source, ProjectDetails | Mapping):
        return open_index([source], kind=kind)
    if not isinstance(source, str | os.PathLike):
        pages = Pages.of(map(_page, source), kind=kind or SourceKind.INDEX)
        return OpenIndex(pages, label=f"pages in memory ({', '.join(page.name for page in pages.pages)})")
    client = _client(offline=offline, refresh=refresh)
    location = os.fspath(source)
    found = kind or _kind(location)
    if not found.flat:
        below = client.index(location, found)
        return OpenIndex(below, label=below.label, client=client)
    # the files of a folder; each HTML page in it is a location of its own
    below = client.find_links(location)[0]
    return OpenIndex(below, label=below.label, client=client)


@contextmanager
def opened(indexes: Iterable[IndexSource]) -> Iterator[tuple[Index, ...]]:
    """Open what ``indexes=[...]`` of a public function names, in the order of ``ProjectFiles``; closed at the end.

    The first that is neither a ``find-links`` location nor opened by the caller is the default index, later ones are
    extra indexes. Raises like ``open_index``.
    """
    found: list[Index] = []
    with ExitStack() as stack:
        for one in listed("indexes", indexes, wanted='"https://example.org/simple/"'):
            if isinstance(one, str | os.PathLike | ProjectDetails | Mapping | Sequence):
                is_first = all(index.kind.flat for index in found)
                kind = _kind(os.fspath(one)) if isinstance(one, str | os.PathLike) else SourceKind.INDEX
                if kind is SourceKind.INDEX and not is_first:
                    kind = SourceKind.EXTRA_INDEX
                found.append(stack.enter_context(open_index(one, kind=kind)))
            elif hasattr(one, "project") and hasattr(one, "kind"):
                found.append(one)
            else:
                raise InputError(
                    f"indexes: {one!r} is not an index", hint="pass a URL, a folder, a page, or an open index"
                )
        yield tuple(sorted(found, key=lambda index: not index.kind.flat))


def _kind(location: str) -> SourceKind:
    """The kind of a location, as far as the file system shows."""
    from ftwheel.io.index.local import is_page, local_path

    path = local_path(location)
    if path is None:
        return SourceKind.INDEX
    if os.path.isfile(path) and is_page(path):
        return SourceKind.FIND_LINKS_PAGE
    try:
        with os.scandir(path) as entries:
            laid_out = any(os.path.isfile(os.path.join(entry.path, "index.html")) for entry in entries)
    except OSError as error:
        raise InputError(
            f"{location}: cannot be listed ({error.strerror})", hint="pass the URL of a simple index, or a folder"
        ) from error
    return SourceKind.INDEX if laid_out else SourceKind.FIND_LINKS_FILES


def _page(page: PageSource) -> ProjectDetails:
    if isinstance(page, ProjectDetails):
        return page
    import json

    from ftwheel.core.index.parse import parse_page

    name = page.get("name")
    if not isinstance(name, str) or not name:
        raise IndexFormatError("a page in memory has no name", hint='expected {"name": ..., "files": [...]} (PEP 691)')
    body = json.dumps({"meta": {"api-version": "1.0"}, **page}).encode()
    return parse_page(body, content_type=JSON_TYPE, url=f"https://memory.invalid/{name}/")


def _client(*, offline: bool, refresh: bool) -> IndexClient:
    from ftwheel.io.index.cache import PageCache
    from ftwheel.io.index.client import IndexClient
    from ftwheel.io.system.folders import cache_root

    if offline and refresh:
        raise InputError("offline and refresh are mutually exclusive", hint="drop one of them")
    credentials = _credentials()

    def connect() -> Transport:
        from ftwheel.io.index.settings import NetworkSettings
        from ftwheel.io.index.transport import Transport

        return Transport(NetworkSettings(), credentials, connections=_REQUESTS)

    return IndexClient(
        connect,
        credentials,
        cache=PageCache(os.path.join(cache_root(), "pages-1")),
        offline=offline,
        refresh=refresh,
        jobs=_REQUESTS,
    )


@cache
def _credentials() -> Credentials:
    """One for the process: a file may be on a server whose credentials came with another index."""
    from ftwheel.io.index.credentials import Credentials

    return Credentials()
