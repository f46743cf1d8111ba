"""uv's rules, one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import ftwheel.core.installers.rejections as r
from ftwheel.core.index.page import File, PageFault, PageProblem, SourceKind, Yanked
from ftwheel.core.installers.options import IndexStrategy, InstallerOptions
from ftwheel.core.installers.registry import installer
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.installers.selection import walk
from ftwheel.core.tags.environments import parse_environment
from support.pages import Case, html_page, page, project

UV = InstallerOptions(name="uv")
WHEEL = "foo-1.0-py3-none-any.whl"
CUTOFF = datetime(2025, 6, 1, tzinfo=UTC)
EARLY = CUTOFF - timedelta(days=1)
EXTRA, FILES = SourceKind.EXTRA_INDEX, SourceKind.FIND_LINKS_FILES


def file(filename: str, **fields: Any) -> File:
    return File(filename=filename, url=f"https://files.example.org/{filename}", **fields)


def test_only_the_chosen_file_is_asked_for_requires_python() -> None:
    case = Case(
        project(
            file("foo-2.0-py3-none-any.whl", requires_python=">=3.15"),
            file("foo-2.0.tar.gz", requires_python=">=3.9"),
            file("foo-1.0.tar.gz", requires_python="<3"),
        ),
        rules=UV,
    )
    assert case.taken == "foo-1.0.tar.gz"
    assert case.reason("foo-2.0-py3-none-any.whl") == r.RequiresPython(specifier=">=3.15")
    assert case.reason("foo-2.0.tar.gz") == r.VersionRejected(because="foo-2.0-py3-none-any.whl")


def test_a_file_whose_requires_python_cannot_be_read_is_dropped() -> None:
    case = Case(project(file("foo-2.0.tar.gz", requires_python="three"), file(WHEEL, requires_python="two")), rules=UV)
    assert case.taken == "nothing"
    assert case.reason("foo-2.0.tar.gz") == r.InvalidRequiresPython(specifier="three")


def test_equals_go_to_the_smallest_name() -> None:
    assert Case(project("foo-1.0.zip", "foo-1.0.tar.gz"), rules=UV).taken == "foo-1.0.tar.gz"
    names = ["foo-1.0-py3-none-any.whl", "foo-1.0-py2.py3-none-any.whl"]
    assert Case(project(*names), rules=UV).taken == "foo-1.0-py2.py3-none-any.whl"
    assert Case([page(*names, kind=FILES)], rules=UV).taken == "foo-1.0-py3-none-any.whl"


@pytest.mark.parametrize(
    ("requirement", "allow", "taken"),
    [
        ("foo", None, "foo-1.0.tar.gz"),
        ("foo", True, "foo-3.0.dev1.tar.gz"),
        ("foo>=2.0a1", None, "foo-3.0.dev1.tar.gz"),
        ("foo>=0.dev1", None, "foo-1.0.tar.gz"),  # naming a pre-release asks for none
        ("foo>1", False, "nothing"),
    ],
)
def test_prereleases_are_for_when_nothing_stable_is_left(requirement: str, allow: bool | None, taken: str) -> None:
    files = ["foo-1.0.tar.gz", "foo-2.0a1.tar.gz", "foo-3.0.dev1.tar.gz"]
    case = Case(project(*files), requirement=requirement, rules=UV._replace(allow_prereleases=allow))
    assert case.taken == taken
    if taken in {"foo-1.0.tar.gz", "nothing"}:
        assert case.reason("foo-2.0a1.tar.gz") == r.Prerelease()


def test_yanked_files_need_one_single_pin() -> None:
    yanked = file("foo-2.0.tar.gz", yanked=Yanked(reason="bad"))
    doubtful = file("foo-1.0.tar.gz", yanked=Yanked(doubtful=True))
    case = Case(project(yanked, doubtful), rules=UV)
    assert case.taken == "nothing"
    assert case.reason("foo-2.0.tar.gz") == r.YankedFile(reason="bad")
    assert Case(project(yanked), requirement="foo==2", rules=UV).taken == "foo-2.0.tar.gz"
    assert Case(project(yanked), requirement="foo==2,<3", rules=UV).taken == "nothing"
    wheel = file("foo-2.0-py3-none-any.whl", yanked=Yanked())
    assert Case(project(yanked, wheel), requirement="foo==2", rules=UV).taken == wheel.filename
    assert Case([page(yanked, wheel, kind=FILES)], rules=UV).taken == wheel.filename  # find-links is not asked


def test_formats_can_be_switched_off() -> None:
    files = project(WHEEL, "foo-1.0.tar.gz")
    no_wheels = Case(files, rules=UV._replace(no_binary=frozenset({"foo"})))
    assert no_wheels.taken == "foo-1.0.tar.gz"
    assert no_wheels.reason(WHEEL) == r.FormatDisallowed(format="wheel")
    no_sdists = Case(files, rules=UV._replace(only_binary=frozenset({":all:"})))
    assert no_sdists.taken == WHEEL
    assert no_sdists.reason("foo-1.0.tar.gz") == r.FormatDisallowed(format="sdist")


def test_variants_are_left_out() -> None:
    case = Case(project("foo-1.0-py3-none-any-x86v3.whl", "foo-1.0.tar.bz2", "foo-0.9.tar.gz"), rules=UV)
    assert case.taken == "foo-0.9.tar.gz"
    assert case.reason("foo-1.0-py3-none-any-x86v3.whl") == r.Variant(label="x86v3")


A, B = "a" * 64, "b" * 64


@pytest.mark.parametrize(
    ("requirement", "wheel", "sdist", "taken"),
    [
        ("foo==1.0", A, B, "wheel"),
        ("foo==1.0", B, A, "sdist"),
        ("foo==1.0", B, "", "sdist"),
        ("foo==1.0", "", B, "wheel"),
        ("foo==1.0", B, B, "wheel"),
        ("foo", B, A, "wheel"),
    ],
)
def test_digests_count_for_a_pin(requirement: str, wheel: str, sdist: str, taken: str) -> None:
    rules = UV._replace(hashes=frozenset({("sha256", A)}))
    files = [
        file(name, hashes=(("sha256", digest.upper()), ("sha1", "x")) if digest else ())
        for name, digest in ((WHEEL, wheel), ("foo-1.0.tar.gz", sdist))
    ]
    case = Case(project(*files), requirement=requirement, rules=rules)
    assert case.best is not None
    assert case.best.kind == taken


def test_a_cut_off_passes_over_files_without_a_time() -> None:
    rules = UV._replace(uploaded_prior_to=CUTOFF)
    early, late = file("foo-1.0.tar.gz", upload_time=EARLY), file("foo-2.0.tar.gz", upload_time=CUTOFF)
    case = Case(project(early, late, "foo-3.0.tar.gz", file(WHEEL, upload_time=CUTOFF)), rules=rules)
    assert case.taken == "foo-1.0.tar.gz"
    assert case.reason("foo-2.0.tar.gz") == r.UploadedTooLate(upload_time=CUTOFF, cutoff=CUTOFF)
    assert case.reason("foo-3.0.tar.gz") == r.UploadTimeMissing()
    assert Case([page("foo-3.0.tar.gz", kind=FILES)], rules=rules).taken == "foo-3.0.tar.gz"
    # milliseconds are all uv keeps
    nearly = file("foo-1.0.tar.gz", upload_time=CUTOFF + timedelta(microseconds=900))
    assert Case(project(nearly), rules=rules._replace(uploaded_prior_to=CUTOFF + timedelta(milliseconds=1))).best


def two_indexes(*, extra: tuple[Any, ...], default: tuple[Any, ...]) -> list[Any]:
    return [page(*default), page(*extra, kind=EXTRA)]


@pytest.mark.parametrize(
    ("strategy", "extra", "default", "taken"),
    [
        ("first-index", ("foo-1.0.tar.gz",), ("foo-2.0.tar.gz",), "foo-1.0.tar.gz"),
        ("first-index", (), ("foo-2.0.tar.gz",), "nothing"),
        ("unsafe-first-match", ("foo-1.0.tar.gz",), ("foo-2.0.tar.gz",), "foo-1.0.tar.gz"),
        ("unsafe-first-match", ("foo-1.0a1.tar.gz",), ("foo-2.0.tar.gz",), "foo-1.0a1.tar.gz"),
        ("unsafe-first-match", ("foo-2.0-py2-none-any.whl",), ("foo-2.0.tar.gz",), "nothing"),
        ("unsafe-first-match", ("foo-2.0-py2-none-any.whl",), ("foo-1.0.tar.gz",), "foo-1.0.tar.gz"),
        ("unsafe-best-match", ("foo-1.0.tar.gz",), ("foo-2.0.tar.gz",), "foo-2.0.tar.gz"),
        ("unsafe-best-match", ("foo-2.0-py2-none-any.whl",), ("foo-2.0.tar.gz",), "foo-2.0.tar.gz"),
        ("unsafe-best-match", ("foo-1.0a1.tar.gz",), ("foo-2.0a1.tar.gz",), "foo-2.0a1.tar.gz"),
    ],
)
def test_several_indexes(strategy: str, extra: tuple[str, ...], default: tuple[str, ...], taken: str) -> None:
    rules = UV._replace(index_strategy=IndexStrategy(strategy))
    case = Case(two_indexes(extra=extra, default=default), rules=rules)
    assert case.taken == taken
    if strategy == "first-index":
        assert case.reason("foo-2.0.tar.gz") == r.NotConsulted()
    if extra == ("foo-2.0-py2-none-any.whl",) and taken == "nothing":
        assert isinstance(case.reason("foo-2.0.tar.gz"), r.VersionRejected)


def test_a_version_turned_down_for_its_python_is_so_everywhere() -> None:
    old = file("foo-2.0.tar.gz", requires_python=">=9")
    for strategy in (IndexStrategy.UNSAFE_BEST_MATCH, IndexStrategy.UNSAFE_FIRST_MATCH):
        case = Case(
            two_indexes(extra=(old,), default=("foo-2.0-py3-none-any.whl", "foo-1.0.tar.gz")),
            rules=UV._replace(index_strategy=strategy),
        )
        assert case.taken == "foo-1.0.tar.gz"
        assert case.reason("foo-2.0-py3-none-any.whl") == r.VersionRejected(because="foo-2.0.tar.gz")


@pytest.mark.parametrize(
    ("extra", "taken"),
    [
        ((file("foo-2.0.tar.gz", upload_time=CUTOFF),), "foo-2.0.zip"),
        ((file("foo-2.0-py3-none-any.whl", upload_time=CUTOFF),), "foo-2.0.zip"),
        ((file("foo-2.0-py3-none-any.whl", upload_time=CUTOFF), file("foo-2.0.tgz", upload_time=EARLY)), "nothing"),
        ((file("foo-2.0.tar.gz", requires_python="x"),), "foo-2.0.zip"),
    ],
)
def test_what_is_only_too_new_is_left_to_the_next_index(extra: tuple[File, ...], taken: str) -> None:
    rules = UV._replace(uploaded_prior_to=CUTOFF, index_strategy=IndexStrategy.UNSAFE_FIRST_MATCH)
    case = Case(two_indexes(extra=extra, default=(file("foo-2.0.zip", upload_time=EARLY),)), rules=rules)
    assert case.taken == taken


def test_find_links_is_part_of_every_index_and_needs_none() -> None:
    folder = page("foo-2.0.tar.gz", kind=FILES)
    assert Case([folder], rules=UV).taken == "foo-2.0.tar.gz"
    assert Case([folder, page("foo-1.0.tar.gz")], rules=UV).taken == "foo-2.0.tar.gz"
    case = Case(
        [folder, *two_indexes(extra=("foo-1.0.tar.gz",), default=("foo-3.0.tar.gz",))],
        rules=UV._replace(index_strategy=IndexStrategy.UNSAFE_FIRST_MATCH),
    )
    assert [one.file.filename for one in case.selection.applicable] == [
        "foo-2.0.tar.gz",
        "foo-1.0.tar.gz",
        "foo-3.0.tar.gz",
    ]


def test_pages_that_are_not_asked_cannot_be_in_the_way() -> None:
    odd = (PageProblem(fault=PageFault.SIZE, text="odd"),)
    sources = [page("foo-2.0.tar.gz", problems=odd), page("foo-1.0.tar.gz", kind=EXTRA)]
    assert Case(sources, rules=UV).taken == "foo-1.0.tar.gz"
    assert Case(sources, rules=UV._replace(index_strategy=IndexStrategy.UNSAFE_BEST_MATCH)).selection.refusal == "odd"
    assert Case([page("foo-1.0.tar.gz", kind=FILES, problems=odd)], rules=UV).selection.refusal == "odd"


def test_metadata_is_read_of_the_chosen_file() -> None:
    newer = "foo-2.0-py3-none-any.whl"
    files = project(newer, "foo-2.0.tar.gz", WHEEL, metadata={newer: "foo 2.0 >=3.15", WHEEL: "foo 1.0 >=3.9,<3"})
    case = Case(files, rules=UV)
    assert case.taken == WHEEL
    assert case.reason(newer) == r.RequiresPython(specifier=">=3.15")
    assert case.reason("foo-2.0.tar.gz") == r.VersionRejected(because=newer)
    other = Case(project(WHEEL, metadata={WHEEL: "bar 1.0 "}), rules=UV)
    assert (other.taken, other.selection.refusal) == ("nothing", f"METADATA of {WHEEL} is that of bar")


NATIVE = "manylinux_2_17_x86_64"


@pytest.mark.parametrize(
    ("wheels", "read"),
    [
        (("1-cp313-cp313-win_amd64", "2-cp314-cp314-win_amd64"), 2),
        (("1-cp314-cp314t-any", "2-cp314-cp314-win_amd64"), 2),
        (("1-py2-none-any", f"2-cp314-cp314t-{NATIVE}"), 2),
        (("1-zz9-none-any", "2-py2-none-any"), 2),
        (("1-py2-none-any", "2-cp314-cp314-zz"), 1),
        (("1-py2-none-any", f"2-py2-none-{NATIVE}"), 1),
        (("1-py2-none-any", "2-py2-none-any"), 1),
    ],
)
def test_a_source_distribution_counts_by_the_wheel_that_misses_by_least(wheels: tuple[str, str], read: int) -> None:
    """``tests/oracle/test_uv_metadata.py`` asks uv."""
    for bad in (1, 2):
        metadata = {
            f"foo-1.0-{tags}.whl": f"foo 1.0 {'>=3.15' if number == bad else '>=3.8'}"
            for number, tags in enumerate(wheels, 1)
        }
        found = project(*metadata, "foo-1.0.tar.gz", "foo-0.9.tar.gz", metadata=metadata)
        case = Case(found, rules="uv")
        assert case.taken == ("foo-0.9.tar.gz" if bad == read else "foo-1.0.tar.gz")
        if bad == read:
            assert case.reason("foo-1.0.tar.gz") == r.VersionRejected(because=f"foo-1.0-{wheels[read - 1]}.whl")
        without = Case(found, rules=InstallerOptions(name="uv", dependencies=False))
        assert without.taken == "foo-1.0.tar.gz"


def test_on_a_free_threaded_build_a_wheel_that_needs_the_gil_misses_by_less_than_another_abi() -> None:
    gil, other = f"foo-1.0-2-cp313-abi3-{NATIVE}.whl", f"foo-1.0-1-cp312-none-{NATIVE}.whl"
    metadata = {gil: "foo 1.0 >=3.15", other: "foo 1.0 >=3.8"}
    files = project(*metadata, "foo-1.0.tar.gz", metadata=metadata)
    env = "cp314t-manylinux_2_28_x86_64"
    assert Case(files, env=env, rules="uv").reason("foo-1.0.tar.gz") == r.VersionRejected(because=gil)


def test_which_wheel_of_those_that_may_not_be_taken() -> None:
    def files(*yanked: Yanked | None, **more: Any) -> list[File]:
        return [
            File(
                filename=f"foo-1.0-{number}-{tags}.whl",
                url=f"https://example.org/foo-1.0-{number}-{tags}.whl",
                requires_python=">=3.15" if number == 2 else None,
                yanked=mark,
                **more,
            )
            for number, mark in enumerate(yanked, 1)
            for tags in (f"cp314-cp314-{NATIVE}",)
        ]

    def taken(*found: File, **options: Any) -> str:
        sdist = File(filename="foo-1.0.tar.gz", url="https://example.org/foo-1.0.tar.gz", upload_time=EARLY)
        return Case([page(*found, sdist)], rules=InstallerOptions(name="uv", **options)).taken

    assert taken(*files(Yanked(), Yanked(reason="bad"))) == "foo-1.0.tar.gz"
    assert taken(*files(Yanked(reason="bad"), Yanked())) == "nothing"
    assert taken(*files(Yanked(doubtful=True), Yanked())) == "nothing"
    assert taken(*files(None, None), no_binary=frozenset({"foo"})) == "foo-1.0.tar.gz"
    assert taken(*files(Yanked(reason="bad"), Yanked(), upload_time=EARLY), uploaded_prior_to=CUTOFF) == "nothing"
    assert (
        taken(*files(Yanked(reason="bad"), Yanked(), upload_time=CUTOFF), uploaded_prior_to=CUTOFF) == "foo-1.0.tar.gz"
    )


def test_a_wheel_that_fits_is_not_read_for_the_source_distribution_that_its_digest_asks_for() -> None:
    digest = ("sha256", "a" * 64)
    wheel = file(WHEEL, requires_python=">=3.15", hashes=(("sha256", "b" * 64),))
    found = project(wheel, file("foo-1.0.tar.gz", hashes=(digest,)))
    rules = UV._replace(hashes=frozenset({digest}))
    assert Case(found, requirement="foo==1.0", rules=rules).taken == "foo-1.0.tar.gz"


def test_a_wheel_with_an_unreadable_requires_python_is_not_read() -> None:
    wheel = File(
        filename="foo-1.0-py2-none-any.whl", url="https://example.org/foo-1.0-py2-none-any.whl", requires_python="x"
    )
    assert Case([page(wheel, "foo-1.0.tar.gz")], rules="uv").taken == "foo-1.0.tar.gz"


@pytest.mark.parametrize(
    ("filenames", "described_by"),
    [
        (("foo-1.0.tar.gz", "foo-1.0-cp313-cp313-win_amd64.whl"), "foo-1.0-cp313-cp313-win_amd64.whl"),
        (("foo-1.0.tar.gz",), "foo-1.0.tar.gz"),
        (("foo-1.0.tar.gz", "foo-1.0-py3-none-any.whl"), "foo-1.0-py3-none-any.whl"),
    ],
)
@pytest.mark.parametrize("name", ["uv", "pip"])
def test_a_resolver_reads_the_metadata_that_the_installer_reads(
    name: str, filenames: tuple[str, ...], described_by: str
) -> None:
    environment = parse_environment("cp313-manylinux_2_28_x86_64")
    taken = next(walk(project(*filenames), parse_requirement("foo"), environment, installer(name)))
    assert taken.metadata_file.filename == (described_by if name == "uv" else taken.file.filename)


@pytest.mark.parametrize(("first", "second", "read"), [("", '=""', "first"), ('=""', "", "second"), ("", "", "first")])
def test_of_yanked_wheels_uv_reads_the_first_without_a_value_in_html(first: str, second: str, read: str) -> None:
    """A value of ``data-yanked`` is a reason to uv, even an empty one."""
    python = {each: ' data-requires-python=">=3.15"' if each == read else "" for each in ("first", "second")}
    details = html_page(
        f'<a href="foo-2.0-1-py3-none-any.whl" data-yanked{first}{python["first"]}>x</a>',
        f'<a href="foo-2.0-2-py3-none-any.whl" data-yanked{second}{python["second"]}>x</a>',
        '<a href="foo-2.0.tar.gz">x</a><a href="foo-1.0.tar.gz">x</a>',
    )
    assert Case([(SourceKind.INDEX, details)], rules="uv").taken == "foo-1.0.tar.gz"
