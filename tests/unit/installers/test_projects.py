"""Which file of which page belongs to which version, and in which order they are compared."""

from __future__ import annotations

import gc
import weakref
from datetime import UTC, datetime

from packaging.version import Version

from ftwheel.core.index.page import File, SourceKind
from ftwheel.core.installers.pip.page_order import PipReader
from ftwheel.core.installers.project_files import ProjectFiles
from ftwheel.core.installers.registry import find_installer
from ftwheel.core.installers.rejections import describe
from ftwheel.core.installers.requirements import parse_requirement
from support.pages import Case, entry, html_page, json_page, page, project


def names(found: ProjectFiles, installer: str) -> list[str]:
    return [item.filename for item in found.version_index(find_installer(installer)).everything()]


def test_files_are_sorted_under_their_versions() -> None:
    found = project(
        "foo-1.0-py3-none-any.whl",
        "foo-1.0.0.tar.gz",
        "foo-2.0a1.zip",
        "foo-2.0a1-x.whl",
        "foo-one.tar.gz",
        "bar-1.0.tar.gz",
        "foo.whl",
        "foo-1.0.exe",
        "foo-9.0.1.2.3.4.5.6.7.8.9.tar.gz",
        "foo-1.0-1_x-py3-none-any.whl",
        "foo-1.0-_-py3-none-any.whl",
        "foo-1.0-PY3-none-any.whl",
        "foo-1.0-py3-none-ANY.whl",
    )
    for installer in ("pip", "uv"):
        groups = found.version_index(find_installer(installer)).groups
        assert [str(group.version) for group in groups] == ["9.0.1.2.3.4.5.6.7.8.9", "2.0a1", "1.0"]
        assert sorted(names(found, installer)) == sorted(file.filename for file in found.sources[0].details.files)
        assert found.version_index(find_installer(installer)) is found.version_index(find_installer(installer))
    pip = found.version_index(find_installer("pip")).groups[-1]
    assert pip.by_abi() is pip.by_abi()
    assert set(pip.by_abi().wheels) == {"py3-none", "PY3-none"}
    assert "PY3-none" in found.version_index(find_installer("uv")).groups[-1].by_abi().wheels


def test_files_of_a_json_page_are_made_when_they_are_asked_for() -> None:
    details = json_page(entry("foo-1.0.tar.gz", hashes={"sha256": "a" * 64}))
    (group,) = (found := ProjectFiles("foo", [(SourceKind.INDEX, details)])).version_index(find_installer("pip")).groups
    assert [found.file(item) for item in group.entries()] == list(details.files)


def test_released_files_are_freed_without_the_garbage_collector_and_read_again_when_asked_for() -> None:
    found = project("foo-1.0.tar.gz", "foo-2.0.tar.gz")
    before = names(found, "pip")
    found.release()
    assert names(found, "pip") == before
    found.release()
    gone = weakref.ref(found)
    gc.disable()
    try:
        del found
        assert gone() is None
    finally:
        gc.enable()


def test_matching_tells_finals_from_prereleases() -> None:
    version_index = project("foo-1.0.tar.gz", "foo-2.0a1.tar.gz", "foo-3.0.tar.gz").version_index(find_installer("pip"))
    everything = version_index.matching(parse_requirement("foo"))
    assert [str(group.version) for group in everything.versions] == ["3.0", "2.0a1", "1.0"]
    some = version_index.matching(parse_requirement("foo<3"))
    assert [str(group.version) for group in some.finals] == ["1.0"]
    assert [group.version for group in some.prereleases] == [Version("2.0a1")]
    assert version_index.matching(parse_requirement("foo<3")) is some


def test_pip_compares_find_links_first_and_eggs_last() -> None:
    folder = [File(filename=name, url=f"file:///links/{name}") for name in ("foo-1.0.tar.gz", "foo-1.0.zip")]
    first = html_page('<a href="a/foo-1.0.tar.gz#egg=foo-1.0">', '<a href="b/foo-1.0.tar.gz">')
    second = json_page(entry("foo-1.0.tar.gz"))
    found = ProjectFiles(
        "foo",
        [(SourceKind.INDEX, first), (SourceKind.EXTRA_INDEX, second), page(*folder, kind=SourceKind.FIND_LINKS_FILES)],
    )
    (group,) = found.version_index(find_installer("pip")).groups
    assert [found.url(item).removeprefix("https://") for item in group.entries()] == [
        "file:///links/foo-1.0.zip",
        "file:///links/foo-1.0.tar.gz",
        "index.example.org/simple/foo/b/foo-1.0.tar.gz",
        "index.example.org/simple/foo/a/foo-1.0.tar.gz#egg=foo-1.0",
        "files.example.org/foo-1.0.tar.gz",
    ]
    assert PipReader(found).has_traps


def test_uv_compares_find_links_first_and_then_names() -> None:
    found = ProjectFiles(
        "foo",
        [
            page("foo-1.0.zip", "foo-1.0.tar.gz"),
            page(File(filename="foo-1.0.tar.gz", url="file:///x/foo-1.0.tar.gz"), kind=SourceKind.FIND_LINKS_FILES),
        ],
    )
    (group,) = found.version_index(find_installer("uv")).groups
    assert [(item.source, item.filename) for item in group.entries()] == [
        (1, "foo-1.0.tar.gz"),
        (0, "foo-1.0.tar.gz"),
        (0, "foo-1.0.zip"),
    ]


def test_a_link_counts_for_those_who_see_it() -> None:
    html = html_page('<a href="foo-2.0.tar.gz"><a href="foo-1.0.tar.gz" href="foo-2.0.tar.gz">')
    for rules, taken in (("pip", "foo-2.0.tar.gz"), ("uv", "foo-2.0.tar.gz")):
        assert Case([(SourceKind.INDEX, html)], rules=rules).taken == taken
    html = html_page('<a href="foo-1.0.tar.gz" href="foo-2.0.tar.gz">')
    case = Case([(SourceKind.INDEX, html)], rules="uv")
    assert case.taken == "foo-1.0.tar.gz"
    assert "another attribute counts" in describe(case.reason("foo-2.0.tar.gz"))
    case = Case([(SourceKind.INDEX, html)], rules="pip")
    assert case.taken == "foo-2.0.tar.gz"
    assert "HTML standard" in describe(case.reason("foo-1.0.tar.gz"))


def test_one_address_counts_once_to_pip() -> None:
    found = ProjectFiles("foo", [page("foo-1.0.tar.gz", "foo-1.0.tar.gz", "foo-2.0%2B.tar.gz")])
    assert sum(item.reading.problem is None for item in found.version_index(find_installer("pip")).everything()) == 1
    assert sum(item.reading.problem is None for item in found.version_index(find_installer("uv")).everything()) == 2


def local(name: str, url: str) -> File:
    return File(filename=name, url=f"https://example.org/{url}")


def test_quoted_addresses_are_read_as_the_names_in_them() -> None:
    whole = [
        local("foo-1.0+cpu-py3-none-any.whl", "a/foo-1.0%2Bcpu-py3-none-any.whl"),
        local("foo-1.0.tar.gz", "a%20b/foo-1.0.tar.gz"),
        local("foo-2.0.tar.gz", "a%2Ffoo-2.0.tar.gz"),
        local("foo-3.0.zip", "macosx1%30/foo-3.0.zip"),
        local("foo-4.0.tar.gz", "a/foo-4.0%252B.tar.gz"),
    ]
    for files in (whole, *([file] for file in whole)):
        found = project(*files)
        for installer in ("pip", "uv", "poetry", "pdm"):
            reader = find_installer(installer).reader(found)
            for item in found.version_index(find_installer(installer)).everything():
                own = reader.read(item.source, item.position)
                assert (item.reading.version, item.reading.problem) == (own.version, own.problem)


def test_an_address_counts_once_to_pip_however_it_is_quoted() -> None:
    found = project(*(local("foo-1.0+cpu.tar.gz", f"foo-1.0{plus}cpu.tar.gz") for plus in ("+", "%2B", "%2b")))
    assert sum(item.reading.problem is None for item in found.version_index(find_installer("pip")).everything()) == 1
    assert sum(item.reading.problem is None for item in found.version_index(find_installer("uv")).everything()) == 3


def test_an_egg_without_a_fragment_is_one_to_pip() -> None:
    found = project(local("foo-1.0.tar.gz", "&egg=foo-2.0&/foo-1.0.tar.gz"))
    assert [str(group.version) for group in found.version_index(find_installer("pip")).groups] == ["2.0"]


def test_pip_takes_only_plain_names_from_a_folder() -> None:
    files = [
        File(filename=name, url=f"file:///links/{name}")
        for name in (
            "foo-1.0.tar.gz",
            "foo-1.0.zip",
            "foo-1.0.tar.bz2",
            "foo-1.0-py3-none-any.whl",
            "foo-1.0-x.whl",
            "foo-1.0-py3.zip",
            "foo.zip",
        )
    ]
    found = ProjectFiles("foo", [page(*files, kind=SourceKind.FIND_LINKS_FILES)])
    taken = {
        item.filename
        for item in found.version_index(find_installer("pip")).everything()
        if item.reading.problem is None
    }
    assert taken == {"foo-1.0.tar.gz", "foo-1.0.zip", "foo-1.0-py3-none-any.whl"}


def test_old_binary_archives_are_no_sdists() -> None:
    found = project(
        "foo-1.0.macosx10.zip", File(filename="foo-1.0.zip", url="https://example.org/macosx10/foo-1.0.zip")
    )
    assert all(item.reading.problem is not None for item in found.version_index(find_installer("pip")).everything())


def test_upload_times_of_a_whole_project() -> None:
    time = datetime(2025, 1, 1, tzinfo=UTC)
    timed = File(filename="foo-1.0.tar.gz", url="https://example.org/foo-1.0.tar.gz", upload_time=time)
    assert PipReader(project(timed)).has_all_upload_times
    assert not PipReader(project(timed, "foo-2.0.tar.gz")).has_all_upload_times
    assert not PipReader(ProjectFiles("foo", [page(timed, html=True)])).has_all_upload_times
    assert not PipReader(project("foo-1.0.tar.gz")).has_traps
