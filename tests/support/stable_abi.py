"""The C source of a module ``pkg._m`` for the ABIs there are: version-specific, abi3 and abi3t."""

from __future__ import annotations

__all__ = ["SOURCE"]

# One source for every case; the macros choose what is wrong with it.
SOURCE = r"""
#include <Python.h>
static PyObject *answer(PyObject *self, PyObject *ignored) { return PyLong_FromLong(42); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
#if defined(Py_TARGET_ABI3T) || (defined(Py_LIMITED_API) && Py_LIMITED_API+0 >= 0x030f0000)
PyABIInfo_VAR(abi_info);
static PySlot slots[] = {
    PySlot_STATIC_DATA(Py_mod_name, "pkg._m"),
#ifndef NO_ABI_SLOT
    PySlot_STATIC_DATA(Py_mod_abi, &abi_info),
#endif
    PySlot_STATIC_DATA(Py_mod_methods, methods),
    PySlot_DATA(Py_mod_gil, Py_MOD_GIL_NOT_USED),
    PySlot_END
};
PyMODEXPORT_FUNC PyModExport__m(void) { return slots; }
#else
static PyModuleDef_Slot slots[] = {
#ifdef Py_MOD_GIL_NOT_USED
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL}};
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "pkg._m", NULL, 0, methods, slots, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit__m(void) { return PyModuleDef_Init(&def); }
#endif
"""
