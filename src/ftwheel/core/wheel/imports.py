"""The result of importing a module in a fresh process of the interpreter it was built for."""

from __future__ import annotations

import enum

from ftwheel.core.named_tuples import NamedTuple

__all__ = ["ImportOutcome", "ImportResult"]


class ImportOutcome(enum.Enum):
    """How the import ended. None of these is a failure of ftwheel."""

    LOADED = "loaded"
    FAILED = "failed"  # it raised
    CRASHED = "crashed"  # a signal killed the process, or it exited without an answer
    TIMED_OUT = "timed out"


class ImportResult(NamedTuple):
    """One module, imported alone.

    ``gil_before`` and ``gil_after`` are ``sys._is_gil_enabled()`` just before and just after the import; None if the
    interpreter does not answer (before 3.13, or after a crash). ``culprits`` are the modules that the interpreter names
    as enabling the GIL, in its order: the module itself, or modules that it imports. ``detail`` is the exception, the
    signal, or the end of the process's output. ``missing`` is the module that a failed import could not find, "" if it
    failed for another reason; ``package_loads`` says whether its top-level package was loaded all the same.
    ``seconds`` is the run time of the process.
    """

    module: str
    outcome: ImportOutcome
    gil_before: bool | None = None
    gil_after: bool | None = None
    culprits: tuple[str, ...] = ()
    detail: str = ""
    missing: str = ""
    package_loads: bool = False
    seconds: float = 0.0

    @property
    def enables_gil(self) -> bool:
        """Whether the import turned the GIL on in a process that ran without it."""
        return self.gil_before is False and self.gil_after is True
