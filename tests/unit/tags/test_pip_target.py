"""pip's options for another interpreter: the tags they stand for, what the host adds, and what is refused."""

from __future__ import annotations

import pytest
from packaging import tags

from ftwheel.core.errors import InputError
from ftwheel.core.index.page import File, ProjectDetails, SourceKind
from ftwheel.core.installers.registry import installer
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.installers.selection import ProjectFiles, choose, loads
from ftwheel.core.tags.environments import Environment, Loading, parse_environment
from ftwheel.core.tags.pip_target import PipTarget, target_environment
from ftwheel.core.tags.platform_tags import macos_ladder
from ftwheel.core.tags.priority import TagFlavour, best_tag, position

HOST = parse_environment("cp3.13.2-manylinux_2_36_x86_64")
THREADED = parse_environment("cp314t-win_amd64")


def target(
    host: Environment = HOST, /, *platforms: str, version: str = "", abis: str = "", name: str = ""
) -> Environment:
    options = PipTarget(platforms=platforms, python_version=version, abis=tuple(abis.split()), implementation=name)
    return target_environment(host, options)


def listed(version: tuple[int, ...], abis: list[str], platforms: list[str], own: str) -> list[str]:
    """What packaging lists; of a tag that is there twice, pip's later position counts."""
    found = [str(tag) for tag in tags.cpython_tags(version, abis, platforms)] if own.startswith("cp") else []
    found = found or [str(tag) for tag in tags.generic_tags(own, abis, platforms)]
    found += [str(tag) for tag in tags.compatible_tags(version, own, platforms)]
    return list(dict.fromkeys(reversed(found)))[::-1]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (target(HOST, "win_amd64"), listed((3, 13), ["cp313"], ["win_amd64"], "cp313")),
        (target(HOST, "win_amd64", version="3.14", abis="cp314t"), listed((3, 14), ["cp314t"], ["win_amd64"], "cp314")),
        (target(THREADED, "win32", version="313"), listed((3, 13), ["cp313t"], ["win32"], "cp313")),
        (target(THREADED, "win32", version="3.12"), listed((3, 12), ["cp312"], ["win32"], "cp312")),
        (target(HOST, "any", version="3"), listed((3,), [], ["any"], "cp3")),
        (target(HOST, "ANY", version="3.9", abis="cp39"), listed((3, 9), ["cp39"], ["any"], "cp39")),
        (target(HOST, "x_y", version="2.7"), listed((2, 7), ["cp27mu"], ["x_y"], "cp27")),
        (
            target(HOST, "x_y", version="3.15", abis="cp315t abi3t abi3t cp315"),
            listed((3, 15), ["cp315t", "abi3t", "abi3t", "cp315"], ["x_y"], "cp315"),
        ),
        (target(HOST, "x_y", name="pp", version="311"), listed((3, 11), ["cp313"], ["x_y"], "pp311")),
        (target(HOST, "x_y", name="py", abis="none"), listed((3, 13), ["none"], ["x_y"], "py313")),
        (target(THREADED, "x_y", name="CP"), listed((3, 14), ["cp314t"], ["x_y"], "CP314")),
        (
            target(parse_environment("pp311-win_amd64"), "x_y", name="cp"),
            listed((3, 11), ["cp311"], ["x_y"], "cp311"),
        ),
        (
            target(parse_environment("cp313td-win_amd64"), "x_y", version="3.14"),
            listed((3, 14), ["cp314td", "cp314t"], ["x_y"], "cp314"),
        ),
    ],
    ids=lambda value: value.label if isinstance(value, Environment) else "",
)
def test_tags_are_those_of_packaging(environment: Environment, expected: list[str]) -> None:
    assert list(environment.tags) == expected
    abis, platforms = environment.tables(TagFlavour.PIP)
    places = [position(abis, platforms, tag.rpartition("-")[0], tag.rpartition("-")[2]) for tag in expected]
    assert [best_tag(abis, platforms, place) for place in places if place is not None] == expected
    assert places == sorted(place for place in places if place is not None)


@pytest.mark.parametrize(
    ("named", "platforms"),
    [
        ("win_amd64", ["win_amd64"]),
        ("manylinux_2_28_x86_64", ["manylinux_2_28_x86_64"]),
        ("manylinux2014_x86_64", ["manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64"]),
        ("manylinux2014_aarch64", ["manylinux2014_aarch64"]),
        ("manylinux2010_i686", ["manylinux2010_i686", "manylinux1_i686"]),
        ("macosx_11_0_arm64", [*tags.mac_platforms((11, 0), "arm64")]),
        ("macosx_10_6_ppc", [*tags.mac_platforms((10, 6), "ppc")]),
        ("macosx_11_0_arm64 macosx_10_9_universal2", [*tags.mac_platforms((11, 0), "arm64")]),
        ("macosxmine_11_0_fat64", [each.replace("osx", "osxmine") for each in tags.mac_platforms((11, 0), "fat64")]),
        ("macosx", ["macosx"]),
        ("ios_13_0_arm64-iphoneos", [*tags.ios_platforms((13, 0), "arm64_iphoneos")]),
        ("ios_11_0_arm64_iphoneos", list(HOST.platforms)),  # nothing is left, so the host counts
        ("android_21_arm64-v8a", [*tags.android_platforms(21, "arm64_v8a")]),
        ("android_x", ["android_x"]),
        ("Win_AMD64 win_amd64 x", ["win_amd64", "x"]),
    ],
)
def test_few_platforms_take_in_older_ones(named: str, platforms: list[str]) -> None:
    assert list(target(HOST, *named.split(), abis="cp313").platforms) == platforms


@pytest.mark.parametrize("architecture", ["i386", "ppc64", "ppc", "intel", "universal2", "fat"])
@pytest.mark.parametrize("version", [(9, 0), (10, 3), (10, 5), (10, 16), (12, 3)])
def test_old_processors_of_macos_are_those_of_packaging(version: tuple[int, int], architecture: str) -> None:
    assert [*macos_ladder(*version, architecture)] == [*tags.mac_platforms(version, architecture)]


def test_abi3t_alone_does_not_decide() -> None:
    """As packaging 26.3 has it, which pip 26.3 brings along; packaging 26.4 takes it for a free-threaded build."""
    accepted = target(HOST, "x", abis="abi3t abi3 none")
    assert accepted.tags[:3] == ("cp313-abi3t-x", "cp313-abi3-x", "cp313-none-x")
    assert not accepted.free_threaded


def test_what_no_option_says_is_the_hosts() -> None:
    """Its markers always, and its exact version where none is named."""
    assert target_environment(HOST, PipTarget()) is HOST
    assert not PipTarget()
    other = target(HOST, "win_amd64")
    assert (other.python_version, other.python_full_version, other.markers) == ((3, 13, 2), "3.13.2", HOST.markers)
    assert other.label == f"{HOST.label} --platform win_amd64"
    named = target(HOST, version="3.14.1", abis="cp314t abi3t", name="cp")
    assert (named.python_version, named.python_full_version, named.free_threaded) == ((3, 14, 1), "3.14.1", True)
    assert named.platforms == HOST.platforms
    assert named.abis == ("cp314t",)
    assert named.label.endswith(" --python-version 3.14.1 --implementation cp --abi cp314t --abi abi3t")


@pytest.mark.parametrize("text", ["3.x", "3.13.1.2", "3.13rc1", "-3", "3.", ".3", "3 13"])
def test_versions_that_pip_does_not_take(text: str) -> None:
    with pytest.raises(InputError, match="--python-version"):
        target(HOST, version=text)


@pytest.mark.parametrize("platform", ["macosx_99999999_0_arm64", "ios_13_99999_x", "android_100000_x86"])
def test_releases_that_nobody_counts_down_from(platform: str) -> None:
    with pytest.raises(InputError, match="no such release"):
        target(HOST, platform)


FILES = ("demo-1.0-cp27-cp27mu-any.whl", "demo-1.0-cp313-cp313.none-any.whl", "demo-1.0-py3-none-any.whl")
PROJECT = ProjectFiles(
    "demo",
    [(SourceKind.INDEX, ProjectDetails(name="demo", files=tuple(File(filename=n, url=f"/{n}") for n in FILES)))],
)


@pytest.mark.parametrize(("version", "expected"), [("3.13", FILES[1]), ("2.7", FILES[0]), ("3.12", FILES[2])])
def test_any_is_a_platform_as_well(version: str, expected: str) -> None:
    environment = target(HOST, "any", version=version)
    best = choose(PROJECT, parse_requirement("demo"), environment, installer("pip"))
    assert best is not None
    assert best.file.filename == expected
    assert loads(best, environment) is Loading.YES


@pytest.mark.parametrize(("name", "abis"), [("c-p", ""), ("", "cp313-x none"), ("c-p", "-")])
def test_what_no_file_name_can_have_is_never_met(name: str, abis: str) -> None:
    environment = target(HOST, "any", name=name, abis=abis)
    best = choose(PROJECT, parse_requirement("demo"), environment, installer("pip"))
    assert best is not None
    assert best.file.filename in FILES[1:]
    assert all(tag.count("-") == 2 for tag in environment.tags)


@pytest.mark.parametrize("other", ["uv", "poetry", "pdm", "pip==26.2"])
def test_they_are_options_of_the_newest_pip(other: str) -> None:
    with pytest.raises(InputError, match="is not modelled with these options"):
        choose(PROJECT, parse_requirement("demo"), target(HOST, "any"), installer(other))
