"""Projects on an index of the loopback, as far as an installer and a resolver ask for them."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import tempfile
from pathlib import Path

from support.server import IndexServer
from support.wheels import make_wheel

__all__ = ["publish"]


def publish(
    server: IndexServer, name: str, *filenames: str, requires: tuple[str, ...] = (), more: tuple[str, ...] = ()
) -> None:
    """Serve a page, and what the files say of themselves: beside a wheel (PEP 658), in an sdist (PEP 643).

    ``more`` are further lines of the metadata.
    """
    files = []
    for filename in filenames:
        version = filename.split("-")[1].removesuffix(".tar.gz")
        lines = ["Metadata-Version: 2.2", f"Name: {name}", f"Version: {version}"]
        body = "\n".join([*lines, *(f"Requires-Dist: {each}" for each in requires), *more, ""]).encode()
        server.put(f"/files/{filename}.metadata", body)
        content = _wheel(filename, body) if filename.endswith(".whl") else _sdist(f"{name}-{version}", body)
        server.put(f"/files/{filename}", content)
        file: dict[str, object] = {"filename": filename, "url": f"/files/{filename}"}
        file["hashes"] = {"sha256": hashlib.sha256(content).hexdigest()}
        if filename.endswith(".whl"):
            file["core-metadata"] = {"sha256": hashlib.sha256(body).hexdigest()}
        files.append(file)
    server.put(f"/simple/{name}/", json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": files}))


def _wheel(filename: str, metadata: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return make_wheel(Path(folder), filename, replace={"METADATA": metadata}).read_bytes()


def _sdist(stem: str, metadata: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo(f"{stem}/PKG-INFO")
        member.size = len(metadata)
        archive.addfile(member, io.BytesIO(metadata))
    return packed.getvalue()
