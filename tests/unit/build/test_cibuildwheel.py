"""What cibuildwheel is asked to build: identifiers, series, and what is said about the rest."""

from __future__ import annotations

from typing import Any

import pytest

from ftwheel.core.build.cibuildwheel.identifiers import (
    HOSTED,
    BuildIdentifier,
    CibuildwheelRequest,
    CibuildwheelSeries,
    build_platform,
    copied_identifiers,
    platforms_here,
    request_for,
    select,
    selector_matches,
    serves,
    skipped,
)
from ftwheel.core.build.cibuildwheel.log import LogFollower
from ftwheel.core.build.cibuildwheel.options import CibuildwheelOptions, read_options
from ftwheel.core.build.model import BuildStage
from ftwheel.core.errors import ConfigurationError
from ftwheel.core.wheel.filename import WheelName

PAIRS = ("3.13", "3.13t", "3.14", "3.14t")
LINUX = ("manylinux_x86_64",)


def texts(request: CibuildwheelRequest) -> dict[str, list[str]]:
    return {series.label: [each.text for each in found] for series, found in select(request).builds.items()}


@pytest.mark.parametrize(
    ("tag", "platform", "system", "arch"),
    [
        ("manylinux_2_28_x86_64", "manylinux_x86_64", "linux", "x86_64"),
        ("manylinux2014_i686", "manylinux_i686", "linux", "i686"),
        ("musllinux_1_2_aarch64", "musllinux_aarch64", "linux", "aarch64"),
        ("macosx_11_0_arm64", "macosx_arm64", "macos", "arm64"),
        ("macosx_10_13_x86_64", "macosx_x86_64", "macos", "x86_64"),
        ("win32", "win32", "windows", "x86"),
        ("win_amd64", "win_amd64", "windows", "AMD64"),
        ("win_arm64", "win_arm64", "windows", "ARM64"),
        ("android_24_arm64_v8a", "android_arm64_v8a", "android", "arm64_v8a"),
        ("ios_13_0_x86_64_iphonesimulator", "ios_x86_64_iphonesimulator", "ios", "x86_64_iphonesimulator"),
        ("pyodide_2025_0_wasm32", "pyodide_wasm32", "pyodide", "wasm32"),
        ("pyemscripten_2026_0_wasm32", "pyodide_wasm32", "pyodide", "wasm32"),
        ("manylinux_x86_64", "manylinux_x86_64", "linux", "x86_64"),
    ],
)
def test_a_tag_has_a_platform(tag: str, platform: str, system: str, arch: str) -> None:
    assert build_platform(tag) == platform
    identifier = BuildIdentifier(platform=platform, minor=14, free_threaded=True)
    assert (identifier.text, identifier.label) == (f"cp314t-{platform}", "3.14t")
    assert (identifier.system, identifier.arch) == (system, arch)


@pytest.mark.parametrize("platform", ["linux_x86_64", "manylinux_2_28_sparc", "macosx_11_0_ppc", "any"])
def test_a_platform_that_nobody_builds_for_is_refused(platform: str) -> None:
    with pytest.raises(ConfigurationError, match=platform):
        build_platform(platform)


@pytest.mark.parametrize(
    ("selectors", "identifier", "expected"),
    [
        ("cp314-*", "cp314-win_amd64", True),
        ("cp314-*", "cp314t-win_amd64", False),
        ("cp314*", "cp314t-win_amd64", True),
        ("cp31{3,4}-*  *-win32", "cp314-win_amd64", True),
        ("cp31{3,4{,t}}-*", "cp314t-win_amd64", True),
        ("{cp313}-*", "cp313-win_amd64", False),
        ("cp3?t-*", "cp314t-win_amd64", False),
        ("", "cp314-win_amd64", False),
    ],
)
def test_selectors_are_shell_patterns_with_braces(selectors: str, identifier: str, expected: bool) -> None:
    assert selector_matches(selectors, identifier) is expected


def test_313t_and_its_twin_go_to_3x_and_the_rest_to_4x() -> None:
    assert texts(CibuildwheelRequest(pythons=(*PAIRS, "3.15t"), platforms=LINUX)) == {
        "3.x": ["cp313-manylinux_x86_64", "cp313t-manylinux_x86_64"],
        "4.x": ["cp314-manylinux_x86_64", "cp314t-manylinux_x86_64", "cp315t-manylinux_x86_64"],
    }


def test_313_alone_goes_to_4x_and_38_to_3x() -> None:
    assert texts(CibuildwheelRequest(pythons=("3.8", "3.13"), platforms=LINUX)) == {
        "3.x": ["cp38-manylinux_x86_64"],
        "4.x": ["cp313-manylinux_x86_64"],
    }


def test_without_pythons_both_builds_of_everything_that_4x_builds() -> None:
    selection = select(CibuildwheelRequest(platforms=("manylinux_x86_64", "android_x86_64"), requires_python=">=3.12"))
    assert [each.text for each in selection.identifiers] == [
        "cp313-android_x86_64",
        "cp314-android_x86_64",
        "cp315-android_x86_64",
        "cp312-manylinux_x86_64",
        "cp313-manylinux_x86_64",
        "cp314-manylinux_x86_64",
        "cp314t-manylinux_x86_64",
        "cp315-manylinux_x86_64",
        "cp315t-manylinux_x86_64",
    ]
    assert not selection.left_out


STABLE = ("3.10", "3.11", "3.12", "3.13", "3.14", "3.14t", "3.15", "3.15t")


def test_three_builds_a_platform_give_the_wheels_of_the_stable_abis() -> None:
    table = {"stable-abi": "3.11", "pythons": list(STABLE[1:]), "platforms": ["manylinux_2_28_x86_64", "win_amd64"]}
    selection = select(request_for({"tool": {"ftwheel": table}}, {}))

    builders = ("cp311", "cp314t", "cp315t")
    assert [each.text for each in selection.identifiers] == [
        f"{builder}-{platform}" for platform in ("manylinux_x86_64", "win_amd64") for builder in builders
    ]
    assert selection.shared == tuple(each.identifier for each in selection.left_out)
    windows = [each for each in selection.left_out if each.identifier.platform == "win_amd64"]
    assert [f"{each.identifier.text}: {each.why}" for each in windows] == [
        "cp312-win_amd64: the cp311-abi3 wheel built by 3.11 serves it",
        "cp313-win_amd64: the cp311-abi3 wheel built by 3.11 serves it",
        "cp314-win_amd64: the cp311-abi3 wheel built by 3.11 serves it",
        "cp315-win_amd64: the cp315-abi3.abi3t wheel built by 3.15t serves it",
    ]  # fmt: skip


def test_what_that_wheel_does_not_serve_is_built_alone() -> None:
    pythons, platforms = ("3.12", "3.13", "3.13t", "3.14t"), ("manylinux_x86_64", "win_amd64")
    planned = select(CibuildwheelRequest(pythons=pythons, platforms=platforms, floor=12))
    left = {each for each in planned.shared if each.platform == "win_amd64"}
    every = select(CibuildwheelRequest(pythons=pythons, platforms=platforms))
    assert {series.name: [each.text for each in found] for series, found in every.only(left).builds.items()} == {
        "THREE": ["cp313-win_amd64"]
    }


def test_without_abi3t_the_free_threaded_builds_have_wheels_of_their_own() -> None:
    table = {"stable-abi": "3.11", "limited-api": "version-specific", "pythons": list(STABLE), "platforms": list(LINUX)}
    selection = select(request_for({"tool": {"ftwheel": table}}, {}))
    assert [each.label for each in selection.identifiers] == ["3.10", "3.11", "3.14t", "3.15t"]


def test_each_version_of_pyodide_has_a_platform_of_its_own() -> None:
    request = CibuildwheelRequest(pythons=("3.13", "3.14"), platforms=("pyodide_wasm32", "android_x86_64"), floor=12)
    assert [each.text for each in select(request).identifiers] == [
        "cp313-android_x86_64",
        "cp313-pyodide_wasm32",
        "cp314-pyodide_wasm32",
    ]


def test_what_is_named_and_not_built_is_told_with_the_reason() -> None:
    own = CibuildwheelOptions(table={"skip": ["cp314t-win_arm64"]})
    selection = select(
        CibuildwheelRequest(
            pythons=("3.8", "3.14", "3.14t"), platforms=("android_x86_64", "win_arm64", "win_amd64"), own=own
        )
    )
    assert [(each.identifier.text, each.why) for each in selection.left_out] == [
        ("cp38-android_x86_64", "cibuildwheel has no such build"),
        ("cp314t-android_x86_64", "cibuildwheel has no such build"),
        ("cp38-win_arm64", "cibuildwheel has no such build"),
        ("cp314t-win_arm64", "[tool.cibuildwheel] skip = 'cp314t-win_arm64'"),
    ]


def test_a_python_that_the_projects_own_selectors_leave_nothing_of_is_an_error() -> None:
    own = CibuildwheelOptions(table={"build": "cp314-* cp313-*"})
    with pytest.raises(ConfigurationError) as caught:
        select(CibuildwheelRequest(pythons=("3.14", "3.14t"), platforms=LINUX, own=own))
    assert caught.value.message == (
        "nothing is left to build for 3.14t\n  cp314t-manylinux_x86_64: [tool.cibuildwheel] build = 'cp314-* cp313-*'"
    )


def test_a_pair_that_the_projects_own_selectors_leave_out_is_skipped_and_a_python_that_is_nowhere_built_is_not() -> (
    None
):
    own = read_options({"tool": {"cibuildwheel": {"skip": "cp314t-musllinux* cp315*", "linux": {"build": "*"}}}}, {})
    pythons = ("3.14", "3.14t", "3.15", "next")
    tags = ("musllinux_1_2_x86_64", "manylinux_2_28_x86_64", "win_amd64", "any")
    assert dict(skipped(pythons, tags, own)) == {
        ("3.14t", "musllinux_1_2_x86_64"): "[tool.cibuildwheel] skip = 'cp314t-musllinux* cp315*'"
    }
    assert not skipped(("3.14", "3.14t"), tags[:1], own)
    assert not skipped((), (), own)


def test_a_platform_that_requires_python_leaves_nothing_of_is_an_error() -> None:
    request = CibuildwheelRequest(
        pythons=("3.12", "3.14"), platforms=("android_x86_64", *LINUX), requires_python="<3.14"
    )
    with pytest.raises(ConfigurationError, match=r"nothing is left to build for 3\.14, android_x86_64"):
        select(request)


def test_nothing_at_all_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="nothing is left to build for manylinux_x86_64"):
        select(CibuildwheelRequest(platforms=LINUX, requires_python="<3"))


@pytest.mark.parametrize("python", ["3.7", "3.16", "3.12t", "2.7"])
def test_a_python_of_no_series_is_an_error(python: str) -> None:
    with pytest.raises(ConfigurationError, match=f"no series of cibuildwheel builds {python}"):
        select(CibuildwheelRequest(pythons=("3.14", python), platforms=LINUX))


def test_a_python_that_only_the_installed_cibuildwheel_knows_is_built_and_3x_is_not_asked() -> None:
    asked = []

    def newer(series: CibuildwheelSeries) -> frozenset[str]:
        asked.append(series)
        return copied_identifiers(series) | {"cp316-manylinux_x86_64", "cp316t-manylinux_x86_64"}

    named = select(CibuildwheelRequest(pythons=("3.15", "3.16t"), platforms=LINUX), newer)
    every = select(CibuildwheelRequest(platforms=LINUX, requires_python=">=3.15"), newer)
    assert [each.python for each in named.identifiers] == ["cp315", "cp316t"]
    assert [each.python for each in every.identifiers] == ["cp315", "cp315t", "cp316", "cp316t"]
    assert {*asked} == {CibuildwheelSeries.FOUR}


def test_the_group_that_4x_refuses_sends_everything_to_3x() -> None:
    own = CibuildwheelOptions(table={"enable": ["pypy", "cpython-freethreading"]})
    assert texts(CibuildwheelRequest(pythons=PAIRS, platforms=LINUX, own=own)) == {
        "3.x": [f"cp3{python}-manylinux_x86_64" for python in ("13", "13t", "14", "14t")]
    }


def test_the_group_that_4x_refuses_and_a_python_that_3x_has_not() -> None:
    own = CibuildwheelOptions(environ={"CIBW_ENABLE": "cpython-freethreading"})
    with pytest.raises(ConfigurationError, match=r"CIBW_ENABLE names .* 3\.x does not build cp315t-manylinux_x86_64"):
        select(CibuildwheelRequest(pythons=("3.13t", "3.15t"), platforms=LINUX, own=own))


def test_the_request_of_a_project() -> None:
    document = {
        "project": {"requires-python": ">=3.13"},
        "tool": {"ftwheel": {"pythons": ["3.14", "3.14t"], "platforms": ["manylinux_2_28_x86_64", "win_amd64"]}},
    }
    request = request_for(document, {"CIBW_SKIP": "*-win32", "HOME": "/"})
    assert request.pythons == ("3.14", "3.14t")
    assert request.platforms == ("manylinux_x86_64", "win_amd64")
    assert request.requires_python == ">=3.13"
    assert request.own.environ == {"CIBW_SKIP": "*-win32"}
    asked = request_for(document, {"CIBW_PROJECT_REQUIRES_PYTHON": ">=3.10"}, pythons=["3.15"], platforms=["win32"])
    assert (asked.pythons, asked.platforms, asked.requires_python) == (("3.15",), ("win32",), ">=3.10")
    assert request_for({}, {}) == CibuildwheelRequest(platforms=HOSTED)


@pytest.mark.parametrize(
    ("table", "environ", "expected", "where"),
    [
        ({}, {}, None, "[tool.cibuildwheel] archs"),
        ({"archs": ["a", "b"]}, {}, "a b", "[tool.cibuildwheel] archs"),
        ({"archs": "a", "linux": {"archs": "b"}}, {}, "b", "[tool.cibuildwheel.linux] archs"),
        (
            {"archs": "a", "linux": {"archs": "b", "inherit": {"archs": "append"}}},
            {},
            "a b",
            "[tool.cibuildwheel.linux] archs",
        ),
        (
            {"archs": "a", "linux": {"archs": "b", "inherit": {"archs": "prepend"}}},
            {},
            "b a",
            "[tool.cibuildwheel.linux] archs",
        ),
        ({"archs": "a", "inherit": "archs: append", "linux": "wrong"}, {}, "a", "[tool.cibuildwheel] archs"),
        ({"archs": "a"}, {"CIBW_ARCHS": "c"}, "c", "CIBW_ARCHS"),
        (
            {"archs": "a"},
            {"CIBW_ARCHS": "c", "CIBW_ARCHS_LINUX": "d", "CIBW_ARCHS_MACOS": "e"},
            "d",
            "CIBW_ARCHS_LINUX",
        ),
    ],
)
def test_the_order_of_the_options_is_cibuildwheels(
    table: dict[str, Any], environ: dict[str, str], expected: str | None, where: str
) -> None:
    options = CibuildwheelOptions(table=table, environ=environ)
    assert options.get("archs", "linux") == expected
    assert options.where("archs", "linux") == where


def test_there_is_no_platforms_variable_for_selectors_and_enable_adds() -> None:
    options = CibuildwheelOptions(
        table={"enable": ["pypy"]}, environ={"CIBW_ENABLE": "graalpy", "CIBW_BUILD_LINUX": "cp314-*"}
    )
    assert options.get("enable", "linux") == "pypy graalpy"
    assert options.get("build", "linux") is None


def test_a_raw_value_and_the_overrides() -> None:
    options = CibuildwheelOptions(
        table={"config-settings": {"a": "b"}, "overrides": [{"select": "*", "environment": {}}, 3]}
    )
    assert options.raw("config-settings", "linux") == {"a": "b"}
    assert options.raw("environment", "linux") is None
    assert options.named_in_overrides("environment")
    assert not options.named_in_overrides("before-all")


def test_a_table_that_is_none_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="expected a table"):
        read_options({"tool": {"cibuildwheel": "3"}}, {})
    assert read_options({"tool": 3}, {}) == CibuildwheelOptions()


def test_each_series_says_how_it_is_installed() -> None:
    assert {series.label: series.value for series in CibuildwheelSeries} == {
        "3.x": "cibuildwheel>=3.4,<4",
        "4.x": "cibuildwheel>=4.3,<5",
    }


@pytest.mark.parametrize(
    ("wanted", "archs", "expected"),
    [
        (HOSTED, "", ("manylinux_x86_64", "musllinux_x86_64")),
        (HOSTED, "auto", ("manylinux_x86_64", "musllinux_x86_64")),
        (HOSTED, "aarch64", ("manylinux_aarch64", "musllinux_aarch64")),
        (HOSTED, "native, AARCH64", HOSTED[:4]),
        (HOSTED, "all", HOSTED[:4]),
        (("manylinux_2_28_x86_64", "win_amd64", "manylinux_2_28_aarch64"), "", ("manylinux_2_28_x86_64",)),
        (("win_amd64",), "AMD64", ()),
    ],
)
def test_a_machine_builds_for_itself_unless_the_project_names_others(
    wanted: tuple[str, ...], archs: str, expected: tuple[str, ...]
) -> None:
    assert platforms_here(wanted, ("manylinux_x86_64", "musllinux_x86_64"), archs) == expected


@pytest.mark.parametrize(
    ("wheel", "identifier", "expected"),
    [
        ("cp314-cp314t-manylinux_2_28_x86_64", "cp314t-manylinux_x86_64", True),
        ("cp314-cp314t-manylinux_2_28_x86_64", "cp314-manylinux_x86_64", False),
        ("cp314-cp314t-manylinux_2_17_x86_64.manylinux2014_x86_64", "cp314t-manylinux_x86_64", True),
        ("cp314-cp314t-manylinux_2_28_x86_64", "cp314t-musllinux_x86_64", False),
        ("cp314-cp314t-linux_x86_64", "cp314t-musllinux_x86_64", True),
        ("cp312-abi3-win_amd64", "cp314-win_amd64", True),
        ("cp312-abi3-win_amd64", "cp314t-win_amd64", False),
        ("cp312-abi3-win_amd64", "cp311-win_amd64", False),
        ("cp315-abi3.abi3t-win_amd64", "cp315t-win_amd64", True),
        ("py3-none-win_amd64", "cp314t-win_amd64", True),
        ("cp313-none-win_amd64", "cp314t-win_amd64", False),
        ("py3-none-any", "cp314t-win_amd64", True),
    ],
)
def test_a_wheel_serves_an_identifier(wheel: str, identifier: str, expected: bool) -> None:
    python, _, platform = identifier.partition("-")
    build = BuildIdentifier(platform=platform, minor=int(python[3:].rstrip("t")), free_threaded=python.endswith("t"))
    assert serves(WheelName.parse(f"demo-1.0-{wheel}.whl"), build) is expected


def test_the_steps_are_read_from_what_cibuildwheel_prints() -> None:
    follower = LogFollower()
    lines = [
        "Starting container image manylinux_2_28...",
        "\x1b[1m\x1b[34mBuilding cp314t-manylinux_x86_64 wheel\x1b[0m",
        "CPython 3.14 free-threading manylinux x86_64",
        "::group::Building wheel...",
        "error: Testing wheel is not a step",
        "Testing wheel...",
    ]
    assert [(follower.read(line), follower.identifier) for line in lines] == [
        (BuildStage.CONTAINER, ""),
        (None, "cp314t-manylinux_x86_64"),
        (None, "cp314t-manylinux_x86_64"),
        (BuildStage.BUILD, "cp314t-manylinux_x86_64"),
        (None, "cp314t-manylinux_x86_64"),
        (BuildStage.TEST, "cp314t-manylinux_x86_64"),
    ]


def test_a_requires_python_that_is_none_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match=r"requires-python: '3\.x'"):
        request_for({}, {"CIBW_PROJECT_REQUIRES_PYTHON": "3.x"})


def test_options_in_another_file_are_not_read() -> None:
    with pytest.raises(ConfigurationError, match=r"CIBW_CONFIG_FILE is other\.toml"):
        read_options({}, {"CIBW_CONFIG_FILE": "other.toml"})
