"""Explain why a file cannot be used as a Python interpreter."""

from __future__ import annotations

import os
import re
import subprocess

from ftwheel.core.errors import InputError

__all__ = ["not_a_python"]

_WINDOWS, _POSIX = (os.path.join("Scripts", "python.exe"), "python.exe"), (os.path.join("bin", "python"),)


def not_a_python(
    executable: str | os.PathLike[str], error: Exception, *, wanted: str = "Python interpreter"
) -> InputError:
    """The InputError for an executable that failed with ``error`` when it was run."""
    from ftwheel.io.system.folders import near

    path = os.fspath(executable)
    if os.path.isdir(path):
        inside = (os.path.join(path, each) for each in (_WINDOWS if os.name == "nt" else _POSIX))
        found = next(filter(os.path.isfile, inside), "")
        return InputError(
            f"{path}: a folder, not an interpreter",
            hint=f"did you mean {found}?" if found else "pass the path of the python executable in it",
        )
    if isinstance(error, FileNotFoundError) and not os.path.exists(path):
        version = path if re.fullmatch(r"3(\.\d+){1,2}t?", path) else "3.14"
        return InputError(
            f"{path}: no such file",
            hint=near(path) or f"pass the path of a python executable; uv python find {version} prints one",
        )
    if isinstance(error, subprocess.TimeoutExpired):
        return InputError(
            f"{path}: no answer within {error.timeout:g} seconds",
            hint="try again when this machine is idle",
        )
    if isinstance(error, OSError):
        return InputError(
            f"{path}: cannot be run ({error.strerror or error})", hint="pass the path of a python executable"
        )
    return InputError(f"{path}: does not answer like a {wanted}", hint="pass the path of a python executable")
