"""Caches index pages on disk, with their freshness lifetimes (the parts of RFC 9111 that simple indexes use).

Each page is one file: a line of JSON about the response, then its body. A long page that was read again has a second
file with what is needed of it (``ftwheel.core.index.page_columns``). Imports are kept to a minimum, because a command
whose pages are all cached needs nothing else.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Mapping

from ftwheel.core.named_tuples import NamedTuple

__all__ = ["CachedPage", "PageCache", "lifetime"]

_MOST_BYTES = 512 * 1024 * 1024  # of all pages together; the oldest are removed first
_HEADER = 64 * 1024
_TYPES = (str, str, int, str, str, str, float, float, bytes, str)  # of the fields of a CachedPage


class CachedPage(NamedTuple):
    """A response as received, without credentials.

    ``url`` is the requested URL, ``final_url`` the one that answered. ``status`` is 200, 404 or 410. ``fetched`` is in
    seconds since the epoch, ``max_age`` in seconds. ``digest`` identifies the body; it is empty if that never changes.
    """

    url: str
    final_url: str
    status: int
    content_type: str
    etag: str
    last_modified: str
    fetched: float
    max_age: float
    body: bytes
    digest: str = ""

    def fresh(self, now: float) -> bool:
        """Whether the page may be used without revalidation; a clock that was set back makes it stale."""
        return 0 <= now - self.fetched < self.max_age


def lifetime(headers: Mapping[str, str]) -> float | None:
    """The seconds a response may be used without revalidation; None if it must not be stored at all."""
    directives: dict[str, str] = {}
    for part in headers.get("Cache-Control", "").lower().split(","):
        name, _, value = part.strip().partition("=")
        directives[name] = value.strip('"')
    if "no-store" in directives:
        return None
    if "no-cache" in directives:
        return 0.0
    try:
        return max(0.0, float(int(directives["max-age"]) - int(headers.get("Age", "0"))))
    except (KeyError, ValueError, OverflowError):  # RFC 9111 lets a cache use a shorter lifetime if it cannot parse one
        return 0.0


class PageCache:
    """Cached pages in one folder, which is created when the first page is stored.

    An unreadable or incomplete page counts as missing. A full or read-only disk disables the cache; it does not make
    the command fail.
    """

    def __init__(self, folder: str, *, most_bytes: int = _MOST_BYTES) -> None:
        self._folder = folder
        self._most_bytes = most_bytes

    def _path(self, url: str, accept: str) -> str:
        # The checksum only spreads the names; a collision is detected, because the page records its URL.
        key = zlib.crc32(f"{accept}\n{url}".encode("utf-8", "surrogatepass"))
        name = "".join(c if c.isalnum() and c.isascii() else "-" for c in url.rstrip("/").rpartition("/")[2])[:80]
        return os.path.join(self._folder, f"{name}.{key:08x}")

    def get(self, url: str, accept: str, *, with_body: bool = True) -> CachedPage | None:
        """The page stored for this URL and these content types, fresh or not; None if there is none."""
        try:
            with open(self._path(url, accept), "rb") as file:
                header = json.loads(file.readline(_HEADER))
                body = file.read() if with_body else b""
            length = header.pop("length")
            page = CachedPage(**header, body=body)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        sound = tuple(map(type, page)) == _TYPES and (page.etag + page.last_modified).isprintable()
        return page if sound and page.url == url and (length == len(body) or not with_body) else None

    def put(self, page: CachedPage, accept: str) -> None:
        """Store a page, replacing any existing one."""
        about = {name: value for name, value in page._asdict().items() if name != "body"}
        header = json.dumps({**about, "length": len(page.body)}).encode()
        if len(header) < _HEADER:
            self._write(self._path(page.url, accept), header + b"\n", page.body)

    def get_packed(self, url: str, accept: str) -> bytes:
        """What ``put_packed`` stored for this page; empty if there is nothing."""
        try:
            with open(f"{self._path(url, accept)}.packed", "rb") as file:
                return file.read()
        except OSError:
            return b""

    def put_packed(self, url: str, accept: str, packed: bytes) -> None:
        """Store another form of a page beside it; whoever reads it checks that it belongs to that page."""
        self._write(f"{self._path(url, accept)}.packed", packed)

    def _write(self, path: str, *parts: bytes) -> None:
        # Neither concurrent processes nor a killed one may ever leave a partial page under the final name.
        temporary = f"{path}.{os.getpid()}-{time.monotonic_ns()}.tmp"
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            with open(temporary, "wb") as file:
                file.writelines(parts)
            os.replace(temporary, path)
        except OSError:
            try:
                os.unlink(temporary)
            except OSError:
                return

    def renew(self, stored: CachedPage, page: CachedPage, accept: str) -> None:
        """Store a newer response with the same body; it is not written if it will have to be requested again anyway."""
        if page.max_age or page._replace(fetched=stored.fetched) != stored:
            self.put(page, accept)
            return
        try:
            os.utime(self._path(page.url, accept))  # the oldest pages are removed first
        except OSError:
            return

    def prune(self) -> None:
        """Remove the oldest pages until the rest fits."""
        from ftwheel.io.system.pruning import prune

        prune(self._folder, self._most_bytes)
