"""The wrapper inside the real cibuildwheel, in a container: both wheels built, repaired, tested, and then checked."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
import zipapp
from collections.abc import Callable
from operator import itemgetter
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from ftwheel.core.build.cibuildwheel.identifiers import CibuildwheelSeries
from ftwheel.io.build.cibuildwheel import installed
from ftwheel.io.system.interpreters import probe
from ftwheel.io.system.processes import ProcessGroup
from support.act import act, commit_all
from support.commands import ftwheel, ftwheel_environ

pytestmark = pytest.mark.container
ROOT = Path(__file__).resolve().parents[2]
NEEDS = ["build", "ftwheel-build", "packaging", "pip", "pytest>=8", "virtualenv", "wheel"]


@pytest.fixture(scope="session")
def image() -> dict[str, str]:
    done = subprocess.run([sys.executable, ROOT / "tools" / "manylinux_image.py"], stdout=subprocess.PIPE, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="session")
def pair(default_python: str, free_threaded_python: str) -> tuple[str, str]:
    return default_python, free_threaded_python


@pytest.fixture
def podman(tmp_path: Path, image: dict[str, str], pair: tuple[str, str]) -> Callable[..., dict[str, str]]:
    """Makes the variables for a build in the image without a network, given what the project requires."""

    def variables(*requires: str) -> dict[str, str]:
        wheels = tmp_path / "wheels"
        for python in pair:
            subprocess.run(
                [python, "-m", "pip", "download", "--quiet", "--dest", wheels, *NEEDS, *requires], check=True
            )
        return {
            **ftwheel_environ(),
            "CIBW_CONTAINER_ENGINE": "podman",
            "CIBW_DEPENDENCY_VERSIONS": "latest",
            "CIBW_ENVIRONMENT_LINUX": f"PIP_NO_INDEX=1 PIP_FIND_LINKS=/host{wheels}",
            "CIBW_MANYLINUX_X86_64_IMAGE": image["image"],
            "CIBW_TEST_COMMAND": "pytest {project}/tests",
            "CIBW_TEST_REQUIRES": "pytest",
            "CONTAINERS_CONF": image["containers_conf"],
        }

    return variables


@pytest.mark.parametrize(
    ("name", "requires"),
    [
        pytest.param("setuptools-c", ["setuptools>=77"], marks=pytest.mark.short),
        ("setuptools-cython", ["setuptools>=77", "cython>=3.1"]),
        ("bundled-library", ["scikit-build-core>=0.11", "cmake", "ninja"]),
    ],
)
def test_a_pair_comes_out_right(
    tmp_path: Path, podman: Callable[..., dict[str, str]], pair: tuple[str, str], name: str, requires: list[str]
) -> None:
    """cibuildwheel 3.4 builds, repairs and tests both wheels; ftwheel imports, compares and judges them."""
    default = probe(pair[0])
    arguments = ["--driver", "cibuildwheel", "--python", default.label, "--platforms", "manylinux_x86_64"]
    out = tmp_path / "out"
    done = ftwheel(
        "build", ROOT / "examples" / name, *arguments, "--format", "json", "-o", out, environ=podman(*requires)
    )
    assert done.code == 0, done.out + done.err
    result = done.json
    assert result["passed"]
    assert result["findings"] == []
    wheels = sorted(result["wheels"], key=itemgetter("filename"))
    assert sorted(path.name for path in out.iterdir()) == [wheel["filename"] for wheel in wheels]
    abi = default.abi_tag
    assert [wheel["filename"].split("-")[2:4] for wheel in wheels] == [[abi, abi], [abi, f"{abi}t"]]
    for wheel, gil in zip(wheels, (True, False), strict=True):
        assert "manylinux" in wheel["tags"]
        assert wheel["repair"]["tool"].startswith("cibuildwheel 3.")
        assert wheel["modules"]
        assert [(each["outcome"], each["gil_after"]) for each in wheel["imports"]] == [
            ("loaded", gil) for _ in wheel["modules"]
        ]


def test_the_gitlab_job_builds_with_the_backend_that_came_with_ftwheel(
    tmp_path: Path, podman: Callable[..., dict[str, str]], pair: tuple[str, str]
) -> None:
    """No index has ``ftwheel-build``, and the container finds it."""
    variables = podman("setuptools>=77")
    for wheel in (tmp_path / "wheels").glob("ftwheel_build-*"):
        wheel.unlink()
    project = tmp_path / "project"
    shutil.copytree(ROOT / "tests" / "projects" / "setuptools-src", project)
    label = probe(pair[0]).label
    with (project / "pyproject.toml").open("a", encoding="utf-8") as stream:
        stream.write(f'[tool.cibuildwheel.linux]\nenvironment = "{variables.pop("CIBW_ENVIRONMENT_LINUX")}"\n')
    wanted = ["--pythons", f"{label},{label}t", "--platforms", "manylinux_x86_64", "--adopt", "backend"]
    assert ftwheel("init", project, "--yes", *wanted, environ=variables).code == 0
    template = YAML(typ="safe").load((ROOT / "templates" / "gitlab" / "release.yml").read_text(encoding="utf-8"))
    [line] = [line for line in template["linux"]["script"] if "ftwheel build" in line]
    (project / "digests").mkdir()
    done = ftwheel(*shlex.split(line)[1:], cwd=project, environ=variables | {"CIBW_TEST_COMMAND": ""})
    assert done.code == 0, done.out + done.err
    assert len(list((project / "dist").glob("*.whl"))) == 2
    assert len((project / "digests" / "linux.sha256").read_text(encoding="utf-8").splitlines()) == 2


@pytest.fixture
def virtualenv(tmp_path: Path, pair: tuple[str, str]) -> dict[str, str]:
    """The variables that let cibuildwheel 4.x find the virtualenv of its audit, which it gets from GitHub otherwise."""
    facts = "import cibuildwheel.util.resources as r; print(r.VIRTUALENV.read_text())"
    python = installed(CibuildwheelSeries.FOUR, ProcessGroup(), tmp_path / "install.log")
    table = subprocess.run([python, "-c", facts], capture_output=True, text=True, check=True).stdout
    version = tomllib.loads(table)["default"]["version"]
    library, cache = tmp_path / "library", tmp_path / "cache"
    subprocess.run([pair[0], "-m", "pip", "install", "--quiet", "--target", library, "virtualenv"], check=True)
    app = tmp_path / "app"
    app.mkdir()
    (app / "__main__.py").write_text(
        f"import sys\nsys.path.insert(0, {os.fspath(library)!r})\n"
        "from virtualenv.__main__ import run_with_catch\nrun_with_catch()\n"
    )
    cache.mkdir()
    zipapp.create_archive(app, cache / f"virtualenv-{version}.pyz")
    return {"CIBW_CACHE_PATH": os.fspath(cache)}


def test_default_wheels_come_out_of_4x_which_has_ftwheel_audit_them(
    tmp_path: Path, podman: Callable[..., dict[str, str]], pair: tuple[str, str], virtualenv: dict[str, str]
) -> None:
    label = probe(pair[0]).label
    arguments = ["--driver", "cibuildwheel", "--python", f"{label}+gil", "--platforms", "manylinux_x86_64", "-v"]
    project = ROOT / "examples" / "setuptools-c"
    done = ftwheel("build", project, *arguments, "-o", tmp_path / "out", environ=podman("setuptools>=77") | virtualenv)
    assert done.code == 0, done.out + done.err
    assert "by cibuildwheel 4." in done.out
    assert "-m ftwheel check" in done.err
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_a_wheel_that_the_audit_refuses_ends_the_build(
    tmp_path: Path, podman: Callable[..., dict[str, str]], pair: tuple[str, str], virtualenv: dict[str, str]
) -> None:
    default = probe(pair[0])
    renamed = f"histogram_setuptools_c-1.0-{default.abi_tag}-{default.abi_tag}-manylinux_2_28_x86_64.whl"
    variables = (
        podman("setuptools>=77") | virtualenv | {"CIBW_REPAIR_WHEEL_COMMAND": f"cp {{wheel}} {{dest_dir}}/{renamed}"}
    )
    arguments = ["--driver", "cibuildwheel", "--python", f"{default.label}+gil", "--platforms", "manylinux_x86_64"]
    done = ftwheel("build", ROOT / "examples" / "setuptools-c", *arguments, "-o", tmp_path / "out", environ=variables)
    assert done.code == 1, done.out + done.err
    assert "the audit of the finished wheel found errors" in done.err
    assert "FTW201" in done.err
    assert not (tmp_path / "out").exists()


def containers(env: dict[str, str]) -> set[str]:
    listed = subprocess.run(["podman", "ps", "--all", "--quiet"], env=env, capture_output=True, text=True, check=True)
    return set(listed.stdout.split())


def test_an_interruption_leaves_no_container(
    tmp_path: Path, podman: Callable[..., dict[str, str]], pair: tuple[str, str]
) -> None:
    variables = podman("setuptools>=77") | {"CIBW_TEST_COMMAND": "sleep 300"}
    before = containers(variables)
    arguments = ["--driver", "cibuildwheel", "--python", f"{probe(pair[0]).label}t", "--platforms", "manylinux_x86_64"]
    command = [sys.executable, "-m", "ftwheel", "build", str(ROOT / "examples" / "setuptools-c"), *arguments]
    with subprocess.Popen(
        [*command, "-o", tmp_path / "out"], env=variables, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "running the project's tests" in line:
                break
        assert containers(variables) > before
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr.read().splitlines()[-1] == "ftwheel: interrupted"
    assert containers(variables) == before
    assert not (tmp_path / "out").exists()


def test_a_container_that_cannot_start_is_found_before_the_build(
    tmp_path: Path, image: dict[str, str], pair: tuple[str, str]
) -> None:
    """cibuildwheel 3.4.1 waits for ever for such a one."""
    wrong = tmp_path / "containers.conf"
    wrong.write_text('[engine]\nruntime = "wrong"\n[engine.runtimes]\nwrong = ["/bin/false"]\n')
    variables = ftwheel_environ() | {
        "CIBW_CONTAINER_ENGINE": "podman",
        "CIBW_MANYLINUX_X86_64_IMAGE": image["image"],
        "CONTAINERS_CONF": os.fspath(wrong),
    }
    arguments = ["--driver", "cibuildwheel", "--python", probe(pair[0]).label, "--platforms", "manylinux_x86_64"]
    done = ftwheel("build", ROOT / "examples" / "setuptools-c", *arguments, "-o", tmp_path / "out", environ=variables)
    assert done.code == 7, done.out + done.err
    assert "podman run failed" in done.err
    assert "hint: try: podman run" in done.err


PLANNED = """\
on: push
jobs:
  plan:
    runs-on: ubuntu-latest
    outputs:
      matrix: ${{ steps.plan.outputs.matrix }}
    steps:
      - uses: actions/checkout@v7
      - id: plan
        uses: someone/ftwheel@v1
        with:
          mode: plan
          platforms: manylinux_2_28_x86_64
          pythons: PYTHONS
  build:
    needs: plan
    runs-on: ${{ matrix.runner }}
    strategy:
      matrix: ${{ fromJSON(needs.plan.outputs.matrix) }}
    steps:
      - uses: actions/checkout@v7
      - id: build
        uses: someone/ftwheel@v1
        with:
          mode: build
"""


def test_a_planned_job_of_the_action_builds_sdist_and_pair(
    tmp_path: Path, podman: Callable[..., dict[str, str]], pair: tuple[str, str]
) -> None:
    """The Action as act runs it, with the driver that it uses unless told otherwise: the wheels come from the sdist."""
    project = shutil.copytree(ROOT / "examples" / "setuptools-c", tmp_path / "project")
    workflow = project / ".github" / "workflows" / "w.yml"
    workflow.parent.mkdir(parents=True)
    label = probe(pair[0]).label
    workflow.write_text(PLANNED.replace("PYTHONS", f"{label} {label}t"))
    variables = {name: value for name, value in podman("setuptools>=77").items() if not name.startswith("CIBW_TEST")}
    home = tmp_path / "home"
    home.mkdir()
    run = act(
        commit_all(project),
        os.fspath(workflow.relative_to(project)),
        home=home,
        own="someone/ftwheel",
        environ=variables,
    )
    assert run.code == 0, run.story
    wheels = json.loads(run.outputs("build")["wheels"])
    abi = probe(pair[0]).abi_tag
    assert [name.split("-")[2:4] for name in wheels] == [[abi, abi], [abi, f"{abi}t"]]
    kept = {path.name for path in (home / "artifacts" / "wheels-manylinux_x86_64").iterdir()}
    assert kept == {*wheels, "histogram_setuptools_c-1.0.tar.gz"}
    assert "stays off" in run.summary
