"""Decides whether a Python satisfies ``requires-python`` in uv, which considers only the lower bound.

uv checks that the interpreter's version is not below the smallest version that all specifiers allow; it ignores upper
bounds and holes above that, and an empty set has no lower bound. uv repairs some misspellings before it treats a text
as invalid and drops the file.

Sources: uv 0.13.9 ``uv-distribution-types/src/requires_python.rs`` (``is_contained_by``),
``uv-pep440/src/version_ranges.rs`` (``release_specifiers_to_ranges``), ``uv-pypi-types/src/lenient_requirement.rs``.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ftwheel.core.installers.requirements import parse_version

__all__ = ["meets_lower_bound"]

Release = tuple[int, ...]  # without trailing zeros, so that tuples compare as versions do
Bound = tuple[Release, bool]  # the release, and whether it is excluded

_SPECIFIER = re.compile(r"\s*([=!~<>]+)\s*(\S+)\s*")
_OPERATORS = frozenset({"==", "===", "!=", "~=", "<", "<=", ">", ">="})
_REPAIRS = (
    (r"(\d)([<>=~^!])", r"\1,\2"),  # >=7.2.0<8.0.0
    (r"!=~((?:\d\.)*\d)", r"!=\1.*"),  # !=~5.0
    (r"(<=|>=|<|>)\s*(\d+(\.\d+)*)\.\*", r"\1\2"),  # >=1.9.*
    (r"(\d\.\d)+\*", r"\1.*"),  # !=3.0*
    (r",\s*$", ""),  # >=3.6,
    (r">dev", ">0.0.0dev"),
    (r"(\d+(\.\d)*(a|b|rc|post|dev)\d+)\.0", r"\1"),  # >=9.0.0a1.0
    (r"['\"]", ""),  # >= 2.7'
)
_LONGEST = 2000  # characters; the repairs are regular expressions on untrusted text


@lru_cache(maxsize=4096)
def meets_lower_bound(text: str, python: tuple[int, int, int]) -> bool | None:
    """Whether the Python is at or above the lower bound; None if uv cannot parse the text.

    ``python`` is the release without suffixes such as ``rc1``, as in uv.
    """
    specifiers = _parse(text)
    if specifiers is None:
        patched = text if len(text) <= _LONGEST else ""
        for pattern, replacement in _REPAIRS:
            repaired = re.sub(pattern, replacement, patched)  # compiled only when needed
            if repaired != patched and (specifiers := _parse(repaired)) is not None:
                break
            patched = repaired
        if specifiers is None:
            return None
    bound = _lower_bound(specifiers)
    if bound is None:
        return True
    release, excluded = bound
    found = _trim(python)
    return found > release if excluded else found >= release


def _trim(release: tuple[int, ...]) -> Release:
    while release and release[-1] == 0:
        release = release[:-1]
    return release


def _parse(text: str) -> list[tuple[str, Release]] | None:
    """Operator and release of each specifier; a wildcard adds ``.*`` to the operator. The release is not trimmed."""
    if not text:
        return []
    found = []
    for part in text.split(","):
        match = _SPECIFIER.fullmatch(part)
        if match is None or match[1] not in _OPERATORS:
            return None
        operator, wanted = match.groups()
        if wanted.endswith(".*"):
            if operator not in {"==", "!="}:
                return None
            operator, wanted = f"{operator}.*", wanted[:-2]
        version = parse_version(wanted)
        if version is None:
            return None
        if version.local and operator not in {"==", "!=", "==="}:
            return None
        if operator == "~=" and len(version.release) < 2:
            return None
        found.append((operator, version.release))
    return found


def _lower_bound(specifiers: list[tuple[str, Release]]) -> Bound | None:
    """The lower bound of all specifiers combined; None if there is none, or if nothing is allowed."""
    lower: Bound | None = None
    upper: Bound | None = None
    holes: list[tuple[Release, Release | None]] = []  # (start, exclusive end); an end of None means the start alone
    for operator, release in specifiers:
        at = _trim(release)
        match operator:
            case "==" | "===":
                low, high = (at, False), (at, False)
            case "~=":
                low, high = (at, False), (_next(release[:-1]), True)
            case "==.*":
                low, high = (at, False), (_next(release), True)
            case ">=" | ">":
                lower = max(lower, (at, operator == ">")) if lower is not None else (at, operator == ">")
                continue
            case "<=" | "<":
                upper = _smaller(upper, (at, operator == "<"))
                continue
            case _:
                holes.append((at, None if operator == "!=" else _next(release)))
                continue
        lower = max(lower, low) if lower is not None else low
        upper = _smaller(upper, high)
    if lower is None:
        return None
    for start, end in sorted(holes, key=lambda hole: hole[0]):
        release, _ = lower
        if end is None:
            if release == start:
                lower = (release, True)
        elif start <= release < end:
            lower = (end, False)
    if upper is not None and (lower[0] > upper[0] or (lower[0] == upper[0] and (lower[1] or upper[1]))):
        return None
    return lower


def _smaller(one: Bound | None, other: Bound) -> Bound:
    if one is None:
        return other
    # of two upper bounds at one release, the exclusive one is smaller
    return min(one, other, key=lambda bound: (bound[0], not bound[1]))


def _next(release: tuple[int, ...]) -> Release:
    return (*release[:-1], release[-1] + 1)
