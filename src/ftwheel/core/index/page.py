"""The page of one project in the simple repository API, and its serialization to JSON.

If installers read something differently, the page keeps the original text; each installer's folder in
``ftwheel.core.installers`` interprets it.

Sources: PEP 503 (HTML), 592 (yanked), 629 (API version), 658 and 714 (metadata files), 691 (JSON), 700 (versions,
size, upload time), 792 (status markers).
"""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Container, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ftwheel.core.errors import IndexFormatError
from ftwheel.core.named_tuples import NamedTuple

__all__ = [
    "JSON_TYPE",
    "UV_ALGORITHMS",
    "File",
    "LinkReading",
    "PageFault",
    "PageProblem",
    "ProjectDetails",
    "SourceKind",
    "UnreadablePageError",
    "Yanked",
    "check_length",
    "egg_problem",
    "is_uv_digest",
    "normalized",
    "read_time_as_uv",
    "read_upload_time",
    "render_page",
    "short",
    "too_long_number",
]

MOST_FILES = 50_000  # per page; the longest known pages have about ten thousand
JSON_TYPE = "application/vnd.pypi.simple.v1+json"
_DIGEST_LENGTHS = {"md5": 32, "sha256": 64, "sha384": 96, "sha512": 128, "blake2b": 64}  # uv-pypi-types simple_json.rs
UV_ALGORITHMS = tuple(_DIGEST_LENGTHS)
_LONGEST_NUMBER = 4300  # digits; Python's limit for integers in text
_LONG_NUMBER = rf"[0-9]{{{_LONGEST_NUMBER + 1}}}"
HEX = r"[0-9A-Fa-f]*"


class SourceKind(enum.Enum):
    """The kind of location that a page comes from; see ``ProjectFiles`` for their order."""

    INDEX = "index"
    EXTRA_INDEX = "extra index"
    FIND_LINKS_PAGE = "find-links page"
    FIND_LINKS_FILES = "find-links files"

    @property
    def flat(self) -> bool:
        """Whether it is one of the two kinds of ``--find-links``."""
        return self in {SourceKind.FIND_LINKS_PAGE, SourceKind.FIND_LINKS_FILES}


class Yanked(NamedTuple):
    """The yanked marker of a file (PEP 592); ``reason`` may be empty.

    ``doubtful`` marks the two spellings that uv reads as yanked but pip does not: ``"yanked": ""`` in JSON, and a
    ``data-yanked`` attribute without a value in HTML.
    """

    reason: str = ""
    doubtful: bool = False


class LinkReading(enum.Enum):
    """How an installer finds the links of an HTML page."""

    PYTHON = "html.parser"
    STANDARD = "the HTML standard"


class File(NamedTuple):
    """One file of a project, as the page lists it.

    ``filename`` is JSON's ``filename``, or the last segment of an HTML link, unquoted; ``url`` is absolute, with its
    fragment. ``hashes`` are pairs of algorithm and hex digest as written, in the page's order. ``size`` is in bytes.
    ``upload_time`` is UTC. ``requires_python`` is as written. ``core_metadata`` is None when the index has no separate
    metadata file, else its hashes, which may be empty. ``broken`` names fields that could not be read and count as
    missing, for example ``upload-time``. ``seen_by`` is the only HTML parser that finds the link, None if both find it.
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
    seen_by: LinkReading | None = None


class PageFault(enum.Enum):
    """A way in which a page violates the specification. Each installer declares which of these make it give up."""

    UNREADABLE = "a body that no installer reads"
    CONTENT_TYPE = "a content type that only resembles that of a page"
    JSON_FOR_PYTHON = "JSON that Python cannot read"
    JSON_ENCODING = "JSON with bytes that are not UTF-8"
    JSON_SYNTAX = "JSON that only Python reads"
    CHARSET = "HTML that is not in the charset of the content type"
    CHARSET_NAME = "HTML with a charset that Python does not know"
    HTML_FOR_PYTHON = "HTML that Python cannot read"
    REPEATED_KEY = "a repeated key"
    TEXT = "text with half a surrogate pair"
    STATUS_TYPE = "a project-status that is not an object with texts"
    FILES_MISSING = "a page without files"
    FILES_TYPE = "files that are not a list"
    FILENAME_NUMBER = "a file name with a number that Python cannot read"
    ENTRY_TYPE = "an entry is not an object"
    URL_MISSING = "an entry without a URL"
    URL_TYPE = "a URL that is not text"
    EMPTY_URL_TYPE = "a URL that is not text but an empty value: 0, false, an empty list"
    URL_SYNTAX = "a URL that cannot be parsed"
    URL_TEXT = "a URL with half a surrogate pair"
    URL_ENCODING = "a file name or fragment in a URL that is not UTF-8"
    FILENAME_MISSING = "an entry without a file name"
    FILENAME_TYPE = "a file name that is not text"
    FILENAME_SEPARATOR = "a file name in a URL with a slash or backslash"
    REQUIRES_PYTHON_TYPE = "a requires-python that is not text"
    SIZE = "a size that is not a number of bytes"
    HASHES_MISSING = "an entry without hashes"
    HASHES_TYPE = "hashes that are not an object"
    DIGEST = "a digest of the wrong length, or of an unknown algorithm"
    UPLOAD_TIME_SYNTAX = "an upload time that is not ISO 8601 to Python"
    UPLOAD_TIME_FORM = "an upload time that uv cannot read"
    YANKED_TYPE = "a yanked that is neither a boolean nor text"
    CORE_METADATA_TYPE = "a core-metadata that is neither a boolean nor hashes"
    BASE_RELATIVE = "a relative base URL"
    EGG_NAME = "an egg fragment that is not a project name"


class PageProblem(NamedTuple):
    """One fault on a page, with a description."""

    fault: PageFault
    text: str


class UnreadablePageError(IndexFormatError):
    """No installer can read the page: those that reject the fault fail; others continue with the next index."""

    def __init__(self, message: str, *, problem: PageProblem, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problem = problem


class ProjectDetails(NamedTuple):
    """The page of one project.

    ``name`` is normalized (PEP 503). ``files`` are in page order; those of a JSON page are created on access.
    ``versions`` are those a JSON page declares (PEP 700), in page order. ``html`` matters because pip reads neither
    size nor upload time from HTML. ``api_version`` is as written, and ``status`` is the project status (PEP 792), by
    default ``active``; installers ignore both. ``problems`` has the first problem for each fault, in page order; they
    do not affect ``files``. ``unreadable`` says why no installer can read the page; empty otherwise.
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
    unreadable: str = ""

    def first_problem(self, faults: Container[PageFault]) -> str:
        """The text of the first problem with one of these faults; empty if there is none."""
        for problem in self.problems:
            if problem.fault in faults:
                return problem.text
        return ""


def normalized(name: str) -> str:
    """The normalized name of a project (PEP 503), for any text."""
    value = name.lower().replace("_", "-").replace(".", "-")
    while "--" in value:
        value = value.replace("--", "-")
    return value


def check_length(files: int, url: str) -> None:
    """Raise IndexFormatError for a page with more files than any project has, since each costs memory and time."""
    if files > MOST_FILES:
        raise IndexFormatError(f"{short(url)}: more than {MOST_FILES:,} files; rejected")


def is_uv_digest(algorithm: str, digest: object) -> bool:
    """Whether uv accepts or ignores the digest; if not, it gives up on the whole page."""
    length = _DIGEST_LENGTHS.get(algorithm)
    return length is None or (
        isinstance(digest, str) and len(digest) == length and re.fullmatch(HEX, digest) is not None
    )


def read_upload_time(text: str) -> datetime | None:
    """The time in UTC; None if it is not an ISO 8601 time or has no time zone."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    if time.tzinfo is UTC:
        return time
    try:
        return time.astimezone(UTC) if time.tzinfo is not None else None
    except OverflowError:  # the time zone moves it out of the calendar
        return None


_UV_TIME = (  # compiled when a page needs it, which takes half a millisecond
    r"([+-][0-9]{6}|[0-9]{4})(-?)([0-9]{2})\2([0-9]{2})[Tt ]"
    r"([0-9]{2})(?:(:?)([0-9]{2})(?:\6([0-9]{2})(?:[.,]([0-9]{1,9}))?)?)?"
    r"(?:[Zz]|([+-])([0-9]{2})(?::?([0-9]{2})(?::?([0-9]{2}))?)?)(?:\[!?[^\[\]]+\])*"
)
_UV_LATEST = datetime(9999, 12, 30, 22, tzinfo=UTC)


def read_time_as_uv(text: str) -> datetime | None:
    """The time in UTC as uv reads it (with the crate jiff); None if it makes uv give up on the page.

    Python has no years before 1 or after 9999; the nearest representable time is used for those.
    """
    match = re.fullmatch(_UV_TIME, text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(match[group] or 0) for group in (1, 3, 4, 5, 7, 8))
    sign, *offset = match.group(10, 11, 12, 13)
    hours, minutes, seconds = (int(part or 0) for part in offset)
    if match[1] == "-000000" or abs(year) > 9999 or second > 60 or hours > 25 or max(minutes, seconds) > 59:
        return None
    micro = int((match[9] or "").ljust(6, "0")[:6])
    try:
        # leap years repeat every 400 years, also before year 1
        calendar = year if year > 0 else (year - 1) % 400 + 1
        local = datetime(calendar, month, day, hour, minute, min(second, 59), micro, tzinfo=UTC)
    except ValueError:
        return None
    if year < 1:
        return datetime(1, 1, 1, tzinfo=UTC)
    difference = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    try:
        time = local + difference if sign == "-" else local - difference
    except OverflowError:
        return None if year > 1 else datetime(1, 1, 1, tzinfo=UTC)
    return time if time <= _UV_LATEST else None


def too_long_number(filename: str) -> str:
    """Why pip fails as soon as it reads the name; empty if it does not."""
    long = len(filename) > _LONGEST_NUMBER and re.search(_LONG_NUMBER, filename)
    return f"a number of more than {_LONGEST_NUMBER:,} digits in the name of a file" if long else ""


_EGG = r"[#&]egg=([^&]*)"
_EGG_NAME = r"[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]"


def egg_problem(url: str) -> str:
    """Why pip gives up on a page with this link; empty if it does not."""
    egg = re.search(_EGG, url) if "egg=" in url else None
    if egg is None or re.fullmatch(_EGG_NAME, egg[1]):
        return ""
    return f"the fragment egg={egg[1][:200]} is not a project name"


def short(text: str) -> str:
    """The text truncated to 200 characters, for messages that quote an index."""
    return text if len(text) <= 200 else f"{text[:200]}..."


def render_page(details: ProjectDetails) -> bytes:
    """The page as JSON of the simple API (PEP 691, 700, 714, 792), UTF-8; ``parse_page`` reads the same details back.

    ``html``, ``broken`` and ``problems`` are lost. To replay a page exactly, keep its body and content type.
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
