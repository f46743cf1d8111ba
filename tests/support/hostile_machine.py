"""Hostile surroundings: what a machine refuses, and what a server says beside its pages. See ``hostile``."""

from __future__ import annotations

import functools
import gzip
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from support.hostile import PURE, Arguments, HostileInput, texts_and_files
from support.hostile_bombs import bombs
from support.hostile_builds import hostile_builds
from support.hostile_files import hostile_files
from support.server import IndexServer, Reply
from support.wheels import make_wheel

__all__ = ["hostile_inputs"]

_PROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "pkg"
version = "1.0"

[tool.setuptools]
ext-modules = [{ name = "pkg._m", sources = ["m.c"] }]
"""


def hostile_inputs(server: IndexServer) -> list[HostileInput]:
    """All inputs of all groups; pages are put on the server."""
    return [
        *texts_and_files(server), *bombs(), *hostile_builds(), *_system(), *_refusals(server), *_read_for_us(server),
        *_answers(server), *hostile_files(server),
    ]  # fmt: skip


def _system() -> Iterator[HostileInput]:
    def linked(target: str, *command: str) -> Callable[[Path], Arguments]:
        def lay_out(folder: Path) -> Arguments:
            (folder / PURE).symlink_to(target)
            return [*command, PURE]

        return lay_out

    def fifo(folder: Path) -> Arguments:
        os.mkfifo(folder / PURE)
        return ["check", PURE]

    def a_folder(folder: Path) -> Arguments:
        (folder / PURE).mkdir()
        return ["check", PURE]

    def simple(folder: Path) -> Arguments:
        make_wheel(folder, PURE)
        return ["check", PURE]

    for device in ("/dev/zero", "/dev/null", "/dev/urandom", "/dev/full", PURE, "/nowhere", "/proc/self/mem"):
        for command in (("check",), ("tag", "--suggest"), ("verify", "--no-index", "--no-config")):
            yield HostileInput(group="the machine", name=f"{command[0]} {device}", lay_out=linked(device, *command))
    endless = {
        "check --config": ["check", PURE, "--config", "/dev/zero"],
        "verify --config": ["verify", "--local", PURE, "--config", "/dev/zero"],
        "verify --baseline": ["verify", "--local", PURE, "--baseline", "/dev/zero"],
        "verify --digests": ["verify", "--local", PURE, "--digests", "/dev/zero"],
        "missing --config": ["missing", "x", "--no-index", "--no-config", "--config", "/dev/zero"],
        "simulate --jobs": ["simulate", "x", "--no-config", "-i", "http://127.0.0.1:9", "--jobs", "100000000"],
    }
    for name, arguments in endless.items():
        lay_out = functools.partial(_laid, arguments=arguments)
        yield HostileInput(group="the machine", name=f"{name} without an end", lay_out=lay_out)
    yield HostileInput(
        group="the machine", name="UV_CONFIG_FILE=/dev/zero", environ={"UV_CONFIG_FILE": "/dev/zero"},
        lay_out=functools.partial(_laid, arguments=["simulate", "x", "-f", "."]),
    )  # fmt: skip
    for device in ("/dev/zero", "/dev/full", "FIFO"):

        def state(folder: Path, device: str = device) -> Arguments:
            os.mkfifo(folder / "FIFO")
            (folder / "links").mkdir()
            return ["missing", "x", "--no-index", "--no-config", "-f", "links", "--state", device]

        yield HostileInput(group="the machine", name=f"missing --state {device}", lay_out=state)
    yield HostileInput(group="the machine", name="check a FIFO", lay_out=fifo)
    yield HostileInput(group="the machine", name="check a folder named like a wheel", lay_out=a_folder)
    yield HostileInput(group="the machine", name="few open files", lay_out=simple, files=6)
    for variable in ("HOME", "XDG_CACHE_HOME", "FTWHEEL_CACHE_DIR", "TMPDIR"):
        for place in ("/proc/nothing", "/dev/null", "/dev/full", "a" * 5000):
            yield HostileInput(
                group="the machine", name=f"{variable}={place[:20]}", lay_out=simple, environ={variable: place}
            )
    for name, header in {"empty": b"", "cut off": b'{"url"', "not JSON": b"\xff\n", "wrong types": b"[1]\n"}.items():

        def damaged(folder: Path, header: bytes = header) -> Arguments:
            from ftwheel.io.index.cache import PageCache
            from ftwheel.io.index.client import ACCEPT

            pages = folder / "cache" / "pages-1"
            pages.mkdir(parents=True)
            path = PageCache(os.fspath(pages))._path("http://127.0.0.1:9/x/", ACCEPT)
            Path(path).write_bytes(header)
            return ["simulate", "x", "--no-config", "--offline", "-i", "http://127.0.0.1:9"]

        yield HostileInput(
            group="the machine",
            name=f"a damaged cache: {name}",
            lay_out=damaged,
            environ={"FTWHEEL_CACHE_DIR": "cache"},
        )


def _laid(folder: Path, arguments: Arguments) -> Arguments:
    make_wheel(folder, PURE)
    (folder / "requirements.txt").write_text("x\n")
    (folder / "pyproject.toml").write_text(_PROJECT)
    (folder / "m.c").write_text("int x;\n")
    return arguments


def _refusals(server: IndexServer) -> Iterator[HostileInput]:
    """A folder that is gone, a disk that is full, few open files: for each command that minds."""
    page = ["-i", f"{server.url}/machine", "--no-config"]
    server.put("/machine/x/", _PAGE, content_type=_JSON)
    commands: dict[str, Arguments] = {
        "check": ["check", PURE],
        "check .": ["check", "."],
        "check --report": ["check", PURE, "--report", "json=report.json", "--report", "markdown=report.md"],
        "tag": ["tag", "--python-tag", "py2.py3", PURE],
        "tag --suggest": ["tag", "--suggest", PURE],
        "verify": ["verify", PURE, *page],
        "verify --write-digests": ["verify", PURE, *page, "--write-digests", "digests.txt"],
        "simulate": ["simulate", "x", *page, "-e", "cp313t-manylinux_2_28_x86_64"],
        "missing": ["missing", "-r", "requirements.txt", *page],
        "missing --report": ["missing", "-r", "requirements.txt", *page, "--report", "markdown=report.md"],
        "init": ["init", "--yes", "."],
        "rule": ["rule", "FTW401"],
    }
    cache = {"FTWHEEL_CACHE_DIR": "cache"}
    for name, arguments in commands.items():
        lay_out = functools.partial(_laid, arguments=arguments)
        yield HostileInput(
            group="the machine", name=f"{name}: the folder is gone", lay_out=lay_out, environ=cache, gone=True
        )
        yield HostileInput(group="the machine", name=f"{name}: a full disk", lay_out=lay_out, environ=cache, disk=0)
        for files in (4, 9):
            yield HostileInput(
                group="the machine", name=f"{name}: {files} open files", lay_out=lay_out, environ=cache, files=files
            )
    for kind in ("json", "sarif", "markdown"):
        arguments = ["check", PURE, "--report", f"{kind}=/dev/full"]
        lay_out = functools.partial(_laid, arguments=arguments)
        yield HostileInput(group="the machine", name=f"check --report {kind}=/dev/full", lay_out=lay_out)


def _read_for_us(server: IndexServer) -> Iterator[HostileInput]:
    """What a library or an installer's configuration names, or what lies in the folder: never waited for."""

    def fifo(path: Path) -> None:
        os.mkfifo(path)

    def endless(path: Path) -> None:
        path.symlink_to("/dev/zero")

    def long(path: Path) -> None:
        with path.open("wb") as stream:
            stream.truncate(1 << 30)

    def binary(path: Path) -> None:
        path.write_bytes(bytes(range(256)))

    def missing(path: Path) -> None:
        assert not path.exists()

    makers = (fifo, endless, long, binary, missing)
    simulate = ["simulate", "x", "-i", f"{server.url}/machine", "-e", "cp313t-manylinux_2_28_x86_64"]
    named = {
        "NETRC": [*simulate, "--no-config"], "REQUESTS_CA_BUNDLE": [*simulate, "--no-config"],
        "SSL_CERT_FILE": [*simulate, "--no-config"], "PIP_CERT": simulate, "PIP_CLIENT_CERT": simulate,
        "PIP_CONFIG_FILE": simulate, "UV_CONFIG_FILE": simulate,
    }  # fmt: skip
    for variable, command in named.items():
        for make in makers:

            def lay_out(at: Path, make: Callable[[Path], None] = make, command: Arguments = command) -> Arguments:
                make(at / "named")
                return command

            yield HostileInput(
                group="the machine", name=f"{variable}: {make.__name__}", lay_out=lay_out,
                environ={"REQUESTS_CA_BUNDLE": "", variable: "named", "FTWHEEL_CACHE_DIR": "cache"},
            )  # fmt: skip
    found = {
        "pyproject.toml": (simulate, ["init", "--dry-run"], ["missing", "pyproject.toml", "--no-index", "--no-config"]),
        "uv.toml": (simulate,),
        "setup.py": (["init", "--dry-run"],),
        "requirements.txt": (["missing", "-r", "requirements.txt", "--no-index", "--no-config"],),
        "uv.lock": (["missing", "uv.lock", "--no-index", "--no-config"],),
        ".netrc": ([*simulate, "--no-config"],),
    }
    for name, commands in found.items():
        for command in commands:
            for make in (fifo, endless):

                def lay_out_here(
                    at: Path, name: str = name, make: Callable[[Path], None] = make, command: Arguments = command
                ) -> Arguments:
                    (at / "pyproject.toml").write_text(_PROJECT)
                    (at / name).unlink(missing_ok=True)
                    make(at / name)
                    return command

                yield HostileInput(
                    group="the machine", name=f"{name} here, {command[0]}: {make.__name__}", lay_out=lay_out_here,
                    environ={"HOME": ".", "FTWHEEL_CACHE_DIR": "cache"},
                )  # fmt: skip


_JSON = "application/vnd.pypi.simple.v1+json"
_FILE = '{"filename": "x-1.0-py3-none-any.whl", "url": "x", "hashes": {}}'
_PAGE = f'{{"meta": {{"api-version": "1.0"}}, "name": "x", "files": [{_FILE}]}}'


def _answers(server: IndexServer) -> Iterator[HostileInput]:
    """What a server says beside the page."""
    headers = {
        "max-age of 400 digits": {"Cache-Control": "max-age=" + "9" * 400},
        "max-age of 10,000 digits": {"Cache-Control": "max-age=" + "9" * 10_000},
        "max-age below zero": {"Cache-Control": "max-age=-" + "9" * 400},
        "max-age that is no number": {"Cache-Control": "max-age=\u00b2"},
        "an Age of 400 digits": {"Cache-Control": "max-age=9", "Age": "9" * 400},
        "10,000 directives": {"Cache-Control": "a=b," * 10_000},
        "an ETag of 60 kB": {"ETag": "x" * 60_000, "Cache-Control": "max-age=9"},
        "an ETag of escapes": {"ETag": '"\x1b[2J"', "Cache-Control": "max-age=9"},
        "a content type of 60 kB": {"Content-Type": "text/html; " + "a=b;" * 15_000},
        "a content type without an end": {"Content-Type": 'text/html; charset="' + "a" * 60_000},
        "a header of 70 kB": {"X": "x" * 70_000},
        "a length below zero": {"Content-Length": "-1"},
        "a length of digits": {"Content-Length": "9" * 400},
        "an encoding of nobody": {"Content-Encoding": "x" * 1000},
        "a damaged encoding": {"Content-Encoding": "gzip"},
        "a redirect of 70 kB": {"Location": "/" + "a" * 70_000},
        "a redirect to a file": {"Location": "file:///etc/passwd"},
        "a redirect to itself": {"Location": "/again/x/"},
    }
    for number, (name, said) in enumerate(headers.items()):
        path = f"/a{number}"

        def lay_out(folder: Path, path: str = path, said: dict[str, str] = said) -> Arguments:
            status = 302 if "Location" in said else 200
            server.put("/again/x/", "", status=302, headers={"Location": "/again/x/"})
            server.put(f"{path}/x/", _PAGE, status=status, headers={"Content-Type": _JSON, **said})
            (folder / "cache").mkdir()
            return ["simulate", "x", "--no-config", "-i", f"{server.url}{path}", "-e", "cp313t-manylinux_2_28_x86_64"]

        yield HostileInput(group="answers", name=name, lay_out=lay_out, environ={"FTWHEEL_CACHE_DIR": "cache"})
    for name, encoding in (("300 MB", {}), ("300 kB that expand to 300 MB", {"Content-Encoding": "gzip"})):

        def redirect(folder: Path, name: str = name, encoding: dict[str, str] = encoding) -> Arguments:
            headers = {"Location": "/machine/x/", **encoding}
            packed = gzip.compress(bytes(300 << 20)) if encoding else b""
            server.routes["/away/x/"] = lambda _: Reply(status=302, body=packed or bytes(300 << 20), headers=headers)
            return ["simulate", "x", "--no-config", "-i", f"{server.url}/away", "-e", "cp313t-manylinux_2_28_x86_64"]

        yield HostileInput(group="answers", name=f"a redirect with {name}", lay_out=redirect)
    long = "/".join(["a" * 200] * 350)
    yield HostileInput(
        group="answers",
        name="an address of 70 kB",
        lay_out=lambda folder: ["simulate", "x", "--no-config", "--no-index", "-f", f"{server.url}/{long}"],
    )
