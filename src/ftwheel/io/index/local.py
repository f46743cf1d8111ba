"""Reads local sources of files: folders of files, HTML pages, and folders laid out like an index."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ftwheel.core.errors import IndexFormatError, InputError
from ftwheel.core.index.page import File, ProjectDetails, SourceKind, normalized
from ftwheel.core.index.parse import parse_page
from ftwheel.io.system.texts import unwaiting

__all__ = ["FolderIndex", "FolderLinks", "LocalPage", "file_url", "listing", "local_path", "read_bounded"]

_HTML = "text/html; charset=utf-8"
_CHECK = "check the path and its permissions"


def file_url(path: str) -> str:
    """The ``file:`` URL of a path, which is made absolute."""
    from urllib.parse import quote  # 3 ms, and an index whose pages are in the cache does not need it

    absolute = os.path.abspath(path)
    if os.sep == "\\":
        return "file:///" + quote(absolute.replace("\\", "/"), safe="/:")
    return "file://" + quote(os.fsencode(absolute))


def local_path(location: str) -> str | None:
    """The absolute path for a ``file:`` URL or a plain path; None for any other URL.

    Raises InputError for a ``file:`` URL on another machine.
    """
    if not location.lower().startswith("file:"):
        return None if "://" in location else os.path.abspath(os.path.expanduser(location))
    from urllib.parse import unquote, unquote_to_bytes, urlsplit

    parts = urlsplit(location)
    if parts.netloc not in {"", "localhost"}:
        raise InputError(f"{location}: is on another machine", hint="pass a path, or a file: URL without a host")
    if os.sep == "\\":
        return unquote(parts.path).lstrip("/")
    return os.fsdecode(unquote_to_bytes(parts.path))


def read_bounded(path: str, most_bytes: int) -> bytes:
    """The bytes of a file. Raises OSError, and IndexFormatError if there are too many."""
    with open(path, "rb", opener=unwaiting) as file:
        body = file.read(most_bytes + 1)
    if len(body) > most_bytes:
        raise IndexFormatError(f"{path}: more than {most_bytes:,} bytes; rejected")
    return body


def listing(details: ProjectDetails) -> ProjectDetails | None:
    """Treat a list of files of many projects as the page of one; None if certainly none of them belongs to it.

    Each installer decides for itself which project a file belongs to, so no file is removed.
    """
    start = details.name + "-"
    mine = any(normalized(file.filename).startswith(start) or "egg=" in file.url for file in details.files)
    return details if mine else None


class FolderLinks:
    """A ``find-links`` folder: every file in it, of any project; like installers, it ignores subfolders."""

    kind = SourceKind.FIND_LINKS_FILES

    def __init__(self, path: str) -> None:
        self._path = path
        self.label = path
        self._files: tuple[File, ...] | None = None

    def project(self, name: str) -> ProjectDetails | None:
        if self._files is None:
            self._files = tuple(self._list())
        return listing(ProjectDetails(name=name, files=self._files, url=file_url(self._path) + "/"))

    def _list(self) -> Iterator[File]:
        try:
            with os.scandir(self._path) as entries:
                # Names keep surrogate escapes, so that one that cannot be decoded still has a URL
                found = sorted((e.name, e.stat().st_size) for e in entries if e.is_file() and not is_page(e.name))
        except OSError as error:
            raise InputError(f"{self._path}: cannot be listed ({error.strerror})", hint=_CHECK) from error
        for name, size in found:
            shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            yield File(filename=shown, url=file_url(os.path.join(self._path, name)), size=size)


class LocalPage:
    """A local ``find-links`` HTML page."""

    kind = SourceKind.FIND_LINKS_PAGE

    def __init__(self, path: str, *, most_bytes: int) -> None:
        self._path = path
        self.label = path
        self._most_bytes = most_bytes

    def project(self, name: str) -> ProjectDetails | None:
        try:
            body = read_bounded(self._path, self._most_bytes)
        except OSError as error:
            raise InputError(f"{self._path}: cannot be read ({error.strerror})", hint=_CHECK) from error
        return listing(parse_page(body, content_type=_HTML, url=file_url(self._path), name=name))


class FolderIndex:
    """A folder laid out like an index, as pip and uv accept it: ``NAME/index.html``."""

    def __init__(self, path: str, kind: SourceKind, *, most_bytes: int) -> None:
        self._path = path
        self.kind = kind
        self.label = path
        self._most_bytes = most_bytes

    def project(self, name: str) -> ProjectDetails | None:
        page = os.path.join(self._path, name, "index.html")
        try:
            body = read_bounded(page, self._most_bytes)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise InputError(f"{page}: cannot be read ({error.strerror})", hint=_CHECK) from error
        # Installers resolve links against the folder's URL
        return parse_page(body, content_type=_HTML, url=file_url(os.path.join(self._path, name)) + "/", name=name)


def is_page(name: str) -> bool:
    return name.lower().endswith((".html", ".htm", ".xhtml"))
