"""Reads and writes the digests of a release's files, so that exactly the verified files are uploaded.

They are written in the format of ``sha256sum``, so that a publishing job can compare them without ftwheel; they are
read in that format, or from the JSON of ``ftwheel build``, which records the files it built.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

from ftwheel.core.errors import ConfigurationError, InputError, refused
from ftwheel.io.system.texts import read_text

__all__ = ["compare_digests", "digest_of", "read_digests", "written"]

_LINE = re.compile(r"([0-9a-f]{64}) [ *](?:\./)?([^/\\\x00-\x1f]+)")


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def written(digests: Mapping[str, str]) -> str:
    """One line per file, sorted by name as with ``LC_ALL=C``."""
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))


def read_digests(path: Path) -> dict[str, str]:
    """Read the SHA-256 digests, in hexadecimal, by file name.

    Raises InputError if the file cannot be read, ConfigurationError if it has no digests or two for one name.
    """
    try:
        text = read_text(path, most=16 << 20)
    except OSError as error:
        told = refused(error)
        raise InputError(f"{path}: cannot be read ({error.strerror or error})", hint=told.hint) from error
    except ValueError as error:
        raise _none(path, "is not UTF-8") from error
    try:
        pairs = _of_report(json.loads(text)) if text.lstrip().startswith("{") else [*map(_of_line, text.splitlines())]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _none(path, "holds no names and digests") from error
    found: dict[str, str] = {}
    for name, digest in pairs:
        if found.setdefault(name, digest) != digest:
            raise _none(path, f"has two digests of {name}")
    if not found:
        raise _none(path, "holds no names and digests")
    return found


def compare_digests(recorded: Mapping[str, str], present: Mapping[str, str], *, source: str) -> None:
    """Raise InputError unless the files are exactly the recorded ones."""
    wrong = [
        *(f"{name} was not recorded" for name in sorted(present.keys() - recorded.keys())),
        *(f"{name} is missing" for name in sorted(recorded.keys() - present.keys())),
        *(
            f"{name} has the SHA-256 {present[name]}, recorded is {recorded[name]}"
            for name in sorted(present.keys() & recorded.keys())
            if present[name] != recorded[name]
        ),
    ]
    if wrong:
        raise InputError(
            f"these files differ from those of {source}: {'; '.join(wrong)}",
            hint="upload the recorded files, or find out what changed the folder since",
        )


def _none(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(f"{path}: {why}", hint="create one with ftwheel build or verify --write-digests FILE")


def _of_line(line: str) -> tuple[str, str]:
    if match := _LINE.fullmatch(line):
        return match[2], match[1]
    raise ValueError(line)


def _of_report(document: dict[str, object]) -> list[tuple[str, str]]:
    """The files in a report of ``ftwheel build --format json``."""
    wheels, sdist = document["wheels"], document.get("sdist")
    if not isinstance(wheels, list):
        raise TypeError(wheels)
    return [_of_line(f"{file['sha256']}  {file['filename']}") for file in (*wheels, sdist) if file]
