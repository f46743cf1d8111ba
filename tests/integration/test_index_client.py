"""The index client against a real server on the loopback that behaves well."""

from __future__ import annotations

import base64
import gc
import hashlib
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from ftwheel.core.errors import IndexFormatError, InputError, NetworkError
from ftwheel.core.index.page import File, SourceKind
from ftwheel.io.index.cache import PageCache
from ftwheel.io.index.client import ACCEPT, IndexClient
from support.clients import client, page
from support.server import HTML, IndexServer, Reply, Request, serve


def names(index_client: IndexClient, url: str, project: str = "demo") -> list[str]:
    details = index_client.index(url).project(project)
    assert details is not None
    return [file.filename for file in details.files]


def test_json_is_asked_for_first_and_html_is_read_too(server: IndexServer) -> None:
    server.put("/simple/demo/", page("demo", "demo-1.0.tar.gz"))
    server.put("/simple/other/", '<a href="../../files/other-2.0.tar.gz">other</a>', content_type=HTML)
    with client() as index_client:
        assert names(index_client, f"{server.url}/simple") == ["demo-1.0.tar.gz"]
        other = index_client.index(f"{server.url}/simple/").project("other")
    assert other is not None
    assert other.files[0].url == f"{server.url}/files/other-2.0.tar.gz"
    assert {request.headers["Accept"] for request in server.requests} == {ACCEPT}
    assert {request.headers["User-Agent"].partition("/")[0] for request in server.requests} == {"ftwheel"}


def test_a_project_that_is_not_there_is_no_error(server: IndexServer) -> None:
    with client() as index_client:
        assert index_client.index(server.url).project("nothing") is None


def test_links_are_relative_to_the_address_after_redirects(server: IndexServer) -> None:
    server.routes["/old/demo/"] = Reply(status=301, headers={"Location": "/new/demo/"})
    server.put("/new/demo/", page("demo", "demo-1.0.tar.gz"))
    with client() as index_client:
        details = index_client.index(f"{server.url}/old/").project("demo")
    assert details is not None
    assert details.files[0].url == f"{server.url}/new/demo/demo-1.0.tar.gz"


def test_no_page_is_fetched_twice_and_twenty_are_fetched_at_once(server: IndexServer) -> None:
    projects = [f"p{number}" for number in range(40)]
    together = threading.Barrier(20, timeout=10)

    def slow(request: Request) -> Reply:
        name = request.path.strip("/")
        if int(name[1:]) < 20:
            together.wait()  # opens only when twenty requests are under way
        return Reply(body=page(name, f"{name}-1.0.tar.gz").encode())

    server.routes.update({f"/{name}/": slow for name in projects})
    with client() as index_client:
        index = index_client.index(server.url)
        index_client.prefetch([index, index], projects)
        found = [index.project(name) for name in projects]
    assert all(found)
    assert sorted(server.paths) == sorted(f"/{name}/" for name in projects)
    assert server.most_at_once >= 20


def test_one_broken_project_does_not_spoil_the_others(server: IndexServer) -> None:
    server.put("/good/", page("good", "good-1.0.tar.gz"))
    server.put("/bad/", '{"files": [')
    with client() as index_client:
        index = index_client.index(server.url)
        index_client.prefetch([index], ["good", "bad", "absent"])
        assert index.project("good") is not None
        assert index.project("absent") is None
        with pytest.raises(IndexFormatError, match=f"{server.url}/bad/"):
            index.project("bad")
    assert len(server.requests) == 3


def test_a_server_that_hangs_up_before_tls_begins_leaves_no_socket_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ftwheel.io.index.transport._WAITS", (0.0, 0.0))
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def hang_up() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # with a reset
                connection.close()

        threading.Thread(target=hang_up, daemon=True).start()
        url = f"https://127.0.0.1:{listening.getsockname()[1]}"
        with client() as index_client:
            for number in range(20):  # some of them are reset before they begin
                with pytest.raises(NetworkError, match="cannot be reached"):
                    index_client.index(url).project(f"demo-{number}")
        del index_client  # it keeps the error
        gc.collect()  # a socket that is open says so, and warnings are errors
        listening.shutdown(socket.SHUT_RDWR)


def test_a_fresh_page_is_used_without_asking_and_without_an_http_library(server: IndexServer, tmp_path: Path) -> None:
    server.put("/demo/", page("demo", "demo-1.0.tar.gz"), headers={"Cache-Control": "max-age=600"})
    with client(cache=tmp_path) as index_client:
        names(index_client, server.url)
    code = f"""
import sys
from support.clients import client
with client(cache={str(tmp_path)!r}) as c:
    assert c.index({server.url!r}).project("demo").files
assert not {{"requests", "urllib3", "http.client", "ssl", "truststore", "concurrent.futures"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30, cwd=Path(__file__).parents[1])
    assert len(server.requests) == 1


def test_a_stale_page_is_revalidated(server: IndexServer, tmp_path: Path) -> None:
    def route(request: Request) -> Reply:
        headers = {"ETag": '"v1"', "Last-Modified": "Sun, 11 Jan 2026 00:00:00 GMT"}
        if request.headers["If-None-Match"] == '"v1"':
            return Reply(status=304, headers={**headers, "Cache-Control": "max-age=60"})
        return Reply(body=page("demo", "demo-1.0.tar.gz").encode(), headers=headers)

    server.routes["/demo/"] = route
    for _ in range(3):
        with client(cache=tmp_path) as index_client:
            assert names(index_client, server.url) == ["demo-1.0.tar.gz"]
    first, second = server.requests  # the third run finds the page fresh, because the 304 said so
    assert first.headers["If-None-Match"] is None
    assert second.headers["If-Modified-Since"] == "Sun, 11 Jan 2026 00:00:00 GMT"


def test_refresh_asks_although_the_page_is_fresh(server: IndexServer, tmp_path: Path) -> None:
    server.put("/demo/", page("demo", "demo-1.0.tar.gz"), headers={"Cache-Control": "max-age=600"})
    with client(cache=tmp_path) as index_client:
        names(index_client, server.url)
    server.put("/demo/", page("demo", "demo-1.0.tar.gz", "demo-1.1.tar.gz"))
    with client(cache=tmp_path, refresh=True) as index_client:
        assert names(index_client, server.url) == ["demo-1.0.tar.gz", "demo-1.1.tar.gz"]
    assert server.requests[1].headers["Cache-Control"] == "max-age=0"


def test_offline_takes_what_the_cache_has_and_asks_nobody(server: IndexServer, tmp_path: Path) -> None:
    server.put("/demo/", page("demo", "demo-1.0.tar.gz"))
    with client(cache=tmp_path) as index_client:
        names(index_client, server.url)
        assert index_client.index(server.url).project("absent") is None
    with client(cache=tmp_path, offline=True) as index_client:
        index = index_client.index(server.url)
        assert names(index_client, server.url) == ["demo-1.0.tar.gz"]
        assert index.project("absent") is None  # the cache knows that too
        with pytest.raises(NetworkError, match="not in the cache"):
            index.project("unknown")
    assert len(server.requests) == 2


def test_what_must_not_be_kept_is_not_kept(server: IndexServer, tmp_path: Path) -> None:
    server.put("/demo/", page("demo", "demo-1.0.tar.gz"), headers={"Cache-Control": "no-store"})
    with client(cache=tmp_path) as index_client:
        names(index_client, server.url)
    assert not list(tmp_path.iterdir())


def test_a_damaged_cache_is_only_a_slow_one(server: IndexServer, tmp_path: Path) -> None:
    server.put("/demo/", page("demo", "demo-1.0.tar.gz"), headers={"Cache-Control": "max-age=600"})
    with client(cache=tmp_path) as index_client:
        names(index_client, server.url)
    (kept,) = tmp_path.iterdir()
    whole = kept.read_bytes()
    head, _, body = whole.partition(b"\n")
    about = json.loads(head)
    other_types = [{**about, name: value} for name in about for value in (None, [1], {"a": "b"}, True)]
    heads = [*other_types, {**about, "etag": "a\nb", "max_age": 0.0}]
    damages = [whole[:-5], b"", b"{}\n", whole.replace(b'"status": 200', b'"status": 404x'), b"\xff" * 100_000]
    damages += [b"[" * 60_000 + b"\n" + body, *(json.dumps(each).encode() + b"\n" + body for each in heads)]
    for damaged in damages:
        kept.write_bytes(damaged)
        with client(cache=tmp_path) as index_client:
            assert names(index_client, server.url) == ["demo-1.0.tar.gz"]
    assert len(server.requests) == 1 + len(damages)


def test_a_long_page_is_packed_when_it_is_read_again(server: IndexServer, tmp_path: Path) -> None:
    def files(*, refresh: bool = False) -> Sequence[File]:
        with client(cache=tmp_path, refresh=refresh) as index_client:
            details = index_client.index(server.url).project("demo")
        assert details is not None
        return details.files

    server.put(
        "/demo/", page("demo", *(f"demo-1.{i}.tar.gz" for i in range(1000))), headers={"Cache-Control": "max-age=600"}
    )
    first = files()
    assert len(list(tmp_path.iterdir())) == 1
    assert files() == first
    (packed,) = tmp_path.glob("*.packed")
    changed = packed.read_bytes().replace(b"demo-1.7.tar.gz", b"demo-9.9.tar.gz")
    packed.write_bytes(changed)
    assert files()[7].filename == "demo-9.9.tar.gz", "the packed page was not read"
    for damaged in (changed[:-5], b"", b"{}", b"\xff" * 1000):
        packed.write_bytes(damaged)
        assert files() == first
        assert files() == first
    server.put("/demo/", page("demo", *(f"demo-2.{i}.tar.gz" for i in range(1000))))
    assert files(refresh=True)[0].filename == "demo-2.0.tar.gz"
    assert files()[999].filename == "demo-2.999.tar.gz"


def test_the_cache_stays_within_its_size(server: IndexServer, tmp_path: Path) -> None:
    for number in range(6):
        server.put(f"/p{number}/", page(f"p{number}", *[f"p{number}-{i}.tar.gz" for i in range(100)]))
    limit = 2 * len(page("p0", *[f"p0-{i}.tar.gz" for i in range(100)])) + 2000
    with client(cache=PageCache(str(tmp_path), most_bytes=limit)) as index_client:
        for number in range(6):
            names(index_client, server.url, f"p{number}")
    assert 0 < sum(file.stat().st_size for file in tmp_path.iterdir()) <= limit


def test_a_cache_that_cannot_be_written_is_no_failure(server: IndexServer, tmp_path: Path) -> None:
    server.put("/demo/", page("demo", "demo-1.0.tar.gz"))
    (tmp_path / "file").write_text("in the way")
    with client(cache=tmp_path / "file" / "cache") as index_client:
        assert names(index_client, server.url) == ["demo-1.0.tar.gz"]


# --- credentials -----------------------------------------------------------------------------------------------------


def guarded(request: Request) -> Reply:
    if request.headers["Authorization"] == "Basic " + base64.b64encode(b"user:se@cret").decode():
        return Reply(body=page("demo", "demo-1.0.tar.gz").encode())
    return Reply(status=401, content_type="text/plain")


def with_login(server: IndexServer, login: str) -> str:
    return server.url.replace("http://", f"http://{login}@")


def test_credentials_in_the_address_are_used_and_not_shown(server: IndexServer, tmp_path: Path) -> None:
    server.routes["/demo/"] = guarded
    with client(cache=tmp_path) as index_client:
        index = index_client.index(with_login(server, "user:se%40cret"))
        details = index.project("demo")
    assert details is not None
    assert "cret" not in index.label + repr(details)
    assert all(b"cret" not in file.read_bytes() for file in tmp_path.iterdir())
    wrong = with_login(server, "user:wrongsecret")
    with client() as index_client, pytest.raises(NetworkError, match="answered 401") as caught:
        index_client.index(wrong).project("demo")
    assert "wrongsecret" not in f"{caught.value.message}{caught.value.hint}"


def test_credentials_are_not_sent_to_the_host_a_redirect_leads_to(server: IndexServer) -> None:
    with serve() as elsewhere:
        elsewhere.put("/demo/", page("demo", "demo-1.0.tar.gz"))
        other = elsewhere.url.replace("127.0.0.1", "localhost")
        server.routes["/demo/"] = Reply(status=302, headers={"Location": f"{other}/demo/"})
        with client() as index_client:
            assert names(index_client, with_login(server, "user:secret")) == ["demo-1.0.tar.gz"]
        assert elsewhere.requests[0].headers["Authorization"] is None
    assert server.requests[0].headers["Authorization"] is not None


def test_netrc_is_read(server: IndexServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.routes["/demo/"] = guarded
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login user password se@cret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with client() as index_client:
        assert names(index_client, server.url) == ["demo-1.0.tar.gz"]


def test_netrc_knows_the_host_a_redirect_leads_to(
    server: IndexServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine localhost login user password se@cret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with serve() as elsewhere:
        elsewhere.routes["/demo/"] = guarded
        other = elsewhere.url.replace("127.0.0.1", "localhost")
        server.routes["/demo/"] = Reply(status=302, headers={"Location": f"{other}/demo/"})
        with client() as index_client:
            assert names(index_client, server.url) == ["demo-1.0.tar.gz"]
    assert server.requests[0].headers["Authorization"] is None


@pytest.mark.skipif(sys.platform != "linux", reason="devices of Linux")
def test_a_netrc_without_an_end_is_none(server: IndexServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.put("/demo/", page("demo", "demo-1.0.tar.gz"))
    monkeypatch.setenv("NETRC", "/dev/zero")
    with client() as index_client:
        assert names(index_client, server.url) == ["demo-1.0.tar.gz"]


KEYRING = """#!{python}
import sys
with open({log!r}, "a") as log:
    print(*sys.argv[1:], file=log)
if sys.argv[-1] != "user" and {need_user}:
    raise SystemExit(1)
print('{{"username": "user", "password": "se@cret"}}')
"""


@pytest.mark.parametrize("login", ["", "user"])
def test_the_keyring_program_is_asked_once_after_a_refusal(
    server: IndexServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    log = tmp_path / "log"
    program = tmp_path / "keyring"
    program.write_text(KEYRING.format(python=sys.executable, log=str(log), need_user=bool(login)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    server.routes.update({f"/p{number}/": guarded for number in range(8)})
    url = with_login(server, login) if login else server.url
    with client(keyring="subprocess") as index_client:
        index = index_client.index(url)
        index_client.prefetch([index], [f"p{number}" for number in range(8)])
        assert all(index.project(f"p{number}") for number in range(8))
    (asked,) = log.read_text().splitlines()
    assert asked == f"--mode=creds --output=json get {server.url} {login}".rstrip()


# --- downloads -------------------------------------------------------------------------------------------------------


def declared(server: IndexServer, data: bytes, **changes: object) -> File:
    fields = {
        "filename": "demo-1.0-py3-none-any.whl",
        "url": f"{server.url}/files/demo.whl#egg=demo",
        "hashes": (("sha256", hashlib.sha256(data).hexdigest()),),
        "size": len(data),
    }
    return File(**{**fields, **changes})  # type: ignore[arg-type]


def test_a_download_is_kept_when_it_is_what_the_page_declares(server: IndexServer, tmp_path: Path) -> None:
    data = bytes(range(256)) * 1000
    server.put("/files/demo.whl", data, content_type="application/octet-stream")
    with client() as index_client:
        path = index_client.download(declared(server, data), tmp_path / "demo.whl")
    assert path.read_bytes() == data
    assert [file.name for file in tmp_path.iterdir()] == ["demo.whl"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"hashes": (("sha256", "0" * 64),)}, "sha256 is"),
        ({"size": 10}, "more than 10 bytes"),
        ({"size": 5000}, "declares 5,000"),
    ],
)
def test_a_download_that_is_something_else_is_not_kept(
    server: IndexServer, tmp_path: Path, changes: dict[str, object], problem: str
) -> None:
    data = b"wheel" * 100
    server.put("/files/demo.whl", data, content_type="application/octet-stream")
    with client() as index_client, pytest.raises(IndexFormatError, match=problem):
        index_client.download(declared(server, data, **changes), tmp_path / "demo.whl")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
@pytest.mark.parametrize("kind", ["device", "FIFO"])
def test_what_is_no_file_is_not_downloaded(kind: str, tmp_path: Path) -> None:
    path = "/dev/zero" if kind == "device" else str(tmp_path / "fifo")
    if kind == "FIFO":
        os.mkfifo(path)
    with client() as index_client, pytest.raises(InputError, match=f"{path}: not a file"):
        index_client.download(File(filename="demo.whl", url=f"file://{path}"), tmp_path / "demo.whl")
    assert [each.name for each in tmp_path.iterdir()] == (["fifo"] if kind == "FIFO" else [])


def test_a_file_on_this_machine_is_copied(server: IndexServer, tmp_path: Path) -> None:
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "demo-1.0.tar.gz").write_bytes(b"sdist")
    with client(offline=True) as index_client:
        (folder,) = index_client.find_links(str(tmp_path / "links"))
        details = folder.project("demo")
        assert details is not None
        path = index_client.download(details.files[0], tmp_path / "copy.tar.gz")
    assert path.read_bytes() == b"sdist"


# --- places on this machine ------------------------------------------------------------------------------------------


def test_a_find_links_folder_lists_its_files_and_its_pages(tmp_path: Path) -> None:
    (tmp_path / "demo-1.0-py3-none-any.whl").write_bytes(b"x" * 7)
    (tmp_path / "other page.html").write_text('<a href="demo-2.0.tar.gz#sha256=' + "0" * 64 + '">d</a>')
    (tmp_path / "folder").mkdir()
    with client(offline=True) as index_client:
        files, html = index_client.find_links(tmp_path.as_uri())
        listed, linked = files.project("demo"), html.project("demo")
        assert files.project("absent") is None
    assert (files.kind, html.kind) == (SourceKind.FIND_LINKS_FILES, SourceKind.FIND_LINKS_PAGE)
    assert listed is not None
    assert [(file.filename, file.size) for file in listed.files] == [("demo-1.0-py3-none-any.whl", 7)]
    assert linked is not None
    assert linked.files[0].url == (tmp_path / "demo-2.0.tar.gz").as_uri() + "#sha256=" + "0" * 64


def test_a_file_name_that_is_not_utf_8_is_listed_and_copied(tmp_path: Path) -> None:
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / os.fsdecode(b"demo-1.0-\xff.tar.gz")).write_bytes(b"sdist")
    with client(offline=True) as index_client:
        (folder,) = index_client.find_links(str(tmp_path / "links"))
        details = folder.project("demo")
        assert details is not None
        (file,) = details.files
        assert (file.filename, file.url.rpartition("/")[2]) == ("demo-1.0-\ufffd.tar.gz", "demo-1.0-%FF.tar.gz")
        assert index_client.download(file, tmp_path / "copy.tar.gz").read_bytes() == b"sdist"


def test_a_folder_can_be_an_index(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "index.html").write_text('<a href="demo-1.0.tar.gz">demo</a>')
    with client(offline=True) as index_client:
        for location in (str(tmp_path), tmp_path.as_uri()):
            details = index_client.index(location).project("demo")
            assert details is not None
            assert details.files[0].url == (tmp_path / "demo" / "demo-1.0.tar.gz").as_uri()
        assert index_client.index(str(tmp_path)).project("absent") is None


def test_find_links_may_be_a_page_or_a_file_far_away(server: IndexServer) -> None:
    server.put("/links.html", '<a href="a-1.tar.gz"></a><a href="b-1.tar.gz"></a>', content_type=HTML)
    with client() as index_client:
        (links,) = index_client.find_links(f"{server.url}/links.html")
        (one,) = index_client.find_links(f"{server.url}/x/a%5Fb-1.0.tar.gz#sha256=00")
        for name in ("a", "b"):
            details = links.project(name)
            assert details is not None
            assert [file.filename for file in details.files] == ["a-1.tar.gz", "b-1.tar.gz"]
            assert details.name == name
        single = one.project("a-b")
    assert single is not None
    assert single.files[0].filename == "a_b-1.0.tar.gz"
    assert server.paths == ["/links.html"]


@pytest.mark.parametrize("location", ["ftp://example.org/", "/does/not/exist", "file://elsewhere/share"])
def test_a_place_that_cannot_be_asked_is_an_input_error(location: str) -> None:
    with client() as index_client:
        with pytest.raises(InputError):
            index_client.index(location)
        with pytest.raises(InputError):
            index_client.find_links(location)


def test_page_is_json() -> None:
    assert json.loads(page("demo", "demo-1.0.tar.gz"))["files"][0]["url"] == "demo-1.0.tar.gz"
