"""Hazards 1 to 13 of docs/hazards.md, each with real builds: put right, or refused with a message that names it."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sysconfig
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from ftwheel.io.system.interpreters import probe
from support.backend import Answer, c_source, environment, hook, import_module, names_in, project, start, write

pytestmark = pytest.mark.e2e


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildEnvironment:
    """One of the two interpreters, in its environment with the wrapped backends."""

    python: Path
    base: str
    suffix: str
    headers: str
    abi: str

    def wheel(self, source: Path, settings: object = None, **env: str) -> Answer:
        return hook(self.python, source, "build_wheel", source / "dist", settings, env=env)


def build_environment(shared: Path, base: str) -> BuildEnvironment:
    known = probe(base)
    asked = "import sysconfig; print(sysconfig.get_path('include'))"
    return BuildEnvironment(
        python=environment(shared, base),
        base=base,
        suffix=known.extension_suffixes[0],
        headers=subprocess.check_output([base, "-c", asked], text=True).strip(),
        abi=known.abi_tag,
    )


@pytest.fixture(scope="session")
def default(shared: Path, default_python: str) -> BuildEnvironment:
    return build_environment(shared, default_python)


@pytest.fixture(scope="session")
def free_threaded(shared: Path, free_threaded_python: str) -> BuildEnvironment:
    return build_environment(shared, free_threaded_python)


def setuptools_project(
    folder: Path, setup: str = "", files: Mapping[str, str] | None = None, *, source: str = ""
) -> Path:
    """``demo`` with the extension ``demo._ext``; ``setup`` is the body of setup.py with ``extension`` at hand."""
    head = (
        "from setuptools import Extension, setup\n"
        "from setuptools.command.bdist_wheel import bdist_wheel\n"
        "from setuptools.command.build_ext import build_ext\n"
        "extension = Extension('demo._ext', ['ext.c'])\n"
    )
    standard = {
        "setup.py": head + (setup or "setup(packages=['demo'], ext_modules=[extension])\n"),
        "ext.c": source or c_source(),
        "demo/__init__.py": "",
    }
    return project(folder / "source", "setuptools.build_meta", {**standard, **(files or {})}, requires=["setuptools"])


def refused(answer: Answer, source: Path, code: str, *words: str) -> None:
    """The build failed with this code and names what it found; no wheel and no scratch folder is left behind."""
    assert answer.code == 1, answer.output
    assert answer.refused == code, answer.output
    message = answer.output.rpartition("ftwheel-build: error: ")[2]
    for word in words:
        assert word in message, message
    assert "Traceback" not in message
    assert not any((source / "dist").glob("*")), list((source / "dist").iterdir())


def built(answer: Answer, source: Path, name: str) -> Path:
    assert answer.value == name, answer.output
    return source / "dist" / name


def test_hazard_1_headers_of_the_other_build_in_the_environment(tmp_path, default, free_threaded):
    source = setuptools_project(tmp_path)
    for variable, value in (
        ("CFLAGS", f"-I {default.headers}"),
        ("CPATH", default.headers),
        ("CC", f"gcc -isystem {default.headers}"),
    ):
        refused(
            free_threaded.wheel(source, **{variable: value}),
            source,
            "FTB201",
            variable,
            default.headers,
            "default build",
        )
    refused(
        default.wheel(source, CPPFLAGS=f"-I{free_threaded.headers}"),
        source,
        "FTB201",
        "CPPFLAGS",
        "free-threaded build",
    )
    refused(default.wheel(source, CFLAGS="-DPy_GIL_DISABLED=1"), source, "FTB202", "CFLAGS has -DPy_GIL_DISABLED=1")
    built(
        free_threaded.wheel(source, CFLAGS=f"-I{free_threaded.headers} -O0"),
        source,
        f"demo-1.0-{free_threaded.abi[:-1]}-{free_threaded.abi}-{PLATFORM}.whl",
    )


def test_hazard_1_headers_of_the_other_build_in_setup_py(tmp_path, default, free_threaded):
    source = setuptools_project(
        tmp_path,
        f"extension.include_dirs.append({default.headers!r})\nsetup(packages=['demo'], ext_modules=[extension])\n",
    )
    refused(free_threaded.wheel(source), source, "FTB201", "demo._ext: include_dirs")


def test_hazard_1_code_of_the_other_abi_however_it_came_about(tmp_path, default, free_threaded):
    """The flag is added where no look at the environment or at setup.py finds it: the object itself is judged."""
    hidden = (
        "class Hidden(build_ext):\n"
        "    def build_extension(self, ext):\n"
        "        self.compiler.include_dirs.insert(0, {!r})\n"
        "        super().build_extension(ext)\n"
        "setup(packages=['demo'], ext_modules=[extension], cmdclass={{'build_ext': Hidden}})\n"
    )
    source = setuptools_project(tmp_path, hidden.format(default.headers))
    refused(
        free_threaded.wheel(source),
        source,
        "FTB308",
        "_ext.cpython",
        "compiled for the default ABI",
        "expected free-threaded",
    )
    assert not (source / "build").exists() or not list((source / "build").rglob("*.so")), (
        "the wrong module would be reused"
    )
    forced = setuptools_project(tmp_path / "forced", source=c_source(prelude="#define Py_GIL_DISABLED 1"))
    refused(default.wheel(forced), forced, "FTB308", "compiled for the free-threaded ABI", "expected default")


def test_hazard_2_objects_of_both_builds_in_one_module(tmp_path, default, free_threaded):
    source = setuptools_project(
        tmp_path,
        "extension.extra_objects.append('helper.o')\nsetup(packages=['demo'], ext_modules=[extension])\n",
        {"helper.c": "#include <Python.h>\nvoid release(PyObject *object) { Py_DECREF(object); }\n"},
        source=c_source()
        .replace("Py_DECREF(list);", "release(list);")
        .replace("#include <Python.h>", "#include <Python.h>\nvoid release(PyObject *);"),
    )
    subprocess.run(["cc", "-fPIC", f"-I{default.headers}", "-c", "helper.c"], cwd=source, check=True)
    refused(free_threaded.wheel(source), source, "FTB309", "_ext.cpython", "mixes objects")


def test_hazard_3_both_builds_give_the_same_file_name(tmp_path, default, free_threaded):
    template = (
        "class Tags(bdist_wheel):\n"
        "    def get_tag(self):\n"
        "        python, abi, platform = super().get_tag()\n"
        "        return {}\n"
        "setup(packages=['demo'], ext_modules=[extension], cmdclass={{'bdist_wheel': Tags}})\n"
    )
    limited = "extension.py_limited_api = True\nextension.define_macros.append(('Py_LIMITED_API', '0x030A0000'))\n"
    source = setuptools_project(tmp_path / "abi3", limited + template.format("'cp310', 'abi3', platform"))
    refused(free_threaded.wheel(source), source, "FTB303", "cp310-abi3", "uses the same file name")
    built(default.wheel(source), source, f"demo-1.0-cp310-abi3-{PLATFORM}.whl")
    source = setuptools_project(tmp_path / "none", template.format("'py3', 'none', platform"))
    refused(free_threaded.wheel(source), source, "FTB306", "py3-none")
    refused(default.wheel(source), source, "FTB306", "py3-none")
    source = setuptools_project(tmp_path / "any", template.format("'py3', 'none', 'any'"))
    refused(free_threaded.wheel(source), source, "FTB305", "py3-none-any", "the second overwrites the first")


def test_hazard_4_two_builds_of_one_tree_at_once(tmp_path, default, free_threaded):
    """Both wait for the tree while somebody else has it, and then build one after the other: both wheels are right."""
    source = setuptools_project(tmp_path)
    with open(source / "pyproject.toml", "rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        running = [start(each.python, source, "build_wheel", source / "dist") for each in (default, free_threaded)]
        for process in running:
            assert process.stdout is not None
            assert "another build of" in process.stdout.readline()
    outputs = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0], outputs
    for each in (default, free_threaded):
        wheel = source / "dist" / f"demo-1.0-{default.abi}-{each.abi}-{PLATFORM}.whl"
        assert names_in(wheel) == ["demo/__init__.py", f"demo/_ext{each.suffix}"]


def test_hazard_4_an_empty_wheel(tmp_path, free_threaded):
    """What the race of two builds leaves: the tags promise a module and there is none."""
    setup = (
        "class Lost(build_ext):\n"
        "    def run(self): pass\n"
        "setup(packages=['demo'], ext_modules=[extension], cmdclass={'build_ext': Lost})\n"
    )
    source = setuptools_project(tmp_path, setup)
    refused(free_threaded.wheel(source), source, "FTB304", free_threaded.abi, "has none")
    meant = setuptools_project(tmp_path / "meant", "extension.optional = True\n" + setup)
    assert free_threaded.wheel(meant).code == 0


def test_hazard_5_a_build_folder_that_both_builds_share(tmp_path, default, free_threaded):
    source = setuptools_project(tmp_path, files={"setup.cfg": "[build]\nbuild_lib = compiled\n"})
    for each in (default, free_threaded):
        wheel = built(each.wheel(source), source, f"demo-1.0-{default.abi}-{each.abi}-{PLATFORM}.whl")
        assert names_in(wheel) == ["demo/__init__.py", f"demo/_ext{each.suffix}"]
    assert sorted(path.name for path in (source / "compiled").iterdir()) == sorted(
        f"ftwheel-{each.abi}-{PLATFORM}" for each in (default, free_threaded)
    )


def test_hazard_6_a_module_left_over_in_the_tree(tmp_path, default, free_threaded):
    """Shipped as package data by setuptools, scikit-build-core and hatchling."""
    setup = "setup(packages=['demo'], ext_modules=[extension], package_data={'demo': ['*.so']})\n"
    source = setuptools_project(tmp_path, setup)
    left = f"_ext{default.suffix}"
    write(source / "demo", {left: ""})
    compile_module(default, source / "ext.c", source / "demo" / left)
    refused(
        free_threaded.wheel(source),
        source,
        "FTB306",
        f"demo/{left}",
        f"this file is for {default.abi}",
        "an earlier build left",
    )

    pure = project(
        tmp_path / "hatchling",
        "hatchling.build",
        {"demo/__init__.py": ""},
        tool="[tool.hatch.build.targets.wheel]\npackages = ['demo']\n",
    )
    shutil.copy(source / "demo" / left, pure / "demo" / left)
    refused(free_threaded.wheel(pure), pure, "FTB305", f"demo/{left}", "platform tag any")

    cmake = scikit_build_project(tmp_path / "cmake")
    shutil.copy(source / "demo" / left, cmake / "demo" / left)
    refused(free_threaded.wheel(cmake), cmake, "FTB306", f"demo/{left}", f"this file is for {default.abi}")


def test_hazard_7_a_suffix_from_the_environment(tmp_path, default, free_threaded):
    source = setuptools_project(tmp_path)
    refused(
        free_threaded.wheel(source, SETUPTOOLS_EXT_SUFFIX=default.suffix),
        source,
        "FTB203",
        default.suffix,
        free_threaded.suffix,
    )


def test_hazard_8_cmake_finds_another_python(tmp_path, default, free_threaded):
    source = scikit_build_project(tmp_path, f"set(Python_EXECUTABLE {default.base} CACHE FILEPATH x FORCE)\n")
    answer = free_threaded.wheel(source, SKBUILD_CMAKE_PYTHON_HINTS="false")
    refused(answer, source, "FTB306", f"_ext{default.suffix}", f"this file is for {default.abi}", "CMake")


def test_hazard_9_a_stable_abi_tag_around_a_module_of_one_version(tmp_path, default):
    source = setuptools_project(
        tmp_path / "setuptools",
        "setup(packages=['demo'], ext_modules=[extension], options={'bdist_wheel': {'py_limited_api': 'cp39'}})\n",
    )
    refused(default.wheel(source), source, "FTB306", "cp39-abi3", f"_ext{default.suffix}", "for cp3")
    source = scikit_build_project(tmp_path / "cmake", tool="[tool.scikit-build]\nwheel.py-api = 'cp39'\n")
    refused(default.wheel(source), source, "FTB306", "cp39-abi3", f"_ext{default.suffix}")


def test_hazard_10_a_plain_name_in_both_wheels(tmp_path, default, free_threaded):
    setup = "setup(packages=['demo'], ext_modules=[extension], package_data={'demo': ['*.so']})\n"
    source = setuptools_project(tmp_path, setup, {"ext2.c": c_source("_plain")})
    compile_module(default, source / "ext2.c", source / "demo" / "_plain.so")
    refused(free_threaded.wheel(source), source, "FTB308", "demo/_plain.so", "compiled for the default ABI")
    built(default.wheel(source), source, f"demo-1.0-{default.abi}-{default.abi}-{PLATFORM}.whl")


def test_hazard_11_a_platform_tag_that_is_not_the_machine(tmp_path, free_threaded):
    source = setuptools_project(tmp_path)
    other = "aarch64" if os.uname().machine == "x86_64" else "x86_64"
    refused(
        free_threaded.wheel(source, _PYTHON_HOST_PLATFORM=f"linux-{other}"),
        source,
        "FTB204",
        f"linux-{other}",
        free_threaded.suffix,
    )
    named = free_threaded.wheel(source, {"--build-option": f"--plat-name=linux_{other}"})
    refused(named, source, "FTB310", f"linux_{other}", os.uname().machine, "--plat-name")


def test_hazard_12_a_cross_build_follows_sysconfig(tmp_path, default, free_threaded):
    """``_PYTHON_SYSCONFIGDATA_NAME`` makes the default interpreter build for the free-threaded one, and it is right."""
    source = setuptools_project(tmp_path)
    found = "import sysconfig; print(sysconfig._get_sysconfigdata_name(), sysconfig.get_path('stdlib'))"
    name, library = subprocess.check_output([free_threaded.base, "-c", found], text=True).split()
    data = tmp_path / "target"
    data.mkdir()
    shutil.copy(Path(library) / f"{name}.py", data)
    answer = hook(
        default.python,
        source,
        "build_wheel",
        source / "dist",
        env={"_PYTHON_SYSCONFIGDATA_NAME": name, "CPATH": free_threaded.headers},
        paths=[data],
    )
    assert f"build_wheel for {free_threaded.abi}" in answer.output, answer.output
    assert "not the interpreter that runs" in answer.output
    wheel = built(answer, source, f"demo-1.0-{default.abi}-{free_threaded.abi}-{PLATFORM}.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    assert import_module(free_threaded.base, tmp_path / "installed", "demo._ext")[0] == "42"


def test_hazard_13_an_editable_install_leaves_no_module_that_the_other_build_loads(tmp_path, default, free_threaded):
    limited = (
        "extension.py_limited_api = True\n"
        "extension.define_macros.append(('Py_LIMITED_API', '0x03090000'))\n"
        "setup(packages=['demo'], ext_modules=[extension], options={'bdist_wheel': {'py_limited_api': 'cp39'}})\n"
    )
    source = setuptools_project(tmp_path, limited)
    answer = hook(default.python, source, "build_editable", source / "dist")
    assert answer.code == 0, answer.output
    assert [path.name for path in source.glob("demo/*.so")] == [f"_ext{default.suffix}"]
    value, error = import_module(free_threaded.base, source, "demo._ext")
    assert not value
    assert "No module named 'demo._ext'" in error
    answer = hook(free_threaded.python, source, "build_editable", source / "dist")
    assert answer.code == 0, answer.output
    for each in (default, free_threaded):
        assert import_module(each.base, source, "demo._ext") == ("42", str(source / "demo" / f"_ext{each.suffix}"))


def compile_module(each: BuildEnvironment, source: Path, module: Path) -> None:
    """What ``build_ext --inplace`` would have left."""
    command = ["cc", "-shared", "-fPIC", f"-I{each.headers}", str(source), "-o", str(module)]
    subprocess.run(command, check=True)


def scikit_build_project(folder: Path, before: str = "", *, tool: str = "") -> Path:
    cmake = (
        "cmake_minimum_required(VERSION 3.20)\nproject(demo LANGUAGES C)\n"
        f"{before}"
        "find_package(Python COMPONENTS Interpreter Development.Module REQUIRED)\n"
        "python_add_library(_ext MODULE ext.c WITH_SOABI)\ninstall(TARGETS _ext DESTINATION demo)\n"
    )
    return project(
        folder / "source",
        "scikit_build_core.build",
        {"CMakeLists.txt": cmake, "ext.c": c_source(), "demo/__init__.py": ""},
        requires=["scikit-build-core"],
        tool=tool,
    )


PLATFORM = sysconfig.get_platform().replace("-", "_").replace(".", "_")
