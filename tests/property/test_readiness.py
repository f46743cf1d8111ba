"""Verdicts on pages of any files: what is promised about them holds; shards of any cut make the whole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from ftwheel.core.dependencies.assessment import assess
from ftwheel.core.dependencies.readiness import HelpKind, MissingReport, Readiness, Shard, merge
from ftwheel.core.dependencies.readiness_json import parse_report, report_data
from ftwheel.core.dependencies.requested import RequestedVersion, in_shard
from ftwheel.core.index.page import File, ProjectDetails, SourceKind, Yanked
from ftwheel.core.installers.registry import installer
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.installers.selection import ProjectFiles, choose
from ftwheel.core.tags.environments import parse_environment
from support.readiness import project, report, verdict

VERSIONS = ("0.9", "1.0", "1.0+cpu", "1.0.post1", "1.1rc1", "1!0.1", "2.0", "2.0.dev1")
TAGS = (
    "cp314-cp314t-win_amd64",
    "cp314-cp314-win_amd64",
    "cp315-cp315t-win_amd64",
    "cp32-abi3t-win_amd64",
    "cp315-abi3.abi3t-win_amd64",
    "cp314-none-win_amd64",
    "py3-none-any",
    "cp314-cp314t-manylinux_2_28_x86_64",
)
TARGETS = ("cp314t-win_amd64", "cp315t-win_amd64", "cp314-win_amd64")

filenames = st.one_of(
    st.builds("foo-{}.tar.gz".format, st.sampled_from(VERSIONS)),
    st.builds("foo-{}-{}.whl".format, st.sampled_from(VERSIONS), st.sampled_from(TAGS)),
    st.text(st.sampled_from("foo-1.whlcp3t_314abi"), max_size=30),
)
files = st.builds(
    lambda name, yanked: File(
        filename=name, url=f"https://files.example.org/{name}", yanked=Yanked() if yanked else None
    ),
    filenames,
    st.booleans(),
)


@given(
    page=st.lists(files, max_size=8),
    locked=st.lists(filenames, max_size=3),
    wanted=st.sampled_from(("foo", "foo<2", "foo>=1.0", "foo==1.0", "foo===1.0")),
    pinned=st.sampled_from(("", *VERSIONS, "no version")),
    resolved=st.booleans(),
    target=st.sampled_from(TARGETS),
    name=st.sampled_from(("pip", "uv", "pip==24.0")),
)
def test_what_a_verdict_promises(
    *,
    page: list[File],
    locked: list[str],
    wanted: str,
    pinned: str,
    resolved: bool,
    target: str,
    name: str,
) -> None:
    found = ProjectFiles("foo", [(SourceKind.INDEX, ProjectDetails(name="foo", files=tuple(page)))])
    environment, rules = parse_environment(target), installer(name)
    requested = RequestedVersion(
        requirement=parse_requirement(wanted),
        pinned=pinned,
        resolved=resolved,
        locked=tuple(File(filename=each, url=f"https://lock.invalid/{each}") for each in locked),
    )
    told = assess(found, requested, environment, rules)
    if told.readiness is Readiness.CANNOT_TELL:
        assert told.why
    else:
        assert (told.taken is None) == (told.readiness is Readiness.NOTHING)
    if told.ready:
        assert told.taken is not None
        assert (told.helps, told.upgrade, told.older, told.prerelease) == ((), None, None, None)
    for release in (told.upgrade, told.prerelease):
        if release is not None:
            again = choose(found, parse_requirement(f"foo=={release.version}"), environment, rules)
            assert again is not None
            if told.version:
                assert Version(release.version) > Version(Version(told.version).public)
    if told.older is not None:
        assert Version(told.older.version) < Version(told.version)
    kinds = [each.kind for each in told.helps]
    assert kinds == sorted(set(kinds), key=list(HelpKind).index)
    if told.readiness in {Readiness.SDIST, Readiness.NOTHING, Readiness.CANNOT_LOAD, Readiness.OLDER_VERSION}:
        assert kinds


@given(
    names=st.sets(st.text(st.sampled_from("abcdefgh-0"), min_size=1, max_size=6), max_size=12),
    of=st.integers(min_value=1, max_value=5),
    random=st.randoms(use_true_random=False),
)
def test_shards_of_any_cut_in_any_order_make_the_whole(names: set[str], of: int, random: object) -> None:
    projects = [project(name, verdict(readiness=random.choice(list(Readiness)))) for name in sorted(names)]  # type: ignore[attr-defined]
    parts: list[MissingReport] = []
    for number in range(1, of + 1):
        shard = Shard(of=of, number=number)
        part = report(*(each for each in projects if in_shard(each.name, shard)), shards=(shard,))
        parts.append(parse_report(report_data(part), "part.json"))
    random.shuffle(parts)  # type: ignore[attr-defined]
    assert merge(parts) == report(*projects)
