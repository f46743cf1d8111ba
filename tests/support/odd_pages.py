"""Pages that break the specification in one respect, or use it in a way nobody does: what do installers make of them?

Each is the page of an index that is asked first and has ``foo 1.0`` (some a trap, ``foo 1.1``); another index has
``foo 0.9``. So an installer takes 1.0 or 1.1, goes on to 0.9, finds nothing, or gives up.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from typing import Any

from support.pages import JSON

__all__ = ["JSON", "ODD_PAGES", "OTHER_INDEX", "OddPage", "entry", "page", "spoilt"]

HTML = "text/html; charset=utf-8"
OddPage = tuple[bytes, str]
"""A body and its content type."""


def wheel(version: str, build: str = "") -> str:
    return f"foo-{version}{build}-py3-none-any.whl"


def entry(version: str = "1.0", **fields: Any) -> dict[str, Any]:
    usual = {"filename": wheel(version), "url": f"/files/{wheel(version)}", "hashes": {}}
    return usual | {name.replace("_", "-"): value for name, value in fields.items()}


def named(filename: str) -> dict[str, Any]:
    return {"filename": filename, "url": f"/files/{filename}", "hashes": {}}


def page(*entries: Any, without: str = "", **top: Any) -> str:
    body = {"meta": {"api-version": "1.1"}, "name": "foo", "files": list(entries) or [entry()]}
    body |= {name.replace("_", "-"): value for name, value in top.items()}
    return json.dumps({name: value for name, value in body.items() if name != without})


def unknown(value: str) -> str:
    """A page with something that no installer looks at, as it is written."""
    return page(zz="Q").replace('"Q"', value)


GOOD = page()
LINK, TRAP = (f'<a href="/files/{wheel(version)}">x</a>' for version in ("1.0", "1.1"))
OTHER_INDEX: OddPage = (page(entry("0.9")).encode(), JSON)

TIMES = (
    "2024-W18-3T00:00:00Z", "2024-05-01", "2024-05-01T00:00:00", "20240501T000000Z", "2024-05-01 00:00:00Z",
    "2024-05-01t00:00:00z", "2024-05-01T00:00:00.123456789Z", "2024-05-01T00:00:00+02:00", "2024-05-01T23:59:60Z",
    "2024-05-01T00:00Z", "2024-05-01T00Z", "2024-05-01T00:00:00,5Z", "", "x", "2024-05-01T00:00:00+0200",
    "2024-05-01T00:00:00-00:00", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "10000-01-01T00:00:00Z",
    "2024-122T00:00:00Z", " 2024-05-01T00:00:00Z", "2024-05-01T00:00:00+25:00", "2024-05-01T00:00:00Z[UTC]",
    "+002024-05-01T00:00:00Z", "-000001-01-01T00:00:00Z", "2024-02-30T00:00:00Z", "2024-05-01T00:00:00.Z",
    1714521600, None,
)  # fmt: skip
JSON_TYPES = (
    JSON.upper(), f"{JSON}; charset=utf-8", f"{JSON};charset=latin-1", f"{JSON} ", f"{JSON},x", "application/json",
    "application/octet-stream", "", "application/vnd.pypi.simple.v2+json", "text/plain",
)  # fmt: skip
HTML_TYPES = (
    "text/html", "TEXT/HTML", "text/HTML; charset=utf-8", "application/vnd.pypi.simple.v1+html", "text/htmlx",
    "application/vnd.pypi.simple.latest+html", "application/xhtml+xml", "text/html; charset=latin-1", "text/html;",
    "text/html; charset=nonsense", "text/html;charset=utf-16", "text/html ;charset=utf-8",
)  # fmt: skip
METAS: tuple[Any, ...] = (None, [], {}, "1.0")
API_VERSIONS: tuple[Any, ...] = (1, "1", "2.0", 2.0, "1.99", None, "abc", "", "1.0.0", "0.9", "1.x", [], {})
FILES: tuple[Any, ...] = (None, {}, "abc", [], {"a": entry()}, 0, "", [None, entry()], ["x", entry()], [[], entry()])
STATUSES: tuple[Any, ...] = (
    None, "active", {}, {"status": None}, {"status": "odd"}, {"status": "active", "reason": 1},
    {"status": "active", "reason": None},
)  # fmt: skip
NUMBERS = ("9" * 18, "9" * 19, "18446744073709551614", "18446744073709551615", "18446744073709551616", "0" * 30 + "1")


def json_pages() -> Iterator[tuple[str, str | bytes]]:
    yield "a byte order mark", "\ufeff" + GOOD
    yield "NaN as size", page(entry(size=float("nan")))
    yield "NaN where nobody looks", unknown("NaN")
    yield "Infinity where nobody looks", unknown("-Infinity")
    yield "1e999 where nobody looks", unknown("1e999")
    yield "files twice", f'{GOOD[:-1]}, "files": [{json.dumps(entry("1.1"))}]}}'
    yield "files twice, once written otherwise", f'{GOOD[:-1]}, "\\u0066iles": [{json.dumps(entry("1.1"))}]}}'
    yield "project-status twice", f'{GOOD[:-1]}, "project-status": {{}}, "project-status": {{}}}}'
    yield "status twice", page(project_status={"status": "a"}).replace('"a"', '"a", "status": "b"')
    yield "name twice", f'{GOOD[:-1]}, "name": "foo"}}'
    yield "an unknown key twice", f'{GOOD[:-1]}, "zz": 1, "zz": 2}}'
    yield "filename twice", GOOD.replace('"filename"', f'"filename": "{wheel("1.1")}", "filename"')
    yield "yanked twice", page(entry(yanked=False)).replace("false", 'false, "yanked": true')
    python = page(entry(requires_python=">=3.8"))
    yield "requires-python twice", python.replace('">=3.8"', '">=3.99", "requires-python": ">=3.8"')
    hashes = page(entry(hashes={"sha256": "a" * 64}))
    yield "a digest twice", hashes.replace('"sha256"', f'"sha256": "{"b" * 64}", "sha256"')
    core = page(entry(core_metadata={"sha256": "a" * 64}))
    yield "a digest of METADATA twice", core.replace('"sha256"', f'"sha256": "{"b" * 64}", "sha256"')
    yield "an unknown digest twice", page(entry(hashes={"x": "a"})).replace('"x"', '"x": "b", "x"')
    yield from ((f"status {value!r}", page(project_status=value)) for value in STATUSES)
    yield from ((f"time {value!r}", page(entry(upload_time=value))) for value in TIMES)
    yield from ((f"API version {value!r}", page(meta={"api-version": value})) for value in API_VERSIONS)
    yield from ((f"meta {value!r}", page(meta=value)) for value in METAS)
    yield from ((f"files {value!r}"[:40], page(files=value)) for value in FILES)
    yield from ((f"no {key}", page(without=key)) for key in ("meta", "name", "files"))
    yield from ((f"name {value!r}", page(name=value)) for value in ("bar", None, 1, "-"))
    yield from ((f"versions {value!r}", page(versions=value)) for value in (None, "x"))
    yield from ((f"size {value!r}", page(entry(size=value))) for value in (1.0, 2**64, -1))
    yield from ((f"body {body!r}", body) for body in ("[]", '"x"', "null", "", "  ", "{}"))
    yield "something behind the page", GOOD + "x"
    yield "a comma too many", GOOD[:-1] + ",}"
    yield from ((f"text in {name}", GOOD.encode(name)) for name in ("utf-16", "utf-16-le", "utf-32-le"))
    yield "a byte that is no UTF-8, where nobody looks", unknown('"Q"').encode().replace(b"Q", b"\xff")
    reason = page(entry(yanked="Q"))
    yield "a byte that is no UTF-8, in a reason", reason.encode().replace(b"Q", b"\xff")
    yield "half a surrogate pair, where nobody looks", unknown('"\\ud800"')
    yield "half a surrogate pair in a reason", reason.replace("Q", "\\ud800")
    yield "a surrogate pair in a reason", reason.replace("Q", "\\ud83d\\ude00")
    yield "half a surrogate pair in a name", page(entry(), named("foo\ud800-1.1.tar.gz"))
    yield "half a surrogate pair in a status", page(project_status={"status": "\ud800"})
    yield "half a surrogate pair in a key", f'{GOOD[:-1]}, "\\ud800": 1}}'
    yield "half a surrogate pair in a key of a file", page(entry() | {"\ud800": 1})
    yield "lists in lists", unknown("[" * 100 + "]" * 100)
    yield "a number of 5,000 digits, where nobody looks", unknown("9" * 5000)
    yield "a control character", unknown('"\t"')
    yield from ((f"build number {number}", page(entry(), named(wheel("1.0", f"-{number}")))) for number in NUMBERS)
    yield "a build number of 4,301 digits", page(entry(), named(wheel("1.0", "-" + "9" * 4301)))
    yield from ((f"version 0.{number}", page(named(wheel(f"0.{number}")))) for number in NUMBERS[:-1])
    yield "an address with half an IPv6 host", page(entry(), named("foo-0.1.tar.gz") | {"url": "http://[::1/"})
    yield "a requires-python of 5,000 digits", page(entry(requires_python=f">=3.{'9' * 5000}"))
    yield "the address has another name", page(entry(filename=wheel("1.1")))
    yield "HTML", f"<html>{LINK}"


def html(body: str, head: str = "<title>foo</title>") -> str:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>"


def html_pages() -> Iterator[tuple[str, str | bytes]]:
    yield "HTML: a byte order mark", "\ufeff" + html(LINK)
    twice = {
        "href": f'<a href="/files/{wheel("1.0")}" href="/files/{wheel("1.1")}">x</a>',
        "requires-python": LINK.replace(">", ' data-requires-python=">=3.8" data-requires-python=">=3.99">', 1),
        "yanked": LINK.replace(">", ' data-yanked="one" data-yanked="two">', 1),
    }
    yield from ((f"HTML: {name} twice", html(link)) for name, link in twice.items())
    for tag in ("script", "style", "noscript", "template", "select", "svg", "option", "p", "h1"):
        yield f"HTML: a link in <{tag}>", html(f"<{tag}>{TRAP}</{tag}>{LINK}")
    for tag in ("textarea", "iframe", "xmp", "noembed", "noframes", "plaintext"):
        yield f"HTML: a link in <{tag}>", html(f"<{tag}>{TRAP}</{tag}>{LINK}")
    yield "HTML: a link in <title>", html(LINK, f"<title>{TRAP}</title>")
    yield "HTML: a title that ends in a slash", html(LINK, f"<title/>{TRAP}")
    yield "HTML: a title without an end", f"<title>{LINK}"
    yield "HTML: a comment", html(f"<!-- {TRAP} -->{LINK}")
    yield "HTML: a comment that ends as it begins", html(f"<!--> {TRAP} -->{LINK}")
    yield "HTML: CDATA", html(f"<![CDATA[ {TRAP} ]]>{LINK}")
    yield "HTML: a marked section", html(f"<![foo[{LINK}")
    for value in ("1", "2.0", "abc", ""):
        yield f"HTML: API version {value}", html(LINK, f'<meta name="pypi:repository-version" content="{value}">')
    yield "HTML: API version without a value", html(LINK, '<meta name="pypi:repository-version">')
    yield "HTML: empty", ""
    yield "HTML: no links", html("nothing")
    yield "HTML: a byte that is no UTF-8", html(LINK + "Q").encode().replace(b"Q", b"\xff")
    yield "HTML: a link in a link", html(f'<a href="/files/{wheel("1.0")}">{TRAP}</a>')
    yield "HTML: an area", html(f'<area href="/files/{wheel("1.1")}">{LINK}')
    yield "HTML: an odd entity", html(LINK.replace(">", ' data-yanked="&#999999999999;">', 1))
    yield "HTML: a line break in an address", html(LINK.replace('"/', '"\n/').replace('.whl"', '.whl\n"'))
    yield "HTML: a space in an address", html(LINK.replace('"/', '" /').replace('.whl"', '.whl "'))
    yield "HTML: capitals", html(LINK.replace("<a href", "<A HREF"))
    yield "HTML: a build number of 4,301 digits", html(f'{LINK}<a href="/files/{wheel("1.0", "-" + "9" * 4301)}">x</a>')


def encoded(body: str | bytes) -> bytes:
    return body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")


def _all() -> Iterator[tuple[str, OddPage]]:
    yield from ((name, (encoded(body), JSON)) for name, body in json_pages())
    yield from ((name, (encoded(body), HTML)) for name, body in html_pages())
    yield from ((f"JSON as {kind!r}", (GOOD.encode(), kind)) for kind in JSON_TYPES)
    yield from ((f"HTML as {kind!r}", (html(LINK).encode(), kind)) for kind in HTML_TYPES)
    yield "JSON as HTML", (GOOD.encode(), HTML)


ODD_PAGES: dict[str, OddPage] = dict(_all())


TOKENS = (
    "null", "true", "0", "-1", "1.5", "1e999", "NaN", "[]", "{}", '""', '"foo"', "[null]", '"\\ud800"',
    '"1.0"', '"2024-05-01T00:00:00Z"', '"foo-1.1-py3-none-any.whl"', "\ufeff", "9" * 30,
)  # fmt: skip
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.e+]*|true|false|null|\[\]|\{\}')


def spoilt(number: int) -> OddPage:
    """A page of which one to three parts are other ones: any value, key or run of characters."""
    rng = random.Random(f"spoilt {number}")
    whole = entry(
        requires_python=">=3.8", yanked=False, upload_time="2024-05-01T00:00:00Z", size=3, core_metadata=True,
        hashes={"sha256": "a" * 64},
    )  # fmt: skip
    text = page(whole, named("foo-0.5.tar.gz"), project_status={"status": "active", "reason": "x"}, versions=["1.0"])
    for _ in range(rng.randint(1, 3)):
        value = rng.random() < 0.9
        found = [match.span() for match in _TOKEN.finditer(text) if not value or text[: match.start()].endswith(": ")]
        start, end = rng.choice(found or [(0, 0)])
        if value:
            text = text[:start] + rng.choice(TOKENS) + text[end:]
        else:
            text = text[:start] + rng.choice(("", text[start:end] * 2, rng.choice(TOKENS))) + text[end:]
    return text.encode("utf-8", "surrogatepass"), JSON
