from __future__ import annotations

import pytest
from packaging.tags import Tag

from ftwheel.core.errors import InputError
from ftwheel.core.wheel.contents import (
    Metadata,
    RecordEntry,
    dotted_name,
    is_native,
    parse_metadata,
    parse_record,
    parse_wheel_file,
    unsafe_path,
    without_paths,
)
from ftwheel.core.wheel.filename import WheelName
from support.facts import contents, extension


def test_a_file_name_is_taken_apart() -> None:
    name = WheelName.parse("My.Pkg-1.0-2b-cp313-cp313t-manylinux_2_17_X86_64.manylinux2014_x86_64.whl")
    assert (name.name, str(name.version), name.build, name.stem) == ("my-pkg", "1.0", "2b", "My.Pkg-1.0")
    assert (name.interpreters, name.abis) == (("cp313",), ("cp313t",))
    assert name.platforms == ("manylinux_2_17_x86_64", "manylinux2014_x86_64")
    assert name.tag_text == "cp313-cp313t-manylinux_2_17_x86_64.manylinux2014_x86_64"
    assert name.tags == {
        Tag("cp313", "cp313t", "manylinux_2_17_x86_64"),
        Tag("cp313", "cp313t", "manylinux2014_x86_64"),
    }


def test_the_build_tag_is_optional() -> None:
    assert WheelName.parse("pkg-1.0-py3-none-any.whl").build == ""


@pytest.mark.parametrize(
    ("filename", "label", "build"),
    [
        ("pkg-1.0-cp313-cp313t-win_amd64-x86_64_v3.whl", "x86_64_v3", ""),
        ("pkg-1.0-2b-cp313-cp313t-win_amd64-null.whl", "null", "2b"),
        ("pkg-1.0-py3-none-any-cu12.8.whl", "cu12.8", ""),
        ("pkg-1.0-2-cp313-cp313t-win_amd64.whl", "", "2"),
        ("pkg-1.0-cp313-cp313t-win_amd64.whl", "", ""),
    ],
)
def test_a_variant_label_is_a_field_of_its_own(filename: str, label: str, build: str) -> None:
    name = WheelName.parse(filename)
    assert (name.variant, name.build, name.filename, name.stem) == (label, build, filename, "pkg-1.0")
    assert name.platforms in {("win_amd64",), ("any",)}


@pytest.mark.parametrize(
    "filename",
    [
        "pkg-1.0-cp313-cp313t-win_amd64-V3.whl",
        "pkg-1.0-2-cp313-cp313t-win_amd64-a-b.whl",
        "pkg-1.0-cp313-cp313t-win_amd64-v3.zip",
        "pkg-1.0.tar.gz",
        "pkg-1.0.whl",
        "pkg-1.0-x-py3-none-any.whl",
        "pkg-1.0-b1-py3-none-any.whl",
        "pkg-one-py3-none-any.whl",
        "p" * 300 + ".whl",
    ],
)
def test_a_name_that_is_no_wheels(filename: str) -> None:
    with pytest.raises(InputError, match="wheel"):
        WheelName.parse(filename)


def test_the_wheel_file() -> None:
    parsed = parse_wheel_file(
        "Wheel-Version: 1.0\nGenerator: it (1)\nRoot-Is-Purelib: False\nBuild: 3\n"
        "Tag: cp313-abi3.abi3t-win32\nTag: py3-none-any\n"
    )
    assert (parsed.wheel_version, parsed.build) == ("1.0", "3")
    assert parsed.root_is_purelib is False
    assert parsed.tags == {Tag("cp313", "abi3", "win32"), Tag("cp313", "abi3t", "win32"), Tag("py3", "none", "any")}
    assert parsed.bad_tags == ()


def test_a_wheel_file_that_says_nothing() -> None:
    parsed = parse_wheel_file("")
    assert (parsed.root_is_purelib, parsed.tags) == (None, frozenset())


@pytest.mark.parametrize(
    "line", ["py3-none", "py3-none-any-more", "py3-none-a b", "py3--any", "-".join([".".join("abcdefghijklmnop")] * 3)]
)
def test_a_line_that_is_no_tag(line: str) -> None:
    parsed = parse_wheel_file(f"Root-Is-Purelib: true\nTag: {line}\n")
    assert (parsed.tags, parsed.bad_tags, parsed.root_is_purelib) == (frozenset(), (line,), True)


def test_metadata() -> None:
    text = "Name: My.Pkg\nVersion: 1.0\nRequires-Python: >=3.9\nClassifier: A\nClassifier: B\n\nName: not this\n"
    assert parse_metadata(text) == Metadata(
        name="my-pkg", version="1.0", requires_python=">=3.9", classifiers=("A", "B"), text=text
    )
    assert parse_metadata("") == Metadata(name="", version="", requires_python="", classifiers=())


def test_record() -> None:
    entries, bad = parse_record('pkg/a.py,sha256=x,12\n"pkg/b,c.py",sha256=y,\npkg-1.0.dist-info/RECORD,,\n')
    assert entries == (
        RecordEntry(path="pkg/a.py", digest="sha256=x", size=12),
        RecordEntry(path="pkg/b,c.py", digest="sha256=y", size=None),
        RecordEntry(path="pkg-1.0.dist-info/RECORD", digest="", size=None),
    )
    assert bad == ()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("pkg/a.py", "line 1 is not a path"),
        ("", "line 1 is not a path"),
        (",sha256=x,1", "line 1 is not a path"),
        ("a,b,one", "line 1 is not a path"),
        ("a,b,\u0661", "line 1 is not a path"),
        ("a,b," + "9" * 30, "line 1 is not a path"),
        ("a" * 200_000 + ",,", "line 1 is not comma-separated text"),
    ],
)
def test_a_line_of_record_that_cannot_be_read(line: str, message: str) -> None:
    entries, bad = parse_record(f"{line}\n")
    assert entries == ()
    assert bad[0].startswith(message)


def test_a_record_of_nothing_but_wrong_lines_has_a_bounded_number_of_messages() -> None:
    entries, bad = parse_record("\n" * 1_500)
    assert (entries, len(bad), bad[-1]) == ((), 1_001, "500 more lines are wrong")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("pkg/_ext.cpython-313t-x86_64-linux-gnu.so", "pkg._ext"),
        ("_ext.pyd", "_ext"),
        ("pkg-1.0.data/platlib/pkg/_ext.abi3.so", "pkg._ext"),
        ("pkg/__init__.abi3.so", "pkg"),
        ("__init__.so", "__init__"),
        ("pkg.libs/libx-1.so", ""),
        ("pkg/lib-x.so", ""),
        ("pkg/_ext.so.1", ""),
        ("pkg/_ext.py", ""),
    ],
)
def test_the_name_a_member_is_imported_under(path: str, expected: str) -> None:
    assert dotted_name(path) == expected


@pytest.mark.parametrize("path", ["a.so", "a.pyd", "a.SO", "a/libx.so.1.2", "a.dylib", "a.dll"])
def test_names_of_compiled_code(path: str) -> None:
    assert is_native(path)


@pytest.mark.parametrize("path", ["a.py", "a.so.py", "so", "a.dll.txt"])
def test_names_of_other_files(path: str) -> None:
    assert not is_native(path)


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x", "a/../../x", "a/..", "C:/x", "a\\b", "a\x00b", "a//b", "./a", "a/./b", "a\nb", ".."]
)
def test_names_that_leave_the_target(path: str) -> None:
    assert unsafe_path(path)


@pytest.mark.parametrize("path", ["a/b.py", "a..b", "...", "a/.hidden", "ä/b", "a b"])
def test_plain_names(path: str) -> None:
    assert not unsafe_path(path)


def test_what_a_wheel_holds() -> None:
    module = extension()
    idle = extension("pkg/libx.so", init_names=[])
    wheel = contents(extensions=[module, idle, extension("pkg/_ext.so")], files={"pkg-1.0.data/purelib/more.py": "x"})
    assert wheel.filename == "pkg-1.0-cp313-cp313t-linux_x86_64.whl"
    assert {member.path for member in wheel.installed}.isdisjoint({"pkg-1.0.dist-info/WHEEL"})
    assert [member.path for member in wheel.native] == [module.path, "pkg/_ext.so", "pkg/libx.so"]
    assert {name: len(members) for name, members in wheel.modules.items()} == {"pkg._ext": 2}
    assert sorted(wheel.python_files) == ["more.py", "pkg/__init__.py"]


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        (b'{"path": r"/tmp/build-env-x/bin/python", "version": "3.13"}', b'{"path": r"/", "version": "3.13"}'),
        (b"args = '-Da=1 --native-file=/tmp/.mesonpy-1/n.ini -O2'", b"args = '-Da=1 --native-file=/ -O2'"),
        (b'root = "C:\\\\work\\\\build"', b'root = "/"'),
        (b"x = a / b  # http://example.org/a", b"x = a / b  # http://example.org/a"),
        (b"y = 'a/b' // 2", b"y = 'a/b' // 2"),
    ],
)
def test_paths_of_a_build_are_left_out(source: bytes, plain: bytes) -> None:
    assert without_paths(source) == plain
