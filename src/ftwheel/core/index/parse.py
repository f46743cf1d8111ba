"""Parses a page of the simple repository API according to its content type."""

from __future__ import annotations

from ftwheel.core.index.page import JSON_TYPE, PageFault, PageProblem, ProjectDetails, UnreadablePageError, short

__all__ = ["parse_page"]

HTML_TYPES = ("application/vnd.pypi.simple.v1+html", "text/html")


def parse_page(body: bytes, *, content_type: str, url: str, name: str = "") -> ProjectDetails:
    """Parse a page; ``content_type`` is the response's header, ``url`` the URL after redirects.

    ``name`` is the requested project, used if the page has no name (HTML). An unreadable file entry does not affect the
    others: it is omitted, or listed with ``broken`` set. Raises UnreadablePageError if no installer can read the page:
    a wrong content type, invalid JSON, no list of files, or HTML that Python cannot parse.

    pip compares the beginning of the content type, ignoring case; uv compares everything before the parameters.
    """
    content_type = content_type.strip()
    if content_type.lower().startswith(JSON_TYPE):
        from ftwheel.core.index.page_json import parse_json  # noqa: PLC0415  # packed pages do not need it

        details = parse_json(body, url=url, name=name)
    elif content_type.lower().startswith(HTML_TYPES):
        from ftwheel.core.index.page_html import parse_html  # noqa: PLC0415  # 5 ms, and most pages are JSON

        details = parse_html(body, parameters=content_type.partition(";")[2], url=url, name=name)
    else:
        found = f"content type {short(content_type) or 'missing'}"
        raise UnreadablePageError(
            f"{short(url)}: {found}, expected {JSON_TYPE} or HTML",
            hint="is this the URL of a simple index, usually ending in /simple/?",
            problem=PageProblem(fault=PageFault.CONTENT_TYPE, text=found),
        )
    if content_type.partition(";")[0] in (JSON_TYPE, *HTML_TYPES):
        return details
    odd = PageProblem(fault=PageFault.CONTENT_TYPE, text=f"content type {short(content_type)}")
    return details._replace(problems=(odd, *details.problems))
