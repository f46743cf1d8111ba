"""The local index of ``ftwheel serve`` and ``--against-installers``, asked over real sockets."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from ftwheel.core.errors import InputError, NetworkError
from ftwheel.core.index.page import File, ProjectDetails, Yanked
from ftwheel.core.index.pages import Pages
from ftwheel.core.index.parse import parse_page
from ftwheel.io.release.dist import read_dist
from ftwheel.io.release.server import LocalIndex, serving
from support.documents import documented
from support.wheels import make_wheel

JSON = "application/vnd.pypi.simple.v1+json"
WHEEL = "demo_pkg-1.0-cp314-cp314-win_amd64.whl"
OLD = File(
    filename="demo_pkg-0.9.tar.gz",
    url="https://index.example/demo_pkg-0.9.tar.gz#sha256=" + "0" * 64,
    hashes=(("sha256", "0" * 64),),
    requires_python=">=3.9",
    yanked=Yanked(reason='<b> & "b"'),
    core_metadata=(),
)


def sdist(folder: Path, name: str, text: str = "", *, info: str = "PKG-INFO") -> Path:
    path = folder / name
    stem = name.removesuffix(".tar.gz").removesuffix(".zip")
    data = f"Metadata-Version: 2.1\nName: demo-pkg\nVersion: 1.0\n{text}".encode()
    if name.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{stem}/{info}", data)
        return path
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo(f"{stem}/{info}")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    dist = tmp_path / "dist"
    make_wheel(dist, WHEEL, requires_python=">=3.14")
    sdist(dist, "demo_pkg-1.0.tar.gz", "Requires-Python: >=3.10\n")
    return dist


def page(files: tuple[File, ...] = (OLD,)) -> Pages:
    return Pages.of([ProjectDetails(name="demo-pkg", files=files)])


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as one:
        one.trust_env = False
        yield one


def test_a_folder_is_read_by_its_metadata_only(folder: Path) -> None:
    dist = read_dist([folder])
    assert (dist.name, dist.version) == ("demo-pkg", "1.0")
    assert [(file.filename, file.requires_python) for file in dist.files] == [
        (WHEEL, ">=3.14"),
        ("demo_pkg-1.0.tar.gz", ">=3.10"),
    ]
    assert dist.files[0].size == (folder / WHEEL).stat().st_size
    assert dist.sha256(WHEEL) == hashlib.sha256((folder / WHEEL).read_bytes()).hexdigest()


def test_source_distributions_without_metadata_and_as_zip(tmp_path: Path) -> None:
    sdist(tmp_path, "demo_pkg-1.0.tar.gz", info="setup.py")
    sdist(tmp_path, "demo_pkg-1.0.zip", "Requires-Python: >=3.8\n")
    assert [file.requires_python for file in read_dist([tmp_path]).files] == [None, ">=3.8"]


@pytest.mark.parametrize("name", ["demo_pkg-1.0.tar.gz", "demo_pkg-1.0.zip", WHEEL, "demo.tar.gz"])
def test_files_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match=r"cannot be read|neither a wheel"):
        read_dist([tmp_path])


def test_a_wheel_without_metadata_and_one_name_twice(tmp_path: Path) -> None:
    make_wheel(tmp_path / "a", WHEEL, replace={"METADATA": None})
    with pytest.raises(InputError, match="it has no METADATA"):
        read_dist([tmp_path / "a"])
    make_wheel(tmp_path / "b", WHEEL)
    with pytest.raises(InputError, match="a second file"):
        read_dist([tmp_path / "a", tmp_path / "b"])


@pytest.mark.skipif(sys.platform == "win32", reason="FIFOs, links")
@pytest.mark.parametrize("kind", ["FIFO", "device", "folder", "link to nothing"])
def test_what_is_no_file_is_not_passed_over(tmp_path: Path, kind: str) -> None:
    """A publisher that is given dist/* tries to upload it."""
    odd = make_wheel(tmp_path, WHEEL).with_name("demo_pkg-1.0-cp314-cp314t-win_amd64.whl")
    if kind == "FIFO":
        os.mkfifo(odd)
    elif kind == "folder":
        odd.mkdir()
    else:
        odd.symlink_to("/dev/zero" if kind == "device" else "nowhere")
    with pytest.raises(InputError, match=r"cp314t-win_amd64\.whl: not a regular file"):
        read_dist([tmp_path])


def test_the_pages_say_the_same_in_json_and_html(folder: Path, session: requests.Session) -> None:
    index = LocalIndex([read_dist([folder])], [page()])
    with serving(index) as address:
        url = f"{address}demo-pkg/"
        listed = []
        for accept in (JSON, "text/html"):
            reply = session.get(url, headers={"Accept": accept})
            assert reply.status_code == 200
            details = parse_page(reply.content, content_type=reply.headers["Content-Type"], url=url, name="demo-pkg")
            listed.append([(f.filename, f.url.partition("#")[0], f.requires_python, f.yanked) for f in details.files])
            assert dict(details.files[1].hashes)["sha256"] == read_dist([folder]).sha256(WHEEL)
            assert details.files[1].core_metadata
        assert listed[0] == listed[1]
        assert [name for name, *_ in listed[0]] == [OLD.filename, WHEEL, "demo_pkg-1.0.tar.gz"]
        for accept in (JSON, "text/html"):
            assert "demo-pkg" in session.get(address, headers={"Accept": accept}).text
        seen = index.seen("demo-pkg", address)
        assert seen is not None
        assert [file.url.partition("#")[0] for file in seen.files] == [url for _, url, *_ in listed[0]]


def test_files_and_their_metadata(folder: Path, session: requests.Session) -> None:
    index = LocalIndex([read_dist([folder])], [page()])
    with serving(index) as address:
        seen = index.seen("demo-pkg", address)
        assert seen is not None
        urls = {file.filename: file.url.partition("#")[0] for file in seen.files}
        wheel = session.get(urls[WHEEL])
        assert wheel.content == (folder / WHEEL).read_bytes()
        metadata = session.get(f"{urls[WHEEL]}.metadata")
        assert dict(seen.files[1].core_metadata or ())["sha256"] == hashlib.sha256(metadata.content).hexdigest()
        head = session.head(urls[WHEEL])
        assert (head.content, head.headers["Content-Length"]) == (b"", str(len(wheel.content)))
        old = session.get(urls[OLD.filename], allow_redirects=False)
        assert (old.status_code, old.headers["Location"]) == (302, "https://index.example/demo_pkg-0.9.tar.gz")
        old = session.get(f"{urls[OLD.filename]}.metadata", allow_redirects=False)
        assert old.headers["Location"] == "https://index.example/demo_pkg-0.9.tar.gz.metadata"
        assert index.requests == [WHEEL, WHEEL, OLD.filename]


def test_nothing_else_is_handed_out(folder: Path, session: requests.Session) -> None:
    (folder.parent / "secret").write_text("secret")
    index = LocalIndex([read_dist([folder])], [page()], sdists=False)
    with serving(index) as address:
        root = address.removesuffix("simple/")
        assert session.get(f"{address}Demo.Pkg", allow_redirects=False).status_code == 301
        assert session.get(f"{root}files/demo-pkg/demo_pkg-1.0.tar.gz").status_code == 403
        assert session.get(f"{address}demo-pkg/").status_code == 200  # addresses of other files begin with a page
        assert session.get(f"{root}elsewhere/0/{OLD.filename}").status_code == 403
        for path in (
            "",
            "simple/other/",
            "simple/%2e%2e/",
            "files/demo-pkg/..%2f..%2fsecret",
            "files/demo-pkg/secret",
            "files/demo-pkg/demo_pkg-1.0.tar.gz.metadata",
            "files/other/x.whl",
            "elsewhere/7/x.whl",
        ):
            assert session.get(root + path).status_code == 404, path


def test_a_file_of_a_local_folder_is_sent_from_here(folder: Path, session: requests.Session) -> None:
    there = tuple(
        File(filename=WHEEL.replace("1.0", version), url=(folder / WHEEL).as_uri()) for version in ("1.0", "2.0")
    )
    with serving(LocalIndex([], [page(there)])) as address:
        root = address.removesuffix("simple/")
        session.get(f"{address}demo-pkg/")
        assert session.get(f"{root}elsewhere/0/{WHEEL}").content == (folder / WHEEL).read_bytes()
        assert session.get(f"{root}elsewhere/0/{WHEEL}.metadata").status_code == 404
        assert session.get(f"{root}elsewhere/1/{WHEEL.replace('1.0', '2.0')}").status_code == 404  # another's name


def test_an_index_below_that_fails_is_a_bad_gateway(folder: Path, session: requests.Session) -> None:
    class Broken:
        kind = page().kind

        def project(self, name: str) -> ProjectDetails:
            raise NetworkError(f"{name}: not reached")

    with serving(LocalIndex([read_dist([folder])], [Broken()])) as address:
        reply = session.get(f"{address}demo-pkg/")
        assert (reply.status_code, reply.text) == (502, "demo-pkg: not reached")


def test_a_port_that_is_taken(folder: Path) -> None:
    index = LocalIndex([read_dist([folder])])
    with serving(index) as address:
        port = int(address.split(":")[2].partition("/")[0])
        with pytest.raises(InputError, match=f"port {port}"), serving(index, port=port):
            pass


def test_the_command_serves_until_it_is_interrupted(folder: Path, session: requests.Session) -> None:
    command = [sys.executable, "-m", "ftwheel", "serve", "--port", "0", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        first, pip, uv = (running.stdout.readline() for _ in range(3))
        address = pip.split()[3]
        documented("serve.md", "ftwheel serve", first + pip + uv)
        assert WHEEL in session.get(f"{address}demo-pkg/").text
        os.kill(running.pid, signal.SIGINT)
        _, err = running.communicate(timeout=20)
        assert running.returncode == 130
        assert "GET /simple/demo-pkg/ 200" in err
        assert "Traceback" not in err
