"""Parse the specifiers and requirements of other people: packaging's rules, and a bound on digits.

packaging turns each run of digits into an int, which Python refuses beyond some thousand digits with a ValueError; for
specifiers not before they are used. No version of anything has so many, so such a text is invalid like any other.
packaging is imported on the first call: many commands never parse one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

__all__ = ["meets_plainly", "pep508_requirement", "specifier_set"]

_MOST = 600  # the least limit that Python can be given is 640
_DIGITS = rf"\d{{{_MOST + 1}}}"
_CLAUSE = re.compile(r" *(>=|<=|>|<|==|!=) *([0-9]{1,4}(?:\.[0-9]{1,4}){0,2})(\.\*)? *")


def specifier_set(text: str) -> SpecifierSet:
    """A set of version specifiers; raises InvalidSpecifier."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415  # 15 ms

    if len(text) > _MOST and re.search(_DIGITS, text):
        raise InvalidSpecifier(f"a number of more than {_MOST} digits")
    return SpecifierSet(text)


def pep508_requirement(text: str) -> Requirement:
    """A requirement as PEP 508 has it; raises InvalidRequirement."""
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415  # 30 ms

    if len(text) > _MOST and re.search(_DIGITS, text):
        raise InvalidRequirement(f"a number of more than {_MOST} digits")
    return Requirement(text)


def meets_plainly(specifier: str, python: tuple[int, int, int]) -> bool | None:
    """Whether a final release of Python is in a specifier of plain clauses, as nearly all of ``requires-python`` are.

    None where packaging has to say it; the answers are packaging's, without the time it takes to import.
    """
    meets = True
    for text in specifier.split(","):
        match = _CLAUSE.fullmatch(text)
        if match is None or (match[3] and match[1] not in {"==", "!="}):
            return None
        wanted = tuple(map(int, match[2].split(".")))
        found = python[: len(wanted)] if match[3] else python
        if not match[3]:
            wanted = (*wanted, 0, 0)[:3]
        match match[1]:
            case ">=":
                meets &= found >= wanted
            case "<=":
                meets &= found <= wanted
            case ">":
                meets &= found > wanted
            case "<":
                meets &= found < wanted
            case "==":
                meets &= found == wanted
            case _:
                meets &= found != wanted
    return meets
