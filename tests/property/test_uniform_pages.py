"""A page that is read without objects says what ``json.loads`` reads, however it was damaged."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from ftwheel.core.index.page_uniform import uniform_columns

DIGESTS = st.sampled_from(["a" * 64, "B" * 64, ""]).map(lambda digest: {"sha256": digest})
METADATA = st.none() | st.booleans() | DIGESTS
TEXTS = st.text("a:{}[], é", max_size=9)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "filename": TEXTS,
    "url": TEXTS,
    "hashes": DIGESTS,
    "requires-python": st.none() | TEXTS,
    "size": st.integers(1, 10**19 - 1),
    "upload-time": TEXTS.filter(bool),
    "yanked": st.booleans() | TEXTS,
    "provenance": st.none() | TEXTS,
    "core-metadata": METADATA,
    "dist-info-metadata": METADATA,
    "data-dist-info-metadata": METADATA,
}
KEYS = st.lists(st.sampled_from([*VALUES][3:]), unique=True).flatmap(
    lambda more: st.permutations(["filename", "url", "hashes", *more])
)
ENTRIES = KEYS.flatmap(
    lambda keys: st.lists(
        st.tuples(*(VALUES[key] for key in keys)).map(lambda values: dict(zip(keys, values, strict=True))),
        min_size=1,
        max_size=4,
    )
)
MORE = st.dictionaries(st.sampled_from(["meta", "name", "versions"]), TEXTS | st.lists(TEXTS) | st.booleans())
STYLES = st.sampled_from([(",", ":"), (", ", ": ")])


def written(
    entries: list[dict[str, Any]], before: dict[str, Any], after: dict[str, Any], style: tuple[str, str]
) -> str:
    page = before | {"files": entries} | {key: value for key, value in after.items() if key not in before}
    return json.dumps(page, separators=style, ensure_ascii=False)


def no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def says_the_same(body: bytes) -> bool:
    """Whether the page was read without objects; then all of it has to be what ``json.loads`` reads."""
    found = uniform_columns(body)
    if found is None:
        return False
    rest, columns = found
    page = json.loads(body, object_pairs_hook=no_repeats)
    entries = page["files"]
    assert rest == {**page, "files": []}
    assert columns.filenames == [entry["filename"] for entry in entries]
    assert columns.hrefs == [entry["url"] for entry in entries]
    assert columns.digests[: len(entries)] == [entry["hashes"]["sha256"] for entry in entries]
    assert columns.sizes == [entry.get("size") for entry in entries]
    assert columns.requires_python == [entry.get("requires-python") for entry in entries]
    assert columns.times == [entry.get("upload-time", "") for entry in entries]
    assert list(map(repr, columns.yanked)) == [repr(entry.get("yanked", False)) for entry in entries]
    values = [(entry.get("core-metadata"), entry.get("dist-info-metadata")) for entry in entries]
    first = [(core if core is not None else older) or None for core, older in values]
    digests = [found["sha256"] if isinstance(found, dict) else found for found in first]
    assert list(map(bool, columns.metadata)) == list(map(bool, digests))
    assert [one for one in columns.metadata if one] == [one for one in digests if one]
    return True


@given(ENTRIES, MORE, MORE, STYLES)
def test_entries_with_the_same_keys_are_read_without_objects(
    entries: list[dict[str, Any]], before: dict[str, Any], after: dict[str, Any], style: tuple[str, str]
) -> None:
    assert says_the_same(written(entries, before, after, style).encode())


PARTS = st.sampled_from([*'{}[],:" \\\n0', "null", "NaN", '"files":[', '"files": [NaN], "', "}, {", '"a":1,'])


@given(ENTRIES, MORE, MORE, STYLES, st.lists(st.tuples(st.integers(0), st.integers(0, 3), PARTS), max_size=3))
@example([{"filename": "", "url": "", "hashes": {"sha256": ""}}], {}, {}, (",", ":"), [(1, 0, '"files":[NaN],"b')])
def test_a_damaged_page_is_left_to_json_or_says_the_same(
    entries: list[dict[str, Any]],
    before: dict[str, Any],
    after: dict[str, Any],
    style: tuple[str, str],
    damages: list[tuple[int, int, str]],
) -> None:
    text = written(entries, before, after, style)
    for at, removed, new in damages:
        place = at % (len(text) + 1)
        text = text[:place] + new + text[place + removed :]
    says_the_same(text.encode())
