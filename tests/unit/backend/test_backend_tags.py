"""Which interpreters a wheel's tags name, and which of them load a file with a given suffix."""

from __future__ import annotations

import pytest

from ftwheel_build import tags
from ftwheel_build.target import Target


def target(label: str, platform: str = "linux-x86_64") -> Target:
    free_threaded = label.endswith("t")
    major, minor = label.rstrip("t").split(".")
    return Target(
        implementation="cpython",
        version=(int(major), int(minor)),
        free_threaded=free_threaded,
        debug=False,
        suffix=f".cpython-{major}{minor}{'t' if free_threaded else ''}-x86_64-linux-gnu.so",
        platform=platform,
    )


@pytest.mark.parametrize(
    ("label", "abi", "stable", "folder"),
    [
        ("3.9", "cp39", "abi3", "ftwheel-cp39-linux_x86_64"),
        ("3.14t", "cp314t", "", "ftwheel-cp314t-linux_x86_64"),
        ("3.15t", "cp315t", "abi3t", "ftwheel-cp315t-linux_x86_64"),
    ],
)
def test_target(label, abi, stable, folder):
    found = target(label)
    assert (found.abi, found.stable_abi, found.folder) == (abi, stable, folder)


def test_target_says_what_it_is():
    assert str(target("3.14t")) == "cp314t (CPython 3.14t, free-threaded build), linux-x86_64"
    assert str(target("3.9").replace(cross=True)).endswith(
        "(CPython 3.9, default build), linux-x86_64, not the interpreter that runs"
    )
    pypy = target("3.10").replace(implementation="pypy", suffix=".pypy310-pp73-x86_64-linux-gnu.so")
    assert (pypy.abi, pypy.stable_abi) == ("pypy310_pp73_x86_64_linux_gnu", "")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a-1.0-cp39-abi3-linux_x86_64.whl", {"cp39-abi3-linux_x86_64"}),
        ("a-1.0-1b-py2.py3-none-any.whl", {"py2-none-any", "py3-none-any"}),
        (
            "a-1.0-cp315-abi3.abi3t-win32.win_amd64.whl",
            {f"cp315-{abi}-{win}" for abi in ("abi3", "abi3t") for win in ("win32", "win_amd64")},
        ),
        ("a-1.0-b-py3-none-any.whl", None),  # a build tag begins with a digit
        ("a-1.0--py3-none-any.whl", None),
        ("a-1.0-py3-none.whl", None),
        ("a-1.0.tar.gz", None),
    ],
)
def test_parse_name(name, expected):
    found = tags.parse_name(name)
    assert (found and found.tags) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("_ext.cpython-313-x86_64-linux-gnu.so", ("_ext", "version", "cp313")),
        ("_ext.cpython-313t-darwin.so", ("_ext", "version", "cp313t")),
        ("_ext.cpython-314td-x86_64-linux-musl.so", ("_ext", "version", "cp314td")),
        ("_ext.cp313t-win_amd64.pyd", ("_ext", "version", "cp313t")),
        ("_ext.abi3.so", ("_ext", "abi3", None)),
        ("_ext.abi3t.so", ("_ext", "abi3t", None)),
        ("_ext.abi3-x86_64-linux-gnu.so", ("_ext", "abi3", None)),
        ("_ext.so", ("_ext", "plain", None)),
        ("_ext.pyd", ("_ext", "plain", None)),
        ("_ext.pypy310-pp73-x86_64-linux-gnu.so", ("_ext", "other", None)),
        ("_ext.graalpy242-311-native-x86_64-linux.so", ("_ext", "other", None)),
        ("libz.so.1", None),
        ("libz-2.0.so", None),  # no identifier
        ("libz.1.so", None),
        ("_ext.py", None),
        (".so", None),
    ],
)
def test_parse_suffix(name, expected):
    found = tags.parse_suffix(name)
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert (found[0], found[1].kind, found[1].abi if expected[2] else None) == expected


@pytest.mark.parametrize(
    ("tag", "taken", "refused"),
    [
        ("cp313-cp313", ["3.13"], ["3.13t", "3.14"]),
        ("cp313-cp313t", ["3.13t"], ["3.13", "3.14t"]),
        ("cp39-abi3", ["3.9", "3.13", "3.15"], ["3.13t", "3.15t"]),
        ("cp314-abi3", ["3.14"], ["3.13"]),
        ("cp315-abi3t", ["3.15t", "3.16t"], ["3.15", "3.14t"]),
        ("cp313-none", ["3.13", "3.13t"], ["3.14", "3.12"]),
        ("py3-none", ["3.9", "3.15t"], []),
        ("py313-none", ["3.13t", "3.14"], ["3.12"]),
        ("py3-abi3", [], ["3.13"]),
        ("pp310-pypy310_pp73", [], ["3.10"]),
    ],
)
def test_claims_target(tag, taken, refused):
    python, abi = tag.split("-")
    assert [label for label in taken + refused if tags.claims_target(python, abi, target(label))] == taken


@pytest.mark.parametrize(
    ("tag", "promises"),
    [
        ("cp312-none", {"cp312-cp312"}),  # there is no free-threaded build of it
        ("cp313-none", {"cp313-cp313", "cp313-cp313t"}),
        ("cp310-abi3.none", {"cp310-abi3", "cp310-cp310"}),
        ("cp313-cp313t", {"cp313-cp313t"}),
        ("py3-none", {"py3-none"}),
    ],
)
def test_a_tag_without_an_abi_promises_something_to_each_build_that_takes_it(tag, promises):
    name = tags.parse_name(f"a-1.0-{tag}-linux_x86_64.whl")
    assert name is not None
    assert {f"{each.python}-{each.abi}" for each in name.promises} == promises
    assert {each.tag for each in name.promises} == {f"{python}-{abi}" for python, abi in name.claims}


SUFFIXES = {
    "default": ".cpython-313-x86_64-linux-gnu.so",
    "free-threaded": ".cpython-313t-x86_64-linux-gnu.so",
    "abi3": ".abi3.so",
    "abi3t": ".abi3t.so",
    "plain": ".so",
    "other": ".pypy310-pp73-x86_64-linux-gnu.so",
}


@pytest.mark.parametrize(
    ("tag", "loaded"),
    [
        ("cp313-cp313", {"default", "abi3", "plain"}),
        ("cp313-cp313t", {"free-threaded", "plain"}),  # 3.13t would load .abi3.so, and crash
        ("cp314-cp314", {"abi3", "plain"}),
        ("cp315-cp315", {"abi3", "abi3t", "plain"}),
        ("cp315-cp315t", {"abi3t", "plain"}),
        ("cp39-abi3", {"abi3", "plain"}),
        ("cp315-abi3", {"abi3", "abi3t", "plain"}),
        ("cp315-abi3t", {"abi3t", "plain"}),
        ("py3-none", {"plain"}),
    ],
)
def test_what_is_loaded_by_everybody_a_tag_names(tag, loaded):
    python, abi = tag.split("-")
    found = set()
    for name, text in SUFFIXES.items():
        parsed = tags.parse_suffix(f"_ext{text}")
        assert parsed is not None
        if not tags.why_not_loaded(parsed[1], python, abi, target("3.13t" if abi.endswith("t") else "3.13")):
            found.add(name)
    assert found == loaded


def test_the_suffix_of_the_target_counts_to_the_letter():
    _, suffix = tags.parse_suffix("_ext.cpython-313-aarch64-linux-gnu.so") or ("", None)
    assert suffix is not None
    assert "its own suffix is .cpython-313-x86_64" in tags.why_not_loaded(suffix, "cp313", "cp313", target("3.13"))


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("linux_x86_64", ("ELF", {"x86_64"})),
        ("manylinux2014_aarch64", ("ELF", {"aarch64"})),
        ("manylinux_2_28_ppc64le", ("ELF", {"ppc64le"})),
        ("musllinux_1_2_armv7l", ("ELF", {"arm"})),
        ("manylinux1_i686", ("ELF", {"i686"})),
        ("macosx_11_0_arm64", ("Mach-O", {"arm64"})),
        ("macosx_10_13_universal2", ("Mach-O", {"arm64", "x86_64"})),
        ("ios_13_0_arm64_iphoneos", ("Mach-O", {"arm64"})),
        ("win32", ("PE", {"win32"})),
        ("win_arm64", ("PE", {"arm64"})),
        ("android_24_arm64_v8a", ("ELF", {"aarch64"})),
        ("any", None),
        ("pyodide_2025_0_wasm32", None),
        ("freebsd_14_0_release_amd64", None),
    ],
)
def test_machines(platform, expected):
    found = tags.machines(platform)
    assert (found and (found[0], set(found[1]))) == expected
