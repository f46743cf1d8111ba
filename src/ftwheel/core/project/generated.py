"""Decides whether ftwheel wrote a file, and whether it has been edited since.

The first line of a generated file is a comment with the name of its template and the SHA-256 of everything below. Line
endings are ignored, because git may change them on checkout.
"""

from __future__ import annotations

import enum
import hashlib
import re

__all__ = ["FileOrigin", "origin", "sealed", "template_of"]

_SEAL = re.compile(
    r"# Written by ftwheel init from (?P<template>[\w./-]+)\. SHA-256 of the rest: (?P<hash>[0-9a-f]{64})"
)


class FileOrigin(enum.Enum):
    """The origin of a file's current text."""

    UNTOUCHED = "written by ftwheel"
    EDITED = "written by ftwheel and edited since"
    FOREIGN = "not written by ftwheel"


def sealed(text: str, template: str) -> str:
    """Add the first line to the text of a generated file. ``text`` has ``\\n`` line endings."""
    return f"# Written by ftwheel init from {template}. SHA-256 of the rest: {_hash(text)}\n{text}"


def template_of(text: str) -> str:
    """The name of a generated file's template, empty for other files."""
    match = _SEAL.match(text)
    return match["template"] if match else ""


def origin(text: str) -> FileOrigin:
    """Determine a file's origin by comparing the hash in its first line with the rest."""
    head, _, rest = text.replace("\r\n", "\n").partition("\n")
    match = _SEAL.fullmatch(head)
    if match is None:
        return FileOrigin.FOREIGN if not template_of(text) else FileOrigin.EDITED
    return FileOrigin.UNTOUCHED if match["hash"] == _hash(rest) else FileOrigin.EDITED


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
