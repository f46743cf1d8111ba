"""Hazards that only building both wheels and importing them shows; the numbers are those of docs/hazards.md."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest

from support.commands import ftwheel, ftwheel_environ
from support.projects import c_project, c_source

pytestmark = pytest.mark.e2e

# setuptools, and then the file gets the name of the other wheel
RENAMING = """
    import os
    from setuptools.build_meta import *
    from setuptools.build_meta import build_wheel as _build

    def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
        name = _build(wheel_directory, config_settings, metadata_directory)
        python, abi, platform = name.removesuffix(".whl").split("-")[-3:]
        other = name.replace(f"-{abi}-", f"-{abi}t-")
        os.rename(os.path.join(wheel_directory, name), os.path.join(wheel_directory, other))
        return other
"""


def test_14_a_renamed_wheel(tmp_path: Path, default_python: str) -> None:
    project = c_project(tmp_path / "renamed", {"one": c_source("one")})
    (project / "renaming.py").write_text(textwrap.dedent(RENAMING))
    text = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(text.replace('"setuptools.build_meta"', '"renaming"\nbackend-path = ["."]'))

    result = ftwheel("build", project, "--python", default_python, "--format", "json").json

    assert result["passed"] is False
    assert {"FTB302", "FTB303", "FTB306"} <= {finding["code"] for finding in result["findings"]}
    assert not (project / "dist").exists()


@pytest.mark.parametrize("gil", ["", "0"], ids=["15", "16"])
def test_15_and_16_a_module_that_does_not_declare(tmp_path: Path, free_threaded_python: str, gil: str) -> None:
    """It is imported lazily, and ``PYTHON_GIL=0`` is set: importing the package looks clean, and yet it is found."""
    project = c_project(
        tmp_path / "lazy",
        {"good": c_source("good"), "silent": c_source("silent", declares=False)},
        python="from pkg import good\n\ndef late():\n    from pkg import silent\n",
    )
    if gil and sys.version_info >= (3, 13) and sys._is_gil_enabled():
        pytest.skip("with PYTHON_GIL=0, the Python that runs the tests does not start")
    environ = ftwheel_environ(**({"PYTHON_GIL": gil} if gil else {}))

    result = ftwheel(
        "build", project, "--python", free_threaded_python, "--format", "json", environ=environ
    ).json  # fmt: skip

    assert result["passed"] is False
    assert not (project / "dist").exists()
    states = {each["module"]: (each["gil_before"], each["gil_after"]) for each in result["wheels"][0]["imports"]}
    assert states == {"pkg.good": (False, False), "pkg.silent": (False, True)}
    (found,) = [finding for finding in result["findings"] if finding["code"] == "FTW703"]
    assert "pkg.silent" in found["message"]
    (told,) = [finding for finding in result["findings"] if finding["code"] == "FTW401"]
    assert "pkg.silent" in told["message"]
    assert "{Py_mod_gil, Py_MOD_GIL_NOT_USED}" in told["fix"]
