"""scikit-build-core: by config settings.

``wheel.py-api`` is ignored on a free-threaded interpreter unless it names a free-threaded floor such as ``cp315t``;
``py3`` and the like (libraries loaded by ctypes) are no limited API and stay as they are.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ftwheel_build.adapt import limited_api_asked, own_folder
from ftwheel_build.target import FIRST_ABI3T

if TYPE_CHECKING:
    from ftwheel_build.job import Job

__all__ = ["adapted"]


def _effective(job: Job, key: str) -> tuple[str, str]:
    """A setting and where it stands, in scikit-build-core's order: config settings, environment, pyproject.toml.

    Overrides (``[[tool.scikit-build.overrides]]``) are not evaluated.
    """
    for name in (key, f"skbuild.{key}"):
        if isinstance(job.settings.get(name), str):
            return job.settings[name], name
    variable = "SKBUILD_" + key.upper().replace(".", "_").replace("-", "_")
    if variable in os.environ:
        return os.environ[variable], key
    value: Any = job.document.get("tool", {}).get("scikit-build", {})
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return (value if isinstance(value, str) else ""), key


@contextlib.contextmanager
def adapted(job: Job) -> Iterator[dict[str, Any]]:
    """Set ``wheel.py-api`` and a build folder of the target's own, where the project names one for all."""
    settings = dict(job.settings)
    py_api, name = _effective(job, "wheel.py-api")
    floors = [int(minor) for minor in re.findall(r"cp3(\d+)", py_api)]
    if floors:
        limited_api_asked(job, f"scikit-build-core: wheel.py-api = {py_api!r}")
        in_tree = job.editable and _effective(job, "editable.mode")[0] == "inplace"
        if job.drops_limited_api or in_tree:  # an in-tree _ext.abi3.so is loaded by free-threaded 3.13 and 3.14 too
            settings[name] = ""
        elif job.raises_limited_api:
            floor = max(FIRST_ABI3T[1], *floors)
            settings[name] = f"cp3{floor}.cp3{floor}t"
    folder, name = _effective(job, "build-dir")
    if folder and not re.search(r"\{(wheel_tag|cache_tag|abi)\}", folder):
        settings[name] = own_folder(folder, job)
    yield settings
