"""The rules of Poetry and PDM, one by one; ``tests/oracle/test_poetry_pdm.py`` asks the tools."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from packaging.version import Version

import ftwheel.core.installers.rejections as r
from ftwheel.core.index.page import File, SourceKind, Yanked
from ftwheel.core.index.parse import parse_page
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.pdm.filenames import read_link
from ftwheel.core.installers.poetry.constraints import allowed_ranges, allows, without
from ftwheel.core.installers.poetry.filenames import read_filename
from ftwheel.core.installers.registry import INSTALLERS, find_installer
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.installers.selection import walk
from ftwheel.core.tags.environments import parse_environment
from support.pages import JSON, Case, entry, html_page, json_page, page, project

DAY = datetime(2025, 6, 1, tzinfo=UTC)
WHEEL, SDIST, OTHER = "foo-2.0-py3-none-any.whl", "foo-2.0.tar.gz", "foo-2.0-cp313-cp313-win_amd64.whl"


def file(filename: str, **fields: Any) -> File:
    return File(filename=filename, url=f"https://files.example.org/{filename}", **fields)


def poetry(**options: Any) -> InstallerOptions:
    return InstallerOptions(name="poetry", **options)


def pdm(**options: Any) -> InstallerOptions:
    return InstallerOptions(name="pdm", **options)


def test_poetry_decides_about_the_version_first() -> None:
    case = Case(project(OTHER, "foo-1.0-py3-none-any.whl", "foo-3.0a1.tar.gz"), rules="poetry")
    assert case.taken == "nothing"
    assert case.reason("foo-1.0-py3-none-any.whl") == r.OtherVersionResolved(version="2.0")
    assert r.describe(case.reason("foo-1.0-py3-none-any.whl")) == "resolved to 2.0"
    assert case.reason("foo-3.0a1.tar.gz") == r.Prerelease()
    without = Case(project(WHEEL, "foo-3.0a1.tar.gz"), rules=poetry(allow_prereleases=False))
    assert without.reason("foo-3.0a1.tar.gz") == r.Prerelease()
    question = project(OTHER, "foo-1.0.tar.gz"), parse_requirement("foo"), parse_environment("cp314-win_amd64")
    assert not list(walk(*question, poetry()))
    question = project(WHEEL, "foo-1.0.tar.gz"), parse_requirement("foo"), parse_environment("cp314-win_amd64")
    assert [each.version for each in walk(*question, poetry())] == ["2.0", "1.0"]


def test_poetry_turns_down_a_version_by_the_metadata_of_one_file() -> None:
    case = Case(
        [page(file(OTHER), file(SDIST), file(WHEEL, requires_python=">=3.15"), "foo-1.0.tar.gz")], rules="poetry"
    )
    assert case.taken == "foo-1.0.tar.gz"
    assert case.reason(WHEEL) == r.RequiresPython(specifier=">=3.15")
    assert case.reason(SDIST) == r.VersionRejected(because=WHEEL)
    newer = project(file(WHEEL, requires_python=">=3.15"), "foo-1.0.tar.gz")
    question = newer, parse_requirement("foo"), parse_environment("cp314-win_amd64")
    assert [each.version for each in walk(*question, poetry())] == ["1.0"]
    both = file("foo-2.0-py2.py3-none-any.whl")
    assert Case([page(file(WHEEL, requires_python=">=3.15"), both)], rules="poetry").taken == WHEEL
    assert Case([page(file("foo-2.0-py2-none-any.whl"), file(SDIST))], rules="poetry").taken == SDIST
    assert "is invalid" in Case([page(file(SDIST, requires_python="x"))], rules="poetry").selection.refusal
    two, sdist = "foo-2.0-py2-none-any.whl", file("foo-1.0.tar.gz")
    for first, last, taken in ((">=3.9", ">=3.15", WHEEL), (None, ">=3.15", "foo-1.0.tar.gz"), (None, None, WHEEL)):
        files = file(two, requires_python=first), file(WHEEL, requires_python=last), sdist
        assert Case([page(*files)], rules="poetry").taken == taken


def test_poetry_counts_prereleases_of_an_index_without_finals() -> None:
    old = page(file("foo-1.0.tar.gz", requires_python=">=4"), file("foo-1.5rc1.tar.gz"))
    assert Case([old], rules="poetry").taken == "foo-1.5rc1.tar.gz"
    other = page(file("foo-1.2rc1.tar.gz"), kind=SourceKind.EXTRA_INDEX)
    assert Case([old, other], rules="poetry").taken == "foo-1.2rc1.tar.gz"
    case = Case([page("foo-1.0.tar.gz"), other], rules="poetry")
    assert (case.taken, case.reason("foo-1.2rc1.tar.gz")) == ("foo-1.0.tar.gz", r.Prerelease())


def test_poetry_and_yanked_files() -> None:
    yanked = file(WHEEL, yanked=Yanked(reason="bad"))
    case = Case([page(yanked, file(SDIST), file("foo-1.0.tar.gz", yanked=Yanked()))], rules="poetry")
    assert case.taken == SDIST
    assert case.reason(WHEEL) == r.YankedFile(reason="bad")
    assert case.reason("foo-1.0.tar.gz") == r.YankedFile(reason="")
    assert Case([page(yanked)], rules="poetry").taken == "nothing"
    assert Case([page(yanked)], rules="poetry", requirement="foo==2.0").taken == WHEEL
    same = (("sha256", "0" * 64),)
    case = Case([page(file(WHEEL, yanked=Yanked(), hashes=same), file(OTHER, hashes=same))], rules="poetry")
    assert case.taken == WHEEL  # its digest is in the lock file
    pages = [page(file("foo-2.0-1-py3-none-any.whl", yanked=Yanked(), hashes=same), file(WHEEL, hashes=same))]
    assert Case(pages, rules="poetry").taken == WHEEL  # whatever the build tag


def test_what_poetry_does_not_look_at_and_cannot_read() -> None:
    case = Case(
        [
            page("foo-2.0.zip", kind=SourceKind.FIND_LINKS_PAGE),
            page("foo-2.0RC1.tar.gz", "foo-2.0.exe", "foo-1.0.tar.gz", file("foo-1.5.tar.gz", upload_time=DAY)),
        ],
        rules=poetry(uploaded_prior_to=datetime(2025, 5, 1, tzinfo=UTC)),
        requirement="foo>=1.0",
    )
    assert case.taken == "foo-1.0.tar.gz"
    assert case.reason("foo-2.0.zip") == r.NotConsulted()
    assert isinstance(case.reason("foo-1.5.tar.gz"), r.UploadedTooLate)
    assert isinstance(case.reason("foo-2.0RC1.tar.gz"), r.InvalidFilename)
    assert case.reason("foo-2.0.exe") == r.UnsupportedFormat(extension=".exe")
    assert isinstance(Case(project(SDIST), rules="poetry", requirement="foo>2").reason(SDIST), r.VersionMismatch)
    assert "===" in Case(project(SDIST), rules="poetry", requirement="foo===2.0").selection.refusal


@pytest.mark.parametrize(
    ("requirement", "version", "allowed"),
    [
        ("foo!=1.0", "1.0.post1", True),
        ("foo!=1.0", "1.0+local", False),
        ("foo!=1.0,<=1.0.post1", "1.0.post1", False),
        ("foo!=1.0,<=1.0.post1", "1.0rc1", True),
        ("foo!=1.0,!=1.0.post1", "1.0.post2", True),
        ("foo!=1.0.post1,<2", "1.0.post2", True),
        ("foo!=1.0+local,<2", "1.0.post1", False),
        ("foo!=1.0+local,<2", "1.0.post1+other", True),
        ("foo!=1.0,>=1.0.post1", "1.0.post1", True),
        ("foo!=1.0,==1.0.post1", "1.0.post1", False),
        ("foo!=0.9,==1.*", "1.0.post1", True),
        ("foo!=1.0.*,<2", "1.0.post1", False),
        ("foo!=1.0.*", "1.1", True),
        ("foo!=1.0.*,>=0.9", "1.0", False),
        ("foo>1.0,!=1.0+local", "1.0.post1", False),
        ("foo>1.0.post1,!=2.0", "1.0.post2", True),
        ("foo>1.0,!=2.0", "1.0+local", False),
        ("foo>1.0", "0.9", False),
        ("foo<1.0,!=0.9", "1.0rc1", False),
        ("foo<1.0rc2,!=0.9", "1.0rc1", True),
        ("foo~=1.0.5,!=1.0.6", "1.1.dev1", False),
        ("foo~=1.0.5,!=1.0.6", "1.0.7", True),
        ("foo==1!1.*,!=1!1.5", "1!1.6", True),
        ("foo==1.0,==1.0+local", "1.0", False),
        ("foo==1.0,==1.0+local", "1.0+local", True),
        ("foo>=1.0,<1.0", "1.0", False),
        ("foo>1.0,<2.0,!=1.0.post1", "1.0.post1", False),
    ],
)
def test_what_poetry_allows_where_versions_are_excluded(*, requirement: str, version: str, allowed: bool) -> None:
    """As poetry-core 2.5.0 answers."""
    filename = f"foo-{version}.tar.gz"
    case = Case(project(filename), rules="poetry", requirement=requirement)
    assert (case.taken == filename) is allowed


@pytest.mark.parametrize(
    ("requirement", "allowed"), [("foo<=1.0", False), ("foo!=0.9,<=1.0", True), ("foo!=0.9,<=1.1", False)]
)
def test_of_several_ranges_poetry_cuts_out_no_local_version_above_the_end(*, requirement: str, allowed: bool) -> None:
    """As poetry-core 2.5.0 answers."""
    local = Version("1.0+a")
    ranges = allowed_ranges(parse_requirement(requirement))
    assert allows(ranges, local)
    assert allows(without(ranges, local), local) is allowed


def test_what_poetry_has_rejected_excludes_post_releases() -> None:
    python2 = [file(f"foo-{version}.tar.gz", requires_python="<3") for version in ("2.0", "3.0")]
    beside_one, beside_two = ([page(*rejected, "foo-2.0.post1.dev2.tar.gz")] for rejected in (python2[:1], python2))
    assert Case(beside_one, rules="poetry").taken == "foo-2.0.post1.dev2.tar.gz"
    assert Case(beside_two, rules="poetry").taken == "nothing"
    of_both = page(*python2[:1], kind=SourceKind.EXTRA_INDEX)
    assert Case([*beside_two, of_both], rules="poetry").taken == "nothing"


def test_poetry_takes_yanked_files_where_one_version_is_left() -> None:
    old, local = file("foo-1.0.tar.gz", yanked=Yanked()), file("foo-1.0+cpu.tar.gz", requires_python="<3")
    assert Case([page(old)], rules="poetry", requirement="foo>=1.0,<=1.0").taken == "foo-1.0.tar.gz"
    assert Case([page(old)], rules="poetry", requirement="foo>=1.0,<2").taken == "nothing"
    rejected = [page(old, local)], [page(file("foo-1.0.tar.gz"), local)]
    taken = [Case(pages, rules="poetry", requirement="foo==1.0").taken for pages in rejected]
    assert taken == ["nothing", "foo-1.0.tar.gz"]
    unfinished = [file(f"foo-1.0.dev1{local}.tar.gz", requires_python="<3") for local in ("+b", "")]
    case = Case([page(*unfinished, "foo-1.0.dev1+a.tar.gz")], rules="poetry", requirement="foo==1.0.dev1")
    assert case.taken == "foo-1.0.dev1+a.tar.gz"


@pytest.mark.parametrize("more", ["x-", "x-y-z-"])
def test_poetry_takes_odd_parts_of_a_wheel_name_for_a_local_version(more: str) -> None:
    odd = f"foo-2.0+cpu-{more}cp313-cp313-any.whl"
    assert Case(project(odd, "foo-2.0+cpu.tar.gz"), rules="poetry", requirement="foo==2.0+cpu").taken[-3:] == ".gz"
    assert "not a valid wheel name" in Case(project(odd, "foo-1.0.tar.gz"), rules="poetry").selection.refusal
    assert Case(project(odd, "foo-1.0.tar.gz"), rules="pip").taken == "foo-1.0.tar.gz"


@pytest.mark.parametrize("name", ["poetry", "pdm"])
@pytest.mark.parametrize(
    ("only", "no", "wheels", "sdists"),
    [
        ((), (), True, True),
        ((":all:",), (), True, False),
        ((), (":all:",), False, True),
        (("foo",), (":all:",), True, False),
        ((":all:",), ("foo",), False, True),
    ],
)
def test_formats(name: str, only: tuple[str, ...], no: tuple[str, ...], wheels: bool, sdists: bool) -> None:
    options = InstallerOptions(name=name, only_binary=frozenset(only), no_binary=frozenset(no))
    found = find_installer(name)
    assert (found.allows_wheels(options, "foo"), found.allows_sdists(options, "foo")) == (wheels, sdists)
    case = Case(project(WHEEL, SDIST), rules=options)
    assert case.taken == (WHEEL if wheels else SDIST)
    if not (wheels and sdists):
        assert isinstance(case.reason(SDIST if wheels else WHEEL), r.FormatDisallowed)


@pytest.mark.parametrize(
    ("filename", "version"),
    [
        ("foo-1.0-1a-py3-none-any.whl", "1.0"),
        ("foo-1.0.sdist.tar.gz", "1.0"),
        ("foo-1.0.whl", "1.0"),
        ("foo-1.0.exe", ""),
        ("bar-1.0.tar.gz", ""),
        ("foo-1.0.x.tar.gz", ""),
        ("foo.tar.gz", ""),
    ],
)
def test_names_as_poetry_reads_them(filename: str, version: str) -> None:
    reading = read_filename(filename, "foo")
    assert reading.text == version
    assert (reading.problem is None) is bool(version)


def test_a_build_number_longer_than_python_reads_does_not_count() -> None:
    assert read_filename(f"foo-1.0-{'1' * 4301}-py3-none-any.whl", "foo").build == ()


@pytest.mark.parametrize(
    ("link", "version"),
    [
        ("foo-1.0-py3-none-any.whl", "1.0"),
        ("foo-1.0.tar.gz", "1.0"),
        ("x.zip#egg=foo-2.0", "2.0"),
        ("foo-1.0.exe", ""),
        ("bar-1.0.tar.gz", ""),
        ("foo-1.x.tar.gz", ""),
    ],
)
def test_names_as_unearth_reads_them(link: str, version: str) -> None:
    reading = read_link(f"https://files.example.org/{link}", "foo")
    assert reading.text == version
    assert (reading.problem is None) is bool(version)


def test_pdm_takes_the_best_of_all_files() -> None:
    files = project(OTHER, "foo-1.0-py3-none-any.whl", "foo-3.0a1.tar.gz", "foo-0.9.tar.gz")
    case = Case(files, rules=pdm(allow_prereleases=False))
    assert case.taken == "foo-1.0-py3-none-any.whl"
    assert case.reason("foo-3.0a1.tar.gz") == r.Prerelease()
    assert isinstance(case.reason(OTHER), r.TagMismatch)
    question = project(WHEEL, SDIST, "foo-1.0.tar.gz"), parse_requirement("foo"), parse_environment("cp314-win_amd64")
    assert [each.file.filename for each in walk(*question, pdm())] == [WHEEL, "foo-1.0.tar.gz"]
    assert Case(project("foo-3.0a1.tar.gz"), rules="pdm").taken == "foo-3.0a1.tar.gz"
    assert Case(project("x.tar.gz"), rules="pdm").taken == "nothing"
    odd = File(filename="foo-2.0.tgz", url="https://files.example.org/foo-2.0.tgz")
    assert Case([page(odd)], rules="pdm").taken == "foo-2.0.tgz"
    assert Case(project("foo-3.0a1.tar.gz"), rules=pdm(allow_prereleases=False)).taken == "nothing"
    assert Case(project(SDIST, "foo-1.0-py3-none-any.whl"), rules=pdm(prefer_binary=True)).taken[:7] == "foo-1.0"
    assert isinstance(Case(project(SDIST), rules="pdm", requirement="foo>2").reason(SDIST), r.VersionMismatch)


def test_pdm_and_what_pages_say() -> None:
    old = file(SDIST, requires_python="<=3.*", upload_time=DAY)
    assert Case([page(old)], rules="pdm").reason(SDIST) == r.RequiresPython(specifier="<=3.*")
    assert Case([page(file(SDIST, requires_python=">=3.*"))], rules="pdm").taken == SDIST
    assert Case([page(file(SDIST, requires_python=">=3.8+local,!=3.0"))], rules="pdm").taken == SDIST
    assert isinstance(
        Case([page(file(SDIST, requires_python="x"))], rules="pdm").reason(SDIST), r.InvalidRequiresPython
    )
    yanked = [page(file(SDIST, yanked=Yanked(reason="bad")))]
    assert Case(yanked, rules="pdm").reason(SDIST) == r.YankedFile(reason="bad")
    assert Case(yanked, rules="pdm", requirement="foo==2.*").taken == SDIST
    early = pdm(uploaded_prior_to=datetime(2025, 5, 1, tzinfo=UTC))
    late = Case([page(file(SDIST, upload_time=DAY))], rules=early).reason(SDIST)
    assert isinstance(late, r.UploadedTooLate)
    assert Case(project(SDIST), rules=early).reason(SDIST) == r.UploadTimeMissing()
    assert Case([page(file(SDIST, upload_time=DAY))], rules=pdm(uploaded_prior_to=DAY)).taken == SDIST


@pytest.mark.parametrize("specifier", [3.9, [None], True])
def test_pdm_gives_up_where_requires_python_is_no_text(specifier: object) -> None:
    broken = json_page(entry(SDIST, **{"requires-python": specifier}), entry("foo-1.0.tar.gz"))
    case = Case([(SourceKind.INDEX, broken)], rules="pdm")
    assert case.selection.refusal == f"requires-python of {SDIST} cannot be read"
    yanked = json_page(entry(SDIST, yanked=True, **{"requires-python": specifier}), entry("foo-1.0.tar.gz"))
    assert Case([(SourceKind.INDEX, yanked)], rules="pdm").taken == "foo-1.0.tar.gz"
    nowhere = json_page(entry(SDIST, url="", **{"requires-python": specifier}), entry("foo-1.0.tar.gz"))
    assert Case([(SourceKind.INDEX, nowhere)], rules="pdm").taken == "foo-1.0.tar.gz"


@pytest.mark.parametrize(
    ("page_text", "gives_up"),
    [
        ({"files": [{"filename": SDIST, "url": 0, "hashes": {}}]}, {"pip", "uv", "poetry"}),
        ({"files": [{"filename": SDIST, "url": 1, "hashes": {}}]}, {"pip", "uv", "poetry", "pdm"}),
        ({}, {"uv", "poetry"}),
        ({"files": {}}, {"uv"}),
        ({"files": [None]}, {"pip", "uv", "poetry", "pdm"}),
    ],
)
def test_installers_give_up_on_different_pages(page_text: dict[str, object], gives_up: set[str]) -> None:
    body = json.dumps({"meta": {"api-version": "1.0"}, "name": "foo", **page_text}).encode()
    details = parse_page(body, content_type=JSON, url="https://index.example.org/simple/foo/", name="foo")
    refused = {name for name in INSTALLERS if Case([(SourceKind.INDEX, details)], rules=name).selection.refusal}
    assert refused == gives_up


def test_a_charset_that_python_does_not_know() -> None:
    body = b'<a href="foo-1.0.tar.gz">x</a>'
    for charset, gives_up in (("nonsense", {"pip"}), ("utf-16", {"pip", "pdm"})):
        kind = f"text/html; charset={charset}"
        details = parse_page(body + b"x", content_type=kind, url="https://index.example.org/simple/foo/", name="foo")
        refused = {name for name in INSTALLERS if Case([(SourceKind.INDEX, details)], rules=name).selection.refusal}
        assert refused == gives_up


@pytest.mark.parametrize("is_html", [False, True])
@pytest.mark.parametrize(("name", "gives_up"), [("pip", True), ("uv", False), ("pdm", True), ("poetry", True)])
def test_a_requires_python_with_a_number_that_python_cannot_read(name: str, gives_up: bool, is_html: bool) -> None:
    """uv drops the file, the others end with an error."""
    required = f">=3.{'9' * 4301}"
    if is_html:
        details = html_page(f'<a href="{WHEEL}" data-requires-python="{required}">')
    else:
        details = json_page(entry(WHEEL, **{"requires-python": required}))
    selection = Case([(SourceKind.INDEX, details)], rules=name).selection
    assert bool(selection.refusal) is gives_up
    assert selection.best is None


def test_a_slash_at_the_end_of_a_tag_means_nothing_to_uv() -> None:
    details = html_page(f'<title/><a href="{WHEEL}">x</a></title><a href="{SDIST}">x</a>')
    assert Case([(SourceKind.INDEX, details)], rules="uv").taken == SDIST


def test_poetry_fails_on_hashes_of_a_wrong_type_where_it_uses_them() -> None:
    for hashes, gives_up in ((1, True), ("x", True), ([1], True), ([], False), (None, False), (False, False)):
        for version in ("1.0", "2.0"):
            broken = json_page(entry(f"foo-{version}.tar.gz", hashes=hashes), entry("foo-1.5.tar.gz"))
            selection = Case([(SourceKind.INDEX, broken)], rules="poetry").selection
            assert bool(selection.refusal) is (gives_up and version == "2.0")
        yanked = json_page(entry(WHEEL, hashes=hashes, yanked=True), entry(SDIST))
        assert Case([(SourceKind.INDEX, yanked)], rules="poetry").taken == SDIST


def test_poetry_takes_the_name_of_a_file_from_the_page_alone() -> None:
    unnamed = entry(SDIST) | {"filename": 1}
    details = json_page(unnamed, entry("foo-1.0.tar.gz"))
    assert Case([(SourceKind.INDEX, details)], rules="poetry").taken == "foo-1.0.tar.gz"
    assert Case([(SourceKind.INDEX, details)], rules="pip").taken == SDIST
    del unnamed["filename"]
    missing = [(SourceKind.INDEX, json_page(unnamed, entry("foo-1.0.tar.gz")))]
    assert "filename" in Case(missing, rules="poetry").selection.refusal


def test_poetry_and_html() -> None:
    """It takes names from addresses, and resolves references of attributes once more."""
    details = html_page(f'<a href="/{SDIST}/">x</a><a href="?x/{WHEEL}">x</a>')
    case = Case([(SourceKind.INDEX, details)], rules="poetry")
    assert case.best is not None
    assert case.best.file.url.endswith(f"/{SDIST}/")
    required = html_page(f'<a href="{SDIST}" data-requires-python="&amp;gt;=3.15">x</a>')
    assert Case([(SourceKind.INDEX, required)], rules="poetry").reason(SDIST) == r.RequiresPython(specifier=">=3.15")


def test_an_address_without_a_path_has_no_file_name() -> None:
    odd = File(filename=WHEEL, url=f"https://{WHEEL}")
    taken = {name: Case([page(odd, "foo-1.0.tar.gz")], rules=name).taken for name in INSTALLERS}
    assert taken == {"pip": "foo-1.0.tar.gz", "uv": WHEEL, "poetry": WHEEL, "pdm": "foo-1.0.tar.gz"}


def test_pip_writes_a_colon_before_what_a_relative_base_leaves() -> None:
    details = html_page('<base href="x"><a href="foo-2.0.tar.gz">x</a><a href="/files/foo-1.0.tar.gz">x</a>')
    assert Case([(SourceKind.INDEX, details)], rules="pip").taken == "foo-1.0.tar.gz"


@pytest.mark.parametrize(
    ("requirement", "filename", "taken"),
    [
        ("foo===1.0", "foo-v1.0.zip", False),
        ("foo===1.0", "foo-1.00.zip", False),
        ("foo===1.00", "foo-1.00.zip", True),
        ("foo===1.00", "foo-1.0.zip", False),
        ("foo===V1.0", "foo-v1.0.zip", True),
        ("foo===1.0", "foo-1.00-py3-none-any.whl", True),
        ("foo===1.00", "foo-1.00-py3-none-any.whl", False),
        ("foo===1.0rc1", "foo-1.0RC1.zip", True),
        ("foo===1.0,<2", "foo-1.0.zip", True),
        ("foo===1.0,<1", "foo-1.0.zip", False),
    ],
)
def test_pdm_compares_the_text_of_a_version_as_the_file_writes_it(requirement: str, filename: str, taken: bool) -> None:
    case = Case(project(filename, "foo-0.9.zip"), rules="pdm", requirement=requirement)
    assert case.taken == (filename if taken else "nothing")
    if not taken:
        assert isinstance(case.reason(filename), r.VersionMismatch)
