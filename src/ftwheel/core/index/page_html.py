"""Decides what an HTML page of the simple repository API says (PEP 503, 592, 629, 658, 714, 792).

The page is read as in pip (``pip/_internal/index/collector.py``). Anything that makes uv give up on the whole page
(``uv-client/src/html.rs``) is recorded as a problem, and links that only one of the two finds are marked.
"""

from __future__ import annotations

import codecs
import posixpath
import re
from collections.abc import Iterable, Mapping
from html.entities import html5
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin, urlsplit

from ftwheel.core.errors import IndexFormatError
from ftwheel.core.index.page import (
    UV_ALGORITHMS,
    File,
    LinkReading,
    PageFault,
    PageProblem,
    ProjectDetails,
    UnreadablePageError,
    Yanked,
    check_length,
    egg_problem,
    is_uv_digest,
    normalized,
    read_upload_time,
    short,
    too_long_number,
)

__all__ = ["link_filename", "parse_html"]

_MOST_TAG = 200_000  # characters; html.parser keeps all attributes of a tag in memory
_LONG_TAG = re.compile(rf"<[a-zA-Z][^>]{{{_MOST_TAG}}}")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([^\s\"';]+)")
_BLANKS = "".join(map(chr, range(33)))
_HOST = re.compile(
    r"[/\\]*(?:[^/\\?#]*@)?(?:\[[0-9A-Fa-f:.]+\]|[^/\\?#:\[\]@]+)(?::([0-9]*))?(?:[/\\?#].*)?", re.DOTALL
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_OTHER_ALGORITHMS = frozenset({"sha1", "sha224"})  # also supported by pip
_REFERENCE = re.compile(r"&(?!(?:gt|lt|amp|quot);)([A-Za-z][A-Za-z0-9]*)([;=]?)")
_END_TAG = re.compile(r"</(script|style)[ \t\n\f/][^>]*>", re.IGNORECASE)
_MARKED_SECTION = re.compile(r"<!\[[^>]*>?")
_TEXT_ELEMENTS = frozenset({"title", "textarea", "iframe", "xmp", "noembed", "noframes", "plaintext"})


_Anchor = dict[str, str | None]


class _Page(HTMLParser):
    """Collects the anchors as pip and as uv find them, the first ``<base>``, and the ``<meta>`` elements.

    pip, Poetry and PDM use this parser; its treatment of elements with text content depends on the Python release. uv
    follows the HTML standard, in which the first of several attributes with the same name counts.
    """

    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.url = url
        self.base: str | None = None
        self.early_base: str | None = None
        self.bases = 0
        self.anchors: list[_Anchor] = []
        self.uv_anchors: list[_Anchor] = []
        self.meta: dict[str, str] = {}
        self.links = False
        self.text_of = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links = True
            self.anchors.append(dict(attrs))
            if not self.text_of:
                self.uv_anchors.append(dict(reversed(attrs)))
            check_length(len(self.anchors), self.url)
        elif tag == "link":
            self.links = True
        elif tag == "base":
            href = next((value for name, value in attrs if name == "href"), None)
            if self.base is None:
                self.base = href
            # uv only considers the first <base>, and only before any link
            if self.bases == 0 and not self.links:
                self.early_base = href
            self.bases += 1
        elif tag == "meta":
            found = dict(attrs)
            self.meta.setdefault(found.get("name") or "", found.get("content") or "")
        elif tag in _TEXT_ELEMENTS and not self.text_of:
            self.text_of = tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Treat it as a start tag: in the standard, a slash at the end of a tag means nothing."""
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == self.text_of and tag != "plaintext":
            self.text_of = ""

    def handle_comment(self, data: str) -> None:
        """In the standard and in newer Python releases, a comment that begins with ``>`` or ``->`` ends there."""
        if data.startswith((">", "->")) and not self.text_of:
            inner = _Page(self.url)
            inner.feed(data.partition(">")[2])
            self.uv_anchors += inner.uv_anchors


def parse_html(body: bytes, *, parameters: str, url: str, name: str) -> ProjectDetails:
    """Decide what the page says; ``parameters`` are those of the content type. Raises UnreadablePageError."""
    charset = _CHARSET.search(parameters)
    encoding = charset.group(1) if charset else "utf-8"
    problems: dict[PageFault, str] = {}
    uv_text = body.decode("utf-8", "replace")
    try:
        text = body.decode(encoding)
    except (LookupError, ValueError) as error:
        fault = PageFault.CHARSET if _is_codec(encoding) else PageFault.CHARSET_NAME
        problems[fault] = f"text is not {encoding[:40]}, as the content type says ({short(str(error))})"
        text = uv_text
    uv_text = _END_TAG.sub(r"</\1>", _REFERENCE.sub(_standard_reference, uv_text))
    if _LONG_TAG.search(text):
        raise IndexFormatError(f"{short(url)}: a tag of more than {_MOST_TAG:,} characters; rejected")
    page, problem = _fed(text, url)
    if problem:
        problems[PageFault.HTML_FOR_PYTHON] = problem
    uv_page = page if text == uv_text else _fed(uv_text, url)[0]
    if page.early_base is not None and (problem := _base_problem(page.early_base)):
        problems[PageFault.BASE_RELATIVE] = f'<base href="{page.early_base[:200]}"> {problem}'
    base = page.base or url
    python_problems: dict[PageFault, str] = {}
    files = _files(page.anchors, base, python_problems)
    if uv_page.uv_anchors == page.anchors:
        problems |= python_problems
    else:
        uv_problems: dict[PageFault, str] = {}
        files = _merged(files, _files(uv_page.uv_anchors, base, uv_problems))
        problems |= {fault: text for fault, text in python_problems.items() if fault is not PageFault.DIGEST}
        problems |= {fault: text for fault, text in uv_problems.items() if fault is PageFault.DIGEST}
    return ProjectDetails(
        name=normalized(name),
        files=tuple(files),
        url=url,
        api_version=short(page.meta.get("pypi:repository-version") or "1.0"),
        html=True,
        status=page.meta.get("pypi:project-status") or "active",
        status_reason=page.meta.get("pypi:project-status-reason", ""),
        problems=tuple(PageProblem(fault=fault, text=text) for fault, text in problems.items()),
    )


def _is_codec(name: str) -> bool:
    """Whether Python has a codec of this name, for text or for anything else."""
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True


def _base_problem(base: str) -> str:
    """Why uv gives up on a ``<base>``; empty if it does not."""
    scheme = _SCHEME.match(base.strip(_BLANKS))
    if scheme is None:
        return "is relative"
    if scheme[0].lower() not in {"http:", "https:"}:
        return ""
    host = _HOST.fullmatch(base.strip(_BLANKS)[scheme.end() :])
    return "" if host and int(host[1] or 0) < 2**16 else "has no valid host"


def _standard_reference(match: re.Match[str]) -> str:
    """Rewrite a character reference in an attribute so that Python reads it as the standard does.

    In the standard, ``&gt=`` and ``&gtx`` are not references; before Python 3.13.4, ``html.parser`` reads ``>=`` and
    ``>x``.
    """
    name, end = match[1], match[2]
    if end == ";" and f"{name};" in html5:
        return match[0]
    known = next((length for length in range(len(name), 1, -1) if name[:length] in html5), 0)
    return f"&amp;{match[0][1:]}" if known and (known < len(name) or end == "=") else match[0]


def _fed(text: str, url: str) -> tuple[_Page, str]:
    """Parse the page; also return why Python's parser gives up on it, on markup that uv reads as a comment."""
    page = _Page(url)
    try:
        page.feed(text)
    except (AssertionError, ValueError) as error:  # raised by html.parser and html.unescape for some invalid markup
        problem = f"HTML that cannot be read ({str(error)[:100]})"
        page = _Page(url)
        try:
            page.feed(_MARKED_SECTION.sub("", text))
        except (AssertionError, ValueError):
            raise UnreadablePageError(
                f"{short(url)}: {problem}",
                problem=PageProblem(fault=PageFault.UNREADABLE, text=problem),
            ) from error
        return page, problem
    return page, ""


def _files(anchors: Iterable[_Anchor], base: str, problems: dict[PageFault, str]) -> list[File]:
    return [file for anchor in anchors if (file := _file(anchor, base, problems)) is not None]


def link_filename(url: str) -> str:
    """The file name in a URL as Poetry reads it. Raises ValueError for an invalid URL."""
    parts = urlsplit(url)
    return unquote(posixpath.basename(parts.path.rstrip("/")) or parts.netloc)


def _merged(files: list[File], uv_files: list[File]) -> list[File]:
    """All files, marked if only one parser finds them, in the page order of Python's parser."""
    seen = set(uv_files)
    return [
        *(file if file in seen else file._replace(seen_by=LinkReading.PYTHON) for file in files),
        *(file._replace(seen_by=LinkReading.STANDARD) for file in uv_files if file not in files),
    ]


def _file(anchor: Mapping[str, str | None], base: str, problems: dict[PageFault, str]) -> File | None:
    href = anchor.get("href")
    if not href:
        return None
    address, _, fragment = href.partition("#")
    try:
        url = href if href.startswith(("https://", "http://")) else urljoin(base, href)
        filename = link_filename(url)
    except ValueError:
        problems.setdefault(PageFault.URL_SYNTAX, f"{href[:200]} is not a valid URL")
        return None
    if problem := too_long_number(address):
        problems.setdefault(PageFault.FILENAME_NUMBER, problem)
    quoted = address.rpartition("/")[2].partition("?")[0]
    if not _is_utf8(quoted) or not _is_utf8(fragment):
        problems.setdefault(PageFault.URL_ENCODING, f"{href[:200]} is not UTF-8")
    if "/" in filename or "\\" in filename:
        problems.setdefault(PageFault.FILENAME_SEPARATOR, f"the file name of {href[:200]} has a slash or backslash")
    if problem := egg_problem(url):
        problems.setdefault(PageFault.EGG_NAME, problem)
    size = anchor.get("data-size") or ""
    uploaded = anchor.get("data-upload-time")
    metadata = anchor.get("data-core-metadata")
    if metadata is None:
        metadata = anchor.get("data-dist-info-metadata")
    requires_python = anchor.get("data-requires-python")
    return File(
        filename=unquote(quoted),
        url=url,
        hashes=_fragment_hashes(unquote(fragment), problems),
        size=int(size) if size.isascii() and size.isdigit() and len(size) < 20 else None,
        upload_time=read_upload_time(uploaded) if uploaded else None,
        requires_python=requires_python,
        yanked=_yanked(anchor),
        core_metadata=_core_metadata(metadata),
        broken=("requires-python",) if requires_python and too_long_number(requires_python) else (),
    )


def _is_utf8(quoted: str) -> bool:
    if "%" not in quoted:
        return True
    try:
        unquote(quoted, errors="strict")
    except UnicodeDecodeError:
        return False
    return True


def _fragment_hashes(fragment: str, problems: dict[PageFault, str]) -> tuple[tuple[str, str], ...]:
    """The digest in a fragment that is a single ``algorithm=digest``; pip reads other fragments from the URL itself."""
    parts = fragment.split("=")
    if len(parts) != 2:
        return ()
    algorithm, digest = parts
    if algorithm not in UV_ALGORITHMS:
        problems.setdefault(PageFault.DIGEST, f"the fragment #{fragment[:200]} has an unknown algorithm")
    elif not is_uv_digest(algorithm, digest):
        problems.setdefault(
            PageFault.DIGEST, f"the digest in #{fragment[:200]} has a wrong length or is not hexadecimal"
        )
    return ((algorithm, digest),) if algorithm in {*UV_ALGORITHMS, *_OTHER_ALGORITHMS} else ()


def _yanked(anchor: Mapping[str, str | None]) -> Yanked | None:
    if "data-yanked" not in anchor:
        return None
    reason = anchor["data-yanked"]
    return Yanked(reason=reason or "", doubtful=reason is None)


def _core_metadata(value: str | None) -> tuple[tuple[str, str], ...] | None:
    """Parse ``true`` or ``algorithm=digest``; pip reads any other value, even ``false``, as present without a hash."""
    if value is None:
        return None
    algorithm, equals, digest = value.partition("=")
    return ((algorithm, digest),) if equals else ()
