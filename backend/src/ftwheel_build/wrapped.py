"""Find the wrapped backend, as PEP 517 finds one: ``module:object``, and ``backend-path`` before everything else."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from typing import Any

from ftwheel_build.config import Config
from ftwheel_build.errors import RefusedError

__all__ = ["family", "hides_metadata", "import_backend"]

# package of the backend -> the adapter that knows it; the longest that fits decides
FAMILIES = {
    "setuptools": "setuptools",
    "scikit_build_core": "scikit_build_core",
    "scikit_build_core.setuptools": "setuptools",
    "mesonpy": "meson_python",
    "maturin": "maturin",
}


def import_backend(config: Config, root: str) -> Any:
    """The object that has the wrapped backend's hooks.

    Raises RefusedError FTB102 if it is this wrapper, FTB103 if it cannot be imported or, with ``backend-path``, comes
    from somewhere else (PEP 517: it "must be loaded from one of the given directories").
    """
    module, _, attributes = config.build_backend.partition(":")
    if module.split(".")[0] == "ftwheel_build":
        raise RefusedError(
            "FTB102",
            f"[tool.ftwheel]: build-backend: found {config.build_backend!r}, expected the backend to wrap",
            fix="name the backend that was used before, for example setuptools.build_meta",
        )
    folders = [os.path.realpath(os.path.join(root, folder)) for folder in config.backend_path]
    real_root = os.path.realpath(root)
    for folder in folders:
        if os.path.commonpath([real_root, folder]) != real_root:
            raise RefusedError("FTB101", f"[tool.ftwheel]: backend-path: {folder} is outside the project")
    sys.path[:0] = [folder for folder in folders if folder not in sys.path]
    try:
        backend = importlib.import_module(module)
        for attribute in filter(None, attributes.split(".")):
            backend = getattr(backend, attribute)
    except (ImportError, AttributeError) as error:
        where = f" from {', '.join(config.backend_path)}" if folders else ""
        raise RefusedError(
            "FTB103",
            f"[tool.ftwheel]: build-backend: {config.build_backend!r} cannot be imported{where}: {error}",
            fix="add the wrapped backend to [build-system] requires, beside ftwheel-build",
        ) from error
    if folders:
        origin = os.path.realpath(getattr(sys.modules[module], "__file__", None) or "")
        if not any(os.path.commonpath([folder, origin]) == folder for folder in folders if origin):
            raise RefusedError("FTB103", f"{module} was imported from {origin}, not from backend-path")
    return backend


def family(config: Config) -> str:
    """Which adapter fits: by the backend's name, else by what it imported; empty for others.

    A backend of another name that imported setuptools runs setup() in this process, where the adapter changes nothing
    else. The other adapters add config settings, which only an in-tree backend can be trusted to pass on.
    """
    parts = config.build_backend.partition(":")[0].split(".")
    for length in range(len(parts), 0, -1):
        if name := FAMILIES.get(".".join(parts[:length])):
            return name
    markers = FAMILIES if config.backend_path else ("setuptools",)
    return next((FAMILIES[marker] for marker in markers if marker in sys.modules), "")


def hides_metadata(config: Config, document: Mapping[str, Any]) -> bool:
    """Whether ``prepare_metadata_for_build_*`` of the wrapped backend would report less than the wheel does.

    hatchling's metadata hooks may add dependencies at build time; it hides these hooks from pip itself, and uv skips
    them when it sees the name ``hatchling.build`` and dynamic dependencies. Behind a wrapper uv does not see that name.
    """
    if config.build_backend.partition(":")[0] != "hatchling.build":
        return False
    project = document.get("project")
    dynamic = project.get("dynamic", ()) if isinstance(project, Mapping) else ()
    return "dependencies" in dynamic or "optional-dependencies" in dynamic
