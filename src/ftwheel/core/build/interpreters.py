"""Interpreters and their pairs: the default and the free-threaded build of one CPython minor version.

Standard library only: ``tools/provision.py`` imports it before anything is installed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Interpreter", "InterpreterPair", "pairs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """The facts that an interpreter reports about itself.

    ``free_threaded`` is the build (``Py_GIL_DISABLED``), never the run-time state of the GIL.
    ``extension_suffixes`` are in the import system's order.
    ``platform`` is ``sysconfig.get_platform()``, for example ``linux-x86_64``.
    """

    executable: str
    implementation: str
    version: tuple[int, int, int]
    release_level: str
    free_threaded: bool
    debug: bool
    platform: str
    extension_suffixes: tuple[str, ...]

    @property
    def minor(self) -> tuple[int, int]:
        """``(3, 14)``"""
        return self.version[:2]

    @property
    def label(self) -> str:
        """``3.14`` or ``3.14t``, as in uv and pyenv."""
        return f"{self.version[0]}.{self.version[1]}{'t' if self.free_threaded else ''}"

    @property
    def abi_tag(self) -> str:
        """The version-specific ABI tag, ``cp314`` or ``cp314t`` (``cp314d`` for a debug build)."""
        flags = ("t" if self.free_threaded else "") + ("d" if self.debug else "")
        return f"cp{self.version[0]}{self.version[1]}{flags}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InterpreterPair:
    """The two builds of one minor version."""

    default: Interpreter
    free_threaded: Interpreter

    @property
    def minor(self) -> tuple[int, int]:
        return self.default.minor


def pairs(interpreters: Iterable[Interpreter]) -> tuple[InterpreterPair, ...]:
    """The pairs among the interpreters, newest minor version first.

    Only CPython release builds count. If there are several of one kind, the first wins.
    """
    first: dict[tuple[tuple[int, int], bool], Interpreter] = {}
    for interpreter in interpreters:
        if interpreter.implementation == "cpython" and not interpreter.debug:
            first.setdefault((interpreter.minor, interpreter.free_threaded), interpreter)
    minors = sorted({minor for minor, _ in first}, reverse=True)
    return tuple(
        InterpreterPair(default=first[minor, False], free_threaded=first[minor, True])
        for minor in minors
        if (minor, False) in first and (minor, True) in first
    )
