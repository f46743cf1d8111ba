"""The gate that ``ftwheel init`` puts into a workflow, run by the real act: a missing wheel stops the upload."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ftwheel.core.project.gate import Gate, gate
from ftwheel.core.project.templates import Value, pins
from ftwheel.io.project import templates
from ftwheel.io.project.workflow_yaml import is_the_same_but_for, read_workflow_text
from support.act import ActRun, act, commit_all
from support.server import IndexServer, Reply, serve
from support.wheels import make_wheel

pytestmark = [pytest.mark.e2e, pytest.mark.action]
OWNER = "someone/ftwheel"
CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1"
UPLOAD = "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f"
DOWNLOAD = "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c"
CONFIGURED = (
    '[project]\nname = "demo-pkg"\n[tool.ftwheel]\npythons = ["3.14", "3.14t"]\nplatforms = ["win_amd64"]\n'
    'gil = "allow-used"\n'
)
_HEAD = "on: push\njobs:\n"
_BUILD = f"""\
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: {CHECKOUT}
      - run: "true # python -m build"
      - uses: {UPLOAD}
        with:
          name: built-here
          path: made/*.whl
"""
_PUBLISH = """\
  # the upload
  publish:
    needs: build
    runs-on: ubuntu-latest
    steps:
{steps}      - id: upload
        run: "true # twine upload dist/*"
"""
_DOWNLOADED = f"      - uses: {DOWNLOAD}\n        with:\n          pattern: built-*\n          path: dist\n"
_BY_SCRIPT = '      - run: "true # fetches what was built"\n'
SHAPES = {
    "download": _HEAD + _BUILD + _PUBLISH.format(steps=_DOWNLOADED),
    "script": _HEAD + _BUILD + _PUBLISH.format(steps=_BY_SCRIPT),
    "one-job": _HEAD
    + f"""\
  publish:
    runs-on: ubuntu-latest
    steps:
      - uses: {CHECKOUT}
      - run: "cp -r made dist # python -m build"
      - id: upload
        run: "true # twine upload dist/*"
""",
}


@pytest.fixture
def index() -> Iterator[IndexServer]:
    """An index on the loopback whose project has no file yet."""
    page = {"meta": {"api-version": "1.1"}, "name": "demo-pkg", "versions": [], "files": []}
    with serve() as server:
        server.routes["/simple/demo-pkg/"] = Reply(body=json.dumps(page).encode())
        yield server


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("abis", [("cp314", "cp314t"), ("cp314",)], ids=["pair", "one wheel"])
def test_only_a_pair_is_published(
    shape: str, abis: tuple[str, ...], index: IndexServer, tmp_path: Path, shared: Path
) -> None:
    wheels = [f"demo_pkg-1.0-cp314-{abi}-win_amd64.whl" for abi in abis]
    run = gated(SHAPES[shape], wheels, CONFIGURED, index=index, tmp_path=tmp_path, shared=shared)
    assert run.results("upload") == (["success"] if len(abis) == 2 else []), run.story
    assert ("FTV104" in {error.title for error in run.errors}) is (len(abis) == 1)


def test_without_a_configuration_the_last_release_says_what_has_to_be_there(
    index: IndexServer, tmp_path: Path, shared: Path
) -> None:
    """A whole platform is missing: a job did not run, or its artifact has another name than the download wants."""
    pair = [f"demo_pkg-{{}}-cp314-{abi}-{{}}.whl" for abi in ("cp314", "cp314t")]
    before = [name.format("0.9", platform) for name in pair for platform in ("win_amd64", "win_arm64")]
    files = [{"filename": name, "url": f"/files/{name}", "hashes": {}} for name in before]
    page = {"meta": {"api-version": "1.1"}, "name": "demo-pkg", "versions": ["0.9"], "files": files}
    index.routes["/simple/demo-pkg/"] = Reply(body=json.dumps(page).encode())
    own = CONFIGURED.replace('pythons = ["3.14", "3.14t"]\nplatforms = ["win_amd64"]\n', "")
    wheels = [name.format("1.0", "win_amd64") for name in pair]
    run = gated(SHAPES["download"], wheels, own, index=index, tmp_path=tmp_path, shared=shared)
    assert run.results("upload") == [], run.story
    assert {error.title for error in run.errors} >= {"FTV103"}, run.story
    assert "the previous release had a wheel for the default 3.14 on win_arm64" in run.log


def gated(
    before: str, wheels: list[str], pyproject: str, *, index: IndexServer, tmp_path: Path, shared: Path
) -> ActRun:
    """Run a workflow with the gate in it, whose build gives these wheels."""
    project = tmp_path / "project"
    for name in wheels:
        make_wheel(project / "made", name, files={"demo/__init__.py": ""})
    (project / "pyproject.toml").write_text(pyproject)
    pinned = pins(templates.read("workflows/release.yml"))
    made = gate(read_workflow_text("w.yml", before), action=Value(text=f"{OWNER}@v1"), pins=pinned)
    assert isinstance(made, Gate)
    assert is_the_same_but_for(before, made)
    workflow = project / ".github" / "workflows" / "w.yml"
    workflow.parent.mkdir(parents=True)
    arguments = json.dumps(f"--index-url\n{index.url}/simple/")
    workflow.write_text(made.text.replace("mode: verify\n", f"mode: verify\n          arguments: {arguments}\n"))
    home = tmp_path / "home"
    home.mkdir()
    return act(commit_all(project), ".github/workflows/w.yml", home=home, own=OWNER, kept=shared / "caches")
