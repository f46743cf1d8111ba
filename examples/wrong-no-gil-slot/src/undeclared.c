/* Deliberately wrong: the module does not declare what it needs of the GIL, so its import turns the GIL on. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

static PyObject *
answer(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    return PyLong_FromLong(42);
}

static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, "The answer."}, {NULL}};

static PyModuleDef_Slot slots[] = {
    /* missing: {Py_mod_gil, Py_MOD_GIL_NOT_USED} */
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "undeclared",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit_undeclared(void)
{
    return PyModuleDef_Init(&definition);
}
