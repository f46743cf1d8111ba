"""The workflow that ``ftwheel init`` writes makes the pair: run by the real act on the project trees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ftwheel.core.project.templates import ACTION
from ftwheel.io.system.interpreters import probe
from support.act import act, commit_all
from support.adopting import TREES, UNDECLARED, adapt, init, machine, tree
from support.server import serve


@pytest.mark.e2e
@pytest.mark.action
@pytest.mark.parametrize("name", TREES)
def test_the_workflow_makes_both_wheels(
    name: str, tmp_path: Path, shared: Path, default_python: str, free_threaded_python: str
):
    project = tree(name, tmp_path)
    pythons = [probe(python).label for python in (default_python, free_threaded_python)]
    adapt(name, project)
    options = ["--gil", "allow-used"] if name in UNDECLARED else []
    assert init(project, "--yes", "--pythons", ",".join(pythons), "--platforms", machine(), *options) == 0
    [workflow] = [path for path in (project / ".github" / "workflows").iterdir() if "ftwheel init" in path.read_text()]
    with serve() as index:
        # this machine has neither the container of cibuildwheel nor a release on an index
        text = workflow.read_text().replace("mode: build", "mode: build\n          driver: local")
        text = text.replace(
            "mode: verify",
            "mode: verify\n          arguments: |\n            --index-url\n"
            f"            {index.url}\n            --new-project",
        )
        workflow.write_text(text)
        home = tmp_path / "home"
        home.mkdir()
        (home / "event.json").write_text(json.dumps({}))
        run = act(
            commit_all(project),
            str(workflow.relative_to(project)),
            home=home,
            own=ACTION,
            event="workflow_dispatch",
            kept=shared / "caches",
        )
    assert run.code == 0, run.story
    wheels = sorted(path.name.split("-")[3] for path in home.glob("artifacts/wheels-*/*.whl"))
    assert wheels == sorted(probe(python).abi_tag for python in (default_python, free_threaded_python))
    assert "expected targets get a wheel of this release" in run.summary
