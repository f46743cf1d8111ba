"""The advice of FTW401 for Boost.Python, Cython, f2py, mypyc, nanobind, PyO3 and SWIG: applied, it works.

Those for C and pybind11 are tried in ``test_binaries_toolchains``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ftwheel.io.system.virtual_environments import find_uv
from ftwheel.io.wheel.reading import inspect_wheel
from ftwheel.io.wheel.stable_abi import stable_symbols
from ftwheel.rules.wheel.facts import WheelFacts
from ftwheel.rules.wheel.selection import RuleSelection
from support.commands import ftwheel
from support.modules import DECLARED, ext_suffix, include_dir
from support.wheels import make_wheel

pytestmark = pytest.mark.network

INTERFACE = "%module demo\n%inline %{\nstatic int add(int a, int b) { return a + b; }\n%}\n"
SET_GIL = "%init %{\n#ifdef Py_GIL_DISABLED\nPyUnstable_Module_SetGIL(m, Py_MOD_GIL_NOT_USED);\n#endif\n%}\n"


def tool(folder: Path, python: str, requirement: str, program: str) -> Path:
    uv = find_uv()
    assert uv
    subprocess.run([uv, "venv", "-q", "-p", python, folder], check=True)
    # no project is compiled only to be tried: the newest version with a wheel for this interpreter
    install = [uv, "pip", "install", "--quiet", "--only-binary", ":all:", "--python", str(folder / "bin" / "python")]
    subprocess.run([*install, requirement], check=True)
    return folder / "bin" / program


def advice(folder: Path, python: str, name: str, source: Path) -> list[tuple[str, str]]:
    """What the check says about the GIL of a module compiled from generated C: code and fix."""
    out = folder / f"{name}{ext_suffix(python)}"
    subprocess.run(["cc", "-shared", "-fPIC", f"-I{include_dir(python)}", source, "-o", out], check=True)
    return about(folder, out.name, out.read_bytes())


def about(folder: Path, name: str, module: bytes) -> list[tuple[str, str]]:
    """What the check says about the GIL of a module: code and fix."""
    wheel = make_wheel(folder / "dist", "demo-1.0-cp313-cp313t-linux_x86_64.whl", {name: module})
    facts = WheelFacts(wheel=inspect_wheel(str(wheel)), stable_symbols=stable_symbols)
    return [(each.code, each.fix) for each in RuleSelection(select=("FTW401", "FTW402", "FTW403")).judge(facts)]


# version -> what is said, the call that does not help, and what does: options, and an addition to the interface
SWIG = {
    "4.4": ("give SWIG the option `-nogil`", SET_GIL, ["-nogil"], ""),
    "4.3": ("With SWIG 4.3 or older, call", "", [], SET_GIL),
}


@pytest.mark.parametrize("version", SWIG)
def test_swig_by_version(version: str, tmp_path: Path, free_threaded_python: str) -> None:
    said, useless, options, addition = SWIG[version]
    swig = tool(tmp_path / "env", free_threaded_python, f"swig=={version}.*", "swig")

    def told(*flags: str, more: str = "") -> list[tuple[str, str]]:
        (tmp_path / "demo.i").write_text(INTERFACE + more)
        subprocess.run([swig, "-python", *flags, "demo.i"], cwd=tmp_path, check=True)
        return advice(tmp_path, free_threaded_python, "_demo", tmp_path / "demo_wrap.c")

    ((code, fix),) = told(more=useless)
    assert (code, said in fix) == ("FTW401", True)
    assert told(*options, more=addition) == []


def test_cython_that_declares_nothing_gets_one_finding(tmp_path: Path, free_threaded_python: str) -> None:
    cython = tool(tmp_path / "env", free_threaded_python, "cython>=3.1", "cython")

    def told(head: str) -> list[tuple[str, str]]:
        (tmp_path / "demo.pyx").write_text(f"{head}def add(int a, int b): return a + b\n")
        subprocess.run([cython, "-3", "demo.pyx"], cwd=tmp_path, check=True)
        return advice(tmp_path, free_threaded_python, "demo", tmp_path / "demo.c")

    ((code, fix),) = told("")
    assert code == "FTW401"
    assert "`# cython: freethreading_compatible=True`" in fix
    assert told("# cython: freethreading_compatible=True\n") == []


BOOST = """
#include <boost/python.hpp>
static int add(int a, int b) { return a + b; }
HEAD { boost::python::def("add", add); }
"""


def test_boost_python_that_declares_nothing(tmp_path: Path, free_threaded_python: str) -> None:
    """The headers are enough; its library, which no index has for a free-threaded CPython, is an empty one."""
    # imported here, since the tools are for Debian
    sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
    from debian import unpack_newest

    headers = unpack_newest("^libboost1[.][0-9]+-dev$", tmp_path) / "usr" / "include"
    (tmp_path / "empty.c").write_text("")
    subprocess.run(["cc", "-shared", "empty.c", "-o", "libboost_python313.so"], cwd=tmp_path, check=True)

    def told(head: str, *options: str) -> list[tuple[str, str]]:
        (tmp_path / "demo.cpp").write_text(BOOST.replace("HEAD", head))
        name = f"demo{ext_suffix(free_threaded_python)}"
        includes = [f"-I{folder}" for folder in (headers, include_dir(free_threaded_python))]
        library = ["-Wl,--no-as-needed", "-L.", "-lboost_python313"]
        command = ["c++", "-w", "-std=c++17", "-shared", "-fPIC", *options, *includes, "demo.cpp", *library, "-o", name]
        subprocess.run(command, cwd=tmp_path, check=True)
        return about(tmp_path, name, (tmp_path / name).read_bytes())

    for options in ((), ("-DHAS_CXX11",)):  # the second one declares that it needs the GIL
        ((code, fix),) = told("BOOST_PYTHON_MODULE_MULTI_PHASE_INIT(demo)", *options)
        assert (code, "`HAS_CXX11` defined" in fix) == ("FTW401", True)
    advised = "BOOST_PYTHON_MODULE_MULTI_PHASE_INIT(demo, boost::python::mod_gil_not_used())"
    assert told(advised, "-DHAS_CXX11") == []
    assert [code for code, _ in told("BOOST_PYTHON_MODULE(demo)")] == ["FTW402"]


SIGNATURE = """
python module demo
  interface
    subroutine add(a, b, c)
      intent(c) add
      intent(c)
      integer, intent(in) :: a, b
      integer, intent(out) :: c
    end subroutine add
  end interface
end python module demo
"""


def test_f2py_that_declares_nothing(tmp_path: Path, free_threaded_python: str) -> None:
    """It says by default that the GIL is needed; a signature of C functions needs no Fortran compiler."""
    python = tool(tmp_path / "env", free_threaded_python, "numpy>=2.1", "python")
    where = "import numpy, numpy.f2py; print(numpy.f2py.get_include(), numpy.get_include())"
    own, numpy = subprocess.run([python, "-c", where], capture_output=True, text=True, check=True).stdout.split()
    (tmp_path / "demo.pyf").write_text(SIGNATURE)
    (tmp_path / "add.c").write_text("void add(int a, int b, int *c) { *c = a + b; }\n")

    def told(*options: str) -> list[tuple[str, str]]:
        subprocess.run([python, "-m", "numpy.f2py", "demo.pyf", *options], cwd=tmp_path, check=True)
        name = f"demo{ext_suffix(free_threaded_python)}"
        headers = [f"-I{folder}" for folder in (own, numpy, include_dir(free_threaded_python))]
        sources = ["demomodule.c", "add.c", f"{own}/fortranobject.c"]
        subprocess.run(["cc", "-w", "-shared", "-fPIC", *headers, *sources, "-o", name], cwd=tmp_path, check=True)
        return about(tmp_path, name, (tmp_path / name).read_bytes())

    ((code, fix),) = told()
    assert (code, "`--freethreading-compatible`" in fix) == ("FTW401", True)
    assert told("--freethreading-compatible") == []


def test_mypyc_that_declares_nothing(tmp_path: Path, free_threaded_python: str) -> None:
    def told(requirement: str) -> list[tuple[str, str]]:
        folder = tmp_path / requirement
        python = tool(folder / "env", free_threaded_python, requirement, "python")
        subprocess.run([find_uv() or "uv", "pip", "install", "-q", "-p", python, "setuptools"], check=True)
        (folder / "demo.py").write_text("def add(a: int, b: int) -> int:\n    return a + b\n")
        environ = {**os.environ, "MYPYC_OPT_LEVEL": "0"}
        subprocess.run(
            [python, "-m", "mypyc", "demo.py"], cwd=folder, env=environ, stdout=subprocess.DEVNULL, check=True
        )
        name = f"demo{ext_suffix(free_threaded_python)}"
        return about(folder, name, (folder / name).read_bytes())

    ((code, fix),) = told("mypy==1.15.*")
    assert (code, "mypy 1.17 or newer" in fix) == ("FTW401", True)
    assert told("mypy>=1.17") == []


CMAKE = """
cmake_minimum_required(VERSION 3.18)
project(demo LANGUAGES CXX)
find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)
execute_process(COMMAND "${Python_EXECUTABLE}" -m nanobind --cmake_dir
  OUTPUT_STRIP_TRAILING_WHITESPACE OUTPUT_VARIABLE nanobind_ROOT)
find_package(nanobind CONFIG REQUIRED)
nanobind_add_module(demo OPTIONS demo.cpp)
"""
NANOBIND = """
#include <nanobind/nanobind.h>
NB_MODULE(demo, m) { m.def("add", [](int a, int b) { return a + b; }); }
"""


def test_nanobind_that_declares_nothing(tmp_path: Path, free_threaded_python: str) -> None:
    python = tool(tmp_path / "env", free_threaded_python, "nanobind>=2.2", "python")
    (tmp_path / "demo.cpp").write_text(NANOBIND)

    def told(option: str) -> list[tuple[str, str]]:
        (tmp_path / "CMakeLists.txt").write_text(CMAKE.replace("OPTIONS ", option))
        build = tmp_path / f"build{len(option)}"
        options = [f"-DPython_EXECUTABLE={python}", "-DCMAKE_BUILD_TYPE=Debug"]
        for command in (["-S", ".", "-B", str(build), *options], ["--build", str(build)]):
            subprocess.run(["cmake", *command], cwd=tmp_path, stdout=subprocess.DEVNULL, check=True)
        (made,) = build.glob("demo*.so")
        return about(tmp_path, made.name, made.read_bytes())

    ((code, fix),) = told("")
    assert (code, "add `FREE_THREADED` to `nanobind_add_module(...)`" in fix) == ("FTW401", True)
    assert told("FREE_THREADED ") == []


MANIFEST = """
[package]
name = "demo"
version = "1.0.0"
edition = "2021"

[lib]
crate-type = ["cdylib"]

[dependencies]
pyo3 = { version = "=0.27", features = ["extension-module"] }
"""
MODULE = """
use pyo3::prelude::*;

#[pymodule%s]
fn demo(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("answer", 42)
}
"""


def test_pyo3_that_declares_nothing(tmp_path: Path, free_threaded_python: str) -> None:
    """0.27 is the last version that says by default that the GIL is needed."""
    (tmp_path / "src").mkdir()
    (tmp_path / "Cargo.toml").write_text(MANIFEST)

    def told(attribute: str) -> list[tuple[str, str]]:
        (tmp_path / "src" / "lib.rs").write_text(MODULE % attribute)
        environ = {**os.environ, "PYO3_PYTHON": free_threaded_python, "CARGO_TARGET_DIR": str(tmp_path / "target")}
        subprocess.run(["cargo", "build", "--quiet", "--release"], cwd=tmp_path, env=environ, check=True)
        built = tmp_path / "target" / "release" / "libdemo.so"
        return about(tmp_path, f"demo{ext_suffix(free_threaded_python)}", built.read_bytes())

    ((code, fix),) = told("")
    assert (code, "`#[pymodule(gil_used = false)]`" in fix) == ("FTW401", True)
    assert told("(gil_used = false)") == []


MESON_PROJECT = """
[build-system]
requires = ["meson-python>=0.19"]
build-backend = "mesonpy"
[project]
name = "pkg"
version = "1.0"
requires-python = ">=3.11"
"""
MESON = """
project('pkg', 'c', version: '1.0')
py = import('python').find_installation(pure: false)
settings = configuration_data()
settings.set('python_path', py.full_path())
settings.set('install_dir', py.get_install_dir())
settings.set('source_dir', meson.project_source_root())
settings.set('build_dir', meson.project_build_root())
made = configure_file(input: 'config.py.in', output: 'config.py', configuration: settings)
py.install_sources('pkg/__init__.py', made, subdir: 'pkg')
py.extension_module('_m', '_m.c', subdir: 'pkg', install: true)
"""
MESON_CONFIG = """
CONFIG = {
    "python_path": r"@python_path@",
    "install_dir": r"@install_dir@",
    "source_dir": r"@source_dir@",
    "build_dir": r"@build_dir@",
}
"""


def test_paths_that_meson_writes_are_no_difference(
    tmp_path: Path, default_python: str, free_threaded_python: str
) -> None:
    """As contourpy has it: the build writes into a Python file where it ran, and FTW603's advice is followed."""
    source = tmp_path / "source"
    (source / "pkg").mkdir(parents=True)
    for name, text in {
        "pyproject.toml": MESON_PROJECT,
        "meson.build": MESON,
        "config.py.in": MESON_CONFIG,
        "_m.c": DECLARED.format(name="_m"),
        "pkg/__init__.py": "",
    }.items():
        (source / name).write_text(text)
    done = ftwheel("build", "--python", f"{default_python},{free_threaded_python}", "--format", "json", cwd=source)
    assert done.json["findings"] == []
    written = []
    for path in (source / "dist").glob("*.whl"):
        with zipfile.ZipFile(path) as archive:
            written.append(archive.read("pkg/config.py"))
    assert len(set(written)) == 2
