"""The page of one project in the simple repository API: what it lists, and how it is written as JSON.

Where installers read one thing differently, the page keeps what was written, and each installer's reading is taken
in the folder of each below ``ftwheel.core.installers``.

Sources: PEP 503 (HTML), 592 (yanked), 629 (API version), 658 and 714 (metadata files), 691 (JSON), 700 (versions,
size, upload time), 792 (status markers).
"""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ftwheel.core.errors import IndexFormatError

__all__ = [
    "JSON_TYPE",
    "File",
    "PageFault",
    "PageProblem",
    "ProjectDetails",
    "SourceKind",
    "Yanked",
    "check_api_version",
    "check_length",
    "is_uv_digest",
    "normalized",
    "read_upload_time",
    "render_page",
    "short",
]

MOST_FILES = 50_000  # of one page; the longest known have some ten thousand
JSON_TYPE = "application/vnd.pypi.simple.v1+json"
_DIGEST_LENGTHS = {"md5": 32, "sha256": 64, "sha384": 96, "sha512": 128, "blake2b": 64}  # uv-pypi-types simple_json.rs
HEX = re.compile(r"[0-9A-Fa-f]*")


class SourceKind(enum.Enum):
    """What an installer calls the place a page comes from; see ``ProjectFiles`` for their order."""

    INDEX = "index"
    EXTRA_INDEX = "extra index"
    FIND_LINKS_PAGE = "find-links page"
    FIND_LINKS_FILES = "find-links files"

    @property
    def flat(self) -> bool:
        """Whether it is one of the two kinds of ``--find-links``."""
        return self in {SourceKind.FIND_LINKS_PAGE, SourceKind.FIND_LINKS_FILES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Yanked:
    """A file its authors took back (PEP 592); ``reason`` may be empty.

    ``doubtful`` marks the two spellings that pip reads as not yanked and uv as yanked: ``"yanked": ""`` in JSON, and a
    ``data-yanked`` attribute without a value in HTML.
    """

    reason: str = ""
    doubtful: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of a project, as the page lists it.

    ``filename`` is JSON's ``filename``, or the last segment of an HTML link, unquoted; ``url`` is absolute, with its
    fragment. ``hashes`` are pairs of algorithm and hex digest as written, in the page's order. ``size`` is in bytes.
    ``upload_time`` is UTC. ``requires_python`` is as written. ``core_metadata`` is None when the index has no separate
    metadata file, else its hashes (maybe none). ``broken`` names the fields of the entry that could not be read and
    are taken as missing, for example ``upload-time``.
    """

    filename: str
    url: str
    hashes: tuple[tuple[str, str], ...] = ()
    size: int | None = None
    upload_time: datetime | None = None
    requires_python: str | None = None
    yanked: Yanked | None = None
    core_metadata: tuple[tuple[str, str], ...] | None = None
    broken: tuple[str, ...] = ()


class PageFault(enum.Enum):
    """What on a page is not as specified. Which of these end an installer's run is that installer's to say."""

    ENTRY_TYPE = "an entry is not an object"
    URL_MISSING = "an entry without an address"
    URL_TYPE = "an address that is not text"
    URL_SYNTAX = "an address that cannot be parsed"
    FILENAME_TYPE = "a file name that is missing or not text"
    REQUIRES_PYTHON_TYPE = "a requires-python that is not text"
    SIZE = "a size that is not a number of bytes"
    HASHES_MISSING = "an entry without hashes"
    HASHES_TYPE = "hashes that are not an object"
    DIGEST = "a digest of the wrong length, or of an unknown algorithm"
    UPLOAD_TIME_EMPTY = "an upload time that is empty"
    UPLOAD_TIME_SYNTAX = "an upload time that is not ISO 8601"
    UPLOAD_TIME_ZONE = "an upload time without a zone"
    YANKED_TYPE = "a yanked that is neither a boolean nor text"
    CORE_METADATA_TYPE = "a core-metadata that is neither a boolean nor hashes"
    BASE_RELATIVE = "a base address that is relative"
    EGG_NAME = "an egg fragment that is not a project name"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageProblem:
    """One fault of a page, and where it is, in words."""

    fault: PageFault
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectDetails:
    """The page of one project.

    ``name`` is normalized (PEP 503). ``files`` are in page order. ``versions`` are what a JSON page declares
    (PEP 700), in page order. ``files`` of a JSON page are
    made when they are asked for. ``html`` matters because pip reads no size and no upload time from HTML. ``status`` is
    PEP 792's marker, ``active`` when none is given; no installer looks at it. ``problems`` are the
    first of each fault, in page order; the files are listed all the same.
    """

    name: str
    files: Sequence[File]
    url: str = ""
    api_version: str = "1.0"
    html: bool = False
    versions: tuple[str, ...] = ()
    status: str = "active"
    status_reason: str = ""
    problems: tuple[PageProblem, ...] = ()

    def first_problem(self, faults: Container[PageFault]) -> str:
        """The text of the first problem with one of these faults; empty when there is none."""
        return next((problem.text for problem in self.problems if problem.fault in faults), "")


def normalized(name: str) -> str:
    """The normalized name of a project (PEP 503), for text that need not be a valid name."""
    value = name.lower().replace("_", "-").replace(".", "-")
    while "--" in value:
        value = value.replace("--", "-")
    return value


def check_api_version(version: object, url: str) -> str:
    """The declared API version, ``1.0`` when there is none. Raises IndexFormatError unless it is 1.x (PEP 629)."""
    if version is None:
        return "1.0"
    text = str(version)
    if not re.fullmatch(r"1\.[0-9]{1,9}", text):
        raise IndexFormatError(f"{short(url)}: API version {short(text)}, this tool reads 1.x")
    return text


def check_length(files: int, url: str) -> None:
    """Raises IndexFormatError for a page of more files than any project has: each costs memory and time."""
    if files > MOST_FILES:
        raise IndexFormatError(f"{short(url)}: more than {MOST_FILES:,} files; refused")


def is_uv_digest(algorithm: str, digest: object) -> bool:
    """Whether uv takes the digest, or does not look at it; otherwise it gives up on the whole page."""
    length = _DIGEST_LENGTHS.get(algorithm)
    return length is None or (isinstance(digest, str) and len(digest) == length and HEX.fullmatch(digest) is not None)


def read_upload_time(text: str) -> datetime | None:
    """The time in UTC, None when it is no ISO 8601 time or has no zone."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    if time.tzinfo is UTC:
        return time
    try:
        return time.astimezone(UTC) if time.tzinfo is not None else None
    except OverflowError:  # the zone moves it out of the calendar
        return None


def short(text: str) -> str:
    """The text, cut at 200 characters, for messages about what an index sent."""
    return text if len(text) <= 200 else f"{text[:200]}..."


def render_page(details: ProjectDetails) -> bytes:
    """The page as JSON of the simple API (PEP 691, 700, 714, 792), UTF-8; ``parse_page`` reads the same details back.

    What a JSON page cannot hold is lost: ``html``, ``broken`` and ``problems``. To replay a page exactly, keep
    its body and its content type.
    """
    page: dict[str, Any] = {
        "meta": {"api-version": details.api_version},
        "name": details.name,
        "files": [_entry(file) for file in details.files],
    }
    if details.versions:
        page["versions"] = details.versions
    if details.status != "active" or details.status_reason:
        page["project-status"] = {"status": details.status} | (
            {"reason": details.status_reason} if details.status_reason else {}
        )
    return json.dumps(page, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _entry(file: File) -> dict[str, Any]:
    def fields() -> Iterable[tuple[str, Any]]:
        yield "filename", file.filename
        yield "url", file.url
        yield "hashes", dict(file.hashes)
        if file.size is not None:
            yield "size", file.size
        if file.upload_time is not None:
            yield "upload-time", file.upload_time.isoformat().replace("+00:00", "Z")
        if file.requires_python is not None:
            yield "requires-python", file.requires_python
        if file.yanked is not None:
            yield "yanked", file.yanked.reason or not file.yanked.doubtful or ""
        if file.core_metadata is not None:
            yield "core-metadata", dict(file.core_metadata) or True

    return dict(fields())
