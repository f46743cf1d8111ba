"""``ftwheel init``: which settings of a project give the floor of the stable ABI, and what it says of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from support.adopting import PAIR
from support.in_process import CommandRun, configure_nothing

MODULE = "from setuptools import Extension, setup\n"
PYO3 = '[package]\nname = "demo"\nversion = "1.0.0"\n[dependencies.pyo3]\nversion = "{}"\nfeatures = [{}]\n'
ONE = 'setup(ext_modules=[Extension("demo", ["demo.c"])]{})\n'
MACRO = 'setup(ext_modules=[Extension("demo", ["demo.c"], define_macros=[("Py_LIMITED_API", "0x030B0000")])]{})\n'
TAGGED = """\
from setuptools.command.bdist_wheel import bdist_wheel
class Stable(bdist_wheel):
    def get_tag(self):
        python, abi, platform = super().get_tag()
        return ("cp39", "abi3", platform) if python.startswith("cp") else (python, abi, platform)
setup(ext_modules=[Extension("demo", ["demo.c"], py_limited_api=True)], cmdclass={"bdist_wheel": Stable})
"""
ASKED = "py.extension_module('demo', 'demo.c', limited_api: get_option('sabi'))\n"


Propose = Callable[[str, Mapping[str, str]], CommandRun]


@pytest.fixture
def propose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Propose:
    """Ask ``init --dry-run`` about a project with one module, a backend and these files.

    What ``pyproject.toml`` has among the files comes after its own.
    """

    def asked(backend: str, files: Mapping[str, str]) -> CommandRun:
        configure_nothing(monkeypatch, tmp_path)
        project = tmp_path / "demo"
        project.mkdir()
        head = f'[build-system]\nrequires = []\nbuild-backend = "{backend}"\n[project]\nname = "demo"\n'
        given = {
            "demo.c": "\n",
            "setup.py": MODULE + ONE.format(""),
            **files,
            "pyproject.toml": head + 'version = "1.0"\n' + files.get("pyproject.toml", ""),
        }
        for name, text in given.items():
            (project / name).write_text(text)
        run = CommandRun("init", capsys)
        assert run(project, "--dry-run", *PAIR) == 0
        return run

    return asked


@pytest.mark.parametrize(
    ("backend", "files", "floor", "where"),
    [
        ("maturin", {"Cargo.toml": PYO3.format("0.29", '"abi3-py310", "abi3t-py315"')}, "3.10", "the features of PyO3"),
        ("setuptools.build_meta", {"setup.py": MODULE + MACRO.format("")}, "3.11", "Py_LIMITED_API in setup.py"),
        (
            "setuptools.build_meta",
            {"setup.py": MODULE + ONE.format(', options={"bdist_wheel": {"py_limited_api": "cp310"}}')},
            "3.10",
            "setup.py",
        ),
        ("setuptools.build_meta", {"setup.py": MODULE + TAGGED}, "3.9", "setup.py"),
        ("setuptools.build_meta", {"setup.cfg": "[bdist_wheel]\npy_limited_api = cp312\n"}, "3.12", "setup.cfg"),
        (
            "setuptools.build_meta",
            {"pyproject.toml": '[tool.distutils.bdist_wheel]\npy-limited-api = "cp39"\n'},
            "3.9",
            "[tool.distutils.bdist_wheel]",
        ),
        (
            "scikit_build_core.build",
            {"pyproject.toml": '[tool.scikit-build]\nwheel.py-api = "cp312"\n'},
            "3.12",
            "[tool.scikit-build] wheel.py-api",
        ),
        (
            "mesonpy",
            {"meson.build": "py.extension_module('demo', 'demo.c', limited_api: '3.10')\n"},
            "3.10",
            "meson.build",
        ),
        (
            "mesonpy",
            {"meson.build": ASKED, "meson.options": "option('sabi', type: 'string', value: '3.11')\n"},
            "3.11",
            "the option sabi of Meson",
        ),
        ("setuptools.build_meta", {}, "", ""),
    ],
)
def test_the_floor_comes_from_the_settings_of_the_backend(
    *, backend: str, files: Mapping[str, str], floor: str, where: str, propose: Propose
) -> None:
    run = propose(backend, files)

    assert (f'+stable-abi = "{floor}"\n' in run.out) is bool(floor)
    assert ("stable-abi" in run.out) is bool(floor)
    assert (f"from {floor} ({where})" in run.err) is bool(floor)
    assert "disagree" not in run.err


@pytest.mark.parametrize(
    ("backend", "files", "taken", "said"),
    [
        (
            "setuptools.build_meta",
            {"setup.py": MODULE + MACRO.format(', options={"bdist_wheel": {"py_limited_api": "cp39"}}')},
            "3.11",
            "3.9 (setup.py), 3.11 (Py_LIMITED_API in setup.py)",
        ),
        (
            "setuptools.build_meta",
            {"setup.py": MODULE + MACRO.format(""), "setup.cfg": "[bdist_wheel]\npy_limited_api = cp312\n"},
            "3.12",
            "3.11 (Py_LIMITED_API in setup.py), 3.12 (setup.cfg)",
        ),
        (
            "mesonpy",
            {"meson.build": "m.build(c_args: ['-DPy_LIMITED_API=0x030b0000'], limited_api: '3.10')\n"},
            "3.11",
            "3.10 (meson.build), 3.11 (Py_LIMITED_API in meson.build)",
        ),
    ],
)
def test_floors_that_disagree_are_told_and_the_newest_is_taken(
    *, backend: str, files: Mapping[str, str], taken: str, said: str, propose: Propose
) -> None:
    run = propose(backend, files)

    assert f'+stable-abi = "{taken}"\n' in run.out
    assert f"note: the stable ABI versions disagree: {said}. " in run.err
    assert f"so {taken} is used; make them agree" in run.err


@pytest.mark.parametrize(
    ("version", "features", "proposed"),
    [
        ("0.29", '"abi3-py310"', True),
        ("0.29", '"abi3-py310", "abi3t-py315"', False),
        ("0.28", '"abi3-py310"', False),
    ],
)
def test_the_feature_for_both_builds_is_proposed_where_pyo3_has_it(
    *, version: str, features: str, proposed: bool, propose: Propose
) -> None:
    run = propose("maturin", {"Cargo.toml": PYO3.format(version, features)})

    assert ("abi3t-py315" in run.err) is proposed
