"""The files of a release: overlays and conflicts, two of one rank, requires-python, and the plan."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ftwheel.core.errors import IndexFormatError
from ftwheel.core.findings import Severity
from ftwheel.core.index.overlay import Overlay
from ftwheel.core.index.page import File, ProjectDetails, SourceKind, Yanked
from ftwheel.core.index.pages import Pages
from ftwheel.core.installers.comparison import Comparison, RealInstall
from ftwheel.core.release.ambiguous_files import ChosenWheel, wheel_names
from ftwheel.core.release.coverage import TargetEnvironment, wheel_scope
from ftwheel.core.release.upload_plan import plan, stable_abi_floor
from ftwheel.core.wheel.imports import ImportOutcome, ImportResult
from ftwheel.rules.release.files import (
    ambiguous,
    conflicts,
    excluded,
    never_right,
    not_distributions,
    variants,
)

DAY = datetime(2026, 9, 10, tzinfo=UTC)


def file(filename: str, **fields: object) -> File:
    return File(filename=filename, url=f"https://index.example/{filename}", **fields)  # type: ignore[arg-type]


def index(*files: File) -> Pages:
    return Pages.of([ProjectDetails(name="foo", files=files)], kind=SourceKind.EXTRA_INDEX)


def listed(overlay: Overlay, name: str = "foo") -> list[File]:
    page = overlay.project(name)
    return list(page.files) if page is not None else []


def test_new_files_stand_behind_those_of_the_index_and_replace_none() -> None:
    old, new = file("foo-1.0-a.whl", size=1), file("foo-1.0-b.whl", size=2)
    overlay = Overlay(below=index(old), name="foo", files=(file("foo-1.0-a.whl", size=9), new))
    assert listed(overlay) == [old, new]
    assert overlay.kind is SourceKind.EXTRA_INDEX


def test_a_new_project_and_other_projects() -> None:
    overlay = Overlay(below=Pages.of([]), name="foo", files=(file("foo-1.0.tar.gz"),))
    assert [each.filename for each in listed(overlay)] == ["foo-1.0.tar.gz"]
    assert overlay.project("bar") is None
    assert Overlay(below=index(), name="bar", files=()).project("bar") is None


def test_what_came_later_is_not_there_yet() -> None:
    early, late = file("a", upload_time=datetime(2026, 9, 9, tzinfo=UTC)), file("b", upload_time=DAY)
    local = File(filename="c", url="file:///c")
    assert listed(Overlay(below=index(early, late, local), before=DAY)) == [early, local]


def test_without_upload_times_the_past_cannot_be_told() -> None:
    with pytest.raises(IndexFormatError, match="does not say when"):
        Overlay(below=index(file("a")), before=DAY).project("foo")


def found_conflicts(new: File, old: File | None, digest: str = "") -> list[str]:
    page = ProjectDetails(name="foo", files=(old,)) if old else None
    return [finding.code for finding in conflicts([new], page, (lambda _: digest) if digest else None)]


def test_a_name_is_used_once() -> None:
    name = "foo-1.0-py3-none-any.whl"
    there = file(name, size=5, hashes=(("sha256", "AA"),))
    assert found_conflicts(file(name, size=5), there, "aa") == []
    assert found_conflicts(file(name, size=5), there, "bb") == ["FTV109"]
    assert found_conflicts(file(name, size=6), there) == ["FTV109"]
    assert found_conflicts(file(name, size=5), there) == []  # nobody can tell
    assert found_conflicts(file(name), file(name), "bb") == []
    assert found_conflicts(file("foo-1.0-py2-none-any.whl", size=6), there) == []
    assert found_conflicts(file(name), None) == []


@pytest.mark.parametrize(("reason", "words"), [("broken", "it is yanked (broken): "), ("", "it is yanked: ")])
def test_a_yanked_file_is_uploaded_again(reason: str, words: str) -> None:
    page = ProjectDetails(name="foo", files=(file("foo-1.0.tar.gz", yanked=Yanked(reason=reason)),))
    (finding,) = conflicts([file("foo-1.0.tar.gz")], page, None)
    assert finding.code == "FTV110"
    assert words in finding.message


LINUX = TargetEnvironment(minor=14, free_threaded=False, platform="manylinux_2_28_x86_64")
LONG = "foo-1.0-cp314-cp314-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
SHORT = "foo-1.0-cp314-cp314-manylinux_2_17_x86_64.whl"
TAG = "cp314-cp314-manylinux_2_17_x86_64"


def choice(filename: str, installer: str = "pip", tag: str = TAG, target: TargetEnvironment = LINUX) -> ChosenWheel:
    return ChosenWheel(target=target, installer=installer, filename=filename, tag=tag)


def test_two_wheels_of_one_rank() -> None:
    (finding,) = ambiguous([choice(LONG), choice(SHORT, "uv")], wheel_names([LONG, SHORT]))
    assert (finding.code, finding.severity, finding.subject) == ("FTV107", Severity.WARNING, min(LONG, SHORT))
    assert f"on {LINUX.label}: pip selects {LONG}; uv selects {SHORT}" in finding.message


def test_a_build_number_or_a_better_tag_decides() -> None:
    numbered = "foo-1.0-1-cp314-cp314-manylinux_2_17_x86_64.whl"
    assert not list(ambiguous([choice(numbered)], wheel_names([numbered, SHORT])))
    legacy = choice(LONG, tag="cp314-cp314-manylinux2014_x86_64")
    assert not list(ambiguous([legacy, choice(LONG, "uv", legacy.tag)], wheel_names([LONG, SHORT])))


def test_installers_take_different_wheels() -> None:
    other = "foo-1.0-cp314-abi3-manylinux_2_28_x86_64.whl"
    taken = [choice(SHORT), choice(other, "uv", "cp314-abi3-manylinux_2_28_x86_64")]
    elsewhere = TargetEnvironment(minor=14, free_threaded=False, platform="manylinux_2_31_x86_64")
    taken += [choice(one.filename, one.installer, one.tag, elsewhere) for one in taken]
    (finding,) = ambiguous(taken, wheel_names([SHORT, other]))
    assert finding.code == "FTV107"
    assert "on 2 targets, such as " in finding.message
    assert not list(ambiguous([choice(SHORT), choice(SHORT, "uv")], wheel_names([SHORT, other])))


def test_pairs_that_are_named_alike_are_one_finding() -> None:
    """As in fastuuid 0.14.0: for each Python, a wheel for both Macs beside one for each."""
    both = "foo-1.0-cp3{0}-cp3{0}-macosx_10_12_x86_64.macosx_10_12_universal2.whl"
    thin = "foo-1.0-cp3{0}-cp3{0}-macosx_10_12_x86_64.whl"
    names = [name.format(minor) for minor in (13, 14) for name in (both, thin)]
    machine = "macosx_10_15_x86_64"
    taken = [
        choice(
            name.format(minor),
            installer,
            f"cp3{minor}-cp3{minor}-macosx_10_12_x86_64",
            TargetEnvironment(minor=minor, free_threaded=False, platform=machine),
        )
        for minor in (13, 14)
        for name, installer in ((thin, "pip"), (both, "uv"))
    ]
    (finding,) = ambiguous(taken, wheel_names(names))
    assert finding.subject == both.format(13)
    assert finding.message.endswith(f"; likewise {both.format(14)}")


@pytest.mark.parametrize(
    ("tag", "said", "wrong"),
    [
        ("cp313-cp313", ">=3.14", True),
        ("cp313-cp313", ">=3.13.1", False),
        ("cp313-cp313", "<3.13", True),
        ("cp313-cp313", "", False),
        ("cp313-cp313", "nonsense", False),
        ("cp38-abi3", ">=3.11", False),
        ("cp38-abi3", ">=3.16", True),
        ("cp316-abi3", ">=3.16", False),
        ("py3-none", ">=3.99", False),
    ],
)
def test_requires_python_against_the_tags(tag: str, said: str, wrong: bool) -> None:
    name = f"foo-1.0-{tag}-win_amd64.whl"
    files = {name: file(name, requires_python=said)}
    found = [finding.code for finding in excluded(files, wheel_names(files), 15)]
    assert found == (["FTV108"] if wrong else [])


def test_only_wheels_have_wheel_names() -> None:
    names = wheel_names(["foo-1.0.tar.gz", SHORT, "foo.whl"])
    assert [name.filename for name in names] == [SHORT]


def planned(
    *pythons: str, floor: int | None = None, abi3t: bool = True, platforms: tuple[str, ...] = ("win_amd64",)
) -> list[str]:
    targets = [
        TargetEnvironment(minor=int(python.removesuffix("t")), free_threaded=python.endswith("t"), platform=platform)
        for python in pythons
        for platform in platforms
    ]
    return [f"{wheel.tag}-{wheel.platform}" for wheel in plan(targets, floor=floor, abi3t=abi3t)]


def test_without_the_stable_abi_each_interpreter_has_its_wheel() -> None:
    assert planned("13", "14", "14t") == ["cp313-cp313-win_amd64", "cp314-cp314-win_amd64", "cp314-cp314t-win_amd64"]


def test_with_the_stable_abi_few_wheels_serve_all() -> None:
    assert planned("10", "11", "14", "14t", "15", "15t", floor=11) == [
        "cp310-cp310-win_amd64",
        "cp311-abi3-win_amd64",
        "cp314-cp314t-win_amd64",
        "cp315-abi3.abi3t-win_amd64",
    ]
    assert planned("14", "15", floor=11) == ["cp311-abi3-win_amd64"]
    assert planned("14", "15", "15t", floor=11, abi3t=False) == ["cp311-abi3-win_amd64", "cp315-cp315t-win_amd64"]
    assert planned("15", "15t", "16t", floor=16) == [
        "cp315-cp315-win_amd64",
        "cp315-cp315t-win_amd64",
        "cp316-abi3.abi3t-win_amd64",
    ]


def test_a_wheel_for_the_oldest_machine_serves_the_others() -> None:
    linux = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_aarch64")
    assert sorted(planned("14", platforms=linux)) == [
        "cp314-cp314-manylinux_2_17_x86_64",
        "cp314-cp314-manylinux_2_28_aarch64",
    ]


def test_a_planned_wheel_has_a_name() -> None:
    (wheel,) = plan([LINUX], floor=None)
    assert wheel.filename("foo-bar", "1.0") == "foo_bar-1.0-cp314-cp314-manylinux_2_28_x86_64.whl"


def test_the_floor_of_a_release_is_its_lowest() -> None:
    assert stable_abi_floor(["foo-1.0-cp311-abi3-win32.whl", "foo-1.0-cp39-abi3-win_amd64.whl", SHORT]) == 9
    assert stable_abi_floor([SHORT]) is None


def test_a_comparison_agrees_when_the_file_is_the_foretold_and_all_of_it_loads() -> None:
    loaded = ImportResult(module="foo", outcome=ImportOutcome.LOADED)
    failed = ImportResult(module="bar", outcome=ImportOutcome.FAILED)

    def comparison(filename: str, *imports: ImportResult, error: str = "", simulated: str = "a") -> Comparison:
        real = RealInstall(filename=filename, imports=imports, error=error)
        return Comparison(environment="e", installer="pip", simulated=simulated, real=real)

    assert comparison("a", loaded).agrees
    assert not comparison("b", loaded).agrees
    assert not comparison("a", loaded, failed).agrees
    assert comparison("a", loaded, failed).failed == (failed,)
    assert not comparison("a.whl", error="no", simulated="a.whl").agrees
    assert comparison("a.whl", error="no").refused == "no"
    assert comparison("a.tar.gz", error="403", simulated="a.tar.gz").agrees  # it is never handed out


def test_variants_and_what_is_no_distribution_are_named() -> None:
    names = wheel_names([SHORT, SHORT.replace(".whl", "-x86_64_v3.whl")])
    (found,) = variants(names)
    assert (found.code, found.severity) == ("FTV113", Severity.ADVICE)
    assert found.message == "is a wheel variant with the label x86_64_v3"
    (found,) = variants(wheel_names([SHORT, "foo-1.0-cp314-cp314t-manylinux_2_17_x86_64-x86_64_v3.whl"]))
    assert found.severity is Severity.WARNING
    assert found.message.endswith(", and no wheel without a label has its tags")
    (found,) = not_distributions({"notes.zip": "is neither"})
    assert (found.code, found.subject, found.message) == ("FTV114", "notes.zip", "is neither")


def test_a_name_that_is_never_right_quotes_the_rule_of_check() -> None:
    (found,) = never_right(wheel_names([SHORT, "foo-1.0-cp313t-cp313t-win32.whl"]))
    assert (found.code, found.subject) == ("FTV111", "foo-1.0-cp313t-cp313t-win32.whl")
    assert "(FTW203)" in found.message
    (found,) = never_right(wheel_names(["foo-1.0-py3-none-win_amd64.whl", "foo-1.0-py3-none-win_ia64.whl"]))
    assert (found.code, found.severity) == ("FTV111", Severity.WARNING)  # watchdog has one: nobody misses it


def test_a_variant_serves_nobody() -> None:
    scope = wheel_scope(["foo-1.0-cp313-cp313t-win_amd64-v3.whl"], 14)
    assert not scope.free_threaded
    assert not scope.machines
