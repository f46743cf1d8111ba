"""Which jobs wait for one gate, and which publish a part of a release that no gate can judge alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ftwheel.core.project.gate import Gate, gate
from ftwheel.core.project.release_parts import split_releases
from ftwheel.core.project.templates import Value
from ftwheel.core.project.workflow_text import JobText, StepText, WorkflowText
from support.gating import read_shape

ACTION = Value(text="ftwheel/ftwheel@v0.1.0")
PINS = {name: Value(text=f"actions/{name}@v9") for name in ("checkout", "download-artifact")}
HEAD = "on: release\njobs:\n"
WHEELS = """\
  wheels:
    runs-on: x
    steps:
      - uses: pypa/cibuildwheel@v4
      - uses: actions/upload-artifact@v7
        with:
          name: wheels
"""
SDIST = WHEELS.replace("wheels", "sdist").replace("uses: pypa/cibuildwheel@v4", "run: pipx run build --sdist")


def publish(what: str, *, condition: str = "", needs: str = "") -> str:
    said = f"    if: {condition}\n" if condition else ""
    return f"""\
  publish-{what}:
    needs: [{needs or what}]
{said}    runs-on: x
    steps:
      - uses: actions/download-artifact@v8
        with:
          name: {what}
          path: dist
      - uses: pypa/gh-action-pypi-publish@v1
"""


def alone(name: str, command: str, *, condition: str = "") -> str:
    """A job that publishes what it builds."""
    said = f"    if: {condition}\n" if condition else ""
    steps = f"      - run: {command}\n      - uses: pypa/gh-action-pypi-publish@v1\n"
    return f"  {name}:\n    runs-on: x\n{said}    steps:\n{steps}"


def judged(*jobs: str, project: str = "") -> Gate | str | None:
    return gate(read_shape("w.yml", HEAD + "".join(jobs)), action=ACTION, pins=PINS, project=project)


def names(found: Gate | str | None) -> list[str]:
    assert isinstance(found, Gate), found
    return [name for name, _ in found.before]


def test_jobs_under_different_conditions_wait_for_one_gate() -> None:
    found = judged(SDIST, publish("sdist", condition="a == 'b' && c"), WHEELS, publish("wheels", condition="${{ d }}"))
    assert names(found) == ["publish-sdist", "publish-wheels"]
    assert isinstance(found, Gate)
    assert "    needs: [sdist, wheels]\n    if: a == 'b' && c || d\n" in found.text
    assert not found.notes
    found = judged(SDIST, publish("sdist"), WHEELS, publish("wheels", condition="d"))
    assert isinstance(found, Gate)
    assert "    needs: [sdist, wheels]\n    runs-on: ubuntu-latest\n" in found.text


@pytest.mark.parametrize(
    ("sdist", "condition", "other"),
    [
        (SDIST.replace("runs-on: x", "runs-on: x\n    if: a"), "a", "d"),  # may be skipped, and the gate with it
        (SDIST, "always() && a", "d"),
        (SDIST, "${{ a }} == ${{ b }}", "d"),
    ],
)
def test_where_one_gate_cannot_be_it_is_before_the_wheels(sdist: str, condition: str, other: str) -> None:
    found = judged(sdist, publish("sdist", condition=condition), WHEELS, publish("wheels", condition=other))
    assert names(found) == ["publish-wheels"]
    assert isinstance(found, Gate)
    assert found.notes == ("w.yml: publish-sdist publishes under another condition, which the gate does not see",)


def test_the_gate_does_not_wait_for_what_waits_for_it() -> None:
    found = judged(SDIST, publish("sdist"), WHEELS, publish("wheels", needs="wheels, publish-sdist"))
    assert names(found) == ["publish-sdist", "publish-wheels"]
    assert isinstance(found, Gate)
    assert "  verify:\n    name: Verify\n    needs: [sdist, wheels]\n" in found.text
    after = "  try:\n    needs: [publish-sdist]\n    runs-on: x\n    steps:\n      - run: pip install x\n"
    found = judged(SDIST, publish("sdist"), after, WHEELS, publish("wheels", needs="wheels, try"))
    assert names(found) == ["publish-sdist"]
    round_in_circles = [publish("sdist", needs="try"), after, publish("wheels", needs="try")]
    assert names(judged(*round_in_circles)) == ["publish-sdist"]


def test_what_another_job_builds_and_publishes_is_told() -> None:
    found = judged(alone("sdist", "python -m build -s"), WHEELS, publish("wheels"))
    assert names(found) == ["publish-wheels"]
    assert isinstance(found, Gate)
    assert found.notes == ("w.yml: sdist publishes what it builds itself, which the gate does not see",)
    found = judged(alone("sdist", "python -m build -s"), alone("wheels", "pip wheel ."))
    assert isinstance(found, Gate)
    assert (names(found), found.job, len(found.notes)) == (["wheels"], "", 1)
    assert names(judged(alone("sdist", "python -m build -s"), alone("x", "python -m build"), project="x")) == ["x"]


def test_where_a_job_adds_to_what_it_downloads_the_gate_is_a_step_in_it() -> None:
    adding = publish("wheels").replace("    steps:\n", "    steps:\n      - run: python -m build --sdist\n")
    found = judged(WHEELS, adding)
    assert isinstance(found, Gate)
    assert (names(found), found.job) == (["publish-wheels"], "")
    assert found.text.index("download-artifact") < found.text.index("mode: verify") < found.text.index("gh-action-pypi")
    in_a_matrix = adding.replace("    runs-on: x\n", "    runs-on: x\n    strategy: {matrix: {a: [1]}}\n")
    twice = adding + "      - uses: pypa/gh-action-pypi-publish@v1\n        with:\n          packages-dir: sdist\n"
    for other in ([in_a_matrix], [twice], [SDIST, adding, publish("sdist")]):
        found = judged(WHEELS, *other)
        assert isinstance(found, Gate)
        assert found.job == "verify"
        assert found.notes == ("w.yml: publish-wheels publishes what it builds itself, which the gate does not see",)


def test_jobs_that_each_publish_their_own_wheels_have_no_place() -> None:
    for other in ("macos", "windows"):
        found = judged(alone("linux", "python -m build"), alone(other, "python -m build"))
        assert found == (f"w.yml: linux and {other} each publish what they build: publish in a job after all of them")
    found = judged(alone("linux", "python -m build"), alone("nightly", "python -m build", condition="a"))
    assert names(found) == ["linux"]


OTHER = read_shape("other.yml", HEAD + alone("wheels", "pip wheel ."))
_AFTER = alone("a", "python -m build --sdist").replace("    steps:\n", "    steps:\n      - {}\n")


@pytest.mark.parametrize(
    ("jobs", "only"),
    [
        ([alone("a", "python setup.py sdist")], True),
        ([alone("a", "pip install wheel && python setup.py sdist")], True),
        ([alone("a", "python setup.py sdist && make")], False),
        ([alone("a", "python setup.py sdist bdist_wheel")], False),
        ([_AFTER.format("run: ./w.sh")], False),
        ([_AFTER.format("uses: a/wheels@v1")], False),
        ([SDIST, publish("sdist")], True),
        ([SDIST, WHEELS, publish("sdist", needs="sdist, wheels")], True),
        ([SDIST, WHEELS, publish("all", needs="sdist, wheels")], False),
        ([publish("sdist", needs="x").replace("name: sdist", "pattern: '{sdist,wheels}*'")], False),
        ([publish("sdist", needs="elsewhere")], True),
        ([SDIST, publish("all", needs="sdist")], True),
        ([SDIST.replace("run: pipx run build --sdist", "run: x"), publish("all", needs="sdist")], False),
        (["  sdist:\n    uses: ./.github/workflows/a.yml\n", publish("all", needs="sdist")], False),
    ],
)
def test_source_distributions_alone_get_none(jobs: list[str], only: bool) -> None:
    found = gate(read_shape("w.yml", HEAD + "".join(jobs)), action=ACTION, pins=PINS, others=(OTHER,))
    assert ("publishes source distributions only" in str(found)) is only
    assert isinstance(judged(*jobs), Gate)  # without wheels elsewhere there is nothing that they lack


def test_of_a_called_workflow_the_jobs_that_upload_count() -> None:
    called = read_shape(".github/workflows/a.yml", HEAD + SDIST)
    text = HEAD + "  sdist:\n    uses: ./.github/workflows/a.yml\n" + publish("all", needs="sdist")
    found = gate(read_shape("w.yml", text), action=ACTION, pins=PINS, others=(called, OTHER))
    assert "publishes source distributions only" in str(found)


def test_steps_in_actions_of_the_repository_count_as_those_of_the_job() -> None:
    def own(*inside: StepText, name: str = "./a") -> StepText:
        return StepText(line=0, column=0, uses=name, inside=inside)

    def step(run: str = "", uses: str = "", **settings: str) -> StepText:
        return StepText(line=0, column=0, run=run, uses=uses, settings=settings)

    upload = step(uses="pypa/gh-action-pypi-publish@v1")
    trial = replace(upload, settings={"repository-url": "https://test.pypi.invalid/"})
    assert own(upload).publishes
    assert own(own(upload)).publishes
    assert not own(step("pytest")).publishes
    assert own(trial).is_for_tests
    assert not own(trial, upload).is_for_tests
    assert own(step("python -m build")).builds
    assert own(step("python -m build --sdist"), step("twine check dist/*")).builds_sdists_only
    assert not own(step("python -m build --sdist"), step("make")).builds_sdists_only
    assert step(uses="PyO3/maturin-action@v1", command="sdist").builds_sdists_only
    assert own(step("ftwheel verify dist")).verifies
    artifact = step(uses="actions/upload-artifact@v7", name="w-${{ inputs.os }}")
    job = JobText(name="a", line=0, column=0, inner=2, steps=(own(own(artifact), step("x")), artifact))
    assert job.uploads_artifacts == (artifact, artifact)
    assert step(uses="./.github/actions/publish").may_publish
    assert not step(uses="./.github/actions/publish").publishes


def test_workflows_that_the_same_event_starts_publish_parts_of_one_release() -> None:
    def workflow(name: str, job: str, *triggers: str) -> WorkflowText:
        return replace(read_shape(name, HEAD + job), triggers=frozenset(triggers))

    linux = workflow("linux.yml", alone("a", "python -m build"), "release")
    macos = workflow("macos.yml", alone("a", "python -m build"), "release", "push {}")
    later = workflow("later.yml", alone("a", "python -m build"), "push {'tags': ['v*']}")
    sdist = workflow("sdist.yml", alone("a", "python -m build -s"), "release")
    tests = workflow("tests.yml", SDIST, "release")
    assert split_releases([linux, macos, later, sdist, tests]) == {"linux.yml", "macos.yml"}
    assert not split_releases([linux, later, sdist, tests])


def test_so_do_workflows_that_one_calls() -> None:
    def call(*names: str, condition: str = "") -> WorkflowText:
        text = "".join(f"  {name}:\n    uses: ./{name}.yml\n" for name in names)
        found = read_shape("release.yml", HEAD + text)
        jobs = (*found.jobs[:-1], replace(found.jobs[-1], condition=condition))
        return replace(found, jobs=jobs, triggers=frozenset({"release"}))

    one, two = (read_shape(f"{name}.yml", HEAD + publish("wheels")) for name in ("one", "two"))
    sdist = read_shape("sdist.yml", HEAD + publish("sdist"))
    assert split_releases([call("one", "two"), one, two]) == {"one.yml", "two.yml"}
    assert not split_releases([call("one", "two", condition="a"), one, two])
    assert not split_releases([call("one", "sdist", "elsewhere"), one, sdist])
