"""A page whose entries are all written alike is read without objects, and says what it says when read with them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ftwheel.core.index.page_columns import JsonFiles
from ftwheel.core.index.page_json import parse_json
from ftwheel.core.index.page_uniform import uniform_columns
from support.pages import SHA, usual_entry

FULL: dict[str, Any] = {
    "size": 3,
    "upload_time": "2025-01-02T03:04:05.25Z",
    "requires_python": ">=3.9",
    "yanked": False,
    "core_metadata": {"sha256": SHA},
    "provenance": None,
}
ENTRIES = [
    usual_entry(**FULL),
    usual_entry("foo-2.0.tar.gz", **FULL | {"requires_python": None, "yanked": "a: b", "core_metadata": False}),
    usual_entry("foo-3.0.tar.gz", **FULL | {"yanked": True, "core_metadata": None, "provenance": "https://x/y"}),
    usual_entry("foo-4.0.tar.gz", **FULL | {"requires_python": "", "yanked": "", "core_metadata": True}),
]
PAGE = {"meta": {"api-version": "1.1"}, "name": "foo", "files": ENTRIES, "versions": ["1.0", "2.0"]}
COMPACT, SPACED = (",", ":"), (", ", ": ")


def read(body: bytes) -> tuple[object, object, tuple[object, ...]]:
    details = parse_json(body, url="https://index.example/simple/foo/", name="foo")
    assert isinstance(details.files, JsonFiles)
    return details._replace(files=()), tuple(details.files), details.files.details.metadata  # type: ignore[return-value]


@pytest.mark.parametrize("style", [COMPACT, SPACED])
@pytest.mark.parametrize(
    "page",
    [
        PAGE,
        {"files": ENTRIES[:1]},
        {"files": [usual_entry(), usual_entry("foo-2.0.tar.gz")], "name": "foo", "a": {"files": [1, "files"]}},
        {"files": [usual_entry(dist_info_metadata=True, core_metadata=found) for found in (None, False, True)]},
        {"files": [usual_entry(data_dist_info_metadata={"sha256": SHA}, url="../foo-1.0.tar.gz")]},
        {"files": [usual_entry("föo-\ud55c.zip")]},
    ],
)
def test_a_page_in_either_style_says_the_same_as_one_with_lines(page: Any, style: tuple[str, str]) -> None:
    body = json.dumps(page, separators=style, ensure_ascii=False).encode()
    lines = json.dumps(page, indent=1, ensure_ascii=False).encode()
    assert uniform_columns(body) is not None
    assert uniform_columns(b"\r\n\t " + body + b"\n") == uniform_columns(body)
    assert uniform_columns(lines) is None
    entries = parse_json(lines, url="https://index.example/simple/foo/", name="foo")
    assert read(body)[:2] == (entries._replace(files=()), tuple(entries.files))


def with_text(old: str, new: str, *, style: tuple[str, str] = COMPACT) -> bytes:
    text = json.dumps(PAGE, separators=style, ensure_ascii=False)
    assert old in text
    return text.replace(old, new, 1).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"files": []}).encode(),
        json.dumps({"files": {}}).encode(),
        json.dumps([PAGE]).encode(),
        json.dumps({"file": ENTRIES}).encode(),
        json.dumps({"files": [ENTRIES]}).encode(),
        json.dumps({"files": [usual_entry(), usual_entry(size=1)]}).encode(),
        json.dumps({"files": [usual_entry(), 1]}).encode(),
        json.dumps({"files": [1, usual_entry()]}).encode(),
        json.dumps({"files": [], "other": ENTRIES}).encode(),
        json.dumps({"files": [usual_entry(gpg_sig=False)]}).encode(),
        json.dumps({"files": [{"filename": "foo-1.0.tar.gz", "url": "x"}]}).encode(),
        json.dumps({"files": [usual_entry(upload_time="")]}).encode(),
        json.dumps({"files": [usual_entry(size=0)]}).encode(),
        json.dumps({"files": [usual_entry(hashes={})]}).encode(),
        # in the place of a text, which makes it no JSON
        b'{"files": [NaN], "x": "%b"}' % json.dumps(usual_entry()).encode(),
        b'{"files": [Infinity], "x": "%b"}' % json.dumps(usual_entry()).encode(),
        json.dumps({"files": ENTRIES}).encode("utf-16"),
        b"\xef\xbb\xbf" + json.dumps({"files": ENTRIES}).encode(),
        with_text("foo-2.0", "foo-\x01"),
        with_text("a: b", "a\\u003a b"),
        with_text("a: b", "\ud800"),
        with_text("},{", "}, {"),
        with_text("},{", "}{"),
        with_text("},{", "}],[{"),
        with_text("}, {", "},{", style=SPACED),
        with_text('"versions":[', '"versions":[NaN,'),
        with_text('"versions":[', '"name":"bar","versions":['),
        with_text('"files":[', '"files":[NaN],"others":['),
        with_text('"files":[', '"files":[],"files":['),
        with_text('"versions":[', '"files":[],"versions":['),
        with_text('"size":3', '"size":03'),
        with_text('"size":3', '"size":3,"size":3'),
        with_text('"name":"foo"', f'"name":"foo","x":{"[" * 5000}{"]" * 5000}'),
    ],
)
def test_every_other_page_is_left_to_json(body: bytes) -> None:
    assert uniform_columns(body) is None


@pytest.mark.parametrize(
    "odd", [{"hashes": {"sha256": "x" * 64}}, {"upload_time": "2025-02-30T00:00:00Z"}, {"url": "https://[x/"}]
)
def test_values_that_are_not_usual_are_faults_of_the_page(odd: dict[str, Any]) -> None:
    body = json.dumps({"files": [usual_entry(**odd)]}).encode()
    assert uniform_columns(body) is not None
    details = parse_json(body, url="https://index.example/simple/foo/", name="foo")
    assert details.problems
    assert not isinstance(details.files, JsonFiles)
