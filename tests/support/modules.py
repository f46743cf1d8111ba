"""Compile tiny extension modules with a real compiler against real headers."""

from __future__ import annotations

import functools
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

__all__ = [
    "DECLARED",
    "SINGLE_PHASE",
    "UNDECLARED",
    "build_module",
    "compile_objects",
    "every_abi",
    "ext_suffix",
    "include_dir",
]

_SLOTS = """
#define PY_SSIZE_T_CLEAN
#include <Python.h>
static PyObject *answer(PyObject *self, PyObject *ignored) {{ return PyLong_FromLong(42); }}
static PyMethodDef methods[] = {{{{"answer", answer, METH_NOARGS, NULL}}, {{NULL}}}};
static PyModuleDef_Slot slots[] = {{{slot} {{0, NULL}}}};
static struct PyModuleDef module = {{
    PyModuleDef_HEAD_INIT, .m_name = "{name}", .m_methods = methods, .m_slots = slots
}};
PyMODINIT_FUNC PyInit_{name}(void) {{ return PyModuleDef_Init(&module); }}
"""
DECLARED = _SLOTS.replace(
    "{slot}",
    "\n#if PY_VERSION_HEX >= 0x030D0000 && !defined(Py_LIMITED_API)\n{{Py_mod_gil, Py_MOD_GIL_NOT_USED}},\n#endif\n",
)
UNDECLARED = _SLOTS.replace("{slot}", "")
SINGLE_PHASE = """
#include <Python.h>
static struct PyModuleDef module = {{PyModuleDef_HEAD_INIT, .m_name = "{name}", .m_size = -1}};
PyMODINIT_FUNC PyInit_{name}(void) {{ return PyModule_Create(&module); }}
"""
# imports neither of the symbols that tell the ABI, and its definition is made at run time
_SILENT = """
#include <Python.h>
#include <string.h>
static struct PyModuleDef module;
PyMODINIT_FUNC PyInit_{name}(void) {{
    PyModuleDef start = {{PyModuleDef_HEAD_INIT, .m_name = "{name}", .m_size = -1}};
    memcpy(&module, &start, sizeof start);
    return PyModule_Create(&module);
}}
"""


@functools.cache
def _told(python: str) -> dict[str, str]:
    code = (
        "import json, sysconfig; print(json.dumps({'include': sysconfig.get_path('include'),"
        " 'suffix': sysconfig.get_config_var('EXT_SUFFIX')}))"
    )
    done = subprocess.run([python, "-I", "-c", code], stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, str] = json.loads(done.stdout)
    return told


def include_dir(python: str) -> str:
    return _told(python)["include"]


def ext_suffix(python: str) -> str:
    """``.cpython-313t-x86_64-linux-gnu.so``"""
    return _told(python)["suffix"]


def build_module(
    folder: Path, python: str, *, name: str = "_ext", source: str = DECLARED, flags: Sequence[str] = ()
) -> bytes:
    """The bytes of a module compiled with the headers of ``python``; ``{name}`` in the source is its name."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.c").write_text(source.format(name=name))
    out = folder / f"{name}.so"
    command = ["cc", "-shared", "-fPIC", "-O1", f"-I{include_dir(python)}", *flags, f"{name}.c", "-o", out.name]
    subprocess.run(command, cwd=folder, check=True)
    return out.read_bytes()


def compile_objects(folder: Path, python: str, source: str, name: str) -> Path:
    """An object file compiled with the headers of ``python``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.c").write_text(source)
    subprocess.run(["cc", "-c", "-fPIC", "-O1", f"-I{include_dir(python)}", f"{name}.c"], cwd=folder, check=True)
    return folder / f"{name}.o"


def every_abi(folder: Path, default: str, free_threaded: str) -> dict[str, bytes]:
    """Modules by what they were compiled for with the headers of a pair, one that does not tell, and a library."""
    releasing = "#include <Python.h>\nvoid release(PyObject *object) { Py_DECREF(object); }\n"
    helper = compile_objects(folder / "helper", default, releasing, "helper")

    def module(label: str, python: str, source: str, *flags: str | Path) -> bytes:
        return build_module(folder / label, python, source=source, flags=[str(flag) for flag in flags])

    return {
        "default": module("default", default, DECLARED),
        "free-threaded": module("free-threaded", free_threaded, DECLARED),
        "abi3": module("abi3", default, DECLARED, "-DPy_LIMITED_API=0x03090000"),
        "single-phase": module("single", free_threaded, SINGLE_PHASE),
        "silent": module("silent", free_threaded, _SILENT),
        "mixed": module("mixed", free_threaded, DECLARED, helper),
        "library": module("library", default, "int add(int a, int b) {{ return a + b; }}"),
    }
