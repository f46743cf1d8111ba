"""The C source of a module ``pkg._m`` for the ABIs there are: version-specific, abi3 and abi3t."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

from support.modules import include_dir

__all__ = ["ABI3T", "LIMITED", "LIMITED_315", "SOURCE", "compiled", "every_stable_abi"]

# One source for every case; macros choose what is wrong with it.
SOURCE = r"""
#include <Python.h>
static PyObject *answer(PyObject *self, PyObject *ignored) { return PyLong_FromLong(42); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
#ifdef INIT_ONLY
PyMODINIT_FUNC PyInit__m(void) { return NULL; }
#else
#if defined(Py_TARGET_ABI3T) || (defined(Py_LIMITED_API) && Py_LIMITED_API+0 >= 0x030f0000)
#define EXPORTS
PyABIInfo_VAR(abi_info);
static PySlot exported[] = {
    PySlot_STATIC_DATA(Py_mod_name, "pkg._m"),
#ifndef NO_ABI_SLOT
    PySlot_STATIC_DATA(Py_mod_abi, &abi_info),
#endif
    PySlot_STATIC_DATA(Py_mod_methods, methods),
#ifndef NO_GIL_SLOT
    PySlot_DATA(Py_mod_gil, Py_MOD_GIL_NOT_USED),
#endif
    PySlot_END
};
PyMODEXPORT_FUNC PyModExport__m(void) { return exported; }
#endif
#if !defined(EXPORTS) || defined(BOTH_INITS)
static PyModuleDef_Slot slots[] = {
#if defined(Py_MOD_GIL_NOT_USED) && !defined(NO_INIT_SLOT)
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL}};
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "pkg._m", NULL, 0, methods, slots, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit__m(void) { return PyModuleDef_Init(&def); }
#endif
#endif
#ifdef OUTSIDE
extern PyObject *_PyObject_CallNoArgs(PyObject *);
PyObject *outside(PyObject *callable) { return _PyObject_CallNoArgs(callable); }
#endif
"""
ABI3T = ("Py_TARGET_ABI3T=0x030F0000",)
LIMITED = ("Py_LIMITED_API=0x030A0000",)
LIMITED_315 = ("Py_LIMITED_API=0x030F0000",)


def compiled(folder: Path, python: str, macros: Iterable[str] = ABI3T) -> bytes:
    """The module ``_m``, compiled with the headers of ``python``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "m.c").write_text(SOURCE)
    flags = [f"-I{include_dir(python)}", *(f"-D{macro}" for macro in macros)]
    command = ["cc", "-shared", "-fPIC", "-O1", *flags, "m.c", "-o", "m.so"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return (folder / "m.so").read_bytes()


def every_stable_abi(folder: Path, python: str, python_315: str) -> dict[str, bytes]:
    """The module by what is right or wrong with it; ``python`` has headers before 3.15."""
    return {
        "limited": compiled(folder / "limited", python, LIMITED),
        "abi3 outside": compiled(folder / "outside", python, (*LIMITED, "OUTSIDE")),
        "slot of 3.13": compiled(folder / "slot", python, ()),
        "abi3t": compiled(folder / "abi3t", python_315),
        "abi3t without slot": compiled(folder / "no-slot", python_315, (*ABI3T, "NO_ABI_SLOT")),
        "abi3t of 3.16": compiled(folder / "newer", python_315, ("Py_TARGET_ABI3T=0x03100000",)),
        "both init functions": compiled(folder / "both", python_315, (*LIMITED_315, "BOTH_INITS", "NO_INIT_SLOT")),
        "newer slot in one of two": compiled(folder / "two", python_315, (*LIMITED_315, "BOTH_INITS")),
        "abi3t init only": compiled(folder / "init", python_315, (*ABI3T, "INIT_ONLY")),
    }
