"""The wrapper inside the real cibuildwheel, in a container: both halves built, repaired, tested, and then checked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ftwheel.io.interpreters import probe

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


@pytest.mark.parametrize(
    ("name", "requires"),
    [
        ("setuptools-c", ["setuptools>=77"]),
        ("setuptools-cython", ["setuptools>=77", "cython>=3.1"]),
        ("bundled-library", ["scikit-build-core>=0.11", "cmake", "ninja"]),
    ],
)
def test_a_pair_comes_out_right(
    tmp_path: Path, image: dict[str, str], pair: tuple[str, str], name: str, requires: list[str]
) -> None:
    project = tmp_path / name
    shutil.copytree(ROOT / "examples" / name, project)
    wheels = tmp_path / "wheels"
    download = ["-m", "pip", "download", "--quiet", "--dest", wheels, *NEEDS, *requires]
    for python in pair:
        subprocess.run([python, *download], check=True)
    abi = probe(pair[0]).abi_tag
    places = f"PIP_NO_INDEX=1 PIP_FIND_LINKS=/host{wheels}"
    settings = {
        "CIBW_ARCHS": "x86_64",
        "CIBW_BUILD": f"{abi}-manylinux_x86_64 {abi}t-manylinux_x86_64",
        "CIBW_CONTAINER_ENGINE": "podman",
        "CIBW_DEPENDENCY_VERSIONS": "latest",
        "CIBW_ENABLE": "cpython-freethreading",
        "CIBW_ENVIRONMENT_LINUX": places,
        "CIBW_MANYLINUX_X86_64_IMAGE": image["image"],
        "CIBW_TEST_COMMAND": "pytest {project}/tests",
        "CIBW_TEST_REQUIRES": "pytest",
        "CONTAINERS_CONF": image["containers_conf"],
    }
    command = [sys.executable, "-m", "cibuildwheel", "--platform", "linux", "--output-dir", tmp_path / "out"]
    done = subprocess.run(
        command, cwd=project, env={**os.environ, **settings}, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    built = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert [wheel.split("-")[2:4] for wheel in built] == [[abi, abi], [abi, f"{abi}t"]]
    assert all("manylinux" in wheel for wheel in built)
    check = subprocess.run([sys.executable, "-m", "ftwheel", "check", tmp_path / "out"], capture_output=True, text=True)
    assert check.returncode == 0, check.stdout + check.stderr
