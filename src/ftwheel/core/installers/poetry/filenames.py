"""Reads a file name as Poetry does, which takes it from a JSON page itself but from the URL on an HTML page.

Sources: Poetry 2.5.1 ``repositories/link_sources/base.py`` (``_link_package_name_and_version``), ``utils/patterns.py``,
``utils/wheel.py``.
"""

from __future__ import annotations

import posixpath
import re

from ftwheel.core.index.page import normalized
from ftwheel.core.installers.parsed_filename import BuildTag, FilenameProblem, ParsedFilename, unreadable
from ftwheel.core.installers.requirements import parse_version

__all__ = ["read_filename"]

_FORMATS = frozenset({".tar.gz", ".whl", ".zip", ".tar.bz2", ".tar.xz", ".tar.Z", ".tar"})
_WHEEL = re.compile(
    r"(?P<name>.+?)-(?P<version>\d[^-]*)(-(?P<build>\d[^-]*))?-(?P<python>[^-]+)-(?P<abi>[^-]+)-(?P<platform>[^-]+)\.whl"
)
_SDIST = re.compile(r"(?P<name>.+?)-(?P<version>\d[^-]*?)(\.sdist)?\.(zip|tar(\.(gz|bz2|xz|Z))?)")
_OTHER = re.compile(r"(?P<name>[a-z0-9_\-.]+?)-(?=\d)(?P<version>[a-z0-9_.!+-]+)", re.IGNORECASE)
_BUILD = re.compile(r"([0-9]+)(.*)")


def read_filename(filename: str, project: str) -> ParsedFilename:
    """Parse a file name as Poetry does; ``project`` is normalized."""
    stem, extension = posixpath.splitext(filename)
    if stem.lower().endswith(".tar"):
        stem, extension = stem[:-4], stem[-4:] + extension
    if extension not in _FORMATS:
        return ParsedFilename("", problem=FilenameProblem("unsupported format", extension))
    wheel = _WHEEL.fullmatch(filename)
    match = wheel or _SDIST.fullmatch(filename) or _OTHER.match(stem)
    if match is None or normalized(match["name"]) != project:
        return ParsedFilename("", problem=FilenameProblem("other project", stem))
    text = match["version"]
    version = parse_version(text)
    if version is None:
        return unreadable("wheel" if wheel else "sdist", f"{text!r} is not a valid version")
    if wheel is None:
        trap = f"{filename} is not a valid wheel name" if extension == ".whl" else ""
        return ParsedFilename("sdist", version, text, trap=trap)
    build: BuildTag = ()
    if wheel["build"] and (parts := _BUILD.fullmatch(wheel["build"])) and len(parts[1]) <= 4300:
        build = (int(parts[1]), parts[2])
    return ParsedFilename("wheel", version, text, build, f"{wheel['python']}-{wheel['abi']}", wheel["platform"])
