"""Reads ``--python``, and decides which interpreters on this machine it selects.

A version means both builds: ``3.13`` selects 3.13 and 3.13t; ``t`` or ``+freethreaded`` selects only the free-threaded
build, ``+gil`` only the default build, as in uv. Anything else is the path of one interpreter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ftwheel.core.build.interpreters import Interpreter, pairs
from ftwheel.core.errors import InputError, MissingToolError

__all__ = ["PythonRequest", "default_builds", "parse_request", "resolve"]

_VERSION = re.compile(
    r"(?:cpython[-@]?|python|cp)?(?P<major>3)\.?(?P<minor>\d+)(?:\.(?P<patch>\d+))?(?P<variant>t|\+freethreaded|\+gil)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonRequest:
    """One item of ``--python``.

    ``path`` is set for an interpreter given by path, else ``version`` is (major, minor) or (major, minor, patch).
    ``free_threaded`` is None for both builds.
    """

    text: str
    version: tuple[int, ...] = ()
    free_threaded: bool | None = None
    path: str = ""

    def matches(self, interpreter: Interpreter) -> bool:
        """Whether the request selects a discovered interpreter."""
        return (
            bool(self.version)
            and interpreter.implementation == "cpython"
            and not interpreter.debug
            and interpreter.version[: len(self.version)] == self.version
            and self.free_threaded in {None, interpreter.free_threaded}
        )


def parse_request(text: str) -> PythonRequest:
    """Parse one item. Raises InputError if it is not a CPython 3 version and does not look like a path."""
    item = text.strip()
    if match := _VERSION.fullmatch(item):
        variant = (match["variant"] or "").lower()
        numbers = (match["major"], match["minor"], match["patch"])
        return PythonRequest(
            text=item,
            version=tuple(int(number) for number in numbers if number is not None),
            free_threaded=None if not variant else variant != "+gil",
        )
    if "/" in item or "\\" in item or item.lower().endswith(".exe"):
        return PythonRequest(text=item, path=item)
    raise InputError(
        f"--python {item!r}: neither a version of CPython 3 nor the path of an interpreter",
        hint="versions look like 3.14 (both builds), 3.14t (the free-threaded build) or 3.14+gil (the default build)",
    )


def resolve(requests: Iterable[PythonRequest], found: Iterable[Interpreter]) -> tuple[Interpreter, ...]:
    """The interpreters to build with: for each request in turn, the default build, then the free-threaded one.

    ``found`` is in order of preference: of several matches, the first of each kind wins; both builds of a pair have the
    same minor version. Without requests, the result is every pair. Each interpreter is included once. Raises
    MissingToolError when a requested build is missing, or there is no pair.
    """
    interpreters = tuple(found)
    asked = tuple(requests)
    if not asked:
        chosen = [interpreter for pair in pairs(interpreters) for interpreter in (pair.default, pair.free_threaded)]
        if not chosen:
            raise MissingToolError(_no_pair(interpreters), hint=_get("3.14", "3.14t"))
        return tuple(chosen)
    chosen = []
    for request in asked:
        for free_threaded in (False, True):
            if request.free_threaded in {None, free_threaded}:
                interpreter = _first(request, free_threaded, interpreters)
                if interpreter not in chosen:
                    chosen.append(interpreter)
    return tuple(chosen)


def default_builds(found: Iterable[Interpreter], *, from_minor: int) -> tuple[Interpreter, ...]:
    """The default release build of each version from CPython 3.``from_minor`` on, oldest first.

    Of several, the first wins, as in ``resolve``.
    """
    first: dict[tuple[int, int], Interpreter] = {}
    for each in found:
        wanted = each.implementation == "cpython" and not (each.debug or each.free_threaded)
        if wanted and each.minor[1] >= from_minor:
            first.setdefault(each.minor, each)
    return tuple(first[minor] for minor in sorted(first))


def _first(request: PythonRequest, free_threaded: bool, interpreters: tuple[Interpreter, ...]) -> Interpreter:
    for interpreter in interpreters:
        if request.matches(interpreter) and interpreter.free_threaded is free_threaded:
            return interpreter
    wanted = ".".join(map(str, request.version)) + ("t" if free_threaded else "")
    raise MissingToolError(
        f"--python {request.text}: no {'free-threaded' if free_threaded else 'default'} CPython {wanted} here"
        f" (found: {_names(interpreters)})",
        hint=_get(wanted),
    )


def _no_pair(interpreters: tuple[Interpreter, ...]) -> str:
    return (
        "no pair of interpreters: a pair of wheels needs the default and the free-threaded build of one CPython version"
        f" (found: {_names(interpreters)})"
    )


def _names(interpreters: tuple[Interpreter, ...]) -> str:
    labels = {(each.minor, each.free_threaded): each.label for each in interpreters if each.implementation == "cpython"}
    return ", ".join(label for _, label in sorted(labels.items())) or "none"


def _get(*versions: str) -> str:
    return f"install one with: uv python install {' '.join(versions)}; or pass its path: --python PATH"
