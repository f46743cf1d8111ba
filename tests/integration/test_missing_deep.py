"""``--deep``: wheels with really compiled modules are got from an index and looked into."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ftwheel.core.dependencies.readiness import GilDeclarations
from ftwheel.core.errors import NetworkError
from ftwheel.core.index.page import File
from ftwheel.core.wheel.extension_module import Declaration
from ftwheel.io.dependencies.wheel_declarations import WheelDeclarations
from support.commands import ftwheel, ftwheel_environ
from support.modules import DECLARED, UNDECLARED, build_module, ext_suffix
from support.server import IndexServer, serve, wait_until
from support.wheels import make_wheel

TARGET = "3.13t-manylinux_2_28_x86_64"
TAG = "cp313-cp313t-manylinux_2_28_x86_64"


@pytest.fixture
def index() -> Iterator[IndexServer]:
    with serve() as server:
        yield server


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory, free_threaded_python: str) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    suffix = ext_suffix(free_threaded_python)
    silent = build_module(folder / "silent", free_threaded_python, source=UNDECLARED)
    declared = build_module(folder / "declared", free_threaded_python, source=DECLARED)
    make_wheel(folder, f"declared-1.0-{TAG}.whl", {f"declared/_ext{suffix}": declared})
    make_wheel(
        folder,
        f"silent-1.0-{TAG}.whl",
        {f"silent/_ext{suffix}": silent, f"silent/_good{suffix}": declared.replace(b"_ext", b"_good")},
    )
    make_wheel(folder, f"empty-1.0-{TAG}.whl", {"empty/__init__.py": ""})
    make_wheel(folder, "pure-1.0-py3-none-any.whl", {"pure.py": ""})
    return folder


def put(server: IndexServer, folder: Path, name: str, *, digest: str = "", size: int | None = None) -> None:
    [path] = folder.glob(f"{name}-*.whl")
    body = path.read_bytes()
    file = {
        "filename": path.name,
        "url": f"/files/{path.name}",
        "hashes": {"sha256": digest or hashlib.sha256(body).hexdigest()},
        "size": len(body) if size is None else size,
    }
    server.put(f"/files/{path.name}", body, content_type="application/octet-stream")
    server.put(f"/simple/{name}/", json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": [file]}))


def deep(server: IndexServer, cache: Path, *names: str) -> dict[str, Any]:
    done = ftwheel(
        *("missing", *names, "--no-deps", "--deep", "--target", TARGET, "--format", "json"),
        *("--no-config", "-i", f"{server.url}/simple/"),
        environ=ftwheel_environ(FTWHEEL_CACHE_DIR=str(cache)),
    )
    assert done.code in {0, 1}, done.err
    return {project["name"]: project["verdicts"][0]["deep"] for project in json.loads(done.out)["projects"]}


def test_what_the_modules_of_each_wheel_declare(index: IndexServer, wheels: Path, tmp_path: Path) -> None:
    names = ("declared", "silent", "empty", "pure")
    for name in names:
        put(index, wheels, name)
    found = deep(index, tmp_path, *names)
    assert found["declared"]["declares"] == "declares that it does not need the GIL"
    assert found["silent"]["declares"] == "does not declare"
    assert "silent._ext" in found["silent"]["others"]
    assert (found["empty"]["modules"], found["empty"]["declares"]) == (0, "cannot tell")
    assert found["pure"] is None
    assert not [path for path in index.paths if path.startswith("/files/pure")]
    assert len(index.paths) == len(set(index.paths))


def test_a_wheel_that_is_not_the_one_declared_is_not_believed(index: IndexServer, wheels: Path, tmp_path: Path) -> None:
    put(index, wheels, "declared", digest="0" * 64)
    put(index, wheels, "silent")
    found = deep(index, tmp_path, "declared", "silent")
    assert found["declared"]["declares"] == "cannot tell"
    assert "the index declares" in found["declared"]["why"]
    assert found["silent"]["declares"] == "does not declare"


def test_a_wheel_that_is_no_wheel_and_a_server_that_is_gone(tmp_path: Path) -> None:
    def broken(file: File, path: Path) -> Path:
        path.write_bytes(b"PK\x03\x04 and no more")
        return path

    def gone(file: File, path: Path) -> Path:
        raise NetworkError("files.example.org: cannot be reached")

    file = File(filename=f"foo-1.0-{TAG}.whl", url="https://files.example.org/foo")
    assert WheelDeclarations(broken)(file).declares is Declaration.CANNOT_TELL
    assert WheelDeclarations(broken)(file).why
    assert WheelDeclarations(gone)(file) == GilDeclarations(
        filename=file.filename, declares=Declaration.CANNOT_TELL, why="files.example.org: cannot be reached"
    )


@pytest.mark.parametrize(
    ("filename", "size", "why"),
    [
        ("foo-1.0-py3-none-any.whl", 10_000_000_000, "10,000,000,000 bytes"),
        ("../../foo-1.0-py3-none-any.whl", 1, "cannot be that of a file"),
        ("foo-1.0.tar.gz", 1, "cannot be that of a file"),
    ],
)
def test_what_is_never_downloaded(filename: str, size: int, why: str) -> None:
    def never(file: File, path: Path) -> Path:
        raise AssertionError(path)

    found = WheelDeclarations(never)(File(filename=filename, url="https://files.example.org/foo", size=size))
    assert why in found.why


def test_an_interrupt_does_not_wait_for_downloads(index: IndexServer, wheels: Path, tmp_path: Path) -> None:
    put(index, wheels, "declared")
    [path] = [path for path in index.routes if path.startswith("/files/")]
    index.put(path, b"x" * 1000, content_type="application/octet-stream", pause=60.0)
    arguments = ["missing", "declared", "--no-deps", "--deep", "--target", TARGET, "--no-config", "-i"]
    with subprocess.Popen(
        [sys.executable, "-m", "ftwheel", *arguments, f"{index.url}/simple/"],
        env=ftwheel_environ(FTWHEEL_CACHE_DIR=str(tmp_path)),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert wait_until(lambda: path in index.paths, 20)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (130, "ftwheel: interrupted\n")
