"""Whatever is done to a wheel, the check answers: never a traceback, and never much memory."""

from __future__ import annotations

import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ftwheel.app.wheel.check import Judge
from ftwheel.core.errors import InputError
from ftwheel.core.wheel.contents import parse_metadata, parse_record, parse_wheel_file, unsafe_path
from ftwheel.core.wheel.filename import WheelName
from ftwheel.io.wheel.reading import inspect_wheel
from ftwheel.io.wheel.stable_abi import stable_symbols
from ftwheel.rules.wheel.selection import RuleSelection
from support.modules import build_module
from support.wheels import make_wheel

FREE_THREADED = "pkg-1.0-cp313-cp313t-linux_x86_64.whl"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory, free_threaded_python: str) -> bytes:
    """A real wheel with a real module, of some 8 kB."""
    folder = tmp_path_factory.mktemp("fuzz")
    module = build_module(folder / "module", free_threaded_python)
    files: dict[str, str | bytes] = {"pkg/__init__.py": "x = 1\n", "pkg/_ext.cpython-313t-x86_64-linux-gnu.so": module}
    return make_wheel(folder, FREE_THREADED, files).read_bytes()


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], set[str]]:
    path = tmp_path_factory.mktemp("judged") / FREE_THREADED
    judge = Judge(selection=RuleSelection(), read=inspect_wheel, stable_symbols=stable_symbols, policy=None)

    def run(data: bytes) -> set[str]:
        path.write_bytes(data)
        return {finding.code for finding in judge(str(path)).findings}

    return run


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.floats(0, 1, exclude_max=True))
def test_wheels_that_are_cut_off(cut: float, good: bytes, judged: Callable[[bytes], set[str]]) -> None:
    assert judged(good[: int(len(good) * cut)])


@settings(max_examples=400, deadline=None)
@given(flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=8))
def test_wheels_with_flipped_bits(
    flips: list[tuple[float, int]], good: bytes, judged: Callable[[bytes], set[str]]
) -> None:
    data = bytearray(good)
    for place, mask in flips:
        data[int(place * len(data))] ^= mask
    judged(bytes(data))


@settings(max_examples=150, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), junk=st.binary(min_size=1, max_size=40))
def test_wheels_with_bytes_put_in(place: float, junk: bytes, good: bytes, judged: Callable[[bytes], set[str]]) -> None:
    at = int(place * len(good))
    judged(good[:at] + junk + good[at:])


@settings(max_examples=150, deadline=None)
@given(
    members=st.lists(
        st.tuples(
            st.sampled_from(["a.py", "pkg/x.so", "../up", "pkg-1.0.dist-info/RECORD", "pkg-1.0.dist-info/WHEEL", "ä"]),
            st.binary(max_size=200),
            st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2]),
        ),
        max_size=6,
    )
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_zips_made_of_anything(
    members: list[tuple[str, bytes, int]],
    judged: Callable[[bytes], set[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.getbasetemp() / "anything.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data, method in members:
            archive.writestr(name, data, method)
    found = judged(path.read_bytes())
    names = [name for name, _, _ in members]
    assert ("FTW102" in found) == (len(names) != len(set(names)))
    assert ("FTW103" in found) == ("../up" in names)
    assert "FTW105" in found


def test_memory_stays_small_beside_the_file(tmp_path: Path) -> None:
    data = bytes(range(256)) * (40 << 10)  # 10 MiB that do not compress away
    wheel = make_wheel(tmp_path, FREE_THREADED, {"pkg/data.bin": data}, compression=zipfile.ZIP_STORED)
    tracemalloc.start()
    inspect_wheel(str(wheel))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * wheel.stat().st_size


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=300))
@example("Tag: " + "-".join([".".join(["a"] * 4000)] * 3))
def test_metadata_of_any_text(text: str) -> None:
    parse_wheel_file(text)
    parse_metadata(text)
    parse_record(text)


@settings(max_examples=300, deadline=None)
@given(
    name=st.text(st.characters(codec="utf-8"), max_size=60) | st.from_regex(r"[a-z]+-1-[a-z0-9.]+-[a-z0-9.]+-any\.whl")
)
def test_file_names_of_any_text(name: str) -> None:
    try:
        parsed = WheelName.parse(name)
    except InputError:
        return
    assert WheelName.parse(f"{parsed.stem}-{parsed.tag_text}.whl").tags == parsed.tags


@settings(max_examples=300, deadline=None)
@given(parts=st.lists(st.sampled_from(["a", "..", ".", "", "C:", "b\\c", "d\0"]), min_size=1, max_size=5))
def test_a_safe_name_stays_below_its_folder(parts: list[str]) -> None:
    path = "/".join(parts)
    if not unsafe_path(path):
        root = Path("/target")
        assert (root / path).is_relative_to(root)
        assert ".." not in Path(path).parts
