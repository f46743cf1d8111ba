"""Where the gate goes in a workflow that is there, in each shape of one."""

from __future__ import annotations

import pytest

from ftwheel.core.project.gate import Gate, StepText, WorkflowText, gate
from ftwheel.core.project.templates import Value, pins
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
    assert found.text.count("mode: verify") == 1
    again = read_shape("release.yml", found.text)
    assert again.verifies
    assert gate(again, action=ACTION, pins=PINS) is None


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("each-publishes", "each of its matrix by itself"),
        ("tests-only", "for tests only"),
        ("from-elsewhere", "does not come from an artifact"),
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
    text = shape("patterns").replace("path: dist/sdist", "path: source")
    assert "dist: ." in added("", text)
    assert "dist: dist" in added("", shape("patterns").replace("path: dist/sdist", "path: dist"))


def test_artifacts_that_a_script_downloads_are_found_by_what_the_builds_upload() -> None:
    text = added("cli-download")
    assert '"wheels-*"' in text or "pattern: wheels-*" in text
    assert "pattern: sdist" in text


def test_where_one_job_does_everything_it_is_a_step() -> None:
    found = made("one-job-twine")
    assert (found.job, found.before) == ("", "release")
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
    assert "sdist,  # last\n    verify]" in made("uv-publish").text
    bare = shape("uv-publish").replace("sdist,  # last", "sdist  # last")
    assert "sdist,  # last\n    verify]" in made("", bare).text
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


def test_a_job_that_publishes_after_a_failure_is_told() -> None:
    found = made("verify-is-taken")
    assert found.job == "ftwheel-verify"
    assert "needs.ftwheel-verify.result == 'success'" in found.notes[0]


def test_a_run_of_another_workflow_is_read() -> None:
    assert "actions: read" in added("workflow-run")


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
    assert StepText(line=0, column=0, uses="PyO3/maturin-action@v1", settings={"command": "publish"}).publishes
    assert not StepText(line=0, column=0, uses="PyO3/maturin-action@v1").publishes


def test_the_pins_of_a_template() -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    found = pins(f"- uses: actions/checkout@{commit} # v7.0.1\n- uses: actions/other@v1\n")
    assert found == {"checkout": Value(text=f"actions/checkout@{commit}", comment="v7.0.1")}
