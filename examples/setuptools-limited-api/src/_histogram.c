/* A histogram that many threads may fill at once. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stddef.h>

#define MAX_BINS 65536

#if defined(Py_LIMITED_API) || !defined(Py_BEGIN_CRITICAL_SECTION) /* there the GIL is the lock */
#undef Py_BEGIN_CRITICAL_SECTION /* 3.15 has both in every limited API, and older versions do not */
#undef Py_END_CRITICAL_SECTION
#define Py_BEGIN_CRITICAL_SECTION(object) {
#define Py_END_CRITICAL_SECTION() }
#endif

typedef struct {
    PyObject_VAR_HEAD
    double low, high;            /* set once in __new__, so reading them needs no lock */
    unsigned long long counts[]; /* Py_SIZE(self) of them, touched in critical sections only */
} Histogram;

static PyObject *
histogram_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"low", "high", "bins", NULL};
    double low, high;
    Py_ssize_t bins;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "ddn:Histogram", names, &low, &high, &bins)) {
        return NULL;
    }
    if (!(low < high) || !isfinite(high - low) || bins < 1 || bins > MAX_BINS) {
        return PyErr_Format(PyExc_ValueError, "need low < high and 1 to %d bins", MAX_BINS);
    }
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc); /* type->tp_alloc is not in the limited API */
    Histogram *self = (Histogram *)alloc(type, bins);
    if (self != NULL) {
        self->low = low;
        self->high = high;
    }
    return (PyObject *)self;
}

static void
histogram_dealloc(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    freefunc free = (freefunc)PyType_GetSlot(type, Py_tp_free);
    free(op);
    Py_DECREF(type);
}

static PyObject *
histogram_add(PyObject *op, PyObject *argument)
{
    Histogram *self = (Histogram *)op;
    double value = PyFloat_AsDouble(argument); /* may run Python code, so not inside the lock */
    if (value == -1.0 && PyErr_Occurred()) {
        return NULL;
    }
    if (!(value >= self->low && value < self->high)) {
        Py_RETURN_FALSE;
    }
    Py_ssize_t bins = Py_SIZE(self);
    Py_ssize_t bin = (Py_ssize_t)((value - self->low) / (self->high - self->low) * (double)bins);
    Py_BEGIN_CRITICAL_SECTION(op);
    self->counts[bin < bins ? bin : bins - 1]++; /* the quotient may round up to 1 */
    Py_END_CRITICAL_SECTION();
    Py_RETURN_TRUE;
}

static PyObject *
histogram_counts(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    Histogram *self = (Histogram *)op;
    PyObject *list = PyList_New(Py_SIZE(self));
    if (list == NULL) {
        return NULL;
    }
    int failed = 0;
    Py_BEGIN_CRITICAL_SECTION(op); /* all bins of one moment; leave it through its end only */
    for (Py_ssize_t bin = 0; bin < Py_SIZE(self) && !failed; bin++) {
        PyObject *count = PyLong_FromUnsignedLongLong(self->counts[bin]);
        failed = count == NULL || PyList_SetItem(list, bin, count) < 0;
    }
    Py_END_CRITICAL_SECTION();
    if (failed) {
        Py_CLEAR(list);
    }
    return list;
}

static PyMethodDef histogram_methods[] = {
    {"add", histogram_add, METH_O, "Count one value; False if it is outside [low, high)."},
    {"counts", histogram_counts, METH_NOARGS, "How many values fell into each bin."},
    {NULL},
};

static PyType_Slot histogram_slots[] = {
    {Py_tp_doc, "Histogram(low, high, bins)\n--\n\nCounts values in bins of equal width over [low, high)."},
    {Py_tp_new, histogram_new},
    {Py_tp_dealloc, histogram_dealloc},
    {Py_tp_methods, histogram_methods},
    {0, NULL},
};

static PyType_Spec histogram_spec = {
    .name = "histogram.Histogram",
    .basicsize = offsetof(Histogram, counts),
    .itemsize = sizeof(unsigned long long),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = histogram_slots,
};

static int
module_exec(PyObject *module)
{
    /* A type of its own for each module object: no static, shared state. */
    PyObject *type = PyType_FromModuleAndSpec(module, &histogram_spec, NULL);
    if (type == NULL) {
        return -1;
    }
    int result = PyModule_AddType(module, (PyTypeObject *)type);
    Py_DECREF(type);
    return result;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
#ifdef Py_MOD_GIL_NOT_USED /* not in the limited API of 3.10: the free-threaded build is made without that */
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_histogram",
    .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit__histogram(void)
{
    return PyModuleDef_Init(&module_def);
}
