"""Targets: which a release has to serve, and why."""

from __future__ import annotations

import pytest

from ftwheel.core.installers.outcomes import Outcome
from ftwheel.core.release.coverage import (
    ConfiguredTargets,
    Coverage,
    CoverageCell,
    ExpectationBasis,
    InstallerChoice,
    TargetEnvironment,
    WheelScope,
    judge,
    level,
    target_environments,
    wheel_scope,
)
from ftwheel.core.tags.machines import machines

LINUX, OLD_LINUX, WINDOWS, IOS = (
    "manylinux_2_28_x86_64",
    "manylinux_2_17_x86_64",
    "win_amd64",
    "ios_13_0_arm64_iphoneos",
)
NEWEST = 15


def at(text: str, platform: str = WINDOWS) -> TargetEnvironment:
    """``14t`` as a target."""
    return TargetEnvironment(minor=int(text.removesuffix("t")), free_threaded=text.endswith("t"), platform=platform)


def wheels(*tags: str) -> list[str]:
    return [f"foo-1.0-{tag}.whl" for tag in tags]


def bases(
    release: list[str],
    *,
    served: list[TargetEnvironment],
    previous: list[str] | None = None,
    served_before: list[TargetEnvironment] | None = None,
    configured: ConfiguredTargets | None = None,
    supported: tuple[int, ...] = (11, 12, 13, 14, 15),
    allowed: tuple[int, ...] | None = None,
    keep: bool = False,
) -> dict[str, ExpectationBasis | None]:
    """Why each target of a release is expected, when exactly those in ``served`` get a compiled wheel."""
    configured = configured or ConfiguredTargets()
    what = wheel_scope(release, NEWEST)
    before = wheel_scope(previous, NEWEST) if previous is not None else None
    cells = [
        CoverageCell(target=one, choices=(), served=one in served, compiled=one in served)
        for one in target_environments(what, before, configured)
    ]
    judged = judge(
        cells,
        release=what,
        configured=configured,
        served_before=frozenset(served_before or ()),
        supported=frozenset(supported),
        allowed=frozenset(supported if allowed is None else allowed),
        keep=keep,
    )
    return {cell.target.label: cell.expected for cell in judged}


@pytest.mark.parametrize(
    ("platform", "found"),
    [
        ("any", ()),
        ("win_amd64", ("win_amd64",)),
        ("manylinux1_x86_64", ("manylinux_2_5_x86_64",)),
        ("manylinux2010_i686", ("manylinux_2_12_i686",)),
        ("manylinux2014_aarch64", ("manylinux_2_17_aarch64",)),
        ("manylinux_2_28_x86_64", ("manylinux_2_28_x86_64",)),
        ("macosx_10_9_x86_64", ("macosx_10_9_x86_64",)),
        ("macosx_10_12_arm64", ("macosx_11_0_arm64",)),
        ("macosx_11_3_arm64", ("macosx_11_0_arm64",)),
        ("macosx_10_9_universal2", ("macosx_11_0_arm64", "macosx_10_9_x86_64")),
        ("macosx_12_0_universal2", ("macosx_12_0_arm64", "macosx_12_0_x86_64")),
        ("macosx_10_6_intel", ("macosx_10_6_x86_64",)),
    ],
)
def test_a_platform_tag_names_the_oldest_machines_that_take_it(platform: str, found: tuple[str, ...]) -> None:
    assert machines(platform) == found


def test_levels_are_numbers() -> None:
    assert level("manylinux_2_5_x86_64") < level("manylinux_2_28_x86_64")
    assert level("win_amd64") == (0, 0)


def test_a_release_reaches_what_its_names_promise() -> None:
    found = wheel_scope(
        [
            "foo-1.0.tar.gz",
            *wheels(
                "cp313-cp313t-win_amd64",
                "cp311-abi3-manylinux_2_28_x86_64.manylinux2014_x86_64",
                "pp311-pypy311_pp73-win32",
            ),
        ],
        NEWEST,
    )
    assert found == WheelScope(
        default=frozenset({11, 12, 13, 14, 15}),
        free_threaded=frozenset({13}),
        machines=frozenset({"win_amd64", "manylinux_2_17_x86_64"}),
        pure=False,
    )


@pytest.mark.parametrize(
    ("tags", "concerned"),
    [
        (
            ("cp313-cp313-manylinux_2_34_x86_64", "cp313-cp313t-manylinux_2_34_x86_64"),
            {"cp313-manylinux_2_34_x86_64", "cp313t-manylinux_2_34_x86_64"},
        ),
        (("cp314-cp314-win_amd64",), {"cp314-win_amd64", "cp314t-win_amd64"}),  # the other build is missing
        (("cp314-cp314t-win_amd64",), {"cp314-win_amd64", "cp314t-win_amd64"}),
        (
            ("cp313-abi3-win_amd64", "cp314-cp314t-win_amd64"),
            {"cp313-win_amd64", "cp314-win_amd64", "cp315-win_amd64", "cp314t-win_amd64"},
        ),
        (
            ("cp314-cp314-win_amd64", "cp315-cp315-win_amd64", "cp315-cp315t-win_amd64"),
            {"cp314-win_amd64", "cp314t-win_amd64", "cp315-win_amd64", "cp315t-win_amd64"},
        ),
    ],
)
def test_what_one_machine_has_built_concerns_its_own_targets(tags: tuple[str, ...], concerned: set[str]) -> None:
    scope = wheel_scope(wheels(*tags), NEWEST)
    targets = [
        TargetEnvironment(minor=minor, free_threaded=free_threaded, platform=platform)
        for minor in (12, 13, 14, 15)
        for free_threaded in (False, True)
        for platform in ("win_amd64", "win_arm64", "manylinux_2_17_x86_64", "manylinux_2_34_x86_64")
    ]
    assert {target.label for target in targets if scope.concerns(target)} == concerned


def test_a_pure_wheel_concerns_every_target() -> None:
    target = TargetEnvironment(minor=14, free_threaded=True, platform="win_amd64")
    assert wheel_scope(wheels("py3-none-any"), NEWEST).concerns(target)


@pytest.mark.parametrize(
    ("tag", "pure", "platforms"),
    [
        ("py3-none-any", True, set()),
        ("py2.py3-none-win_amd64", False, {"win_amd64"}),
        ("cp39-none-any", True, set()),
        ("pp39-none-any", False, set()),
    ],
)
def test_wheels_without_an_abi(tag: str, pure: bool, platforms: set[str]) -> None:
    found = wheel_scope(wheels(tag), NEWEST)
    assert (found.pure, found.machines, found.default) == (pure, platforms, frozenset())


@pytest.mark.parametrize(
    "platforms", ["manylinux2014_x86_64.manylinux_2_28_x86_64", "manylinux_2_28_x86_64.manylinux2014_x86_64"]
)
def test_a_compressed_set_serves_from_its_lowest_level_on(platforms: str) -> None:
    assert wheel_scope(wheels(f"cp314-cp314-{platforms}"), NEWEST).machines == {OLD_LINUX}


def test_a_stable_abi_for_both_builds() -> None:
    found = wheel_scope(wheels("cp315-abi3.abi3t-win_amd64"), 16)
    assert (found.default, found.free_threaded) == ({15, 16}, {15, 16})


def test_names_of_a_target() -> None:
    one = at("14t", LINUX)
    assert (one.python, one.label) == ("cp314t", "cp314t-manylinux_2_28_x86_64")
    assert one.other_build == at("14", LINUX)
    assert one.other_build.other_build == one


def test_both_builds_are_asked_about_on_every_machine() -> None:
    release = wheels("cp312-cp312-win_amd64", "cp314-cp314-win_amd64", f"cp314-cp314t-{LINUX}")
    assert [one.label for one in target_environments(wheel_scope(release, NEWEST), None, ConfiguredTargets())] == [
        f"cp312-{LINUX}",
        "cp312-win_amd64",
        f"cp314-{LINUX}",
        "cp314-win_amd64",
        f"cp314t-{LINUX}",
        "cp314t-win_amd64",
    ]


def test_the_experimental_build_only_where_a_wheel_names_it() -> None:
    assert "cp313t-win_amd64" not in bases(wheels("cp313-cp313-win_amd64"), served=[])
    assert "cp313t-win_amd64" in bases(
        wheels("cp313-cp313-win_amd64"), served=[], previous=wheels(f"cp313-cp313t-{LINUX}")
    )


def test_platforms_without_free_threading_need_no_free_threaded_wheel() -> None:
    found = bases(wheels(f"cp314-cp314-{IOS}"), served=[at("14", IOS)])
    assert found == {f"cp314-{IOS}": ExpectationBasis.SHIPPED}


def test_either_build_demands_the_other() -> None:
    found = bases(wheels("cp314-cp314-win_amd64"), served=[at("14")])
    assert found["cp314t-win_amd64"] is ExpectationBasis.OTHER_BUILD
    found = bases(wheels("cp313-cp313t-win_amd64", f"cp313-cp313-{LINUX}"), served=[at("13t"), at("13", LINUX)])
    assert found["cp313-win_amd64"] is ExpectationBasis.OTHER_BUILD
    assert found[f"cp313t-{LINUX}"] is ExpectationBasis.OTHER_BUILD


def test_an_older_machine_is_served_by_one_build_only() -> None:
    release = wheels(f"cp314-cp314-{OLD_LINUX}", f"cp314-cp314t-{LINUX}")
    served = [at("14", OLD_LINUX), at("14", LINUX), at("14t", LINUX)]
    assert bases(release, served=served)[f"cp314t-{OLD_LINUX}"] is ExpectationBasis.OTHER_BUILD


def test_what_neither_build_has_is_asked_for_on_the_newest_machine_only() -> None:
    release = wheels(f"cp313-cp313-{OLD_LINUX}", f"cp314-cp314-{LINUX}", "cp314-cp314-win_amd64")
    found = bases(release, served=[at("13", OLD_LINUX), at("13", LINUX), at("14", LINUX), at("14")])
    assert found["cp313-win_amd64"] is ExpectationBasis.SHIPPED
    assert found[f"cp314-{OLD_LINUX}"] is None


def test_versions_without_support_are_not_asked_for() -> None:
    release = wheels("cp310-cp310-win_amd64", f"cp311-cp311-{LINUX}")
    served = [at("10"), at("11", LINUX)]
    assert bases(release, served=served)[f"cp310-{LINUX}"] is None
    assert bases(release, served=served, supported=(10, 11))[f"cp310-{LINUX}"] is ExpectationBasis.SHIPPED
    arm = wheels("cp310-cp310-win_amd64", "cp311-cp311-win_arm64")
    assert "cp310-win_arm64" not in bases(arm, served=[], supported=(10, 11))  # there is no such CPython


def test_what_the_previous_release_served_is_lost() -> None:
    previous = wheels(f"cp312-cp312-{OLD_LINUX}", "cp311-cp311-win32", "cp312-cp312-win_amd64")
    before = [at("12", OLD_LINUX), at("11", "win32"), at("12", "win32"), at("12")]
    found = bases(wheels(f"cp312-cp312-{LINUX}"), served=[], previous=previous, served_before=before)
    assert found[f"cp312-{OLD_LINUX}"] is ExpectationBasis.PREVIOUS
    assert found["cp311-win32"] is ExpectationBasis.DROPPED_PYTHON
    assert found["cp312-win32"] is ExpectationBasis.DROPPED_PLATFORM
    assert found["cp311-win_amd64"] is None
    release = wheels(f"cp312-cp312-{LINUX}")
    # requires-python says so, or 3.11 is out of support
    kept = bases(release, served=[], previous=previous, served_before=before, allowed=(12,), keep=True)
    assert kept["cp311-win32"] is None
    assert kept["cp312-win32"] is ExpectationBasis.PREVIOUS
    before = [at("13"), at("13t")]
    previous = wheels("cp313-cp313-win_amd64", "cp313-cp313t-win_amd64")
    kept = bases(wheels("cp312-cp312-win_amd64"), served=[], previous=previous, served_before=before, keep=True)
    assert kept["cp313-win_amd64"] is ExpectationBasis.PREVIOUS
    assert kept["cp313t-win_amd64"] is ExpectationBasis.DROPPED_PYTHON
    without = bases(wheels(f"cp312-cp312-{LINUX}"), served=[], previous=previous)
    assert without["cp312-win_amd64"] is None


def test_a_table_of_the_project_says_what_is_expected() -> None:
    configured = ConfiguredTargets(pythons=("3.13", "3.14t"), platforms=("win_amd64", "manylinux2014_x86_64"))
    found = bases(wheels("cp314-cp314-win_amd64"), served=[at("14")], configured=configured)
    assert {label for label, expected in found.items() if expected is ExpectationBasis.CONFIGURED} == {
        "cp313-win_amd64",
        "cp314t-win_amd64",
        f"cp313-{OLD_LINUX}",
        f"cp314t-{OLD_LINUX}",
    }


def test_what_the_project_does_not_build_together_is_not_expected() -> None:
    configured = ConfiguredTargets.of(
        pythons=("3.14", "3.14t"),
        platforms=("win_amd64", "win_arm64"),
        stable_abi="",
        supported=(14,),
        left_out=[("3.14t", "win_arm64")],
    )
    found = bases(wheels("cp314-cp314-win_arm64"), served=[at("14", "win_arm64")], configured=configured)
    assert {label for label, expected in found.items() if expected is not None} == {
        "cp314-win_amd64",
        "cp314t-win_amd64",
        "cp314-win_arm64",
    }


def test_a_table_that_names_pythons_names_all_of_them() -> None:
    served = [at("14")]
    found = bases(wheels("cp314-cp314-win_amd64"), served=served, configured=ConfiguredTargets(pythons=("3.14",)))
    assert found == {"cp314-win_amd64": ExpectationBasis.CONFIGURED, "cp314t-win_amd64": None}


def test_a_table_with_platforms_takes_the_pythons_of_the_release() -> None:
    found = bases(wheels("cp312-cp312-win_amd64"), served=[], configured=ConfiguredTargets(platforms=("win32",)))
    assert found["cp312-win32"] is ExpectationBasis.CONFIGURED
    assert found["cp312-win_amd64"] is None  # a table that names platforms names all of them


def test_a_stable_abi_stands_for_every_version_from_its_floor() -> None:
    of = ConfiguredTargets.of(pythons=(), platforms=("win32",), stable_abi="3.13", supported=(11, 12, 13, 14))
    assert of == ConfiguredTargets(stable_abi=("3.13", "3.14"), platforms=("win32",))
    assert of.named == ("3.13", "3.14")
    assert of.allows(at("14t", "win32"))  # a free-threaded wheel may be expected beside the stable-ABI one
    named = ConfiguredTargets.of(pythons=("3.14t",), platforms=(), stable_abi="3.9", supported=(13, 14))
    assert named.named == ("3.14t",)
    assert not named.allows(at("14"))
    assert ConfiguredTargets.of(pythons=(), platforms=(), stable_abi="", supported=(13,)) == ConfiguredTargets()


def test_missing_are_the_expected_targets_without_a_wheel() -> None:
    choice = (InstallerChoice(installer="pip", outcome=Outcome.NOTHING),)
    cells = tuple(
        CoverageCell(target=at(text), choices=choice, served=served, compiled=served, expected=expected)
        for text, served, expected in (
            ("12", True, ExpectationBasis.OTHER_BUILD),
            ("13", False, ExpectationBasis.OTHER_BUILD),
            ("14", False, None),
        )
    )
    coverage = Coverage(
        project="foo", version="1.0", previous="", installers=("pip",), new_files=(), published=(), cells=cells
    )
    assert coverage.missing == cells[1:2]


def test_a_stable_abi_wheel_serves_its_own_floor_before_that_is_released() -> None:
    scope = wheel_scope(wheels("cp315-abi3.abi3t-win_amd64"), 14)
    assert (scope.default, scope.free_threaded) == ({15}, {15})
