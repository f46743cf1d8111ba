"""Modules built here by each toolchain, at each level of optimisation: the verdict against loading them.

The truth is CPython's own: the free-threaded build turns the GIL on when it loads a module that does not declare that
it does without.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ftwheel.core.errors import MissingToolError
from ftwheel.core.wheel.extension_module import (
    BuiltFor,
    Declaration,
    DeclarationSource,
    InitPhase,
    ReadingLevel,
    Toolchain,
)
from ftwheel.io.binaries import read_extension
from support.modules import build_module, ext_suffix, include_dir

_LOAD = """
import importlib.machinery, importlib.util, sys
loader = importlib.machinery.ExtensionFileLoader(sys.argv[1], sys.argv[2])
importlib.util.module_from_spec(importlib.util.spec_from_file_location(sys.argv[1], sys.argv[2], loader=loader))
print(sys._is_gil_enabled())
"""

_TYPICAL = """
#include <Python.h>
static int run(PyObject *m) {{ return PyModule_AddIntConstant(m, "answer", 42); }}
"""
_MULTI = (
    _TYPICAL
    + """
static PyModuleDef_Slot slots[] = {{ {{Py_mod_exec, run}}, SLOTS {{0, NULL}} }};
static struct PyModuleDef def = {{PyModuleDef_HEAD_INIT, .m_name = "{name}", .m_slots = slots}};
PyMODINIT_FUNC PyInit_{name}(void) {{ return PyModuleDef_Init(&def); }}
"""
)
_SINGLE = (
    _TYPICAL
    + """
static struct PyModuleDef def = {{PyModuleDef_HEAD_INIT, .m_name = "{name}", .m_size = -1}};
#ifndef Py_GIL_DISABLED
#define PyUnstable_Module_SetGIL(m, v) ((void)(m), 0)
#endif
BEFORE
PyMODINIT_FUNC PyInit_{name}(void) {{
    PyObject *m = PyModule_Create(&def);
    if (m == NULL) return NULL;
    if (run(m) < 0) {{ Py_DECREF(m); return NULL; }}
    CALL
    return m;
}}
"""
)
_NOT_USED = "{{Py_mod_gil, Py_MOD_GIL_NOT_USED}},"
_SET = "if (PyUnstable_Module_SetGIL(m, VALUE) < 0) {{ Py_DECREF(m); return NULL; }}"

# A definition of the right name that nobody uses, and slots that are changed before anybody looks.
_DECOY = (
    _TYPICAL
    + """
static PyModuleDef_Slot wrong[] = {{ {{Py_mod_gil, Py_MOD_GIL_NOT_USED}}, {{0, NULL}} }};
struct PyModuleDef decoy = {{PyModuleDef_HEAD_INIT, .m_name = "{name}", .m_slots = wrong}};
static PyModuleDef_Slot slots[] = {{ {{Py_mod_exec, run}}, {{0, NULL}} }};
static struct PyModuleDef def = {{PyModuleDef_HEAD_INIT, .m_name = "{name}", .m_slots = slots}};
PyMODINIT_FUNC PyInit_{name}(void) {{ return PyModuleDef_Init(&def); }}
"""
)
_PATCHED = (
    _TYPICAL
    + """
static PyModuleDef_Slot slots[] = {{ {{Py_mod_exec, run}}, {{Py_mod_gil, Py_MOD_GIL_NOT_USED}}, {{0, NULL}} }};
static struct PyModuleDef def = {{PyModuleDef_HEAD_INIT, .m_name = "{name}", .m_slots = slots}};
PyMODINIT_FUNC PyInit_{name}(void) {{ slots[1].value = Py_MOD_GIL_USED; return PyModuleDef_Init(&def); }}
"""
)
_SWAPPED = _PATCHED.replace(
    "slots[1].value = Py_MOD_GIL_USED;",
    "static PyModuleDef_Slot other[] = {{ {{Py_mod_gil, Py_MOD_GIL_USED}}, {{0, NULL}} }}; def.m_slots = other;",
)
_PATCHED_BY_HELPER = _PATCHED.replace(
    "PyMODINIT_FUNC",
    "__attribute__((noinline)) static void late(void) {{ slots[1].value = Py_MOD_GIL_USED; }}\nPyMODINIT_FUNC",
).replace("slots[1].value = Py_MOD_GIL_USED; return", "late(); return")
_FILLED = (
    _TYPICAL
    + """
static PyModuleDef_Slot slots[4];
static struct PyModuleDef def;
PyMODINIT_FUNC PyInit_{name}(void) {{
    struct PyModuleDef fresh = {{PyModuleDef_HEAD_INIT, .m_name = "{name}", .m_slots = slots}};
    slots[0] = (PyModuleDef_Slot){{Py_mod_exec, run}};
    slots[1] = (PyModuleDef_Slot){{Py_mod_gil, VALUE}};
    def = fresh;
    return PyModuleDef_Init(&def);
}}
"""
)
_HELPER = """
__attribute__((noinline)) static int declare(PyObject *m, int free) {{
    return free ? PyUnstable_Module_SetGIL(m, Py_MOD_GIL_NOT_USED) : PyUnstable_Module_SetGIL(m, Py_MOD_GIL_USED);
}}
"""
_NO, _YES, _USED = Declaration.NONE, Declaration.NOT_USED, Declaration.USED


def _set(value: str) -> str:
    return _SET.replace("VALUE", value)


SOURCES = {
    "multi-declared": (_MULTI.replace("SLOTS", _NOT_USED), _YES),
    "multi-undeclared": (_MULTI.replace("SLOTS", ""), _NO),
    "multi-used": (_MULTI.replace("SLOTS", "{{Py_mod_gil, Py_MOD_GIL_USED}},"), _USED),
    "single-declared": (_SINGLE.replace("BEFORE", "").replace("CALL", _set("Py_MOD_GIL_NOT_USED")), _YES),
    "single-undeclared": (_SINGLE.replace("BEFORE", "").replace("CALL", ""), _NO),
    "single-used": (_SINGLE.replace("BEFORE", "").replace("CALL", _set("Py_MOD_GIL_USED")), _USED),
    "single-helper": (_SINGLE.replace("BEFORE", _HELPER).replace("CALL", "declare(m, 1);"), _YES),
    "single-helper-used": (_SINGLE.replace("BEFORE", _HELPER).replace("CALL", "declare(m, 0);"), _USED),
    "decoy": (_DECOY, _NO),
    "patched": (_PATCHED, _USED),
    "patched-by-helper": (_PATCHED_BY_HELPER, _USED),
    "swapped": (_SWAPPED, _USED),
    "filled": (_FILLED.replace("VALUE", "Py_MOD_GIL_NOT_USED"), _YES),
    "filled-used": (_FILLED.replace("VALUE", "Py_MOD_GIL_USED"), _USED),
}


def turns_gil_on(python: str, name: str, path: Path) -> bool:
    """Load one module in a process of its own and ask."""
    clean = {key: value for key, value in os.environ.items() if key != "PYTHON_GIL"}
    command = [python, "-W", "ignore", "-c", _LOAD, name, str(path)]
    done = subprocess.run(command, env=clean, stdout=subprocess.PIPE, text=True, check=True, timeout=60)
    return done.stdout.strip() == "True"


def agree(python: str, data: bytes, name: str, folder: Path, answer: Declaration) -> None:
    """The verdict, the intention and the interpreter say the same."""
    path = folder / (name + ext_suffix(python))
    path.write_bytes(data)
    module = read_extension(data, path.name)
    assert module.gil.answer is answer, module.gil
    assert module.built_for is BuiltFor.FREE_THREADED, module.evidence
    assert turns_gil_on(python, name, path) is (answer is not Declaration.NOT_USED)


@pytest.mark.parametrize("optimise", ["-O0", "-O1", "-O2", "-O3"])
@pytest.mark.parametrize("kind", SOURCES)
def test_c(tmp_path: Path, free_threaded_python: str, kind: str, optimise: str) -> None:
    source, answer = SOURCES[kind]
    flags = [optimise, "-fno-plt"] if optimise == "-O3" else [optimise]
    data = build_module(tmp_path, free_threaded_python, source=source, flags=flags)
    agree(free_threaded_python, data, "_ext", tmp_path, answer)


@pytest.mark.parametrize("kind", SOURCES)
def test_data_alone_is_never_wrong(tmp_path: Path, free_threaded_python: str, kind: str) -> None:
    source, answer = SOURCES[kind]
    module = read_extension(build_module(tmp_path, free_threaded_python, source=source), "_ext.so", level2=False)
    assert module.gil.answer in {answer, Declaration.CANNOT_TELL}
    if kind.startswith("multi"):
        assert module.gil.level is ReadingLevel.DATA


@pytest.mark.parametrize("kind", SOURCES)
def test_default_build(tmp_path: Path, default_python: str, kind: str) -> None:
    source, answer = SOURCES[kind]
    module = read_extension(build_module(tmp_path, default_python, source=source), "_ext.so")
    assert module.built_for is BuiltFor.DEFAULT, module.evidence
    # There is nothing to call on the default build: a single-phase module cannot declare.
    assert module.gil.answer is (Declaration.NONE if module.phase is InitPhase.SINGLE else answer)
    assert module.toolchain is Toolchain.C


def test_a_create_slot_that_makes_no_module(tmp_path: Path, free_threaded_python: str) -> None:
    make = "static PyObject *make(PyObject *spec, PyModuleDef *def) {{ return PySet_New(NULL); }}\n"
    source = "#include <Python.h>\n" + make + _MULTI.replace("{{Py_mod_exec, run}}", "{{Py_mod_create, make}}")
    source = source.replace("SLOTS", _NOT_USED)
    data = build_module(tmp_path, free_threaded_python, source=source, flags=["-Wno-unused-function"])
    path = tmp_path / ("_ext" + ext_suffix(free_threaded_python))
    path.write_bytes(data)
    assert turns_gil_on(free_threaded_python, "_ext", path)
    for level2 in (False, True):
        module = read_extension(data, "_ext.so", level2=level2)
        assert (module.gil.answer, module.gil.level) == (Declaration.CANNOT_TELL, ReadingLevel.NONE)
        assert "Py_mod_create" in module.gil.reason


# Functions that take too many instructions to be followed: only what holds whatever they do is an answer.
_LONG = """
static unsigned table[256];
static void *chosen = Py_MOD_GIL_NOT_USED;
struct box {{ void **inside; }};
__attribute__((noinline)) static int fill(PyObject *m, void **there, struct box *box) {{
    for (unsigned i = 0; i < 1000000; i++) table[i & 255] += i * i;
    WRITE
    return PyErr_Occurred() ? -1 : 0;
}}
"""
_FILL = """
    void *local = Py_MOD_GIL_NOT_USED, *boxed = local;
    struct box box = {{&boxed}};
    if (fill(m, &local, &box) < 0) {{ Py_DECREF(m); return NULL; }}
"""


@pytest.mark.parametrize(
    ("write", "call", "answer"),
    [
        ("", _set("Py_MOD_GIL_NOT_USED"), _YES),
        ("", _set("Py_MOD_GIL_USED"), _USED),
        ("PyUnstable_Module_SetGIL(m, Py_MOD_GIL_USED);", "", Declaration.CANNOT_TELL),
        ("chosen = Py_MOD_GIL_USED;", _set("chosen"), Declaration.CANNOT_TELL),
        ("*there = Py_MOD_GIL_USED;", _set("local"), Declaration.CANNOT_TELL),
        ("*box->inside = Py_MOD_GIL_USED;", _set("boxed"), Declaration.CANNOT_TELL),
    ],
)
def test_a_function_that_is_too_long(
    tmp_path: Path, free_threaded_python: str, write: str, call: str, answer: Declaration
) -> None:
    source = _SINGLE.replace("BEFORE", _LONG.replace("WRITE", write)).replace("CALL", _FILL + call)
    data = build_module(tmp_path, free_threaded_python, source=source, flags=["-O1"])
    path = tmp_path / ("_ext" + ext_suffix(free_threaded_python))
    path.write_bytes(data)
    assert turns_gil_on(free_threaded_python, "_ext", path) is (answer is not Declaration.NOT_USED)
    assert read_extension(data, "_ext.so").gil.answer is answer


def test_paths_that_disagree(tmp_path: Path, free_threaded_python: str) -> None:
    call = 'PyUnstable_Module_SetGIL(m, getenv("FREE") ? Py_MOD_GIL_NOT_USED : Py_MOD_GIL_USED);'
    source = _SINGLE.replace("BEFORE", "").replace("CALL", call)
    module = read_extension(build_module(tmp_path, free_threaded_python, source=source, flags=["-O0"]), "_ext.so")
    assert module.gil.answer is Declaration.CANNOT_TELL
    assert "disagree" in module.gil.reason or "not known" in module.gil.reason


def test_a_disassembler_that_does_not_load_is_an_error(
    tmp_path: Path, free_threaded_python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ftwheel.io.binaries.emulation import walk

    walk._disassembler.cache_clear()
    monkeypatch.setitem(sys.modules, "capstone", None)  # what a broken installation comes to
    source, _ = SOURCES["single-declared"]
    data = build_module(tmp_path, free_threaded_python, source=source)
    with pytest.raises(MissingToolError, match="capstone cannot be loaded") as error:
        read_extension(data, "_ext.so")
    assert "--level 1" in error.value.hint
    assert read_extension(data, "_ext.so", level2=False).gil.answer is Declaration.CANNOT_TELL


_MODEXPORT = """
#include <stdint.h>
typedef struct {{ uint16_t id, flags; uint32_t reserved; void *value; }} Slot;
typedef struct {{ uint8_t major, minor; uint16_t flags; uint32_t build, abi; }} Info;
static Info info = {{1, 0, FLAGS, 0x030f00f0, 0x030f0000}};
static int run(void *m) {{ return 0; }}
static Slot inner[] = {{ {{87, 0, 0, (void *)1}}, {{0}} }};
static Slot slots[] = {{ {{100, 8, 0, "{name}"}}, {{85, 0, 0, run}}, {{86, 16, 0, (void *)2}}, EXTRA
                       {{109, 16, 0, &info}}, {{0}} }};
__attribute__((visibility("default"))) Slot *PyModExport_{name}(void *spec) {{ return slots; }}
"""


@pytest.mark.parametrize("level2", [True, False], ids=["code", "data"])
@pytest.mark.parametrize(
    ("flags", "built_for"),
    [(7, BuiltFor.STABLE_ABI_T), (3, BuiltFor.STABLE_ABI), (4, BuiltFor.FREE_THREADED), (2, BuiltFor.DEFAULT)],
)
@pytest.mark.parametrize(
    ("extra", "answer"), [("{{87, 16, 0, (void *)1}},", _YES), ("", _NO), ("{{92, 0, 0, inner}},", _YES)]
)
def test_pymodexport(
    tmp_path: Path,
    free_threaded_python: str,
    *,
    flags: int,
    built_for: BuiltFor,
    extra: str,
    answer: Declaration,
    level2: bool,
) -> None:
    # Written out by hand: no released headers of 3.15 are needed to know what its interpreter reads.
    source = _MODEXPORT.replace("FLAGS", str(flags)).replace("EXTRA", extra)
    module = read_extension(build_module(tmp_path, free_threaded_python, source=source), "_ext.so", level2=level2)
    assert (module.built_for, module.gil.answer, module.phase) == (built_for, answer, InitPhase.EXPORT)
    assert module.init_name == "PyModExport__ext"
    assert module.abi_info is not None
    assert module.abi_info.flags == flags


def test_mixed_objects(tmp_path: Path, default_python: str, free_threaded_python: str) -> None:
    helper = "#include <Python.h>\nvoid drop(PyObject *o) { Py_DECREF(o); }\n"
    (tmp_path / "helper.c").write_text(helper)
    command = ["cc", "-c", "-fPIC", "-O1", f"-I{include_dir(default_python)}", "helper.c"]
    subprocess.run(command, cwd=tmp_path, check=True)
    source = _MULTI.replace("SLOTS", _NOT_USED).replace("return PyModule_AddInt", "drop(m); return PyModule_AddInt")
    source = source.replace("static int run", "void drop(PyObject *);\nstatic int run")
    data = build_module(tmp_path, free_threaded_python, source=source, flags=["helper.o"])
    module = read_extension(data, "_ext.so")
    assert module.built_for is BuiltFor.MIXED
    assert len(module.evidence) >= 2


def _run(*command: str | Path, cwd: Path) -> None:
    subprocess.run([str(part) for part in command], cwd=cwd, check=True, timeout=300)


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "undeclared"])
@pytest.mark.parametrize("optimise", ["-O0", "-O2"])
def test_cython(tmp_path: Path, free_threaded_python: str, declared: bool, optimise: str) -> None:
    directive = "# cython: freethreading_compatible=True\n" if declared else ""
    (tmp_path / "cy.pyx").write_text(f"{directive}def answer(int a):\n    return a + 42\n")
    _run(sys.executable, "-m", "cython", "-3", "cy.pyx", "-o", "cy.c", cwd=tmp_path)
    source = (tmp_path / "cy.c").read_text().replace("{", "{{").replace("}", "}}")
    data = build_module(tmp_path, free_threaded_python, name="cy", source=source, flags=[optimise, "-w"])
    agree(free_threaded_python, data, "cy", tmp_path, _YES if declared else _USED)
    assert read_extension(data, "cy.so").toolchain is Toolchain.CYTHON


@pytest.mark.parametrize(("declared", "optimise"), [(True, "-O2"), (False, "-O0")], ids=["declared", "undeclared"])
def test_pybind11(tmp_path: Path, free_threaded_python: str, declared: bool, optimise: str) -> None:
    import pybind11

    option = ", py::mod_gil_not_used()" if declared else ""
    (tmp_path / "pb.cpp").write_text(
        "#include <pybind11/pybind11.h>\nnamespace py = pybind11;\n"
        f'PYBIND11_MODULE(pb, m{option}) {{ m.def("answer", [](int a) {{ return a + 42; }}); }}\n'
    )
    includes = [f"-I{include_dir(free_threaded_python)}", f"-I{pybind11.get_include()}"]
    flags = ["-shared", "-fPIC", "-std=c++17", "-fvisibility=hidden", optimise]
    _run("c++", *flags, *includes, "pb.cpp", "-o", "pb.so", cwd=tmp_path)
    data = (tmp_path / "pb.so").read_bytes()
    agree(free_threaded_python, data, "pb", tmp_path, _YES if declared else _NO)
    module = read_extension(data, "pb.so")
    assert (module.toolchain, module.gil.level) == (Toolchain.PYBIND11, ReadingLevel.CODE)


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "undeclared"])
def test_nanobind(tmp_path: Path, free_threaded_python: str, declared: bool) -> None:
    import nanobind

    sources = Path(nanobind.source_dir())
    includes = [
        f"-I{include_dir(free_threaded_python)}",
        f"-I{nanobind.include_dir()}",
        f"-I{sources.parent / 'ext' / 'robin_map' / 'include'}",
    ]
    flags = [
        "-shared",
        "-fPIC",
        "-std=c++17",
        "-fvisibility=hidden",
        "-fno-strict-aliasing",
        "-O1" if declared else "-O0",
    ]
    define = ["-DNB_FREE_THREADED"] if declared else []
    (tmp_path / "nb.cpp").write_text(
        '#include <nanobind/nanobind.h>\nNB_MODULE(nb, m) { m.def("answer", [](int a) { return a + 42; }); }\n'
    )
    _run("c++", *flags, *define, *includes, "nb.cpp", sources / "nb_combined.cpp", "-o", "nb.so", cwd=tmp_path)
    data = (tmp_path / "nb.so").read_bytes()
    agree(free_threaded_python, data, "nb", tmp_path, _YES if declared else _NO)
    assert read_extension(data, "nb.so").toolchain is Toolchain.NANOBIND


def test_cffi_inherits(tmp_path: Path, free_threaded_python: str) -> None:
    # What cffi's recompiler writes, reduced to the init function: _cffi_backend makes the module.
    source = """
#include <Python.h>
PyMODINIT_FUNC PyInit_{name}(void) {{
    PyObject *module = PyImport_ImportModule("_cffi_backend"), *made;
    if (module == NULL) return NULL;
    made = PyObject_CallMethod(module, "_init_cffi_1_0_external_module", "s", "{name}");
    Py_DECREF(module);
    return made;
}}
"""
    module = read_extension(build_module(tmp_path, free_threaded_python, source=source), "_ext.so")
    assert (module.gil.answer, module.gil.basis) == (Declaration.NOT_USED, DeclarationSource.CFFI_BACKEND)
    assert (module.toolchain, module.built_for) == (Toolchain.CFFI, BuiltFor.FREE_THREADED)
