"""Decides what an installer reads in a file's name: project, version, build tag, tags, or what is wrong with it.

pip takes the name from the address and uv from the page; they also differ about what names are valid. Nearly all names
are read the same by both: ``ftwheel.core.installers.project_files`` recognises those by their shape, and everything
else comes here.

Sources: pip 26.3 ``_internal/models/link.py``, ``index/package_finder.py`` (``LinkEvaluator``), packaging 26.3
``utils.py`` (``parse_wheel_filename``); uv 0.13.9 ``uv-distribution-filename/src``.
"""

from __future__ import annotations

import posixpath
import re
from typing import Literal
from urllib.parse import unquote, urlsplit

from packaging.version import Version

from ftwheel.core.index.page import normalized
from ftwheel.core.installers.parsed_filename import BuildTag, ParsedFilename
from ftwheel.core.installers.rejections import (
    DuplicateUrl,
    InvalidFilename,
    OtherProject,
    Reason,
    UnsupportedFormat,
    Variant,
)
from ftwheel.core.installers.requirements import parse_version

__all__ = ["DUPLICATE", "pip_name", "read_for_pip", "read_for_uv", "read_link_for_pip", "unquoted"]

_PIP_SDISTS = frozenset({
    ".zip", ".tar.gz", ".tgz", ".tar", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tlz", ".tar.lz", ".tar.lzma",
})  # fmt: skip
_UV_TARS = frozenset({"gz", "bz2", "xz", "lz", "lzma", "zst"})
_UV_OTHERS = frozenset({"zip", "tar", "tgz", "tbz", "txz", "tlz"})
_UV_TAKEN = frozenset({"tar.gz", "zip"})
_PYTHON_SUFFIX = re.compile(r"-py([123]\.?[0-9]?)$")
_EGG = re.compile(r"[#&]egg=([^&]*)")
_WHEEL_NAME = re.compile(r"[\w._]+")
_BUILD = re.compile(r"([0-9]+)([^\n]*)\n?")
_UV_BUILD = re.compile(r"([0-9]+)([A-Za-z0-9_.]*)")
_UV_NAME = re.compile(r"[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]")
_UV_TAG_SET = re.compile(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*\.?")  # uv sees no empty tag at the end (splitter.rs)
_UV_SINGLE_TAG = re.compile(r"[A-Za-z0-9_+]+")
_UV_VARIANT = re.compile(r"[a-z0-9._]+")
_UV_LARGEST = 2**64
_LONGEST_NUMBER = 18  # digits that surely fit into uv's 64 bits and Python's limit


def pip_name(url: str) -> tuple[str, str]:
    """The file name and the ``egg=`` fragment (empty if none) that pip finds in an address."""
    egg = _EGG.search(url)
    # An address that cannot be taken apart does not get as far as here.
    name = posixpath.basename(unquote(urlsplit(url).path).rstrip("/"))
    return name, egg.group(1) if egg else ""


DUPLICATE = ParsedFilename("", problem=DuplicateUrl())
"""What pip makes of the second link to an address."""


def _bad(kind: Literal["wheel", "sdist", ""], problem: str) -> ParsedFilename:
    return ParsedFilename(kind, problem=InvalidFilename(problem=problem))


def unquoted(url: str) -> str:
    """The address as pip compares it with others."""
    parts = urlsplit(url)
    return parts._replace(path=unquote(parts.path)).geturl()


def read_link_for_pip(url: str, project: str, *, in_folder: bool) -> ParsedFilename:
    """pip's reading of a link; ``project`` is normalized, ``in_folder`` is for the files of a find-links folder."""
    name, egg = pip_name(url)
    reading = read_for_pip(name, egg, project)
    if not egg and name.endswith(".zip") and "macosx10" in unquote(urlsplit(url).path):
        return ParsedFilename("", problem=UnsupportedFormat(extension=".zip"))  # old binary archives
    if in_folder and not egg and not _is_found_in_folder(name, project):
        return ParsedFilename("", problem=reading.problem or InvalidFilename(problem="not taken from a folder"))
    return reading


def read_for_pip(filename: str, egg: str, project: str) -> ParsedFilename:
    """pip's reading; ``project`` is normalized."""
    stem, extension = posixpath.splitext(filename)
    if stem.lower().endswith(".tar"):
        stem, extension = stem[:-4], stem[-4:] + extension
    kind: Literal["wheel", "sdist"] = "wheel" if extension == ".whl" else "sdist"
    if egg:
        stem = egg
    elif kind == "wheel":
        return _pip_wheel(filename, project)
    elif extension not in _PIP_SDISTS:
        return ParsedFilename("", problem=UnsupportedFormat(extension=extension))
    for index, character in enumerate(stem):
        if character == "-" and normalized(stem[:index]) == project:
            break
    else:
        return ParsedFilename(kind, problem=OtherProject(name=stem))
    text = stem[index + 1 :]
    suffix = _PYTHON_SUFFIX.search(text)
    if suffix:
        text = text[: suffix.start()]
    version = parse_version(text)
    python = suffix.group(1) if suffix else ""
    if version is None:
        return ParsedFilename(
            kind, text=text, python=python, problem=InvalidFilename(problem=f"{text!r} is no version")
        )
    if not egg or kind == "sdist":
        return ParsedFilename(kind, version, text, python=python, egg=bool(egg))
    # The version comes from the fragment, the rank from the tags of the file.
    wheel = _pip_wheel(filename, project)
    trap = ""
    if wheel.problem is not None or wheel.version != version:
        trap = f"the fragment says {egg}, the file name is {filename}"
    return ParsedFilename(kind, version, text, wheel.build, wheel.abi, wheel.platform, python, egg=True, trap=trap)


def _pip_wheel(filename: str, project: str) -> ParsedFilename:
    parts = filename[:-4].split("-")
    if len(parts) not in {5, 6}:
        return _bad("wheel", f"a wheel's name has five or six parts, not {len(parts)}")
    if "__" in parts[0] or not _WHEEL_NAME.fullmatch(parts[0]):
        return _bad("wheel", f"{parts[0]!r} is no project name of a wheel")
    version = parse_version(parts[1])
    if version is None:
        return _bad("wheel", f"{parts[1]!r} is no version")
    build: BuildTag = ()
    if len(parts) == 6:
        match = _BUILD.match(parts[2])
        if match is None or len(match[1]) > 4300:
            return _bad("wheel", f"{parts[2]!r} is no build tag")
        build = (int(match[1]), match[2])
    interpreters, abis, platforms = parts[-3:]
    if any("" in part.split(".") for part in parts[-3:]):
        return _bad("wheel", "a tag is empty")
    if not all(interpreter.isidentifier() for interpreter in interpreters.split(".")):
        return _bad("wheel", f"{interpreters!r} is no interpreter tag")
    found = normalized(parts[0])
    return ParsedFilename(
        "wheel",
        version,
        str(version),
        build,
        f"{interpreters}-{abis}",
        platforms,
        problem=None if found == project else OtherProject(name=found),
        is_of_project=found == project,
    )


def read_for_uv(filename: str, project: str, *, flat: bool = False) -> ParsedFilename:
    """uv's reading; ``project`` is normalized. ``flat`` is for find-links, where sdist names are split otherwise."""
    base, dot, extension = filename.rpartition(".")
    if not base.rpartition("/")[2] or not dot:  # a leading dot starts no extension
        return ParsedFilename("", problem=UnsupportedFormat(extension=""))
    if extension == "whl":
        return _uv_wheel(base, project)
    if extension in _UV_TARS and base.lower().endswith(".tar") and len(base) > 4:
        extension, base = f"tar.{extension}", base[:-4]
    elif extension not in _UV_OTHERS:
        return ParsedFilename("", problem=UnsupportedFormat(extension=f".{extension}"))
    if flat:
        name, dash, text = base.rpartition("-")
        other = not dash or not _UV_NAME.fullmatch(name) or normalized(name) != project
    else:
        name, text = base[: len(project)], base[len(project) + 1 :]
        other = base[len(project) : len(project) + 1] != "-" or _bytewise(name) != project
    if other or not text:
        return ParsedFilename("sdist", problem=OtherProject(name=base))
    version = _uv_version(text)
    if version is None:
        return _bad("sdist", f"{text!r} is no version")
    return ParsedFilename(
        "sdist",
        version,
        text,
        problem=None if extension in _UV_TAKEN else UnsupportedFormat(extension=f".{extension}"),
    )


def _bytewise(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-") if name.isascii() else ""


def _uv_version(text: str) -> Version | None:
    version = parse_version(text)
    if version is not None and len(text) > _LONGEST_NUMBER:
        local = version.local or ""
        numbers = [
            version.epoch,
            *version.release,
            *(number for number in (version.post, version.dev, version.pre and version.pre[1]) if number is not None),
            *(int(part) for part in local.split(".") if part.isdigit()),
        ]
        if max(numbers) >= _UV_LARGEST:
            return None
    return version


def _uv_wheel(stem: str, project: str) -> ParsedFilename:
    parts = stem.split("-")
    if not 5 <= len(parts) <= 7:
        return _bad("wheel", f"a wheel's name has five to seven parts, not {len(parts)}")
    has_build = len(parts) == 7 or (len(parts) == 6 and parts[2][:1].isascii() and parts[2][:1].isdigit())
    label = parts[-1] if len(parts) == 7 or (len(parts) == 6 and not has_build) else None
    tags = parts[3:6] if has_build else parts[2:5]
    interpreters, abis, platforms = tags
    if interpreters[:1].isascii() and interpreters[:1].isdigit():
        return _bad("wheel", f"{interpreters!r} is no interpreter tag")
    if not _UV_NAME.fullmatch(parts[0]):
        return _bad("wheel", f"{parts[0]!r} is no project name")
    version = _uv_version(parts[1])
    if version is None:
        return _bad("wheel", f"{parts[1]!r} is no version")
    build: BuildTag = ()
    if has_build:
        match = _UV_BUILD.fullmatch(parts[2])
        if match is None or len(match[1]) > 4300 or int(match[1]) >= _UV_LARGEST:
            return _bad("wheel", f"{parts[2]!r} is no build tag")
        build = (int(match[1]), match[2])
    if label is not None and not _UV_VARIANT.fullmatch(label):
        return _bad("wheel", f"{label!r} is no variant label")
    if not all(map(_UV_TAG_SET.fullmatch, tags)) and not (
        # Single known tags are not looked at letter by letter, and numbers in them may have a plus sign.
        not has_build and label is None and all(map(_UV_SINGLE_TAG.fullmatch, tags)) and _uv_knows(tags)
    ):
        return _bad("wheel", "a tag is empty or has a character that is not allowed")
    found = normalized(parts[0])
    problem: Reason | None = None
    if found != project:
        problem = OtherProject(name=found)
    elif label is not None:
        problem = Variant(label=label)
    return ParsedFilename(
        "wheel",
        version,
        parts[1],
        build,
        f"{interpreters}-{abis}",
        platforms,
        problem=problem,
        is_of_project=found == project,
    )


def _uv_knows(tags: list[str]) -> bool:
    return all(re.fullmatch(pattern, tag) for pattern, tag in zip(_UV_SIGNED, tags, strict=True))


_UV_SIGNED = (
    r"(?:py|cp)[0-9](?:\+?[0-9]|[0-9]{2})?|(?:pyston|pp|graalpy)[0-9]\+?[0-9]+",
    r"none|abi3t?|cp[0-9]+[tdmu]*",
    (
        r"any|win32|win_(?:amd64|arm64|ia64)|(?:manylinux|musllinux|macosx|ios)_\+?[0-9]+_\+?[0-9]+_[a-z0-9_]+"
        r"|android_\+?[0-9]+_[a-z0-9_]+"
    ),
)


def _is_found_in_folder(filename: str, project: str) -> bool:
    """pip only takes files of a folder that packaging can parse, so no ``.tar.bz2`` (``index/sources.py``)."""
    if filename.endswith(".whl"):
        return read_for_pip(filename, "", project).problem is None
    for extension in (".tar.gz", ".zip"):
        if filename.endswith(extension):
            name, dash, text = filename.removesuffix(extension).rpartition("-")
            return bool(dash) and normalized(name) == project and parse_version(text) is not None
    return False
