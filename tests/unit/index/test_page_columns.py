"""A page in its packed form: the same as the page, and nothing if it is another one or is damaged."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from ftwheel.core.index.page import ProjectDetails
from ftwheel.core.index.page_columns import JsonFiles, columns, has_plain_addresses, pack, unpack
from support.pages import SHA, html_page, json_page, usual_entry

SOURCE = ("0.1.0", "https://index.example/simple/foo/ 200")


def packed(details: ProjectDetails) -> bytes:
    found = pack(details, SOURCE)
    assert found is not None
    return found


PAGE = json_page(
    usual_entry(
        size=3,
        upload_time="2025-01-02T03:04:05.25Z",
        requires_python=">=3.9",
        yanked="broken",
        core_metadata={"sha256": SHA},
    ),
    usual_entry("foo-2.0-py3-none-any.whl", size=1, yanked=True, dist_info_metadata=True),
    usual_entry("foo-3.0.tar.gz", yanked="", core_metadata=False, dist_info_metadata={"sha256": "b" * 64}),
    usual_entry("foo-4.0.tar.gz", core_metadata=None, dist_info_metadata={"sha256": "b" * 64}),
    versions=["1.0", "2.0"],
    **{"project-status": {"status": "archived", "reason": "done"}},
)


def test_a_packed_page_is_the_page() -> None:
    again = unpack(packed(PAGE), SOURCE)
    assert again == PAGE
    assert again.files[0].upload_time == datetime(2025, 1, 2, 3, 4, 5, 250_000, UTC)
    assert [file.size for file in again.files] == [3, 1, None, None]
    assert [file.core_metadata for file in again.files] == [
        (("sha256", SHA),),
        (),
        None,
        (("sha256", "b" * 64),),
    ]
    assert unpack(packed(again), SOURCE) == again


def test_a_page_without_files_is_packed() -> None:
    assert unpack(packed(json_page()), SOURCE) == json_page()


@pytest.mark.parametrize(
    "details",
    [
        json_page(usual_entry(size=-1)),
        json_page(usual_entry(), **{"project-status": 1}),
        json_page(usual_entry("foo-1.0\n.tar.gz")),
        json_page(usual_entry(f"foo-1.0-{'x' * 500}.tar.gz")),
        html_page("<a href=x>x</a>"),
    ],
)
def test_only_usual_pages_are_packed(details: ProjectDetails) -> None:
    assert pack(details, SOURCE) is None


def test_a_packed_page_of_another_source_is_none() -> None:
    assert unpack(packed(PAGE), (*SOURCE, "more")) is None
    assert unpack(packed(PAGE), ("0.1.1", SOURCE[1])) is None


def with_header(packed: bytes, **changes: object) -> bytes:
    """The packed page with other values in its first line; ``...`` removes one."""
    header, _, blocks = packed.partition(b"\n")
    changed = {key: value for key, value in {**json.loads(header), **changes}.items() if value is not ...}
    return json.dumps(changed).encode() + b"\n" + blocks


@pytest.mark.parametrize(
    ("at", "value"),
    [
        ("source", None),
        ("page", ["foo"]),
        ("page", ["foo", 1, "1.0", "active", ""]),
        ("versions", 1),
        ("versions", [1]),
        ("plain", 1),
        ("requires-python", [[1, 4]]),
        ("requires-python", [["x", 3]]),
        ("requires-python", [["x", 10**12], ["y", 4 - 10**12]]),
        ("requires-python", [["x", 4, 4]]),
        ("requires-python", "abcd"),
        ("yanked", [[1, 4]]),
        ("yanked", [[True, "4"]]),
        ("blocks", [1, 2, 3]),
        ("blocks", [0, 0, 0, 0, 0, 0]),
        ("blocks", ["1", 2, 3, 4, 5, 6]),
        ("blocks", 1),
    ],
)
def test_a_damaged_packed_page_is_none(at: str, value: object) -> None:
    assert unpack(with_header(packed(PAGE)), SOURCE) == PAGE
    assert unpack(with_header(packed(PAGE), **{at: value}), SOURCE) is None
    assert unpack(with_header(packed(PAGE), **{at: ...}), SOURCE) is None


@pytest.mark.parametrize("damaged", [b"", b"[]\n", b"\xff\n", b"[" * 100_000, packed(PAGE)[:-1], b"null\n"])
def test_what_is_no_packed_page_is_none(damaged: bytes) -> None:
    assert unpack(damaged, SOURCE) is None


def test_a_line_that_cannot_be_read_is_what_the_page_does_not_give() -> None:
    """A packed page is checked before its long columns are read."""
    damaged = packed(PAGE).replace(b"2025-01-02T", b"2025-13-02T")
    again = unpack(damaged, SOURCE)
    assert again is not None
    assert [file.upload_time for file in again.files] == [None] * 4
    assert [file.filename for file in again.files] == [file.filename for file in PAGE.files]


def test_the_columns_of_a_packed_page_are_sequences() -> None:
    again = unpack(packed(PAGE), SOURCE)
    assert again is not None
    _, urls, _, times, _ = columns(again.files)
    assert [*times] == [*map(times.__getitem__, range(4))] == [file.upload_time for file in PAGE.files]
    assert urls[1:3] == [file.url for file in PAGE.files[1:3]]
    assert urls[-1] == PAGE.files[3].url
    assert len(urls) == 4
    with pytest.raises(IndexError):
        urls[4]


@pytest.mark.parametrize(
    ("file", "is_plain"),
    [
        ({}, True),
        ({"url": "https://files.example/other-1.0.tar.gz"}, False),
        ({"url": "https://files.example/a%20b/foo-1.0.tar.gz"}, False),
        ({"url": "https://files.example/macosx10/foo-1.0.zip", "filename": "foo-1.0.zip"}, False),
        (
            {
                "url": "https://files.example/foo-1.0-macosx10.zip",
                "filename": "foo-1.0-macosx10.zip",
            },
            True,
        ),
    ],
)
def test_whether_addresses_are_plain_is_kept(file: dict[str, str], is_plain: bool) -> None:
    page = json_page({**usual_entry(), **file})
    again = unpack(packed(page), SOURCE)
    assert again is not None
    assert isinstance(again.files, JsonFiles)
    assert again.files.plain is is_plain
    assert has_plain_addresses(again.files) is has_plain_addresses(page.files) is is_plain
    assert has_plain_addresses(tuple(page.files)) is is_plain
