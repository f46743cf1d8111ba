"""The reader of wheels against hostile and damaged zips."""

from __future__ import annotations

import struct
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import pytest

from ftwheel.core.errors import InputError
from ftwheel.core.wheel.contents import FlawKind, WheelContents
from ftwheel.core.wheel.extension_module import ExtensionModule
from ftwheel.io.wheel.reading import inspect_wheel, read_wheel
from support.facts import extension
from support.wheels import make_wheel

NAME = "pkg-1.0-py3-none-any.whl"


def flaws(contents: WheelContents) -> set[tuple[str, FlawKind]]:
    return {(flaw.path, flaw.kind) for flaw in contents.flaws}


def add(wheel: Path, name: str, data: bytes = b"x", **attributes: int) -> Path:
    """Put one more member into a wheel, as a careless tool does."""
    info = zipfile.ZipInfo(name)
    for key, value in attributes.items():
        setattr(info, key, value)
    with warnings.catch_warnings(), zipfile.ZipFile(wheel, "a") as archive:
        warnings.filterwarnings("ignore", "Duplicate name")
        archive.writestr(info, data, info.compress_type)
    return wheel


def patch(wheel: Path, old: bytes, new: bytes, *, count: int = -1) -> Path:
    data = wheel.read_bytes()
    assert old in data
    wheel.write_bytes(data.replace(old, new, count))
    return wheel


def test_a_good_wheel(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, NAME, {"pkg/__init__.py": "x = 1\n"}, requires_python=">=3.9", classifiers=["A"])
    contents = read_wheel(wheel)
    assert contents.flaws == ()
    assert (contents.size, contents.dist_info) == (wheel.stat().st_size, "pkg-1.0.dist-info/")
    assert contents.metadata is not None
    assert (contents.metadata.requires_python, contents.metadata.classifiers) == (">=3.9", ("A",))
    assert contents.record is not None
    recorded = {entry.path: entry.digest for entry in contents.record}
    digests = {member.path: member.digest for member in contents.members}
    assert recorded == digests
    assert [member.path for member in contents.installed] == ["pkg/__init__.py"]


def test_another_spelling_of_the_dist_info_folder(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "My_Pkg-1.0-py3-none-any.whl")
    renamed = wheel.rename(tmp_path / "my_pkg-1.0-py3-none-any.whl")
    contents = read_wheel(renamed)
    assert (contents.dist_info, contents.flaws) == ("My_Pkg-1.0.dist-info/", ())


def test_the_name_to_judge_by_may_be_another(tmp_path: Path) -> None:
    part = make_wheel(tmp_path, NAME).rename(tmp_path / "download.part")
    assert read_wheel(part, filename=NAME).filename == NAME


@pytest.mark.parametrize("name", ["WHEEL", "METADATA", "RECORD"])
def test_a_metadata_file_that_is_missing_or_no_text(name: str, tmp_path: Path) -> None:
    path = f"pkg-1.0.dist-info/{name}"
    for content in (None, b"\xff\xfe"):
        contents = read_wheel(make_wheel(tmp_path, NAME, replace={name: content}))
        assert flaws(contents) == {(path, FlawKind.MALFORMED)}
        assert getattr(contents, name.lower()) is None


def test_a_record_that_is_no_table(tmp_path: Path) -> None:
    contents = read_wheel(make_wheel(tmp_path, NAME, replace={"RECORD": "one,two\n"}))
    assert flaws(contents) == {("pkg-1.0.dist-info/RECORD", FlawKind.MALFORMED)}


def test_two_members_of_one_name(tmp_path: Path) -> None:
    contents = read_wheel(add(make_wheel(tmp_path, NAME), "pkg/__init__.py", b"evil"))
    assert flaws(contents) == {("pkg/__init__.py", FlawKind.DUPLICATE)}


@pytest.mark.parametrize("name", ["pkg/__init__.py/x", "pkg/__init__.py/", "pkg"])
def test_a_file_that_is_a_folder_too(name: str, tmp_path: Path) -> None:
    wheel = add(make_wheel(tmp_path, NAME), name)
    assert flaws(read_wheel(wheel)) == {(min(name, "pkg/__init__.py", key=len), FlawKind.CLASH)}


@pytest.mark.parametrize("name", ["../evil.py", "/evil.py", "pkg/../../evil.py", "C:/evil.py", "pkg\\evil.py"])
def test_names_that_leave_the_folder(name: str, tmp_path: Path) -> None:
    wheel = add(make_wheel(tmp_path, NAME), name)
    assert flaws(read_wheel(wheel)) == {(name, FlawKind.UNSAFE)}


def test_a_name_that_ends_early(tmp_path: Path) -> None:
    wheel = patch(add(make_wheel(tmp_path, NAME), "pkg/evilXsafe.py"), b"evilXsafe", b"evil\x00safe")
    assert (("pkg/evil\x00safe.py"), FlawKind.UNSAFE) in flaws(read_wheel(wheel))


def test_a_bomb_is_not_expanded(tmp_path: Path) -> None:
    wheel = add(make_wheel(tmp_path, NAME), "pkg/zeros.bin", b"\0" * (80 << 20), compress_type=zipfile.ZIP_DEFLATED)
    tracemalloc.start()
    contents = read_wheel(wheel)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert flaws(contents) == {("pkg/zeros.bin", FlawKind.TOO_LARGE)}
    assert peak < 4 << 20


def test_modules_beyond_any_real_number_are_not_read(tmp_path: Path) -> None:
    files = {f"pkg/m{number}.so": b"\x7fELF" for number in range(3_002)}
    contents = read_wheel(make_wheel(tmp_path, NAME, files))
    left_out = [flaw for flaw in contents.flaws if flaw.kind is FlawKind.TOO_LARGE]
    assert len(left_out) == 2
    assert left_out[0].detail == "is not read: the wheel has 3,002 extension modules, more than 3,000"


def test_members_that_share_their_bytes(tmp_path: Path) -> None:
    wheel = add(add(make_wheel(tmp_path, NAME), "pkg/one.bin", b"1" * 1000), "pkg/two.bin", b"2" * 1000)
    with zipfile.ZipFile(wheel) as archive:
        one, two = archive.getinfo("pkg/one.bin"), archive.getinfo("pkg/two.bin")
    # the central directory says that the second begins inside the first
    patch(
        wheel,
        struct.pack("<L", two.header_offset) + b"pkg/two.bin",
        struct.pack("<L", one.header_offset + 8) + b"pkg/two.bin",
    )
    assert ("pkg/two.bin", FlawKind.TOO_LARGE) in flaws(read_wheel(wheel))


def test_a_member_that_is_damaged(tmp_path: Path) -> None:
    wheel = add(make_wheel(tmp_path, NAME), "pkg/data.bin", b"A" * 100 + b"marker")
    contents = read_wheel(patch(wheel, b"Amarker", b"Bmarker"))
    assert flaws(contents) == {("pkg/data.bin", FlawKind.UNREADABLE)}
    assert "pkg/data.bin" not in {member.path for member in contents.members}


def test_a_compression_that_installers_need_not_know(tmp_path: Path) -> None:
    wheel = add(make_wheel(tmp_path, NAME), "pkg/data.bin", b"x" * 100, compress_type=zipfile.ZIP_LZMA)
    (flaw,) = read_wheel(wheel).flaws
    assert (flaw.kind, flaw.detail[:27]) == (FlawKind.UNREADABLE, "is compressed with method 1")


def test_an_encrypted_member(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, NAME)
    data = bytearray(wheel.read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 8] |= 1  # the flag of the last entry of the central directory
    wheel.write_bytes(data)
    assert [flaw.detail for flaw in read_wheel(wheel).flaws if flaw.kind is FlawKind.UNREADABLE] == ["is encrypted"]


@pytest.mark.parametrize("data", [b"", b"not a zip", b"PK\x05\x06" + b"\0" * 18])
def test_a_file_that_is_no_wheel(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(data)
    if data.startswith(b"PK"):
        assert len(read_wheel(path).flaws) == 3  # an empty zip lacks all metadata
    else:
        with pytest.raises(InputError, match="cannot be read as a wheel"):
            read_wheel(path)


def test_a_file_that_is_not_there_and_a_name_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_wheel(tmp_path / NAME)
    with pytest.raises(InputError, match="not a wheel's file name"):
        read_wheel(tmp_path / "pkg.zip")


def test_directories_are_no_members(tmp_path: Path) -> None:
    contents = read_wheel(add(make_wheel(tmp_path, NAME), "pkg/empty/", b""))
    assert contents.flaws == ()
    assert "pkg/empty/" not in {member.path for member in contents.members}


def test_record_may_use_another_strong_hash(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, NAME, {"a.py": "x"})
    plain = read_wheel(wheel)
    assert plain.members[0].digest.startswith("sha256=")
    record = "a.py,sha512=pKvVjxd7cFPsM10S0ofRo4rIc1YEBqpjyEHoS3wvC-2dXihr_y60TtG08h0gpd9r3lVUGrCSvteUcTwbBEh0sA,1\n"
    member = read_wheel(make_wheel(tmp_path, NAME, {"a.py": "x"}, replace={"RECORD": record})).members[0]
    assert member.digest.startswith("sha512=")
    unknown = read_wheel(make_wheel(tmp_path, NAME, {"a.py": "x"}, replace={"RECORD": "a.py,shake_128=x,1\n"}))
    assert unknown.members[0].digest == ""


@pytest.mark.parametrize(
    ("text", "initialised"),
    [(b"..PyInit__ext\0", True), (b"PyModExport__ext\0", True), (b"PyInit__extra\0", False), (b"PyInit_ext\0", False)],
)
def test_the_name_of_the_init_function_makes_a_module(text: bytes, initialised: bool, tmp_path: Path) -> None:
    contents = read_wheel(make_wheel(tmp_path, NAME, {"pkg/_ext.so": text}))
    assert [member.initialised for member in contents.members if member.path == "pkg/_ext.so"] == [initialised]
    assert bool(contents.modules) is initialised


def test_a_module_name_outside_ascii(tmp_path: Path) -> None:
    contents = read_wheel(
        make_wheel(
            tmp_path, NAME, {"pkg/spämmi.so": b"PyInitU_" + "spämmi".encode("punycode").replace(b"-", b"_") + b"\0"}
        )
    )
    assert list(contents.modules) == ["pkg.spämmi"]


def test_binaries_are_looked_into_on_demand(tmp_path: Path) -> None:
    seen: list[str] = []

    def look(data: bytes, path: str) -> ExtensionModule:
        seen.append(path)
        return extension(path)

    wheel = make_wheel(tmp_path, NAME, {"pkg/b.so": b"1", "pkg/a.pyd": b"2", "pkg/libx.so.1": b"3", "pkg/c.py": "4"})
    contents = read_wheel(wheel, inspect=look)
    assert seen == ["pkg/b.so", "pkg/a.pyd"]
    assert [each.path for each in contents.extensions] == ["pkg/a.pyd", "pkg/b.so"]
    assert read_wheel(wheel).extensions == ()


def test_what_is_no_binary_is_a_flaw(tmp_path: Path) -> None:
    contents = inspect_wheel(str(make_wheel(tmp_path, NAME, {"pkg/b.so": b"text"})))
    assert flaws(contents) == {("pkg/b.so", FlawKind.BINARY)}
