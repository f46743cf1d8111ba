"""Decides from source code whether an extension module declares that it does not need the GIL.

A declaration is one of these, spelled out in the source: the slot ``Py_mod_gil`` (PEP 703; CPython's extending guide),
``mod_gil_not_used()`` of pybind11 2.13, ``FREE_THREADED`` of nanobind 2.2, Cython 3.1's ``freethreading_compatible``,
``gil_used = false`` of PyO3, SWIG's option ``-nogil``. ``ftwheel check`` reads what a built module declares; generated
code and declarations hidden in macros do not count here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ftwheel.core.project.stable_abi import pyo3_dependencies

__all__ = ["Declarations", "declarations", "is_source"]


_C = frozenset({".c", ".cc", ".cpp", ".cxx"})
_C_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"", re.DOTALL)
_C_MODULE = re.compile(r"\bPy(?:Init_|MODINIT_FUNC\s+)\w+\s*\(|\b(?:PYBIND11|NB|BOOST_PYTHON)_MODULE\s*\(")
_C_DECLARES = re.compile(r"\bPy_MOD_GIL_NOT_USED\b|\bmod_gil_not_used\s*\(\s*(?:true\s*)?\)")
_NANOBIND = re.compile(r"\bnanobind_add_module\s*\((?P<arguments>[^)]*)\)")
_CYTHON = re.compile(r"^#\s*cython\s*:.*\bfreethreading_compatible\s*=\s*'?True\b", re.MULTILINE | re.IGNORECASE)
# freethreading_compatible = True, "...": "True", directives["..."] = True, -X ...=True, set("...", True)
_CYTHON_EVERYWHERE = re.compile(
    r"(?:\b|-X)freethreading_compatible\b['\"]?\s*\]?\s*[=:,]\s*['\"]?True\b", re.IGNORECASE
)
_SWIG = re.compile(r"%module\b|^\s*%\{", re.MULTILINE)
_SWIG_DECLARES = re.compile(r"%module\s*\([^)]*\bnogil\b")
_SWIG_EVERYWHERE = re.compile(r"(?<![\w-])-nogil\b")
_RUST_MODULE = re.compile(
    r"#\[\s*(?:pyo3\s*::\s*)?pymodule\s*(?:\((?P<options>[^)]*)\))?\s*\]"
    r"(?P<more>(?:\s*#\[\s*pyo3\s*\([^)]*\)\s*\])*)"
)
_RUST_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_BUILD_FILES = frozenset({"setup.py", "meson.build", "CMakeLists.txt", "pyproject.toml", "setup.cfg", "Cargo.toml"})
_CARGO_VERSION = re.compile(r"\s*[\^~=]*\s*(\d+)\.(\d+)[\w.+-]*\s*")
_PYO3_THAT_DECLARES = (0, 28)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declarations:
    """Files that define modules, by their declaration; paths are sorted.

    ``by_default`` are modules of PyO3 0.28 or newer, which declares by default.
    """

    declared: tuple[str, ...] = ()
    by_default: tuple[str, ...] = ()
    undeclared: tuple[str, ...] = ()

    @property
    def all_declare(self) -> bool | None:
        """Whether every module found declares it in its sources; None if no module was found."""
        if self.undeclared:
            return False
        return True if self.declared or self.by_default else None


def is_source(path: str) -> bool:
    """Whether a file may define or declare a module."""
    return _suffix(path) in {*_C, ".pyx", ".rs", ".i"} or _name(path) in _BUILD_FILES


def declarations(files: Iterable[tuple[str, str]]) -> Declarations:
    """Judge the files of a project: (path, text) pairs, in any order."""
    texts = dict(files)
    build = "\n".join(_uncommented(text) for path, text in texts.items() if _name(path) in _BUILD_FILES)
    cython_everywhere = bool(_CYTHON_EVERYWHERE.search(build))
    nanobind = [bool(re.search(r"\bFREE_THREADED\b", match["arguments"])) for match in _NANOBIND.finditer(build)]
    pyo3 = [version for path, text in texts.items() if _name(path) == "Cargo.toml" for version in _pyo3(text)]
    swig_everywhere = bool(_SWIG_EVERYWHERE.search(build))
    found: dict[str, list[str]] = {"declared": [], "by_default": [], "undeclared": []}
    for path, text in sorted(texts.items()):
        suffix = _suffix(path)
        verdict = ""
        if suffix == ".pyx":
            verdict = "declared" if cython_everywhere or _CYTHON.search(text) else "undeclared"
        elif suffix == ".rs":
            verdict = _rust(text, pyo3)
        elif suffix == ".i" and _SWIG.search(text):
            declares = swig_everywhere or _SWIG_DECLARES.search(_C_COMMENT.sub(" ", text))
            verdict = "declared" if declares else "undeclared"
        elif suffix in _C and not _generated(path, texts):
            verdict = _c(text, nanobind=bool(nanobind) and all(nanobind))
        if verdict:
            found[verdict].append(path)
    return Declarations(**{name: tuple(paths) for name, paths in found.items()})


def _c(text: str, *, nanobind: bool) -> str:
    code = _C_COMMENT.sub(" ", text)
    module = _C_MODULE.search(code)
    if module is None:
        return ""
    declares = _C_DECLARES.search(code) or (nanobind and module[0].startswith("NB"))
    return "declared" if declares else "undeclared"


def _pyo3(text: str) -> Iterator[tuple[int, int] | None]:
    """Yield each version of PyO3 that a Cargo.toml requires; None if it can be any of several or is not given.

    A version from a workspace comes with the workspace's Cargo.toml.
    """
    try:
        manifest = tomllib.loads(text)
    except (ValueError, RecursionError):
        return
    for required in pyo3_dependencies(manifest):
        if "workspace" not in required:
            match = _CARGO_VERSION.fullmatch(str(required.get("version")))
            yield (int(match[1]), int(match[2])) if match else None


def _rust(text: str, pyo3: list[tuple[int, int] | None]) -> str:
    options = [
        (match["options"] or "") + match["more"] for match in _RUST_MODULE.finditer(_RUST_COMMENT.sub(" ", text))
    ]
    if not options:
        return ""
    # a nested module exists only in Python and has no options of its own
    settings = [match[1] for each in options if (match := re.search(r"\bgil_used\s*=\s*(true|false)\b", each))]
    if settings:
        return "undeclared" if "true" in settings else "declared"
    known = [version for version in pyo3 if version is not None]
    if not known or len(known) < len(pyo3):
        return ""
    return "by_default" if min(known) >= _PYO3_THAT_DECLARES else "undeclared"


def _generated(path: str, texts: dict[str, str]) -> bool:
    """Whether Cython generated a C file from a .pyx file next to it."""
    return path.removesuffix(_suffix(path)) + ".pyx" in texts


def _uncommented(text: str) -> str:
    return re.sub(r"^\s*#[^\n]*", "", text, flags=re.MULTILINE)


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _suffix(path: str) -> str:
    """``.cpp``; empty for a name without one."""
    return "".join(_name(path).rpartition(".")[1:]) if "." in _name(path) else ""
