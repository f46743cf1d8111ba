"""Reports are remembered for the very pages and the very question they were made for, and for nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ftwheel.app.dependencies.missing import ReadinessQuestion, judge
from ftwheel.core.dependencies.inputs import Dependencies, WantedRequirement
from ftwheel.core.dependencies.readiness import ProjectReport, Readiness, TargetReadiness
from ftwheel.core.dependencies.requested import RequestedProject, RequestedVersion, requested_projects
from ftwheel.core.errors import InputError
from ftwheel.core.index.pages import Pages
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.registry import installer
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.tags.environments import Environment, parse_environment
from ftwheel.io.dependencies.report_cache import ReportCache
from ftwheel.io.index.arrivals import IndexArrivals
from support.clients import client, page
from support.server import serve

LINUX, WINDOWS = parse_environment("cp314t-manylinux_2_28_x86_64"), parse_environment("cp314t-win_amd64")
VERDICT = TargetReadiness(target=LINUX.label, readiness=Readiness.PURE, version="1.0")
REPORT = ProjectReport(name="foo", requirement="foo", verdicts=(VERDICT,), chains=(("foo",),))
PIP = installer("pip")


def foo(text: str = "foo") -> RequestedProject:
    one = Dependencies(
        label="names",
        resolved=False,
        wanted=(WantedRequirement(requirement=parse_requirement(text), origin="names"),),
    )
    [found] = requested_projects([(one, {})], [dict(LINUX.markers)])
    return found


def memory(
    folder: Path, *, targets: tuple[Environment, ...] = (LINUX,), rules: InstallerOptions = PIP, edition: str = "1"
) -> ReportCache:
    return ReportCache(str(folder), targets, lambda name: rules, lambda name: edition)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    first = memory(folder)
    assert first.recall(foo()) is None
    first.keep(foo(), REPORT)
    first.close()
    return folder


def test_the_same_question_about_the_same_pages_is_remembered(kept: Path) -> None:
    assert memory(kept).recall(foo()) == REPORT
    assert [path.suffix for path in kept.iterdir()] == [".json"]


def test_another_question_or_other_pages_are_not(kept: Path) -> None:
    assert memory(kept, edition="2").recall(foo()) is None
    assert memory(kept, edition="").recall(foo()) is None
    assert memory(kept, targets=(LINUX, WINDOWS)).recall(foo()) is None
    assert memory(kept, targets=(LINUX._replace(python_full_version="3.14.1"),)).recall(foo()) is None
    assert memory(kept, rules=PIP._replace(only_binary=frozenset({":all:"}))).recall(foo()) is None
    assert memory(kept, rules=installer("uv")).recall(foo()) is None
    assert memory(kept).recall(foo("foo<2")) is None
    assert memory(kept).recall(replace(foo(), name="bar")) is None
    pinned = RequestedVersion(requirement=parse_requirement("foo"), pinned="1.0")
    assert memory(kept).recall(replace(foo(), versions=((0, pinned),))) is None


def test_what_needs_no_page_is_not_kept(tmp_path: Path) -> None:
    nothing = memory(tmp_path / "reports", edition="")
    nothing.keep(foo(), REPORT)
    nothing.close()
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"question": 1, "reports": []}'],
)
def test_a_file_that_cannot_be_read_counts_as_not_there(kept: Path, content: bytes) -> None:
    [path] = kept.iterdir()
    path.write_bytes(content)
    again = memory(kept)
    assert again.recall(foo()) is None
    again.keep(foo(), REPORT)
    again.close()
    assert memory(kept).recall(foo()) == REPORT


def test_a_report_that_somebody_changed_is_not_believed(kept: Path) -> None:
    [path] = kept.iterdir()
    text = path.read_text()
    for wrong in (text.replace('"pure"', '"perfect"'), text.replace('"foo":[', '"foo":["x",')):
        assert wrong != text
        path.write_text(wrong)
        assert memory(kept).recall(foo()) is None


def test_a_folder_that_cannot_be_made_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    useless = memory(tmp_path / "file" / "reports")
    useless.keep(foo(), REPORT)
    useless.close()


def test_old_questions_go(tmp_path: Path) -> None:
    for minor in range(20):
        one = memory(tmp_path, targets=(LINUX._replace(label=f"target {minor}"),))
        one.keep(foo(), REPORT)
        one.close()
    assert len(list(tmp_path.iterdir())) == 16


def test_an_edition_changes_with_the_answer_of_the_index_and_with_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "wheels"
    folder.mkdir()
    with serve() as server, client(cache=tmp_path / "cache") as pages:
        server.put("/simple/foo/", page("foo", "foo-1.0.tar.gz"), headers={"Cache-Control": "max-age=60"})
        server.put("/simple/bar/", page("bar", "bar-1.0.tar.gz"))
        index = pages.index(f"{server.url}/simple/")
        arrivals = IndexArrivals(pages, [*pages.find_links(str(folder)), index], jobs=2)
        assert arrivals.edition("foo") == ""
        assert list(arrivals.arriving(["foo", "bar"])) in (["foo", "bar"], ["bar", "foo"])
        first = arrivals.edition("foo")
        assert first
        assert arrivals.edition("foo") == first
        assert arrivals.edition("bar")  # as the index just said it
        (folder / "foo-2.0.tar.gz").write_text("")
        again = IndexArrivals(pages, [*pages.find_links(str(folder)), index], jobs=2)
        assert again.edition("foo") not in {"", first}
        (folder / "foo-2.0.tar.gz").unlink()
        folder.rmdir()
        with pytest.raises(InputError):
            pages.find_links(str(folder))


def test_a_recording_is_read_in_order_and_never_remembered() -> None:
    arrivals = IndexArrivals(None, [Pages.of([])], jobs=2)  # type: ignore[list-item]
    assert list(arrivals.arriving(["b", "a"])) == ["b", "a"]
    assert arrivals.edition("a") == ""
    arrivals.forget("a")


def test_pages_that_have_to_be_asked_for_again_are_judged_again_only_if_they_changed(tmp_path: Path) -> None:
    with serve() as server:
        server.put("/simple/foo/", page("foo", "foo-1.0-py3-none-any.whl"))
        [report], first = judged(server.url, tmp_path)
        assert [verdict.readiness for verdict in report.verdicts] == [Readiness.PURE]
        [kept] = (tmp_path / "reports").iterdir()
        kept.write_text(kept.read_text().replace('"version":"1.0"', '"version":"7.7"'))
        [again], edition = judged(server.url, tmp_path)
        assert edition == first
        assert [verdict.version for verdict in again.verdicts] == ["7.7"]
        server.put("/simple/foo/", page("foo", "foo-1.0-py3-none-any.whl", "foo-2.0.tar.gz"))
        [changed], edition = judged(server.url, tmp_path)
        assert edition not in {"", first}
        assert [verdict.version for verdict in changed.verdicts] == ["2.0"]
        server.put("/simple/foo/", page("foo", "foo-1.0-py3-none-any.whl"), headers={"Cache-Control": "no-store"})
        assert judged(server.url, tmp_path)[1] == ""
        assert len(server.requests) == 4


def judged(url: str, folder: Path) -> tuple[list[ProjectReport], str]:
    """The reports of a run, and the edition of the page; no edition is known before the index was asked."""
    with client(cache=folder / "cache") as pages:
        arrivals = IndexArrivals(pages, [pages.index(f"{url}/simple/")], jobs=2)
        reports = ReportCache(str(folder / "reports"), (LINUX,), lambda name: PIP, arrivals.edition)
        question = ReadinessQuestion(targets=(LINUX,), rules=lambda name: PIP, arrivals=arrivals, memory=reports)
        assert arrivals.edition("foo") == ""
        found = list(judge([foo()], question))
        reports.close()
        return found, arrivals.edition("foo")
