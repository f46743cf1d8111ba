"""Says where a mistake is: in an argument that names nothing, or in a configuration file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ftwheel.core.errors import ConfigurationError, InputError

__all__ = ["no_such_file", "written_in"]


def no_such_file(argument: str, wanted: str) -> InputError:
    """The error about an argument that names nothing; ``wanted`` is what the command takes."""
    from ftwheel.app.release.published_wheels import meant_release
    from ftwheel.io.system.folders import near

    if "*" in argument and "=" not in argument:
        return InputError(f"{argument[:500]}: no file matches", hint="give the folder the files were built to")
    download = "download it first, and give the file" if "://" in argument else ""
    return InputError(
        f"{argument[:500]}: neither a file nor a folder nor NAME==VERSION",
        hint=near(argument) or download or meant_release(argument) or f"give {wanted}",
    )


@contextmanager
def written_in(place: str) -> Iterator[None]:
    """Turn what is wrong with a value into an error about the configuration that has it: ``FILE: [TABLE]``."""
    try:
        yield
    except InputError as error:
        raise ConfigurationError(f"{place}: {error.message}", hint=error.hint) from error
