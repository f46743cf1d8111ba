"""The workflows that ftwheel ships, and its own, satisfy the linters of the field."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from ftwheel.io.project import templates
from ftwheel.io.release.digests import digest_of, written
from support.workflows import COMMIT, complaints, filled, write_workflows

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"uses: (?P<action>[\w-]+/[\w.-]+)@(?P<commit>\S+)(?P<comment>.*)")


def test_the_templates_are_clean(tmp_path: Path):
    assert complaints(write_workflows(tmp_path)) == ""


def test_the_templates_of_an_unreleased_ftwheel_are_clean(tmp_path: Path):
    assert complaints(write_workflows(tmp_path, commit=None)) == ""


def test_every_session_runs_in_a_workflow() -> None:
    sessions = re.findall(r"^@nox\.session\ndef (\w+)", (ROOT / "noxfile.py").read_text("utf-8"), re.MULTILINE)
    texts = [path.read_text("utf-8") for path in (ROOT / ".github" / "workflows").glob("*.yml")]
    listed = re.findall(r"\bsession: \[([\w, ]+)\]|(?:\bsession: |dev\.py )(\w+)", "\n".join(texts))
    assert {*sessions} == {each for names, name in listed for each in (names or name).split(", ")}


def test_our_own_release_publishes_what_verify_saw(tmp_path: Path) -> None:
    """The line that makes the output of what ``verify`` wrote for each distribution, as ``sha256sum`` lists them."""
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8")
    (line,) = re.findall(r"^ +(cat .*)$", text, re.MULTILINE)
    projects = ("ftwheel", "ftwheel_build")
    names = [f"{project}-1.0{end}" for project in projects for end in ("-py3-none-any.whl", ".tar.gz")]
    (tmp_path / "dist").mkdir()
    for name in names:
        (tmp_path / "dist" / name).write_text(name)
    for project in projects:
        of_one = {name: digest_of(tmp_path / "dist" / name) for name in names if name.startswith(f"{project}-")}
        (tmp_path / f"{project}.sha256").write_text(written(of_one))
    environ = {**os.environ, "RUNNER_TEMP": str(tmp_path), "LC_ALL": "C"}
    seen, there = (
        subprocess.run(["bash", "-ec", script], cwd=tmp_path / "dist", env=environ, capture_output=True).stdout
        for script in (line, "sha256sum -- *")
    )
    assert seen == there != b""


def test_the_files_of_this_repository_are_clean():
    assert complaints(ROOT) == ""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("runs-on: ubuntu-latest", "runs-on: ubuntu-16.04", "actionlint"),
        ("steps.plan.outputs.matrix", "steps.plans.outputs.matrix", "actionlint"),
        ("timeout-minutes: 15", "timeout-minutes: [15]", "check-jsonschema"),
        ("    timeout-minutes: 15\n", "", "check-jsonschema"),
        ("        with:\n          persist-credentials: false\n", "", "artipacked"),
        (f"@{COMMIT}", "@main", "unpinned-uses"),
        ("permissions: {}", "permissions: write-all", "excessive-permissions"),
        (
            "mode: verify",
            "mode: verify\n      - run: echo ${{ github.event.pull_request.title }}",
            "template-injection",
        ),
        ("mode: verify", "mode: verify\n      - run: cd $HOME", "SC2086"),
    ],
)
def test_a_wrong_workflow_is_noticed(old: str, new: str, told: str, tmp_path: Path):
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    text = filled("workflows/release.yml")
    assert old in text
    (folder / "release.yml").write_text(text.replace(old, new), encoding="utf-8")
    assert told in complaints(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("action.yml", "name: a\ndescription: b\nruns:\n  using: composite\n", "check-jsonschema"),
        (".github/dependabot.yml", "version: 2\nupdates:\n  - package-ecosystem: nothing\n", "check-jsonschema"),
    ],
)
def test_a_wrong_action_or_dependabot_file_is_noticed(name: str, text: str, told: str, tmp_path: Path):
    write_workflows(tmp_path)
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert told in complaints(tmp_path)


def test_every_file_pins_an_action_at_the_same_release():
    texts = [templates.read(name) for name in templates.names("workflows")]
    own = [*ROOT.glob(".github/workflows/*.yml"), ROOT / "action.yml"]
    texts += [path.read_text(encoding="utf-8") for path in own]
    pins: dict[str, set[str]] = {}
    for match in PIN.finditer("\n".join(texts)):
        assert re.fullmatch(r"[0-9a-f]{40}", match["commit"]), match[0]
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", match["comment"]), match[0]
        pins.setdefault(match["action"], set()).add(match["commit"])
    assert "actions/checkout" in pins
    assert {action: commits for action, commits in pins.items() if len(commits) > 1} == {}
