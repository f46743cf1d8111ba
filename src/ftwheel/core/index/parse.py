"""Decides which parser reads a page of the simple repository API, by its content type."""

from __future__ import annotations

from ftwheel.core.errors import IndexFormatError
from ftwheel.core.index.page import JSON_TYPE, ProjectDetails, short
from ftwheel.core.index.page_json import parse_json

__all__ = ["parse_page"]

HTML_TYPES = ("application/vnd.pypi.simple.v1+html", "text/html")


def parse_page(body: bytes, *, content_type: str, url: str, name: str = "") -> ProjectDetails:
    """Decide what a page says; ``content_type`` is the response's header, ``url`` the address after redirects.

    ``name`` is the project that was asked for; it is used where the page does not say (HTML). One file entry that
    cannot be read does not spoil the others: it is left out, or listed with ``broken``. Raises IndexFormatError when
    the body is no page: a wrong content type, an API version other than 1.x, JSON or text that cannot be decoded.
    """
    kind, _, parameters = content_type.lower().partition(";")
    kind = kind.strip()
    if kind == JSON_TYPE:
        return parse_json(body, url=url, name=name)
    if kind in HTML_TYPES:
        from ftwheel.core.index.page_html import parse_html  # noqa: PLC0415  # most pages are JSON; html.parser costs 5 ms

        return parse_html(body, parameters=parameters, url=url, name=name)
    raise IndexFormatError(
        f"{short(url)}: content type {short(content_type) or 'missing'}, wanted {JSON_TYPE} or HTML",
        hint="is this the address of a simple index, usually ending in /simple/?",
    )
