"""Reads a file name as unearth does, which takes it from the URL.

Source: unearth 0.19 ``link.py`` (``Link.filename``), ``evaluator.py`` (``Evaluator.evaluate_link``).
"""

from __future__ import annotations

import posixpath
from urllib.parse import parse_qs, unquote, urlparse

from ftwheel.core.index.page import normalized
from ftwheel.core.installers.packaging_filenames import read_packaging_wheel
from ftwheel.core.installers.parsed_filename import FilenameProblem, ParsedFilename, unreadable
from ftwheel.core.installers.requirements import parse_version

__all__ = ["read_link"]

_ARCHIVES = frozenset({
    ".zip", ".whl", ".tar.bz2", ".tbz", ".tar.gz", ".tgz", ".tar", ".tar.xz", ".txz", ".tlz", ".tar.lz", ".tar.lzma",
})  # fmt: skip


def read_link(url: str, project: str) -> ParsedFilename:
    """Parse a URL as unearth does; ``project`` is normalized. An sdist's version is what follows the last hyphen."""
    parts = urlparse(url)
    filename = posixpath.basename(unquote(parts.path.rsplit("@", 1)[0]))
    if filename.endswith(".whl"):
        return read_packaging_wheel(filename, project)
    if egg := parse_qs(parts.fragment).get("egg"):
        stem = egg[0].split("[", 1)[0]
    else:
        stem, extension = posixpath.splitext(filename)
        if stem.lower().endswith(".tar"):
            stem, extension = stem[:-4], stem[-4:] + extension
        if extension not in _ARCHIVES:
            return ParsedFilename("", problem=FilenameProblem("unsupported format", extension))
    name, hyphen, text = stem.rpartition("-")
    if not hyphen or normalized(name) != project:
        return ParsedFilename("sdist", problem=FilenameProblem("other project", stem))
    version = parse_version(text)
    if version is None:
        return unreadable("sdist", f"{text!r} is not a valid version")
    return ParsedFilename("sdist", version, text)
