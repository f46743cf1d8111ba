"""Every failure ftwheel reports on purpose, with the exit code of its class.

An error message has up to three parts: where and what was found, what was wanted, and what to do next
(``hint``). The command line prints it without a traceback and leaves with ``exit_code``.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "BuildError",
    "ConfigurationError",
    "FtwheelError",
    "IndexFormatError",
    "InputError",
    "MissingToolError",
    "NetworkError",
]


class FtwheelError(Exception):
    """Base of all deliberate failures; ``hint`` says what to do next and may be empty."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(FtwheelError):
    """An argument or an input file is not what the command takes (exit code 2, like a usage error)."""

    exit_code = 2


class ConfigurationError(FtwheelError):
    """``[tool.ftwheel]`` or another configuration table is wrong (exit code 3)."""

    exit_code = 3


class IndexFormatError(FtwheelError):
    """An index answered, but not with a page of the Simple API that can be read (exit code 4)."""

    exit_code = 4


class NetworkError(FtwheelError):
    """An index could not be reached, or not in time (exit code 5)."""

    exit_code = 5


class BuildError(FtwheelError):
    """A build or a repair failed, so there is no wheel to judge (exit code 6)."""

    exit_code = 6


class MissingToolError(FtwheelError):
    """An interpreter or a program that the command needs is not on this machine (exit code 7)."""

    exit_code = 7
