from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from ftwheel.core.build.cibuildwheel.identifiers import CibuildwheelRequest, select
from ftwheel.core.errors import InputError
from ftwheel.core.project.action import (
    ActionInputs,
    ActionMode,
    BuildJob,
    artifact_name,
    built_pairs,
    job_of,
    missing_dependencies,
    missing_targets,
    plan_jobs,
    read_inputs,
    served_pairs,
)
from ftwheel.core.project.runners import Runner, runner_for


def inputs(**given: str) -> ActionInputs:
    """As action.yml hands them over."""
    return read_inputs({f"INPUT_{name.upper()}": value for name, value in ({"mode": "build"} | given).items()})


def test_what_is_empty_has_its_default():
    names = (
        "project", "platforms", "pythons", "split", "runners", "sdist", "matrix", "driver", "artifacts", "dependencies",
        "fail_on", "new_project", "local", "arguments", "timeout_minutes",
    )  # fmt: skip
    assert inputs(**dict.fromkeys(names, "")) == ActionInputs(mode=ActionMode.BUILD)


def test_what_is_given_is_read():
    found = inputs(
        mode="plan",
        project="python",
        platforms="win_amd64, win_arm64\n",
        pythons="3.14 3.14t",
        split="pair",
        runners="*_aarch64 = my-arm\n\nwin*=box.1\n",
        sdist="false",
        matrix='{"name": "x"}',
        driver="local",
        artifacts="own",
        dependencies="a.txt\n\nb c.lock\n",
        fail_on="never",
        new_project="true",
        local="true",
        arguments="--ignore\n  FTW404 \n\n",
        timeout_minutes="5",
    )
    assert found == ActionInputs(
        mode=ActionMode.PLAN,
        project="python",
        platforms=("win_amd64", "win_arm64"),
        pythons=("3.14", "3.14t"),
        split="pair",
        runners={"*_aarch64": "my-arm", "win*": "box.1"},
        sdist=False,
        matrix={"name": "x"},
        driver="local",
        artifacts="own",
        dependencies=("a.txt", "b c.lock"),
        fail_on="never",
        new_project=True,
        local=True,
        arguments=("--ignore", "FTW404"),
        seconds=300,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mode", "deploy"),
        ("mode", ""),
        ("project", "a\nb"),
        ("project", "a\x1bb"),
        ("platforms", "win_amd64;x"),
        ("pythons", "$(3.14)"),
        ("split", "half"),
        ("runners", "ubuntu-latest"),
        ("runners", "x=a b"),
        ("runners", "=ubuntu"),
        ("sdist", "yes"),
        ("matrix", "[1]"),
        ("matrix", "{"),
        ("matrix", "[" * 100_000),
        ("driver", "docker"),
        ("artifacts", "../x"),
        ("artifacts", "-x"),
        ("fail_on", "all"),
        ("new_project", "yes"),
        ("timeout_minutes", "0"),
        ("timeout_minutes", "-1"),
        ("timeout_minutes", "1.5"),
        ("timeout_minutes", "1441"),
        ("timeout_minutes", "9" * 5000),
        ("timeout_minutes", "٣"),
    ],
)
def test_what_is_no_value_of_an_input_is_refused_by_name(name: str, value: str):
    with pytest.raises(InputError, match=f"^input {name.replace('_', '-')}: found ") as error:
        inputs(**{name: value})
    assert len(error.value.message) < 500


def test_a_job_without_a_matrix_is_known_by_its_machine():
    found = inputs(matrix="null")
    assert job_of(found) == BuildJob()
    assert artifact_name(found, "Linux-X64") == "wheels-Linux-X64"


def test_a_planned_job_is_read_back():
    job = BuildJob(
        name="musllinux_s390x-3.14",
        runner="ubuntu-latest",
        emulate="s390x",
        platform="musllinux_s390x",
        pythons=("3.14", "3.14t"),
        sdist=True,
    )
    found = inputs(matrix=json.dumps(job.as_json()))
    assert job_of(found) == job
    assert artifact_name(found, "") == "wheels-musllinux_s390x-3.14"


def test_inputs_go_before_the_matrix():
    matrix = '{"platform": "win_amd64", "pythons": "3.14", "sdist": true}'
    found = job_of(inputs(matrix=matrix, platforms="win32 win_arm64", pythons="3.15t", sdist="false"))
    assert (found.platform, found.pythons, found.sdist) == ("win32 win_arm64", ("3.15t",), False)


def test_a_matrix_of_the_users_own_says_nothing_but_gives_names():
    matrix = (
        '{"os": "ubuntu 24/x", "python": 3.1, "pythons": ["3.14"], "platform": 4, "sdist": "true", "name": "a\\nb"}'
    )
    found = inputs(matrix=matrix)
    assert job_of(found) == BuildJob()
    assert artifact_name(found, "Linux") == "wheels-ubuntu-24-x-3.1-4-true-a-b"
    hostile = job_of(inputs(matrix='{"pythons": "3.14 $(x)", "platform": "`id`", "emulate": "a;b arm"}'))
    assert hostile == BuildJob(pythons=("3.14",), emulate="arm")


def plan(places: tuple[str, ...], pythons: tuple[str, ...] = ("3.14", "3.14t"), **given: str) -> tuple[BuildJob, ...]:
    chosen = select(CibuildwheelRequest(pythons=pythons, platforms=places))
    return plan_jobs(chosen.identifiers, inputs(mode="plan", **given))


def test_one_job_a_platform():
    jobs = plan(("win_arm64", "manylinux_x86_64", "musllinux_armv7l"))
    assert [(job.name, job.runner, job.emulate, job.pythons, job.sdist) for job in jobs] == [
        ("manylinux_x86_64", "ubuntu-latest", "", ("3.14", "3.14t"), True),
        ("musllinux_armv7l", "ubuntu-latest", "arm", ("3.14", "3.14t"), False),
        ("win_arm64", "windows-11-arm", "", ("3.14", "3.14t"), False),
    ]
    assert not plan(("win_arm64",), sdist="false")[0].sdist


def test_one_job_a_pair():
    jobs = plan(("macosx_arm64",), ("3.12", "3.14", "3.14t"), split="pair")
    assert [(job.name, job.pythons) for job in jobs] == [
        ("macosx_arm64-3.12", ("3.12",)),
        ("macosx_arm64-3.14", ("3.14", "3.14t")),
    ]


LINUX = tuple(
    f"{libc}_{machine}"
    for libc in ("manylinux", "musllinux")
    for machine in ("x86_64", "i686", "aarch64", "ppc64le", "s390x", "armv7l", "riscv64")
)
EVERYWHERE = (*LINUX, "macosx_arm64", "macosx_x86_64", "win32", "win_amd64", "win_arm64")


def test_a_large_matrix_is_one_plan():
    pythons = ("3.11", "3.12", "3.13", "3.14", "3.14t")
    jobs = plan(EVERYWHERE, pythons, split="pair")
    assert len(jobs) == 4 * 19
    assert len({job.name for job in jobs}) == len(jobs)
    assert sum(job.sdist for job in jobs) == 1
    assert sum(bool(job.emulate) for job in jobs) == 4 * 8
    assert len(json.dumps([job.as_json() for job in jobs])) < 1_000_000  # GitHub's limit for an output


def test_more_jobs_than_github_runs_are_refused():
    chosen = select(CibuildwheelRequest(pythons=("3.14",), platforms=("win32",))).identifiers
    many = [type(chosen[0])(platform="win32", minor=minor, free_threaded=False) for minor in range(257)]
    with pytest.raises(InputError, match="the plan has 257 jobs"):
        plan_jobs(many, inputs(split="pair"))
    assert len(plan_jobs(many[1:], inputs(split="pair"))) == 256


@pytest.mark.parametrize(
    ("place", "label", "emulate"),
    [
        ("manylinux_x86_64", "ubuntu-latest", ""),
        ("manylinux_i686", "ubuntu-latest", ""),
        ("musllinux_aarch64", "ubuntu-24.04-arm", ""),
        ("manylinux_ppc64le", "ubuntu-latest", "ppc64le"),
        ("macosx_x86_64", "macos-15-intel", ""),
        ("macosx_universal2", "macos-latest", ""),
        ("win32", "windows-latest", ""),
        ("pyodide_wasm32", "ubuntu-latest", ""),
    ],
)
def test_platforms_have_native_runners_where_there_are_any(place: str, label: str, emulate: str):
    assert runner_for(place, {}) == Runner(label=label, emulate=emulate)


def test_own_runners_go_first():
    own = {"manylinux_*": "mine", "*_s390x": "mainframe"}
    assert runner_for("manylinux_s390x", own) == Runner(label="mine")
    assert runner_for("musllinux_s390x", own) == Runner(label="mainframe")
    assert runner_for("win32", own) == Runner(label="windows-latest")


def wheel(filename: str, *labels: str) -> dict[str, Any]:
    return {
        "filename": filename,
        "interpreters": [{"label": label, "free_threaded": label.endswith("t")} for label in labels],
    }


def test_pairs_of_a_build():
    document = {"wheels": [wheel("b", "3.14t"), wheel("a", "3.14", "3.9"), wheel("p", "3.15", "3.15t")]}
    assert built_pairs(document) == [
        {"python": "3.9", "default": "a", "free_threaded": None},
        {"python": "3.14", "default": "a", "free_threaded": "b"},
        {"python": "3.15", "default": "p", "free_threaded": "p"},
    ]


def place(
    python: str, *, free_threaded: bool, served: bool = True, expected: str | None = "twin", file: str | None = "f"
) -> Mapping[str, Any]:
    return {
        "python": python,
        "platform": "win32",
        "free_threaded": free_threaded,
        "served": served,
        "expected": expected,
        "codes": [] if served else ["FTV101"],
        "gets": [{"filename": file}] if file else [],
    }


def test_pairs_and_gaps_of_a_release():
    document = {
        "places": [
            place("3.14", free_threaded=False, file="a"),
            place("3.14", free_threaded=True, file="b"),
            place("3.9", free_threaded=False),
            place("3.9", free_threaded=True, file=None),
            place("3.13", free_threaded=False),
            place("3.13", free_threaded=True, served=False, file="old"),
            place("3.12", free_threaded=False, served=False, expected=None),
        ]
    }
    assert served_pairs(document) == [{"python": "3.14", "platform": "win32", "default": "a", "free_threaded": "b"}]
    assert missing_targets(document) == [{"python": "3.13t", "platform": "win32", "codes": ["FTV101"]}]


def test_dependencies_that_block():
    def verdict(target: str, *, ready: bool) -> Mapping[str, Any]:
        return {"target": target, "version": "1.0", "readiness": "sdist", "ready": ready, "notes": []}

    document = {
        "blocking": ["b"],
        "projects": [
            {"name": "a", "verdicts": [verdict("3.14t", ready=False)]},
            {"name": "b", "verdicts": [verdict("3.14t", ready=True), verdict("3.15t", ready=False)]},
        ],
    }
    assert missing_dependencies(document) == [{"name": "b", "target": "3.15t", "version": "1.0", "readiness": "sdist"}]


def test_a_command_that_wrote_no_report_found_nothing():
    assert built_pairs({}) == served_pairs({}) == missing_targets({}) == missing_dependencies({}) == []
