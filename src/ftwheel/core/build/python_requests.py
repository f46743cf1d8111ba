"""What ``--python`` asks for, and which interpreters of this machine answer it.

A version names both builds of a pair, ``3.13`` is 3.13 and 3.13t; with a ``t`` or ``+freethreaded`` it names the
free-threaded build alone, with ``+gil`` the default build alone, as in uv. Anything else is a path and names exactly
one interpreter.
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

    ``path`` is set for an interpreter named by its file, else ``version`` is (major, minor) or (major, minor, patch).
    ``free_threaded`` is None when both builds are asked for.
    """

    text: str
    version: tuple[int, ...] = ()
    free_threaded: bool | None = None
    path: str = ""

    def matches(self, interpreter: Interpreter) -> bool:
        """Whether an interpreter found by searching is asked for."""
        return (
            bool(self.version)
            and interpreter.implementation == "cpython"
            and not interpreter.debug
            and interpreter.version[: len(self.version)] == self.version
            and self.free_threaded in {None, interpreter.free_threaded}
        )


def parse_request(text: str) -> PythonRequest:
    """Read one item; raises InputError for what is neither a version of CPython 3 nor looks like a path."""
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
    """Decide which interpreters to build with: for each request in turn the default build, then the free-threaded one.

    ``found`` is in order of preference: of several that answer a request the first of each kind wins, and both builds
    of a pair are of the same minor version by construction. Without requests the answer is every pair. Each interpreter
    comes once. Raises MissingToolError when a build that is asked for is not there, or no pair exists.
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

    Of several the first given wins, as for ``resolve``.
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
    return f"get one with: uv python install {' '.join(versions)}; or name its file: --python PATH"
