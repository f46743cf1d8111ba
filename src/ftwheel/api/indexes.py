"""Opens indexes for other programs: an address, a folder, or pages in memory."""

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
    from ftwheel.core.dependencies.resolution import CoreMetadata, Untold
    from ftwheel.core.index.page import File
    from ftwheel.io.dependencies.metadata import MetadataClient
    from ftwheel.io.index.client import IndexClient
    from ftwheel.io.index.credentials import Credentials
    from ftwheel.io.index.transport import Transport

__all__ = ["IndexSource", "OpenIndex", "PageSource", "open_index", "opened"]

_REQUESTS = 24  # at a time

PageSource = ProjectDetails | Mapping[str, Any]
"""A page in memory: one that ``parse_page`` read, or JSON of the simple API (PEP 691) as ``json.loads`` gives it."""

IndexSource = str | os.PathLike[str] | PageSource | Sequence[PageSource] | Index
"""Whatever ``open_index`` takes, or an object of your own that is an ``Index``."""


class OpenIndex:
    """An ``Index`` that was opened, and what its files say of themselves.

    Close it, or use ``with``; what its pages were read into stays valid. ``label`` holds no credentials.
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
        """What installers call this place."""
        return self._below.kind

    def project(self, name: str) -> ProjectDetails | None:
        """The page of a project by its normalized name, None when there is none. Raises as ``Index`` says."""
        return self._below.project(name)

    def metadata(self, file: File) -> CoreMetadata | Untold:
        """What a file says of itself, with as few requests as the index allows.

        Raises NetworkError and IndexFormatError.
        """
        if self._client is None:
            from ftwheel.core.dependencies.resolution import Untold

            return Untold(why=f"{file.filename} is on a page in memory, which says nothing about dependencies")
        if self._metadata is None:
            from ftwheel.io.dependencies.metadata import MetadataClient
            from ftwheel.io.system.folders import cache_root

            self._metadata = MetadataClient(self._client, folder=os.path.join(cache_root(), "metadata-1"))
        return self._metadata.metadata(file)

    def prefetch(self, names: Iterable[str]) -> None:
        """Get the pages of many projects, many at a time; ``project`` then has them, or raises what went wrong."""
        if self._client is not None:
            self._client.prefetch([self._below], names)

    def forget(self, name: str) -> None:
        """Let the page of a project go; wanted again, it is read again."""
        if self._client is not None:
            self._client.forget(self._below, name)

    def close(self) -> None:
        """End all connections."""
        if self._client is not None:
            self._client.close()


def open_index(
    source: str | os.PathLike[str] | PageSource | Sequence[PageSource],
    *,
    kind: SourceKind | None = None,
    offline: bool = False,
    refresh: bool = False,
) -> OpenIndex:
    """Open an index by its address, a folder, or pages in memory.

    A folder with ``NAME/index.html`` in it is laid out like an index; any other is a ``find-links`` folder of files,
    and an HTML file is a ``find-links`` page. ``kind`` overrides that: an index may be an ``EXTRA_INDEX``, and an
    address of the kind ``FIND_LINKS_PAGE`` is that of the page itself. Pages are cached as by the command line:
    ``offline`` uses the cache alone, ``refresh`` asks again. Logins come from the address, netrc and the keyring.

    Raises InputError for an address or a folder that cannot be one, IndexFormatError for a page that is none.
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
    # of a folder the files; each HTML page in it is a place of its own
    below = client.find_links(location)[0]
    return OpenIndex(below, label=below.label, client=client)


@contextmanager
def opened(indexes: Iterable[IndexSource]) -> Iterator[tuple[Index, ...]]:
    """What ``indexes=[...]`` of a public function names, in the order of ``ProjectFiles``; closed at the end.

    The first that is neither a ``find-links`` place nor opened by the caller is the default index, those after it are
    extra ones. Raises as ``open_index``.
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
                    f"indexes: {one!r} is not an index", hint="give an address, a folder, a page, or an open index"
                )
        yield tuple(sorted(found, key=lambda index: not index.kind.flat))


def _kind(location: str) -> SourceKind:
    """What a place is, as far as the file system shows."""
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
            f"{location}: cannot be listed ({error.strerror})", hint="give the address of a simple index, or a folder"
        ) from error
    return SourceKind.INDEX if laid_out else SourceKind.FIND_LINKS_FILES


def _page(page: PageSource) -> ProjectDetails:
    if isinstance(page, ProjectDetails):
        return page
    import json

    from ftwheel.core.index.parse import parse_page

    name = page.get("name")
    if not isinstance(name, str) or not name:
        raise IndexFormatError("a page in memory has no name", hint='wanted {"name": ..., "files": [...]} (PEP 691)')
    body = json.dumps({"meta": {"api-version": "1.0"}, **page}).encode()
    return parse_page(body, content_type=JSON_TYPE, url=f"https://memory.invalid/{name}/")


def _client(*, offline: bool, refresh: bool) -> IndexClient:
    from ftwheel.io.index.cache import PageCache
    from ftwheel.io.index.client import IndexClient
    from ftwheel.io.system.folders import cache_root

    if offline and refresh:
        raise InputError("offline and refresh exclude each other", hint="leave one of them out")
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
    """One for the process: a file may be on a server whose login another index of the same call brought."""
    from ftwheel.io.index.credentials import Credentials

    return Credentials()
