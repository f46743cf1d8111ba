"""The GitHub Action, run by the real act: real builds, real wheels, a local index."""

from __future__ import annotations

import json
import re
import shutil
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.act import ActRun, act, commit_all
from support.projects import c_project, c_source, intree_project
from support.server import IndexServer, serve
from support.wheels import make_wheel

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = ".github/workflows/w.yml"
CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1"
UPLOAD = "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f"
OWNER = "someone/ftwheel"

Runs = Callable[..., ActRun]


@pytest.fixture
def runs(tmp_path: Path, shared: Path) -> Runs:
    """Run a workflow in a repository made of a folder; what the Action installed is kept for the next one."""

    def run(project: Path, workflow: str, **options: Any) -> ActRun:
        file = project / WORKFLOW
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(workflow), encoding="utf-8")
        home = tmp_path / "home"
        home.mkdir()
        return act(commit_all(project), WORKFLOW, home=home, own=OWNER, kept=shared / "caches", **options)

    return run


@pytest.fixture
def index() -> Iterator[IndexServer]:
    """An index on the loopback that knows no project."""
    with serve() as server:
        yield server


def uses(step: str, indent: int = 6, /, **inputs: Any) -> str:
    """A step that uses the Action as a consumer does."""
    lines = [f"- id: {step}", f"  uses: {OWNER}@v1", "  with:"]
    lines += [f"    {name.replace('_', '-')}: {json.dumps(value)}" for name, value in inputs.items()]
    return f"\n{' ' * indent}".join(lines)


def job(*steps: str, more: str = "") -> str:
    """A workflow of one job."""
    return "\n".join(
        ["on: push", "jobs:", "  job:", "    runs-on: ubuntu-latest", more, "    steps:", f"      - uses: {CHECKOUT}"]
        + [f"      {step}" for step in steps]
    )


def test_a_release_is_planned_built_and_verified(runs: Runs, index: IndexServer, tmp_path: Path, examples: Path):
    project = shutil.copytree(examples / "setuptools-c", tmp_path / "project")
    run = runs(
        project,
        f"""
        on: push
        jobs:
          plan:
            runs-on: ubuntu-latest
            outputs:
              matrix: ${{{{ steps.plan.outputs.matrix }}}}
            steps:
              - uses: {CHECKOUT}
              {uses("plan", 14, mode="plan", platforms="manylinux_2_28_x86_64", pythons="3.13 3.13t")}
          build:
            needs: plan
            runs-on: ${{{{ matrix.runner }}}}
            strategy:
              matrix: ${{{{ fromJSON(needs.plan.outputs.matrix) }}}}
            steps:
              - uses: {CHECKOUT}
              {uses("build", 14, mode="build", driver="local")}
          verify:
            needs: build
            runs-on: ubuntu-latest
            steps:
              - uses: {CHECKOUT}
              {uses("verify", 14, mode="verify", arguments=first_release(index))}
        """,
    )
    assert run.code == 0, run.story
    assert [run.results(step) for step in ("plan", "build", "verify")] == [["success"]] * 3
    [planned] = json.loads(run.outputs("plan")["matrix"])["include"]
    assert planned == {
        "name": "manylinux_x86_64",
        "runner": "ubuntu-latest",
        "emulate": "",
        "platform": "manylinux_x86_64",
        "pythons": "3.13 3.13t",
        "sdist": True,
    }
    built, verified = run.outputs("build"), run.outputs("verify")
    default, free_threaded = wheels = json.loads(built["wheels"])
    assert ("-cp313-cp313-" in default, "-cp313-cp313t-" in free_threaded) == (True, True)
    pair = {"python": "3.13", "default": default, "free_threaded": free_threaded}
    assert json.loads(built["pairs"]) == [pair]
    assert built["artifact"] == "wheels-manylinux_x86_64"
    kept = {path.name for path in (tmp_path / "home" / "artifacts" / built["artifact"]).iterdir()}
    assert kept == {*wheels, "histogram_setuptools_c-1.0.tar.gz"}
    assert json.loads(verified["wheels"]) == wheels
    assert built["digests"] == verified["digests"]
    assert [line.split("  ")[1] for line in built["digests"].splitlines()] == sorted(kept)
    assert [each | pair for each in json.loads(verified["pairs"])] == json.loads(verified["pairs"]) != []
    assert json.loads(verified["missing"]) == []
    assert set(index.paths) == {"/simple/histogram-setuptools-c/"}
    assert "All 2 expected targets get a wheel of this release" in run.summary
    assert run.summary.index("| platform | 3.13 | 3.13 ft |") < run.summary.index("Wheel by wheel")
    report = (tmp_path / "home" / "artifacts" / "ftwheel-report-wheels" / "ftwheel.html").read_text(encoding="utf-8")
    assert "histogram-setuptools-c 1.0" in report
    assert run.errors == []


HOSTILE = """x"; touch CANARY; '$(touch CANARY)' `touch CANARY` ${IFS} \\ ${{ github.sha }} & | > CANARY
%0A::set-output name=a::b
::error::fake
"""
KEEP = """- shell: bash
        run: |
          { echo "HOSTILE<<END"; cat hostile.txt; echo END; } >> "$GITHUB_ENV\""""


INPUTS = (
    "mode", "project", "platforms", "pythons", "split", "runners", "sdist", "matrix", "driver", "artifacts",
    "dist", "dependencies", "fail-on", "new-project", "local", "arguments", "timeout-minutes", "cache",
)  # fmt: skip
TAKE_ANY_TEXT = {"arguments", "cache", "dependencies"}


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(("mode", "arguments"), id="two"),
        # in one job all of them would take longer than act's limit on a busy machine
        *(
            pytest.param(INPUTS[first : first + 6], id=INPUTS[first], marks=pytest.mark.action)
            for first in range(0, len(INPUTS), 6)
        ),
    ],
)
def test_nothing_in_an_input_is_executed(names: tuple[str, ...], runs: Runs, tmp_path: Path):
    canary = tmp_path / "canary"
    odd = 'it\'s a $(touch canary) `touch canary` "project" & more'
    project = intree_project(tmp_path / "repository", "")
    intree_project(project / odd, "")
    (project / "hostile.txt").write_text(HOSTILE.replace("CANARY", str(canary)), encoding="utf-8")
    valid = {"mode": "plan", "pythons": "3.14", "platforms": "win32"}
    steps = [uses(name, **valid | {name: "${{ env.HOSTILE }}"}) + "\n        continue-on-error: true" for name in names]
    run = runs(project, job(KEEP, *steps, uses("odd", **valid, project=odd)))
    assert not canary.exists()
    assert not list((tmp_path / "home").rglob("canary"))
    refused = {name for name in names if run.results(name) == ["failure"]}
    assert refused == {*names} - TAKE_ANY_TEXT, run.story
    assert {error.text.split(":")[0] for error in run.errors} == {f"input {name}" for name in refused}
    assert run.results("odd") == ["success"]
    assert not any("a" in run.outputs(name) for name in names)


@pytest.mark.action
@pytest.mark.parametrize(
    ("name", "value"), [("mode", "deploy"), ("project", "no/such/folder"), ("timeout-minutes", "soon")]
)
def test_a_wrong_input_ends_the_job_before_anything_is_set_up(name: str, value: str, runs: Runs, tmp_path: Path):
    project = intree_project(tmp_path / "project", "")
    run = runs(project, job(uses("build", **{"mode": "build", "driver": "local", "pythons": "3.13", name: value})))
    assert run.exit_status("build") == 2
    [error] = run.errors
    assert value in error.text
    assert not any(event.get("step") == "Run ftwheel" and "stepResult" in event for event in run.events)


@pytest.mark.action
def test_two_jobs_build_one_wheel_each_and_verify_collects_them(runs: Runs, index: IndexServer, tmp_path: Path):
    project = c_project(tmp_path / "project", {"_one": c_source("_one")})
    run = runs(
        project,
        f"""
        on: push
        jobs:
          build:
            runs-on: ubuntu-latest
            strategy:
              matrix:
                python: ["3.13", "3.13t"]
            steps:
              - uses: {CHECKOUT}
              {uses("build", 14, mode="build", driver="local", pythons="${{ matrix.python }}")}
          verify:
            needs: build
            runs-on: ubuntu-latest
            steps:
              - uses: {CHECKOUT}
              {uses("verify", 14, mode="verify", arguments=first_release(index))}
        """,
    )
    assert run.code == 0, run.story
    assert run.results("build") == ["success", "success"]
    artifacts = {path.name for path in (tmp_path / "home" / "artifacts").iterdir()}
    kept = {"wheels-3.13", "wheels-3.13t"}
    assert artifacts == {*kept, *(f"digests-{name}" for name in kept), "ftwheel-report-wheels"}
    [pair] = json.loads(run.outputs("verify")["pairs"])
    assert pair["default"] != pair["free_threaded"]
    assert {pair["default"], pair["free_threaded"]} == set(json.loads(run.outputs("verify")["wheels"]))


@pytest.mark.action
def test_a_broken_build_fails_and_says_nothing_that_it_was_told_to_say(runs: Runs, tmp_path: Path):
    project = intree_project(
        tmp_path / "project",
        """
        def build_wheel(folder, config_settings=None, metadata_directory=None):
            print("::error title=forged::by the build", flush=True)
            print("::set-output name=forged::x", flush=True)
            raise SystemExit("the compiler is on fire")
        """,
    )
    run = runs(project, job(uses("build", mode="build", driver="local", pythons="3.13")))
    assert run.code == 1
    assert run.results("build") == ["failure"]
    assert run.exit_status("build") == 6
    [error] = run.errors
    assert error.title != "forged"
    assert "the compiler is on fire" in error.text
    assert "forged" in run.log
    assert "forged" not in {name for event in run.events for name in [event.get("name")]}
    assert not list((tmp_path / "home" / "artifacts").iterdir())


@pytest.mark.action
def test_a_wheel_that_does_not_declare_fails_and_is_not_uploaded(runs: Runs, tmp_path: Path):
    project = c_project(tmp_path / "project", {"_bare": c_source("_bare", declares=False)})
    run = runs(project, job(uses("build", mode="build", driver="local", pythons="3.13 3.13t")))
    assert run.results("build") == ["failure"], run.story
    assert run.exit_status("build") == 1
    assert any("pkg._bare" in error.text + error.title for error in run.errors), run.errors
    assert all(re.match(r"FT[BW]\d{3}", error.title) for error in run.errors)
    assert "_bare" in run.summary
    assert json.loads(run.outputs("build")["wheels"]) == []
    assert not list((tmp_path / "home" / "artifacts").iterdir())


def first_release(index: IndexServer) -> str:
    return f"--index-url\n{index.url}/simple/\n--new-project"


def uploads(folder: str) -> str:
    return f"""- uses: {UPLOAD}
        with:
          name: wheels-{folder}
          path: {folder}/*.whl"""


CONFIGURED = '[project]\nname = "demo-pkg"\n[tool.ftwheel]\npythons = ["3.14", "3.14t"]\nplatforms = ["win_amd64"]\n'


@pytest.mark.action
@pytest.mark.parametrize(("fail_on", "results"), [("error", ["failure"]), ("never", ["success"])])
def test_a_missing_build_is_told_everywhere(
    fail_on: str, results: list[str], runs: Runs, index: IndexServer, tmp_path: Path
):
    project = tmp_path / "project"
    make_wheel(project / "a", "demo_pkg-1.0-cp314-cp314-win_amd64.whl", files={"demo/__init__.py": ""})
    (project / "pyproject.toml").write_text(CONFIGURED)
    arguments = f"--index-url\n{index.url}/simple/\n--new-project"
    run = runs(project, job(uploads("a"), uses("verify", mode="verify", fail_on=fail_on, arguments=arguments)))
    assert run.results("verify") == results, run.story
    assert run.exit_status("verify") == (1 if fail_on == "error" else 0)
    assert json.loads(run.outputs("verify")["missing"]) == [
        {"python": "3.14t", "platform": "win_amd64", "codes": ["FTV104"]}
    ]
    assert "FTV104" in {error.title for error in run.errors}
    assert "**nothing** ❌" in run.summary
    assert (tmp_path / "home" / "artifacts" / "ftwheel-report-wheels" / "ftwheel.html").is_file()


@pytest.mark.action
@pytest.mark.parametrize(("fail_on", "result"), [("error", "failure"), ("never", "success")])
def test_dependencies_without_a_wheel_are_told(fail_on: str, result: str, runs: Runs, tmp_path: Path):
    project = intree_project(tmp_path / "project", "")
    shop = shutil.copytree(ROOT / "tests" / "recordings" / "shop", project / "shop")
    shutil.copy2(shop / "uv.lock", project)
    given = {"dependencies": "uv.lock", "pythons": "3.14 3.14t", "arguments": "--index\nshop", "fail_on": fail_on}
    run = runs(project, job(uses("missing", mode="missing", **given)))
    assert run.results("missing") == [result], run.story
    assert run.exit_status("missing") == (1 if fail_on == "error" else 0)
    blocking = json.loads(run.outputs("missing")["missing"])
    assert {(each["name"], each["readiness"]) for each in blocking} == {("brotli", "sdist"), ("lxml", "sdist")}
    assert {error.file for error in run.errors} == {"uv.lock"}
    assert [error.title for error in run.errors] == ["FTM103 brotli", "FTM103 lxml"]
    assert "lxml" in run.summary


@pytest.mark.action
@pytest.mark.short
def test_files_of_one_name_with_other_contents_are_refused(runs: Runs, index: IndexServer, tmp_path: Path):
    project = tmp_path / "project"
    for folder in ("a", "b"):
        make_wheel(project / folder, "demo_pkg-1.0-py3-none-any.whl", files={"demo/__init__.py": folder})
    (project / "pyproject.toml").write_text(CONFIGURED)
    run = runs(project, job(uploads("a"), uploads("b"), uses("verify", mode="verify")))
    assert run.exit_status("verify") == 2
    [error] = run.errors
    assert "demo_pkg-1.0-py3-none-any.whl: built by two jobs, with different contents" in error.text
    assert "wheels-a/" in error.text
    assert "wheels-b/" in error.text
    assert index.paths == []


@pytest.mark.action
def test_what_the_build_did_not_record_is_refused(runs: Runs, index: IndexServer, tmp_path: Path):
    project = c_project(tmp_path / "project", {"_one": c_source("_one")})
    make_wheel(project / "a", "ext-1.0-py3-none-any.whl", files={"demo/__init__.py": ""})
    building = uses("build", mode="build", driver="local", pythons="3.13")
    run = runs(project, job(building, uploads("a"), uses("verify", mode="verify")))
    assert run.results("build") == ["success"], run.story
    assert run.exit_status("verify") == 2
    assert "ext-1.0-py3-none-any.whl was not recorded" in run.errors[0].text
    assert index.paths == []


@pytest.mark.action
def test_verify_without_artifacts_says_what_is_to_be_done(runs: Runs, tmp_path: Path):
    project = intree_project(tmp_path / "project", "")
    run = runs(project, job(uses("verify", mode="verify", artifacts="other")))
    assert run.exit_status("verify") == 2
    assert "no wheels with the artifacts other-*" in run.errors[0].text


@pytest.mark.action
def test_an_index_that_is_down_is_no_clean_release(runs: Runs, tmp_path: Path):
    project = tmp_path / "project"
    make_wheel(project / "a", "demo_pkg-1.0-py3-none-any.whl", files={"demo/__init__.py": ""})
    (project / "pyproject.toml").write_text(CONFIGURED)
    with serve() as server:
        gone = server.url
    arguments = f"--index-url\n{gone}/simple/"
    run = runs(project, job(uploads("a"), uses("verify", mode="verify", arguments=arguments)))
    assert run.exit_status("verify") == 5, run.story
    assert run.errors[-1].title == "ftwheel"
    assert "Wheel by wheel" in run.summary


@pytest.mark.action
def test_arguments_that_a_command_does_not_take_are_refused(runs: Runs, tmp_path: Path):
    project = intree_project(tmp_path / "project", "")
    run = runs(project, job(uses("build", mode="build", driver="local", arguments="--no-such-option")))
    assert run.exit_status("build") == 2
    assert "unknown option --no-such-option" in run.errors[0].text


@pytest.mark.action
def test_a_build_that_builds_nothing_uploads_nothing(runs: Runs, tmp_path: Path):
    project = intree_project(tmp_path / "project", "")
    given = {"platforms": "manylinux_2_28_x86_64", "pythons": "3.14", "arguments": "--dry-run"}
    run = runs(project, job(uses("build", mode="build", **given)))
    assert run.exit_status("build") == 2, run.story
    assert "cp314-manylinux_x86_64" in run.log
    [error] = run.errors
    assert error.text.startswith("nothing was built")


@pytest.mark.action
def test_emulators_are_set_up_where_the_plan_says_so(runs: Runs, tmp_path: Path):
    project = intree_project(tmp_path / "project", "def build_wheel(*arguments, **settings): raise SystemExit(1)")
    run = runs(
        project,
        job(
            uses("build", mode="build", driver="local"),
            more="    strategy:\n      matrix:\n        emulate: [s390x]",
        ),
    )
    assert "emulating: s390x" in run.log


def test_the_types_are_those_of_the_inputs_and_outputs():
    def names(text: str, section: str) -> list[str]:
        body = text.partition(f"\n{section}:\n")[2]
        return re.findall(r"^  ([a-z-]+):$", re.split(r"^\S", body, maxsplit=1, flags=re.MULTILINE)[0], re.MULTILINE)

    action, types = ((ROOT / name).read_text(encoding="utf-8") for name in ("action.yml", "action-types.yml"))
    for section in ("inputs", "outputs"):
        assert names(action, section) == names(types, section) != []
    assert names(action, "inputs") == [*INPUTS]
    kinds = set(re.findall(r"type: (\w+)", types))
    assert kinds <= {"string", "boolean", "integer", "float", "list", "enum"}
