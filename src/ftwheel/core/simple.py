"""Decides what a page of the simple repository API says: JSON or HTML in, ``ProjectDetails`` out, and back to JSON.

Where installers read one thing differently, the page keeps what was written, and each installer's reading is taken
in ``ftwheel.core.rules``.

Sources: PEP 503 (HTML), 592 (yanked), 629 (API version), 658 and 714 (metadata files), 691 (JSON), 700 (versions, size,
upload time), 792 (status markers).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["File", "ProjectDetails", "Refusal", "SourceKind", "Yanked", "parse_page", "render_page"]


class SourceKind(enum.Enum):
    """What an installer calls the place a page comes from."""

    INDEX = "index"
    FIND_LINKS_PAGE = "find-links page"
    FIND_LINKS_FILES = "find-links files"


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

    ``filename`` is JSON's ``filename``, or the last segment of an HTML link; ``url`` is absolute, fragment included.
    ``hashes`` are pairs of algorithm and lower-case hex digest in the page's order. ``size`` is in bytes. ``upload_time`` is
    UTC. ``requires_python`` is as written. ``core_metadata`` is None when the index has no separate metadata
    file, else its hashes (maybe none). ``broken`` names what of the entry could not be read, for example ``upload-time``.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An installer (``pip`` or ``uv``) that gives up on the whole page, and why."""

    installer: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectDetails:
    """The page of one project.

    ``name`` is normalized (PEP 503). ``files`` are in page order. ``versions`` are what a JSON page declares (PEP 700), in page
    order. ``status`` is PEP 792's marker (``active`` when none is given); no installer looks at it. ``refusals`` are the
    installers that cannot read this page; the files are listed all the same.
    """

    name: str
    files: tuple[File, ...]
    url: str = ""
    api_version: str = "1.0"
    versions: tuple[str, ...] = ()
    status: str = "active"
    status_reason: str = ""
    refusals: tuple[Refusal, ...] = field(default=())


def parse_page(body: bytes, *, content_type: str, url: str, name: str = "") -> ProjectDetails:
    """Decide what a page says; ``content_type`` is the response's header, ``url`` the address after redirects.

    ``name`` is the project that was asked for; it is used where the page does not say (HTML). One file entry that cannot be
    read does not spoil the others: it is left out, or listed with ``broken``. Raises IndexFormatError when the body is no
    page: a wrong content type, an API version other than 1.x, JSON or text that cannot be decoded.
    """
    raise NotImplementedError


def render_page(details: ProjectDetails) -> bytes:
    """The page as JSON of the simple API (PEP 691, 700, 714, 792), UTF-8; ``parse_page`` reads the same details back."""
    raise NotImplementedError
