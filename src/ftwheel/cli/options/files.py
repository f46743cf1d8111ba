"""Errors that say where a mistake is: in an argument that names nothing, or in a configuration file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from ftwheel.core.errors import ConfigurationError, InputError

__all__ = ["no_such_file", "not_built", "written_in"]

_BUILT = ("dist", "wheelhouse")
"""Folders of a project that are there once it is built."""


def no_such_file(argument: str, wanted: str) -> InputError:
    """The error for an argument that names nothing; ``wanted`` is what the command takes."""
    from ftwheel.app.release.published_wheels import meant_release
    from ftwheel.io.system.folders import near

    if "*" in argument and "=" not in argument:
        return InputError(f"{argument[:500]}: no file matches", hint="pass the folder the files were built to")
    if not_built(argument):
        return InputError(f"{argument}: no such folder", hint="build the wheels first: ftwheel build")
    download = "download it first, and pass the file" if "://" in argument else ""
    release = "" if os.path.normpath(argument) in _BUILT else meant_release(argument)
    return InputError(
        f"{argument[:500]}: not a file, a folder or NAME==VERSION",
        hint=near(argument) or download or release or f"pass {wanted}",
    )


def not_built(argument: str) -> bool:
    """Whether an argument is the folder that a build of the project in this one would make, and has not made yet."""
    here = any(map(os.path.isfile, ("pyproject.toml", "setup.py")))
    return here and os.path.normpath(argument) in _BUILT and not os.path.exists(argument)


@contextmanager
def written_in(location: str) -> Iterator[None]:
    """Turn InputError about a value into ConfigurationError about its location: ``FILE: [TABLE]``."""
    try:
        yield
    except InputError as error:
        raise ConfigurationError(f"{location}: {error.message}", hint=error.hint) from error
