"""Verdicts on candidates: accepted with a rank, or rejected for one reason out of a closed union.

Reasons have an order, ``closeness``: how much would have to change for the file to be taken. The smallest is the nearest miss.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

__all__ = [
    "Accepted",
    "DuplicateUrl",
    "FormatDisallowed",
    "FreeThreadedAbi",
    "HashMismatch",
    "InvalidFilename",
    "InvalidRequiresPython",
    "NotConsulted",
    "OtherProject",
    "Prerelease",
    "Reason",
    "Rejected",
    "RequiresPython",
    "TagMismatch",
    "UnsupportedFormat",
    "UploadTimeMissing",
    "UploadedTooLate",
    "Variant",
    "Verdict",
    "VersionMismatch",
    "VersionRejected",
    "YankedFile",
    "closeness",
    "describe",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The installer may take the file; ``rank`` 1 is the one it takes."""

    rank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HashMismatch:
    """Another file has a digest the requirement asks for, this one has a different one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class YankedFile:
    """The file was taken back (PEP 592), and the requirement does not pin it."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prerelease:
    """The version is a pre-release, and none was asked for or needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedTooLate:
    """The file was uploaded at or after the cut-off."""

    upload_time: datetime
    cutoff: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadTimeMissing:
    """There is a cut-off, and the index does not say when the file was uploaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiresPython:
    """The file asks for another Python than the environment's."""

    specifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRejected:
    """uv looked at one other file of this version only, and turned the whole version down because of that file."""

    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatDisallowed:
    """Wheels, or source distributions, are switched off (``--only-binary``, ``--no-binary``)."""

    format: Literal["wheel", "sdist"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeThreadedAbi:
    """Platform and interpreter tag fit, the ABI is of the other build: default for free-threaded, or the reverse."""

    abis: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TagMismatch:
    """No combination of the wheel's tags is one of the environment's.

    ``axis`` is the part that is in the way: ``platform`` when interpreter and ABI would fit, ``abi`` when the interpreter would,
    else ``python``. ``tags`` are the wheel's, of that axis.
    """

    axis: Literal["platform", "abi", "python"]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A wheel variant (PEP 817): not taken unless variants are switched on."""

    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionMismatch:
    """The version is not in the requirement's specifier."""

    specifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidRequiresPython:
    """``requires-python`` is no version specifier, and the installer drops such files."""

    specifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateUrl:
    """The page lists this address twice; the installer keeps the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotConsulted:
    """The installer does not look into this index, because an earlier one has the project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidFilename:
    """The name is not that of a wheel or a source distribution."""

    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherProject:
    """The file belongs to another project, going by its name."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsupportedFormat:
    """An archive type the installer does not know (``.exe``, ``.egg``, signatures; for uv also ``.tar.bz2``)."""

    extension: str


Reason = (
    HashMismatch
    | YankedFile
    | Prerelease
    | UploadedTooLate
    | UploadTimeMissing
    | RequiresPython
    | VersionRejected
    | FormatDisallowed
    | FreeThreadedAbi
    | TagMismatch
    | Variant
    | VersionMismatch
    | InvalidRequiresPython
    | DuplicateUrl
    | NotConsulted
    | InvalidFilename
    | OtherProject
    | UnsupportedFormat
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The installer does not take the file; ``reason`` is the one that its own order of rules gives."""

    reason: Reason


Verdict = Accepted | Rejected


def closeness(reason: Reason) -> int:
    """How far the file is from being taken: 0 is the nearest miss."""
    raise NotImplementedError


def describe(reason: Reason) -> str:
    """The reason as one line for people, without the file's name and without a full stop; text of the index is not escaped."""
    raise NotImplementedError
