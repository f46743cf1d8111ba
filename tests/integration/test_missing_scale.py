"""Long lists: many requests in flight, no page twice, pages let go, runs that go on, shards that make one report."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ftwheel.core.dependencies.readiness import ProjectReport
from ftwheel.core.errors import InputError
from ftwheel.io.dependencies.run_state import RunState
from ftwheel.io.index.arrivals import IndexArrivals
from support.clients import client
from support.commands import Done, ftwheel, ftwheel_environ
from support.long_index import name_of, put_projects
from support.server import IndexServer, Reply, Request, serve, wait_until

JOBS = 24
TARGETS = ("--target", "3.14t-manylinux_2_28_x86_64", "--target", "3.15t-win_amd64")


@pytest.fixture
def index() -> Iterator[IndexServer]:
    with serve() as server:
        yield server


def arguments(server: IndexServer, folder: Path, count: int, *more: str | Path) -> list[str | Path]:
    names = folder / "names.txt"
    names.write_text("".join(f"{name_of(number)}\n" for number in range(count)))
    return ["missing", "-r", names, "--no-deps", "--no-config", "-i", f"{server.url}/simple/", *TARGETS, *more]


def run(server: IndexServer, folder: Path, count: int, *more: str | Path, cache: str = "cache") -> Done:
    environ = ftwheel_environ(FTWHEEL_CACHE_DIR=str(folder / cache))
    return ftwheel(*arguments(server, folder, count, *more), environ=environ)


def projects(done: Done) -> list[dict[str, Any]]:
    assert done.code in {0, 2}, done.err  # 2: one in seven is on no index
    found: list[dict[str, Any]] = json.loads(done.out)["projects"]
    return found


def test_many_requests_are_in_flight_and_no_page_is_asked_for_twice(index: IndexServer, tmp_path: Path) -> None:
    put_projects(index, 80)
    answers = dict(index.routes)

    def answer_many(request: Request) -> Reply:
        wait_until(lambda: index.most_at_once >= 20, 20)  # as slow as it takes for the others to arrive
        reply = answers[request.path]
        return reply(request) if callable(reply) else reply

    index.routes.update(dict.fromkeys(answers, answer_many))
    done = run(index, tmp_path, 80, "--format", "json")
    assert len(projects(done)) == 80
    assert 20 <= index.most_at_once <= JOBS
    assert sorted(index.paths) == [f"/simple/{name_of(number)}/" for number in range(80)]


def test_what_is_found_is_what_each_kind_of_project_has(index: IndexServer, tmp_path: Path) -> None:
    put_projects(index, 14)
    found = projects(run(index, tmp_path, 14, "--format", "json"))
    words = [[verdict["readiness"] for verdict in project["verdicts"]] for project in found[7:]]
    assert words == [
        ["free-threaded wheel"] * 2,
        ["sdist"] * 2,
        ["pure"] * 2,
        ["sdist"] * 2,
        ["sdist", "stable ABI"],
        ["free-threaded wheel"] * 2,
        [],  # no index has it
    ]
    assert found[4 + 7]["difference"] == "cp314t not yet, cp315t yes"


def test_a_second_run_asks_nobody_and_says_the_same(index: IndexServer, tmp_path: Path) -> None:
    put_projects(index, 40)
    first = run(index, tmp_path, 40, "--format", "json")
    asked = len(index.requests)
    again = run(index, tmp_path, 40, "--format", "json")
    assert (again.out, again.code) == (first.out, first.code)
    assert {int(path[-6:-1]) % 7 for path in index.paths[asked:]} <= {6}  # a page that is not there says no age


def test_a_page_is_let_go_when_its_project_is_judged(index: IndexServer, tmp_path: Path) -> None:
    put_projects(index, 200)
    with client(cache=tmp_path / "cache", jobs=4) as pages:
        place = pages.index(f"{index.url}/simple/")
        arrivals = IndexArrivals(pages, [place], jobs=4)
        names = [name_of(number) for number in range(200)]
        most, seen = 0, []
        for name in arrivals.arriving(names):
            place.project(name)
            most = max(most, len(pages._slots))
            arrivals.forget(name)
            seen.append(name)
        assert sorted(seen) == names
        assert most <= 4 * 4  # a window of eight under way, and those that are done and not yet taken
        assert not pages._slots


def test_an_index_that_fails_for_one_project_fails_for_no_other(index: IndexServer, tmp_path: Path) -> None:
    put_projects(index, 6)
    index.routes[f"/simple/{name_of(1)}/"] = Reply(status=403)
    index.routes[f"/simple/{name_of(2)}/"] = Reply(body=b"<html>", content_type="application/json")
    done = run(index, tmp_path, 6, "--format", "json")
    assert done.code == 5
    found = {project["name"]: project for project in json.loads(done.out)["projects"]}
    assert "answered 403" in found[name_of(1)]["problem"]
    assert found[name_of(2)]["problem_code"] == 4
    assert [name for name, project in found.items() if project["problem"]] == [name_of(1), name_of(2)]


def test_a_run_that_was_killed_goes_on_where_it_ended(index: IndexServer, tmp_path: Path) -> None:
    put_projects(index, 120, pause=0.05)
    state = tmp_path / "state.jsonl"
    command = [sys.executable, "-m", "ftwheel", *arguments(index, tmp_path, 120, "--state", state, "--jobs", "2")]
    environ = ftwheel_environ(FTWHEEL_CACHE_DIR=str(tmp_path / "cache"))
    with subprocess.Popen([os.fspath(one) for one in command], env=environ, stdout=subprocess.DEVNULL) as process:
        assert wait_until(lambda: state.exists() and state.read_bytes().count(b"\n") > 10, 20)
        process.send_signal(signal.SIGKILL)
    kept = [json.loads(line) for line in state.read_bytes().splitlines()[1:] if line.endswith(b"}")]
    asked = len(index.requests)
    done = run(index, tmp_path, 120, "--state", state, "--format", "json", cache="another")
    whole = run(index, tmp_path, 120, "--format", "json", cache="a-third")
    assert done.out == whole.out
    assert asked < 120
    answered = [report for report in kept if not report.get("problem")]  # about the others it asks again
    assert len(answered) >= 8
    assert len(index.requests) - asked - 120 <= 120 - len(answered)


def test_shards_make_the_report_of_the_whole(index: IndexServer, tmp_path: Path) -> None:
    put_projects(index, 30)
    parts = []
    for number in (1, 2, 3):
        parts.append(tmp_path / f"part-{number}.json")
        parts[-1].write_text(run(index, tmp_path, 30, "--shard", f"{number}/3", "--format", "json").out)
    merged = ftwheel("missing", "--format", "json", "--merge", *reversed(parts))
    whole = run(index, tmp_path, 30, "--format", "json")
    assert (merged.code, json.loads(merged.out)) == (whole.code, json.loads(whole.out))
    assert sum(len(json.loads(part.read_text())["projects"]) for part in parts) == 30


def test_what_a_killed_process_was_writing_is_dropped(tmp_path: Path) -> None:
    path = str(tmp_path / "state.jsonl")
    reports = [ProjectReport(name=name, requirement=name) for name in ("a", "b")]
    with RunState(path, "question") as state:
        for report in reports:
            state.keep(report)
    with open(path, "ab") as file:
        file.write(b'{"name": "c", "requi')
    with RunState(path, "question") as state:
        assert dict(state.done) == {"a": reports[0], "b": reports[1]}
        state.keep(ProjectReport(name="d", requirement="d"))
    with RunState(path, "question") as state:
        assert list(state.done) == ["a", "b", "d"]


def test_a_project_with_a_problem_is_asked_about_again(tmp_path: Path) -> None:
    path = str(tmp_path / "state.jsonl")
    with RunState(path, "question") as state:
        state.keep(ProjectReport(name="a", requirement="a", problem="silent", problem_code=5))
        state.keep(ProjectReport(name="b", requirement="b"))
    with RunState(path, "question") as state:
        assert list(state.done) == ["b"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"numpy\n", "not a state file"),
        (b"[]\n", "not a state file"),
        (b'{"kind": "ftwheel-missing-state", "version": 1, "question": "another"}\n', "different targets, options"),
        (b'{"kind": "ftwheel-missing-state", "version": 1, "question": "question"}\n{}\n', "state.jsonl:2"),
        (b"[" * 100_000 + b"\n", "not a state file"),
    ],
)
def test_a_file_that_is_no_state_of_this_run_is_refused_and_left_alone(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "state.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message), RunState(str(path), "question"):
        pass
    assert path.read_bytes() == content


def test_two_runs_cannot_share_a_state_file(tmp_path: Path) -> None:
    path = str(tmp_path / "state.jsonl")
    with (
        RunState(path, "question"),
        pytest.raises(InputError, match="another run is using it"),
        RunState(path, "question"),
    ):
        pass


def test_a_state_file_in_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be used"), RunState(str(tmp_path / "no" / "state"), "question"):
        pass
