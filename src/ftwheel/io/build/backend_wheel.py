"""Provides the installed ``ftwheel-build`` as a wheel to isolated builds.

A project that uses ftwheel requires ``ftwheel-build``. If no index has it, or not the matching version, the installed
files are packed into a wheel again, which is offered in addition to the index. The folder is named after the content,
because uv's cache identifies a local wheel by its path.
"""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ftwheel.io.system.folders import cache_root

__all__ = ["backend_wheel"]

_DISTRIBUTION = "ftwheel-build"
_PACKAGE = "ftwheel_build"
_WHEEL = "Wheel-Version: 1.0\nGenerator: ftwheel\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def backend_wheel() -> Path | None:
    """The wheel's path in the cache; None if the package is not installed as a distribution."""
    import importlib.metadata
    import importlib.util

    try:
        distribution = importlib.metadata.distribution(_DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        return None
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    package = Path(spec.submodule_search_locations[0])
    stem = f"{_PACKAGE}-{distribution.version}"
    members = {
        **{f"{_PACKAGE}/{name}": data for name, data in _files(package)},
        f"{stem}.dist-info/METADATA": (distribution.read_text("METADATA") or "").encode(),
        f"{stem}.dist-info/WHEEL": _WHEEL.encode(),
    }
    digest = hashlib.sha256()
    for name, data in members.items():
        digest.update(f"{name}\0{len(data)}\0".encode() + data)
    wheel = Path(cache_root(), "backend", digest.hexdigest()[:16], f"{stem}-py3-none-any.whl")
    if not wheel.exists():
        _write(wheel, members, record=f"{stem}.dist-info/RECORD")
    return wheel


def _files(package: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(package.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(package).as_posix(), path.read_bytes()


def _write(wheel: Path, members: dict[str, bytes], *, record: str) -> None:
    """Write the wheel atomically: another build may be writing it at the same time."""
    wheel.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{name},sha256={_hash(data)},{len(data)}" for name, data in members.items()]
    text = "\n".join([*lines, f"{record},,", ""])
    handle, temporary = tempfile.mkstemp(dir=wheel.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in {**members, record: text.encode()}.items():
                archive.writestr(zipfile.ZipInfo(name), data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, wheel)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _hash(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
