"""Projects adopted, built and verified, as docs/walkthrough.md does it with a public C project."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

import pytest

from ftwheel.io.system.interpreters import probe
from support.adopting import adapt, init, machine, tree
from support.commands import Done, ftwheel
from support.documents import documented

PROJECT = "markupsafe==3.0.4"


@pytest.mark.e2e
@pytest.mark.network
def test_from_a_source_distribution_to_a_verified_pair(tmp_path: Path, default_python: str, free_threaded_python: str):
    download = ["download", "--quiet", "--no-deps", "--no-binary", ":all:", PROJECT]
    subprocess.run([default_python, "-m", "pip", *download], cwd=tmp_path, check=True)
    [sdist] = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    project = tmp_path / sdist.name.removesuffix(".tar.gz")
    pair = f"{default_python},{free_threaded_python}"
    pythons = ",".join(probe(python).label for python in (default_python, free_threaded_python))

    def run(*arguments: str) -> Done:
        done = ftwheel(*arguments, cwd=project)
        assert done.code == 0, done.out + done.err
        return done

    before = (project / "pyproject.toml").read_text()
    asked = ("--pythons", pythons, "--platforms", "manylinux_2_28_x86_64", "--free-threading", "stable")
    adopted = run("init", "--yes", *asked)
    documented("walkthrough.md", "ftwheel init --yes", adopted.err + adopted.out)
    after = (project / "pyproject.toml").read_text()
    assert {*before.splitlines()} - {*after.splitlines()} == {'requires = ["setuptools>=77"]'}
    documented("walkthrough.md", "ftwheel build", run("build", "--python", pair).out)
    documented("walkthrough.md", "ftwheel check", run("check", "dist").out)
    installers = ["--against-installers", "--python", default_python, "--python", free_threaded_python]
    verified = run("verify", "--local", "dist", *installers).out
    documented("walkthrough.md", "ftwheel verify --local dist", verified)
    documented("walkthrough.md", "ftwheel init --check", run("init", "--check").out)
    # with what init proposes by itself, for many more machines, the same pair passes too
    (project / "pyproject.toml").write_text(before)
    (project / ".github" / "workflows" / "release.yml").unlink()
    assert "ftwheel verify --local dist/" in run("init", "--yes").out
    run("verify", "--local", "dist/")


@pytest.mark.e2e
@pytest.mark.network
@pytest.mark.parametrize("name", ["setuptools-src", "meson-init", "maturin-new"])
def test_what_init_proposes_builds_and_passes_the_gate(
    name: str, tmp_path: Path, default_python: str, free_threaded_python: str
):
    """With nothing in pyproject.toml but what init wrote; one wheel less and the gate is closed."""
    project = tree(name, tmp_path)
    adapt(name, project)
    pair = (default_python, free_threaded_python)
    pythons = ",".join(probe(python).label for python in pair)
    assert init(project, "--yes", "--adopt", "release", "--pythons", pythons, "--platforms", machine()) == 0
    built = ftwheel("build", "--python", ",".join(pair), cwd=project)
    assert built.code == 0, built.out + built.err
    gate = ("verify", "dist", "--no-index", "--find-links", "dist", "--fail-on", "warning")
    verified = ftwheel(*gate, cwd=project)
    assert verified.code == 0, verified.out + verified.err
    next((project / "dist").glob(f"*-{probe(free_threaded_python).abi_tag}-*.whl")).unlink()
    assert ftwheel(*gate, cwd=project).code == 1
