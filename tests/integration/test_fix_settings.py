"""What the fix of a rule names for a toolchain: a project without it has the finding, the same with it has none."""

from __future__ import annotations

import subprocess
import textwrap
from pathlib import Path
from typing import Any

import pytest

from ftwheel.io.system.virtual_environments import find_uv
from support.commands import ftwheel
from support.stable_abi import SOURCE

pytestmark = pytest.mark.network  # each takes its backend from an index

PROJECT = """\
    [build-system]
    requires = {requires}
    build-backend = "{backend}"
    [project]
    name = "pkg"
    version = "1.0"
    requires-python = ">=3.10"
    {more}
"""
MESON = """\
    project('pkg', 'c', version: '1.0')
    py = import('python').find_installation(pure: false)
    py.extension_module('_m', '_m.c', subdir: 'pkg', install: true, limited_api: '3.12')
    py.install_sources('pkg/__init__.py', subdir: 'pkg')
"""


def _setuptools(*, module: bool, wheel: bool) -> dict[str, Any]:
    """A limited-API module that is named so or not, in a wheel that is tagged so or not."""
    return {
        "requires": ["setuptools>=84"],
        "backend": "setuptools.build_meta",
        "setup__py": f"""\
            from setuptools import Extension, setup
            macros = [("Py_LIMITED_API", "0x030A0000")] if {module} else []
            modules = [Extension("pkg._m", ["_m.c"], py_limited_api={module}, define_macros=macros)]
            options = {{"bdist_wheel": {{"py_limited_api": "cp310"}}}} if {wheel} else {{}}
            setup(packages=["pkg"], ext_modules=modules, options=options)
            """,
    }


def _cmake(library: str, components: str = "Development.Module", more: str = "") -> dict[str, Any]:
    return {
        "requires": ["scikit-build-core>=1.1"],
        "backend": "scikit_build_core.build",
        "more": more,
        "CMakeLists__txt": f"""\
            cmake_minimum_required(VERSION 3.26...4.4)
            project(pkg LANGUAGES C)
            find_package(Python REQUIRED COMPONENTS Interpreter {components})
            python_add_library(_m MODULE _m.c {library})
            install(TARGETS _m DESTINATION pkg)
            """,
    }


def _meson(more: str = "") -> dict[str, Any]:
    return {"requires": ["meson-python>=0.22"], "backend": "mesonpy", "meson__build": MESON, "more": more}


_PY_API = '[tool.scikit-build]\nwheel.py-api = "cp312"'
_SABI = ("WITH_SOABI USE_SABI 3.12", "Development.Module Development.SABIModule")
# what a fix names -> its code, a project without it, and with it
NAMED_IN_A_FIX: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "FTW206 setuptools": ("FTW206", _setuptools(module=False, wheel=True), _setuptools(module=True, wheel=True)),
    "FTW206 CMake": ("FTW206", _cmake("WITH_SOABI", more=_PY_API), _cmake(*_SABI, more=_PY_API)),
    "FTW210 CMake": ("FTW210", _cmake(""), _cmake("WITH_SOABI")),
    "FTW313 setuptools": ("FTW313", _setuptools(module=True, wheel=False), _setuptools(module=True, wheel=True)),
    "FTW313 scikit-build-core": ("FTW313", _cmake(*_SABI), _cmake(*_SABI, more=_PY_API)),
    "FTW313 meson-python": ("FTW313", _meson(), _meson("[tool.meson-python]\nlimited-api = true")),
}


@pytest.mark.parametrize("named", NAMED_IN_A_FIX)
def test_what_a_fix_names_for_a_toolchain(named: str, tmp_path: Path, default_python: str) -> None:
    code, *projects = NAMED_IN_A_FIX[named]
    for number, (files, expected) in enumerate(zip(projects, (True, False), strict=True)):
        project = _write(tmp_path / str(number), **files)
        # `ftwheel build` stops at the backend's errors, before the rules of `check`
        build = [find_uv() or "uv", "build", "--quiet", "--wheel", "--python", default_python, str(project)]
        subprocess.run(build, check=True)
        done = ftwheel("check", project / "dist", "--format", "json")
        assert (code in {each["code"] for each in done.json["findings"]}) is expected, done.out


def _write(project: Path, *, requires: list[str], backend: str, more: str = "", **files: str) -> Path:
    """A project ``pkg`` with the module ``pkg._m``; ``files`` are by name, ``__`` for the dot."""
    (project / "pkg").mkdir(parents=True)
    head = textwrap.dedent(PROJECT).format(requires=requires, backend=backend, more=more)
    for name, text in {"pyproject__toml": head, "_m__c": SOURCE, **files}.items():
        (project / name.replace("__", ".")).write_text(textwrap.dedent(text))
    (project / "pkg" / "__init__.py").write_text("")
    return project
