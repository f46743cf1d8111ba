"""What ``ftwheel build`` shows when a real compiler, build system or translator refuses: its first error, and no more.

The examples, each broken in one respect; their backends and tools come from the configured index.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from support.commands import ftwheel, ftwheel_environ

pytestmark = pytest.mark.network


def edited(pattern: str, old: str, new: str) -> Callable[[Path], None]:
    """Replace a text in the first file of the project that matches."""

    def edit(project: Path) -> None:
        path = next(project.rglob(pattern))
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return edit


def added(pattern: str, text: str) -> Callable[[Path], None]:
    """Append a text to the first file of the project that matches."""

    def edit(project: Path) -> None:
        with next(project.rglob(pattern)).open("a", encoding="utf-8") as file:
            file.write(text)

    return edit


def swig(project: Path) -> None:
    (project / "src" / "_histogram.c").unlink()
    (project / "src" / "demo.i").write_text("%module demo\n%inline %{ int one(void) { return 1; } %}\nint broken((;\n")
    (project / "setup.py").write_text(
        'from setuptools import Extension, setup\nsetup(ext_modules=[Extension("_demo", ["src/demo.i"])])\n'
    )
    edited("pyproject.toml", "requires = [", 'requires = ["swig", ')(project)


BROKEN = {
    "rustc": ("maturin-pyo3", added("lib.rs", "fn broken() -> NoSuchType { 1 }\n"), "NoSuchType` in this scope"),
    "cargo": ("maturin-pyo3", added("Cargo.toml", "[dependencies]\n"), "duplicate key"),
    "meson": ("meson-python", added("meson.build", "project(\n"), "ERROR: "),
    "meson, a dependency": ("meson-python", added("meson.build", "dependency('nosuchlib')\n"), '"nosuchlib" not found'),
    "ninja": (
        "meson-python",
        added("meson.build", "custom_target('x', output: 'x.c', command: ['false'], build_by_default: true)\n"),
        "FAILED: ",
    ),
    "cc by ninja": ("meson-python", edited("*.c", "static ", "sttic "), "error: unknown type name ‘sttic’"),
    "c++ by cmake": ("scikit-build-nanobind", edited("*.cpp", "NB_MODULE", "NB_MODUL"), "error: expected constructor"),
    "cmake": ("scikit-build-pybind11", added("CMakeLists.txt", "add_library(\n"), "Function missing ending"),
    "cmake, a package": (
        "scikit-build-pybind11",
        added("CMakeLists.txt", "find_package(Nosuch REQUIRED)\n"),
        "FindNosuch",
    ),
    "cython": (
        "setuptools-cython",
        added("*.pyx", "\ndef broken():\n    return undefined\n"),
        "undeclared name not builtin",
    ),
    "cython, its syntax": ("setuptools-cython", added("*.pyx", "\ndef broken(:\n    pass\n"), ".pyx:"),
    "swig": ("setuptools-c", swig, "demo.i:3: Error: Syntax error"),
}


@pytest.mark.parametrize("tool", BROKEN)
def test_the_first_error_of_a_tool_is_shown(
    tool: str, tmp_path: Path, free_threaded_python: str, examples: Path
) -> None:
    example, spoil, said = BROKEN[tool]
    project = tmp_path / "project"
    shutil.copytree(examples / example, project)
    spoil(project)
    done = ftwheel("build", project, "--python", free_threaded_python, environ=ftwheel_environ(LC_ALL="C.UTF-8"))
    assert done.code == 6, done.err
    shown = done.err.partition("ftwheel: error: ")[2].splitlines()
    assert said in "\n".join(shown[:22])
    assert len(shown) < 26
    assert shown[-1] == "ftwheel: hint: ftwheel build -v shows the whole log"
    assert "Traceback" not in done.err
    assert "Deprecat" not in done.err


def test_clang_too(tmp_path: Path, free_threaded_python: str, examples: Path) -> None:
    """The clang that Zig's wheel brings; its linker is lld."""
    project = tmp_path / "project"
    shutil.copytree(examples / "setuptools-c", project)
    edited("pyproject.toml", "requires = [", 'requires = ["ziglang", ')(project)
    edited(
        "setup.py",
        "from setuptools",
        "import os, sys\nos.environ['CC'] = f'{sys.executable} -m ziglang cc'\nfrom setuptools",
    )(project)
    edited("*.c", "static ", "sttic ")(project)
    done = ftwheel("build", project, "--python", free_threaded_python)
    assert done.code == 6, done.err
    shown = done.err.partition("ftwheel: error: ")[2].splitlines()
    assert any("error: unknown type name 'sttic'" in line for line in shown[:4])
    assert len(shown) < 16
