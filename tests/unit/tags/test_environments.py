"""Environments: labels, ladders, tag lists, and what an interpreter can load."""

from __future__ import annotations

from itertools import product

import pytest
from packaging import tags

from ftwheel.core.errors import InputError
from ftwheel.core.tags.cpython import NEWEST
from ftwheel.core.tags.environments import (
    PRESETS,
    Loading,
    from_facts,
    loading,
    nearest_label,
    parse_environment,
    parse_environments,
    preset,
)
from ftwheel.core.tags.platform_tags import before_packaging_24, platform_ladder, platform_markers, uv_platforms


def packaging_tags(label: str) -> list[str]:
    """What packaging lists when it is told everything it would otherwise ask the host."""
    environment = parse_environment(label)
    version, platforms = environment.minor, environment.platforms
    own = f"cp{version[0]}{version[1]}"
    found = (
        *tags.cpython_tags(version, environment.abis, platforms),
        *tags.compatible_tags(version, own, platforms),
    )
    return list(map(str, found))


@pytest.mark.parametrize(
    "label",
    [
        "cp314-manylinux_2_28_x86_64",
        "cp314t-manylinux_2_28_x86_64",
        "cp313td-musllinux_1_2_aarch64",
        "cp315t-macosx_14_0_arm64",
        "cp313d-win_amd64",
        "cp39-win32",
        "cp37-linux_i686",
        "cp316-ios_15_2_arm64_iphoneos",
    ],
)
def test_tags_are_those_of_packaging(label: str) -> None:
    assert list(parse_environment(label).tags) == packaging_tags(label)


@pytest.mark.parametrize("version", [(10, 4), (10, 9), (10, 15), (11, 0), (14, 6), (26, 1)])
@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_macos_ladders_are_those_of_packaging(version: tuple[int, int], architecture: str) -> None:
    label = f"macosx_{version[0]}_{version[1]}_{architecture}"
    if architecture == "arm64" and version < (11, 0):
        with pytest.raises(InputError):
            platform_ladder(label)
        return
    assert list(platform_ladder(label)) == list(tags.mac_platforms(version, architecture))


@pytest.mark.parametrize("version", [(11, 4), (12, 0), (13, 0), (17, 5)])
def test_ios_and_android_ladders_are_those_of_packaging(version: tuple[int, int]) -> None:
    expected = list(tags.ios_platforms(version, "arm64_iphoneos"))
    label = f"ios_{version[0]}_{version[1]}_arm64_iphoneos"
    if expected:
        assert list(platform_ladder(label)) == expected
    else:
        with pytest.raises(InputError):
            platform_ladder(label)
    assert list(platform_ladder("android_24_arm64_v8a")) == list(tags.android_platforms(24, "arm64_v8a"))


def test_linux_ladders_have_the_old_names_and_start_where_the_architecture_does() -> None:
    assert platform_ladder("manylinux_2_17_x86_64")[:3] == (
        "linux_x86_64",
        "manylinux_2_17_x86_64",
        "manylinux2014_x86_64",
    )
    assert platform_ladder("manylinux_2_28_i686")[-2:] == ("manylinux_2_5_i686", "manylinux1_i686")
    assert platform_ladder("manylinux_2_28_aarch64")[-2:] == ("manylinux_2_17_aarch64", "manylinux2014_aarch64")
    assert platform_ladder("musllinux_1_2_s390x") == (
        "linux_s390x",
        "musllinux_1_2_s390x",
        "musllinux_1_1_s390x",
        "musllinux_1_0_s390x",
    )
    assert platform_ladder("manylinux2010_x86_64") == platform_ladder("manylinux_2_12_x86_64")
    assert platform_ladder("win_arm64") == ("win_arm64",)
    assert platform_ladder("pyodide_2025_0_wasm32") == ("pyodide_2025_0_wasm32",)
    assert platform_ladder("linux_riscv64") == ("linux_riscv64",)


@pytest.mark.parametrize(
    "platform",
    [
        "",
        "any",
        "win64",
        "manylinux_3_0_x86_64",
        "manylinux_2_28_vax",
        "musllinux_1_2_vax",
        "macosx_14_0_ppc",
        "ios_13_0_x",
    ],
)
def test_unknown_platforms_are_refused(platform: str) -> None:
    with pytest.raises(InputError, match="platform tag"):
        platform_ladder(platform)


def test_installers_differ_about_platforms() -> None:
    linux = platform_ladder("manylinux_2_31_riscv64")
    assert uv_platforms(linux) == ("manylinux_2_31_riscv64", "linux_riscv64")
    assert before_packaging_24(linux) == ("linux_riscv64",)
    assert "macosx_10_9_fat32" in uv_platforms(platform_ladder("macosx_10_9_x86_64"))
    assert uv_platforms(("win32",)) == ("win32",)


@pytest.mark.parametrize(
    ("platform", "system", "machine", "sys_platform"),
    [
        ("manylinux_2_28_aarch64", "Linux", "aarch64", "linux"),
        ("win_amd64", "Windows", "AMD64", "win32"),
        ("macosx_14_0_arm64", "Darwin", "arm64", "darwin"),
        ("macosx_10_9_x86_64", "Darwin", "x86_64", "darwin"),
        ("ios_13_0_arm64_iphoneos", "iOS", "arm64", "ios"),
        ("android_24_arm64_v8a", "Android", "aarch64", "android"),
        ("pyodide_2025_0_wasm32", "Emscripten", "wasm32", "emscripten"),
    ],
)
def test_markers_are_those_of_the_target(platform: str, system: str, machine: str, sys_platform: str) -> None:
    markers = platform_markers(platform)
    assert (markers["platform_system"], markers["platform_machine"]) == (system, machine)
    assert markers["sys_platform"] == sys_platform


def test_labels_say_all_there_is_to_know() -> None:
    environment = parse_environment("cp3.15.2rc1t-win_amd64")
    assert (environment.python_version, environment.python_full_version) == ((3, 15, 2), "3.15.2rc1")
    assert (environment.free_threaded, environment.debug, environment.abis) == (True, False, ("cp315t",))
    assert dict(environment.markers)["implementation_version"] == "3.15.2rc1"
    assert parse_environment("cp37-win32").abis == ("cp37m",)
    assert parse_environment("cp37d-win32").abis == ("cp37dm",)
    assert parse_environment("cp314td-win32").abis == ("cp314td", "cp314t")
    pypy = parse_environment("pp311-win_amd64")
    assert (pypy.abis, dict(pypy.markers)["platform_python_implementation"]) == (("pypy311_pp73",), "PyPy")


@pytest.mark.parametrize(
    "label",
    ["", "3.14", "cp314", "cp314-", "cp27-win32", "cp31-win32", "cp312t-win32", "pp313t-win32", "cp314-nowhere"],
)
def test_what_is_no_environment_is_refused(label: str) -> None:
    with pytest.raises(InputError):
        parse_environment(label)


def test_presets_are_environments() -> None:
    assert len(preset("all")) == len(PRESETS["all"]) >= 72
    builds = {(one.minor, one.free_threaded) for one in preset("pairs")}
    assert builds == set(product([(3, minor) for minor in range(13, NEWEST + 1)], [False, True]))
    with pytest.raises(InputError, match="not a preset"):
        preset("some")
    chosen = parse_environments(["cp313t-win_amd64", "pairs"])
    assert chosen[0].label == "cp313t-win_amd64"
    assert len(chosen) == 3 * len(builds)


def test_a_real_interpreter_is_what_it_says() -> None:
    environment = from_facts(
        label="mine",
        implementation="cp",
        python_version=(3, 13, 5),
        python_full_version="3.13.5",
        free_threaded=True,
        debug=False,
        platforms=["linux_x86_64"],
        markers={"b": "2", "a": "1"},
        abis=["cp313t"],
    )
    assert (environment.abis, environment.markers) == (("cp313t",), (("a", "1"), ("b", "2")))
    assert environment.tags[0] == "cp313-cp313t-linux_x86_64"


@pytest.mark.parametrize(
    ("tag", "label", "answer"),
    [
        ("py3-none-any", "cp314t-win_amd64", Loading.YES),
        ("py3-none-win_amd64", "cp314t-win_amd64", Loading.YES),
        ("cp314-none-any", "cp314t-win_amd64", Loading.YES),
        ("pp311-none-any", "cp314t-win_amd64", Loading.NO),
        ("cp314-none-win_amd64", "cp314t-win_amd64", Loading.CANNOT_TELL),
        ("cp314-none-win_amd64", "cp314-win_amd64", Loading.YES),
        ("cp313-none-win_amd64", "cp314-win_amd64", Loading.NO),
        ("cp314-cp314t-win_amd64", "cp314t-win_amd64", Loading.YES),
        ("cp314-cp314-win_amd64", "cp314t-win_amd64", Loading.NO),
        ("cp314-cp314t-win32", "cp314t-win_amd64", Loading.NO),
        ("cp314-cp314-win_amd64", "cp314d-win_amd64", Loading.YES),
        ("cp38-abi3-win_amd64", "cp314-win_amd64", Loading.YES),
        ("cp315-abi3-win_amd64", "cp314-win_amd64", Loading.NO),
        ("cp38-abi3-win_amd64", "cp314t-win_amd64", Loading.NO),
        ("cp314-abi3t-win_amd64", "cp314t-win_amd64", Loading.NO),
        ("cp315-abi3t-win_amd64", "cp315t-win_amd64", Loading.YES),
        ("cp315-abi3t-win_amd64", "cp316-win_amd64", Loading.YES),
        ("cp316-abi3t-win_amd64", "cp315t-win_amd64", Loading.NO),
        ("py3-abi3-win_amd64", "cp314-win_amd64", Loading.NO),
        ("cp3-abi3-win_amd64", "cp314-win_amd64", Loading.NO),
    ],
)
def test_accepted_is_not_loadable(tag: str, label: str, answer: Loading) -> None:
    assert loading(tag, parse_environment(label)) is answer


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("3.14t", "cp314t-manylinux_2_28_x86_64"),
        ("3.12t", "cp312-manylinux_2_28_x86_64"),  # no such build
        ("cp314tt-win_amd64", "cp314t-win_amd64"),
        ("CPython3.14-nogil_windows", "cp314t-win_amd64"),
        ("cp314-linux-aarch64", "cp314-manylinux_2_28_aarch64"),
        ("cp314-alpine", "cp314-musllinux_1_2_x86_64"),
        ("cp314-macos-intel", "cp314-macosx_14_0_x86_64"),
        ("cp314-frob", ""),
        ("cp314-_win_amd6", "cp314-win_amd64"),
        ("pair", "pairs"),
        ("3.1", ""),
    ],
)
def test_the_label_that_is_meant(text: str, meant: str) -> None:
    assert nearest_label(text) == meant


def test_a_platform_that_is_not_known_is_told_with_the_one_that_is_meant() -> None:
    with pytest.raises(InputError) as caught:
        parse_environment("cp314t-linux")
    assert caught.value.hint == "did you mean cp314t-manylinux_2_28_x86_64?"
    with pytest.raises(InputError) as caught:
        parse_environment("cp314t-frob")
    assert caught.value.hint.startswith("for example ")
