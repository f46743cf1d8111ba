"""Every frontend, with four wrapped backends, on both interpreters. Each compiled project asks for the limited API."""

from __future__ import annotations

import os
import subprocess
import sysconfig
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from support.backend import c_source, environment, import_module, names_in, project, write

pytestmark = pytest.mark.e2e

PLATFORM = sysconfig.get_platform().replace("-", "_").replace(".", "_")
BACKENDS = ("setuptools", "scikit-build-core", "meson-python", "hatchling")
BUILDS = ("default", "free-threaded")


def setuptools(folder: Path) -> Path:
    setup = (
        "from setuptools import Extension, setup\n"
        "macros = [('Py_LIMITED_API', '0x03090000')]\n"
        "extension = Extension('demo._ext', ['ext.c'], py_limited_api=True, define_macros=macros)\n"
        "setup(packages=['demo'], ext_modules=[extension], options={'bdist_wheel': {'py_limited_api': 'cp39'}})\n"
    )
    files = {"setup.py": setup, "ext.c": c_source(), "demo/__init__.py": ""}
    return project(folder, "setuptools.build_meta", files, requires=["setuptools"])


def scikit_build_core(folder: Path) -> Path:
    cmake = (
        "cmake_minimum_required(VERSION 3.20)\nproject(demo LANGUAGES C)\n"
        "find_package(Python COMPONENTS Interpreter Development.Module ${SKBUILD_SABI_COMPONENT} REQUIRED)\n"
        "if(SKBUILD_SABI_VERSION)\n  set(SABI USE_SABI ${SKBUILD_SABI_VERSION})\nendif()\n"
        "python_add_library(_ext MODULE ext.c WITH_SOABI ${SABI})\ninstall(TARGETS _ext DESTINATION demo)\n"
    )
    files = {"CMakeLists.txt": cmake, "ext.c": c_source(), "demo/__init__.py": ""}
    tool = "[tool.scikit-build]\nwheel.py-api = 'cp39'\nbuild-dir = 'build'\n"
    return project(folder, "scikit_build_core.build", files, requires=["scikit-build-core"], tool=tool)


def meson_python(folder: Path) -> Path:
    meson = (
        "project('demo', 'c', version: '1.0')\npy = import('python').find_installation(pure: false)\n"
        "py.extension_module('_ext', 'ext.c', subdir: 'demo', install: true, limited_api: '3.9')\n"
        "py.install_sources('demo/__init__.py', subdir: 'demo')\n"
    )
    files = {"meson.build": meson, "ext.c": c_source(), "demo/__init__.py": ""}
    tool = "[tool.meson-python]\nlimited-api = true\n"
    return project(folder, "mesonpy", files, requires=["meson-python", "ninja"], tool=tool)


def hatchling(folder: Path) -> Path:
    files = {"demo/__init__.py": "", "demo/_ext.py": "def answer(): return 42\n"}
    return project(folder, "hatchling.build", files, requires=["hatchling"])


MAKE: dict[str, Callable[[Path], Path]] = {
    "setuptools": setuptools,
    "scikit-build-core": scikit_build_core,
    "meson-python": meson_python,
    "hatchling": hatchling,
}


class Machine:
    """One interpreter, its environment with the backends and ftwheel-build, and the project to build."""

    def __init__(self, shared: Path, base: str, build: str, backend: str, folder: Path) -> None:
        self.base, self.build, self.backend, self.folder = base, build, backend, folder
        self.python = environment(shared, base, "ftwheel-build")
        self.source = MAKE[backend](folder / "source")
        if backend == "meson-python":  # Meson makes an sdist of what is committed
            identity = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.org")
            for arguments in (("init", "-q"), ("add", "."), (*identity, "commit", "-qm", "Begin")):
                subprocess.run(["git", *arguments], cwd=self.source, check=True)

    def run(self, *command: str | Path) -> str:
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        env["PATH"] = f"{self.python.parent}{os.pathsep}{env['PATH']}"
        done = subprocess.run(
            list(map(str, command)), cwd=self.source, env=env, capture_output=True, text=True, timeout=300
        )
        output = done.stdout + done.stderr
        assert done.returncode == 0, output
        return output

    @property
    def abi(self) -> str:
        asked = "import sysconfig as s; print(s.get_config_var('py_version_nodot'))"
        version = subprocess.check_output([self.base, "-c", asked], text=True).strip()
        return f"cp{version}{'t' if self.build == 'free-threaded' else ''}"

    def right(self, folder: Path) -> None:
        """The one wheel in the folder has the tags of this interpreter's build, and its module answers."""
        wheels = sorted(folder.glob("*.whl"))
        if self.backend == "hatchling":
            tags = "py3-none-any"
        elif self.build == "free-threaded":
            tags = f"{self.abi[:-1]}-{self.abi}-{PLATFORM}"
        else:  # meson-python names the interpreter that builds
            tags = f"{self.abi if self.backend == 'meson-python' else 'cp39'}-abi3-{PLATFORM}"
        assert [wheel.name for wheel in wheels] == [f"demo-1.0-{tags}.whl"]
        zipfile.ZipFile(wheels[0]).extractall(self.folder / "installed")
        assert import_module(self.base, self.folder / "installed", "demo._ext")[0] == "42", names_in(wheels[0])


@pytest.fixture(params=BACKENDS)
def backend(request) -> str:
    return str(request.param)


@pytest.fixture(params=BUILDS)
def build(request) -> str:
    return str(request.param)


@pytest.fixture
def machine(request, tmp_path, shared, backend, build) -> Machine:
    base = request.getfixturevalue("default_python" if build == "default" else "free_threaded_python")
    return Machine(shared, base, build, backend, tmp_path)


def test_build_wheel(machine):
    machine.run(machine.python, "-m", "build", "--wheel", "--no-isolation", "--outdir", "out")
    machine.right(machine.source / "out")


def test_build_sdist_and_the_wheel_from_it(machine):
    machine.run(machine.python, "-m", "build", "--no-isolation", "--outdir", "out")
    assert [path.name for path in (machine.source / "out").glob("*.tar.gz")] == ["demo-1.0.tar.gz"]
    machine.right(machine.source / "out")


def test_pip_wheel(machine):
    machine.run(machine.python, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", "out", ".")
    machine.right(machine.source / "out")


def test_uv_build(machine):
    """Isolated: uv finds ftwheel-build and the wrapped backend by [build-system] requires."""
    machine.run("uv", "build", "--quiet", "--wheel", "--python", machine.base, "--out-dir", "out")
    machine.right(machine.source / "out")


def test_editable(machine):
    """By pip into an environment of its own, which sees the backends of the shared one."""
    own = machine.folder / "own" / "bin" / "python"
    machine.run("uv", "venv", "--quiet", "--no-project", "--python", machine.base, own.parent.parent)
    asked = "import sysconfig; print(sysconfig.get_path('purelib'))"
    ours, theirs = (
        subprocess.check_output([python, "-c", asked], text=True).strip() for python in (own, machine.python)
    )
    (Path(ours) / "shared.pth").write_text(f"{theirs}\n")
    machine.run(own, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", ".")
    answer, file = import_module(own, machine.folder, "demo._ext")
    assert answer == "42", file
    assert not list(machine.source.rglob("demo/*.abi3.so")), "the free-threaded interpreter would load it"


@pytest.mark.parametrize("backend", ["setuptools"], indirect=True)
def test_uv_editable(machine):
    own = machine.folder / "own" / "bin" / "python"
    machine.run("uv", "venv", "--quiet", "--no-project", "--python", machine.base, own.parent.parent)
    machine.run("uv", "pip", "install", "--quiet", "--no-deps", "--python", own, "--editable", ".")
    answer, file = import_module(own, machine.folder, "demo._ext")
    assert answer == "42", file


@pytest.mark.parametrize("backend", ["setuptools"], indirect=True)
@pytest.mark.parametrize("build", ["free-threaded"], indirect=True)
def test_pip_wheel_isolated(machine):
    machine.run(machine.python, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", "out", ".")
    machine.right(machine.source / "out")


@pytest.mark.parametrize("backend", ["setuptools"], indirect=True)
@pytest.mark.parametrize("build", ["free-threaded"], indirect=True)
def test_a_backend_of_the_projects_own_around_setuptools(machine):
    pyproject = machine.source / "pyproject.toml"
    own = '"own_backend"\nbackend-path = ["tools"]'
    pyproject.write_text(pyproject.read_text().replace('"setuptools.build_meta"', own))
    write(
        machine.source,
        {
            "tools/own_backend.py": "from setuptools.build_meta import *\n",
            "MANIFEST.in": "graft tools\ninclude ext.c\n",
        },
    )
    machine.run(machine.python, "-m", "build", "--no-isolation", "--outdir", "out")
    machine.right(machine.source / "out")
