"""``ftwheel init`` puts the gate into workflows that are there: the text stays, the linters are content."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from ftwheel.core.project.gate import Gate, gate
from ftwheel.core.project.templates import Value, action_value, pins
from ftwheel.io.project import templates
from ftwheel.io.project.workflow_yaml import is_the_same_but_for, read_workflow_text
from support.adopting import init, tree
from support.documents import documented
from support.gating import GATED, WITHOUT, read_shape, shape
from support.workflows import COMMIT, complaints

COMPLAINED_OF = ("one-job-twine", "uv-publish", "maturin-action")  # zizmor wants Trusted Publishing
ROOT = Path(__file__).resolve().parents[2]
PINS = pins(templates.read("workflows/release.yml"))
OWN = "runs:\n  using: composite\n  steps:\n    - uses: pypa/gh-action-pypi-publish@v1\n"
"""An action of the repository that publishes."""


def with_gate(name: str, text: str = "", *, project: str = "") -> str:
    before = text or shape(name)
    read = read_workflow_text("release.yml", before, {".github/actions/publish": OWN})
    found = gate(read, action=action_value("0.1.0", COMMIT), pins=PINS, project=project)
    assert isinstance(found, Gate), found
    assert is_the_same_but_for(before, found)
    return found.text


@pytest.mark.parametrize("name", [*GATED, *WITHOUT])
def test_a_workflow_is_read_as_it_stands(name: str) -> None:
    real, plain = read_workflow_text("a.yml", shape(name)), read_shape("a.yml", shape(name))
    assert [job.name for job in real.jobs] == [job.name for job in plain.jobs]
    for one, other in zip(real.jobs, plain.jobs, strict=True):
        assert (one.line, one.needs, one.needs_at, one.matrix) == (
            other.line,
            other.needs,
            other.needs_at,
            other.matrix,
        )
        assert [step.line for step in one.steps] == [step.line for step in other.steps]


def test_the_workflows_are_clean_before_and_after(tmp_path: Path) -> None:
    for folder, change in (("before", shape), ("after", with_gate)):
        together = tmp_path / folder / ".github" / "workflows"
        together.mkdir(parents=True)
        for name in GATED:
            if name not in COMPLAINED_OF:
                (together / f"{name}.yml").write_text(change(name))
        assert complaints(tmp_path / folder) == ""


@pytest.mark.parametrize("name", GATED)
def test_no_line_of_the_author_is_lost(name: str) -> None:
    before, after = shape(name).splitlines(), with_gate(name).splitlines()
    changed = [line for line in before if line not in after]
    assert all("needs:" in line for line in changed), changed


@pytest.mark.parametrize("text", ["", "a: [", "jobs: 1\n", "jobs: {a: {steps: []}}\n", "- a\n", "a: &x *x\n"])
def test_what_is_no_workflow_has_no_jobs(text: str) -> None:
    assert read_workflow_text("a.yml", text).jobs == ()


def test_aliases_that_stand_for_billions_are_not_written_out() -> None:
    lines = ["a0: &a0 [0, 0]", *(f"a{level}: &a{level} [*a{level - 1}, *a{level - 1}]" for level in range(1, 40))]
    assert read_workflow_text("a.yml", "\n".join([PLAIN, *lines])).jobs == ()


_HEAD = "on: push\njobs:\n"
_BUILD = """\
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: python -m build
      - uses: actions/upload-artifact@v4
        with: {name: built, path: dist}
"""
_PUBLISH = """\
  publish:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - uses: actions/download-artifact@v4
        with:
          name: built
          path: dist
      - uses: pypa/gh-action-pypi-publish@v1
"""
_FLOW = "{uses: actions/download-artifact@v4, with: {name: built, path: dist}}"
_STEP = "      - uses: pypa/gh-action-pypi-publish@v1\n"
PLAIN = _HEAD + _BUILD + _PUBLISH
WRITTEN = {
    "byte-order-mark": "\ufeff" + PLAIN,
    "document-start": "---\n# first\n" + PLAIN,
    "windows": PLAIN.replace("\n", "\r\n"),
    "quoted-keys": PLAIN.replace("on:", '"on":', 1).replace("  publish:", "  'publish':").replace("needs:", "'needs':"),
    "no-last-line-end": PLAIN.rstrip(),
    "needs-last": PLAIN.replace("    needs: build\n", "") + "    needs:\n      - build",
    "tab-before-comment": PLAIN.replace("needs: build", "needs: build\t# it\tis"),
    "block-list-with-comments": PLAIN.replace("needs: build", "needs:\n      - build # wheels\n      # - sdist"),
    "list-on-the-next-line": PLAIN.replace("needs: build", "needs:\n      [build]"),
    "alias": PLAIN.replace("jobs:\n", "jobs:\n  x:\n    needs: &n [build]\n    runs-on: a\n").replace(
        "needs: build", "needs: *n"
    ),
    "merge-key": "x: &x\n  needs: build\n" + PLAIN.replace("    needs: build", "    <<: *x"),
    "steps-alias": PLAIN.replace("  publish:", "  publish-1:").replace(
        "    steps:\n      - uses: actions/d", "    steps: &s\n      - uses: actions/d"
    )
    + "  publish-2:\n    needs: build\n    runs-on: a\n    steps: *s\n",
    "flow-steps": _HEAD
    + _BUILD
    + f"  publish:\n    needs: [build]\n    runs-on: a\n    steps: [{_FLOW}, {{run: uv publish}}]\n",
    "flow-job": _HEAD + _BUILD + f"  publish: {{needs: build, runs-on: a, steps: [{_FLOW}, {{run: uv publish}}]}}\n",
    "flow-job-over-lines": _HEAD
    + _BUILD
    + f"  publish: {{\n    runs-on: a,\n    needs: [build],\n    steps: [{_FLOW}, {{run: uv publish}}]\n  }}\n",
    "four-spaces": re.sub(
        "^ +", lambda match: " " * {2: 4, 4: 8, 6: 12, 8: 14, 10: 18}[len(match[0])], PLAIN, flags=re.MULTILINE
    ),
    "publish-first": _HEAD + _PUBLISH + _BUILD,
    "always": PLAIN.replace(
        "    needs: build\n", "    needs: build\n    if: ${{ always() && needs.build.result == 'success' }} # !\n"
    ),
    "always-over-lines": PLAIN.replace(
        "    needs: build\n", "    needs: build\n    if: |\n      a\n\n      || always()\n"
    ),
    "always-folded": PLAIN.replace(
        "    needs: build\n", "    if: >-\n      ${{\n      always()\n      }}\n\n    # why\n    needs: build\n"
    ),
    "upper-case": PLAIN.replace("actions/download-artifact", "Actions/Download-Artifact"),
    "condition-over-lines": PLAIN.replace(
        "    needs: build\n",
        "    needs: build\n    if: >-\n      github.event_name == 'push' &&\n      github.ref_type == 'tag'\n",
    ),
    "matrix-of-text": PLAIN.replace(
        "    runs-on", "    strategy:\n      matrix: ${{ fromJSON(inputs.m) }}\n    runs-on", 1
    ),
    "name-of-an-expression": PLAIN.replace("name: built\n", "name: ${{ steps.x.outputs.y }}\n"),
    "twine": PLAIN.replace(
        _STEP,
        "      - run: |\n          pip install twine\n          python -m twine upload --skip-existing dist/*.whl\n",
    ),
    "uvx-twine": PLAIN.replace(_STEP, "      - run: uvx twine upload dist/*\n"),
    "uv": PLAIN.replace(_STEP, "      - run: uv publish 'dist/*'\n"),
    "hatch": PLAIN.replace(_STEP, "      - run: pipx run hatch publish -u __token__\n"),
    "maturin-by-hand": PLAIN.replace(_STEP, "      - run: maturin upload --skip-existing dist/*\n"),
    "script": PLAIN.replace(_STEP, "      - run: ./build.sh publish\n").replace(
        "needs: build", "needs: build\n    environment: {name: pypi}"
    ),
    "own-action": PLAIN.replace(_STEP, "      - uses: ./.github/actions/publish\n"),
    "own-action-that-downloads": _HEAD
    + _BUILD
    + "  publish:\n    needs: build\n    runs-on: a\n    steps:\n      - uses: ./.github/actions/publish/\n",
    "maturin": PLAIN.replace(
        _STEP,
        "      - uses: PyO3/maturin-action@v1\n        with:\n          command: upload\n          args: dist/*\n",
    ),
    "one-job": _HEAD
    + "  all:\n    runs-on: a\n    steps:\n    - run: python -m build\n\n    # out\n    - run: twine upload dist/*\n",
    "one-job-flow": _HEAD
    + "  all:\n    runs-on: a\n    steps: [{run: python -m build}, {if: \"a == 'b'\", run: twine upload dist/*}]\n",
}
NO_PLACE = {
    "duplicate-jobs": (_HEAD + _BUILD + _PUBLISH + _PUBLISH, "cannot be read"),
    "all-in-flow-style": ("jobs: {all: {steps: [{run: python -m build}, {run: uv publish}]}}\n", "cannot be read"),
    "anchor-that-others-use": (
        PLAIN.replace("needs: build", "needs: &n [build]") + "  last:\n    needs: *n\n    runs-on: a\n    steps: []\n",
        "in this layout",
    ),
    "builds-and-publishes-at-once": (
        _HEAD + "  all:\n    steps:\n      - run: poetry publish --build\n",
        "in one step",
    ),
    "elsewhere": (_HEAD + "  all:\n    uses: a/b/.github/workflows/publish.yml@v1\n", "of another repository"),
}


def test_the_inputs_of_an_own_action_are_filled_in() -> None:
    own = (
        "inputs:\n  name: {required: true}\n  folder: {default: out}\n  odd:\nruns:\n  steps:\n"
        "    - uses: ./.github/actions/fetch\n      with: {named: '${{ inputs.name }}', into: '${{inputs.folder}}'}\n"
        "    - run: twine upload ${{ inputs.folder }}/*\n      env: {TWINE_REPOSITORY: '${{ inputs.odd }}'}\n"
    )
    fetch = (
        "runs:\n  steps:\n    - uses: actions/download-artifact@v4\n"
        "      with: {name: '${{ inputs.named }}', path: '${{ inputs.into }}'}\n"
    )
    publish = "  publish:\n    needs: build\n    steps:\n      - uses: ./.github/actions/publish\n"
    text = f"{_HEAD}{_BUILD}{publish}        with: {{name: built}}\n"
    read = read_workflow_text("a.yml", text, {".github/actions/publish": own, ".github/actions/fetch": fetch})
    found = gate(read, action=action_value("0.1.0", COMMIT), pins=PINS)
    assert isinstance(found, Gate), found
    assert is_the_same_but_for(text, found)
    assert "          name: built\n          path: out\n" in found.text
    assert "          dist: out\n" in found.text


def test_a_step_in_each_of_several_jobs_is_all_that_changes() -> None:
    other = _PUBLISH.replace("  publish:", "  other:")
    text = (
        _HEAD
        + _BUILD
        + "".join(
            job.replace("    runs-on", f"    environment: {{name: a, url: https://example.org/p/{name}}}\n    runs-on")
            for name, job in (("a", _PUBLISH), ("b", other))
        )
    )
    found = gate(read_workflow_text("a.yml", text), action=action_value("0.1.0", COMMIT), pins=PINS)
    assert isinstance(found, Gate), found
    assert (found.job, len(found.before)) == ("", 2)
    assert is_the_same_but_for(text, found)
    assert not is_the_same_but_for(text, replace(found, text=found.text.replace("mode: verify", "mode: build", 1)))


@pytest.mark.parametrize("name", WRITTEN)
def test_it_is_put_into_yaml_of_any_style(name: str) -> None:
    text = with_gate("", WRITTEN[name])
    assert text.count("mode: verify") == 1
    assert text.endswith("\n") is WRITTEN[name].endswith("\n")
    assert (text.count("\r\n") == text.count("\n")) is ("\r" in WRITTEN[name])
    again = gate(read_workflow_text("a.yml", text), action=action_value("0.1.0", COMMIT), pins=PINS)
    assert again is None


@pytest.mark.parametrize("name", NO_PLACE)
def test_where_it_has_no_place_init_says_why(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = tree("setuptools-src", tmp_path)
    folder = project / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "wheels.yml").write_text(NO_PLACE[name][0])
    assert init(project, "--dry-run", "--adopt", "gate") == 2
    assert NO_PLACE[name][1] in capsys.readouterr().err
    assert init(project, "--dry-run") == 0
    [told] = [line for line in capsys.readouterr().err.splitlines() if NO_PLACE[name][1] in line]
    assert told.startswith("note: .github/workflows/wheels.yml: ")


class TestCommand:
    @pytest.fixture
    def project(self, tmp_path: Path) -> Path:
        project = tree("setuptools-src", tmp_path)
        folder = project / ".github" / "workflows"
        folder.mkdir(parents=True)
        (folder / "wheels.yml").write_text(shape("cibuildwheel-matrix"))
        return project

    def test_it_is_the_first_choice_and_changes_nothing_else(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = (project / "pyproject.toml").read_bytes()
        assert init(project, "--check") == 1
        assert init(project, "--yes") == 0
        assert "mode: verify" in (project / ".github/workflows/wheels.yml").read_text()
        assert (project / "pyproject.toml").read_bytes() == before
        assert [path.name for path in (project / ".github/workflows").iterdir()] == ["wheels.yml"]
        capsys.readouterr()
        assert init(project, "--check") == 0
        assert capsys.readouterr().out == "nothing to change\n"

    def test_the_documentation_shows_this_output(self, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
        text = (ROOT / "docs" / "init.md").read_text(encoding="utf-8")
        assert init(project, "--dry-run") == 0
        said = capsys.readouterr()
        action = action_value("0.1.0", "0123456789abcdef0123456789abcdef01234567")
        shown = re.sub(r"(ftwheel/ftwheel)@.*", rf"{action.text} # {action.comment}", said.out)
        assert f"$ ftwheel init --dry-run\n{said.err}{shown}```" in text

        pair = ("--pythons", "3.13,3.14,3.14t", "--platforms", "manylinux_2_28_x86_64,win_amd64")
        assert init(tree("setuptools-flat", project), "--dry-run", "--no-workflow", *pair) == 0
        said = capsys.readouterr()
        assert f"{said.err}{said.out}```" in text

    def test_an_option_that_asks_for_more_gets_more(self, project: Path) -> None:
        assert init(project, "--yes", "--adopt", "backend") == 0
        assert "ftwheel_build" in (project / "pyproject.toml").read_text()
        assert "mode: verify" not in (project / ".github/workflows/wheels.yml").read_text()

    def test_what_the_workflow_selects_is_told_where_it_stays(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        workflow = project / ".github/workflows/wheels.yml"
        workflow.write_text(workflow.read_text().replace("jobs:", "env:\n  CIBW_SKIP: '*musllinux*'\njobs:", 1))
        assert init(project, "--dry-run", "--adopt", "backend") == 0
        assert ".github/workflows/wheels.yml sets CIBW_SKIP, which init does not read" in capsys.readouterr().err

    def test_after_the_gate_comes_more_when_it_is_asked_for(self, project: Path) -> None:
        assert init(project, "--yes") == 0
        assert init(project, "--yes", "--adopt", "release") == 0
        assert (project / ".github/workflows/release.yml").is_file()

    def test_a_project_that_adopted_both_wants_no_second_workflow(self, project: Path) -> None:
        assert init(project, "--yes") == 0
        assert init(project, "--yes", "--adopt", "backend") == 0
        assert init(project, "--check") == 0

    @pytest.mark.parametrize(
        "options",
        [
            ("gate", "--pythons", "3.14"),
            ("gate", "--no-workflow"),
            ("gate", "--gil", "allow-used"),
            ("backend", "--workflow", "missing"),
        ],
    )
    def test_options_about_more_than_is_adopted_are_refused(
        self, options: tuple[str, ...], project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert init(project, "--yes", "--adopt", *options) == 2
        assert f"--adopt {options[0]}" in capsys.readouterr().err

    def test_it_cannot_be_asked_for_where_nothing_publishes(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert init(tree("setuptools-src", tmp_path), "--yes", "--adopt", "gate") == 2
        assert "no workflow in the repository" in capsys.readouterr().err

    def test_a_project_below_the_top_is_named(self, tmp_path: Path) -> None:
        project = tree("setuptools-src", tmp_path / "python")
        shutil.rmtree(project / ".git")
        subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
        folder = tmp_path / ".github" / "workflows"
        folder.mkdir(parents=True)
        place = "python/setuptools-src"
        (folder / "one.yml").write_text(shape("sub-folder").replace("python/core", place))
        (folder / "other.yml").write_text(shape("uv-publish"))
        assert init(project, "--yes") == 0
        assert f"project: {place}\n" in (folder / "one.yml").read_text()
        assert (folder / "other.yml").read_text() == shape("uv-publish")


def with_files(project: Path, **texts: str) -> Path:
    """The project with these texts in files, by their paths."""
    for path, text in texts.items():
        file = project / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return project


class TestActionsOfTheRepository:
    WORKFLOW = ".github/workflows/a.yaml"

    @pytest.mark.parametrize(
        ("named", "path"),
        [
            ("./.github/actions/publish/", ".github/actions/publish/action.yaml"),
            ("./tools/my-action", "tools/my-action/action.yml"),
            ("'./ci'", "ci/action.yml"),
            ("./checked-out/ci/publish", "ci/publish/action.yml"),
        ],
    )
    def test_those_that_a_workflow_uses_are_read(self, named: str, path: str, tmp_path: Path) -> None:
        text = WRITTEN["own-action"].replace("./.github/actions/publish", named)
        project = with_files(tree("setuptools-src", tmp_path), **{self.WORKFLOW: text, path: OWN})
        assert init(project, "--yes") == 0
        assert "mode: verify" in (project / self.WORKFLOW).read_text()
        assert (project / path).read_text() == OWN

    def test_with_those_that_they_use_themselves(self, tmp_path: Path) -> None:
        outer = "runs:\n  using: composite\n  steps:\n    - uses: ./b\n    - uses: ./a\n"
        text = WRITTEN["own-action"].replace("./.github/actions/publish", "./a")
        files = {self.WORKFLOW: text, "a/action.yml": outer, "b/action.yml": OWN}
        project = with_files(tree("setuptools-src", tmp_path), **files)
        assert init(project, "--yes") == 0
        assert "mode: verify" in (project / self.WORKFLOW).read_text()

    def test_one_that_builds_gives_the_names_of_its_artifacts(self, tmp_path: Path) -> None:
        build = (
            "runs:\n  using: composite\n  steps:\n    - run: python -m build\n      shell: bash\n"
            "    - uses: actions/upload-artifact@v7\n      with:\n        name: dist-${{ inputs.os }}\n"
        )
        text = (
            "on: push\njobs:\n  build:\n    runs-on: a\n    steps:\n      - uses: ./build\n"
            "  publish:\n    needs: build\n    runs-on: a\n    steps:\n      - uses: ./publish\n"
        )
        files = {self.WORKFLOW: text, "build/action.yml": build, "publish/action.yml": OWN}
        project = with_files(tree("setuptools-src", tmp_path), **files)
        assert init(project, "--yes") == 0
        assert "pattern: dist-*" in (project / self.WORKFLOW).read_text()

    @pytest.mark.parametrize(
        "other", ["runs: {using: node20, main: index.js}\n", "a: [", "- a\n", "runs: {steps: 1}\n"]
    )
    def test_what_is_no_composite_action_has_no_steps(self, other: str, tmp_path: Path) -> None:
        files = {self.WORKFLOW: WRITTEN["own-action"], ".github/actions/publish/action.yml": other}
        assert init(with_files(tree("setuptools-src", tmp_path), **files), "--dry-run", "--adopt", "gate") == 2

    def test_none_outside_the_repository_is(self, tmp_path: Path) -> None:
        text = WRITTEN["own-action"].replace("./.github/actions/publish/", "./../outside")
        project = with_files(tree("setuptools-src", tmp_path), **{self.WORKFLOW: text, "../outside/action.yml": OWN})
        assert init(project, "--dry-run", "--adopt", "gate") == 2


class TestPartsOfARelease:
    def test_workflows_that_each_publish_a_part_get_none(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        files = {f".github/workflows/{name}.yml": PLAIN for name in ("linux", "macos")}
        project = with_files(tree("setuptools-src", tmp_path), **files)
        assert init(project, "--dry-run", "--adopt", "gate") == 2
        said = capsys.readouterr().err
        assert ".github/workflows/linux.yml: publishes a part of the release, and .github/workflows/macos.yml" in said

    @pytest.mark.parametrize(
        "other",
        [
            "on:\n  schedule: [{cron: '1 1 * * *'}]",
            "on: {push: {branches: [main], paths: [src]}}",
            "on: [workflow_dispatch]",
            "on:",
        ],
    )
    def test_those_that_other_events_start_get_it(self, other: str, tmp_path: Path) -> None:
        files = {"release": PLAIN, "nightly": PLAIN.replace("on: push", other)}
        project = with_files(
            tree("setuptools-src", tmp_path), **{f".github/workflows/{name}.yml": text for name, text in files.items()}
        )
        assert init(project, "--yes", "--adopt", "gate") == 0
        for name in files:
            assert "mode: verify" in (project / f".github/workflows/{name}.yml").read_text()


def test_how_the_action_is_named_is_a_value() -> None:
    found = gate(read_workflow_text("a.yml", shape("one-job")), action=Value(text="a/b@v1", comment="why"), pins=PINS)
    assert isinstance(found, Gate)
    assert "- uses: a/b@v1 # why\n" in found.text


def test_the_job_that_the_documentation_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = tree("setuptools-flat", tmp_path)
    workflow = project / ".github" / "workflows" / "wheels.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(shape("cibuildwheel-matrix"))
    assert init(project, "--dry-run") == 0
    out, err = capsys.readouterr()
    documented("init.md", "ftwheel init --dry-run\n", err + out)
