"""What was asked for."""

from __future__ import annotations

import pytest
from packaging.version import Version

from ftwheel.core.errors import InputError
from ftwheel.core.installers.registry import find_installer
from ftwheel.core.installers.requirements import (
    UNKNOWN_PROJECT,
    corrected,
    corrected_hyphen,
    parse_requirement,
    parse_version,
    unknown_project,
)
from ftwheel.core.tags.environments import parse_environment


def test_plain_and_full_requirements() -> None:
    plain = parse_requirement(" Foo_Bar >=1, <2")
    assert (plain.name, str(plain.specifier), plain.extras, plain.marker) == ("foo-bar", "<2,>=1", (), "")
    full = parse_requirement("foo[b,a] (>=1) ; sys_platform == 'win32'")
    assert (full.extras, full.marker) == (("a", "b"), 'sys_platform == "win32"')
    windows, linux = (parse_environment(f"cp314-{one}") for one in ("win32", "linux_x86_64"))
    assert full.applies(dict(windows.markers))
    assert not full.applies(dict(linux.markers))
    assert plain.applies({})


@pytest.mark.parametrize(
    "text", ["", "foo bar", "foo>=x", "foo==", "-foo", "foo @ https://example.org/foo.whl", "foo[a"]
)
def test_what_is_no_requirement_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_requirement(text)


@pytest.mark.parametrize(
    ("text", "pinned", "single"),
    [
        ("foo", False, None),
        ("foo==1.0", True, "1.0"),
        ("foo===1.0", True, "1.0"),
        ("foo==1.*", False, None),
        ("foo>=1.0", False, None),
        ("foo==1.0,==1.0", True, None),
        ("foo===nonsense", True, None),
    ],
)
def test_pinned_means_two_things(text: str, pinned: bool, single: str | None) -> None:
    requirement = parse_requirement(text)
    assert requirement.pinned is pinned
    assert requirement.single == (None if single is None else Version(single))


def test_three_equals_signs() -> None:
    requirement = parse_requirement("foo===1.0")
    assert requirement.compares_text
    assert requirement.contains(Version("1.0"))
    assert not requirement.contains(Version("1.0.0"))
    assert find_installer("uv").contains(requirement, Version("1.0.0"))
    assert not find_installer("uv").contains(requirement, Version("1.0+cpu"))
    assert find_installer("uv").contains(parse_requirement("foo==1.0,<2"), Version("1.0+cpu"))


def test_versions_that_cannot_be_read() -> None:
    assert parse_version("one") is None
    assert parse_version("1" * 5000) is None
    assert parse_version("v1.0") == Version("1")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("numpy=1.0", "numpy==1.0"),
        ("numpy 1.0", "numpy==1.0"),
        ("numpy@v1.0", "numpy==1.0"),
        ("numpy==2.X", "numpy==2.*"),
        ("numpy~2", "numpy~=2.0"),
        ("numpy[a,b] => 2", "numpy[a,b]>=2"),
        ("numpy==", "numpy"),
        ("numpy", ""),
        ("numpy>=2", ""),
        ("numpy ! 2", ""),
        ("a b c", ""),
    ],
)
def test_the_requirement_that_is_meant(text: str, meant: str) -> None:
    assert corrected(text) == meant


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("numpy-2.0", "numpy==2.0"),
        ("numpy-2-0rc1", "numpy==2.0rc1"),  # normalised already
        ("ruamel-yaml-0.18.1", "ruamel-yaml==0.18.1"),
        ("python3-2", ""),  # one number belongs to many names
        ("numpy", ""),
    ],
)
def test_a_version_behind_a_hyphen(name: str, meant: str) -> None:
    assert corrected_hyphen(name) == meant
    assert unknown_project(name) == (f"did you mean '{meant}'?" if meant else UNKNOWN_PROJECT)


def test_an_address_that_is_none_is_told_with_what_is_meant() -> None:
    with pytest.raises(InputError) as caught:
        parse_requirement("numpy@2.0")
    assert caught.value.hint == "did you mean 'numpy==2.0'?"
