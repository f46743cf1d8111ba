"""Serves a simple index on the loopback interface for real installers: new files on top of other indexes.

Pages are JSON or HTML as the client prefers (PEP 503, 691, 700), with separate metadata for the new wheels (PEP 658,
714). Files of the underlying indexes are not copied: their URLs here redirect to the originals, so that every request
for a file is recorded. Files in local folders are served directly.
"""

from __future__ import annotations

import hashlib
import html
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote, urljoin, urlsplit
from urllib.request import url2pathname

from ftwheel.core.errors import FtwheelError, InputError
from ftwheel.core.index.page import JSON_TYPE, File, ProjectDetails, normalized, render_page
from ftwheel.core.index.pages import Index
from ftwheel.io.release.dist import Dist

__all__ = ["LocalIndex", "serving"]

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_HTML_TYPE = "text/html; charset=utf-8"


class LocalIndex:
    """The overlay as pages and files. ``requests`` are the names of the requested files, in order.

    If ``sdists`` is False, requests for source distributions are rejected (403): a client would build them, and the
    request alone shows the selection.
    """

    def __init__(self, dists: Sequence[Dist], below: Sequence[Index] = (), *, sdists: bool = True) -> None:
        self._dists = {dist.name: dist for dist in dists}
        self._below = tuple(below)
        self._sdists = sdists
        self._lock = threading.Lock()
        self._pages: dict[str, ProjectDetails | None] = {}
        self._targets: dict[str, str] = {}
        self.requests: list[str] = []

    def projects(self) -> list[str]:
        """The names of the projects with new files, sorted."""
        return sorted(self._dists)

    def page(self, name: str) -> ProjectDetails | None:
        """The page of a project, with every URL relative to ``/simple/NAME/``."""
        with self._lock:
            if name not in self._pages:
                self._pages[name] = self._make(name)
            return self._pages[name]

    def seen(self, name: str, address: str) -> ProjectDetails | None:
        """The page as a client at ``address`` sees it, with absolute URLs."""
        page = self.page(name)
        if page is None:
            return None
        base = f"{address}{name}/"
        return page._replace(url=base, files=tuple(file._replace(url=urljoin(base, file.url)) for file in page.files))

    def _make(self, name: str) -> ProjectDetails | None:
        dist = self._dists.get(name)
        pages = [page for index in self._below if (page := index.project(name)) is not None]
        files: dict[str, File] = {}
        for page in pages:
            for file in page.files:
                if "/" not in file.filename and file.filename not in files:
                    number = len(self._targets)
                    self._targets[f"{number}/{file.filename}"] = file.url
                    files[file.filename] = file._replace(url=f"../../elsewhere/{number}/{quote(file.filename)}")
        if dist is not None:
            new = tuple(self._listed(dist, file) for file in dist.files)
            files |= {file.filename: file for file in new if file.filename not in files}
        if not files:
            return None
        return ProjectDetails(name=name, files=tuple(files.values()), api_version="1.1")

    def _listed(self, dist: Dist, file: File) -> File:
        metadata: tuple[tuple[str, str], ...] | None = None
        if file.filename.endswith(".whl"):
            metadata = (("sha256", hashlib.sha256(dist.metadata(file.filename)).hexdigest()),)
        return file._replace(
            url=f"../../files/{dist.name}/{quote(file.filename)}",
            hashes=(("sha256", dist.sha256(file.filename)),),
            core_metadata=metadata,
        )

    def path(self, project: str, filename: str) -> str | None:
        """The local path of a new file."""
        dist = self._dists.get(project)
        path = dist.paths.get(filename) if dist is not None else None
        return os.fspath(path) if path is not None else None

    def path_of(self, filename: str) -> str | None:
        """The path of the new file with this name; None if there is none."""
        return next((path for project in self._dists if (path := self.path(project, filename))), None)

    def metadata(self, project: str, filename: str) -> bytes:
        """The METADATA of a new wheel."""
        return self._dists[project].metadata(filename)

    def elsewhere(self, key: str) -> str | None:
        """The URL of a file on an underlying index, by ``NUMBER/NAME``; None if there is none."""
        return self._targets.get(key)

    def asked(self, filename: str) -> bool:
        """Record the request for a file; returns whether it may be served."""
        with self._lock:
            self.requests.append(filename)
        return self._sdists or filename.endswith(".whl")


@contextmanager
def serving(index: LocalIndex, *, port: int = 0, told: Callable[[str], object] | None = None) -> Iterator[str]:
    """Serve the index on the loopback interface, by default on a free port; yields its URL.

    ``told`` is called with a line for each request. Raises InputError if the port is in use.
    """

    class Handler(_Handler):
        served = index
        tell = staticmethod(told) if told is not None else None

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    try:
        server = Server(("127.0.0.1", port), Handler)
    except OSError as error:
        raise InputError(
            f"port {port} of the loopback interface cannot be used ({error.strerror})", hint="--port 0 picks a free one"
        ) from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/simple/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    served: LocalIndex
    tell: Callable[[str], object] | None = None

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        return

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if self.tell is not None:
            self.tell(f"{self.command} {self.path} {int(code)}")

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        parts = [unquote(part) for part in urlsplit(self.path).path.split("/")]
        try:
            match parts:
                case ["", "simple", ""]:
                    self._projects()
                case ["", "simple", name, ""] if _NAME.fullmatch(normalized(name)):
                    self._project(normalized(name))
                case ["", "simple", name] if _NAME.fullmatch(normalized(name)):
                    self._reply(301, headers={"Location": f"{self.path}/"})
                case ["", "files", project, filename]:
                    self._file(project, filename)
                case ["", "elsewhere", number, filename]:
                    self._redirect(number, filename)
                case _:
                    self._reply(404)
        except FtwheelError as error:  # an underlying index cannot be read; tell the client why
            self._reply(502, error.message.encode("utf-8", "replace"), "text/plain; charset=utf-8")
        except OSError:
            self.close_connection = True

    def _projects(self) -> None:
        names = self.served.projects()
        links = "".join(f'<a href="{name}/">{name}</a><br>' for name in names)
        listed = ",".join(f'{{"name":"{name}"}}' for name in names)
        self._either(
            f'{{"meta":{{"api-version":"1.1"}},"projects":[{listed}]}}'.encode(),
            f"<!DOCTYPE html><title>Simple index</title>{links}".encode(),
        )

    def _project(self, name: str) -> None:
        page = self.served.page(name)
        if page is None:
            self._reply(404)
        else:
            self._either(render_page(page), _as_html(page))

    def _either(self, json: bytes, text: bytes) -> None:
        """Reply with JSON to clients that accept it, with HTML to browsers and old installers."""
        if JSON_TYPE in self.headers.get("Accept", ""):
            self._reply(200, json, JSON_TYPE)
        else:
            self._reply(200, text, _HTML_TYPE)

    def _file(self, project: str, filename: str) -> None:
        wheel = filename.removesuffix(".metadata")
        if wheel != filename and wheel.endswith(".whl") and self.served.path(project, wheel):
            self._reply(200, self.served.metadata(project, wheel), "text/plain; charset=utf-8")
        elif (path := self.served.path(project, filename)) is None:
            self._reply(404)
        elif not self.served.asked(filename):
            self._reply(403)
        else:
            self._content(path)

    def _content(self, path: str) -> None:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            self._head(200, {"Content-Type": "application/octet-stream", "Content-Length": str(size)})
            if self.command == "GET":
                shutil.copyfileobj(file, self.wfile)

    def _redirect(self, number: str, filename: str) -> None:
        name = filename.removesuffix(".metadata")
        url = self.served.elsewhere(f"{number}/{name}")
        if url is None:
            self._reply(404)
        elif name == filename and not self.served.asked(name):
            self._reply(403)
        elif (bare := url.partition("#")[0]).startswith("file:"):  # --find-links: uv does not follow a file: redirect
            path = url2pathname(urlsplit(bare).path)
            if os.path.basename(path) == filename:
                self._content(path)
            else:
                self._reply(404)
        else:
            self._reply(302, headers={"Location": bare if name == filename else f"{bare}.metadata"})

    def _reply(
        self, code: int, body: bytes = b"", content_type: str = "text/plain", headers: Mapping[str, str] | None = None
    ) -> None:
        self._head(code, {"Content-Type": content_type, "Content-Length": str(len(body)), **(headers or {})})
        if self.command == "GET":
            self.wfile.write(body)

    def _head(self, code: int, headers: Mapping[str, str]) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


def _as_html(page: ProjectDetails) -> bytes:
    """The page in HTML (PEP 503, 592, 714)."""
    lines = [f"<!DOCTYPE html><html><head><title>{html.escape(page.name)}</title></head><body>"]
    for file in page.files:
        hashes = dict(file.hashes)
        fragment = f"#sha256={hashes['sha256']}" if "sha256" in hashes and "#" not in file.url else ""
        attributes = {"href": file.url + fragment}
        if file.requires_python is not None:
            attributes["data-requires-python"] = file.requires_python
        if file.yanked is not None:
            attributes["data-yanked"] = file.yanked.reason
        if file.core_metadata is not None:
            digest = dict(file.core_metadata).get("sha256")
            attributes["data-core-metadata"] = f"sha256={digest}" if digest else "true"
        written = " ".join(f'{name}="{html.escape(value)}"' for name, value in attributes.items())
        lines.append(f"<a {written}>{html.escape(file.filename)}</a><br>")
    return "\n".join([*lines, "</body></html>"]).encode()
