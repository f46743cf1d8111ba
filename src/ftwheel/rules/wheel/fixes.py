"""How to declare that a module does not need the GIL, for each toolchain.

Sources: CPython's free-threading how-to for extensions, and the manuals of the toolchains. Every text begins with a
reminder that a declaration is a promise.
"""

from __future__ import annotations

from ftwheel.core.wheel.extension_module import InitPhase, Toolchain

__all__ = ["declaration_fix", "declarations"]

_CAUTION = "Once the code is safe without the GIL: "

_BY_TOOLCHAIN = {
    Toolchain.CYTHON: "put `# cython: freethreading_compatible=True` at the top of the .pyx (Cython 3.1 or newer).",
    Toolchain.PYBIND11: "write `PYBIND11_MODULE(NAME, m, py::mod_gil_not_used())` (pybind11 2.13 or newer).",
    Toolchain.NANOBIND: "add `FREE_THREADED` to `nanobind_add_module(...)` in CMake (nanobind 2.2 or newer).",
    Toolchain.PYO3: "write `#[pymodule(gil_used = false)]` (PyO3 0.23 or newer; 0.28 and newer declare by default).",
    Toolchain.CFFI: "nothing is to be done: `_cffi_backend` declares for the module (cffi 2.0 or newer).",
    Toolchain.MYPYC: "build with mypy 1.17 or newer, whose mypyc writes the declaration.",
    Toolchain.F2PY: "pass `--freethreading-compatible` to f2py (NumPy 2.1 or newer).",
}
# In the multi-phase modules of Boost.Python 1.92 and SWIG 4.4, a call where the module is filled does not count
_BOOST_PYTHON = {
    InitPhase.MULTI: (
        "write `BOOST_PYTHON_MODULE_MULTI_PHASE_INIT(NAME, boost::python::mod_gil_not_used())`, and compile with "
        "`HAS_CXX11` defined (Boost 1.92 or newer)."
    ),
    InitPhase.SINGLE: (
        "in the body of `BOOST_PYTHON_MODULE`, call "
        "`PyUnstable_Module_SetGIL(boost::python::scope().ptr(), Py_MOD_GIL_NOT_USED);` under `#ifdef Py_GIL_DISABLED`."
    ),
}
_SWIG = {
    InitPhase.MULTI: (
        'give SWIG the option `-nogil` (SWIG 4.4 or newer; `swig_opts=["-nogil"]` in setuptools). '
        "Calling `PyUnstable_Module_SetGIL` in `%init` has no effect in the multi-phase modules it generates."
    ),
    InitPhase.SINGLE: (
        "build with SWIG 4.4 or newer and its option `-nogil`. With SWIG 4.3 or older, call "
        "`PyUnstable_Module_SetGIL(m, Py_MOD_GIL_NOT_USED);` under `#ifdef Py_GIL_DISABLED` in an `%init %{ ... %}` "
        "block."
    ),
}
_BY_TOOLCHAIN_AND_PHASE = {Toolchain.BOOST_PYTHON: _BOOST_PYTHON, Toolchain.SWIG: _SWIG}
_BY_PHASE = {
    InitPhase.MULTI: (
        "add `{Py_mod_gil, Py_MOD_GIL_NOT_USED},` to the module's PyModuleDef_Slot array, "
        "under `#ifdef Py_MOD_GIL_NOT_USED`."
    ),
    InitPhase.SINGLE: (
        "after `PyModule_Create`, call `PyUnstable_Module_SetGIL(module, Py_MOD_GIL_NOT_USED);` "
        "under `#ifdef Py_GIL_DISABLED`."
    ),
    InitPhase.EXPORT: "add a `Py_mod_gil` slot with the value `Py_MOD_GIL_NOT_USED` to the array PyModExport returns.",
    InitPhase.CANNOT_TELL: (
        "add a `Py_mod_gil` slot with the value `Py_MOD_GIL_NOT_USED` (multi-phase), or call "
        "`PyUnstable_Module_SetGIL(module, Py_MOD_GIL_NOT_USED)` after `PyModule_Create` (single-phase)."
    ),
}


def declaration_fix(toolchain: Toolchain, phase: InitPhase) -> str:
    """What to write where so that a module of this toolchain declares that it does not need the GIL."""
    if both := _BY_TOOLCHAIN_AND_PHASE.get(toolchain):
        return _CAUTION + both.get(phase, both[InitPhase.SINGLE])
    return _CAUTION + (_BY_TOOLCHAIN.get(toolchain) or _BY_PHASE[phase])


def declarations() -> str:
    """All of them as a section of a rule's page, in Markdown."""
    plain = {
        "C or C++, multi-phase": InitPhase.MULTI,
        "C or C++, single-phase": InitPhase.SINGLE,
        "C or C++, PyModExport": InitPhase.EXPORT,
    }
    texts = {name: _BY_PHASE[phase] for name, phase in plain.items()}
    texts |= {toolchain.value: text for toolchain, text in _BY_TOOLCHAIN.items()}
    texts |= {
        f"{toolchain.value}, {phase.value}": text
        for toolchain, by_phase in _BY_TOOLCHAIN_AND_PHASE.items()
        for phase, text in by_phase.items()
    }
    rows = [f"- **{name}**: {text}" for name, text in sorted(texts.items(), key=lambda item: item[0].lower())]
    tried = """\
Tests apply each to a module that lacks it, except in single-phase modules of Boost.Python, where it was tried by hand
with Boost 1.92 on CPython 3.13t. What these declare is decided in the library that they share, so `ftwheel check`
cannot tell (FTW402); `ftwheel check --import` can."""
    return "\n## How each toolchain declares it\n\n" + "\n".join(rows) + f"\n\n{tried}\n"
