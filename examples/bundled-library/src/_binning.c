/* Calls a shared library that is not part of Python and has to travel inside the wheel. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "binning.h"

static PyObject *
find(PyObject *Py_UNUSED(module), PyObject *args)
{
    double low, high, value;
    Py_ssize_t bins;
    if (!PyArg_ParseTuple(args, "ddnd:find", &low, &high, &bins, &value)) {
        return NULL;
    }
    if (bins < 1) {
        return PyErr_Format(PyExc_ValueError, "need at least one bin, not %zd", bins);
    }
    /* Neither the library nor this function keeps anything between two calls, so there is nothing to lock. */
    size_t bin = binning_find(low, high, (size_t)bins, value);
    if (bin == (size_t)bins) {
        Py_RETURN_NONE;
    }
    return PyLong_FromSize_t(bin);
}

static PyMethodDef methods[] = {
    {"find", find, METH_VARARGS, "find(low, high, bins, value)\n--\n\nThe bin a value is in; None if it is outside."},
    {NULL},
};

static PyModuleDef_Slot slots[] = {
#ifdef Py_MOD_GIL_NOT_USED /* 3.13 and newer: without this line, importing the module turns the GIL on */
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_binning",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__binning(void)
{
    return PyModuleDef_Init(&definition);
}
