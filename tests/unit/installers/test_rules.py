"""Installers, their versions and their options."""

from __future__ import annotations

import pytest

from ftwheel.core.errors import InputError
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.pip.format_control import pip_formats
from ftwheel.core.installers.registry import find_installer, installer
from ftwheel.core.tags.priority import TagFlavour


@pytest.mark.parametrize(
    ("text", "flavour"),
    [
        ("pip", TagFlavour.PIP),
        ("pip==26.3", TagFlavour.PIP),
        ("pip==26.2", TagFlavour.PIP_OLD_PLATFORMS),
        ("pip==26.1", TagFlavour.PIP_OLD_PLATFORMS),
        ("pip==26.0.1", TagFlavour.PIP_NO_ABI3T),
        ("pip==24.1", TagFlavour.PIP_NO_ABI3T),
        ("pip==24.0", TagFlavour.PIP_NO_FREE_THREADING),
        ("uv", TagFlavour.UV),
        ("uv==0.11.21", TagFlavour.UV),
        ("uv==0.11.20", TagFlavour.UV_OLD_MUSL),
        ("uv==0.11.3", TagFlavour.UV_OLD_MUSL),
        ("uv==0.11.2", TagFlavour.UV_NO_ABI3T),
    ],
)
def test_versions_differ_about_tags(text: str, flavour: TagFlavour) -> None:
    rules = installer(text)
    assert find_installer(rules.name).flavour(rules.version) is flavour
    assert rules.label == text


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "expected pip, uv, poetry or pdm"),
        ("conda", "expected pip, uv, poetry or pdm"),
        ("pip>=24", "did you mean pip==24? expected"),
        ("pip==", "did you mean pip? expected"),
        ("Poetri==latest", "did you mean poetry? expected"),
        ("pip,uv", "give --installer once for each: expected"),
    ],
)
def test_other_installers_are_refused(text: str, hint: str) -> None:
    with pytest.raises(InputError, match="not an installer") as caught:
        installer(text)
    assert caught.value.hint.startswith(hint)


@pytest.mark.parametrize(
    ("name", "only", "no", "wheels", "sdists"),
    [
        ("pip", (), (), True, True),
        ("pip", (":all:",), (), True, False),
        ("pip", (), (":all:",), False, True),
        ("pip", ("foo",), (":all:",), True, False),
        ("pip", (":all:",), ("foo",), False, True),
        ("uv", (), (), True, True),
        ("uv", ("foo",), (), True, False),
        ("uv", (), ("foo",), False, True),
        ("uv", (":all:",), ("foo",), False, True),
        ("uv", ("foo",), (":all:",), True, False),
        ("uv", (":all:",), (":all:",), False, False),
    ],
)
def test_formats(name: str, only: tuple[str, ...], no: tuple[str, ...], wheels: bool, sdists: bool) -> None:
    rules = InstallerOptions(name=name, only_binary=frozenset(only), no_binary=frozenset(no))
    each = find_installer(name)
    assert (each.allows_wheels(rules, "foo"), each.allows_sdists(rules, "foo")) == (wheels, sdists)


@pytest.mark.parametrize(
    ("options", "only", "no"),
    [
        ([("only-binary", "Foo,bar")], {"foo", "bar"}, set()),
        ([("only-binary", "foo"), ("no-binary", "foo")], set(), {"foo"}),
        ([("no-binary", "foo"), ("only-binary", ":all:")], {":all:"}, set()),
        ([("only-binary", ":all:"), ("no-binary", "foo")], {":all:"}, {"foo"}),
        ([("only-binary", "foo"), ("only-binary", ":none:")], set(), set()),
        ([("only-binary", ":all:,:none:,foo")], {"foo"}, set()),
        ([("only-binary", ":all:,foo")], {":all:"}, set()),
    ],
)
def test_the_order_of_options_counts(options: list[tuple[str, str]], only: set[str], no: set[str]) -> None:
    assert pip_formats(options) == (only, no)  # type: ignore[arg-type]
