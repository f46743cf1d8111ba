"""A page in its packed form: the same as the page, and nothing if it is another one or is damaged."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from ftwheel.core.index.page import ProjectDetails
from ftwheel.core.index.page_columns import pack, unpack
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
    [json_page(usual_entry(size=-1)), json_page(usual_entry(), **{"project-status": 1}), html_page("<a href=x>x</a>")],
)
def test_only_usual_pages_are_packed(details: ProjectDetails) -> None:
    assert pack(details, SOURCE) is None


def test_a_packed_page_of_another_source_is_none() -> None:
    assert unpack(packed(PAGE), (*SOURCE, "more")) is None
    assert unpack(packed(PAGE), ("0.1.1", SOURCE[1])) is None


@pytest.mark.parametrize(
    ("at", "value"),
    [
        ("source", None),
        ("page", ["foo"]),
        ("page", ["foo", 1, "1.0", "active", ""]),
        ("versions", 1),
        ("versions", [1]),
        ("texts", [["a"], ["b"], ["c"]]),
        ("texts", [[1], [2], [3]]),
        ("texts", 1),
        ("requires-python", [1, 2, 3, 4]),
        ("requires-python", "abcd"),
        ("upload-times", ["", "", "", ""]),
        ("upload-times", ["2025-01-02T03:04:05", None, None, None]),
        ("upload-times", ["+00:00", None, None, None]),
        ("yanked", [1, 2, 3, 4]),
        ("sizes", [True, 1, 1, 1]),
        ("metadata", [1, 1, 1, 1]),
    ],
)
def test_a_damaged_packed_page_is_none(at: str, value: object) -> None:
    page = json.loads(packed(PAGE))
    assert unpack(json.dumps(page).encode(), SOURCE) == PAGE
    assert unpack(json.dumps({**page, at: value}).encode(), SOURCE) is None
    del page[at]
    assert unpack(json.dumps(page).encode(), SOURCE) is None


@pytest.mark.parametrize("damaged", [b"", b"[]", b"\xff", b"[" * 100_000, packed(PAGE)[:-1], b"null"])
def test_what_is_no_packed_page_is_none(damaged: bytes) -> None:
    assert unpack(damaged, SOURCE) is None
