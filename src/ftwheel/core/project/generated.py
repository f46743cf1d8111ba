"""Decides whether ftwheel wrote a file, and whether it was edited since.

The first line of a generated file is a comment with its template and the SHA-256 of everything below. Line ends do not
count, because git may change them on checkout.
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
    """The text of a generated file, with its first line. ``text`` has ``\\n`` line ends."""
    return f"# Written by ftwheel init from {template}. SHA-256 of the rest: {_hash(text)}\n{text}"


def template_of(text: str) -> str:
    """The template of a generated file, empty for other files."""
    match = _SEAL.match(text)
    return match["template"] if match else ""


def origin(text: str) -> FileOrigin:
    """The origin of the file: the hash in the first line is compared with the rest."""
    head, _, rest = text.replace("\r\n", "\n").partition("\n")
    match = _SEAL.fullmatch(head)
    if match is None:
        return FileOrigin.FOREIGN if not template_of(text) else FileOrigin.EDITED
    return FileOrigin.UNTOUCHED if match["hash"] == _hash(rest) else FileOrigin.EDITED


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
