"""Verdicts on candidates: accepted with a rank, or rejected for one reason from a closed union.

Reasons are ordered by ``closeness``: how much would have to change for the file to be accepted. The smallest is the
nearest miss.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, assert_never

from ftwheel.core.installers.parsed_filename import FilenameProblem

__all__ = [
    "Accepted",
    "DuplicateUrl",
    "FormatDisallowed",
    "FreeThreadedAbi",
    "HashMismatch",
    "InvalidFilename",
    "InvalidRequiresPython",
    "MetadataMismatch",
    "NotConsulted",
    "OtherProject",
    "OtherVersionResolved",
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
    "filename_reason",
]


class _Compared:
    """Comparison and repr for all classes here; ``dataclass`` would generate them per class, at 0.3 ms each."""

    __slots__: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self), self._values()))

    def __repr__(self) -> str:
        values = (f"{name}={value!r}" for name, value in zip(self.__slots__, self._values(), strict=True))
        return f"{type(self).__qualname__}({', '.join(values)})"

    def _values(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Accepted(_Compared):
    """The installer may select the file; it selects the file with ``rank`` 1."""

    rank: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class HashMismatch(_Compared):
    """Another file has a required digest, but this one does not."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class YankedFile(_Compared):
    """The file is yanked (PEP 592), and the requirement does not pin it."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Prerelease(_Compared):
    """The version is a pre-release, and none was requested or needed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class UploadedTooLate(_Compared):
    """The file was uploaded at or after the cut-off."""

    upload_time: datetime
    cutoff: datetime


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class UploadTimeMissing(_Compared):
    """There is a cut-off, but the index does not say when the file was uploaded."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class RequiresPython(_Compared):
    """The file requires a Python other than the environment's."""

    specifier: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class MetadataMismatch(_Compared):
    """``METADATA`` names a different project or version than the file name does."""

    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class VersionRejected(_Compared):
    """The installer preferred another file of this version, and rejected the whole version because of that file."""

    because: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class OtherVersionResolved(_Compared):
    """The installer chose another version before looking at files for the environment."""

    version: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class FormatDisallowed(_Compared):
    """Wheels, or source distributions, are disabled (``--only-binary``, ``--no-binary``)."""

    format: Literal["wheel", "sdist"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class FreeThreadedAbi(_Compared):
    """Platform and interpreter tag match, but the ABI is that of the other build: default or free-threaded."""

    abis: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class TagMismatch(_Compared):
    """No combination of the wheel's tags is among those the environment accepts.

    ``axis`` is the part that does not match: ``platform`` if interpreter and ABI match, ``abi`` if only the interpreter
    matches, else ``python``. ``tags`` are the wheel's tags of that axis.
    """

    axis: Literal["platform", "abi", "python"]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Variant(_Compared):
    """A wheel variant (PEP 825), which the installer does not support or has disabled."""

    label: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class VersionMismatch(_Compared):
    """The version is not in the requirement's specifier."""

    specifier: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class InvalidRequiresPython(_Compared):
    """``requires-python`` is not a valid specifier, so the installer drops the file."""

    specifier: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class DuplicateUrl(_Compared):
    """The page lists this URL twice; the installer keeps the first."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class NotConsulted(_Compared):
    """The installer does not use this index, because an earlier one has the project."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class InvalidFilename(_Compared):
    """The name is not a valid name for a wheel or a source distribution."""

    problem: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class OtherProject(_Compared):
    """According to its name, the file belongs to another project."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class UnsupportedFormat(_Compared):
    """An archive type the installer does not support (``.exe``, ``.egg``, signatures; for uv also ``.tar.bz2``)."""

    extension: str


Reason = (
    HashMismatch
    | YankedFile
    | Prerelease
    | UploadedTooLate
    | UploadTimeMissing
    | RequiresPython
    | MetadataMismatch
    | VersionRejected
    | OtherVersionResolved
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Rejected(_Compared):
    """The installer rejects the file; ``reason`` is the first in its own order of rules."""

    reason: Reason


Verdict = Accepted | Rejected


_ORDER: tuple[type, ...] = (
    HashMismatch,
    YankedFile,
    Prerelease,
    UploadedTooLate,
    UploadTimeMissing,
    FormatDisallowed,
    RequiresPython,
    MetadataMismatch,
    VersionRejected,
    OtherVersionResolved,
    InvalidRequiresPython,
    FreeThreadedAbi,
    TagMismatch,
    Variant,
    VersionMismatch,
    NotConsulted,
    DuplicateUrl,
    InvalidFilename,
    UnsupportedFormat,
    OtherProject,
)
_CLOSENESS = {kind: rank for rank, kind in enumerate(_ORDER)}
_AXES = {"platform": 0, "abi": 1, "python": 2}


def filename_reason(problem: FilenameProblem) -> Reason:
    """The reason for rejecting a file by its name."""
    kind, detail = problem
    match kind:
        case "unsupported format":
            return UnsupportedFormat(extension=detail)
        case "other project":
            return OtherProject(name=detail)
        case "variant":
            return Variant(label=detail)
        case "duplicate url":
            return DuplicateUrl()
        case "invalid filename":
            return InvalidFilename(problem=detail)
        case other:
            assert_never(other)


def closeness(reason: Reason) -> tuple[int, int]:
    """How far the file is from being accepted: the smallest is the nearest miss."""
    return (_CLOSENESS[type(reason)], _AXES[reason.axis] if isinstance(reason, TagMismatch) else 0)


def describe(reason: Reason) -> str:
    """The reason as one line, without the file name or a full stop; text from the index is not escaped."""
    match reason:
        case HashMismatch():
            return "has none of the required digests"
        case YankedFile(reason=why):
            return f"yanked: {why}" if why else "yanked"
        case Prerelease():
            return "pre-release"
        case UploadedTooLate(upload_time=time, cutoff=cutoff):
            return f"uploaded {time.isoformat()}, not before {cutoff.isoformat()}"
        case UploadTimeMissing():
            return "the index does not say when it was uploaded"
        case FormatDisallowed(format=kind):
            return "wheels are disabled" if kind == "wheel" else "source distributions are disabled"
        case RequiresPython(specifier=specifier):
            return f"requires Python {specifier}"
        case MetadataMismatch(name=name, version=version):
            return f"its METADATA is that of {name} {version}"
        case VersionRejected(because=because):
            return f"its version was rejected because of {because}"
        case OtherVersionResolved(version=version):
            return f"resolved to {version}"
        case InvalidRequiresPython(specifier=specifier):
            return f"requires-python {specifier!r} is invalid"
        case FreeThreadedAbi(abis=abis):
            return f"ABI {', '.join(abis)} is for the other build"
        case TagMismatch(axis=axis, tags=tags):
            return f"{axis} {', '.join(tags)}"
        case Variant(label=label):
            return f"variant {label}"
        case VersionMismatch(specifier=specifier):
            return f"not {specifier}"
        case NotConsulted():
            return "an earlier index has the project"
        case DuplicateUrl():
            return "listed twice"
        case InvalidFilename(problem=problem):
            return problem
        case UnsupportedFormat(extension=extension):
            return f"{extension} is not supported by this installer" if extension else "not supported by this installer"
        case OtherProject(name=name):
            return f"belongs to {name}"
        case other:
            assert_never(other)
