"""Whatever an index does, one clear error comes in bounded time and memory, and other projects are unaffected."""

from __future__ import annotations

import gzip
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ftwheel.core.errors import FtwheelError, IndexFormatError, NetworkError
from support.clients import client, page
from support.server import HTML, IndexServer, Reply, Request, closed_port, serve

GOOD = page("demo", "demo-1.0.tar.gz")


@pytest.fixture
def server() -> Iterator[IndexServer]:
    with serve() as running:
        running.put("/good/", page("good", "good-1.0.tar.gz"))
        yield running


def failure(server: IndexServer, **options: object) -> FtwheelError:
    """What asking for ``demo`` ends with, after making sure that ``good`` is not affected."""
    options = {"timeout": 0.5, "page_seconds": 3.0, **options}
    begin = time.monotonic()
    with client(**options) as index_client:  # type: ignore[arg-type]
        index = index_client.index(server.url)
        index_client.prefetch([index], ["demo", "good"])
        with pytest.raises(FtwheelError) as caught:
            index.project("demo")
        assert index.project("good") is not None
    assert time.monotonic() - begin < 6
    assert f"{server.url}/demo/" in caught.value.message
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 600
    return caught.value


@pytest.mark.parametrize(
    ("body", "content_type", "said"),
    [
        ('{"files": [', "application/vnd.pypi.simple.v1+json", "JSON"),
        ("[" * 100_000, "application/vnd.pypi.simple.v1+json", "JSON"),
        (b"\xff\xfe{", "application/vnd.pypi.simple.v1+json", "JSON"),
        ('{"name": "demo", "files": null}', "application/vnd.pypi.simple.v1+json", "files"),
        (GOOD, "application/octet-stream", "application/octet-stream"),
        (GOOD, "application/json", "application/json"),
        (GOOD, "", "content type"),
        ("<p>Please log in", "application/vnd.pypi.simple.v1+json", "JSON"),
    ],
)
def test_what_is_no_page_is_said_so(server: IndexServer, body: str, content_type: str, said: str) -> None:
    server.put("/demo/", body, content_type=content_type)
    error = failure(server)
    assert isinstance(error, IndexFormatError)
    assert said in error.message
    assert server.paths.count("/demo/") == 1


def test_a_page_that_is_too_long_is_refused_early(server: IndexServer) -> None:
    server.put("/demo/", GOOD + " " * 200_000)
    error = failure(server, most_page_bytes=100_000)
    assert isinstance(error, IndexFormatError)
    assert "more than 100,000 bytes" in error.message


def test_a_hundred_megabytes_cost_bounded_memory(server: IndexServer) -> None:
    """A page of 100 MB in 100 kB of gzip; the limit on memory is the operating system's."""
    packed = gzip.compress(b'{"files": [' + b" " * 100_000_000, 1)
    server.put("/demo/", packed, headers={"Content-Encoding": "gzip"})
    code = f"""
import resource, sys
from support.clients import client
from ftwheel.core.errors import IndexFormatError
import ftwheel.io.index.transport
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 200_000_000, -1))
with client() as c:
    try:
        c.index({server.url!r}).project("demo")
    except IndexFormatError as error:
        print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        timeout=60,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    assert "more than 67,108,864 bytes" in done.stdout


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=GOOD.encode(), declared=10_000),
        Reply(body=gzip.compress(GOOD.encode())[:-20], headers={"Content-Encoding": "gzip"}),
        Reply(body=b"no gzip at all", headers={"Content-Encoding": "gzip"}),
    ],
    ids=["cut short", "cut gzip", "no gzip"],
)
def test_an_answer_that_breaks_off_is_asked_for_again(server: IndexServer, reply: Reply) -> None:
    server.routes["/demo/"] = reply
    error = failure(server)
    assert isinstance(error, (NetworkError, IndexFormatError))
    assert server.paths.count("/demo/") <= 3


def test_a_second_try_can_succeed(server: IndexServer) -> None:
    replies = [Reply(status=503, headers={"Retry-After": "0"}), Reply(body=GOOD.encode(), declared=9_999)]

    def route(_: Request) -> Reply:
        return replies.pop(0) if replies else Reply(body=GOOD.encode())

    server.routes["/demo/"] = route
    with client() as index_client:
        assert index_client.index(server.url).project("demo") is not None
    assert len(server.requests) == 3


@pytest.mark.parametrize(("status", "tries"), [(500, 3), (503, 3), (400, 1), (403, 1), (401, 1), (204, 1), (304, 1)])
def test_statuses_that_are_no_answer(server: IndexServer, status: int, tries: int) -> None:
    server.routes["/demo/"] = Reply(status=status, headers={"Retry-After": "0"})
    error = failure(server)
    assert server.paths.count("/demo/") == tries
    assert str(status) in error.message or status == 304


def test_a_server_that_wants_to_be_asked_later_than_there_is_time(server: IndexServer) -> None:
    server.routes["/demo/"] = Reply(status=429, headers={"Retry-After": "3600"})
    assert "429" in failure(server).message
    assert server.paths.count("/demo/") == 1


def test_redirects_in_a_circle_and_to_nowhere(server: IndexServer) -> None:
    server.routes["/demo/"] = Reply(status=302, headers={"Location": "/demo/"})
    assert "redirects" in failure(server).message
    server.routes["/demo/"] = Reply(status=302, headers={"Location": "file:///etc/passwd"})
    assert "redirects to a URL that is not HTTP" in failure(server).message
    server.routes["/demo/"] = Reply(status=302, headers={"Location": "http://[broken/"})
    assert isinstance(failure(server), NetworkError)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=GOOD.encode(), pause=30),
        Reply(body=GOOD.encode(), drip=0.3),
        Reply(header_drip=0.3),
    ],
    ids=["silent", "dripping body", "dripping header"],
)
def test_a_slow_server_is_given_up(server: IndexServer, reply: Reply) -> None:
    server.routes["/demo/"] = reply
    error = failure(server, page_seconds=1.5)
    assert isinstance(error, NetworkError)
    assert "silent" in error.message or "no complete answer within 1.5 seconds" in error.message


def test_nobody_listens() -> None:
    with client(page_seconds=2.0) as index_client, pytest.raises(NetworkError, match="Connection refused"):
        index_client.index(closed_port()).project("demo")


def _take(listener: socket.socket, sent: bytes) -> None:
    """Take one connection, send the beginning of an answer, and hold it open."""
    connection, _ = listener.accept()
    with connection:
        connection.sendall(sent)
        while connection.recv(1 << 16):
            pass


@pytest.mark.parametrize("sent", [b"", b"\x16\x03"])
def test_a_handshake_that_is_never_finished(sent: bytes) -> None:
    """A server that takes the connection, with a configured timeout that is longer than the time there is."""
    with socket.create_server(("127.0.0.1", 0)) as listener, client(timeout=60.0, page_seconds=1.0) as index_client:
        begin = time.monotonic()
        threading.Thread(target=_take, args=(listener, sent), daemon=True).start()
        with pytest.raises(NetworkError, match="no complete answer within 1 seconds"):
            index_client.index(f"https://127.0.0.1:{listener.getsockname()[1]}/").project("demo")
        assert time.monotonic() - begin < 10


def test_a_host_that_does_not_exist() -> None:
    with client(page_seconds=2.0) as index_client, pytest.raises(NetworkError, match=r"^http://nowhere\.invalid"):
        index_client.index("http://user:secret@nowhere.invalid/simple/").project("demo")


def test_a_proxy_is_used_and_its_failure_told(server: IndexServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.put("http://index.example/simple/demo/", GOOD)
    monkeypatch.setenv("http_proxy", server.url)
    with client() as index_client:
        assert index_client.index("http://index.example/simple/").project("demo") is not None
    monkeypatch.setenv("http_proxy", closed_port().replace("//", "//user:secret@"))
    with client(page_seconds=2.0) as index_client, pytest.raises(NetworkError) as caught:
        index_client.index("http://index.example/simple/").project("demo")
    assert "secret" not in caught.value.message


def test_names_with_control_characters_stay_data(server: IndexServer) -> None:
    names = ["demo-1.0\x1b[31m.tar.gz", "demo-1.0\u202e.tar.gz", "demo-1.0\n.tar.gz", "../../demo-1.0.tar.gz"]
    server.put("/demo/", page("demo", *names))
    with client() as index_client:
        details = index_client.index(server.url).project("demo")
    assert details is not None
    assert len(details.files) == len(names)


@pytest.mark.parametrize(
    "body", ["", "<a href=", "<a>no address</a>", "<!-- ", "<a href='http://[x'>x</a>", "\x00" * 5000, "<a " * 50_000]
)
def test_html_with_surprises_is_read_or_refused(server: IndexServer, body: str) -> None:
    server.put("/demo/", body, content_type=HTML)
    with client() as index_client:
        index = index_client.index(server.url)
        try:
            details = index.project("demo")
        except IndexFormatError:
            return
        assert details is not None
        assert len(details.files) <= 1


def test_ten_thousand_tags_in_one_name(server: IndexServer) -> None:
    tags = ".".join(f"cp3{number}" for number in range(10_000))
    server.put("/demo/", page("demo", f"demo-1.0-{tags}-{tags}-any.whl"))
    with client() as index_client:
        details = index_client.index(server.url).project("demo")
    assert details is not None


def test_the_error_of_a_page_is_the_same_each_time(server: IndexServer) -> None:
    server.put("/demo/", json.dumps([]))
    with client() as index_client:
        index = index_client.index(server.url)
        for _ in range(2):
            with pytest.raises(IndexFormatError, match="/demo/"):
                index.project("demo")
    assert len(server.requests) == 1
