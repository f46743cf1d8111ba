"""The order of find-links files to uv: the first of equally good ones is taken."""

from __future__ import annotations

from ftwheel.core.installers.uv.file_order import Order, flat_order
from ftwheel.core.installers.uv.filenames import read_filename


def order(filename: str, place: str = "https://example.org/links/") -> Order:
    return flat_order(filename, read_filename(filename, "foo", flat=True), place)


def ordered(*names: str) -> bool:
    keys = list(map(order, names))
    return keys == sorted(keys)


def test_sdists_then_plain_wheels_then_the_others() -> None:
    assert ordered(
        "foo-1.0.tar.gz",
        "foo-1.0.zip",
        "foo-1.0-py3-none-any.whl",
        "foo-1.0-py2.py3-none-any.whl",
        "foo-1.0-1-py3-none-any.whl",
    )


def test_tags_are_in_the_order_of_their_kinds() -> None:
    assert ordered(
        "foo-1.0-py3-none-any.whl",
        "foo-1.0-py3-none-manylinux_2_17_aarch64.whl",
        "foo-1.0-py3-none-manylinux_2_17_x86_64.whl",
        "foo-1.0-py3-none-manylinux2014_x86_64.whl",
        "foo-1.0-py3-none-linux_x86_64.whl",
        "foo-1.0-py3-none-macosx_10_9_x86_64.whl",
        "foo-1.0-py3-none-win_amd64.whl",
        "foo-1.0-py3-none-android_24_x86.whl",
        "foo-1.0-py3-none-freebsd_14_amd64.whl",
        "foo-1.0-py3-none-pyodide_2025_0_wasm32.whl",
        "foo-1.0-py3-none-ios_13_0_arm64_iphoneos.whl",
        "foo-1.0-py39-none-any.whl",
        "foo-1.0-cp39-none-any.whl",
        "foo-1.0-cp39-abi3-any.whl",
        "foo-1.0-cp39-cp39-any.whl",
        "foo-1.0-cp39-cp39t-any.whl",
        "foo-1.0-pp39-pypy39_pp73-any.whl",
        "foo-1.0-cp3-none-any.whl",
    )


def test_tags_uv_does_not_know_make_a_wheel_one_of_the_others() -> None:
    for name in (
        "foo-1.0-x1-none-any.whl",
        "foo-1.0-py3-x-any.whl",
        "foo-1.0-py3-none-x.whl",
        "foo-1.0-py3-none-linux_vax.whl",
        "foo-1.0-py3-none-macosx_10_9_fat3.whl",
        "foo-1.0-none-none-freebsd.whl",
        "foo-1.0-py3-none-manylinux_2_x86_64.whl",
    ):
        assert order(name)[:2] == (1, 1)
    assert order("foo-1.0-none-none-any.whl")[:2] == (1, 0)


def test_pages_come_before_folders() -> None:
    name = "foo-1.0-py3-none-any.whl"
    assert order(name, "https://example.org/z/") < order(name, "file:///a/")
    assert order(name, "file:///a/") < order(name, "file:///b/")
