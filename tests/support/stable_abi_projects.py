"""Projects ``pkg`` with the module ``pkg._m``: the stable ABIs by each toolchain, and each known mistake."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

from support.stable_abi import SOURCE

__all__ = ["CFFI", "PROJECTS", "SETUPTOOLS", "write"]

SETUPTOOLS, CFFI, CYTHON = "setuptools==84.2.1", "cffi==2.1.1", "Cython==3.3.1"
_PYPROJECT = """\
[build-system]
requires = {requires}
build-backend = "{backend}"
[project]
name = "pkg"
version = "1.0"
requires-python = ">=3.9"
{more}
"""
_MODULE = "from setuptools import Extension, setup\n"
_LIMITED = (
    _MODULE
    + """
macros = [("Py_LIMITED_API", "0x030A0000")]
setup(packages=["pkg"], ext_modules=[Extension("pkg._m", ["_m.c"], define_macros=macros, py_limited_api=True)],
      options={"bdist_wheel": {"py_limited_api": "cp310"}})
"""
)
# what the module declares without the macro is a slot of the version that compiles it
_NO_MACRO = (
    _MODULE
    + """
setup(packages=["pkg"], ext_modules=[Extension("pkg._m", ["_m.c"], py_limited_api=True)],
      options={"bdist_wheel": {"py_limited_api": "cp39"}})
"""
)
_VERSION_TAG = (
    _MODULE
    + """
macros = [("Py_LIMITED_API", "0x030C0000")]
setup(packages=["pkg"], ext_modules=[Extension("pkg._m", ["_m.c"], define_macros=macros, py_limited_api=True)])
"""
)
# setuptools has no switch for abi3t on a default build; a project overrides names and tags
_BY_HAND = """\
import os
from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext

class Named(build_ext):
    def get_ext_filename(self, name):
        return os.path.join(*name.split(".")) + os.environ.get("SUFFIX", ".abi3t.so")

class Tagged(bdist_wheel):
    def get_tag(self):
        return os.environ.get("FLOOR", "cp315"), os.environ.get("ABI", "abi3.abi3t"), super().get_tag()[2]

named = {"build_ext": Named, "bdist_wheel": Tagged}
macros = [tuple(each.split("=")) for each in os.environ.get("MACROS", "Py_TARGET_ABI3T=0x030F0000").split()]
"""
_ABI3T = (
    _BY_HAND
    + """
setup(packages=["pkg"], cmdclass=named, ext_modules=[Extension("pkg._m", ["_m.c"], define_macros=macros)])
"""
)
_CFFI_BUILD = """\
import cffi
ffibuilder = cffi.FFI()
ffibuilder.cdef("int answer(void);")
ffibuilder.set_source("pkg._m", "int answer(void) { return 42; }")
"""
_CFFI = """\
from setuptools import setup
setup(packages=["pkg"], cffi_modules=["build_cffi.py:ffibuilder"],
      options={"bdist_wheel": {"py_limited_api": "cp310"}})
"""
_CFFI_ABI3T = (
    _BY_HAND
    + """
setup(packages=["pkg"], cmdclass=named, cffi_modules=["build_cffi.py:ffibuilder"])
"""
)
_NEEDS_CFFI = 'dependencies = ["cffi>=2.1"]'
_CFFI_FILES = {"build_cffi.py": _CFFI_BUILD, "pkg/__init__.py": "from pkg._m import lib\nanswer = lib.answer\n"}
_CYTHON = """\
from Cython.Build import cythonize
from setuptools import Extension, setup
module = Extension("pkg._m", ["_m.pyx"], define_macros=[("Py_LIMITED_API", "0x030B0000")], py_limited_api=True)
setup(packages=["pkg"], ext_modules=cythonize([module]), options={"bdist_wheel": {"py_limited_api": "cp311"}})
"""
_CYTHON_ABI3T = (
    "from Cython.Build import cythonize\n"
    + _BY_HAND
    + """
module = Extension("pkg._m", ["_m.pyx"], define_macros=macros)
setup(packages=["pkg"], cmdclass=named, ext_modules=cythonize([module]))
"""
)
_PYX = {"_m.pyx": "# cython: language_level=3, freethreading_compatible=True\ndef answer(): return 42\n"}
_CMAKE = """\
cmake_minimum_required(VERSION 3.26...4.4)
project(pkg LANGUAGES C)
find_package(Python REQUIRED COMPONENTS Interpreter Development.Module ${SKBUILD_SABI_COMPONENT})
python_add_library(_m MODULE _m.c WITH_SOABI USE_SABI ${SKBUILD_SABI_VERSION})
install(TARGETS _m DESTINATION pkg)
"""
_NANOBIND = """\
cmake_minimum_required(VERSION 3.26...4.4)
project(pkg LANGUAGES CXX)
find_package(Python REQUIRED COMPONENTS Interpreter Development.Module ${SKBUILD_SABI_COMPONENT})
find_package(nanobind CONFIG REQUIRED)
nanobind_add_module(_m STABLE_ABI FREE_THREADED NB_STATIC _m.cpp)
install(TARGETS _m DESTINATION pkg)
"""
_CPP = """\
#include <nanobind/nanobind.h>
NB_MODULE(_m, m) { m.def("answer", [] { return 42; }); }
"""
_MESON = """\
project('pkg', 'c', version: '1.0')
py = import('python').find_installation(pure: false)
py.extension_module('_m', '_m.c', subdir: 'pkg', install: true, limited_api: '3.12')
py.install_sources('pkg/__init__.py', subdir: 'pkg')
"""
_CARGO = """\
[package]
name = "pkg-stable"
version = "1.0.0"
edition = "2021"
[lib]
name = "_m"
crate-type = ["cdylib"]
[dependencies]
pyo3 = { version = "0.29", features = ["abi3-py310", "abi3t-py315"] }
"""
_RUST = """\
use pyo3::prelude::*;
#[pymodule(gil_used = false)]
mod _m {
    use super::*;
    #[pyfunction]
    fn answer() -> i64 { 42 }
}
"""

PROJECTS: Mapping[str, tuple[list[str], str, str, Mapping[str, str]]] = {
    "setuptools": ([SETUPTOOLS], "setuptools.build_meta", "", {"setup.py": _LIMITED}),
    "setuptools, no macro": ([SETUPTOOLS], "setuptools.build_meta", "", {"setup.py": _NO_MACRO}),
    "setuptools, no tag": ([SETUPTOOLS], "setuptools.build_meta", "", {"setup.py": _VERSION_TAG}),
    "setuptools, abi3t": ([SETUPTOOLS], "setuptools.build_meta", "", {"setup.py": _ABI3T}),
    "cffi": ([SETUPTOOLS, CFFI], "setuptools.build_meta", _NEEDS_CFFI, {"setup.py": _CFFI, **_CFFI_FILES}),
    "cffi, abi3t": ([SETUPTOOLS, CFFI], "setuptools.build_meta", _NEEDS_CFFI, {"setup.py": _CFFI_ABI3T, **_CFFI_FILES}),
    "cython": ([SETUPTOOLS, CYTHON], "setuptools.build_meta", "", {"setup.py": _CYTHON, **_PYX}),
    "cython, abi3t": ([SETUPTOOLS, CYTHON], "setuptools.build_meta", "", {"setup.py": _CYTHON_ABI3T, **_PYX}),
    "scikit-build-core": (
        ["scikit-build-core>=1.1"], "scikit_build_core.build", '[tool.scikit-build]\nwheel.py-api = "cp312.cp315t"',
        {"CMakeLists.txt": _CMAKE},
    ),
    "nanobind": (
        ["scikit-build-core>=1.1", "nanobind>=3.1"], "scikit_build_core.build",
        '[tool.scikit-build]\nwheel.py-api = "cp312"', {"CMakeLists.txt": _NANOBIND, "_m.cpp": _CPP},
    ),
    "meson-python": (
        ["meson-python>=0.22"], "mesonpy", "[tool.meson-python]\nlimited-api = true", {"meson.build": _MESON},
    ),
    "maturin": (
        ["maturin>=1.16,<2"], "maturin", '[tool.maturin]\npython-source = "."\nmodule-name = "pkg._m"',
        {"Cargo.toml": _CARGO, "src/lib.rs": _RUST},
    ),
}  # fmt: skip


def write(folder: Path, name: str, *, wrapped: bool = False) -> Path:
    """The project of that name, below ``folder``; ``wrapped`` puts ftwheel's backend around its own."""
    requires, backend, more, files = PROJECTS[name]
    project = folder / "project"
    if wrapped:
        more = f'{more}\n[tool.ftwheel]\nbuild-backend = "{backend}"'
        requires, backend = ["ftwheel-build", *requires], "ftwheel_build"
    head = _PYPROJECT.format(requires=requires, backend=backend, more=more)
    sources = {"_m.c": SOURCE} if not {"_m.pyx", "_m.cpp", "src/lib.rs", "build_cffi.py"} & files.keys() else {}
    python = {"pkg/__init__.py": "from pkg._m import answer\n"}
    for path, text in {"pyproject.toml": head, **sources, **python, **files}.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(textwrap.dedent(text))
    return project
