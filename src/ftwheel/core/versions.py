"""Parses untrusted specifiers and requirements: packaging's rules, with a limit on digits.

packaging converts each run of digits to an int, for which Python raises ValueError beyond a few thousand digits; for
specifiers, only once they are used. No real version has that many digits, so such a text is treated as invalid.
packaging is imported on the first call: many commands never parse one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

__all__ = ["meets_plainly", "pep508_requirement", "specifier_set"]

_MOST = 600  # Python's limit can be lowered to 640 at most
_DIGITS = rf"\d{{{_MOST + 1}}}"
_CLAUSE = re.compile(r" *(>=|<=|>|<|==|!=) *([0-9]{1,4}(?:\.[0-9]{1,4}){0,2})(\.\*)? *")


def specifier_set(text: str) -> SpecifierSet:
    """Parse a set of version specifiers. Raises InvalidSpecifier."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415  # 15 ms

    if len(text) > _MOST and re.search(_DIGITS, text):
        raise InvalidSpecifier(f"a number of more than {_MOST} digits")
    return SpecifierSet(text)


def pep508_requirement(text: str) -> Requirement:
    """Parse a PEP 508 requirement. Raises InvalidRequirement."""
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415  # 30 ms

    if len(text) > _MOST and re.search(_DIGITS, text):
        raise InvalidRequirement(f"a number of more than {_MOST} digits")
    return Requirement(text)


def meets_plainly(specifier: str, python: tuple[int, int, int]) -> bool | None:
    """Whether a final Python release is in a specifier of plain clauses, as nearly every ``requires-python`` is.

    None if packaging has to decide; the answers match packaging's, without the time it takes to import.
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
