"""Which environments ``--target`` names, and which are asked about without it."""

from __future__ import annotations

import pytest

from ftwheel.core.dependencies.targets import default_targets, parse_targets
from ftwheel.core.errors import InputError
from ftwheel.core.tags.environments import PRESETS

LINUX = "manylinux_2_28_x86_64"


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("3.14t", [f"cp314t-{LINUX}"]),
        ("cp314t", [f"cp314t-{LINUX}"]),
        ("314t", [f"cp314t-{LINUX}"]),
        ("3.14", [f"cp314-{LINUX}"]),
        ("3.14t-win_amd64", ["cp314t-win_amd64"]),
        ("cp314t-win_amd64,3.15t", ["cp314t-win_amd64", f"cp315t-{LINUX}"]),
        ("3.14.1t-win_amd64", ["cp3.14.1t-win_amd64"]),
        ("3.15.0rc1t", [f"cp3.15.0rc1t-{LINUX}"]),
        ("3.14t, 3.14t", [f"cp314t-{LINUX}"]),
        ("pairs", list(PRESETS["pairs"])),
    ],
)
def test_a_target_is_a_version_and_maybe_a_platform(text: str, labels: list[str]) -> None:
    found = parse_targets([text], LINUX)
    assert [environment.label for environment in found] == labels
    assert all(environment.minor == (3, int(environment.abis[0][3:5])) for environment in found)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no target given"),
        ("latest", "latest: not a target"),
        ("2.7", "2.7: not a target"),
        ("3.12t", f"cp312t-{LINUX}: CPython has a free-threaded build from 3.13 on"),
        ("3.14t-amiga", "cp314t-amiga: "),
        ("3.14t-", "cp314t-: not an environment"),
    ],
)
def test_what_is_no_target_says_so(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_targets([text], LINUX)
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize(
    ("minor", "asked"),
    [(11, ["cp314t", "cp315t"]), (13, ["cp313t", "cp314t"]), (14, ["cp314t", "cp315t"]), (15, ["cp315t"])],
)
def test_without_a_target_it_is_the_twin_and_the_next_release(minor: int, asked: list[str]) -> None:
    found = default_targets(minor, (11, 12, 13, 14, 15), "win_amd64")
    assert [environment.label for environment in found] == [f"{python}-win_amd64" for python in asked]
