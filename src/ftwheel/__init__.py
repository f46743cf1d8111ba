"""ftwheel: build, check and verify pairs of wheels for the default and the free-threaded CPython ABI.

The Python API is ``simulate`` and ``explain``: which file pip and uv take in any environment, and why not the others.
They are loaded when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ftwheel.app.installers.simulate import explain, simulate

__all__ = ["__version__", "explain", "simulate"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in {"explain", "simulate"}:
        from ftwheel.app.installers import simulate as use_case  # noqa: PLC0415  # importing ftwheel alone has to be cheap

        return getattr(use_case, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
