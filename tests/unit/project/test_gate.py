"""Where the gate goes in a workflow that is there, in each shape of one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ftwheel.core.project.gate import Gate, gate
from ftwheel.core.project.templates import Value, pins
from ftwheel.core.project.workflow_edits import WorkflowEdits
from ftwheel.core.project.workflow_text import JobText, StepText, WorkflowText
from support.gating import GATED, WITHOUT, read_shape, shape

ACTION = Value(text="ftwheel/ftwheel@v0.1.0")
PINS = {name: Value(text=f"actions/{name}@v9") for name in ("checkout", "download-artifact")}


def made(name: str, text: str = "", *, project: str = "") -> Gate:
    found = gate(read_shape("release.yml", text or shape(name)), action=ACTION, pins=PINS, project=project)
    assert isinstance(found, Gate), found
    return found


def added(name: str, text: str = "", *, project: str = "") -> str:
    """The lines that are new, without the space before them."""
    before = (text or shape(name)).splitlines()
    after = made(name, text, project=project).text.splitlines()
    left = iter(before)
    kept = next(left, None)
    new = []
    for line in after:
        if line == kept:
            kept = next(left, None)
        else:
            new.append(line.strip())
    return "\n".join(new)


@pytest.mark.parametrize("name", GATED)
def test_every_shape_gets_it_once(name: str) -> None:
    found = made(name)
    assert found.text.count("# new-project: true") == 1
    assert found.text.count("mode: verify") == 1
    again = read_shape("release.yml", found.text)
    assert again.verifies
    assert gate(again, action=ACTION, pins=PINS) is None


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("each-publishes", "each of its matrix by itself"),
        ("tests-only", "only to a test index"),
        ("from-elsewhere", "do not come from an artifact"),
        ("publishes-nothing", None),
    ],
)
def test_without_a_place_it_says_why(name: str, why: str | None) -> None:
    found = gate(read_shape("release.yml", shape(name)), action=ACTION, pins=PINS)
    assert found is None if why is None else why in str(found)
    assert name in WITHOUT


def test_the_job_downloads_what_the_one_that_publishes_does() -> None:
    text = added("patterns")
    assert "pattern: wheels-*" in text.replace('"', "")
    assert "path: dist/wheels" in text
    assert "name: sdist" in text
    assert "dist: dist" in text.splitlines()
    assert "- verify" in text.splitlines()
    assert "if: github.event_name == 'push'" in text


def test_a_download_into_the_workspace_gets_a_folder() -> None:
    assert "path: dist" in added("maturin-action")


def test_folders_that_have_nothing_in_common_are_looked_at_all() -> None:
    text = shape("patterns").replace("path: dist/sdist", "path: source").replace("mv dist/*/*", "mv dist/*/* source/*")
    assert {"path: dist/dist/wheels", "path: dist/source", "dist: dist"} <= {*added("", text).splitlines()}
    assert "dist: dist" in added("", shape("patterns").replace("path: dist/sdist", "path: dist"))


def test_artifacts_that_a_script_downloads_are_found_by_what_the_builds_upload() -> None:
    text = added("cli-download")
    assert '"wheels-*"' in text or "pattern: wheels-*" in text
    assert "pattern: sdist" in text


def test_where_one_job_does_everything_it_is_a_step() -> None:
    found = made("one-job-twine")
    assert (found.job, found.before) == ("", (("release", ""),))
    assert "dist: out/files" in added("one-job-twine")
    assert "if: startsWith(github.ref, 'refs/tags/')" in added("one-job")
    assert "project: sub" in added("one-job", project="sub")
    spaced = shape("one-job").replace("      - name: Publish", "\n      - name: Publish")
    assert "\n\n      - name: Publish" in made("", spaced).text
    named = shape("one-job").rstrip() + "\n        with:\n          packages-dir: out/\n"
    assert "dist: out" in added("", named)


def test_needs_keep_their_form() -> None:
    assert "needs: [wheels, sdist, verify]" in made("cibuildwheel-matrix").text
    assert "- sdist\n      - verify\n" in made("patterns").text
    assert "needs: [wheels, verify]" in made("release-event").text
    assert "sdist,  # last\n      verify,\n    ]" in made("uv-publish").text
    bare = shape("uv-publish").replace("sdist,  # last", "sdist  # last")
    assert "sdist,  # last\n      verify\n    ]" in made("", bare).text
    ended = shape("uv-publish").replace("sdist,  # last\n    ]", "sdist, ]")
    assert "sdist, verify]" in made("", ended).text
    assert "name: upload\n    needs: verify\n" in made("reusable-publish").text
    unnamed = shape("reusable-publish").replace("    name: upload\n", "")
    assert "upload:\n    needs: verify\n" in made("", unnamed).text
    last = shape("patterns").replace("      - sdist\n", "      - sdist\n\n      # and no more\n")
    assert "- sdist\n      - verify\n" in made("", last).text


def test_line_ends_stay() -> None:
    text = shape("cibuildwheel-matrix")
    read = read_shape("release.yml", text)
    windows = WorkflowText(path=read.path, text=text.replace("\n", "\r\n"), jobs=read.jobs)
    found = gate(windows, action=ACTION, pins=PINS)
    assert isinstance(found, Gate)
    assert found.text.count("\n") == found.text.count("\r\n")
    single = read_shape("release.yml", shape("one-job"))
    windows = WorkflowText(path=read.path, text=shape("one-job").replace("\n", "\r\n"), jobs=single.jobs)
    found = gate(windows, action=ACTION, pins=PINS)
    assert isinstance(found, Gate)
    assert found.text.count("\n") == found.text.count("\r\n")


def test_a_job_that_runs_after_a_failure_waits_for_the_gate_too() -> None:
    found = made("verify-is-taken")
    assert found.job == "ftwheel-verify"
    was = "always() && needs.wheels.result == 'success'"
    assert f"if: {was}\n" in found.text
    assert f"if: ({was}) && needs.ftwheel-verify.result == 'success'\n" in found.text


@pytest.mark.parametrize(
    ("written", "value", "after"),
    [
        ("if: |\n  a ||\n\n  always()", "a ||\n\nalways()\n", "if: |\n  (a ||\n\n  always()) && {more}"),
        ("if: >-\n  ${{ always() }}", "${{ always() }}", "if: >-\n  ${{ (always()) && {more} }}"),
        ("if: >-\n  ${{\n  always()\n  }}\n", "${{ always() }}", "if: >-\n  ${{(\n  always()\n  ) && {more}}}\n"),
    ],
)
def test_so_does_one_whose_condition_is_a_block(written: str, value: str, after: str) -> None:
    before = "publish:\n  {}\n  runs-on: x"
    job = JobText(name="publish", line=0, column=0, inner=2, condition=value, condition_at=(1, 2))
    edits = WorkflowEdits(before.format(written.replace("\n", "\n  ")))
    changed = edits.also_after(job, "verify")
    more = "needs.verify.result == 'success'"
    assert edits.text == before.format(after.replace("{more}", more).replace("\n", "\n  "))
    assert changed.replace(" ", "").replace("\n", "") in edits.text.replace(" ", "").replace("\n", "")
    last = WorkflowEdits("publish:\n  if: |\n    always()")
    assert last.also_after(job, "verify")
    assert last.text == f"publish:\n  if: |\n    (always()) && {more}"


def test_a_run_of_another_workflow_is_read() -> None:
    assert "actions: read" in added("workflow-run")


def test_artifacts_of_another_run_are_downloaded_as_the_job_that_publishes_does() -> None:
    text = added("artifacts-of-another-run")
    assert "uses: dawidd6/action-download-artifact@5c3a1f2d4e6b7a8990a1b2c3d4e5f60718293a4b # v21" in text
    assert {"actions: read # the artifacts of another run", "path: fetched", "dist: fetched"} <= {*text.splitlines()}


def test_where_the_job_fetches_the_files_from_elsewhere_it_is_a_step_before_the_upload() -> None:
    found = made("release-files")
    assert (found.job, found.before) == ("", (("publish", ""),))
    assert found.text.index("gh release download") < found.text.index("mode: verify") < found.text.index("uses: pypa/")
    by_action = shape("release-files").replace("run: gh release download --dir dist", "uses: a/release-downloader@v1")
    assert "mode: verify" in made("", by_action).text
    by_make = shape("release-files").replace("gh release download --dir dist", "make dist")
    assert "mode: verify" in made("", by_make).text
    in_a_matrix = by_make.replace("    steps:\n", "    strategy:\n      matrix: {a: [1]}\n    steps:\n")
    assert "each of its matrix" in str(gate(read_shape("a.yml", in_a_matrix), action=ACTION, pins=PINS))
    for nothing in ("uses: actions/checkout@v1", "run: python -m pip install twine", "uses: a/setup-x@v1"):
        by_nobody = shape("release-files").replace("run: gh release download --dir dist", nothing)
        assert "do not come from" in str(gate(read_shape("a.yml", by_nobody), action=ACTION, pins=PINS))


def test_of_jobs_that_publish_those_that_download_have_the_place() -> None:
    text = shape("cibuildwheel-matrix")
    at_once = (
        "  first:\n    runs-on: x\n    steps:\n      - run: poetry publish --build\n\n  # everything is there now\n"
    )
    assert made("", text.replace("  # everything is there now\n", at_once)).before == (("publish", ""),)


@pytest.mark.parametrize(
    ("environment", "run", "found"),
    [
        ("pypi https://example.org/p/x", "./build.sh publish", True),
        ("release PyPI", "make upload", True),
        ("pypi", "make test", False),
        ("docs", "make upload", False),
        ("testpypi", "make upload", False),
    ],
)
def test_a_script_publishes_that_says_so_in_a_job_for_an_index(environment: str, run: str, found: bool) -> None:
    download = StepText(line=0, column=0, uses="actions/download-artifact@v1")
    script = StepText(line=1, column=0, run=run)
    job = JobText(name="p", line=0, column=0, inner=2, environment=environment, steps=(download, script))
    assert (job.upload == script) is found
    assert replace(job, steps=(script,)).upload is None


def test_the_first_job_is_set_apart_from_the_new_one() -> None:
    assert "\n\n  publish:\n" in made("workflow-run").text


def test_the_project_below_the_top_is_named() -> None:
    assert "project: python/core" in added("sub-folder", project="python/core")


def test_actions_are_named_as_the_workflow_names_them() -> None:
    assert "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1" in added("cibuildwheel-matrix")
    assert "actions/checkout@v9" in added("reusable-publish")


def test_a_cycle_of_needs_ends() -> None:
    text = shape("cli-download").replace(
        "  sdist:\n    name: sdist\n", "  sdist:\n    name: sdist\n    needs: [publish, gone]\n"
    )
    assert "pattern: sdist" in added("", text)


def test_how_a_step_is_understood() -> None:
    assert StepText(line=0, column=0, run="ftwheel verify dist").verifies
    assert StepText(line=0, column=0, uses="actions/Download-Artifact@v1").downloads
    assert StepText(line=0, column=0, uses="PyO3/maturin-action@v1", settings={"command": "publish"}).publishes
    assert not StepText(line=0, column=0, uses="PyO3/maturin-action@v1").publishes
    assert StepText(line=0, column=0, uses="PyO3/maturin-action@v1").builds
    assert not StepText(line=0, column=0, run="pdm publish --no-build").builds


def test_the_pins_of_a_template() -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    found = pins(f"- uses: actions/checkout@{commit} # v7.0.1\n- uses: actions/other@v1\n")
    assert found == {"checkout": Value(text=f"actions/checkout@{commit}", comment="v7.0.1")}


def test_a_step_that_builds_and_publishes_has_no_place_before_it() -> None:
    text = shape("one-job").replace(
        "      - name: Publish\n", "      - run: poetry publish --build\n      - name: Publish\n"
    )
    assert "builds and publishes in one step" in str(gate(read_shape("a.yml", text), action=ACTION, pins=PINS))


def test_all_jobs_that_publish_wait_for_it() -> None:
    text = shape("cibuildwheel-matrix")
    read = read_shape("a.yml", text)
    publish = text[text.index("  publish:\n") :]
    text += "\n" + publish.replace("  publish:", "  publish-sdist:").replace("[wheels, sdist]", "sdist")
    found = made("", text)
    assert found.before == (("publish", ""), ("publish-sdist", ""))
    assert "    needs: [wheels, sdist]\n" in found.text
    assert "    needs: [sdist, verify]\n" in found.text
    # in a folder below the top, the jobs may be for several projects
    text = text.replace("    name: publish\n", "    name: other\n", 1).replace("path: dist\n", "path: sub\n")
    assert made("", text, project="python/sub").before == (("publish", ""),)
    text = text.replace("    needs: sdist\n", "    needs: [wheels, sdist]\n")
    assert made("", text, project="python/publish-sdist").before == (("publish-sdist", ""),)
    assert read.jobs


_PROJECTS = """\
jobs:
  one:
    environment: {name: a, url: 'https://example.org/p/one'}
    steps:
      - uses: actions/download-artifact@v9
      - run: mv two-* ../two
      - uses: pypa/gh-action-pypi-publish@v1

  two:
    environment: {name: b, url: 'https://example.org/project/Two/'}
    steps:
      - uses: actions/download-artifact@v9
      - run: twine upload two/*
        if: inputs.two
"""


def test_jobs_that_publish_different_projects_verify_their_own() -> None:
    found = made("", _PROJECTS)
    assert (found.job, found.before) == ("", (("one", ""), ("two", "")))
    new = added("", _PROJECTS)
    assert (new.count("dist: dist"), new.count("if: inputs.two\nwith:\nmode: verify\ndist: two")) == (1, 1)
    assert found.text.index("mv two-*") < found.text.index("dist: dist")
    several = _PROJECTS.replace("      - run: twine", "      - run: uv publish\n      - run: twine")
    assert "one and two publish different projects" in str(gate(read_shape("a.yml", several), action=ACTION, pins=PINS))
    same = made("", _PROJECTS.replace("project/Two", "p/one"))
    assert (same.job, len(same.before)) == ("verify", 2)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (["startsWith(github.ref, 'refs/tags/')"], True),
        (["startsWith(github.ref, 'refs/tags/')"] * 2, True),
        (["github.ref == 'a'", "github.ref == 'b'"], False),
        (["steps.x.outputs.y"], False),
        ([""], False),
    ],
)
def test_it_verifies_only_when_the_job_publishes(conditions: list[str], expected: bool) -> None:
    text = shape("cibuildwheel-matrix")
    text = text[: text.index("      - uses: pypa/gh-action-pypi-publish")]
    for condition in conditions:
        text += "      - uses: pypa/gh-action-pypi-publish@v1\n" + (f"        if: {condition}\n" if condition else "")
    text += "      - run: uv publish --dry-run dist/*\n        if: github.event_name != 'release'\n"
    assert (f"if: {conditions[0]}\nwith:\nmode: verify" in added("", text)) is expected


@pytest.mark.parametrize(
    ("environ", "publishes", "is_for_tests"),
    [
        ({"TWINE_REPOSITORY_URL": "https://test.example/", "OTHER": "testpypi"}, True, False),
        ({"TWINE_REPOSITORY_URL": "https://test.pypi.invalid/legacy/"}, True, True),
        ({"UV_PUBLISH_INDEX": "test-pypi"}, True, True),
        ({"TWINE_REPOSITORY": "testpypi"}, True, True),
    ],
)
def test_variables_name_the_index(environ: dict[str, str], publishes: bool, is_for_tests: bool) -> None:
    step = StepText(line=0, column=0, run="twine upload dist/*", environ=environ)
    assert (step.publishes, step.is_for_tests) == (publishes, is_for_tests)


@pytest.mark.parametrize(
    ("name", "found"), [("TWINE_PASSWORD", True), ("PYPI_API_TOKEN", True), ("GH_TOKEN", False), ("PYPI", False)]
)
def test_a_script_with_the_password_of_an_index_publishes(name: str, found: bool) -> None:
    download = StepText(line=0, column=0, uses="actions/download-artifact@v1")
    script = StepText(line=1, column=0, run="tox -e publish", environ={name: "${{ secrets.X }}"})
    job = JobText(name="p", line=0, column=0, inner=2, steps=(download, script))
    assert (job.upload == script) is found


def test_what_an_own_action_does_counts() -> None:
    other = StepText(line=-1, column=0, uses="dawidd6/action-download-artifact@v1", settings={"path": "got"})
    upload = StepText(line=-1, column=0, run="twine upload got/*")
    step = StepText(line=4, column=6, uses="./.github/actions/publish", inside=(other, upload))
    text = "jobs:\n  publish:\n    steps:\n      # all of it\n      - uses: ./.github/actions/publish\n"
    job = replace(read_shape("a.yml", text).jobs[0], steps=(step,))
    found = gate(WorkflowText(path="a.yml", text=text, jobs=(job,)), action=ACTION, pins=PINS)
    assert isinstance(found, Gate)
    assert "- uses: dawidd6/action-download-artifact@v1\n        with:\n          path: got\n" in found.text
    assert "dist: got\n" in found.text


def test_a_download_keeps_its_condition_where_the_other_job_can_tell() -> None:
    text = shape("cibuildwheel-matrix")
    place = text.index("        with:\n", text.index("      - uses: actions/download-artifact"))
    for condition, kept in (("inputs.wheels == 'yes'", True), ("steps.x.outputs.y", False)):
        found = made("", f"{text[:place]}        if: {condition}\n{text[place:]}")
        assert found.text.count(f"if: {condition}\n") == 1 + kept


def test_of_several_downloads_those_into_the_folder_that_is_uploaded_count() -> None:
    more = shape("cibuildwheel-matrix").replace("          path: dist\n", "          path: ./dist/\n")
    place = more.index("      - uses: actions/download-artifact")
    more = (
        f"{more[:place]}      - uses: actions/download-artifact@v9\n        with:\n          path: docs\n{more[place:]}"
    )
    assert made("", more).text.count("path: docs") == 1


def test_names_that_only_the_other_job_knows_become_patterns() -> None:
    text = added(
        "",
        shape("patterns").replace(
            "name: sdist\n          path: dist/sdist", "name: s-${{ matrix.x }}\n          path: dist/sdist"
        ),
    )
    assert "pattern: s-*" in text


@pytest.mark.parametrize(("environ", "expected"), [({"NAME"}, "name: ${{ env.NAME }}"), (set(), 'pattern: "*"')])
def test_a_variable_of_the_workflow_is_known_to_every_job(environ: set[str], expected: str) -> None:
    text = shape("patterns").replace(
        "name: sdist\n          path: dist/sdist", "name: ${{ env.NAME }}\n          path: dist"
    )
    read = replace(read_shape("release.yml", text), environ=frozenset(environ))
    found = gate(read, action=ACTION, pins=PINS)
    assert isinstance(found, Gate)
    assert f"          {expected}\n" in found.text.partition("mode: verify")[0]


def test_jobs_of_a_called_workflow_are_read() -> None:
    text = shape("cli-download")
    start, end = text.index("  wheels:\n"), text.index("  sdist:\n")
    called = read_shape(".github/workflows/wheels.yml", f"jobs:\n{text[start:end]}")
    caller = f"{text[:start]}  wheels:\n    uses: ./.github/workflows/wheels.yml\n{text[end:]}"
    read = read_shape("release.yml", caller)
    found = gate(read, action=ACTION, pins=PINS, others=(called, read))
    assert isinstance(found, Gate)
    assert "pattern: wheels-*" in found.text


def test_a_called_workflow_asks_for_no_more_than_its_caller_has() -> None:
    inner = read_shape(".github/workflows/publish.yml", shape("reusable-publish"))
    for granted, wanted in ((None, "contents: read"), (frozenset({"id-token"}), "permissions: {}\n")):
        job = JobText(name="p", line=1, column=2, inner=4, calls="./.github/workflows/publish.yml", permissions=granted)
        caller = WorkflowText(path="release.yml", text="", jobs=(job,))
        found = gate(inner, action=ACTION, pins=PINS, others=(caller,))
        assert isinstance(found, Gate)
        assert wanted in found.text[found.text.index("  verify:\n") : found.text.index("    steps:\n")]


def test_a_workflow_of_another_repository_that_publishes() -> None:
    text = shape("cibuildwheel-matrix")
    elsewhere = "  publish:\n{}    uses: some/where/.github/workflows/publish.yml@v1\n"
    before = text[: text.index("  # everything is there now")]
    found = made("", before + elsewhere.format("    needs: [wheels, sdist]\n"))
    assert "    needs: [wheels, sdist, verify]\n" in found.text
    why = gate(read_shape("a.yml", before + elsewhere.format("")), action=ACTION, pins=PINS)
    assert "with a workflow of another repository" in str(why)


def test_a_workflow_that_uploads_and_cannot_be_read_is_told() -> None:
    for text, told in (("jobs: {a: {steps: [{run: uv publish}]}}\n", True), ("jobs: {}\n", False)):
        found = gate(WorkflowText(path="a.yml", text=text), action=ACTION, pins=PINS)
        assert ("cannot be read as block-style YAML" in str(found)) is told


def test_how_flow_style_is_changed() -> None:
    text = "jobs:\n  all: {runs-on: x, steps: [{run: python -m build}, {if: a, run: twine upload out/*}]}\n"
    line = text.splitlines()[1]
    steps = (
        StepText(line=1, column=line.index("{run: python"), inline=True, run="python -m build"),
        StepText(line=1, column=line.index("{if"), inline=True, run="twine upload out/*", condition="a"),
    )
    job = JobText(name="all", line=1, column=2, inner=4, opens=(1, line.index("{")), steps=steps)
    inserted = '{uses: ftwheel/ftwheel@v0.1.0, if: "a", with: {mode: verify, dist: out}}, '
    found = gate(WorkflowText(path="a.yml", text=text, jobs=(job,)), action=ACTION, pins=PINS)
    assert isinstance(found, Gate)
    assert found.text == text.replace("{if: a", f"{inserted}{{if: a")
    bare = replace(job, steps=(steps[0], replace(steps[1], condition="")))
    found = gate(WorkflowText(path="a.yml", text=text, jobs=(bare,)), action=ACTION, pins=PINS)
    assert isinstance(found, Gate)
    assert inserted.replace('if: "a", ', "") in found.text


def test_an_action_is_named_as_a_step_in_flow_style_names_it() -> None:
    flow = "      - {uses: actions/download-artifact@v1, with: {path: d}} # x\n"
    text = f"jobs:\n  p:\n    steps:\n{flow}      - run: uv publish\n"
    steps = (
        StepText(line=3, column=6, uses="actions/download-artifact@v1", settings={"path": "d"}),
        StepText(line=4, column=6, run="uv publish"),
    )
    job = JobText(name="p", line=1, column=2, inner=4, steps=steps)
    found = gate(WorkflowText(path="a.yml", text=text, jobs=(job,)), action=ACTION, pins=PINS)
    assert isinstance(found, Gate)
    assert "      - uses: actions/download-artifact@v1\n        with:\n          path: d\n" in found.text
    far = replace(steps[0], uses="actions/download-artifact@v7")  # a text that is nowhere, as after an alias
    found = gate(
        WorkflowText(path="a.yml", text=text, jobs=(replace(job, steps=(far, steps[1])),)), action=ACTION, pins=PINS
    )
    assert isinstance(found, Gate)
    assert "      - uses: actions/download-artifact@v7\n" in found.text


@pytest.mark.parametrize(
    ("line", "condition", "after"),
    [
        ("if: always()", "always()", "if: (always()) && needs.v.result == 'success'"),
        ("if: ${{ always() }} # x", "${{ always() }}", "if: ${{ (always()) && needs.v.result == 'success' }} # x"),
        ("'if': '!cancelled()'", "!cancelled()", "'if': \"(!cancelled()) && needs.v.result == 'success'\""),
        ("if: always() ||", "always() || a", None),
    ],
)
def test_a_condition_gets_one_more(line: str, condition: str, after: str | None) -> None:
    job = JobText(name="p", line=0, column=0, inner=2, condition=condition, condition_at=(1, 2))
    edits = WorkflowEdits(f"p:\n  {line}\n  runs-on: x\n")
    assert bool(edits.also_after(job, "v")) is (after is not None)
    assert edits.text == f"p:\n  {after or line}\n  runs-on: x\n"
    assert edits.also_after(replace(job, opens=(0, 3)), "v") == ""


def test_a_condition_that_cannot_be_changed_is_told() -> None:
    text = shape("verify-is-taken").replace("if: always() &&", "if: always() &&\n     ")
    read = read_shape("a.yml", text)
    publish = replace(read.jobs[-1], condition="always() && needs.wheels.result == 'success'")
    found = gate(replace(read, jobs=(*read.jobs[:-1], publish)), action=ACTION, pins=PINS)
    assert isinstance(found, Gate)
    assert "add needs.ftwheel-verify.result == 'success'" in found.notes[0]


@pytest.mark.parametrize(
    ("text", "at", "opens", "after"),
    [
        ("p: {needs: a, x: 1}", (0, 4), (0, 3), "p: {needs: [a, v], x: 1}"),
        ("p: {x: 1}", None, (0, 3), "p: {needs: [a, v], x: 1}"),
        ("p:\n  needs: *n", (1, 2), None, "p:\n  needs: [a, v]"),
        (
            "p:\n  needs: &n ['a, b',\n    # ]\n    c #]\n  ]\n",
            (1, 2),
            None,
            "p:\n  needs: &n ['a, b',\n    # ]\n    c, #]\n    v\n  ]\n",
        ),
        ("p:\n  needs: [a,\n    b ]\n", (1, 2), None, "p:\n  needs: [a,\n    b, v ]\n"),
        ("p:\n  needs: [ # x\n  ]\n", (1, 2), None, "p:\n  needs: [ # x\n  v\n  ]\n"),
        (
            "p:\n  'needs': [a #\n    #\n   , b, #\n  ]\n",
            (1, 2),
            None,
            "p:\n  'needs': [a #\n    #\n   , b, #\n   v,\n  ]\n",
        ),
        ("p:\n  needs: # x\n    - a", (1, 2), None, "p:\n  needs: # x\n    - a\n    - v"),
        ("p:\n  needs: []\n", (1, 2), None, "p:\n  needs: [v]\n"),
    ],
)
def test_a_name_is_added_in_any_form(
    text: str, at: tuple[int, int] | None, opens: tuple[int, int] | None, after: str
) -> None:
    edits = WorkflowEdits(text)
    edits.need(JobText(name="p", line=0, column=0, inner=2, needs=("a",), needs_at=at, opens=opens), "v")
    assert edits.text == after
