"""The tool and the build backend have a parser of suffixes each, and agree on every name; so do their constants."""

from __future__ import annotations

import itertools

import pytest

from ftwheel.core.tags.cpython import FIRST_ABI3T, FIRST_WITH_PLATFORM_SUFFIX
from ftwheel.core.wheel.suffixes import Suffix, SuffixAbi, parse_suffix
from ftwheel_build import tags, target

ABIS = (
    *(f"cpython-3{minor}{flags}" for minor in range(7, 18) for flags in ("", "t", "d", "td", "m")),
    *(f"cp3{minor}{flags}" for minor in range(7, 18) for flags in ("", "t", "d")),
    *("abi3", "abi3t", "abi4", "abi3td", "pypy310-pp73", "graalpy311-242", "cpython", "cp", "foo", ""),
)
PLATFORMS = ("", "-x86_64-linux-gnu", "-aarch64-linux-musl", "-darwin", "-win_amd64", "-win32", "-iphoneos", "-", "-ä")
NAMES = [
    f"{stem}.{abi}{platform}{extension}" if abi or platform else f"{stem}{extension}"
    for stem, abi, platform, extension in itertools.product(
        ("_ext", "spam_d", "__init__"), ABIS, PLATFORMS, (".so", ".pyd", ".dylib", ".so.1", "")
    )
]
KINDS = {
    SuffixAbi.DEFAULT: "version",
    SuffixAbi.FREE_THREADED: "version",
    SuffixAbi.STABLE_ABI: "abi3",
    SuffixAbi.STABLE_ABI_T: "abi3t",
    SuffixAbi.PLAIN: "plain",
    SuffixAbi.OTHER: "other",
}


def test_both_parsers_agree_on_thousands_of_names() -> None:
    assert len(set(NAMES)) > 5000
    for name in NAMES:
        own, parsed = parse_suffix(name), tags.parse_suffix(name)
        found = parsed[1] if parsed else tags.ExtensionSuffix("", "other")
        facts = (KINDS[own.abi], own.version or (0, 0), own.abi is SuffixAbi.FREE_THREADED, own.debug, own.platform)
        if own.abi is SuffixAbi.OTHER:
            assert found.kind == "other", name
        else:
            assert facts == (found.kind, found.version, found.free_threaded, found.debug, found.platform), name
            assert own.text == found.text


def test_both_know_the_same_first_versions() -> None:
    assert target.FIRST_ABI3T == (3, FIRST_ABI3T)
    assert target.FIRST_WITH_PLATFORM_SUFFIX == (3, FIRST_WITH_PLATFORM_SUFFIX)


@pytest.mark.parametrize(
    ("name", "abi", "platform"),
    [
        ("_m.abi3-x86_64-linux-gnu.so", SuffixAbi.STABLE_ABI, "x86_64-linux-gnu"),
        ("_m.abi3-darwin.so", SuffixAbi.STABLE_ABI, "darwin"),
        ("_m.abi3t-aarch64-linux-musl.so", SuffixAbi.STABLE_ABI_T, "aarch64-linux-musl"),
        ("_m.abi3.so", SuffixAbi.STABLE_ABI, ""),
    ],
)
def test_suffixes_of_the_stable_abi_may_name_the_platform(name: str, abi: SuffixAbi, platform: str) -> None:
    assert parse_suffix(name) == Suffix(text=name[2:], abi=abi, platform=platform)
    assert parse_suffix("_m.abi3.pyd").abi is SuffixAbi.OTHER  # Windows looks for .pyd alone
