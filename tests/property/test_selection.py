"""What has to hold for any page: the fast way and the explained one agree, and nothing is lost on the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from ftwheel.core.index.page import File, ProjectDetails, SourceKind, Yanked, render_page
from ftwheel.core.index.parse import parse_page
from ftwheel.core.installers.options import IndexStrategy, InstallerOptions
from ftwheel.core.installers.pip.filenames import read_filename
from ftwheel.core.installers.project_files import ProjectFiles
from ftwheel.core.installers.registry import find_installer
from ftwheel.core.installers.rejections import Accepted
from ftwheel.core.installers.uv.requires_python import meets_lower_bound
from ftwheel.core.tags.environments import parse_environment
from ftwheel.core.tags.priority import TagFlavour, abi_table, best_tag, platform_table, position
from support.pages import JSON, URL, Case

frugal = settings(max_examples=100, deadline=None)

LABELS = ("cp314-manylinux_2_28_x86_64", "cp314t-manylinux_2_28_x86_64", "cp313t-win_amd64", "cp315-macosx_14_0_arm64")
VERSIONS = ("1.0", "1.0.0", "1.1", "2.0", "2.0rc1", "2.0.post1", "1!0.5", "2.0+cpu", "0.9", "3.0.dev1")
INTERPRETERS = ("py3", "py2", "cp314", "cp313", "cp39", "cp315", "py314", "pp311", "CP314")
ABIS = ("none", "abi3", "abi3t", "cp314", "cp314t", "cp313t", "cp315", "pypy311_pp73")
PLATFORMS = ("any", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "linux_x86_64", "win_amd64", "macosx_11_0_arm64")
PYTHONS = (None, None, "", ">=3.9", ">=3.14", "<3.14", ">=3.15", "!=3.14.*", "==3.13.*", "nonsense", "~=3.9")
DIGESTS = tuple(letter * 64 for letter in "ab")
TIMES = tuple(datetime(2025, 1, day, tzinfo=UTC) for day in (1, 5, 9))


def some(values: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True).map(".".join)


tags = st.tuples(some(INTERPRETERS), some(ABIS), some(PLATFORMS)).map("-".join)
builds = st.sampled_from(["", "", "", "-1", "-2a", "-10", "-x"])
names = st.sampled_from(["foo", "foo", "foo", "Foo", "f__oo", "bar"])
wheels = st.builds("{}-{}{}-{}.whl".format, names, st.sampled_from(VERSIONS), builds, tags)
sdists = st.builds(
    "{}-{}{}".format,
    names,
    st.sampled_from(VERSIONS),
    st.sampled_from([".tar.gz", ".tar.gz", ".zip", ".tar.bz2", ".exe"]),
)
yanks = st.sampled_from([None, None, None, Yanked(), Yanked(reason="bad"), Yanked(doubtful=True)])


@st.composite
def files(draw: st.DrawFn) -> File:
    filename = draw(st.one_of(wheels, sdists))
    folder = draw(st.integers(0, 3))
    return File(
        filename=filename,
        url=f"https://files.example.org/{folder}/{filename}",
        hashes=tuple(("sha256", digest) for digest in draw(st.lists(st.sampled_from(DIGESTS), max_size=1))),
        upload_time=draw(st.sampled_from(TIMES)),
        requires_python=draw(st.sampled_from(PYTHONS)),
        yanked=draw(yanks),
    )


rules = st.builds(
    InstallerOptions,
    name=st.sampled_from(["pip", "uv"]),
    version=st.just(""),
    only_binary=st.sampled_from([frozenset(), frozenset(), frozenset({":all:"})]),
    no_binary=st.sampled_from([frozenset(), frozenset(), frozenset({"foo"})]),
    prefer_binary=st.booleans(),
    allow_prereleases=st.sampled_from([None, None, True, False]),
    uploaded_prior_to=st.sampled_from([None, None, datetime(2025, 1, 5, tzinfo=UTC)]),
    hashes=st.sampled_from([frozenset(), frozenset(), frozenset({("sha256", DIGESTS[0])})]),
    index_strategy=st.sampled_from(list(IndexStrategy)),
    ignore_requires_python=st.just(False),
    dependencies=st.just(True),
)
questions: dict[str, st.SearchStrategy[Any]] = {
    "requirement": st.sampled_from(
        ["foo", "foo", "foo>=1.1", "foo==2.0", "foo===1.0", "foo<2", "foo!=2.0", "foo>=2.0rc1"]
    ),
    "env": st.sampled_from(LABELS),
    "rules": rules,
}
KINDS = (SourceKind.INDEX, SourceKind.EXTRA_INDEX, SourceKind.FIND_LINKS_PAGE)


def page(found: list[File], kind: SourceKind = SourceKind.INDEX) -> tuple[SourceKind, ProjectDetails]:
    return kind, ProjectDetails(name="foo", files=tuple(found), url=f"https://{kind.name.lower()}.example.org/")


@frugal
@given(pages=st.lists(st.lists(files(), max_size=8), min_size=1, max_size=3), **questions)
def test_both_ways_agree_and_every_file_has_one_verdict(pages: list[list[File]], **question: Any) -> None:
    case = Case([page(found, kind) for found, kind in zip(pages, KINDS, strict=False)], **question)
    evaluations = case.selection.evaluations
    assert len(evaluations) == sum(map(len, pages))
    ranks = [one.verdict.rank for one in evaluations if isinstance(one.verdict, Accepted)]
    assert ranks == list(range(1, len(case.selection.applicable) + 1))


@frugal
@given(found=st.lists(files(), min_size=1, max_size=8), position=st.integers(0, 8), more=files(), **questions)
def test_an_inapplicable_file_never_changes_the_choice(
    found: list[File], position: int, more: File, **question: Any
) -> None:
    """But to uv: there a file it may take hides the rest of its version, and only then is asked for its Python.

    And but to pip a second link to the address of another file: pip takes the first.
    """
    before = Case([page(found)], **question)
    alone = Case([page([more])], **question)
    if alone.selection.applicable or alone.selection.refusal or more.url in {file.url for file in found}:
        return
    verdict = alone.selection.evaluations[0].verdict
    if question["rules"].name == "uv" and type(getattr(verdict, "reason", None)).__name__ == "RequiresPython":
        return
    if type(getattr(verdict, "reason", None)).__name__ == "YankedFile":
        return  # a yanked final is a final, and keeps pip from taking a pre-release
    after = Case([page([*found[:position], more, *found[position:]])], **question)
    assert after.taken == before.taken


@frugal
@given(found=st.lists(files(), min_size=2, max_size=8, unique_by=lambda file: file.filename), **questions)
def test_the_order_of_a_page_means_nothing_to_uv(found: list[File], **question: Any) -> None:
    question["rules"] = InstallerOptions(name="uv")
    assert Case([page(found)], **question).taken == Case([page(found[::-1])], **question).taken


@frugal
@given(found=st.lists(files(), max_size=5), versions=st.lists(st.text(min_size=1), max_size=2), reason=st.text())
def test_parsing_is_the_inverse_of_rendering(found: list[File], versions: list[str], reason: str) -> None:
    details = ProjectDetails(
        name="foo",
        files=tuple(found),
        url=URL,
        versions=tuple(versions),
        status_reason=reason,
    )
    assert parse_page(render_page(details), content_type=JSON, url=URL) == details


@frugal
@given(name=st.one_of(wheels, st.text(alphabet="fo_-.1!+cp3x", max_size=30).map("{}.whl".format)))
def test_wheel_names_are_read_as_packaging_reads_them(name: str) -> None:
    """In both ways: the careful reader, and the one that knows most names by their shape."""
    url = f"https://files.example.org/{name}"
    found = ProjectFiles("foo", [page([File(filename=name, url=url)])])
    (entry,) = found.version_index(find_installer("pip")).everything()
    careful = read_filename(name, "", "foo")
    try:
        project, version, build, expected = parse_wheel_filename(name)
    except InvalidWheelFilename:
        assert careful.problem is not None
        assert entry.reading.problem is not None
        return
    for reading in (careful, entry.reading):
        assert (reading.problem is None) is (project == "foo")
        if project == "foo":
            assert (reading.version, reading.build) == (version, build)
            interpreters, abis = reading.abi.lower().split("-")
            parts = (interpreters.split("."), abis.split("."), reading.platform.lower().split("."))
            assert set(map("-".join, product(*parts))) == set(map(str, expected))


@frugal
@given(
    label=st.sampled_from(LABELS), abi=st.tuples(some(INTERPRETERS), some(ABIS)).map("-".join), platform=some(PLATFORMS)
)
def test_the_place_is_the_best_of_all_combinations(label: str, abi: str, platform: str) -> None:
    environment = parse_environment(label)
    abis = abi_table("cp", environment.minor, environment.abis, environment.free_threaded, TagFlavour.PIP)
    platforms = platform_table(environment.platforms, TagFlavour.PIP)
    interpreters, wheel_abis = (part.split(".") for part in abi.lower().split("-"))
    combinations = set(map("-".join, product(interpreters, wheel_abis, platform.split("."))))
    best = next((index for index, tag in enumerate(environment.tags) if tag in combinations), None)
    assert position(abis, platforms, abi, platform) == best
    if best is not None:
        assert best_tag(abis, platforms, best) == environment.tags[best]


specifiers = st.lists(
    st.tuples(
        st.sampled_from(["==", "!=", ">=", ">", "<", "<=", "~="]),
        st.sampled_from(["3", "3.9", "3.13", "3.14", "3.14.2"]),
    ),
    min_size=1,
    max_size=3,
)


@frugal
@given(
    parts=specifiers, wildcard=st.booleans(), python=st.sampled_from([(3, 9, 0), (3, 13, 7), (3, 14, 2), (3, 14, 0)])
)
def test_a_python_below_all_that_fit_is_below_the_bound(
    parts: list[tuple[str, str]], wildcard: bool, python: tuple[int, int, int]
) -> None:
    """Held against packaging, by trying every version there could be."""
    texts = [
        f"{operator}{version}{'.*' if wildcard and operator in {'==', '!='} else ''}"
        for operator, version in parts
        if operator != "~=" or "." in version
    ]
    wanted = SpecifierSet(",".join(texts))
    versions = [Version(f"3.{minor}.{micro}") for minor in range(20) for micro in range(5)]
    fitting = [version for version in versions if version in wanted]
    answer = meets_lower_bound(",".join(texts), python)
    if Version(".".join(map(str, python))) in wanted:
        assert answer is True
    elif not fitting or fitting[0] <= Version("3.0.1"):
        return  # no bound, or one that Python 3 versions cannot show
    else:
        assert answer is (Version(".".join(map(str, python))) > fitting[0])


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_a_page_of_ten_thousand_files_costs_ten_times_a_thousand(installer: Literal["pip", "uv"]) -> None:
    """Counted in looks at tags, which no busy machine changes."""

    def looks(versions: int) -> int:
        found = [
            File(filename=name, url=f"https://files.example.org/{name}")
            for number in range(versions)
            for name in (f"foo-{number}.0-cp39-cp39-win_amd64.whl", f"foo-{number}.0-py2-none-any.whl")
        ]
        project = ProjectFiles("foo", [page(found)])
        case = Case(project, rules=installer)
        assert case.taken == "nothing"
        return sum(len(group.entries()) for group in project.version_index(find_installer(installer)).groups)

    assert looks(5000) == 10 * looks(500)


@frugal
@given(start=st.datetimes(timezones=st.just(UTC)), seconds=st.integers(1, 10**6))
def test_times_survive_a_page(start: datetime, seconds: int) -> None:
    time = min(start, datetime(9000, 1, 1, tzinfo=UTC)) + timedelta(seconds=seconds)
    details = ProjectDetails(name="foo", files=(File(filename="foo", url="https://example.org/foo", upload_time=time),))
    (file,) = parse_page(render_page(details), content_type=JSON, url="").files
    assert file.upload_time == time
