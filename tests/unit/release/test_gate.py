"""Findings about targets: what is missing, where, and what users get instead."""

from __future__ import annotations

import pytest

from ftwheel.core.findings import Finding, Severity, weighed
from ftwheel.core.installers.outcomes import Outcome
from ftwheel.core.release.coverage import Coverage, CoverageCell, ExpectationBasis, InstallerChoice, TargetEnvironment
from ftwheel.rules.registry import family
from ftwheel.rules.release.coverage import findings, problems

WINDOWS = "win_amd64"


def choice(
    outcome: Outcome, version: str = "", only_binary: str | None = None, **fields: object
) -> tuple[InstallerChoice, ...]:
    """The same for pip and uv."""
    return tuple(
        InstallerChoice(installer=name, outcome=outcome, version=version, only_binary=only_binary, **fields)  # type: ignore[arg-type]
        for name in ("pip", "uv")
    )


NOTHING = choice(Outcome.NOTHING)
SDIST = choice(Outcome.SDIST, "1.0", "0.9")


def cell(
    python: str,
    platform: str = WINDOWS,
    taken: tuple[InstallerChoice, ...] = NOTHING,
    expected: ExpectationBasis | None = ExpectationBasis.OTHER_BUILD,
    **fields: bool,
) -> CoverageCell:
    where = TargetEnvironment(
        minor=int(python.removesuffix("t")), free_threaded=python.endswith("t"), platform=platform
    )
    given = {"served": False, "compiled": False} | fields
    return CoverageCell(target=where, choices=taken, expected=expected, **given)


def coverage(*cells: CoverageCell) -> Coverage:
    return Coverage(
        project="foo", version="1.0", previous="0.9", installers=("pip", "uv"), new_files=(), published=(), cells=cells
    )


@pytest.mark.parametrize(
    ("expected", "code", "severity", "words"),
    [
        (
            ExpectationBasis.OTHER_BUILD,
            "FTV101",
            Severity.ERROR,
            "no wheel for the default 3.14 on win_amd64, although the free-threaded",
        ),
        (
            ExpectationBasis.SHIPPED,
            "FTV102",
            Severity.WARNING,
            "no wheel for 3.14 on win_amd64; ",
        ),
        (
            ExpectationBasis.PREVIOUS,
            "FTV103",
            Severity.ERROR,
            "the previous release had a wheel for the default 3.14 on win_amd64",
        ),
        (
            ExpectationBasis.CONFIGURED,
            "FTV104",
            Severity.ERROR,
            "[tool.ftwheel] names the default 3.14 on win_amd64: no wheel",
        ),
        (ExpectationBasis.DROPPED_PYTHON, "FTV112", Severity.WARNING, "had wheels for the default 3.14 on win_amd64"),
        (
            ExpectationBasis.DROPPED_PLATFORM,
            "FTV112",
            Severity.WARNING,
            "had wheels for win_amd64, but this one has none for that pl",
        ),
    ],
)
def test_each_cause_has_its_code(expected: ExpectationBasis, code: str, severity: Severity, words: str) -> None:
    (finding,) = findings(coverage(cell("14", expected=expected)))
    assert (finding.code, finding.severity, finding.subject) == (code, severity, "foo 1.0")
    assert words in finding.message
    assert finding.message.endswith("; pip and uv select nothing")
    assert finding.fix
    assert code in family("FTV")


def test_the_free_threaded_wheel_is_named_with_its_tags() -> None:
    (finding,) = findings(coverage(cell("14t")))
    assert "the free-threaded 3.14 on win_amd64, although the default build has one" in finding.message
    assert finding.fix == "Build and upload a cp314-cp314t-win_amd64 wheel."


@pytest.mark.parametrize(
    ("taken", "words"),
    [
        (SDIST, "pip and uv select the sdist (with only-binary: version 0.9)"),
        (choice(Outcome.SDIST, "1.0", ""), "pip and uv select the sdist (with only-binary: nothing)"),
        (choice(Outcome.OLDER_VERSION, "0.8"), "pip and uv select the older version 0.8"),
        (
            choice(Outcome.PURE, "1.0", filename="foo-1.0-py3-none-any.whl"),
            "pip and uv select foo-1.0-py3-none-any.whl",
        ),
        ((SDIST[0], NOTHING[1]), "pip selects the sdist (with only-binary: version 0.9); uv selects nothing"),
    ],
)
def test_what_users_get_instead(taken: tuple[InstallerChoice, ...], words: str) -> None:
    (finding,) = findings(coverage(cell("14", taken=taken)))
    assert finding.message.endswith(words)


def test_targets_with_one_cause_and_outcome_share_a_finding() -> None:
    found = findings(
        coverage(
            cell("14", "win32", SDIST),
            cell("14", "win_amd64", SDIST),
            cell("14", "win_arm64", SDIST),
            cell("14", "macosx_11_0_arm64", NOTHING),
            cell("13", "win32", SDIST),
        )
    )
    assert [finding.message.partition(",")[0] for finding in found] == [
        "no wheel for the default 3.13 on win32",
        "no wheel for the default 3.14 on macosx_11_0_arm64",
        "no wheel for the default 3.14 on win32",
    ]
    assert "win32, win_amd64 and win_arm64" in found[2].message
    assert found[2].fix == "Build and upload a cp314-cp314 wheel for each."


def test_a_dropped_platform_is_one_finding_for_all_its_machines_and_versions() -> None:
    (finding,) = findings(
        coverage(
            cell("13", "manylinux_2_17_i686", SDIST, ExpectationBasis.DROPPED_PLATFORM),
            cell("14", "manylinux_2_28_i686", NOTHING, ExpectationBasis.DROPPED_PLATFORM),
        )
    )
    assert "manylinux_2_17_i686 and manylinux_2_28_i686" in finding.message


def test_one_missing_wheel_is_one_finding_whatever_there_is_instead() -> None:
    """Windows on Arm had no wheel of any older version, and the others did."""
    older = choice(Outcome.SDIST, "1.0", "")
    (finding,) = findings(coverage(cell("14t", "win_amd64", SDIST), cell("14t", "win_arm64", older)))
    assert finding.message.endswith(
        "on win_amd64 and win_arm64, although the default build has one;"
        " pip and uv select the sdist (with only-binary: version 0.9 or nothing)"
    )
    dropped = ExpectationBasis.DROPPED_PLATFORM
    (finding,) = findings(coverage(cell("13", "win32", SDIST, dropped), cell("14", "win32", NOTHING, dropped)))
    assert finding.message.endswith("; pip and uv select the sdist (with only-binary: version 0.9) or nothing")


def test_a_raised_floor_names_the_old_and_the_new_one() -> None:
    raised = ExpectationBasis.RAISED_FLOOR
    old = [cell(python, "manylinux_2_17_x86_64", SDIST, raised) for python in ("13", "14", "14t")]
    new = [cell(python, "manylinux_2_28_x86_64", SDIST, None, served=True) for python in ("13", "14", "14t")]
    (finding,) = findings(coverage(*old, *new))
    assert (finding.code, finding.severity) == ("FTV115", Severity.WARNING)
    assert finding.message.startswith("the floor rises from manylinux_2_17 to manylinux_2_28 on x86_64 for 3.13, 3.14")


def test_a_floor_that_another_version_never_had_is_not_said_of_it() -> None:
    """As in cvxopt 1.3.3: 3.13 needed macOS 14 before; 3.12 was served on every macOS that it runs on."""
    raised = ExpectationBasis.RAISED_FLOOR
    before = {"11": "macosx_10_9_x86_64", "12": "macosx_10_13_x86_64", "13": "macosx_14_0_x86_64"}
    old = [cell(python, platform, SDIST, raised) for python, platform in before.items()]
    new = [cell(python, "macosx_15_0_x86_64", SDIST, None, served=True) for python in before]
    messages = [finding.message.partition(":")[0] for finding in findings(coverage(*old, *new))]
    assert messages == [
        "the floor rises from macosx_10_9 to macosx_15_0 on x86_64 for 3.11 and 3.12",
        "the floor rises from macosx_14_0 to macosx_15_0 on x86_64 for 3.13",
    ]


def test_a_pure_wheel_beside_a_compiled_twin() -> None:
    pure = choice(Outcome.PURE, "1.0", filename="foo-1.0-py3-none-any.whl")
    compiled = cell("14t", taken=choice(Outcome.FREE_THREADED, "1.0"), served=True, compiled=True)
    (finding,) = findings(coverage(cell("14", taken=pure, served=True), compiled))
    assert finding.code == "FTV105"
    assert "the default 3.14 on win_amd64 installs a pure wheel" in finding.message
    # nobody has a compiled one: that is a pure release
    assert not findings(coverage(cell("14", taken=pure, served=True), cell("14t", taken=pure, served=True)))


def test_a_wheel_that_cannot_be_loaded() -> None:
    bad = choice(Outcome.STABLE_ABI, "1.0", filename="foo-1.0-cp311-abi3.abi3t-win_amd64.whl", loadable=False)
    (finding,) = findings(coverage(cell("14t", taken=bad, expected=None)))
    assert finding.code == "FTV106"
    assert "accepts foo-1.0-cp311-abi3.abi3t-win_amd64.whl but cannot load it" in finding.message


def test_complete_coverage_has_no_findings() -> None:
    served = choice(Outcome.VERSION_SPECIFIC, "1.0")
    assert not findings(coverage(cell("14", taken=served, served=True, compiled=True), cell("13", expected=None)))


def test_what_is_known_is_left_out_target_by_target() -> None:
    found = coverage(cell("14", "win32"), cell("14", "win_amd64"))
    assert {(code, one.target.label) for code, one in problems(found)} == {
        ("FTV101", "cp314-win32"),
        ("FTV101", "cp314-win_amd64"),
    }
    (finding,) = findings(found, frozenset({("FTV101", "cp314-win32"), ("FTV102", "cp314-win_amd64")}))
    assert "on win_amd64," in finding.message
    assert not findings(found, frozenset({("FTV101", "cp314-win32"), ("FTV101", "cp314-win_amd64")}))


def test_severities_and_codes_that_do_not_matter() -> None:
    one = Finding(subject="foo 1.0", code="FTV101", severity=Severity.ERROR, message="a")
    two = Finding(subject="foo 1.0", code="FTV112", severity=Severity.WARNING, message="b")
    assert weighed([two, one], severities={}) == (one, two)
    (left,) = weighed([one, two], severities={"FTV101": Severity.ADVICE}, ignore=["FTV11"])
    assert (left.code, left.severity) == ("FTV101", Severity.ADVICE)
