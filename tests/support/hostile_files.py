"""Hostile files of an index: wheels read in parts, metadata beside them, addresses of devices. See ``hostile``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from support.hostile import PURE, Arguments, HostileInput, many_members, zipped
from support.server import JSON, Handler, IndexServer, Reply, Request, ranged

__all__ = ["hostile_files"]

_METADATA = b"Metadata-Version: 2.1\nName: pkg\nVersion: 1.0\n"


def hostile_files(server: IndexServer) -> Iterator[HostileInput]:
    """All of them, as the only file of a project."""
    good = _wheel()
    damaged = bytearray(_wheel(method=14))
    damaged[60:90] = b"\xff" * 30
    wheels: dict[str, Reply | Handler] = {
        "encrypted METADATA": ranged(good.replace(b"PK\1\2\x14\3\x14\0\0\0", b"PK\1\2\x14\3\x14\0\1\0")),
        "damaged METADATA by lzma": ranged(bytes(damaged)),
        "METADATA of 100 MB": ranged(_wheel(b"A: b\n" * (20 << 20))),
        "a million members": ranged(many_members(1_000_000)),
        "a byte at a time": _a_byte,
        "another part": Reply(status=206, body=good, headers={"Content-Range": f"bytes 99-{98 + len(good)}/9999"}),
        "a part of nothing": Reply(status=206, headers={"Content-Range": "bytes 0-0/1"}),
        "no part": Reply(status=206, body=good),
        "a part of digits": Reply(status=206, body=good, headers={"Content-Range": "bytes " + "9" * 5000 + "-1/1"}),
        "200 MB": lambda _: Reply(body=bytes(200 << 20)),
        "a redirect with 300 MB": lambda _: Reply(status=302, body=bytes(300 << 20), headers={"Location": "/nowhere"}),
    }
    for number, (name, reply) in enumerate(wheels.items()):
        server.routes[f"/w{number}/{PURE}"] = reply
        yield _missing(server, name, f"/w{number}/{PURE}")
    texts = {
        "900,000 lines": b"Requires-Dist: a\n" * 900_000,
        "folded lines": b"Requires-Dist: a\n" + b" b\n" * 5_000_000,
        "a requirement of brackets": _METADATA + b"Requires-Dist: a" + b"[" * 1_000_000 + b"\n",
        "a marker of brackets": _METADATA + b"Requires-Dist: a; " + b"(" * 100_000 + b"\n",
        "escapes": _METADATA + b"Requires-Dist: \x1b[2J\nRequires-Dist: ::error::x\nProject-URL: x, y\x1b[2J\n",
        "another digest": _METADATA,
    }
    for number, (name, text) in enumerate(texts.items()):
        server.put(f"/m{number}/{PURE}.metadata", text)
        digest: object = {"sha256": "b" * 64} if name == "another digest" else True
        yield _missing(server, f"metadata: {name}", f"/m{number}/{PURE}", {"core-metadata": digest})
    for name in ("FIFO", "/dev/zero"):
        yield _missing(server, f"the address of {name}", name)


def _wheel(metadata: bytes = _METADATA * 100, *, method: int = 8) -> bytes:
    return zipped(("pkg-1.0.dist-info/METADATA", metadata), method=method)


def _a_byte(request: Request) -> Reply:
    at = request.headers["Range"].removeprefix("bytes=").partition("-")[0] or "99999"
    return Reply(status=206, body=b"P", headers={"Content-Range": f"bytes {at}-{at}/100000"})


def _missing(server: IndexServer, name: str, address: str, more: Mapping[str, object] | None = None) -> HostileInput:
    index = f"/files/{name.replace(' ', '-')}"

    def lay_out(folder: Path) -> Arguments:
        url = f"{server.url}{address}" if address.endswith(".whl") else Path(address).as_uri() if "/" in address else ""
        if not url:
            os.mkfifo(folder / PURE)
            url = (folder / PURE).as_uri()
        file = {"filename": PURE, "url": url, "hashes": {"sha256": "a" * 64}, **(more or {})}
        page = {"meta": {"api-version": "1.0"}, "name": "pkg", "files": [file]}
        server.put(f"{index}/pkg/", json.dumps(page), content_type=JSON)
        return ["missing", "pkg", "--no-config", "-i", f"{server.url}{index}"]

    return HostileInput(group="files of an index", name=name, lay_out=lay_out, environ={"FTWHEEL_CACHE_DIR": "cache"})
