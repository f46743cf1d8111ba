"""Pages of the simple API: what they say, and which installer trips over what."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import pytest

from ftwheel.core.errors import IndexFormatError
from ftwheel.core.index.page import (
    File,
    LinkReading,
    PageFault,
    PageProblem,
    ProjectDetails,
    SourceKind,
    UnreadablePageError,
    Yanked,
    normalized,
    read_time_as_uv,
    read_upload_time,
    render_page,
)
from ftwheel.core.index.page_columns import JsonFiles
from ftwheel.core.index.pages import Pages
from ftwheel.core.index.parse import parse_page
from ftwheel.core.installers.registry import DEFAULT_INSTALLERS, INSTALLERS, find_installer, installer
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.installers.selection import ProjectFiles, refusal
from ftwheel.core.tags.environments import parse_environment
from support.odd_pages import ODD_PAGES
from support.pages import HTML, JSON, SHA, URL, entry, html_page, json_page, usual_entry


def refused_by(details: ProjectDetails) -> list[str]:
    project = ProjectFiles("foo", [(SourceKind.INDEX, details)])
    question = (project, parse_requirement("foo"), parse_environment("cp314-win32"))
    return [name for name in DEFAULT_INSTALLERS if refusal(*question, installer(name))]


@pytest.mark.parametrize(
    ("reason", "by_column"),
    [(r"a \"quoted\" word\n", True), (r"\u0061", False), (r"\ud83d\ude00", False), (r"\n" * 1001, False)],
)
def test_a_page_with_odd_escapes_is_read_by_entry(reason: str, by_column: bool) -> None:
    body = json.dumps({"files": [usual_entry(yanked="REASON")]}).replace("REASON", reason)
    details = parse_page(body.encode(), content_type=JSON, url=URL, name="foo")
    assert isinstance(details.files, JsonFiles) is by_column
    (only,) = details.files
    assert only.yanked == Yanked(reason=json.loads(f'"{reason}"'))


def test_a_usual_page_is_read_lazily_and_fully() -> None:
    details = json_page(
        usual_entry(
            size=3,
            upload_time="2025-01-02T03:04:05.25Z",
            requires_python=">=3.9",
            yanked="broken",
            core_metadata={"sha256": SHA},
        ),
        usual_entry("foo-2.0-py3-none-any.whl", yanked=True, dist_info_metadata=True),
        usual_entry("foo-3.0.tar.gz", yanked="", core_metadata=False),
        versions=["1.0", "2.0", 3],
        **{"project-status": {"status": "archived", "reason": "done"}},
    )
    assert isinstance(details.files, JsonFiles)
    first, second, third = details.files
    assert first == File(
        filename="foo-1.0.tar.gz",
        url="https://files.example.org/foo-1.0.tar.gz",
        hashes=(("sha256", SHA),),
        size=3,
        upload_time=datetime(2025, 1, 2, 3, 4, 5, 250_000, UTC),
        requires_python=">=3.9",
        yanked=Yanked(reason="broken"),
        core_metadata=(("sha256", SHA),),
    )
    assert (second.yanked, second.core_metadata) == (Yanked(), ())
    assert second.size is None
    assert (third.yanked, third.core_metadata) == (Yanked(doubtful=True), None)
    assert (details.versions, details.status, details.status_reason) == (("1.0", "2.0"), "archived", "done")
    assert details.problems == ()


def test_lazy_files_are_a_sequence_like_a_tuple() -> None:
    files = json_page(usual_entry(), usual_entry("foo-2.0.tar.gz")).files
    assert len(files) == 2
    assert files[1:] == (files[1],)
    assert files == tuple(files)
    assert files == json_page(usual_entry(), usual_entry("foo-2.0.tar.gz")).files
    assert files != json_page(usual_entry()).files
    assert files != "foo"
    assert hash(files) == hash(tuple(files))


def test_a_page_without_anything_else_is_a_page() -> None:
    details = parse_page(b'{"files": []}', content_type=f"{JSON}; charset=utf-8", url=URL, name="Foo_Bar")
    assert details == ProjectDetails(name="foo-bar", files=(), url=URL)


@pytest.mark.parametrize(
    ("fields", "by"),
    [
        ({"url": None}, ["uv"]),
        ({"url": 3}, ["pip", "uv"]),
        ({"url": "http://[half"}, ["pip"]),
        ({"filename": None}, ["uv"]),
        ({"requires-python": 3}, ["pip", "uv"]),
        ({"requires-python": 0}, ["uv"]),
        ({"size": "3"}, ["uv"]),
        ({"size": -1}, ["uv"]),
        ({"hashes": None}, ["uv"]),
        ({"hashes": "sha256"}, ["pip", "uv"]),
        ({"hashes": {"sha256": "a"}}, ["uv"]),
        ({"hashes": {"sha256": "g" * 64}}, ["uv"]),
        ({"upload-time": None}, ["uv"]),
        ({"upload-time": 3}, ["pip", "uv"]),
        ({"upload-time": "yesterday"}, ["pip", "uv"]),
        ({"upload-time": ""}, ["uv"]),
        ({"upload-time": "2025-01-02T03:04:05.1234567891Z"}, ["uv"]),
        ({"upload-time": "2025-01-02T03:04:05"}, ["uv"]),
        ({"yanked": None}, ["uv"]),
        ({"core-metadata": "yes"}, ["uv"]),
        ({"core-metadata": {"sha256": "a"}}, ["uv"]),
        ({"hashes": {"sha256": None}}, []),
        ({"hashes": {"sha1": 3}}, []),
        ({"hashes": {}}, []),
        ({"core-metadata": None, "dist-info-metadata": {}}, []),
        ({"upload-time": "2025-01-02T03:04:05+02:00"}, []),
        ({"url": "../../files/foo-1.0.tar.gz"}, []),
    ],
)
def test_one_odd_entry_spoils_no_other(fields: dict[str, Any], by: list[str]) -> None:
    details = json_page(usual_entry() | fields, usual_entry("foo-2.0.tar.gz"))
    assert details.files[-1].filename == "foo-2.0.tar.gz"
    assert refused_by(details) == by


def test_odd_entries_count_as_far_as_they_can_be_read() -> None:
    details = json_page(
        usual_entry(yanked=1, hashes={"sha256": SHA, "sha1": 3}, size=True, upload_time="2025-01-02T05:00:00+02:00"),
        "no object",
        usual_entry() | {"filename": 3, "url": "/files/foo-2.0.tar.gz?x#y", "size": 7},
    )
    first, second = details.files
    assert (first.yanked, first.hashes, first.size) == (Yanked(), (("sha256", SHA),), None)
    assert first.upload_time == datetime(2025, 1, 2, 3, tzinfo=UTC)
    assert first.broken == ("size", "yanked")
    assert (second.filename, second.size) == ("foo-2.0.tar.gz", 7)
    assert second.url == "https://index.example.org/files/foo-2.0.tar.gz?x#y"
    assert PageProblem(fault=PageFault.ENTRY_TYPE, text="an entry of files is not an object") in details.problems


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"files": null}', b'{"files": "x"}', b"\xff", b"[" * 100_000, b'{"zz": NaN' + b"1" * 5000]
)
def test_what_is_no_page_is_one_clear_error(body: bytes) -> None:
    with pytest.raises(IndexFormatError, match=r"index\.example\.org"):
        parse_page(body, content_type=JSON, url=URL)


@pytest.mark.parametrize("version", ["2.0", "1", 1, "1.x", "1.27"])
def test_no_installer_looks_at_the_api_version(version: object) -> None:
    details = json_page(meta={"api-version": version})
    assert (details.api_version, details.problems) == (str(version), ())
    assert json_page(meta=[]).api_version == "1.0"


@pytest.mark.parametrize(
    ("name", "refused", "files"),
    [
        ("a byte order mark", ["uv"], 1),
        ("text in utf-16", ["uv"], 1),
        ("NaN as size", ["uv"], 1),
        ("files twice", ["uv"], 1),
        ("files twice, once written otherwise", ["uv"], 1),
        ("project-status twice", ["uv"], 1),
        ("status twice", ["uv"], 1),
        ("status None", ["uv"], 1),
        ("status {'status': 'active', 'reason': 1}", ["uv"], 1),
        ("status {'status': 'active', 'reason': None}", [], 1),
        ("a digest twice", ["uv"], 1),
        ("a digest of METADATA twice", ["uv"], 1),
        ("an unknown digest twice", [], 1),
        ("no files", ["uv"], 0),
        ("files {}", ["uv"], 0),
        ("half a surrogate pair in a reason", ["uv"], 1),
        ("half a surrogate pair in a name", ["pip", "uv"], 2),
        ("half a surrogate pair, where nobody looks", [], 1),
        ("half a surrogate pair in a status", ["uv"], 1),
        ("half a surrogate pair in a key", ["uv"], 1),
        ("half a surrogate pair in a key of a file", ["uv"], 1),
        ("a byte that is no UTF-8, where nobody looks", ["pip"], 1),
        ("a byte that is no UTF-8, in a reason", ["pip", "uv"], 1),
        ("a number of 5,000 digits, where nobody looks", ["pip"], 1),
        ("a build number of 4,301 digits", ["pip"], 2),
        ("HTML: a build number of 4,301 digits", ["pip"], 2),
        ("HTML: a byte that is no UTF-8", ["pip"], 1),
        ("HTML: API version 2.0", [], 1),
        ("JSON as 'APPLICATION/VND.PYPI.SIMPLE.V1+JSON'", ["uv"], 1),
        ("HTML as 'text/html; charset=nonsense'", ["pip"], 1),
    ],
)
def test_odd_pages_are_read_as_installers_read_them(name: str, refused: list[str], files: int) -> None:
    """``tests/oracle/test_odd_pages.py`` asks the installers."""
    body, content_type = ODD_PAGES[name]
    details = parse_page(body, content_type=content_type, url=URL)
    assert refused_by(details) == refused
    assert len(details.files) == files


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2024-05-01T23:59:60Z", "2024-05-01T23:59:59+00:00"),
        ("20240501t0203z", "2024-05-01T02:03:00+00:00"),
        ("2024-05-01 00:00:00,123456789-02:30", "2024-05-01T02:30:00.123456+00:00"),
        ("2024-05-01T00:00:00+25:00[UTC]", "2024-04-29T23:00:00+00:00"),
        ("-000400-02-29T00:00:00Z", "0001-01-01T00:00:00+00:00"),
        ("0001-01-01T00:00:00+02", "0001-01-01T00:00:00+00:00"),
        ("-000000-01-01T00:00:00Z", None),
        ("2024-02-30T00:00:00Z", None),
        ("9999-12-31T23:59:59Z", None),
        ("9999-12-31T23:59:59-02", None),
        ("2024-W18-3T00:00:00Z", None),
    ],
)
def test_times_as_uv_reads_them(text: str, time: str | None) -> None:
    found = read_time_as_uv(text)
    assert (found and found.isoformat()) == time


@pytest.mark.parametrize("name", ["HTML: a marked section", "HTML: CDATA"])
def test_marked_sections_end_for_uv_where_a_comment_would(name: str) -> None:
    body, content_type = ODD_PAGES[name]
    details = parse_page(body, content_type=content_type, url=URL)
    assert refused_by(details) in ([], ["pip"])


def test_a_page_with_the_wrong_content_type_and_something_else() -> None:
    body, _ = ODD_PAGES["NaN as size"]
    first, *_ = parse_page(body, content_type=JSON.upper(), url=URL).problems
    assert first == PageProblem(fault=PageFault.CONTENT_TYPE, text=f"content type {JSON.upper()}")
    for spoilt in (b"NaN" + b"1" * 5000, b'{"a": NaN, "b": ' + b"1" * 5000 + b"}"):
        with pytest.raises(UnreadablePageError) as caught:
            parse_page(spoilt, content_type=JSON, url=URL)
        assert caught.value.problem.fault is PageFault.UNREADABLE


def test_bytes_that_are_no_utf8_are_told_from_what_python_cannot_read() -> None:
    """Poetry replaces such bytes."""
    for more, faults in (
        (b"", [PageFault.JSON_ENCODING]),
        (b', "yy": ' + b"1" * 5000, [PageFault.JSON_ENCODING, PageFault.JSON_FOR_PYTHON]),
    ):
        details = parse_page(b'{"files": [], "zz": "\xe4"' + more + b"}", content_type=JSON, url=URL)
        assert [problem.fault for problem in details.problems] == faults
        assert bool(details.first_problem(find_installer("poetry").refused_faults)) is bool(more)


def test_a_time_that_only_uv_reads_is_kept() -> None:
    (file,) = json_page(usual_entry(upload_time="2024-05-01T23:59:60Z")).files
    assert file.upload_time == datetime(2024, 5, 1, 23, 59, 59, tzinfo=UTC)
    assert refused_by(json_page(usual_entry(upload_time="2024-05-01T23:59:60Z"))) == ["pip"]


def test_links_that_not_everybody_sees() -> None:
    twice = '<a href="foo-1.0.tar.gz" href="foo-2.0.tar.gz">'
    last, first = html_page(twice).files
    assert (last.filename, last.seen_by) == ("foo-2.0.tar.gz", LinkReading.PYTHON)
    assert (first.filename, first.seen_by) == ("foo-1.0.tar.gz", LinkReading.STANDARD)
    listed = html_page("<xmp><a href='foo-1.0.tar.gz'></xmp>").files
    as_html_has_it = "xmp" in HTMLParser.CDATA_CONTENT_ELEMENTS  # newer releases of Python
    assert [file.seen_by for file in listed] == ([] if as_html_has_it else [LinkReading.PYTHON])
    assert html_page("<!-- <a href='foo-1.0.tar.gz'> -->").files == ()
    (comment,) = html_page("<!--> <a href='foo-1.0.tar.gz'> -->").files
    assert comment.filename == "foo-1.0.tar.gz"  # newer releases of Python see it too
    both = html_page("<textarea><p></textarea><a href='foo-1.0.tar.gz'>").files
    assert [(file.filename, file.seen_by) for file in both] == [("foo-1.0.tar.gz", None)]


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/json" + "x" * 500])
def test_other_content_types_are_refused(content_type: str) -> None:
    with pytest.raises(IndexFormatError, match="content type") as caught:
        parse_page(b"{}", content_type=content_type, url=URL)
    assert len(caught.value.message) < 500


def test_html_says_the_same_as_json() -> None:
    details = html_page(
        '<meta name="pypi:repository-version" content="1.4"><meta name="pypi:project-status" content="quarantined">',
        '<meta name="pypi:project-status-reason" content="bad">',
        f'<a href="../../f/foo-1.0%2Bcpu.tar.gz?k=v#sha256={SHA}" data-requires-python="&gt;=3.9" data-yanked="why"',
        f'data-core-metadata="sha256={SHA}" data-size="12" data-upload-time="2025-01-02T03:04:05Z">foo</a>',
        '<a href="https://files.example.org/foo-2.0.tar.gz" data-yanked data-dist-info-metadata="true">foo</a>',
        "<a>nothing</a><a href=''>nothing</a><p>",
        content_type="text/html; charset=utf-8",
    )
    first, second = details.files
    assert first == File(
        filename="foo-1.0+cpu.tar.gz",
        url=f"https://index.example.org/f/foo-1.0%2Bcpu.tar.gz?k=v#sha256={SHA}",
        hashes=(("sha256", SHA),),
        size=12,
        upload_time=datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC),
        requires_python=">=3.9",
        yanked=Yanked(reason="why"),
        core_metadata=(("sha256", SHA),),
    )
    assert (second.yanked, second.core_metadata, second.size) == (Yanked(doubtful=True), (), None)
    assert (details.html, details.api_version, details.status, details.status_reason) == (
        True,
        "1.4",
        "quarantined",
        "bad",
    )
    assert details.problems == ()


@pytest.mark.parametrize(
    ("line", "by"),
    [
        ('<a href="foo-1.0.tar.gz#egg=foo-7.0">', ["uv"]),
        ('<a href="foo-1.0.tar.gz#egg=foo bar">', ["pip", "uv"]),
        ('<a href="foo-1.0.tar.gz#sha1=aa">', ["uv"]),
        ('<a href="foo-1.0.tar.gz#sha256=aa">', ["uv"]),
        ('<a href="foo-1.0.tar.gz#a=b&c=d">', []),
        ('<a href="http://[half/foo-1.0.tar.gz">', ["pip"]),
        ('<base href="/files/"><a href="foo-1.0.tar.gz">', ["uv"]),
        ('<base><base href="/files/"><a href="foo-1.0.tar.gz">', []),
        ('<a href="foo-1.0.tar.gz"><base href="/files/">', []),
        ('<link rel="x"><base href="/files/">', []),
        ('<base href="https://files.example.org/"><a href="foo-1.0.tar.gz">', []),
    ],
)
def test_what_installers_trip_over_in_html(line: str, by: list[str]) -> None:
    assert refused_by(html_page(line)) == by


def test_a_fragment_that_is_no_digest_is_none() -> None:
    first, second = html_page('<a href="foo-1.0.tar.gz#egg=foo-7.0"><a href="foo-1.0.tar.gz#sha1=aa">').files
    assert (first.hashes, second.hashes) == ((), (("sha1", "aa"),))


def test_base_moves_relative_links() -> None:
    (file,) = html_page(
        '<base href="https://files.example.org/x/"><a href="foo-1.0.tar.gz"><base href="https://other.example.org/">'
    ).files
    assert file.url == "https://files.example.org/x/foo-1.0.tar.gz"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"<a href='x'>&#" + b"9" * 5000 + b";</a>", HTML),
    ],
)
def test_html_that_cannot_be_read(body: bytes, content_type: str) -> None:
    with pytest.raises(IndexFormatError):
        parse_page(body, content_type=content_type, url=URL)


@pytest.mark.parametrize(
    "body",
    [
        b"<a " + b"x=y " * 60_000,
        b"<a href=x>" * 50_001,
        b"<a href='x'>&#" + b"9" * 5000 + b";</a>",
    ],
)
def test_html_that_is_made_to_hurt(body: bytes) -> None:
    with pytest.raises(IndexFormatError):
        parse_page(body, content_type="text/html", url="https://example.org/simple/demo/")


@pytest.mark.parametrize("value", [b"[]", b'{"a":1}', b'{"a":1,"a":1}', b"1"])
def test_json_of_more_values_than_a_page_has(value: bytes) -> None:
    body = b'{"files": [], "other": [' + b",".join([value] * 1_600_000) + b" " * 9_000_000 + b"]}"
    with pytest.raises(IndexFormatError, match="more than 1,500,000 values"):
        parse_page(body, content_type=JSON, url=URL)


def test_html_in_another_charset() -> None:
    file, for_uv = parse_page(
        '<a href="é.tar.gz">'.encode("latin-1"), content_type=f"{HTML}; charset=ISO-8859-1", url=URL
    ).files
    assert (file.filename, file.seen_by) == ("é.tar.gz", LinkReading.PYTHON)
    assert (for_uv.filename, for_uv.seen_by) == ("\ufffd.tar.gz", LinkReading.STANDARD)


def test_rendering_keeps_what_json_has_a_place_for() -> None:
    details = json_page(
        usual_entry(size=3, upload_time="2025-01-02T03:04:05Z", requires_python="", yanked=True, core_metadata=True),
        usual_entry("foo-2.0.tar.gz", yanked="", core_metadata={"sha256": SHA}),
        usual_entry("foo-3.0.tar.gz", yanked="why"),
        versions=["1.0"],
        **{"project-status": {"status": "archived"}},
    )
    again = parse_page(render_page(details), content_type=JSON, url=URL)
    assert again == details
    assert json.loads(render_page(details))["project-status"] == {"status": "archived"}
    bare = json_page(usual_entry())
    assert parse_page(render_page(bare), content_type=JSON, url=URL) == bare
    reason = json_page(**{"project-status": {"reason": "why"}})
    assert parse_page(render_page(reason), content_type=JSON, url=URL) == reason


def test_upload_times_are_utc() -> None:
    assert read_upload_time("2025-01-01T02:00:00+02:00") == datetime(2025, 1, 1, tzinfo=UTC)
    assert read_upload_time("2025-01-01") is None
    assert read_upload_time("soon") is None
    far = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=23))).isoformat()
    assert read_upload_time(far) is None


def test_names_are_normalized_even_when_they_are_not_valid() -> None:
    assert normalized("Foo.__-Bar") == "foo-bar"
    assert normalized("_x_") == "-x-"


def test_pages_at_hand_are_an_index() -> None:
    details = json_page(usual_entry())
    pages = Pages.of([details], kind=SourceKind.FIND_LINKS_PAGE)
    assert pages.project("foo") is details
    assert pages.project("bar") is None
    assert pages.kind.flat


@pytest.mark.parametrize(
    ("href", "by_column"),
    [
        ("foo-1.0.tar.gz", True),
        ("../../packages/ab/foo-1.0.tar.gz", True),
        ("/packages/foo%201.0.tar.gz", True),
        ("../../../../../foo-1.0.tar.gz", True),
        ("", False),
        ("./foo-1.0.tar.gz", False),
        ("a/../foo-1.0.tar.gz", False),
        ("//other.example/foo-1.0.tar.gz", False),
        ("ftp://other.example/foo-1.0.tar.gz", False),
        ("foo-1.0.tar.gz?a=1#sha256=3", False),
        ("a//foo-1.0.tar.gz", False),
        ("foo-1.0.tar.gz\t", False),
    ],
)
@pytest.mark.parametrize("base", [URL, "https://index.example/simple/foo", "file:///pages/foo/"])
def test_a_relative_address_is_joined_as_urljoin_does_it(base: str, href: str, by_column: bool) -> None:
    body = json.dumps({"files": [usual_entry(url=href)]}).encode()
    details = parse_page(body, content_type=JSON, url=base, name="foo")
    assert isinstance(details.files, JsonFiles) is (by_column and base.startswith("https"))
    assert [file.url for file in details.files] == [urljoin(base, href)]


@pytest.mark.parametrize(
    ("times", "by_column"),
    [
        (["2025-01-02T03:04:05Z", "2025-01-02T03:04:05.123456Z"], True),
        (["2025-01-02T03:04:05Z", "2025-01-02T03:04:05.999912Z"], True),
        (["2025-01-02T03:04:05+00:00"], False),
        (["2025-01-02T03:04:05Z", "2025-01-02T03:04:05-01:00"], False),
        (["2025-01-02 03:04:05Z"], False),
        (["2025-01-02Z03:04:05Z", "2025-01-02T03:04:05"], False),
        (["20250102T030405Z"], False),
        (["2025-W01-4T03:04:05Z"], False),
        (["20250102T030405Z", "2025-W01-4T03:04:05Z", "2025-01-02T03:04:05-0100"], False),
        (["2025-01-02T24:00:00Z"], False),
        (["2025-01-02T03:04:05.123456789Z"], True),
        (["2025-01-02T03:04:05.1234567891Z"], False),
        (["2025-01-02T030405.1234567891Z"], False),
        (["9999-12-31T03:04:05Z"], False),
        (["2025-02-30T03:04:05Z"], False),
    ],
)
def test_upload_times_are_read_by_column_if_all_have_the_form_of_an_index(times: list[str], by_column: bool) -> None:
    names = [f"foo-{number}.tar.gz" for number in range(len(times))]
    details = json_page(*(usual_entry(name, upload_time=time) for name, time in zip(names, times, strict=True)))
    assert isinstance(details.files, JsonFiles) is by_column
    one_by_one = [
        json_page(usual_entry(upload_time=time), usual_entry(upload_time="x")).files[0].upload_time for time in times
    ]
    assert [file.upload_time for file in details.files] == one_by_one


@pytest.mark.parametrize("other", ["http://files.example/foo-1.0.tar.gz", "https:foo", "https:/0", "https:0"])
def test_addresses_are_absolute_if_each_has_a_scheme_and_a_host(other: str) -> None:
    page = json_page(usual_entry(url="https://files.example/foo-1.0.tar.gz"), usual_entry("foo-2.0.tar.gz", url=other))
    assert isinstance(page.files, JsonFiles) is other.startswith("http://")
    assert [file.url for file in page.files][1:] == [urljoin(URL, other)]


def test_a_page_like_those_of_the_python_package_index_is_read_by_column() -> None:
    digest = {"sha256": SHA}
    details = json_page(
        usual_entry("foo-1.0-py3-none-any.whl", core_metadata=digest, data_dist_info_metadata=digest, provenance=None)
    )
    assert isinstance(details.files, JsonFiles)
    assert details.files[0].core_metadata == (("sha256", SHA),)


def written(*pairs: tuple[str, Any]) -> ProjectDetails:
    """A page with one entry whose keys are written in this order, some of them repeatedly."""
    every = [*pairs, *entry("foo-1.0.tar.gz").items()]
    body = ", ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in every)
    return parse_page(f'{{"files": [{{{body}}}]}}'.encode(), content_type=JSON, url=URL, name="foo")


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("filename", (None, 1)),
        ("url", (1, [])),
        ("hashes", (None, [], {"sha256": "x"})),
        ("requires-python", (1, False)),
        ("size", (None, -1, True)),
        ("upload-time", (None, "x")),
        ("yanked", (None, 1)),
        ("core-metadata", ("x", {"sha256": "x"})),
        ("dist-info-metadata", (1,)),
        ("data-dist-info-metadata", (1,)),
    ],
)
def test_uv_also_reads_what_a_repeated_key_says_first(key: str, values: tuple[Any, ...]) -> None:
    usual = {"requires-python": None, "size": 3, "upload-time": "2024-05-01T00:00:00Z", "yanked": False} | entry("x")
    for value in values:
        details = written((key, value), (key, usual.get(key, True)), ("zz", 1), ("zz", 2))
        assert refused_by(details) == ["uv"], value
        assert len(details.files) == 1
    assert not refused_by(written((key, usual.get(key, True)), (key, usual.get(key, True)), ("zz", 1), ("zz", 2)))


def test_uv_reads_no_metadata_key_behind_the_first() -> None:
    first, older, oldest = "core-metadata", "dist-info-metadata", "data-dist-info-metadata"
    for pairs, refused in (
        ([(first, True), (older, "x"), (first, "x")], []),
        ([(older, "x"), (first, True)], ["uv"]),
        ([(older, True), (oldest, "x")], []),
        ([(first, None), (older, None), (oldest, "x")], ["uv"]),
    ):
        assert refused_by(written(*pairs)) == refused


def test_what_is_odd_about_values_of_a_page() -> None:
    assert refused_by(written(("size", 0))) == []
    body = json.dumps({"files": [usual_entry(size=77)]}).replace("77", "-0").encode()
    assert refused_by(parse_page(body, content_type=JSON, url=URL, name="foo")) == ["uv"]
    assert refused_by(json_page(usual_entry() | {"url": f"{URL}foo-1.0.tar.gz#egg=a%20b"})) == ["pip"]
    nested = json_page(usual_entry(), other=[{"a": ["b:c", None, 1]}], provenance="https://example.org/x")
    assert isinstance(nested.files, JsonFiles)
    assert isinstance(json_page(usual_entry(data_dist_info_metadata={"sha256": SHA})).files, JsonFiles)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("&gt=3.8", "&gt=3.8"),
        ("&gt3.8", "&gt3.8"),
        ("&gt;=3.8", ">=3.8"),
        ("&gt", ">"),
        ("&ge;3.8", "\u22653.8"),
        ("&nosuch;", "&nosuch;"),
        ("&notit;", "&notit;"),
        ("&nbsp;3", "\xa03"),
        ("&#62=3.8", ">=3.8"),
    ],
)
def test_references_of_attributes_as_the_html_standard_reads_them(written: str, read: str) -> None:
    details = html_page(f'<a href="foo-1.0.tar.gz" data-requires-python="{written}">x</a>')
    assert read in [file.requires_python for file in details.files if file.seen_by is not LinkReading.PYTHON]


@pytest.mark.parametrize(
    ("head", "by"),
    [
        ("../files/", ["uv"]),
        ("http:", ["uv"]),
        ("http://", ["uv"]),
        ("http:///", ["uv"]),
        ("http://example.org:x/", ["uv"]),
        ("http://example.org:65536/", ["uv"]),
        (" http://example.org/ ", []),
        ("HTTPS://user@example.org:443/x", []),
        ("http://[::1]:8000", []),
        ("x:y", []),
    ],
)
def test_what_uv_takes_for_a_base(head: str, by: list[str]) -> None:
    details = html_page(f'<base href="{head}"><a href="https://example.org/foo-1.0.tar.gz">x</a>')
    assert refused_by(details) == by


@pytest.mark.parametrize(
    ("address", "by"),
    [
        ("foo-1.0.tar.gz#%ff", {"uv"}),
        ("foo-1.0%C3.tar.gz", {"uv"}),
        ("foo-1.0%C3%A4.tar.gz#%20", set()),
        ("x%2Ffoo-1.0.tar.gz", {"poetry"}),
        ("x\\foo-1.0.tar.gz", {"poetry"}),
        ("foo-1.0.tar.gz/", set()),
    ],
)
def test_what_installers_trip_over_in_addresses(address: str, by: set[str]) -> None:
    project = ProjectFiles("foo", [(SourceKind.INDEX, html_page(f'<a href="{address}">x</a>'))])
    question = (project, parse_requirement("foo"), parse_environment("cp314-win32"))
    assert {name for name in INSTALLERS if refusal(*question, installer(name))} == by


def test_an_end_tag_with_attributes_ends_a_script_for_uv() -> None:
    details = html_page('<script></script x><a href="foo-1.0.tar.gz">x</a>')
    assert [file.filename for file in details.files if file.seen_by is not LinkReading.PYTHON] == ["foo-1.0.tar.gz"]


def test_a_codec_that_is_no_charset() -> None:
    details = html_page('<a href="foo-1.0.tar.gz">x</a>', content_type="text/html; charset=rot13")
    assert [problem.fault for problem in details.problems] == [PageFault.CHARSET]
