"""What every adapter says to its backend: for the targets at hand, and for a 3.15 that is only pretended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ftwheel.io.system.interpreters import discover
from ftwheel_build.adapt import adapted
from ftwheel_build.config import Config
from ftwheel_build.environment import check_environment
from ftwheel_build.errors import RefusedError
from ftwheel_build.job import Job
from ftwheel_build.wrapped import FAMILIES, family, hides_metadata
from support.backend import SOURCE, c_source, hook, import_module, names_in, project, target
from support.pip_oracle import environment_with


def passed(
    backend: str,
    label: str,
    *,
    name: str = "build_wheel",
    policy: str = "auto",
    tool: Mapping[str, Any] | None = None,
    root: Path = Path(),
    **settings: Any,
) -> dict[str, Any]:
    """The config settings that the wrapped backend gets; ``_`` in names of settings stands for ``-``."""
    given = {key.replace("_", "-"): value for key, value in settings.items()}
    config = Config(build_backend=backend, limited_api=policy)
    job = Job(name, str(root), target(label), config, {"tool": tool or {}}, given, set())
    with adapted(job) as result:
        return result


SCIKIT = "scikit_build_core.build"
LIMITED = {"scikit-build": {"wheel": {"py-api": "cp39"}}}


@pytest.mark.parametrize(
    ("label", "policy", "expected"),
    [
        ("3.13", "auto", {}),
        ("3.13t", "auto", {"wheel.py-api": ""}),
        ("3.15t", "auto", {"wheel.py-api": "cp315.cp315t"}),
        ("3.15t", "version-specific", {"wheel.py-api": ""}),
        ("3.13t", "keep", {}),
        ("3.15", "auto", {}),
        ("3.13", "refuse", {}),
    ],
)
def test_scikit_build_core_and_the_limited_api(monkeypatch, label, policy, expected):
    monkeypatch.delenv("SKBUILD_WHEEL_PY_API", raising=False)
    assert passed(SCIKIT, label, policy=policy, tool=LIMITED) == expected


def test_scikit_build_core_finds_the_setting_wherever_it_stands(monkeypatch):
    named: dict[str, Any] = {"skbuild.wheel.py-api": "cp312"}
    assert passed(SCIKIT, "3.13t", **named) == {"skbuild.wheel.py-api": ""}
    assert passed(SCIKIT, "3.13t", tool={"scikit-build": {"wheel": {"py-api": "py3"}}}) == {}
    assert passed(SCIKIT, "3.13t") == {}
    assert passed(SCIKIT, "3.15t", tool={"scikit-build": {"wheel": {"py-api": "cp316"}}}) == {
        "wheel.py-api": "cp316.cp316t"
    }
    monkeypatch.setenv("SKBUILD_WHEEL_PY_API", "cp310")
    assert passed(SCIKIT, "3.13t") == {"wheel.py-api": ""}
    with pytest.raises(RefusedError, match=r"wheel\.py-api = 'cp310'") as caught:
        passed(SCIKIT, "3.13t", policy="refuse")
    assert caught.value.code == "FTB205"


def test_scikit_build_core_in_tree_editable_installs_have_no_abi3_module(monkeypatch):
    monkeypatch.delenv("SKBUILD_WHEEL_PY_API", raising=False)
    inplace = {"scikit-build": {**LIMITED["scikit-build"], "editable": {"mode": "inplace"}}}
    assert passed(SCIKIT, "3.13", name="build_editable", tool=inplace) == {"wheel.py-api": ""}
    assert passed(SCIKIT, "3.13", name="build_editable", tool=LIMITED) == {}


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("build", os.path.join("build", "ftwheel-cp313t-linux_x86_64")),
        ("build/{wheel_tag}", None),
        ("build-cp313t", "build-cp313t"),
    ],
)
def test_build_folders_that_were_named_for_all_become_the_targets_own(folder, expected):
    result = passed(SCIKIT, "3.13t", tool={"scikit-build": {"build-dir": folder}})
    assert result == ({} if expected is None else {"build-dir": expected})
    if expected is not None:
        assert passed("mesonpy", "3.13t", build_dir=folder) == {"build-dir": expected}


OFF = "-Dpython.allow_limited_api=false"
MESON = {"meson-python": {"limited-api": True}}


@pytest.mark.parametrize(
    ("label", "policy", "name", "expected"),
    [
        ("3.13", "auto", "build_wheel", {}),
        ("3.13t", "auto", "build_wheel", {"setup-args": [OFF]}),
        ("3.13t", "auto", "build_sdist", {"setup-args": [OFF]}),
        ("3.13t", "auto", "get_requires_for_build_wheel", {}),
        ("3.13t", "keep", "build_wheel", {}),
        ("3.15t", "auto", "build_wheel", {}),  # meson-python itself gives abi3.abi3t
        ("3.15t", "version-specific", "build_editable", {"setup-args": [OFF]}),
    ],
)
def test_meson_python_and_the_limited_api(label, policy, name, expected):
    assert passed("mesonpy", label, policy=policy, name=name, tool=MESON) == expected


def test_meson_python_keeps_what_was_given_and_looks_into_meson_build(tmp_path):
    assert passed("mesonpy", "3.13t", tool=MESON, setup_args="-Da=b") == {"setup-args": ["-Da=b", OFF]}
    assert passed("mesonpy", "3.13t", tool=MESON, setup_args=["-Da=b", "-Dc=d"])["setup-args"][-1] == OFF
    (tmp_path / "src").mkdir()
    build = tmp_path / "src" / "meson.build"
    build.write_text("# limited_api: '3.9'\npy.extension_module('a', 'a.c')\n")
    assert passed("mesonpy", "3.13t", root=tmp_path) == {}
    build.write_text("py.extension_module('a', 'a.c', limited_api : '3.9')\n")
    assert passed("mesonpy", "3.13t", root=tmp_path) == {"setup-args": [OFF]}
    assert passed("mesonpy", "3.15t", root=tmp_path) == {"setup-args": [OFF]}  # its headers refuse that of 3.9
    build.write_text("py.extension_module('a', 'a.c', limited_api : '3.15')\n")
    assert passed("mesonpy", "3.15t", root=tmp_path) == {}
    with pytest.raises(RefusedError, match="meson-python: limited API"):
        passed("mesonpy", "3.13t", root=tmp_path, policy="refuse")


def test_maturin_has_a_target_folder_for_each_abi(monkeypatch, tmp_path):
    config = Config(build_backend="maturin")

    def inside(label: str) -> str:
        job = Job("build_wheel", str(tmp_path), target(label), config, {}, {"build-args": "--locked"}, set())
        with adapted(job) as settings:
            assert settings == {"build-args": "--locked"}
            return os.environ["CARGO_TARGET_DIR"]

    monkeypatch.delenv("CARGO_TARGET_DIR", raising=False)
    assert inside("3.13t") == str(tmp_path / "target" / "ftwheel-cp313t-linux_x86_64")
    assert "CARGO_TARGET_DIR" not in os.environ
    monkeypatch.setenv("CARGO_TARGET_DIR", "/cache")
    assert inside("3.13") == "/cache/ftwheel-cp313-linux_x86_64"
    assert os.environ["CARGO_TARGET_DIR"] == "/cache"


@pytest.mark.parametrize(
    ("backend", "imported", "in_tree", "expected"),
    [
        ("setuptools.build_meta:__legacy__", "", False, "setuptools"),
        ("scikit_build_core.build", "", False, "scikit_build_core"),
        ("scikit_build_core.setuptools.build_meta", "", False, "setuptools"),
        ("own", "mesonpy", True, "meson_python"),
        ("own", "", True, ""),
        ("pdm.backend", "setuptools", False, "setuptools"),  # it runs setup() itself
        ("pdm.backend", "mesonpy", False, ""),
        ("mesonpy_like", "", False, ""),
    ],
)
def test_which_adapter_fits(monkeypatch, backend, imported, in_tree, expected):
    for module in FAMILIES:
        monkeypatch.delitem(sys.modules, module, raising=False)
    if imported:
        monkeypatch.setitem(sys.modules, imported, types.ModuleType(imported))
    assert family(Config(build_backend=backend, backend_path=(".",) if in_tree else ())) == expected


def test_an_unknown_backend_gets_what_was_given(monkeypatch):
    monkeypatch.delitem(sys.modules, "setuptools", raising=False)
    assert passed("pdm.backend", "3.13t", policy="refuse", anything="goes") == {"anything": "goes"}


@pytest.mark.parametrize(
    ("backend", "dynamic", "hidden"),
    [
        ("hatchling.build", ["dependencies"], True),
        ("hatchling.build", ["version", "optional-dependencies"], True),
        ("hatchling.build", ["version"], False),
        ("setuptools.build_meta", ["dependencies"], False),
    ],
)
def test_hatchling_with_dynamic_dependencies_has_no_metadata_before_the_wheel(backend, dynamic, hidden):
    """As uv decides when it reads ``hatchling.build`` in [build-system], which it does not behind a wrapper."""
    assert hides_metadata(Config(build_backend=backend), {"project": {"dynamic": dynamic}}) is hidden
    assert hides_metadata(Config(build_backend=backend), {}) is False


@pytest.mark.parametrize(
    ("variable", "value", "label"),
    [
        ("SETUPTOOLS_EXT_SUFFIX", ".cp313t-win_arm64.pyd", "3.13t"),  # cross compilation on Windows
        ("SETUPTOOLS_EXT_SUFFIX", ".so", "3.13t"),
        ("SETUPTOOLS_EXT_SUFFIX", "", "3.13t"),
        ("_PYTHON_HOST_PLATFORM", "macosx-11.0-arm64", "3.13t"),  # cibuildwheel on macOS
        ("_PYTHON_HOST_PLATFORM", "linux-x86_64", "3.13t"),
        ("CFLAGS", "-I/nowhere -I", "3.13t"),
        ("CFLAGS", "-DNAME='unfinished", "3.13t"),
        ("CFLAGS", "-DPy_GIL_DISABLED=1", "3.13t"),
        ("CPATH", os.pathsep, "3.13t"),
    ],
)
def test_an_environment_that_contradicts_nothing(variable, value, label):
    check_environment({variable: value}, target(label))


@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [
        ("SETUPTOOLS_EXT_SUFFIX", ".cp313-win_arm64.pyd", "FTB203"),
        ("SETUPTOOLS_EXT_SUFFIX", ".abi3.so", "FTB203"),
        ("_PYTHON_HOST_PLATFORM", "linux-aarch64", "FTB204"),
        ("_CL_", "/DPy_GIL_DISABLED", ""),
    ],
)
def test_an_environment_that_contradicts_the_target(variable, value, code):
    label = "3.13t" if code else "3.13"
    with pytest.raises(RefusedError, match=variable) as caught:
        check_environment({variable: value}, target(label))
    assert caught.value.code == (code or "FTB202")


ADJUST = """
import json, sys
from setuptools import Extension
from setuptools.dist import Distribution
from ftwheel_build.adapt.setuptools import adjust
from ftwheel_build.config import Config
from ftwheel_build.job import Job
from ftwheel_build.target import Target
version, free_threaded, policy, hook = json.loads(sys.argv[1])
target = Target("cpython", tuple(version), free_threaded, False, "", "linux-x86_64")
job = Job(hook, ".", target, Config(build_backend="setuptools.build_meta", limited_api=policy), {}, {}, set())
extension = Extension(
    "demo._ext", ["ext.c"], py_limited_api=True, define_macros=[("Py_LIMITED_API", "0x03090000"), ("A", "1")],
    extra_compile_args=["-DCYTHON_LIMITED_API=1", "-O1"],
)
class Renamed(Distribution.get_command_class(Distribution(), "build_ext")): pass
distribution = Distribution({
    "name": "demo", "ext_modules": [extension], "cmdclass": {"build_ext": Renamed},
    "libraries": [("helper", {"sources": ["h.c"], "macros": [("Py_LIMITED_API", "3")]})],
})
wheel, ext = distribution.get_command_obj("bdist_wheel"), distribution.get_command_obj("build_ext")
wheel.py_limited_api, ext.define = "cp39", "Py_LIMITED_API,B=2"
for command in (wheel, ext):
    adjust(command, job)
print(json.dumps([wheel.py_limited_api, bool(extension.py_limited_api), extension.define_macros,
                  extension.extra_compile_args, distribution.libraries[0][1]["macros"], ext.define]))
"""
BEFORE = ["cp39", True, [["Py_LIMITED_API", "0x03090000"], ["A", "1"]], ["-DCYTHON_LIMITED_API=1", "-O1"]]
KEPT = [*BEFORE, [["Py_LIMITED_API", "3"]], "Py_LIMITED_API,B=2"]
DROPPED = [False, False, [["A", "1"]], ["-O1"], [], "B=2"]
RAISED_MACROS = [["A", "1"], ["Py_LIMITED_API", "0x030F0000"], ["Py_TARGET_ABI3T", "0x030F0000"]]
RAISED = ["cp315", True, RAISED_MACROS, ["-O1"], [["Py_LIMITED_API", "3"]], "Py_LIMITED_API,B=2"]
EDITABLE = [False, False, *KEPT[2:]]


@pytest.fixture(scope="module")
def setuptools(tmp_path_factory: pytest.TempPathFactory, free_threaded_python: str) -> Path:
    folder = tmp_path_factory.mktemp("setuptools")
    return environment_with(folder / "environment", free_threaded_python, "setuptools==84.2.0")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ([[3, 13], False, "auto", "build_wheel"], KEPT),
        ([[3, 15], False, "auto", "build_wheel"], KEPT),
        ([[3, 15], True, "auto", "build_wheel"], RAISED),
        ([[3, 15], True, "version-specific", "build_wheel"], DROPPED),
        ([[3, 15], True, "keep", "build_wheel"], KEPT),
        ([[3, 13], False, "auto", "build_editable"], EDITABLE),
        ([[3, 13], False, "refuse", "build_wheel"], KEPT),
    ],
)
def test_setuptools_commands_before_they_finalise(setuptools, question, expected):
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    output = subprocess.check_output([setuptools, "-c", ADJUST, json.dumps(question)], env=env, text=True)
    assert json.loads(output) == expected


def test_cython_has_no_stable_abi_for_both_builds(setuptools, tmp_path):
    (tmp_path / "ext.c").write_text("/* Generated by Cython 3.3.1 */\n")
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    question = json.dumps([[3, 15], True, "auto", "build_wheel"])
    command = [setuptools, "-c", ADJUST, question]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True)
    assert "Cython 3.3.1 generates no code for abi3t" in done.stderr
    assert 'limited-api = "version-specific"' in done.stderr


def test_a_default_3_15_raises_the_limited_api_where_the_sources_can(setuptools, tmp_path):
    (tmp_path / "ext.c").write_text("PyMODEXPORT_FUNC PyModExport__ext(void)\n")
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    for version, policy, expected in (([3, 15], "auto", RAISED), ([3, 15], "keep", KEPT), ([3, 14], "auto", KEPT)):
        question = json.dumps([version, False, policy, "build_wheel"])
        output = subprocess.check_output([setuptools, "-c", ADJUST, question], env=env, cwd=tmp_path, text=True)
        assert json.loads(output) == expected


LIMITED_SETUP = (
    "from setuptools import Extension, setup\n"
    "macros = [('Py_LIMITED_API', '0x03090000')]\n"
    "extension = Extension('demo._ext', ['ext.c'], py_limited_api=True, define_macros=macros)\n"
    "setup(packages=['demo'], ext_modules=[extension], options={'bdist_wheel': {'py_limited_api': 'cp39'}})\n"
)
FILES = {"setup.py": LIMITED_SETUP, "ext.c": c_source(), "demo/__init__.py": ""}


def test_a_version_of_setuptools_that_builds_wrong_wheels(tmp_path, setuptools, free_threaded_python):
    source = project(tmp_path / "source", "setuptools.build_meta", FILES)
    answer = hook(setuptools, source, "build_wheel", "dist")
    assert answer.refused == "FTB206", answer.output
    assert "setuptools 84.2.0 names limited-API modules .abi3t.so" in answer.output
    assert 'write "setuptools!=84.2.0"' in answer.output
    refusing = hook(setuptools, source, "build_wheel", "dist", {"ftwheel.limited-api": "refuse"})
    assert refusing.refused == "FTB205", refusing.output
    other = environment_with(tmp_path / "other", free_threaded_python, "setuptools!=84.2.0")
    answer = hook(other, source, "build_wheel", "dist")
    assert (answer.refused, answer.code) == ("", 0), answer.output


def has_headers(interpreter):
    """Debian's own Python has them in a package of its own."""
    command = "import os, sysconfig; print(os.path.exists(sysconfig.get_path('include') + '/Python.h'))"
    done = subprocess.run([interpreter.executable, "-c", command], capture_output=True, text=True, check=True)
    return done.stdout == "True\n"


@pytest.mark.e2e
def test_every_python_found_builds_its_wheel(tmp_path):
    """From 3.9 on, with the wrapper installed from its wheel, so that tomli comes along where it has to."""
    found = {each.label: each for each in reversed(discover()) if each.implementation == "cpython"}
    pythons = [each for each in found.values() if each.minor >= (3, 9) and not each.debug and has_headers(each)]
    assert {each.free_threaded for each in pythons} == {True, False}
    for each in pythons:
        source = project(tmp_path / each.label, "setuptools.build_meta", FILES)
        python = environment_with(tmp_path / f"env-{each.label}", each.executable, "setuptools", "ftwheel-build")
        answer = hook(python, source, "build_wheel", source / "dist")
        tags = f"{each.abi_tag[:-1]}-{each.abi_tag}" if each.free_threaded else "cp39-abi3"
        assert (answer.value or "").startswith(f"demo-1.0-{tags}-"), answer.output
        suffix = each.extension_suffixes[0] if each.free_threaded else ".abi3.so"
        assert names_in(source / "dist" / answer.value) == ["demo/__init__.py", f"demo/_ext{suffix}"]
        answer = hook(python, source, "build_editable", source / "dist")
        assert answer.code == 0, answer.output
        assert import_module(python, source, "demo._ext") == (
            "42",
            str(source / f"demo/_ext{each.extension_suffixes[0]}"),
        )
