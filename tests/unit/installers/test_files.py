"""What pip and uv read in file names."""

from __future__ import annotations

import pytest
from packaging.version import Version

from ftwheel.core.installers.parsed_filename import ParsedFilename
from ftwheel.core.installers.pip.filenames import link_name, read_filename
from ftwheel.core.installers.rejections import (
    InvalidFilename,
    OtherProject,
    Reason,
    UnsupportedFormat,
    Variant,
    filename_reason,
)
from ftwheel.core.installers.uv.filenames import read_filename as read_for_uv


def pip(filename: str, egg: str = "") -> ParsedFilename:
    return read_filename(filename, egg, "foo-bar")


def reason(reading: ParsedFilename) -> Reason | None:
    return reading.problem and filename_reason(reading.problem)


def uv(filename: str, *, flat: bool = False) -> ParsedFilename:
    return read_for_uv(filename, "foo-bar", flat=flat)


@pytest.mark.parametrize(
    ("url", "name", "egg"),
    [
        ("https://example.org/a/foo-1.0.tar.gz", "foo-1.0.tar.gz", ""),
        ("https://example.org/a/foo-1.0%2Bcpu.tar.gz?x=/y#sha256=aa", "foo-1.0+cpu.tar.gz", ""),
        ("https://example.org/a%2Ffoo-1.0.tar.gz#x=y&egg=foo-7.0", "foo-1.0.tar.gz", "foo-7.0"),
        ("https://example.org/foo-1.0.tar.gz/", "foo-1.0.tar.gz", ""),
        ("https://example.org", "", ""),
    ],
)
def test_pip_takes_the_name_from_the_address(url: str, name: str, egg: str) -> None:
    assert link_name(url) == (name, egg)


@pytest.mark.parametrize("read", [pip, uv])
def test_a_plain_wheel(read: object) -> None:
    reading = (pip if read is pip else uv)("foo_bar-1.0-2b-cp312.cp313-abi3-win_amd64.whl")
    assert (reading.kind, reading.version, reading.build) == ("wheel", Version("1.0"), (2, "b"))
    assert (reading.abi, reading.platform, reading.problem) == ("cp312.cp313-abi3", "win_amd64", None)


@pytest.mark.parametrize(
    ("filename", "kind", "version"),
    [
        ("foo-bar-1.0.tar.gz", "sdist", "1.0"),
        ("Foo.Bar-1.0.zip", "sdist", "1.0"),
        ("foo__bar-1.0.tar.bz2", "sdist", "1.0"),
        ("foo_bar-1.0-1.tgz", "sdist", "1.0.post1"),
        ("foo_bar-v1.0.tlz", "sdist", "1.0"),
    ],
)
def test_pip_reads_many_archives(filename: str, kind: str, version: str) -> None:
    reading = pip(filename)
    assert (reading.kind, reading.version, reading.problem) == (kind, Version(version), None)


def test_pip_finds_a_python_version_in_an_sdist() -> None:
    reading = pip("foo_bar-1.0-py3.9.zip")
    assert (reading.version, reading.python) == (Version("1.0"), "3.9")
    assert isinstance(reason(pip("foo_bar-1.0-py3.11.zip")), InvalidFilename)  # it only looks for one digit


@pytest.mark.parametrize(
    ("filename", "problem"),
    [
        ("foo_bar-1.0.exe", UnsupportedFormat),
        ("foo_bar", UnsupportedFormat),
        ("foo_bar-1.0.TAR.gz", UnsupportedFormat),
        ("foo-1.0.tar.gz", OtherProject),
        ("foo_bar-one.tar.gz", InvalidFilename),
        ("foo_bar-1.0-any.whl", InvalidFilename),
        ("foo__bar-1.0-py3-none-any.whl", InvalidFilename),
        ("foo bar-1.0-py3-none-any.whl", InvalidFilename),
        ("foo_bar-1.0_1-py3-none-any.whl", InvalidFilename),
        ("foo_bar-1.0-b1-py3-none-any.whl", InvalidFilename),
        (f"foo_bar-1.0-{'1' * 5000}-py3-none-any.whl", InvalidFilename),
        ("foo_bar-1.0-py3..py2-none-any.whl", InvalidFilename),
        ("foo_bar-1.0-3py-none-any.whl", InvalidFilename),
        ("foo-1.0-py3-none-any.whl", OtherProject),
    ],
)
def test_what_pip_leaves_out(filename: str, problem: type) -> None:
    assert isinstance(reason(pip(filename)), problem)


def test_an_egg_fragment_is_the_version_to_pip() -> None:
    reading = pip("x.tar.gz", "foo_bar-7.0")
    assert (reading.kind, reading.version, reading.egg, reading.trap) == ("sdist", Version("7.0"), True, "")
    wheel = pip("foo_bar-7.0-py3-none-any.whl", "foo_bar-7.0")
    assert (wheel.kind, wheel.abi, wheel.egg, wheel.trap) == ("wheel", "py3-none", True, "")
    assert "says foo_bar-7.0" in pip("foo_bar-1.0-py3-none-any.whl", "foo_bar-7.0").trap
    assert pip("foo.whl", "foo_bar-7.0").trap
    assert isinstance(reason(pip("x.whl", "foo_bar")), OtherProject)


@pytest.mark.parametrize(
    ("filename", "version"),
    [
        ("foo-bar-1.0.tar.gz", "1.0"),
        ("FOO.BAR-1.0.zip", "1.0"),
        ("foo_bar-1.0-1.TAR.gz".replace("TAR", "tar"), "1.0.post1"),
        ("foo_bar-1.0.TAR.gz", "1.0"),
    ],
)
def test_uv_reads_sdists(filename: str, version: str) -> None:
    reading = uv(filename)
    assert (reading.kind, reading.version, reading.problem) == ("sdist", Version(version), None)


@pytest.mark.parametrize(
    ("filename", "problem"),
    [
        ("foo_bar", UnsupportedFormat),
        (".gz", UnsupportedFormat),
        ("foo_bar-1.0.gz", UnsupportedFormat),
        ("foo_bar-1.0.exe", UnsupportedFormat),
        ("foo_bar-1.0.tar.bz2", UnsupportedFormat),
        ("foo_bar-1.0.tgz", UnsupportedFormat),
        ("foo__bar-1.0.tar.gz", OtherProject),
        ("foo_bar-.tar.gz", OtherProject),
        ("foö_bar-1.0.tar.gz", OtherProject),
        ("foo_bar-one.tar.gz", InvalidFilename),
        ("foo_bar-1.0-py3.11.tar.gz", InvalidFilename),
        (f"foo_bar-{2**64}.tar.gz", InvalidFilename),
        (f"foo_bar-1.0+{2**64}.tar.gz", InvalidFilename),
        ("foo_bar-1.0-any.whl", InvalidFilename),
        ("foo_bar-1.0-3py-none-any.whl", InvalidFilename),
        ("_foo_bar-1.0-py3-none-any.whl", InvalidFilename),
        ("foo_bar-one-py3-none-any.whl", InvalidFilename),
        ("foo_bar-1.0-1+-py3-none-any.whl", InvalidFilename),
        (f"foo_bar-1.0-{2**64}-py3-none-any.whl", InvalidFilename),
        ("foo_bar-1.0-py3-none-any-X.whl", InvalidFilename),
        ("foo_bar-1.0-py3--any.whl", InvalidFilename),
        ("foo_bar-1.0-cp3+14.py3-none-any.whl", InvalidFilename),
        ("foo_bar-1.0-cp3+14-none-any+.whl", InvalidFilename),
        ("foo-1.0-py3-none-any.whl", OtherProject),
        ("foo_bar-1.0-py3-none-any-label.whl", Variant),
        ("foo_bar-1.0-1-py3-none-any-label.whl", Variant),
    ],
)
def test_what_uv_leaves_out(filename: str, problem: type) -> None:
    assert isinstance(reason(uv(filename)), problem)


def test_uv_takes_what_pip_does_not() -> None:
    assert uv("foo__bar-1.0-py3-none-any.whl").problem is None
    assert uv("foo_bar-1.0-cp3+9-none-any.whl").problem is None
    assert uv(f"foo_bar-1.{10**18}.0.dev1.tar.gz").version == Version(f"1.{10**18}.dev1")


def test_find_links_names_are_split_from_the_end() -> None:
    assert uv("foo_bar-1.0-1.tar.gz").problem is None
    assert isinstance(reason(uv("foo_bar-1.0-1.tar.gz", flat=True)), OtherProject)
    assert uv("foo__bar-1.0.tar.gz", flat=True).problem is None
    assert isinstance(reason(uv("foo_bar.tar.gz", flat=True)), OtherProject)
