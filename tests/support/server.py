"""A simple index on the loopback that can be told to misbehave. Real sockets, real HTTP."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the server says.

    ``declared`` is the Content-Length when it is not that of the body; ``pause`` are the seconds before the first byte,
    ``drip`` the seconds after each byte of the body, ``header_drip`` after each header line, without end.
    """

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    declared: int | None = None
    pause: float = 0.0
    drip: float = 0.0
    header_drip: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Request:
    path: str
    headers: Message


Handler = Callable[[Request], Reply]


def ranged(body: bytes) -> Handler:
    """A file of which a client may ask for parts (RFC 9110)."""

    def reply(request: Request) -> Reply:
        wanted = re.fullmatch(r"bytes=([0-9]*)-([0-9]*)", request.headers.get("Range", ""))
        if wanted is None:
            return Reply(body=body, content_type="application/octet-stream", headers={"Accept-Ranges": "bytes"})
        first, last = (int(part) if part else None for part in wanted.groups())
        if first is None:
            first, last = max(0, len(body) - (last or 0)), len(body) - 1
        last = len(body) - 1 if last is None else min(last, len(body) - 1)
        return Reply(
            status=206,
            body=body[first : last + 1],
            content_type="application/octet-stream",
            headers={"Content-Range": f"bytes {first}-{last}/{len(body)}"},
        )

    return reply


class IndexServer:
    """``serve`` makes one; ``routes`` says what is at a path, ``requests`` what was asked, in order.

    ``trees`` answers for all paths below a folder that are no route.
    """

    def __init__(self) -> None:
        self.routes: dict[str, Reply | Handler] = {}
        self.trees: dict[str, Handler] = {}
        self.requests: list[Request] = []
        self.most_at_once = 0
        self.stop = threading.Event()
        self._at_once = 0
        self._lock = threading.Lock()
        self.url = ""

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def put(self, path: str, body: bytes | str, **reply: object) -> None:
        """Serve this body at this path, as JSON of the simple API unless said otherwise."""
        data = body.encode() if isinstance(body, str) else body
        self.routes[path] = Reply(body=data, **reply)  # type: ignore[arg-type]

    def answer(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        route = self.routes.get(request.path)
        if route is None:
            trees = (tree for folder, tree in list(self.trees.items()) if request.path.startswith(folder))
            route = next(trees, Reply(status=404, content_type="text/plain"))
        return route(request) if callable(route) else route

    def done(self) -> None:
        with self._lock:
            self._at_once -= 1


@contextlib.contextmanager
def serve(*, tls: ssl.SSLContext | None = None) -> Iterator[IndexServer]:
    """A running server on a free port of the loopback; ended, with all its connections, on leaving."""
    index = IndexServer()

    class HTTPHandler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            return

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            reply = index.answer(Request(path=self.path, headers=self.headers))
            try:
                self.reply(reply)
            except OSError:
                self.close_connection = True
            finally:
                index.done()

        def reply(self, reply: Reply) -> None:
            if reply.pause:
                index.stop.wait(reply.pause)
            if reply.header_drip:
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                while not index.stop.wait(reply.header_drip):
                    self.wfile.write(b"X")
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status != 304:
                self.send_header("Content-Type", reply.content_type)
                self.send_header("Content-Length", str(len(reply.body) if reply.declared is None else reply.declared))
            self.end_headers()
            if reply.drip:
                for byte in reply.body:
                    if index.stop.wait(reply.drip):
                        break
                    self.wfile.write(bytes([byte]))
            elif self.command != "HEAD":
                self.wfile.write(reply.body)
            if reply.declared is not None:
                self.close_connection = True

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, *_: object) -> None:
            return

    server = Server(("127.0.0.1", 0), HTTPHandler)
    host, port = server.server_address[:2]
    index.url = f"http://{host!s}:{port}"
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        index.url = f"https://localhost:{port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield index
    finally:
        index.stop.set()
        server.shutdown()
        server.server_close()
        thread.join()


def closed_port() -> str:
    """The address of a port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def wait_until(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()
