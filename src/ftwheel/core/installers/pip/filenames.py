"""Reads a file name as pip does: project, version, build tag and tags, or the problem.

pip takes the name from the URL. Sources: pip 26.3 ``_internal/models/link.py``, ``index/package_finder.py``
(``LinkEvaluator``), packaging 26.3 ``utils.py`` (``parse_wheel_filename``).
"""

from __future__ import annotations

import posixpath
import re
from typing import Literal
from urllib.parse import unquote, urlsplit

from ftwheel.core.index.page import normalized
from ftwheel.core.installers.packaging_filenames import read_packaging_wheel
from ftwheel.core.installers.parsed_filename import FilenameProblem, ParsedFilename
from ftwheel.core.installers.requirements import parse_version

__all__ = ["DUPLICATE", "link_name", "read_filename", "read_link", "unquoted"]

_SDISTS = frozenset({
    ".zip", ".tar.gz", ".tgz", ".tar", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tlz", ".tar.lz", ".tar.lzma",
})  # fmt: skip
_PYTHON_SUFFIX = re.compile(r"-py([123]\.?[0-9]?)$")
_EGG = re.compile(r"[#&]egg=([^&]*)")


def link_name(url: str) -> tuple[str, str]:
    """The file name and the ``egg=`` fragment (empty if none) that pip finds in a URL."""
    egg = _EGG.search(url)
    parts = urlsplit(url)  # URLs that cannot be parsed do not get here
    # a URL still relative, because <base> is, gets a leading colon
    path = parts.path if parts.scheme or parts.netloc else f":{parts.path}"
    name = posixpath.basename(unquote(path).rstrip("/"))
    return name, egg.group(1) if egg else ""


DUPLICATE = ParsedFilename("", problem=FilenameProblem("duplicate url"))
"""How pip treats the second link to the same URL."""


def unquoted(url: str) -> str:
    """The URL as pip compares it with others."""
    parts = urlsplit(url)
    return parts._replace(path=unquote(parts.path)).geturl()


def read_link(url: str, project: str, *, in_folder: bool) -> ParsedFilename:
    """Parse a link as pip does; ``project`` is normalized, ``in_folder`` is set for files in a find-links folder."""
    name, egg = link_name(url)
    reading = read_filename(name, egg, project)
    if not egg and name.endswith(".zip") and "macosx10" in unquote(urlsplit(url).path):
        return ParsedFilename("", problem=FilenameProblem("unsupported format", ".zip"))  # old binary archives
    if in_folder and not egg and not _is_found_in_folder(name, project):
        return ParsedFilename(
            "", problem=reading.problem or FilenameProblem("invalid filename", "not taken from a folder")
        )
    return reading


def read_filename(filename: str, egg: str, project: str) -> ParsedFilename:
    """Parse a file name as pip does; ``project`` is normalized."""
    stem, extension = posixpath.splitext(filename)
    if stem.lower().endswith(".tar"):
        stem, extension = stem[:-4], stem[-4:] + extension
    kind: Literal["wheel", "sdist"] = "wheel" if extension == ".whl" else "sdist"
    if egg:
        stem = egg
    elif kind == "wheel":
        return read_packaging_wheel(filename, project)
    elif extension not in _SDISTS:
        return ParsedFilename("", problem=FilenameProblem("unsupported format", extension))
    for index, character in enumerate(stem):
        if character == "-" and normalized(stem[:index]) == project:
            break
    else:
        return ParsedFilename(kind, problem=FilenameProblem("other project", stem), egg=bool(egg))
    text = stem[index + 1 :]
    suffix = _PYTHON_SUFFIX.search(text)
    if suffix:
        text = text[: suffix.start()]
    version = parse_version(text)
    python = suffix.group(1) if suffix else ""
    if version is None:
        return ParsedFilename(
            kind,
            text=text,
            python=python,
            problem=FilenameProblem("invalid filename", f"{text!r} is not a valid version"),
            egg=bool(egg),
        )
    if not egg or kind == "sdist":
        return ParsedFilename(kind, version, text, python=python, egg=bool(egg))
    # the version comes from the fragment, the rank from the tags of the file
    wheel = read_packaging_wheel(filename, project)
    trap = ""
    if wheel.problem is not None or wheel.version != version:
        trap = f"the fragment says {egg}, the file name is {filename}"
    return ParsedFilename(kind, version, text, wheel.build, wheel.abi, wheel.platform, python, egg=True, trap=trap)


def _is_found_in_folder(filename: str, project: str) -> bool:
    """Whether pip finds the file in a folder: only if packaging can parse it, so no ``.tar.bz2`` (``sources.py``)."""
    if filename.endswith(".whl"):
        return read_filename(filename, "", project).problem is None
    for extension in (".tar.gz", ".zip"):
        if filename.endswith(extension):
            name, dash, text = filename.removesuffix(extension).rpartition("-")
            return bool(dash) and normalized(name) == project and parse_version(text) is not None
    return False
