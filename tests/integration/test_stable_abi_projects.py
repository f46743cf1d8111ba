"""Projects for the stable ABIs of each backend, built by default 3.15: what ftwheel says, and what imports show."""

from __future__ import annotations

import subprocess
import textwrap
import zipfile
from pathlib import Path
from typing import Any

import pytest

from support.commands import Done, ftwheel
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
SCIKIT_BUILD = """\
    cmake_minimum_required(VERSION 3.26...4.4)
    project(pkg LANGUAGES C)
    find_package(Python REQUIRED COMPONENTS Interpreter Development.Module ${SKBUILD_SABI_COMPONENT})
    python_add_library(_m MODULE _m.c WITH_SOABI USE_SABI ${SKBUILD_SABI_VERSION})
    install(TARGETS _m DESTINATION pkg)
"""
MESON = """\
    project('pkg', 'c', version: '1.0')
    py = import('python').find_installation(pure: false)
    py.extension_module('_m', '_m.c', subdir: 'pkg', install: true, limited_api: '3.12')
    py.install_sources('pkg/__init__.py', subdir: 'pkg')
"""
CFFI_BUILD = """\
    import cffi
    ffibuilder = cffi.FFI()
    ffibuilder.cdef("int answer(void);")
    ffibuilder.set_source("pkg._m", "int answer(void) { return 42; }")
"""
CFFI = """\
    from setuptools import setup
    options = {"bdist_wheel": {"py_limited_api": "cp310"}}
    setup(packages=["pkg"], cffi_modules=["build_cffi.py:ffibuilder"], options=options)
"""
CYTHON = """\
    from Cython.Build import cythonize
    from setuptools import Extension, setup
    macros = [("Py_LIMITED_API", "MACRO")]
    module = Extension("pkg._m", ["_m.pyx"], define_macros=macros, py_limited_api=True)
    setup(packages=["pkg"], ext_modules=cythonize([module]), options={"bdist_wheel": {"py_limited_api": "cp311"}})
"""
PYX = "# cython: language_level=3, freethreading_compatible=True\ndef answer(): return 42\n"
ABI3T = """\
    import os
    from setuptools import Extension, setup
    from setuptools.command.bdist_wheel import bdist_wheel
    from setuptools.command.build_ext import build_ext

    class Named(build_ext):
        def get_ext_filename(self, name):
            return os.path.join(*name.split(".")) + ".abi3t.so"

    class Tagged(bdist_wheel):
        def get_tag(self):
            return "cp315", "abi3.abi3t", super().get_tag()[2]

    setup(packages=["pkg"], cmdclass={"build_ext": Named, "bdist_wheel": Tagged},
          ext_modules=[Extension("pkg._m", ["_m.c"], define_macros=MACROS)])
"""
WRAPPED = '[tool.ftwheel]\nbuild-backend = "setuptools.build_meta"'
SETUPTOOLS = "setuptools==84.2.1"


def write(folder: Path, requires: list[str], backend: str, more: str = "", **files: str) -> Path:
    """A project ``pkg`` with the module ``pkg._m``; ``files`` are by name, ``__`` for the dot."""
    project = folder / "project"
    (project / "pkg").mkdir(parents=True)
    (project / "pkg" / "__init__.py").write_text("" if "build_cffi__py" in files else "from pkg._m import answer\n")
    head = textwrap.dedent(PROJECT).format(requires=requires, backend=backend, more=more)
    for name, text in {"pyproject__toml": head, "_m__c": SOURCE, **files}.items():
        (project / name.replace("__", ".")).write_text(textwrap.dedent(text))
    if "_m__pyx" in files:
        (project / "_m.c").unlink()
    return project


def build(project: Path, python: str) -> Done:
    return ftwheel("build", project, "--python", python, "-o", project.parent / "out", "--format", "json")


def imports(wheel: Path, python: str) -> str:
    place = wheel.parent / f"unpacked{Path(python).name}"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    done = subprocess.run([python, "-c", "import pkg; print(pkg.answer())"], cwd=place, capture_output=True, text=True)
    return (done.stdout or done.stderr).strip().splitlines()[-1]


SCIKIT_BUILD_PROJECT: dict[str, Any] = {
    "requires": ["scikit-build-core>=1.1"], "backend": "scikit_build_core.build",
    "more": '[tool.scikit-build]\nwheel.py-api = "cp312"', "CMakeLists__txt": SCIKIT_BUILD,
}  # fmt: skip


@pytest.mark.parametrize(
    "files",
    [
        SCIKIT_BUILD_PROJECT,
        {
            "requires": [SETUPTOOLS, "cffi==2.1.1"], "backend": "setuptools.build_meta",
            "setup__py": CFFI, "build_cffi__py": CFFI_BUILD,
        },
        {
            "requires": [SETUPTOOLS, "Cython==3.3.1"], "backend": "setuptools.build_meta",
            "setup__py": CYTHON.replace("MACRO", "0x030B0000"), "_m__pyx": PYX,
        },
    ],
    ids=["scikit-build-core", "cffi", "cython"],
)  # fmt: skip
def test_a_suffix_that_only_3_15_finds_is_refused_under_an_older_tag(
    files: dict[str, Any], tmp_path: Path, python_315: str
) -> None:
    done = build(write(tmp_path, **files), python_315)

    assert done.code == 1
    assert [each["code"] for each in done.json["findings"]] == ["FTB306"]
    assert not (tmp_path / "out").exists()


def test_the_oldest_python_of_the_range_builds_what_all_import(
    tmp_path: Path, default_python: str, python_314: str, python_315: str
) -> None:
    done = build(write(tmp_path, **SCIKIT_BUILD_PROJECT), default_python)

    assert done.code == 0, done.err
    wheel = Path(done.json["wheels"][0]["path"])
    assert "-cp312-abi3-" in wheel.name
    assert {imports(wheel, python) for python in (default_python, python_314, python_315)} == {"42"}
    assert ftwheel("check", wheel).code == 0
    assert "-abi3-" in ftwheel("tag", "--suggest", wheel).out


def test_meson_python_tags_a_wheel_of_3_15_for_3_15(tmp_path: Path, python_315: str, python_314: str) -> None:
    more = "[tool.meson-python]\nlimited-api = true"
    done = build(write(tmp_path, ["meson-python>=0.22"], "mesonpy", more, meson__build=MESON), python_315)

    assert done.code == 0, done.err
    wheel = Path(done.json["wheels"][0]["path"])
    assert "-cp315-abi3-" in wheel.name
    assert imports(wheel, python_315) == "42"


@pytest.mark.parametrize(
    ("macros", "code", "said"),
    [
        ([("Py_TARGET_ABI3T", "0x030F0000")], 0, ""),
        ([("Py_TARGET_ABI3T", "0x030F0000"), ("NO_ABI_SLOT", "1")], 6, "FTB315"),
        ([], 6, "FTB308"),
        ([("Py_LIMITED_API", "0x030F0000")], 6, "FTB308"),
    ],
    ids=["right", "no-abi-slot", "default-abi", "limited-only"],
)
def test_a_module_by_hand_under_abi3t(
    macros: list[tuple[str, str]], code: int, said: str, tmp_path: Path, python_315: str
) -> None:
    requires = ["ftwheel-build", SETUPTOOLS]
    project = write(tmp_path, requires, "ftwheel_build", WRAPPED, setup__py=ABI3T.replace("MACROS", repr(macros)))

    done = build(project, python_315)

    assert done.code == code, done.out + done.err
    assert said in done.out + done.err
    if not code:
        wheel = Path(done.json["wheels"][0]["path"])
        assert "-cp315-abi3.abi3t-" in wheel.name
        assert imports(wheel, python_315) == "42"
        assert ftwheel("check", "--import", "--python", python_315, wheel).code == 0


def test_cython_under_abi3t_is_told_which_setting_helps(tmp_path: Path, python_315: str) -> None:
    setup = CYTHON.replace('("Py_LIMITED_API", "MACRO")', '("Py_TARGET_ABI3T", "0x030F0000")')
    project = write(
        tmp_path, [SETUPTOOLS, "Cython==3.3.1"], "setuptools.build_meta", setup__py=setup, _m__pyx=PYX
    )  # fmt: skip

    done = build(project, python_315)

    assert done.code == 6
    assert 'limited-api = "version-specific"' in done.err


@pytest.mark.parametrize(
    "release",
    ["hypothesis==6.170.17", "cryptography==50.0.2", "artistools==2026.10.19", "argon2-cffi-bindings==26.2.0"],
)
def test_released_wheels_of_both_builds_are_right(
    release: str, tmp_path: Path, default_python: str, python_315: str
) -> None:
    options = ["--no-deps", "--only-binary", ":all:", "--python-version", "3.15", "--abi", "abi3t"]
    platforms = [f"--platform=manylinux_2_{minor}_x86_64" for minor in (34, 28, 17)]
    command = [default_python, "-m", "pip", "download", "-q", *options, *platforms, "-d", str(tmp_path), release]
    subprocess.run(command, check=True)
    (wheel,) = tmp_path.glob("*-abi3.abi3t-*.whl")

    for more in ([], ["--import", "--python", python_315]):
        done = ftwheel("check", wheel, *more, "--format", "json")
        assert [each for each in done.json["wheels"][0]["findings"] if each["severity"] == "error"] == []
