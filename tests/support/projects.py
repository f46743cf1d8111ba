"""Small real projects for tests: extensions for setuptools without the wrapper, and in-tree backends that misbehave."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

__all__ = ["c_project", "c_source", "intree_project"]


def c_source(name: str, *, declares: bool = True, body: str = "") -> str:
    """A C extension module with multi-phase init; ``body`` runs when it is executed and may ``return -1``."""
    gil = "{Py_mod_gil, Py_MOD_GIL_NOT_USED}," if declares else ""
    return textwrap.dedent(
        f"""
        #include <Python.h>
        #include <signal.h>
        #include <unistd.h>
        static int execute(PyObject *module) {{ {body} return 0; }}
        static PyModuleDef_Slot slots[] = {{
            {{Py_mod_exec, execute}},
        #if PY_VERSION_HEX >= 0x030D0000
            {gil}
        #endif
            {{0, NULL}},
        }};
        static struct PyModuleDef definition = {{
            PyModuleDef_HEAD_INIT, .m_name = "{name}", .m_size = 0, .m_slots = slots,
        }};
        PyMODINIT_FUNC PyInit_{name}(void) {{ return PyModuleDef_Init(&definition); }}
        """
    )


def c_project(folder: Path, modules: Mapping[str, str], *, python: str = "", more: str = "") -> Path:
    """A setuptools project ``ext`` whose package ``pkg`` has these C modules (name -> source).

    It does not use the wrapper. ``python`` is the text of ``pkg/__init__.py``, ``more`` goes into ``[project]``.
    """
    package = folder / "src" / "pkg"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(python)
    for name, source in modules.items():
        (folder / "src" / f"{name}.c").write_text(source)
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools>=77"]\nbuild-backend = "setuptools.build_meta"\n'
        f'[project]\nname = "ext"\nversion = "1.0"\n{more}\n'
    )
    extensions = ", ".join(f'Extension("pkg.{name}", ["src/{name}.c"])' for name in modules)
    (folder / "setup.py").write_text(f"from setuptools import Extension, setup\nsetup(ext_modules=[{extensions}])\n")
    return folder


def intree_project(folder: Path, backend: str) -> Path:
    """A project with its build backend in its own tree, and no requirements: nothing has to be installed."""
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "own_backend"\nbackend-path = ["."]\n'
        '[project]\nname = "intree"\nversion = "1.0"\n'
    )
    (folder / "own_backend.py").write_text(textwrap.dedent(backend))
    return folder
