/* Which bin a value falls into. Functions without state of their own: nothing to lock. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>

static PyObject *
bin_of(PyObject *module, PyObject *args)
{
    double value, low, high;
    Py_ssize_t bins;
    if (!PyArg_ParseTuple(args, "dddn:bin_of", &value, &low, &high, &bins)) {
        return NULL;
    }
    if (!(low < high) || !isfinite(high - low) || bins < 1) {
        PyErr_SetString(PyExc_ValueError, "need low < high and at least one bin");
        return NULL;
    }
    if (!(value >= low && value < high)) {
        return PyLong_FromLong(-1);
    }
    Py_ssize_t bin = (Py_ssize_t)((value - low) / (high - low) * (double)bins);
    return PyLong_FromSsize_t(bin < bins ? bin : bins - 1); /* rounding may give `bins` */
}

static PyMethodDef methods[] = {
    {"bin_of", bin_of, METH_VARARGS, "bin_of(value, low, high, bins): the number of a bin, or -1."},
    {NULL, NULL, 0, NULL},
};

#if defined(Py_TARGET_ABI3T)
/* 3.15 and newer, one file for both builds: a slot array in place of a PyModuleDef, which abi3t does not know. */
PyABIInfo_VAR(abi_info);

static PySlot slots[] = {
    PySlot_STATIC_DATA(Py_mod_abi, &abi_info),
    PySlot_STATIC_DATA(Py_mod_name, "_histogram"),
    PySlot_STATIC_DATA(Py_mod_methods, methods),
    PySlot_DATA(Py_mod_gil, Py_MOD_GIL_NOT_USED),
    PySlot_END,
};

PyMODEXPORT_FUNC
PyModExport__histogram(void)
{
    return slots;
}
#else
static PyModuleDef_Slot slots[] = {
#ifdef Py_MOD_GIL_NOT_USED /* not in the limited API of 3.10: the free-threaded build is made without that */
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_histogram",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__histogram(void)
{
    return PyModuleDef_Init(&module_def);
}
#endif
