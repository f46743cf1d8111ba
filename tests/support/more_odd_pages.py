"""More pages that are odd in one respect: every field with values of every type, repeated keys, addresses, entities.

As in ``odd_pages``, the page is asked first and has ``foo 1.0``, and another index has ``foo 0.9``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from support.odd_pages import GOOD, HTML, LINK, OddPage, encoded, entry, html, named, page, unknown, wheel
from support.pages import JSON

__all__ = ["MORE_ODD_PAGES"]

SHA = "a" * 64
FIELDS: dict[str, Any] = {
    "filename": wheel("1.0"), "url": f"/files/{wheel('1.0')}", "hashes": {}, "requires-python": ">=3.8", "size": 3,
    "upload-time": "2024-05-01T00:00:00Z", "yanked": False, "core-metadata": True, "dist-info-metadata": True,
    "data-dist-info-metadata": True, "provenance": None, "gpg-sig": True,
}  # fmt: skip
"""Every field of an entry, with a usual value."""
VALUES: tuple[Any, ...] = (None, 0, 1, 1.5, True, False, "", "x", [], [1], {}, {"a": 1}, {"sha256": SHA}, {"sha256": 1})
TWICE: tuple[Any, ...] = (None, 1, True, "x", "", [], {}, {"sha256": "x"})
HASHES: tuple[Any, ...] = (
    {"sha1": "a" * 40}, {"x": 1}, {"sha256": None}, {"sha256": ""}, {"SHA256": SHA}, {"sha256": "A" * 64},
    {"sha256": "g" * 64}, {"md5": "a" * 32}, {"md5": SHA}, {"blake2b": "a" * 128}, {"blake2b": SHA}, {"sha3_256": SHA},
    {"": ""}, {"sha256": [SHA]}, {"sha512": "a" * 128}, {"sha384": "a" * 96}, {"sha256": f" {'a' * 63}"}, {"x": None},
    {"sha256": SHA, "md5": None}, {"sha224": "a" * 56}, {"sha256": "\u0660" * 64}, {"x": {"y": [1]}},
)  # fmt: skip
VERSIONS = (
    "1.0", "1.1", "1.2", "1.3", "1.4", "1.10", "2", "2.1", "10.0", "01.0", "1.0a1", " 1.0", "v1.0", "1!1.0", "1.0+x",
    "-1", "1.", ".1", "1.0.post1", 1.1, 0, -1, True, False, 1e300, "9" * 5000,
)  # fmt: skip
ADDRESSES = (
    "files/{}", "./files/{}", "../../files/{}", "../../../../../files/{}", "//127.0.0.1:9/{}", "?x/{}", "#{}",
    "HTTP://127.0.0.1:9/{}", "http:/files/{}", "http:files/{}", "http:///files/{}", "https://{}", "ftp://127.0.0.1/{}",
    "file:///files/{}", "/files/{}?", "/files/{}?x=1", "/files/{}?a/b", "/files/{}#", "/files/{}#x", "/files/{}/",
    "/files//{}", "/files/./{}", "/files/%2e%2e/{}", "/files%2F{}", "/files/x%00/{}", "/files/%/{}", "/files/%zz/{}",
    "/files/%C3%28/{}", "/files/ä/{}", "/files/a b/{}", "/files\\{}", "\\files\\{}", "\\\\host\\{}", "/files/<>/{}",
    "http://user:pass@127.0.0.1:9/{}", "http://127.0.0.1:99999/{}", "http://127.0.0.1:x/{}", "http://a b/{}",
    "http://[::1]/{}", "http://[x]/{}", "http://ä/{}", "http://%/{}", "data:,{}", "mailto:{}", "javascript:{}", "//",
    "/", ".", "//{}", "x:{}", "/files/\t{}", "http://127.0.0.1:9\\{}", "git+https://127.0.0.1/{}", "http://[::1/{}",
    "/files/{}#sha256={sha}", "/files/{}#sha256=a", "/files/{}#sha256=", "/files/{}#SHA256={sha}",
    "/files/{}#sha256={sha}&x=y", "/files/{}#sha1=a", "/files/{}#md5=a", "/files/{}#x=y", "/files/{}#x=y=z",
    "/files/{}#=", "/files/{}#&", "/files/{}#%ff", "/files/{}#%20", "/files/{}#egg", "/files/{}#egg=foo",
    "/files/{}#egg=foo-1.1", "/files/{}#egg=", "/files/{}#egg=a%20b", "/files/{}#egg=foo&subdirectory=x",
    "/files/{}#subdirectory=x", "/files/{}#sha256=%61{sha63}", "/files/{}#sha256={sha}#x",
)  # fmt: skip
NAMES = (
    "%66oo-1.1-py3-none-any.whl", "foo-1%2E1-py3-none-any.whl", "foo%2D1.1-py3-none-any.whl",
    "foo-1.1-py3-none-any%2Ewhl", "foo-1.1-py3-none-any.whl%20", "foo-1.1-py3-none-any.whl%00",
    "x%2Ffoo-1.1-py3-none-any.whl", "foo-1.1%C3-py3-none-any.whl", "foo-1.1+x-py3-none-any.whl",
    "foo-1.1%2Bx-py3-none-any.whl", "foo-1.1-py3-none-any.whl;x", "foo-1.1-py3-none-any.WHL",
    "FOO-1.1-py3-none-any.whl", "foo-1.1.tar.gz%3F", "foo-1.1.tar.gz?x", "foo-1.1.TAR.GZ", "foo-1.1.tar.gz.asc",
    "foo-1.1.zip", " foo-1.1-py3-none-any.whl", "foo-1.1-py3-none-any.whl ", "foo\n-1.1-py3-none-any.whl", "..", ".",
    "", "foo", "foo-1.1", "foo-1.1-py3-none-any.whl.metadata", "foo-1.1.whl", "-1.1-py3-none-any.whl",
    "a/foo-1.1-py3-none-any.whl", "a\\foo-1.1-py3-none-any.whl", "f\u00f6o-1.1-py3-none-any.whl",
    "foo-1.1-\u0440y3-none-any.whl", "foo-\u0661.1.tar.gz",
)  # fmt: skip


def written(fields: dict[str, Any], *more: tuple[str, Any]) -> str:
    """A page with one file whose keys are written in this order, some of them repeatedly."""
    pairs = [*more, *fields.items()]
    body = ", ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in pairs)
    return page("FILE").replace('"FILE"', f"{{{body}}}")


def fields() -> Iterator[tuple[str, str | bytes]]:
    for field, usual in FIELDS.items():
        yield from ((f"{field} {value!r}", page(entry() | {field: value})) for value in VALUES)
        yield f"{field} missing", page({key: value for key, value in entry().items() if key != field})
        whole = entry() | {field: usual}
        yield from ((f"{field} first {value!r}", written(whole, (field, value))) for value in TWICE)
        yield from (
            (
                f"{field} last {value!r}",
                page(whole).replace('"hashes": {}', f'"hashes": {{}}, "{field}": {json.dumps(value)}'),
            )
            for value in TWICE
        )
    yield from ((f"hashes {value!r}"[:60], page(entry(hashes=value))) for value in HASHES)
    yield from ((f"core-metadata {value!r}"[:60], page(entry(core_metadata=value))) for value in HASHES)
    keys = ("core-metadata", "dist-info-metadata", "data-dist-info-metadata")
    for first in keys:
        for metadata in VALUES[:1] + VALUES[4:5] + VALUES[7:8] + VALUES[10:11]:
            for second in keys:
                yield f"{first} {metadata!r}, {second} 'x'", page(entry() | {first: metadata} | {second: "x"})
    for number in (
        "-0",
        "1E2",
        "1e2",
        "2.0",
        "1e400",
        "-1e400",
        "18446744073709551615",
        "18446744073709551616",
        "9" * 5000,
    ):
        for field in ("size", "yanked", "requires-python", "core-metadata", "zz"):
            yield f"{field} {number[:30]}", page(entry() | {field: "Q"}).replace('"Q"', number)
    for value in (
        "NaN",
        "Infinity",
        "-Infinity",
        "-NaN",
        "nan",
        "+1",
        "01",
        "1.",
        ".5",
        "0x1",
        "'x'",
        "tru",
        "None",
        "//",
    ):
        yield f"{value} where nobody looks", unknown(value)
        yield f"{value} as requires-python", page(entry(requires_python="Q")).replace('"Q"', value)


def tops() -> Iterator[tuple[str, str | bytes]]:
    yield from ((f"API version {value!r}"[:60], page(meta={"api-version": value})) for value in VERSIONS)
    usual = {"meta": {"api-version": "1.1"}, "name": "foo", "files": [entry()], "versions": [], "project-status": {}}
    for key, value in usual.items():
        for other in (None, 1, "x", [], {}, [None], {"status": 1}):
            first = {key: other} if key in {"files", "project-status"} else {}
            text = json.dumps({"zz": 1, **first, **{k: v for k, v in usual.items() if k != key}})
            yield (
                f"{key} first {other!r}, then usual",
                f'{text[:-1]}, "{key}": {json.dumps(other)}, "{key}": {json.dumps(value)}}}',
            )
            yield (
                f"{key} usual, then {other!r}",
                f'{text[:-1]}, "{key}": {json.dumps(value)}, "{key}": {json.dumps(other)}}}',
            )
    meta = page().replace('"api-version"', '"api-version": 5, "api-version"')
    yield "API version twice", meta
    for depth in (120, 126, 127, 128, 129, 200, 500, 900):
        yield f"{depth} lists in lists", unknown("[" * depth + "]" * depth)
        yield f"{depth} objects in objects", unknown('{"a":' * depth + "1" + "}" * depth)
        yield f"{depth} lists in an entry", page(entry(zz="Q")).replace('"Q"', "[" * depth + "]" * depth)
    for text in ("x", "\0", " \n\t", GOOD, "]", ",", "//", "\ufeff", "\u00a0", "\x0c"):
        yield f"{text[:9]!r} behind the page", GOOD + text
        yield f"{text[:9]!r} before the page", text + GOOD
    yield "two byte order marks", f"\ufeff\ufeff{GOOD}"
    yield "a byte order mark inside", unknown('"\ufeff"')
    yield "a byte order mark between", GOOD.replace(": ", ":\ufeff", 1)
    yield "null bytes", GOOD.replace('"foo"', '"f\\u0000oo"', 1)
    yield "a null byte in a name", page(entry(), named("foo-1.1\0-py3-none-any.whl"))
    yield "latin-1", unknown('"\u00e4"').encode("latin-1")
    yield "UTF-16 with a mark", GOOD.encode("utf-16")
    yield "UTF-7", GOOD.replace('"foo"', '"+AGY-oo"', 1)
    yield "keys in capitals", GOOD.replace('"files"', '"Files"')
    yield "only files", json.dumps({"files": [entry()]})
    yield "no entry", json.dumps({"files": []})
    yield "a list of files", json.dumps([entry()])
    yield "files in an object", json.dumps({"files": {"foo": entry()}})
    yield "files as text", json.dumps({"files": json.dumps([entry()])})
    yield "the page twice", f"[{GOOD}, {GOOD}]"
    yield "10,000 keys", unknown(json.dumps({f"k{number}": number for number in range(10_000)}))


def addresses() -> Iterator[tuple[str, str | bytes]]:
    name = wheel("1.1")
    for address in ADDRESSES:
        url = address.replace("{}", name).replace("{sha}", SHA).replace("{sha63}", "a" * 63)
        yield f"address {address!r}", page(entry(), {"filename": name, "url": url, "hashes": {}})
    for name in NAMES:
        yield f"name {name!r}", page(entry(), {"filename": name, "url": f"/files/{name}", "hashes": {}})
        yield (
            f"name {name!r}, a usual address",
            page(entry(), {"filename": name, "url": "/files/" + wheel("1.1"), "hashes": {}}),
        )


def anchor(attributes: str, name: str = wheel("1.1")) -> str:
    return f'<a href="/files/{name}" {attributes}>x</a>'


REQUIRED = (
    "&gt=3.8", "&gt3.8", "&gt;=3.8", "&GT=3.8", "&GT;=3.8", "&#62;=3.8", "&#62=3.8", "&#x3e;=3.8", "&#x3E=3.8",
    "&lt=3.99", "&lt;4", "&lt4", "&amp;gt;=3.8", "&amp;gt=3.8", "&ampgt;=3.8", "&gte;3.8", "&ge;3.8", "&gt ;=3.8",
    "&gt", "&", "&;", "&#;", "&#x;", "&#0;", "&#0;>=3.8", "&#128;", "&gt;=3.8&nbsp;", "&gt;=3.8&nbsp", "&nbsp;&gt;=3.8",
    "&notit;", "&unknown;>=3.8", ">=3.8&comma;<4", ">=3.8&comma<4", "&gt=3.8,&lt=4", ">=3.8,&lt4", " >=3.8 ",
    "\n>=3.8\n", ">=3.8\0", "", " ", "3.8", ">=3.8,", ">=3.8;", "&#32;>=3.8", "&#x110000;", "&#xD800;", "&#x80;",
    "&ngt;", "&nGt;", "&gt.=3.8", "&gt_=3.8", "&gt-3.8", "&#62x",
)  # fmt: skip
ATTRIBUTES = (
    "data-requires-python='>=3.99'", "data-requires-python=>=3.99", "data-requires-python = '>=3.99'",
    "data-requires-python", "DATA-REQUIRES-PYTHON='>=3.99'", "data-requires-python='>=3.99'data-x",
    "data-requires-python=''", "data-yanked", "data-yanked=''", "data-yanked=' '", "data-yanked='false'",
    "data-yanked=no", "DATA-YANKED", "data-yanked/", "data-yanked='a>b'", "data-core-metadata='x'",
    "data-core-metadata='sha256=a'", "data-core-metadata='false'", "data-core-metadata",
    "data-dist-info-metadata='x=y'", "data-upload-time='x'", "data-upload-time='2024-05-01T00:00:00Z'", "data-size='x'",
    "data-size='-1'", "data-gpg-sig='x'", "=", "'", '"', "<", "/", "a=b=c", "data-yanked=\"&quot;\"",
    "data-provenance='x'",
)  # fmt: skip
BASES = (
    "", "#", "?", "/", "/files/", "files/", "../", "//", "//127.0.0.1:9/", "http://127.0.0.1:9/",
    "HTTP://127.0.0.1:9/x", "http:", "http://", "http:///", "data:,x", "mailto:x", "javascript:x", "x", "x:y",
    "file:///files/", "http://[::1/", "http://127.0.0.1:x/", " http://127.0.0.1:9/ ", "http://127.0.0.1:9/a b/",
    "http://127.0.0.1:9/#x", "http://127.0.0.1:9/?x", "http://ä/", "\\\\x",
)  # fmt: skip


def html_pages() -> Iterator[tuple[str, str | bytes]]:
    for value in REQUIRED:
        for quote in ('"', "'"):
            yield (
                f"HTML: requires-python {quote}{value}{quote}",
                html(anchor(f"data-requires-python={quote}{value}{quote}") + LINK),
            )
    yield from ((f"HTML: {each}", html(anchor(each) + LINK)) for each in ATTRIBUTES)
    for value in ("&quot", "&quot=", "&amp=", "&#", "x&gt=y"):
        yield f"HTML: yanked {value}", html(anchor(f'data-yanked="{value}"') + LINK)
    for base in BASES:
        yield f"HTML: base {base!r}", html(LINK + anchor(""), f'<base href="{base}">')
        yield (
            f"HTML: base {base!r}, relative links",
            html('<a href="foo-1.1.tar.gz">x</a>' + LINK, f'<base href="{base}">'),
        )
    yield "HTML: a base behind a link", html(f'{LINK}<base href="x">')
    yield "HTML: a base behind a <link>", html(LINK, '<link rel="x" href="y"><base href="x">')
    yield "HTML: a base without address", html(LINK, "<base><base href='x'>")
    yield "HTML: a base without a value", html(LINK, "<base href>")
    yield "HTML: a base in the body", html(f'<base href="x">{LINK}')
    yield "HTML: a base in a comment", html(LINK, '<!-- <base href="x"> -->')
    for address in ADDRESSES:
        url = address.replace("{}", wheel("1.1")).replace("{sha}", SHA).replace("{sha63}", "a" * 63)
        yield f"HTML: address {address!r}", html(f'{LINK}<a href="{url}">x</a>')
    for name in NAMES:
        yield f"HTML: name {name!r}", html(f'{LINK}<a href="/files/{name}">x</a>')
    for entity in (
        "foo-1&#46;1.tar.gz",
        "foo-1.1&#x2e;tar.gz",
        "foo-1.1.tar.gz&amp;x",
        "foo-1.1.tar.gz&ampx",
        "foo-1.1.tar.gz&lt",
        "&#102;oo-1.1.tar.gz",
    ):
        yield f"HTML: name {entity}", html(f'{LINK}<a href="/files/{entity}">x</a>')
    for tag in (
        "<a>",
        "<a href>",
        "<a href=>",
        '<a href="">',
        '<a href=" ">',
        "<a name='x'>",
        "<a",
        "<a href='x",
        "</a>",
        "<>",
        "<a/>",
    ):
        yield f"HTML: {tag}", html(f"{LINK}{tag}")
        yield f"HTML: {tag} first", html(f"{tag}{LINK}")
    for form in (
        "<a href={}>x</a>",
        "<a href = '{}' >x",
        "<a/href='{}'>x",
        "<a x href='{}'>x",
        "<a\nhref\n=\n'{}'>x",
        "<a href='{}'/>",
        "< a href='{}'>x",
        "<a href='{}'x='y'>",
        "<a href=`{}`>x",
        "<a href='{}' href='y'>x",
        "<ahref='{}'>x",
        "<a:b href='{}'>x",
        "<a href=\"'{}'\">x",
    ):
        yield f"HTML: {form!r}", html(form.format(f"/files/{wheel('1.1')}") + "</a>" + LINK)
    for version in VERSIONS:
        yield (
            f"HTML: API version {version!r}"[:60],
            html(LINK, f'<meta name="pypi:repository-version" content="{version}">'),
        )
    for value in ("active", "x", "", "quarantined", "archived"):
        yield f"HTML: status {value!r}", html(LINK, f'<meta name="pypi:project-status" content="{value}">')
    yield "HTML: a byte order mark, twice", f"\ufeff\ufeff{html(LINK)}"
    yield "HTML: null bytes", html(f"\0{LINK}\0")
    yield "HTML: UTF-16", html(LINK).encode("utf-16")
    yield "HTML: only a link", LINK
    yield "HTML: plain text", "foo"
    yield "HTML: JSON", GOOD
    yield "HTML: XHTML", '<?xml version="1.0"?>' + html(LINK)
    yield "HTML: a doctype that is none", f"<!DOCTYPE x [<!ENTITY y 'z'>]>{LINK}"
    yield "HTML: nested 2,000 times", html("<div>" * 2000 + LINK)
    yield "HTML: no end", html(LINK)[:-20]
    for kind in ("script", "style", "title", "textarea"):
        yield f"HTML: <{kind}> without an end", html(f"{LINK}<{kind}>{anchor('')}")
        yield f"HTML: an end in capitals of <{kind}>", html(f"<{kind}></{kind.upper()}>{LINK}")
        yield f"HTML: an end with attributes of <{kind}>", html(f"<{kind}></{kind} x>{LINK}")


JSON_TYPES = (
    f"{JSON};", f"{JSON};;", f"{JSON}; q=0.5; version=1", f'{JSON}; charset="utf-8"', f"{JSON}\t; x=y",
    f"{JSON}; charset=utf-16", f"{JSON}; charset=nonsense", f" {JSON}", f"{JSON}2", f"{JSON}/x",
    "application/vnd.pypi.simple.v1", "application/json; charset=utf-8", "application/vnd.pypi.simple.latest+json",
    "application/vnd.pypi.simple.v1.1+json", "*/*", "json", ";", "text/json", "text/html+json",
)  # fmt: skip
HTML_TYPES = (
    "text/html;charset=UTF-8", 'text/html; charset="utf-8"', "text/html; charset='utf-8'", "text/html; charset=",
    "text/html; charset", "text/html; CHARSET=latin-1", "text/html; x=y; charset=latin-1",
    "text/html; charset=utf-8; charset=utf-16", "text/html, text/plain", "text/html\t", " text/html", "text/html;;",
    "text/htm", "text", "text/html+x", "application/vnd.pypi.simple.v1+html; charset=utf-8",
    "application/vnd.pypi.simple.v2+html", "application/html", "TEXT/HTML; CHARSET=UTF-8", "text/html; charset=utf_8",
    "text/html; charset=ascii", "text/html; charset=utf-8x", "text/html; charset=rot13", "text/html; charset=base64",
    "text/html; charset=idna", "text/html; charset=cp1252",
)  # fmt: skip


def _all() -> Iterator[tuple[str, OddPage]]:
    for pages, kind in ((fields(), JSON), (tops(), JSON), (addresses(), JSON), (html_pages(), HTML)):
        yield from ((name, (encoded(body), kind)) for name, body in pages)
    yield from ((f"JSON as {kind!r}", (GOOD.encode(), kind)) for kind in JSON_TYPES)
    yield from ((f"HTML as {kind!r}", (html(LINK).encode(), kind)) for kind in HTML_TYPES)


def _different() -> dict[str, OddPage]:
    """Each page once: those who ask two at a time serve a page at an address of its own."""
    names = {odd: name for name, odd in _all()}
    return {name: odd for odd, name in names.items()}


MORE_ODD_PAGES: dict[str, OddPage] = _different()
