"""Decides whether a file is one that ftwheel wrote, and whether somebody changed it since.

The first line of a generated file is a comment with the template it comes from and the SHA-256 of everything below.
Line ends do not count, since git may change them on a checkout.
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
    """Who wrote what stands in a file now."""

    UNTOUCHED = "written by ftwheel"
    EDITED = "written by ftwheel and changed since"
    FOREIGN = "not written by ftwheel"


def sealed(text: str, template: str) -> str:
    """The text of a file that ftwheel writes, with its first line. ``text`` has ``\\n`` line ends."""
    return f"# Written by ftwheel init from {template}. SHA-256 of the rest: {_hash(text)}\n{text}"


def template_of(text: str) -> str:
    """The template that a file was made from, empty for a file that ftwheel did not write."""
    match = _SEAL.match(text)
    return match["template"] if match else ""


def origin(text: str) -> FileOrigin:
    """Who wrote the file: the seal is compared with what stands below it."""
    head, _, rest = text.replace("\r\n", "\n").partition("\n")
    match = _SEAL.fullmatch(head)
    if match is None:
        return FileOrigin.FOREIGN if not template_of(text) else FileOrigin.EDITED
    return FileOrigin.UNTOUCHED if match["hash"] == _hash(rest) else FileOrigin.EDITED


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
