"""What a module's source declares about the GIL."""

from __future__ import annotations

import pytest

from ftwheel.core.project.declarations import Declarations, declarations, is_source

MODULE = "PyMODINIT_FUNC PyInit_a(void) { return PyModuleDef_Init(&module); }\n"
SLOT = "static PyModuleDef_Slot slots[] = {{Py_mod_gil, Py_MOD_GIL_NOT_USED}, {0, NULL}};\n"
PYO3_LINE = 'pyo3 = "0.29.0"\n'
PYO3 = f"[dependencies]\n{PYO3_LINE}"
PYO3_TABLE = '[dependencies]\npyo3 = { version = "0.28", features = [] }\n'


@pytest.mark.parametrize(
    ("files", "verdict"),
    [
        ({"a.c": MODULE + SLOT}, True),
        ({"a.c": MODULE}, False),
        ({"a.c": MODULE + "// Py_MOD_GIL_NOT_USED\n"}, False),
        ({"a.c": MODULE + "/* {Py_mod_gil,\n Py_MOD_GIL_NOT_USED} */\n"}, False),
        ({"a.c": MODULE + 'char *text = "Py_MOD_GIL_NOT_USED \\" //";\n' + SLOT}, True),
        ({"a.c": "int helper(void) { return 0; }\n"}, None),
        ({"a.c": MODULE + SLOT, "b.c": MODULE}, False),
        ({"a.cpp": "PYBIND11_MODULE(a, m, py::mod_gil_not_used()) {}\n"}, True),
        ({"a.cpp": "PYBIND11_MODULE(a, m, py::mod_gil_not_used(false)) {}\n"}, False),
        ({"a.cpp": "PYBIND11_MODULE(a, m) {}\n"}, False),
        ({"a.cpp": "NB_MODULE(a, m) {}\n"}, False),
        ({"a.cpp": "NB_MODULE(a, m) {}\n", "CMakeLists.txt": "nanobind_add_module(a FREE_THREADED a.cpp)\n"}, True),
        ({"a.cpp": "NB_MODULE(a, m) {}\n", "CMakeLists.txt": "nanobind_add_module(a a.cpp)\n"}, False),
        ({"a.cpp": "NB_MODULE(a, m) {}\n", "CMakeLists.txt": "# nanobind_add_module(a FREE_THREADED a.cpp)\n"}, False),
        ({"a.pyx": "# cython: language_level=3, freethreading_compatible=True\n"}, True),
        ({"a.pyx": "# cython: freethreading_compatible=False\n"}, False),
        ({"a.pyx": "x = 1\n"}, False),
        ({"a.pyx": "x = 1\n", "setup.py": 'compiler_directives={"freethreading_compatible": True}\n'}, True),
        ({"a.pyx": "x = 1\n", "meson.build": "cython_args: ['-Xfreethreading_compatible=True']\n"}, True),
        ({"a.pyx": "# cython: freethreading_compatible=True\n", "a.c": MODULE}, True),
        (
            {"src/lib.rs": "#[pymodule]\nmod a {}\n", "Cargo.toml": f"[target.'cfg(unix)'.dependencies]\n{PYO3_LINE}"},
            True,
        ),
        (
            {
                "src/lib.rs": "#[pymodule]\nmod a {}\n",
                "Cargo.toml": '[dependencies]\npyo3 = { git = "https://example.org" }\n',
            },
            None,
        ),
        ({"a.c": "PyMODINIT_FUNC\nINIT_NAME(void)\n{}\n"}, False),
        ({"src/lib.rs": "#[pymodule(gil_used = true)]\nmod a {}\n", "Cargo.toml": PYO3}, False),
        ({"src/lib.rs": "#[pymodule(gil_used = false)]\nmod a {}\n"}, True),
        ({"src/lib.rs": "#[pyo3::pymodule(gil_used = false)]\nmod a {}\n"}, True),
        ({"src/lib.rs": '#[pymodule]\n#[pyo3(name = "b", gil_used = false)]\nmod a {}\n'}, True),
        ({"a.pyx": "x = 1\n", "setup.py": "directive_defaults['freethreading_compatible'] = True\n"}, True),
        ({"a.pyx": "x = 1\n", "setup.py": "directives = {'freethreading_compatible': 'True'}\n"}, True),
        ({"a.pyx": "x = 1\n", "pyproject.toml": 'freethreading_compatible = "True"\n'}, True),
        ({"a.pyx": "x = 1\n", "meson.build": "cython_args: ['-X', 'freethreading_compatible=true']\n"}, True),
        ({"a.pyx": "x = 1\n", "setup.py": "directives = {'freethreading_compatible': False}\n"}, False),
        ({"a.i": "%module a\n"}, False),
        ({"a.i": "%module(nogil=1) a\n"}, True),
        ({"a.i": "%module a\n", "setup.py": "swig_opts=['-c++', '-nogil']\n"}, True),
        ({"a.i": "int helper(void);\n"}, None),
        ({"src/lib.rs": "// #[pymodule(gil_used = false)]\nfn a() {}\n"}, None),
        ({}, None),
    ],
)
def test_sources_are_judged_by_what_is_written_in_them(files: dict[str, str], verdict: bool | None):
    assert declarations(files.items()).all_declare is verdict


@pytest.mark.parametrize(
    ("manifest", "verdict"),
    [
        (PYO3, True),
        (PYO3.replace("29", "27"), False),
        (PYO3_TABLE, True),
        (PYO3_TABLE.replace("version", '"version"'), True),
        ('[dependencies.pyo3]\nversion = "0.17.1"\n', False),
        (f"[workspace.dependencies]\n{PYO3_LINE}", True),
        (PYO3.replace("0.29", ">=0.22"), None),
        ("[dependencies]\npyo3 = 1\n[target]\na = 1\n", None),
        ("dependencies = 1\ntarget = 1\n", None),
        ("[dependencies\n", None),
        ("[dependencies]\npyo3.workspace = true\n", None),
    ],
)
def test_newer_pyo3_declares_by_default(manifest: str, verdict: bool | None):
    files = {"src/lib.rs": "#[pymodule]\nmod a {}\n", "Cargo.toml": manifest}
    assert declarations(files.items()).all_declare is verdict


def test_every_module_is_named_once_in_order():
    files = {"z.c": MODULE, "b.c": MODULE + SLOT, "a.c": MODULE + SLOT, "lib.rs": "#[pymodule]", "Cargo.toml": PYO3}
    assert declarations(files.items()) == Declarations(
        declared=("a.c", "b.c"), by_default=("lib.rs",), undeclared=("z.c",)
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("src/a.c", True),
        ("a.cxx", True),
        ("a.pyx", True),
        ("lib.rs", True),
        ("deep/CMakeLists.txt", True),
        ("setup.py", True),
        ("a.py", False),
        ("a.h", False),
        ("c", False),
    ],
)
def test_only_files_that_can_tell_are_read(path: str, expected: bool):
    assert is_source(path) is expected
