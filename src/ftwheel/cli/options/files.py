"""Says what is wrong with an argument that is neither a file nor a folder nor a release."""

from __future__ import annotations

from ftwheel.core.errors import InputError

__all__ = ["no_such_file"]


def no_such_file(argument: str, wanted: str) -> InputError:
    """The error about an argument that names nothing; ``wanted`` is what the command takes."""
    from ftwheel.app.release.published_wheels import meant_release
    from ftwheel.io.system.folders import near

    return InputError(
        f"{argument[:500]}: neither a file nor a folder nor NAME==VERSION",
        hint=near(argument) or meant_release(argument) or f"give {wanted}",
    )
