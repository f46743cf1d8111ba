"""Fetches pages and files from simple indexes: each page once, many concurrently, from the cache if possible.

Imports are deferred until needed: if all pages are fresh in the cache, no HTTP library is loaded.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import BufferedRandom, BytesIO
from typing import IO, TYPE_CHECKING, Self

from ftwheel import __version__
from ftwheel.core.errors import FtwheelError, IndexFormatError, InputError, NetworkError
from ftwheel.core.index.page import File, ProjectDetails, SourceKind
from ftwheel.core.index.page_columns import pack, unpack
from ftwheel.core.index.parse import parse_page
from ftwheel.core.index.urls import redact, split_credentials
from ftwheel.core.named_tuples import NamedTuple
from ftwheel.core.suggestions import closest
from ftwheel.io.index.cache import CachedPage, PageCache, lifetime
from ftwheel.io.index.local import FolderIndex, FolderLinks, LocalPage, file_url, is_page, listing, local_path
from ftwheel.io.system.folders import near, no_folder

if TYPE_CHECKING:
    from pathlib import Path

    from ftwheel.core.index.pages import Index
    from ftwheel.io.index.credentials import Credentials
    from ftwheel.io.index.named import NamedIndex
    from ftwheel.io.index.transport import Answer, Transport

__all__ = ["ACCEPT", "IndexClient"]

# JSON first, because it carries more (PEP 691); every index has to offer at least one of these
ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
MOST_PAGE_BYTES = 64 * 1024 * 1024  # ten times the longest page known
MOST_FILE_BYTES = 8 * 1024 * 1024 * 1024
PAGE_SECONDS = 60.0
FILE_SECONDS = 1800.0
_LONG_PAGE = 100_000  # bytes; shorter ones are read as quickly as a second file
_JOBS = 24
_GONE = frozenset({404, 410})
_PLAIN_HOST = r"https?://([a-z0-9.-]+)(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}))?(?:/|$)"
_ARCHIVES = (
    ".whl",
    ".zip",
    ".tar.gz",
    ".tgz",
    ".tar",
    ".tar.bz2",
    ".tbz",
    ".tar.xz",
    ".txz",
    ".tlz",
    ".tar.lz",
    ".tar.lzma",
)


def _host(url: str) -> str:
    """The host of a URL; empty if it has none that can be queried."""
    if plain := re.match(_PLAIN_HOST, url):
        return plain[1]
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        return "" if parts.port == 0 else parts.hostname or ""
    except ValueError:  # a port that is not a number, or an unclosed bracket
        return ""


def _meant_url(location: str) -> str:
    """``did you mean https://index.example/simple?`` for a URL without a scheme, or with a misspelled one."""
    scheme, slashes, rest = location.rpartition(":/")
    rest = rest.lstrip("/")
    if not slashes:
        local = location.startswith(("localhost", "127."))
        if not local and not re.match(r"[\w-]+(\.[\w-]+)+(:\d+)?(/|$)", location):
            return ""
        scheme = "http" if local else "https"
    meant = scheme if scheme in {"http", "https"} else closest(scheme, ("https", "http"))
    return f"did you mean {meant}://{redact(rest)}?" if meant and rest and f"{meant}://{rest}" != location else ""


class _Remote:
    """A location over HTTP; ``page_url`` returns the URL of a project's page."""

    def __init__(self, client: IndexClient, url: str, kind: SourceKind, page_url: Callable[[str], str]) -> None:
        self._client = client
        self.page_url = page_url
        self.kind = kind
        self.label = redact(url)

    def project(self, name: str) -> ProjectDetails | None:
        details = self._client.page(self.page_url(name), name)
        return listing(details) if details is not None and self.kind.flat else details


class _OneFile:
    """A ``find-links`` URL of a single file."""

    kind = SourceKind.FIND_LINKS_FILES

    def __init__(self, url: str) -> None:
        self._url = url
        self.label = redact(url)

    def project(self, name: str) -> ProjectDetails | None:
        from urllib.parse import unquote

        filename = unquote(self._url.partition("#")[0].partition("?")[0].rpartition("/")[2])
        return listing(ProjectDetails(name=name, files=(File(filename=filename, url=self._url),), url=self._url))


class _Received(NamedTuple):
    """A page that was not read yet; ``is_new`` if its content is not in the cache."""

    page: CachedPage
    is_new: bool


class _Slot:
    """The state of one URL; the lock is held while it is fetched and read."""

    __slots__ = ("details", "error", "known", "lock", "received")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.received: _Received | None = None
        self.known = False
        self.details: ProjectDetails | None = None
        self.error: FtwheelError | None = None


class IndexClient:
    """Pages and files of any number of indexes. Safe to use from several threads; ``close`` it, or use ``with``."""

    def __init__(
        self,
        connect: Callable[[], Transport],
        credentials: Credentials,
        *,
        cache: PageCache | None = None,
        offline: bool = False,
        refresh: bool = False,
        jobs: int = _JOBS,
        most_page_bytes: int = MOST_PAGE_BYTES,
        page_seconds: float = PAGE_SECONDS,
        file_seconds: float = FILE_SECONDS,
    ) -> None:
        """``connect`` is called when the first URL has to be fetched.

        ``offline`` uses cached pages of any age and sends no requests; ``refresh`` sends a request even if the cached
        page is fresh. ``jobs`` is the maximum number of concurrent requests.
        """
        self._connect = connect
        self._credentials = credentials
        self._cache = cache
        self._offline = offline
        self._refresh = refresh
        self._jobs = jobs
        self._most = most_page_bytes
        self._page_seconds = page_seconds
        self._file_seconds = file_seconds
        self._lock = threading.RLock()
        self._transport: Transport | None = None
        self._slots: dict[str, _Slot] = {}
        self._remotes: dict[tuple[str, SourceKind], _Remote] = {}
        self._editions: dict[str, str] = {}  # of the pages that were requested
        self._kept = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections, and prune the cache to its size limit."""
        if self._transport is not None:
            self._transport.close()
        if self._kept and self._cache is not None:
            self._cache.prune()

    def index(self, location: str, kind: SourceKind = SourceKind.INDEX) -> NamedIndex:
        """The index at a URL, or at the path of a folder laid out like one. Raises InputError."""
        path = local_path(location)
        if path is None:
            url = self._remote(location)
            # one object per URL, so that a location used by two installers is shared
            base = url.rstrip("/")
            return self._remotes.setdefault((url, kind), _Remote(self, url, kind, lambda name: f"{base}/{name}/"))
        if not os.path.isdir(path):
            raise InputError(
                f"{redact(location)}: neither a URL nor a folder",
                hint=_meant_url(location)
                or near(path)
                or no_folder(path)
                or "pass the URL of a simple index, such as https://index.example/simple/",
            )
        return FolderIndex(path, kind, most_bytes=self._most)

    def find_links(self, location: str) -> tuple[NamedIndex, ...]:
        """The sources behind one ``find-links`` location: a folder and the pages in it, a page, or a file.

        Raises InputError.
        """
        path = local_path(location)
        if path is None:
            url = self._remote(location)
            direct = url.partition("#")[0].partition("?")[0].lower().endswith(_ARCHIVES)
            return (_OneFile(url) if direct else _Remote(self, url, SourceKind.FIND_LINKS_PAGE, lambda _: url),)
        if os.path.isdir(path):
            pages = sorted(name for name in os.listdir(path) if is_page(name))
            return (
                FolderLinks(path),
                *(LocalPage(os.path.join(path, name), most_bytes=self._most) for name in pages),
            )
        if os.path.isfile(path):
            return (LocalPage(path, most_bytes=self._most) if is_page(path) else _OneFile(file_url(path)),)
        raise InputError(
            f"--find-links {redact(location)}: neither a file nor a folder",
            hint=near(location) or "pass a folder of wheels, an HTML page, or its URL",
        )

    def _remote(self, location: str) -> str:
        if not location.lower().startswith(("http://", "https://")) or not _host(location):
            raise InputError(
                f"{redact(location)}: not the URL of an index",
                hint=_meant_url(location) or "expected https://, http://, file:// or a path",
            )
        return self._credentials.learn(location)

    def prefetch(self, indexes: Sequence[Index], names: Iterable[str]) -> None:
        """Fetch the pages of all projects from all locations, concurrently.

        An error is raised by the ``project`` call for that page; the other pages are not affected.
        """
        pairs = dict.fromkeys((index, name) for name in names for index in indexes)
        # Local pages are read when they are used: threads would only make that slower.
        wanted = [
            pair for pair in pairs if isinstance(pair[0], _Remote) and not self._is_at_hand(pair[0].page_url(pair[1]))
        ]
        if len(wanted) < 2:
            return
        from concurrent.futures import ThreadPoolExecutor

        def get(pair: tuple[Index, str]) -> None:
            try:
                pair[0].project(pair[1])
            except FtwheelError:
                return  # stored with the page, and raised when the page is used

        with ThreadPoolExecutor(max_workers=min(self._jobs, len(wanted)), thread_name_prefix="index") as pool:
            try:
                list(pool.map(get, wanted))
            except BaseException:
                self.abort()
                pool.shutdown(cancel_futures=True)
                raise

    def abort(self) -> None:
        """Abort every pending request, so that the threads waiting for them end too."""
        if self._transport is not None:
            self._transport.abort()

    def page(self, url: str, name: str) -> ProjectDetails | None:
        """The page at a URL; None if there is none. No URL is fetched twice.

        Raises NetworkError and IndexFormatError.
        """
        with self._lock:
            slot = self._slots.setdefault(url, _Slot())
        with slot.lock:
            if not slot.known:
                try:
                    if slot.received is None:
                        slot.details = self._packed(url, name)
                    if slot.details is None:
                        slot.details = self._details(slot.received or self._receive(url), name)
                except FtwheelError as error:
                    slot.error = error
                slot.known, slot.received = True, None
        if slot.error is not None:
            raise slot.error
        details = slot.details
        return details._replace(name=name) if details is not None and details.html else details

    def request(self, index: Index, name: str) -> None:
        """Request the page of a project unless it is at hand; ``project`` then reads it, or raises what went wrong."""
        if not isinstance(index, _Remote):
            return
        url = index.page_url(name)
        with self._lock:
            slot = self._slots.setdefault(url, _Slot())
        with slot.lock:
            if not slot.known and slot.received is None:
                try:
                    slot.received = self._receive(url)
                except FtwheelError as error:
                    slot.known, slot.error = True, error

    def at_hand(self, index: Index, name: str) -> bool:
        """Whether the page of a project can be had without asking anybody."""
        return not isinstance(index, _Remote) or self._is_at_hand(index.page_url(name))

    def edition(self, index: Index, name: str) -> str:
        """Identify the content of a page that was requested or is at hand, so that results from it can be reused.

        Empty if the page has to be requested first, or must not be stored. For a local ``find-links`` location, it is
        the project's files there; other locations that are not reached over HTTP have none.
        """
        if not isinstance(index, _Remote):
            return repr(index.project(name)) if index.kind.flat else ""
        url = index.page_url(name)
        if self._cache is None or self._refresh or url in self._editions:
            return self._editions.get(url, "")
        cached = self._usable(url)
        return "" if cached is None else _edition(cached)

    def forget(self, index: Index, name: str) -> None:
        """Release the page of a project; if needed again, it comes from the cache or is fetched again.

        The page of a ``find-links`` URL is shared by all projects, and is not released.
        """
        if isinstance(index, _Remote) and not index.kind.flat:
            with self._lock:
                self._slots.pop(index.page_url(name), None)

    def _is_at_hand(self, url: str) -> bool:
        """Whether the page can be had without asking anybody."""
        return self._offline or self._usable(url) is not None

    def _usable(self, url: str) -> CachedPage | None:
        """The cached page without its body, if it may be used without asking the index."""
        if self._cache is None or self._refresh:
            return None
        cached = self._cache.get(url, ACCEPT, with_body=False)
        return cached if cached is not None and (self._offline or cached.fresh(time.time())) else None

    def _packed(self, url: str, name: str) -> ProjectDetails | None:
        """The page in its packed form, if the cached page may be used: its body need not be read for that."""
        cached = self._usable(url)
        if cached is None or self._cache is None:
            return None
        return unpack(self._cache.get_packed(url, ACCEPT), _packed_source(cached, name))

    def _receive(self, url: str) -> _Received:
        cached = self._cache.get(url, ACCEPT) if self._cache is not None else None
        if cached is not None and (self._offline or (not self._refresh and cached.fresh(time.time()))):
            return _Received(cached, is_new=False)
        if self._offline:
            raise NetworkError(
                f"{redact(url)}: is not in the cache", hint="run the same command once without --offline"
            )
        page = self._ask(url, cached)
        is_new = cached is None or not page.digest or _edition(page) != _edition(cached)
        if self._cache is not None and page.max_age >= 0:
            self._editions[url] = _edition(page)
            if cached is not None and not is_new:
                self._cache.renew(cached, page, ACCEPT)
        return _Received(page, is_new)

    def _details(self, received: _Received, name: str) -> ProjectDetails | None:
        page, is_new = received
        if page.status in _GONE:
            details = None
        elif is_new or self._cache is None or len(page.body) < _LONG_PAGE or not page.digest:
            details = parse_page(page.body, content_type=page.content_type, url=page.final_url, name=name)
        else:
            details = self._reread(page, name, self._cache)
        if is_new and self._cache is not None and page.max_age >= 0:  # an unreadable page is not stored
            self._cache.put(page, ACCEPT)
            self._kept = True
        return details

    def _reread(self, page: CachedPage, name: str, cache: PageCache) -> ProjectDetails:
        """Read a page from the cache in its packed form, which is stored when the page is read for the second time."""
        source = _packed_source(page, name)
        details = unpack(cache.get_packed(page.url, ACCEPT), source)
        if details is None:
            details = parse_page(page.body, content_type=page.content_type, url=page.final_url, name=name)
            packed = pack(details, source)
            if packed is not None:
                cache.put_packed(page.url, ACCEPT, packed)
                self._kept = True
        return details

    def _ask(self, url: str, cached: CachedPage | None) -> CachedPage:
        """The page as the index serves it now; a negative ``max_age`` means that it must not be stored."""
        headers = {"Accept": ACCEPT}
        if self._refresh:
            headers["Cache-Control"] = "max-age=0"
        if cached is not None and cached.status == 200:
            if cached.etag:
                headers["If-None-Match"] = cached.etag
            if cached.last_modified:
                headers["If-Modified-Since"] = cached.last_modified
        body = BytesIO()
        answer = self._connected().get(url, body, headers=headers, most_bytes=self._most, seconds=self._page_seconds)
        age = lifetime(answer.headers)
        now, max_age = time.time(), -1.0 if age is None else age
        if answer.status == 304:
            if cached is None:
                raise IndexFormatError(
                    f"{redact(url)}: answered 304 (not modified) to a request that was not conditional"
                )
            return cached._replace(fetched=now, max_age=max_age)
        import hashlib

        content = body.getvalue()
        return CachedPage(
            url=url,
            final_url=split_credentials(answer.url)[0],
            status=answer.status,
            content_type=answer.headers.get("Content-Type", ""),
            etag=answer.headers.get("ETag", ""),
            last_modified=answer.headers.get("Last-Modified", ""),
            fetched=now,
            max_age=max_age,
            body=content,
            digest=hashlib.sha256(content).hexdigest(),
        )

    def _connected(self) -> Transport:
        with self._lock:
            if self._transport is None:
                self._transport = self._connect()
            return self._transport

    def fetch(self, url: str, into: IO[bytes], *, headers: Mapping[str, str] | None = None, most_bytes: int) -> Answer:
        """Download from a URL on a page: a file, a part of one, or the metadata beside it.

        Raises NetworkError, always if ``offline``, and IndexFormatError if the response is too long.
        """
        if self._offline:
            raise NetworkError(f"{redact(url)}: files are not cached", hint="run without --offline")
        # Archives are already compressed, and a content encoding added by the server changes the hash.
        headers = {"Accept-Encoding": "identity", **(headers or {})}
        address = self._credentials.learn(url.partition("#")[0])
        return self._connected().get(address, into, headers=headers, most_bytes=most_bytes, seconds=self._file_seconds)

    def download(self, file: File, destination: Path, *, most_bytes: int = MOST_FILE_BYTES) -> Path:
        """Download a file from a page to ``destination``, if its size and hash match those that the page declares.

        Otherwise, no file is left behind. Raises NetworkError, and IndexFormatError if the file is not the declared
        one.
        """
        most = most_bytes if file.size is None else min(most_bytes, file.size)
        part = destination.with_name(f".{destination.name}.{os.getpid()}.part")
        try:
            with open(part, "w+b") as into:
                path = local_path(file.url.partition("#")[0])
                if path is not None:
                    _copy(path, into, most)
                else:
                    answer = self.fetch(file.url, into, most_bytes=most)
                    if answer.status != 200:
                        raise NetworkError(f"{redact(file.url)}: the server answered {answer.status}")
                _verify(file, into)
            os.replace(part, destination)
        finally:
            part.unlink(missing_ok=True)
        return destination


def _packed_source(page: CachedPage, name: str) -> tuple[str, ...]:
    """What a packed page was made of, and by what."""
    return (__version__, _edition(page), name)


def _edition(page: CachedPage) -> str:
    return f"{page.url} {page.final_url} {page.status} {page.content_type} {page.digest}" if page.digest else ""


def _copy(path: str, into: IO[bytes], most: int) -> None:
    if os.path.exists(path) and not os.path.isfile(path):  # a page may name a device, or a FIFO that nobody writes to
        raise InputError(f"{path}: not a file", hint="do not use the index, or correct the URL on its page")
    try:
        with open(path, "rb") as source:
            while chunk := source.read(1024 * 1024):
                into.write(chunk)
                if into.tell() > most:
                    raise IndexFormatError(f"{path}: more than {most:,} bytes; rejected")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})", hint="check its permissions") from error


def _verify(file: File, into: BufferedRandom) -> None:
    """Check a file against its size and the strongest of its hashes, as declared on the page."""
    import hashlib

    if file.size is not None and into.tell() != file.size:
        raise IndexFormatError(f"{file.filename}: {into.tell():,} bytes, but the index declares {file.size:,}")
    declared = dict(file.hashes)
    for algorithm in ("sha512", "sha384", "sha256", "sha224", "sha1", "md5"):
        if algorithm in declared:
            into.seek(0)
            digest = hashlib.file_digest(into, algorithm).hexdigest()
            if digest != declared[algorithm].lower():
                raise IndexFormatError(
                    f"{file.filename}: {algorithm} is {digest}, but the index declares {declared[algorithm]}",
                    hint="do not use the file; report it to the operator of the index",
                )
            return
