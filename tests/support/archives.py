"""What is in the files of random indexes: METADATA and nothing else, which is as far as a resolver reads."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import tarfile
import zipfile

from support.index_generator_files import GeneratedFile, is_version

__all__ = ["archive", "metadata_digest", "metadata_text"]


def metadata_text(file: GeneratedFile) -> bytes:
    """METADATA or PKG-INFO; nothing in it is dynamic (PEP 643), so no source distribution is built for it."""
    requires = f"Requires-Python: {file.declared}\n" if file.declared else ""
    return f"Metadata-Version: 2.2\nName: {file.project}\nVersion: {_version(file)}\n{requires}".encode()


def _version(file: GeneratedFile) -> str:
    """The version that the name of a source distribution gives, if it is one: ``1.0-1`` is a post-release."""
    stem = re.sub(r"\.(tar\.gz|zip)$", "", file.filename)
    text = stem[len(file.project) + 1 :]
    return text if stem != file.filename and is_version(text) else file.version


def metadata_digest(file: GeneratedFile) -> str:
    """The SHA-256 of what is served beside the file, which uv compares."""
    return hashlib.sha256(metadata_text(file)).hexdigest()


def archive(file: GeneratedFile) -> bytes:
    """The file itself: a zip, or for a source distribution that is none a gzipped tar."""
    text = metadata_text(file)
    stem = f"{file.project.replace('-', '_')}-{file.version}"
    sources = {f"{stem}/PKG-INFO": text, f"{stem}/pyproject.toml": b"[build-system]\nrequires = []\n"}
    is_wheel = file.filename.lower().endswith(".whl")
    if is_wheel or file.filename.lower().endswith(".zip"):
        return _zip({f"{stem}.dist-info/METADATA": text} if is_wheel else sources)
    return _tar(sources)


def _zip(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        for name, data in members.items():
            packed.writestr(zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0)), data)
    return stream.getvalue()


def _tar(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as packed:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            packed.addfile(member, io.BytesIO(data))
    return gzip.compress(stream.getvalue(), compresslevel=1, mtime=0)
