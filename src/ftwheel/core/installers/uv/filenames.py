"""Reads a file name as uv does: project, version, build tag and tags, or the problem.

uv takes the name from the page. Sources: uv 0.13.9 ``uv-distribution-filename/src``.
"""

from __future__ import annotations

import re

from packaging.version import Version

from ftwheel.core.index.page import normalized
from ftwheel.core.installers.parsed_filename import BuildTag, FilenameProblem, ParsedFilename, unreadable
from ftwheel.core.installers.requirements import parse_version

__all__ = ["read_filename"]

_TARS = frozenset({"gz", "bz2", "xz", "lz", "lzma", "zst"})
_OTHERS = frozenset({"zip", "tar", "tgz", "tbz", "txz", "tlz"})
_TAKEN = frozenset({"tar.gz", "zip"})
_BUILD = re.compile(r"([0-9]+)([A-Za-z0-9_.]*)")
_NAME = re.compile(r"[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]")
_TAG_SET = re.compile(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*\.?")  # uv ignores an empty last tag (splitter.rs)
_SINGLE_TAG = re.compile(r"[A-Za-z0-9_+]+")
_VARIANT = re.compile(r"[a-z0-9._]+")
_LARGEST = 2**64
_LONGEST_NUMBER = 18  # digits; fits into uv's 64 bits and Python's limit


def read_filename(filename: str, project: str, *, flat: bool = False) -> ParsedFilename:
    """Parse a name as uv does; ``project`` is normalized. ``flat`` is for find-links, which split sdists otherwise."""
    base, dot, extension = filename.rpartition(".")
    if not base.rpartition("/")[2] or not dot:  # a leading dot does not start an extension
        return ParsedFilename("", problem=FilenameProblem("unsupported format", ""))
    if extension == "whl":
        return _wheel(base, project)
    if extension in _TARS and base.lower().endswith(".tar") and len(base) > 4:
        extension, base = f"tar.{extension}", base[:-4]
    elif extension not in _OTHERS:
        return ParsedFilename("", problem=FilenameProblem("unsupported format", f".{extension}"))
    if flat:
        name, dash, text = base.rpartition("-")
        other = not dash or not _NAME.fullmatch(name) or normalized(name) != project
    else:
        name, text = base[: len(project)], base[len(project) + 1 :]
        other = base[len(project) : len(project) + 1] != "-" or _bytewise(name) != project
    if other or not text:
        return ParsedFilename("sdist", problem=FilenameProblem("other project", base))
    version = _version(text)
    if version is None:
        return unreadable("sdist", f"{text!r} is not a valid version")
    return ParsedFilename(
        "sdist",
        version,
        text,
        problem=None if extension in _TAKEN else FilenameProblem("unsupported format", f".{extension}"),
    )


def _bytewise(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-") if name.isascii() else ""


def _version(text: str) -> Version | None:
    version = parse_version(text)
    if version is not None and len(text) > _LONGEST_NUMBER:
        local = version.local or ""
        numbers = [
            version.epoch,
            *version.release,
            *(number for number in (version.post, version.dev, version.pre and version.pre[1]) if number is not None),
            *(int(part) for part in local.split(".") if part.isdigit()),
        ]
        if max(numbers) >= _LARGEST - 1:  # uv reserves that number
            return None
    return version


def _wheel(stem: str, project: str) -> ParsedFilename:
    parts = stem.split("-")
    if not 5 <= len(parts) <= 7:
        return unreadable("wheel", f"a wheel's name has five to seven parts, not {len(parts)}")
    has_build = len(parts) == 7 or (len(parts) == 6 and parts[2][:1].isascii() and parts[2][:1].isdigit())
    label = parts[-1] if len(parts) == 7 or (len(parts) == 6 and not has_build) else None
    tags = parts[3:6] if has_build else parts[2:5]
    interpreters, abis, platforms = tags
    if interpreters[:1].isascii() and interpreters[:1].isdigit():
        return unreadable("wheel", f"{interpreters!r} is not a valid interpreter tag")
    if not _NAME.fullmatch(parts[0]):
        return unreadable("wheel", f"{parts[0]!r} is not a valid project name")
    version = _version(parts[1])
    if version is None:
        return unreadable("wheel", f"{parts[1]!r} is not a valid version")
    build: BuildTag = ()
    if has_build:
        match = _BUILD.fullmatch(parts[2])
        if match is None or len(match[1]) > 4300 or int(match[1]) >= _LARGEST:
            return unreadable("wheel", f"{parts[2]!r} is not a valid build tag")
        build = (int(match[1]), match[2])
    if label is not None and not _VARIANT.fullmatch(label):
        return unreadable("wheel", f"{label!r} is not a valid variant label")
    if not all(map(_TAG_SET.fullmatch, tags)) and not (
        # single known tags are not checked character by character, and numbers in them may have a plus sign
        not has_build and label is None and all(map(_SINGLE_TAG.fullmatch, tags)) and _knows(tags)
    ):
        return unreadable("wheel", "a tag is empty or has a character that is not allowed")
    found = normalized(parts[0])
    problem: FilenameProblem | None = None
    if found != project:
        problem = FilenameProblem("other project", found)
    elif label is not None:
        problem = FilenameProblem("variant", label)
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


def _knows(tags: list[str]) -> bool:
    return all(re.fullmatch(pattern, tag) for pattern, tag in zip(_SIGNED, tags, strict=True))


_SIGNED = (
    r"(?:py|cp)[0-9](?:\+?[0-9]|[0-9]{2})?|(?:pyston|pp|graalpy)[0-9]\+?[0-9]+",
    r"none|abi3t?|cp[0-9]+[tdmu]*",
    (
        r"any|win32|win_(?:amd64|arm64|ia64)|(?:manylinux|musllinux|macosx|ios)_\+?[0-9]+_\+?[0-9]+_[a-z0-9_]+"
        r"|android_\+?[0-9]+_[a-z0-9_]+"
    ),
)
