"""Decides from a project's own settings whether its default half is a wheel of the stable ABI, and from which version.

Only what is written out is believed: ``py_limited_api`` of setuptools' ``bdist_wheel`` (setup.cfg,
``[tool.distutils]``, a literal in setup.py), ``wheel.py-api`` of scikit-build-core, the feature ``abi3-py3N`` of PyO3.
meson-python names no version in pyproject.toml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ftwheel.core.project.toml_edits import table_at

__all__ = ["stable_abi_floor_of"]

_TAG = re.compile(r"cp3(\d{1,2})")
_SETUP_CFG = re.compile(r"^\[bdist_wheel\][^\[]*?^py[_-]limited[_-]api\s*=\s*(cp3\d{1,2})\s*$", re.MULTILINE)
_SETUP_PY = re.compile(r"""["']?py_limited_api["']?\s*[:=]\s*["'](cp3\d{1,2})["']""")
_FEATURE = re.compile(r"abi3-py3(\d{1,2})")


def stable_abi_floor_of(
    document: Mapping[str, Any], *, setup_py: str = "", setup_cfg: str = "", cargo: Mapping[str, Any]
) -> str:
    """The oldest version of the stable ABI, such as ``3.9``; empty where nothing asks for it or no version is named."""
    for value in _named(document, setup_py, setup_cfg):
        if isinstance(value, str) and (match := _TAG.fullmatch(value)):
            return f"3.{match[1]}"
    pyo3 = (table_at(cargo, ("dependencies",)) or {}).get("pyo3")
    features = pyo3.get("features", ()) if isinstance(pyo3, Mapping) else ()
    floors = [int(match[1]) for feature in features if (match := _FEATURE.fullmatch(str(feature)))]
    return f"3.{min(floors)}" if floors else ""


def _named(document: Mapping[str, Any], setup_py: str, setup_cfg: str) -> Iterator[object]:
    yield (table_at(document, ("tool", "scikit-build", "wheel")) or {}).get("py-api")
    options = table_at(document, ("tool", "distutils", "bdist_wheel")) or {}
    yield options.get("py-limited-api", options.get("py_limited_api"))
    for pattern, text in ((_SETUP_CFG, setup_cfg), (_SETUP_PY, setup_py)):
        if match := pattern.search(text):
            yield match[1]
