"""The errors that ftwheel raises deliberately, each class with its exit code.

An error message has up to three parts: what was found and where, what was wanted, and what to do next (``hint``). The
command line prints it without a traceback and exits with ``exit_code``.
"""

from __future__ import annotations

import errno

TYPE_CHECKING = False  # type checkers take it as true; importing typing would cost time
if TYPE_CHECKING:
    from typing import ClassVar

__all__ = [
    "FREE_SPACE",
    "BuildError",
    "ConfigurationError",
    "FtwheelError",
    "IndexFormatError",
    "InputError",
    "InstallerConfigError",
    "InternalError",
    "MissingToolError",
    "NetworkError",
    "SystemRefusedError",
    "refused",
    "unwritable",
]


class FtwheelError(Exception):
    """Base of all deliberate errors; ``hint`` says what to do next, and defaults to the class's ``next_step``."""

    exit_code: ClassVar[int] = 1
    next_step: ClassVar[str] = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.next_step


class InputError(FtwheelError):
    """An argument or an input file is invalid (exit code 2, like a usage error)."""

    exit_code = 2


class ConfigurationError(FtwheelError):
    """``[tool.ftwheel]`` or another configuration is invalid (exit code 3)."""

    exit_code = 3
    next_step = "correct the file named above; docs/configuration.md lists every key"


class InstallerConfigError(ConfigurationError):
    """An installer's configuration, in a file or the environment, cannot be read."""

    next_step = "correct it there; --no-config leaves out how pip and uv are configured"


class IndexFormatError(FtwheelError):
    """An index answered, but not with a readable simple API page (exit code 4)."""

    exit_code = 4
    next_step = "try again with --refresh; if the problem persists, report it to the index"


class NetworkError(FtwheelError):
    """An index could not be reached or timed out (exit code 5)."""

    exit_code = 5
    next_step = "try again later, or use another index: --index-url URL"


class BuildError(FtwheelError):
    """A build or a repair failed (exit code 6)."""

    exit_code = 6
    next_step = "ftwheel build -v shows the whole log"


class MissingToolError(FtwheelError):
    """A required interpreter or program is missing on this machine (exit code 7)."""

    exit_code = 7
    next_step = "install it, and run the command again"


class SystemRefusedError(FtwheelError):
    """The operating system refused something: a full disk, an unwritable folder, no more processes (exit code 8)."""

    exit_code = 8
    next_step = "fix the problem reported by the system, and run the command again"


class InternalError(FtwheelError):
    """A bug in ftwheel (exit code 70, EX_SOFTWARE of sysexits.h)."""

    exit_code = 70

    def __init__(self, message: str, *, trace: str = "") -> None:
        attached = f" and {trace}" if trace else ""
        super().__init__(
            f"internal error: {message}",
            hint=f"this is a bug in ftwheel; please report it with the command you ran{attached}",
        )


FREE_SPACE = "free some space, or set TMPDIR and FTWHEEL_CACHE_DIR to folders on a disk that has some"
_NOT_ALLOWED = "change its permissions, write to another location, or set TMPDIR and FTWHEEL_CACHE_DIR"
_REMEDIES = {
    errno.ENOSPC: FREE_SPACE,
    errno.EDQUOT: FREE_SPACE,
    errno.EACCES: _NOT_ALLOWED,
    errno.EPERM: _NOT_ALLOWED,
    errno.EROFS: _NOT_ALLOWED,
    errno.ENOENT: "check the path",
    errno.ENOTDIR: "check the path",
    errno.EEXIST: "a file is in the way; choose another path, or remove it",
    errno.EISDIR: "name a file, not a folder",
    errno.ENAMETOOLONG: "use a shorter path",
    errno.EMFILE: "raise the limit on open files, for example: ulimit -n 4096",
    errno.ENOMEM: "close other programs, or use fewer workers",
}


def refused(error: OSError) -> SystemRefusedError:
    """The error for something that the operating system refused, with a hint."""
    reason = error.strerror or str(error) or type(error).__name__
    where = f"{error.filename}: " if error.filename else ""
    return SystemRefusedError(f"{where}{reason}", hint=_REMEDIES.get(error.errno or 0, ""))


def unwritable(path: object, error: OSError) -> InputError:
    """The error for an output path given by the user that cannot be written."""
    gone = error.errno == errno.ENOENT
    hint = "make its folder first, or choose another path" if gone else refused(error).hint
    return InputError(f"{path}: cannot be written ({error.strerror or error})", hint=hint)
