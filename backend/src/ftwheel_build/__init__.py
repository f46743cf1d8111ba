"""A PEP 517 and PEP 660 build backend that wraps another one and builds correct wheels for both CPython ABIs.

In pyproject.toml, ``build-backend = "ftwheel_build"`` in ``[build-system]``, and the backend that does the work in
``[tool.ftwheel]``. The hooks are found by a module-level ``__getattr__`` (PEP 562), because frontends ask with
``hasattr`` which hooks there are, and the answer is the wrapped backend's: it differs between backends and, for one
backend, between frontends.
"""

from __future__ import annotations

from typing import Any

__all__: list[str] = []  # the hooks are looked up by name, see __getattr__

HOOKS = (
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
)


def __getattr__(name: str) -> Any:
    if name in HOOKS or name == "UnsupportedOperation":
        from ftwheel_build.hooks import find

        return find(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
