"""pip's rules, one by one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

import ftwheel.core.installers.rejections as r
from ftwheel.core.index.page import File, SourceKind, Yanked
from ftwheel.core.installers.options import InstallerOptions
from support.pages import Case, entry, html_page, json_page, page, project

PIP = InstallerOptions(name="pip")
WHEEL = "foo-1.0-py3-none-any.whl"
CUTOFF = datetime(2025, 6, 1, tzinfo=UTC)


def file(filename: str, **fields: Any) -> File:
    return File(filename=filename, url=f"https://files.example.org/{filename}", **fields)


def test_requires_python_is_of_each_file() -> None:
    case = Case(
        project(
            file("foo-2.0-py3-none-any.whl", requires_python=">=3.15"),
            file("foo-2.0.tar.gz", requires_python=">=3.9,<4"),
            file("foo-1.0.tar.gz", requires_python="nonsense"),
        )
    )
    assert case.taken == "foo-2.0.tar.gz"
    assert case.reason("foo-2.0-py3-none-any.whl") == r.RequiresPython(specifier=">=3.15")
    assert len(case.selection.applicable) == 2
    ignoring = Case(
        project(file("foo-2.0.tar.gz", requires_python=">=9")), rules=PIP._replace(ignore_requires_python=True)
    )
    assert ignoring.taken == "foo-2.0.tar.gz"


def test_a_python_version_in_an_sdist_has_to_be_this_one() -> None:
    case = Case(project("foo-1.0-py3.9.tar.gz"))
    assert case.reason("foo-1.0-py3.9.tar.gz") == r.RequiresPython(specifier="==3.9.*")
    assert Case(project("foo-1.0-py3.9.tar.gz"), env="cp39-win32").taken == "foo-1.0-py3.9.tar.gz"


def test_equals_go_to_the_last() -> None:
    assert Case(project("foo-1.0.tar.gz", "foo-1.0.zip")).taken == "foo-1.0.zip"
    assert Case(project("foo-1.0.zip", "foo-1.0.tar.gz")).taken == "foo-1.0.tar.gz"


@pytest.mark.parametrize(
    ("requirement", "allow", "taken"),
    [
        ("foo", None, "foo-1.0.tar.gz"),
        ("foo", True, "foo-3.0.dev1.tar.gz"),
        ("foo", False, "foo-1.0.tar.gz"),
        ("foo>=2.0a1", None, "foo-3.0.dev1.tar.gz"),
        ("foo>1", None, "foo-3.0.dev1.tar.gz"),
        ("foo>1", False, "nothing"),
        ("foo>=2.0a1", False, "nothing"),
    ],
)
def test_prereleases(requirement: str, allow: bool | None, taken: str) -> None:
    files = ["foo-1.0.tar.gz", "foo-2.0a1.tar.gz", "foo-3.0.dev1.tar.gz"]
    case = Case(project(*files), requirement=requirement, rules=PIP._replace(allow_prereleases=allow))
    assert case.taken == taken
    if taken == "foo-1.0.tar.gz":
        assert case.reason("foo-2.0a1.tar.gz") == r.Prerelease()


def test_yanked_files_need_a_pin_and_no_other_candidate() -> None:
    yanked = file("foo-2.0.tar.gz", yanked=Yanked(reason="bad"))
    older = file("foo-2.0-py3-none-any.whl", yanked=Yanked())
    doubtful = file("foo-2.0.zip", yanked=Yanked(doubtful=True))
    assert Case(project(yanked, "foo-1.0.tar.gz")).taken == "foo-1.0.tar.gz"
    assert Case(project(yanked, "foo-1.0.tar.gz")).reason("foo-2.0.tar.gz") == r.YankedFile(reason="bad")
    assert Case(project(yanked)).taken == "nothing"
    assert Case(project(yanked, older), requirement="foo==2.0").taken == "foo-2.0-py3-none-any.whl"
    assert Case(project(older, yanked), requirement="foo==2.0").taken == "foo-2.0-py3-none-any.whl"
    assert Case(project(yanked), requirement="foo>=2.0").taken == "nothing"
    assert Case(project(yanked, doubtful), requirement="foo==2.0").taken == "foo-2.0.zip"
    # a yanked final keeps pre-releases out
    assert Case(project(yanked, "foo-3.0a1.tar.gz")).taken == "nothing"


def test_formats_can_be_switched_off() -> None:
    files = project(WHEEL, "foo-1.0.tar.gz")
    no_wheels = Case(files, rules=PIP._replace(no_binary=frozenset({":all:"})))
    assert no_wheels.taken == "foo-1.0.tar.gz"
    assert no_wheels.reason(WHEEL) == r.FormatDisallowed(format="wheel")
    no_sdists = Case(project("foo-1.0.tar.gz"), rules=PIP._replace(only_binary=frozenset({"foo"})))
    assert no_sdists.reason("foo-1.0.tar.gz") == r.FormatDisallowed(format="sdist")


def test_prefer_binary_goes_before_the_version() -> None:
    files = project(WHEEL, "foo-2.0.tar.gz")
    assert Case(files).taken == "foo-2.0.tar.gz"
    assert Case(files, rules=PIP._replace(prefer_binary=True)).taken == WHEEL


def test_a_matching_digest_goes_before_everything() -> None:
    rules = PIP._replace(hashes=frozenset({("sha256", "a")}))
    matching = file("foo-1.0.tar.gz", hashes=(("md5", "b"), ("sha256", "a")))
    in_address = File(filename=WHEEL, url=f"https://files.example.org/{WHEEL}#sha256=a")
    other = file("foo-2.0.tar.gz", hashes=(("sha256", "b"),))
    case = Case(project(matching, other, "foo-3.0.tar.gz"), rules=rules)
    assert case.taken == "foo-1.0.tar.gz"
    assert case.reason("foo-2.0.tar.gz") == r.HashMismatch()
    assert [one.file.filename for one in case.selection.applicable] == ["foo-1.0.tar.gz", "foo-3.0.tar.gz"]
    assert Case(project(other, in_address), rules=rules).taken == WHEEL
    html = html_page(f'<a href="{WHEEL}#blake2b={"a" * 64}">')  # an algorithm pip does not look for there
    both = Case([(SourceKind.INDEX, html), page(matching, kind=SourceKind.EXTRA_INDEX)], rules=rules)
    assert len(both.selection.applicable) == 2
    # nothing matches: the download will fail, the choice does not
    assert Case(project(other), rules=rules).taken == "foo-2.0.tar.gz"


@pytest.mark.parametrize("version", ["1.0", "1.0.0"])
def test_three_equals_signs_compare_text(version: str) -> None:
    case = Case(project("foo-1.0.tar.gz", "foo-1.0.0.tar.gz"), requirement=f"foo==={version}")
    assert case.taken == f"foo-{version}.tar.gz"


def test_a_cut_off_needs_upload_times() -> None:
    rules = PIP._replace(uploaded_prior_to=CUTOFF)
    early = file("foo-1.0.tar.gz", upload_time=datetime(2025, 1, 1, tzinfo=UTC))
    late = file("foo-2.0.tar.gz", upload_time=CUTOFF)
    case = Case(project(early, late), rules=rules)
    assert case.taken == "foo-1.0.tar.gz"
    assert case.reason("foo-2.0.tar.gz") == r.UploadedTooLate(upload_time=CUTOFF, cutoff=CUTOFF)
    assert "foo-3.0.zip" in Case(project(early, "foo-3.0.zip"), rules=rules).selection.refusal
    assert WHEEL in Case(project(WHEEL), rules=rules).selection.refusal
    # pip does not come to look at these
    assert Case(project(early, "foo-3.0-py2-none-any.whl", "foo-3.0.exe"), rules=rules).taken == "foo-1.0.tar.gz"
    html = html_page('<a href="foo-1.0.tar.gz" data-upload-time="2025-01-01T00:00:00Z">')
    assert Case([(SourceKind.INDEX, html)], rules=rules).selection.refusal
    local = File(filename=WHEEL, url=f"file:///links/{WHEEL}")
    assert Case([page(local, kind=SourceKind.FIND_LINKS_FILES)], rules=rules).taken == WHEEL


def test_a_wrong_type_of_requires_python_ends_it_where_pip_looks() -> None:
    odd = entry("foo-1.0.tar.gz", requires_python=3)
    assert "requires-python" in Case([(SourceKind.INDEX, json_page(odd))]).selection.refusal
    late = entry("foo-one.tar.gz", requires_python=3)  # pip reads the version last
    assert "requires-python" in Case([(SourceKind.INDEX, json_page(late))]).selection.refusal
    foreign = entry("foo_extra-1.0-py3-none-any.whl", requires_python=3)
    assert Case([(SourceKind.INDEX, json_page(foreign))]).selection.refusal == ""
    hidden = entry("foo-1.0-cp27-none-any.whl", requires_python=3)
    case = Case([(SourceKind.INDEX, json_page(hidden, entry("foo-1.0.zip")))])
    assert (case.taken, case.selection.refusal) == ("foo-1.0.zip", "")


@pytest.mark.parametrize(
    ("links", "taken", "refused"),
    [
        (["foo-1.0.tar.gz#egg=foo-7.0", "foo-2.0.tar.gz"], "foo-1.0.tar.gz", ""),
        (["foo-7.0-py3-none-any.whl#egg=foo-7.0"], "foo-7.0-py3-none-any.whl", ""),
        (["foo-1.0-py3-none-any.whl#egg=foo-7.0"], "nothing", "the fragment says foo-7.0"),
        (["foo-1.0-py2-none-any.whl#egg=foo-7.0"], "nothing", "is not for this environment"),
        (["foo.whl#egg=foo-7.0"], "nothing", "is not for this environment"),
        (["foo-1.0-py3-none-any.whl#egg=foo-7.0", "foo-8.0.tar.gz"], "foo-8.0.tar.gz", ""),
    ],
)
def test_egg_fragments_are_traps(links: list[str], taken: str, refused: str) -> None:
    case = Case([(SourceKind.INDEX, html_page(*(f'<a href="{link}">' for link in links)))])
    assert case.taken == taken
    assert refused in case.selection.refusal
    assert bool(case.selection.refusal) is bool(refused)


def test_egg_wheels_are_asked_for_upload_times_too() -> None:
    for egg in ("foo-7.0", "foo", "foo-odd"):
        html = html_page(f'<a href="foo-7.0-py3-none-any.whl#egg={egg}">')
        assert Case([(SourceKind.INDEX, html)], rules=PIP._replace(uploaded_prior_to=CUTOFF)).selection.refusal


def test_build_numbers_of_any_length_are_numbers() -> None:
    lower, higher = "foo-1.0-9999999999999999999-py3-none-any.whl", "foo-1.0-10000000000000000000-py3-none-any.whl"
    assert Case(project(lower, higher)).taken == higher
    assert Case(project(lower, higher), rules="uv").taken == higher
    assert Case(project(lower, "foo-1.0-18446744073709551616-py3-none-any.whl"), rules="uv").taken == lower


def test_old_pips_differ_about_free_threading() -> None:
    files = project("foo-1.0-cp313-cp313-win_amd64.whl")
    assert Case(files, env="cp313t-win_amd64", rules="pip==24.0").taken == "foo-1.0-cp313-cp313-win_amd64.whl"
    assert Case(files, env="cp313t-win_amd64", rules="pip==24.1").taken == "nothing"


def test_metadata_is_read_on_the_way_down() -> None:
    wheels = ["foo-3.0-py3-none-any.whl", "foo-2.0-py3-none-any.whl", "foo-1.0-py3-none-any.whl"]
    files = project(
        *wheels,
        "foo-3.0.tar.gz",
        "foo-2.0.tar.gz",
        metadata={
            wheels[0]: "foo 3.0 >=3.15",
            wheels[1]: "bar 2.0 ",
            wheels[2]: "Foo 1.0.0 nonsense",
        },
    )
    case = Case(files)
    assert case.taken == "foo-2.0.tar.gz"
    assert case.reason(wheels[0]) == r.RequiresPython(specifier=">=3.15")
    assert case.reason("foo-3.0.tar.gz") == r.VersionRejected(because=wheels[0])
    assert case.reason(wheels[1]) == r.MetadataMismatch(name="bar", version="2.0")
    assert [one.file.filename for one in case.selection.applicable] == ["foo-2.0.tar.gz", wheels[2]]
    assert Case(files, rules=PIP._replace(ignore_requires_python=True)).taken == wheels[0]
    wrong = project("foo-1.0-py3-none-any.whl", metadata={"foo-1.0-py3-none-any.whl": "foo 1.1 "})
    assert Case(wrong).taken == "nothing"
