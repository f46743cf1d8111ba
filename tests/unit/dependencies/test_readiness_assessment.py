"""How ready a project is for a target, and what is said to help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ftwheel.core.dependencies.assessment import (
    assess,
    describing_file,
    help_of_index,
    newest_wheel,
    not_there,
    with_alternatives,
    with_helps,
    with_passed_over,
)
from ftwheel.core.dependencies.readiness import (
    RELAX_SPECIFIER,
    Help,
    HelpKind,
    Readiness,
    Release,
    TakenFile,
    TargetReadiness,
)
from ftwheel.core.dependencies.requested import RequestedProject, RequestedVersion
from ftwheel.core.index.page import File, ProjectDetails, SourceKind
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.registry import installer
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.installers.selection import ProjectFiles
from ftwheel.core.tags.environments import parse_environment
from support.pages import entry, html_page, json_page

NEXT = "cp315t-win_amd64"
TARGET = "cp314t-win_amd64"
T = "cp314-cp314t-win_amd64.whl"
DEFAULT = "cp314-cp314-win_amd64.whl"
YANKED = entry("foo-2.0.tar.gz", yanked=True)


def files(*names: str | dict[str, Any]) -> ProjectFiles:
    return pages(json_page(*(entry(name) if isinstance(name, str) else name for name in names)))


def pages(page: ProjectDetails) -> ProjectFiles:
    return ProjectFiles("foo", [(SourceKind.INDEX, page)])


def ask(
    project: ProjectFiles | None,
    wanted: str = "foo",
    *,
    target: str = TARGET,
    rules: InstallerOptions | None = None,
    locked: Sequence[str] = (),
    resolved: bool = False,
    pinned: str = "",
    digests: Sequence[str] = (),
) -> TargetReadiness:
    requested = RequestedVersion(
        requirement=parse_requirement(wanted),
        pinned=pinned,
        resolved=resolved,
        hashes=frozenset(("sha256", digest * 64) for digest in digests),
        locked=tuple(File(filename=name, url=f"https://lock.invalid/{name}") for name in locked),
    )
    return assess(project, requested, parse_environment(target), rules or installer("pip"))


def kinds(verdict: TargetReadiness) -> list[HelpKind]:
    return [each.kind for each in verdict.helps]


@pytest.mark.parametrize("name", ["pip", "uv"])
@pytest.mark.parametrize(
    ("target", "filename", "readiness"),
    [
        (TARGET, f"foo-1.0-{T}", Readiness.FREE_THREADED),
        (TARGET, "foo-1.0-py3-none-any.whl", Readiness.PURE),
        (TARGET, "foo-1.0.tar.gz", Readiness.SDIST),
        (TARGET, f"foo-1.0-{DEFAULT}", Readiness.NOTHING),
        (TARGET, "foo-1.0-cp314-abi3t-win_amd64.whl", Readiness.CANNOT_LOAD),
        (TARGET, "foo-1.0-cp314-none-win_amd64.whl", Readiness.CANNOT_TELL),
        (NEXT, "foo-1.0-cp315-abi3t-win_amd64.whl", Readiness.STABLE_ABI),
        ("cp314-win_amd64", f"foo-1.0-{DEFAULT}", Readiness.VERSION_SPECIFIC),
        ("cp314-win_amd64", "foo-1.0-cp311-abi3-win_amd64.whl", Readiness.STABLE_ABI),
    ],
)
def test_what_a_target_gets_of_a_release(name: str, target: str, filename: str, readiness: Readiness) -> None:
    for pinned in ("", "1.0"):
        verdict = ask(files(filename), target=target, rules=installer(name), pinned=pinned)
        assert verdict.readiness is readiness
        taken = "" if verdict.taken is None else verdict.taken.filename
        assert taken == ("" if readiness is Readiness.NOTHING else filename)
        assert verdict.version == ("" if readiness is Readiness.NOTHING and not pinned else "1.0")


def test_a_ready_project_needs_no_help() -> None:
    verdict = ask(files(f"foo-1.0-{T}", f"foo-2.0-{T}"), pinned="1.0")
    assert (verdict.ready, verdict.helps, verdict.upgrade, verdict.newest) == (True, (), None, "2.0")


def test_the_first_release_is_the_oldest_final_one_with_a_wheel_for_the_abi() -> None:
    when = {"upload_time": "2026-01-02T03:04:05.000000Z"}
    later = {"upload_time": "2026-02-02T03:04:05.000000Z"}
    verdict = ask(
        files(
            entry(f"foo-3.0-{T}", upload_time="2025-01-01T00:00:00.000000Z"),
            entry(f"foo-2.0-1-{T}", **later),
            entry(f"foo-2.0-{T}", **when),
            f"foo-2.0rc1-{T}",
            f"foo-1.0-{DEFAULT}",
            entry(f"foo-0.9-{T}", yanked="broken"),
            "foo-0.8-cp314-cp314t-linux_x86_64.whl",
            "foo-0.7-cp314-abi3t-win_amd64.whl",
            "foo-0.6-cp314t-none-win_amd64.whl",
            f"other-0.5-{T}",
            f"foo-x-{T}",
            f"foo-0-4-5-{T}",
            "foo-0.3-cp314t.tar.gz",
        )
    )
    assert verdict.first == Release(version="2.0", upload_time=json_page(entry("f", **when)).files[0].upload_time)
    assert ask(files(f"foo-2.0rc1-{T}")).first == Release(version="2.0rc1")
    assert ask(files("foo-1.0-py3-none-any.whl")).first is None
    assert ask(files("foo-1.0-cp312-abi3-win_amd64.whl"), target="cp314-win_amd64").first == Release(version="1.0")


def test_a_release_after_the_pin_that_would_do_is_an_upgrade() -> None:
    when = "2026-01-02T03:04:05.000000Z"
    verdict = ask(
        files("foo-1.0.tar.gz", f"foo-1.0-{DEFAULT}", entry(f"foo-1.1-{T}", upload_time=when), f"foo-2.0-{DEFAULT}"),
        pinned="1.0",
    )
    assert verdict.readiness is Readiness.SDIST
    assert verdict.upgrade is not None
    assert verdict.upgrade.version == "1.1"
    assert [(each.kind, each.text) for each in verdict.helps] == [
        (HelpKind.UPGRADE, "upgrade to 1.1 (2026-01-02)"),
        (HelpKind.BUILD, "build 1.0 from foo-1.0.tar.gz"),
    ]


def test_a_requirement_that_shuts_out_the_release_that_would_do() -> None:
    verdict = ask(files(f"foo-1.0-{DEFAULT}", f"foo-2.0-{T}"), "foo<2")
    assert (verdict.readiness, kinds(verdict)) == (Readiness.NOTHING, [HelpKind.UPGRADE])


def test_a_pre_release_that_would_do_is_worth_waiting_for() -> None:
    project = files(f"foo-1.0-{DEFAULT}", f"foo-2.0rc1-{T}")
    verdict = ask(project, pinned="1.0")
    assert (verdict.upgrade, verdict.prerelease) == (None, Release(version="2.0rc1"))
    assert [each.text for each in verdict.helps] == ["wait for the release after 2.0rc1, or use that pre-release"]
    asked = InstallerOptions(name="pip", allow_prereleases=True)
    assert ask(project, pinned="1.0", rules=asked).upgrade == Release(version="2.0rc1")
    assert ask(project, pinned="2.0rc1").ready


def test_an_older_release_that_would_do_is_named_when_no_newer_one_would() -> None:
    verdict = ask(files(f"foo-1.0-{T}", f"foo-2.0-{DEFAULT}"), pinned="2.0")
    assert (verdict.readiness, verdict.older) == (Readiness.NOTHING, Release(version="1.0"))
    assert [each.text for each in verdict.helps] == [
        "use the older 1.0, the last with a wheel",
        "ask foo for a cp314-cp314t-win_amd64 wheel",
    ]


@pytest.mark.parametrize(
    ("requires", "helps"),
    [
        # the release that did not exclude 3.14 yet is no help
        ("<3.14,>=3.10", ["ask foo to support Python 3.14"]),
        ("!=3.14.*", ["ask foo to support Python 3.14"]),
        (">=3.15", ["use the older 1.0, the last with a wheel", "ask foo to support Python 3.14"]),
    ],
)
def test_a_release_that_requires_another_python_is_not_asked_for_a_wheel(requires: str, helps: list[str]) -> None:
    newest = entry("foo-2.0-py3-none-any.whl", **{"requires-python": requires})
    verdict = ask(files("foo-1.0-py3-none-any.whl", newest), pinned="2.0")
    assert (verdict.readiness, verdict.notes) == (
        Readiness.NOTHING,
        (f"2.0 requires Python {requires}, and the target is 3.14.0",),
    )
    assert [each.text for each in verdict.helps] == helps
    assert verdict.helps[-1].kind is HelpKind.ASK_PYTHON


@pytest.mark.parametrize("older", [[], ["foo-0.1-py3-none-any.whl"]])
def test_what_never_had_a_compiled_wheel_may_need_none(older: list[str]) -> None:
    verdict = ask(files(*older, "foo-2.0.tar.gz"), pinned="2.0")
    assert verdict.helps[-1].text == (
        "ask foo for a cp314-cp314t-win_amd64 wheel, or a py3-none-any wheel if it has no extension modules"
    )


def test_a_release_of_long_ago_is_no_help() -> None:
    """What required 2.0 does not work with 0.0.0, which reserved the name."""
    verdict = ask(files("foo-0.0.0-py3-none-any.whl", f"foo-2.0-{DEFAULT}"), pinned="2.0")
    assert verdict.older == Release(version="0.0.0")
    assert kinds(verdict) == [HelpKind.ASK]


@pytest.mark.parametrize("name", ["pip", "uv"])
def test_taking_an_older_version_is_told(name: str) -> None:
    project = files(f"foo-1.0-{T}", f"foo-2.0-{DEFAULT}")
    for resolved in (False, True):
        pinned = "1.0" if resolved else ""
        verdict = ask(project, pinned=pinned, resolved=resolved, rules=installer(name))
        assert (verdict.readiness, verdict.version) == (Readiness.OLDER_VERSION, "1.0")
        assert kinds(verdict) == [HelpKind.ASK]


def test_a_version_that_another_project_asked_for_is_no_doing_of_the_target() -> None:
    verdict = ask(files(f"foo-1.0-{T}", f"foo-2.0-{T}"), pinned="1.0", resolved=True)
    assert verdict.readiness is Readiness.FREE_THREADED
    nothing = ask(files(f"foo-2.0-{DEFAULT}"), pinned="1.0", resolved=True)
    assert nothing.readiness is Readiness.NOTHING


def test_accepted_is_not_loadable() -> None:
    wheels = [f"foo-{number}-cp32-abi3t-win_amd64.whl" for number in (2, 3, 4)]
    verdict = ask(files(*wheels, f"foo-1-{T}"), pinned="2")
    assert verdict.readiness is Readiness.CANNOT_LOAD
    assert verdict.older == Release(version="1")
    assert verdict.helps[-1].text == (
        "ask foo for a cp314-cp314t-win_amd64 wheel, or use CPython 3.15t, the first to load abi3t"
    )


def test_releases_that_nobody_can_load_are_not_walked_over_for_ever() -> None:
    wheels = [f"foo-{number}-cp32-abi3t-win_amd64.whl" for number in range(2, 200)]
    assert ask(files(f"foo-1-{T}", *wheels), pinned="199").older is None


def test_a_local_version_is_no_bound() -> None:
    verdict = ask(files(f"foo-1.0+cpu-{DEFAULT}", f"foo-0.9-{T}", f"foo-1.0+gpu-{T}"), pinned="1.0+cpu")
    assert (verdict.readiness, verdict.older) == (Readiness.NOTHING, Release(version="0.9"))


def test_a_wheel_without_an_abi_has_to_be_looked_into() -> None:
    verdict = ask(files("foo-1.0-cp314-none-win_amd64.whl"))
    assert verdict.why == "the tag cp314-none-win_amd64 does not say which build its modules are for"
    assert [each.text for each in verdict.helps] == [
        "ftwheel check foo-1.0-cp314-none-win_amd64.whl shows what is inside"
    ]


def test_a_page_that_the_installer_cannot_read_cannot_be_told_about() -> None:
    page = html_page('<a href="https://files.example.org/foo-1.0.tar.gz#sha256=short">foo-1.0.tar.gz</a>')
    verdict = ask(pages(page), rules=installer("uv"))
    assert verdict.readiness is Readiness.CANNOT_TELL
    assert verdict.why.startswith("uv gives up on the page: ")
    assert verdict.helps == ()


def test_what_no_index_has_cannot_be_told_about() -> None:
    verdict = ask(None, pinned="1.0")
    assert (verdict.readiness, verdict.version, verdict.why) == (
        Readiness.CANNOT_TELL,
        "1.0",
        "no index has this project",
    )


@pytest.mark.parametrize(
    ("project", "wanted", "pinned", "chain", "why"),
    [
        (None, "foo", "", ("foo",), "no index has this project"),
        (None, "foo", "", ("bar", "foo"), "no index has this project"),
        (None, "foo", "1.0", ("foo",), ""),  # a lock's, or installed: an index of one's own may have it
        (files(f"foo-1.0-{T}"), "foo==2.0", "", ("foo",), "no version 2.0; the newest is 1.0"),
        (files(), "foo==2.0", "", ("foo",), "no version 2.0"),
        (files(f"foo-1.0-{T}"), "foo==2.0", "", ("bar", "foo"), ""),
        (files(f"foo-1.0-{T}"), "foo==1.0", "", ("foo",), ""),
        (files(f"foo-1.0-{T}"), "foo>=2.0", "", ("foo",), "no release satisfies >=2.0; the newest is 1.0"),
        (files(f"foo-1.0-{T}"), "foo>1,<2,!=1.5", "", ("foo",), "no release satisfies !=1.5,<2,>1; the newest is 1.0"),
        (files(f"foo-1.0-{T}"), "foo==2.*", "", ("foo",), "no release satisfies ==2.*; the newest is 1.0"),
        (files(f"foo-1.0-{DEFAULT}"), "foo>=1.0", "", ("foo",), ""),  # not for this target: a finding
        (files("foo-2.0rc1.tar.gz"), "foo>=2.0", "", ("foo",), "no release satisfies >=2.0; the newest is 2.0rc1"),
        (files("foo-2.0rc1.tar.gz", "foo-1.0.tar.gz"), "foo>=1.5", "", ("foo",), ""),  # pip takes the pre-release
        (files(), "foo", "", ("foo",), ""),
        (files(), "foo>=1", "", ("foo",), "no release satisfies >=1"),
        (files("foo-2.0.exe", "foo-nonsense.whl"), "foo>=1", "", ("foo",), "no release satisfies >=1"),
        (files(YANKED), "foo", "", ("foo",), "every release is yanked"),
        (files(YANKED), "foo==2.0", "", ("foo",), ""),  # a pin takes it
        (
            files(YANKED, "foo-1.0.tar.gz"),
            "foo>=2",
            "",
            ("foo",),
            "every release that satisfies >=2 is yanked; the newest is 1.0",
        ),
    ],
)
def test_what_was_asked_for_and_is_not_there(
    project: ProjectFiles | None, wanted: str, pinned: str, chain: tuple[str, ...], why: str
) -> None:
    version = RequestedVersion(requirement=parse_requirement(wanted), pinned=pinned)
    requested = RequestedProject(name="foo", versions=((0, version),), chains=(chain,))
    assert not_there(project, requested, installer("pip")) == why


@pytest.mark.parametrize(
    ("rules", "wanted", "why"),
    [
        (
            {"allow_prereleases": False},
            "foo>=2",
            "every release that satisfies >=2 is a pre-release; the newest is 1.0",
        ),
        ({"allow_prereleases": False}, "foo", ""),
        (
            {"uploaded_prior_to": datetime(2026, 3, 1, tzinfo=UTC)},
            "foo>=2",
            "every release that satisfies >=2 was uploaded after 2026-03-01; the newest is 1.0",
        ),
        ({"uploaded_prior_to": datetime(2026, 1, 1, tzinfo=UTC)}, "foo", "every release was uploaded after 2026-01-01"),
        ({"uploaded_prior_to": datetime(2026, 7, 1, tzinfo=UTC)}, "foo>=2", ""),
    ],
)
def test_what_the_options_of_the_installer_leave(rules: dict[str, Any], wanted: str, why: str) -> None:
    project = files(
        entry("foo-3.0rc1.tar.gz", **{"upload-time": "2026-06-01T00:00:00Z"}),
        entry("foo-1.0.tar.gz", **{"upload-time": "2026-02-01T00:00:00Z"}),
    )
    version = RequestedVersion(requirement=parse_requirement(wanted))
    requested = RequestedProject(name="foo", versions=((0, version),), chains=(("foo",),))
    assert not_there(project, requested, installer("pip")._replace(**rules)) == why


def test_what_requires_a_release_that_does_not_exist_is_not_told_to_upgrade() -> None:
    verdict = ask(files(f"foo-1.0-{T}"), "foo>=2", resolved=True)
    assert (verdict.readiness, verdict.upgrade, verdict.older) == (Readiness.NOTHING, None, None)
    assert verdict.notes == ("no release satisfies >=2; the newest is 1.0",)
    assert [(each.kind, each.text) for each in verdict.helps] == [(HelpKind.LOOK, RELAX_SPECIFIER)]


def test_an_older_release_is_not_an_upgrade() -> None:
    verdict = ask(files(f"foo-2.0-{DEFAULT}", f"foo-1.0-{T}"), "foo>=2")
    assert (verdict.readiness, verdict.upgrade, verdict.older) == (Readiness.NOTHING, None, Release(version="1.0"))
    assert [each.text for each in verdict.helps][:1] == ["use the older 1.0, the last with a wheel"]


def test_a_pin_that_the_index_does_not_have_is_not_asked_for() -> None:
    verdict = ask(files(f"foo-1.0-{T}"), pinned="99")
    assert (verdict.readiness, verdict.notes) == (Readiness.NOTHING, ("99 is not on the index",))
    assert [each.text for each in verdict.helps] == [
        "check which index foo 99 is from, and add it with --extra-index-url"
    ]


def test_a_pin_that_is_no_version_cannot_be_told_about() -> None:
    verdict = ask(files(f"foo-1.0-{T}"), pinned="one; import os")
    assert (verdict.readiness, verdict.why) == (
        Readiness.CANNOT_TELL,
        "'one; import os' is not a version (PEP 440)",
    )


def test_a_pin_that_is_gone_from_the_index() -> None:
    verdict = ask(files(f"foo-2.0-{T}", "foo-1.0.exe"), pinned="1.0")
    assert verdict.readiness is Readiness.NOTHING
    assert verdict.notes == ("1.0 is not on the index",)
    assert kinds(verdict) == [HelpKind.UPGRADE]


@pytest.mark.parametrize(("reason", "note"), [("broken", "1.0 is yanked: broken"), (True, "1.0 is yanked")])
def test_a_pin_that_was_yanked(reason: object, note: str) -> None:
    verdict = ask(files(entry(f"foo-1.0-{T}", yanked=reason)), pinned="1.0")
    assert verdict.ready
    assert verdict.notes == (note,)


def test_a_wheel_for_any_python_beside_compiled_ones_is_told() -> None:
    verdict = ask(files(f"foo-1.0-{DEFAULT}", "foo-1.0-py3-none-any.whl"))
    assert verdict.readiness is Readiness.PURE
    assert verdict.notes == ("this is the wheel for any Python; the compiled wheels are for other builds",)
    assert ask(files("foo-1.0-py3-none-any.whl")).notes == ()


def test_a_lock_decides_what_is_taken_and_the_index_what_helps() -> None:
    project = files(f"foo-1.0-{DEFAULT}", f"foo-1.0-{T}")
    verdict = ask(project, pinned="1.0", locked=[f"foo-1.0-{DEFAULT}"])
    assert verdict.readiness is Readiness.NOTHING
    assert [(each.kind, each.text) for each in verdict.helps[:1]] == [
        (HelpKind.LOCK_AGAIN, f"lock again: the index has foo-1.0-{T}, which is not in the lock")
    ]
    assert ask(project, pinned="1.0", locked=[f"foo-1.0-{T}"]).ready
    asks = ask(files(f"foo-1.0-{DEFAULT}"), pinned="1.0", locked=[f"foo-1.0-{DEFAULT}"])
    assert kinds(asks) == [HelpKind.ASK]


def test_locked_files_that_are_gone_from_the_index_are_told() -> None:
    locked = [f"foo-1.0-{T}", "foo-1.0.tar.gz"]
    assert ask(files(f"foo-1.0-{T}"), pinned="1.0", locked=locked).notes == ("the index no longer has foo-1.0.tar.gz",)
    assert ask(files("foo-1.0.zip"), pinned="1.0", locked=locked).notes == (
        "the index no longer has 2 of the locked files",
    )
    assert ask(None, pinned="1.0", locked=locked).notes == ("no index has this project",)


def test_formats_that_the_user_switched_off_do_not_hide_what_helps() -> None:
    strict = InstallerOptions(name="pip", no_binary=frozenset({":all:"}))
    verdict = ask(files(f"foo-1.0-{T}", "foo-1.0.tar.gz", f"foo-2.0-{T}"), "foo<2", rules=strict)
    assert (verdict.readiness, verdict.upgrade) == (Readiness.SDIST, Release(version="2.0"))


def test_the_wheel_to_look_into() -> None:
    environment, rules = parse_environment(TARGET), installer("pip")

    def chosen(project: ProjectFiles, verdict: TargetReadiness) -> str:
        found = newest_wheel(project, verdict, environment, rules)
        return "" if found is None else found.filename

    project = files(f"foo-1.0-{T}", f"foo-2.0-{T}", f"foo-3.0rc1-{T}")
    assert chosen(project, ask(project, pinned="1.0")) == f"foo-1.0-{T}"
    assert chosen(project, ask(project, pinned="3.0rc1")) == f"foo-3.0rc1-{T}"
    project = files(f"foo-1.0-{DEFAULT}", f"foo-2.0-{T}")
    assert chosen(project, ask(project, pinned="1.0")) == f"foo-2.0-{T}"
    project = files("foo-1.0-py3-none-any.whl")
    assert chosen(project, ask(project)) == ""
    project = files("foo-1.0.tar.gz")
    assert chosen(project, ask(project)) == ""
    assert ask(project).taken == TakenFile(filename="foo-1.0.tar.gz")


@pytest.mark.parametrize("name", ["pip", "uv"])
def test_files_named_by_their_digests_are_the_only_ones(name: str) -> None:
    project = files(
        entry("foo-1.0.tar.gz", hashes={"sha256": "a" * 64}), entry(f"foo-1.0-{T}", hashes={"sha256": "b" * 64})
    )
    rules = installer(name)
    assert ask(project, "foo==1.0", digests="ab", rules=rules).readiness is Readiness.FREE_THREADED
    verdict = ask(project, "foo==1.0", digests="a", rules=rules, pinned="1.0", resolved=True)
    assert verdict.readiness is Readiness.SDIST
    assert (verdict.helps[0].kind, verdict.helps[0].version) == (HelpKind.LOCK_AGAIN, "1.0")
    verdict = ask(project, "foo==1.0", digests="c", rules=rules, pinned="1.0")
    assert (verdict.readiness, verdict.taken) == (Readiness.NOTHING, None)
    undeclared = files(f"foo-1.0-{T}")
    assert ask(undeclared, "foo==1.0", digests="c", rules=rules).readiness is Readiness.FREE_THREADED


@pytest.mark.parametrize(
    ("target", "names", "tag"),
    [
        # the project's own floor, not this machine's
        (
            "cp314t-manylinux_2_36_x86_64",
            ["1.0-cp314-cp314-manylinux2014_x86_64.manylinux_2_17_x86_64.whl"],
            "manylinux_2_17_x86_64",
        ),
        ("cp314t-manylinux_2_36_x86_64", ["1.0-cp38-abi3-manylinux2014_x86_64.whl"], "manylinux2014_x86_64"),
        ("cp314t-macosx_15_0_arm64", ["1.0-cp313-cp313-macosx_11_0_arm64.whl"], "macosx_11_0_arm64"),
        # of its newest version, and only what this machine accepts
        (
            "cp314t-manylinux_2_36_x86_64",
            [
                "2.0-cp314-cp314-manylinux_2_28_x86_64.whl",
                "2.0-cp313-cp313-manylinux_2_17_x86_64.whl",
                "1.0-cp314-cp314-manylinux_2_17_x86_64.whl",
                "3.0-cp314-cp314-manylinux_2_39_x86_64.whl",
                "odd-cp314-cp314-manylinux_2_12_x86_64.whl",
                "junk.whl",
            ],
            "manylinux_2_28_x86_64",
        ),
        # what projects usually build for
        ("cp314t-manylinux_2_36_x86_64", [], "manylinux_2_28_x86_64"),
        ("cp314t-manylinux_2_24_x86_64", [], "manylinux_2_24_x86_64"),
        ("cp314t-musllinux_1_3_x86_64", [], "musllinux_1_2_x86_64"),
        ("cp314t-macosx_15_0_x86_64", [], "macosx_10_15_x86_64"),
        ("cp314t-macosx_15_0_arm64", [], "macosx_11_0_arm64"),
        ("cp314t-macosx_10_9_x86_64", [], "macosx_10_9_x86_64"),
        ("cp314t-win_amd64", [], "win_amd64"),
    ],
)
def test_what_is_asked_for_has_the_floor_of_the_project(target: str, names: list[str], tag: str) -> None:
    found = ask(files("foo-0.1.tar.gz", *(f"foo-{name}" for name in names)), "foo==0.1", target=target)
    asked = [each.text.partition(",")[0] for each in found.helps if each.kind is HelpKind.ASK]
    assert asked == [f"ask foo for a cp314-cp314t-{tag} wheel"]


def test_an_extra_to_leave_out_helps_only_where_something_is_missing() -> None:
    blocked = with_alternatives(ask(files("foo-1.0.tar.gz")), ["bar[fast]"])
    assert blocked.helps[-1].kind is HelpKind.LEAVE_OUT
    assert blocked.helps[-1].text.startswith("drop the extra bar[fast]")
    assert with_alternatives(blocked, ["bar[fast]"]) == blocked
    ready = ask(files(f"foo-1.0-{T}"))
    assert with_alternatives(ready, ["bar[fast]"]) == ready


def test_a_project_is_described_by_its_newest_wheel_with_metadata() -> None:
    named = files(
        f"foo-1.0-{T}",
        entry(f"foo-2.0-{T}") | {"core-metadata": {"sha256": "a" * 64}},
        f"foo-3.0-{T}",
        "foo-4.0.tar.gz",
        entry(f"foo-5.0-{T}") | {"yanked": True},
        "foo-odd.whl",
    )
    found = describing_file(named)
    assert found is not None
    assert found.filename == f"foo-2.0-{T}"
    assert describing_file(files("foo-4.0.tar.gz")) is None


def test_a_wheel_that_only_the_lock_lacks_is_not_asked_for() -> None:
    found = ask(files(f"foo-1.0-{T}", "foo-1.0.tar.gz", f"foo-0.9-{T}"), pinned="1.0", locked=["foo-1.0.tar.gz"])
    assert kinds(found) == [HelpKind.LOCK_AGAIN, HelpKind.BUILD]


@pytest.mark.parametrize(
    ("filenames", "version", "text"),
    [
        (("foo-1.0.tar.gz", f"foo-1.0-{DEFAULT}"), "1.0", ""),
        ((f"foo-0.9-{T}", f"foo-2.0-{T}", f"foo-1.0-{T}"), "1.0", f"use the index there: it has foo-1.0-{T}"),
        ((f"foo-0.9-{T}", f"foo-2.0-{T}"), "1.0", f"use the index there: it has foo-2.0-{T}"),
        ((f"foo-0.9-{T}",), "1.0", f"use the index there: it has foo-0.9-{T}"),
        ((f"foo-0.9-{T}",), "", f"use the index there: it has foo-0.9-{T}"),
    ],
)
def test_another_index_may_have_what_is_missing(filenames: tuple[str, ...], version: str, text: str) -> None:
    """The version that is wanted, else a newer one, else an older one."""
    there = json_page(*map(entry, filenames))
    requested = RequestedVersion(requirement=parse_requirement("foo"))
    verdict = TargetReadiness(target=TARGET, readiness=Readiness.SDIST, version=version)
    found = help_of_index(("there", there), requested, verdict, parse_environment(TARGET), installer("pip"))
    assert (found.text if found else "") == text
    if found is not None:
        ask = with_helps(replace(verdict, helps=ask_for_a_wheel()), [found])
        assert kinds(ask) == [HelpKind.OTHER_INDEX, HelpKind.ASK]


def ask_for_a_wheel() -> tuple[Help, ...]:
    return (Help(kind=HelpKind.ASK, text="ask foo for a wheel"),)


@pytest.mark.parametrize(("name", "told"), [("uv", True), ("pip", False)])
def test_an_index_that_the_installer_passes_over_is_told(name: str, told: bool) -> None:
    """uv takes a project from the first index that has it: the extra one."""
    default, extra = json_page(entry(f"foo-1.0-{T}")), json_page(entry("foo-1.0.tar.gz"))
    links = json_page(entry("foo-0.1.tar.gz"))
    found = ProjectFiles(
        "foo",
        [(SourceKind.FIND_LINKS_PAGE, links), (SourceKind.INDEX, default), (SourceKind.EXTRA_INDEX, extra)],
    )
    requested = RequestedVersion(requirement=parse_requirement("foo"))
    question = parse_environment(TARGET), installer(name)
    missing = TargetReadiness(target=TARGET, readiness=Readiness.SDIST, version="1.0")
    named = with_passed_over(missing, ("links", "default", "extra"), found, requested, question)
    text = f"use the index default: it has foo-1.0-{T}, and uv stops at another index that has foo"
    assert [each.text for each in named.helps] == ([text] if told else [])
    ready = replace(missing, readiness=Readiness.FREE_THREADED)
    assert with_passed_over(ready, ("links", "default", "extra"), found, requested, question) == ready
    assert with_passed_over(missing, ("simple",), files("foo-1.0.tar.gz"), requested, question) == missing
