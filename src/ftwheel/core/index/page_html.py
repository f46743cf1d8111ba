"""Decides what an HTML page of the simple repository API says (PEP 503, 592, 629, 658, 714, 792).

Read as pip reads it (``pip/_internal/index/collector.py``); what makes uv give up on the whole page
(``uv-client/src/html.rs``) is noted as a problem.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin, urlsplit

from ftwheel.core.errors import IndexFormatError
from ftwheel.core.index.page import (
    File,
    PageFault,
    PageProblem,
    ProjectDetails,
    Yanked,
    check_api_version,
    check_length,
    is_uv_digest,
    normalized,
    read_upload_time,
    short,
)

__all__ = ["parse_html"]

_MOST_TAG = 200_000  # characters; html.parser keeps every attribute of a tag before anybody sees it
_LONG_TAG = re.compile(rf"<[a-zA-Z][^>]{{{_MOST_TAG}}}")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([^\s\"';]+)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_UV_ALGORITHMS = frozenset({"md5", "sha256", "sha384", "sha512", "blake2b"})
_OTHER_ALGORITHMS = frozenset({"sha1", "sha224"})  # which pip knows too
_EGG = re.compile(r"[#&]egg=([^&]*)")
_EGG_NAME = re.compile(r"[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]", re.IGNORECASE)


class _Page(HTMLParser):
    """Collects the anchors, the first ``<base>``, and the ``<meta>`` elements."""

    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.url = url
        self.base: str | None = None
        self.early_base: str | None = None
        self.bases = 0
        self.anchors: list[dict[str, str | None]] = []
        self.meta: dict[str, str] = {}
        self.links = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links = True
            self.anchors.append(dict(attrs))
            check_length(len(self.anchors), self.url)
        elif tag == "link":
            self.links = True
        elif tag == "base":
            href = next((value for name, value in attrs if name == "href"), None)
            if self.base is None:
                self.base = href
            # uv looks at the very first <base> only, and only before any link
            if self.bases == 0 and not self.links:
                self.early_base = href
            self.bases += 1
        elif tag == "meta":
            found = dict(attrs)
            self.meta.setdefault(found.get("name") or "", found.get("content") or "")


def parse_html(body: bytes, *, parameters: str, url: str, name: str) -> ProjectDetails:
    """Decide what the page says; ``parameters`` are those of the content type. Raises IndexFormatError."""
    charset = _CHARSET.search(parameters)
    encoding = charset.group(1) if charset else "utf-8"
    try:
        text = body.decode(encoding)
    except (LookupError, ValueError) as error:
        raise IndexFormatError(f"{url}: text is not {encoding[:40]}, as the content type says ({error})") from error
    if _LONG_TAG.search(text):
        raise IndexFormatError(f"{short(url)}: a tag of more than {_MOST_TAG:,} characters; refused")
    page = _Page(url)
    try:
        page.feed(text)
    except (AssertionError, ValueError) as error:  # html.parser and html.unescape raise these for some nonsense
        raise IndexFormatError(f"{short(url)}: HTML that cannot be read ({str(error)[:100]})") from error
    problems: dict[PageFault, str] = {}
    if page.early_base is not None and not _SCHEME.match(page.early_base):
        problems[PageFault.BASE_RELATIVE] = f'<base href="{page.early_base[:200]}"> is relative'
    base = page.base or url
    files = [file for anchor in page.anchors if (file := _file(anchor, base, problems)) is not None]
    return ProjectDetails(
        name=normalized(name),
        files=tuple(files),
        url=url,
        api_version=check_api_version(page.meta.get("pypi:repository-version"), url),
        html=True,
        status=page.meta.get("pypi:project-status") or "active",
        status_reason=page.meta.get("pypi:project-status-reason", ""),
        problems=tuple(PageProblem(fault=fault, text=text) for fault, text in problems.items()),
    )


def _file(anchor: Mapping[str, str | None], base: str, problems: dict[PageFault, str]) -> File | None:
    href = anchor.get("href")
    if not href:
        return None
    address, _, fragment = href.partition("#")
    try:
        url = href if href.startswith(("https://", "http://")) else urljoin(base, href)
        urlsplit(url)
    except ValueError:
        problems.setdefault(PageFault.URL_SYNTAX, f"{href[:200]} is not an address")
        return None
    egg = _EGG.search(url)
    if egg and not _EGG_NAME.fullmatch(egg.group(1)):
        problems.setdefault(PageFault.EGG_NAME, f"the fragment egg={egg.group(1)[:200]} is not a project name")
    size = anchor.get("data-size") or ""
    uploaded = anchor.get("data-upload-time")
    metadata = anchor.get("data-core-metadata")
    if metadata is None:
        metadata = anchor.get("data-dist-info-metadata")
    return File(
        filename=unquote(address.rpartition("/")[2].partition("?")[0]),
        url=url,
        hashes=_fragment_hashes(unquote(fragment), problems),
        size=int(size) if size.isascii() and size.isdigit() and len(size) < 20 else None,
        upload_time=read_upload_time(uploaded) if uploaded else None,
        requires_python=anchor.get("data-requires-python"),
        yanked=_yanked(anchor),
        core_metadata=_core_metadata(metadata),
    )


def _fragment_hashes(fragment: str, problems: dict[PageFault, str]) -> tuple[tuple[str, str], ...]:
    """The digest of a fragment that is just one ``algorithm=digest``; pip reads others too, in the address itself."""
    parts = fragment.split("=")
    if len(parts) != 2:
        return ()
    algorithm, digest = parts
    if algorithm not in _UV_ALGORITHMS:
        problems.setdefault(PageFault.DIGEST, f"the fragment #{fragment[:200]} has an unknown algorithm")
    elif not is_uv_digest(algorithm, digest):
        problems.setdefault(
            PageFault.DIGEST, f"the digest in #{fragment[:200]} has a wrong length or is not hexadecimal"
        )
    return ((algorithm, digest),) if algorithm in _UV_ALGORITHMS | _OTHER_ALGORITHMS else ()


def _yanked(anchor: Mapping[str, str | None]) -> Yanked | None:
    if "data-yanked" not in anchor:
        return None
    reason = anchor["data-yanked"]
    return Yanked(reason=reason or "", doubtful=reason is None)


def _core_metadata(value: str | None) -> tuple[tuple[str, str], ...] | None:
    """``true``, or ``algorithm=digest``; pip takes anything else, ``false`` included, as there without a hash."""
    if value is None:
        return None
    algorithm, equals, digest = value.partition("=")
    return ((algorithm, digest),) if equals else ()
