"""Identify the tool that generated a module's glue code by the strings it leaves in every module."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ftwheel.core.wheel.extension_module import Toolchain
from ftwheel.io.binaries.readers.image import BinaryImage

__all__ = ["find_toolchain", "has_string", "pyo3_version"]

# The order matters: a Cython module may embed others' strings, never the reverse; mypyc and PyO3 link large libraries.
_MARKS = (
    (Toolchain.CYTHON, (b"cython_runtime", b"__pyx_capi__")),
    (Toolchain.PYBIND11, (b"pybind11_",)),
    (Toolchain.NANOBIND, (b"nanobind::", b"nanobind.")),
    (Toolchain.PYO3, (b"pyo3_runtime.PanicException",)),
    (Toolchain.CFFI, (b"_cffi_backend\0",)),
    (Toolchain.SWIG, (b"SwigPyObject\0", b"swig_runtime_data")),
    (Toolchain.F2PY, (b"__f2py_numpy_version__", b"_f2py_init_func")),
    (Toolchain.MYPYC, (b"__mypyc", b"mypyc_")),
)
_PYO3_VERSION = re.compile(rb"[/\\]pyo3-(\d+)\.(\d+)\.\d+[/\\]")


def has_string(image: BinaryImage, needle: bytes) -> bool:
    """Whether the image's constant data contains these bytes."""
    return any(image.data.raw.find(needle, start, stop) >= 0 for start, stop in image.text_ranges())


def find_toolchain(image: BinaryImage) -> Toolchain:
    """The tool that made the module; C if there are no marks, as plain C and C++ leave none."""
    if any("boost_python" in library for library in image.needed):
        return Toolchain.BOOST_PYTHON
    for toolchain, marks in _MARKS:
        if any(has_string(image, mark) for mark in marks):
            return toolchain
    return Toolchain.C


def pyo3_version(images: Sequence[BinaryImage]) -> tuple[int, int] | None:
    """The PyO3 release (major, minor) that made a module, from source paths in panic messages; None if stripped."""
    for image in images:
        for start, stop in image.text_ranges():
            if image.data.raw.find(b"pyo3-", start, stop) >= 0:
                found = _PYO3_VERSION.search(image.data.raw, start, stop)
                if found:
                    return int(found[1]), int(found[2])
    return None
