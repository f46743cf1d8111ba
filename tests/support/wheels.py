"""Make wheels: real zips with right WHEEL, METADATA and RECORD, unless a test asks for wrong ones."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["make_wheel", "record_line"]


def record_line(path: str, data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(data)}\n"


def make_wheel(
    folder: Path,
    filename: str,
    files: Mapping[str, Any] | None = None,
    *,
    purelib: bool | None = None,
    tags: Iterable[str] | None = None,
    requires_python: str = "",
    classifiers: Iterable[str] = (),
    replace: Mapping[str, Any] | None = None,
    compression: int = zipfile.ZIP_DEFLATED,
) -> Path:
    """Write ``folder/filename`` and return its path.

    ``files`` is what the wheel installs, by default one Python file. ``tags`` are the ``Tag`` lines of WHEEL, by
    default those of the file name. ``replace`` replaces a file of the ``.dist-info`` folder by name (None leaves it
    out) after RECORD was written.
    """
    stem, version, *rest = filename.removesuffix(".whl").split("-")
    if len(rest) > 3 and not rest[0][0].isdigit():  # with the label of a variant
        del rest[3:]
    interpreters, abis, platforms = rest[-3:]
    info = f"{stem}-{version}.dist-info"
    if tags is None:
        tags = [f"{i}-{a}-{p}" for i in interpreters.split(".") for a in abis.split(".") for p in platforms.split(".")]
    if purelib is None:
        purelib = platforms == "any"
    wheel = [
        "Wheel-Version: 1.0",
        "Generator: ftwheel's tests",
        f"Root-Is-Purelib: {str(purelib).lower()}",
        *(f"Tag: {tag}" for tag in tags),
    ]
    metadata = ["Metadata-Version: 2.1", f"Name: {stem}", f"Version: {version}"]
    if requires_python:
        metadata.append(f"Requires-Python: {requires_python}")
    metadata += [f"Classifier: {line}" for line in classifiers]
    content = {path: _bytes(data) for path, data in (files or {f"{stem}/__init__.py": "x = 1\n"}).items()}
    content[f"{info}/WHEEL"] = _bytes("\n".join(wheel) + "\n")
    content[f"{info}/METADATA"] = _bytes("\n".join(metadata) + "\n")
    record = "".join(record_line(path, data) for path, data in content.items()) + f"{info}/RECORD,,\n"
    content[f"{info}/RECORD"] = _bytes(record)
    for name, data in (replace or {}).items():
        content.pop(f"{info}/{name}", None)
        if data is not None:
            content[f"{info}/{name}"] = _bytes(data)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / filename
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in content.items():
            archive.writestr(zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0)), data, compression)
    return path


def _bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data
