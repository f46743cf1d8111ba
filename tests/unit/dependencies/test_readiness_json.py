"""Reports of missing, written as JSON and read back; files that are something else."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ftwheel.core.dependencies.inputs import UnindexedDependency
from ftwheel.core.dependencies.readiness import (
    FailurePolicy,
    GilDeclarations,
    Help,
    HelpKind,
    MissingReport,
    ProjectReport,
    Readiness,
    Release,
    Shard,
    TakenFile,
    TargetReadiness,
)
from ftwheel.core.dependencies.readiness_json import parse_project, parse_report, parse_shard, project_data, report_data
from ftwheel.core.errors import InputError
from ftwheel.core.wheel.extension_module import Declaration

TARGET = "cp314t-win_amd64"
VERDICT = TargetReadiness(
    target=TARGET,
    readiness=Readiness.SDIST,
    version="1.0",
    taken=TakenFile(filename="foo-1.0.tar.gz"),
    newest="2.0",
    first=Release(version="2.0", upload_time=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
    upgrade=Release(version="2.0"),
    helps=(Help(kind=HelpKind.UPGRADE, text="upgrade to 2.0", version="2.0"),),
    notes=("1.0 is yanked",),
    gil=GilDeclarations(filename="foo.whl", declares=Declaration.NONE, modules=2, others=("foo._a",)),
    why="because",
)
REPORT = MissingReport(
    inputs=("requirements.txt",),
    targets=(TARGET,),
    projects=(
        ProjectReport(
            name="bar", requirement="bar", problem="no index has this project", problem_code=2, problem_hint="check it"
        ),
        ProjectReport(name="foo", requirement="foo==1.0", verdicts=(VERDICT,), chains=(("root", "foo"), ("foo",))),
        ProjectReport(
            name="pure",
            requirement="pure",
            verdicts=(TargetReadiness(target=TARGET, readiness=Readiness.PURE, version="3"),),
        ),
    ),
    set_aside=(UnindexedDependency(name="local", origin="requirements.txt:2", reason="a folder"),),
    policy=FailurePolicy(fail_on=frozenset({Readiness.SDIST}), allowed=frozenset({"baz"})),
    shards=(Shard(of=8, number=2),),
)


def written(report: MissingReport = REPORT) -> Any:
    return json.loads(json.dumps(report_data(report)))


def test_what_was_written_is_read_back_the_same() -> None:
    assert parse_report(written(), "one.json") == REPORT
    for project in REPORT.projects:
        assert parse_project(json.loads(json.dumps(project_data(project))), "one.json") == project


def test_what_is_worked_out_stands_beside_it() -> None:
    body = written()
    assert body["summary"] == "1 of 3 ready; 1 blocks; 1 unknown"
    assert body["counts"] == {"projects": 3, "ready": 1, "blocking": 1, "allowed": 0, "untold": 1}
    assert body["blocking"] == ["foo"]
    assert body["projects"][1]["verdicts"][0]["first"] == {"version": "2.0", "upload_time": "2026-01-02T03:04:05Z"}


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ((), [], "found a list, expected an object"),
        (("inputs",), None, "found null, expected an array"),
        (("inputs",), [1], "found a int, expected a string"),
        (("projects", 0, "problem_code"), True, "found a bool, expected an integer"),
        (("projects", 1, "verdicts", 0, "readiness"), "splendid", "'splendid' is not a valid Readiness"),
        (("projects", 1, "verdicts", 0, "first", "upload_time"), "noon", "Invalid isoformat"),
        (("inputs",), [], "it has no inputs or no targets"),
        (("targets",), [], "it has no inputs or no targets"),
        (("targets",), ["cp399t-win_amd64"], "which is not one of its targets"),
        (("policy",), {}, "no key 'fail_on'"),
    ],
)
def test_another_file_is_refused(path: tuple[str | int, ...], value: object, message: str) -> None:
    body = written()
    place: Any = {"body": body}
    for key in ("body", *path)[:-1]:
        place = place[key]
    place[("body", *path)[-1]] = value
    with pytest.raises(InputError) as caught:
        parse_report(place["body"] if not path else body, "one.json")
    assert caught.value.message.startswith("one.json: not a report of ftwheel missing (")
    assert message in caught.value.message


def test_shards() -> None:
    assert parse_shard("2/8") == Shard(of=8, number=2)
    assert parse_shard("2/8").label == "2/8"


@pytest.mark.parametrize("text", ["", "0/8", "9/8", "1", "1/0", "a/b", "1/8/2", "-1/8"])
def test_no_shards(text: str) -> None:
    with pytest.raises(InputError, match="not a shard"):
        parse_shard(text)
