"""A page in its packed form says the same, and never anything else than a page."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from ftwheel.core.index.page_columns import JsonFiles, pack, unpack
from support.pages import entry, json_page

SOURCE = ("0.1.0", "https://index.example/simple/foo/ 200")
DIGESTS = st.sampled_from(["a" * 64, "b" * 64]).map(lambda digest: {"sha256": digest})
FIELDS = {
    "size": st.integers(1, 2**63),
    "upload_time": st.datetimes().map(lambda time: f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond:06}Z".rjust(27, "0")),
    "requires_python": st.none() | st.sampled_from([">=3.9", "", "x"]),
    "yanked": st.booleans() | st.text("ab c"),
    "core_metadata": st.none() | st.booleans() | DIGESTS,
    "dist_info_metadata": st.none() | st.booleans() | DIGESTS,
    "data_dist_info_metadata": st.none() | DIGESTS,
}
ENTRIES = st.lists(st.tuples(DIGESTS, st.fixed_dictionaries({}, optional=FIELDS)), max_size=5)


@given(ENTRIES)
def test_a_usual_page_is_the_same_when_packed(entries: list[tuple[dict[str, str], dict[str, object]]]) -> None:
    details = json_page(*(entry(f"foo-{i}.tar.gz", hashes=each, **more) for i, (each, more) in enumerate(entries)))
    packed = pack(details, SOURCE)
    assert isinstance(details.files, JsonFiles) is (packed is not None)
    if packed is not None:
        assert unpack(packed, SOURCE) == details


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
HEADER, _, BLOCKS = (pack(json_page(entry("foo-1.0.tar.gz", hashes={"sha256": "a" * 64})), SOURCE) or b"").partition(
    b"\n"
)
PACKED = json.loads(HEADER)


def same_again(damaged: bytes) -> None:
    read = unpack(damaged, SOURCE)
    if read is not None and (packed := pack(read, SOURCE)) is not None:
        assert unpack(packed, SOURCE) == read


@given(at=st.sampled_from(sorted(PACKED)), value=VALUES)
def test_a_damaged_page_is_none_or_a_page(at: str, value: object) -> None:
    same_again(json.dumps({**PACKED, at: value}).encode() + b"\n" + BLOCKS)


@given(
    begin=st.integers(0, len(BLOCKS)),
    rest=st.integers(0, len(BLOCKS)),
    other=st.binary(max_size=9),
    blocks=st.none() | st.lists(st.integers(-9, 99), min_size=6, max_size=6),
)
def test_a_page_with_other_lines_is_none_or_a_page(
    begin: int, rest: int, other: bytes, blocks: list[int] | None
) -> None:
    changed = BLOCKS[:begin] + other + BLOCKS[begin + len(other) : rest]
    header = {**PACKED, "blocks": PACKED["blocks"] if blocks is None else [*blocks[:5], len(changed) - sum(blocks[:5])]}
    same_again(json.dumps(header).encode() + b"\n" + changed)
