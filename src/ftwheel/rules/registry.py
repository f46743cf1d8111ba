"""The registry of every code that ftwheel and its build backend show.

``FTW`` is about wheels (``ftwheel check``), ``FTV`` about releases (``ftwheel verify``), ``FTM`` about dependencies
(``ftwheel missing``), ``FTB`` about what the build backend rejects.
"""

from __future__ import annotations

from collections.abc import Mapping

from ftwheel.core.errors import InputError
from ftwheel.rules import backend
from ftwheel.rules.dependencies.readiness import READINESS_RULES
from ftwheel.rules.release.coverage import COVERAGE_RULES
from ftwheel.rules.release.files import FILE_RULES
from ftwheel.rules.release.uploads import UPLOAD_RULES
from ftwheel.rules.rule import Rule
from ftwheel.rules.wheel.selection import GROUP_RULES, WHEEL_RULES

__all__ = ["FAMILIES", "RULES", "family", "index", "rules_of"]

FAMILIES = {
    "FTW": "Wheels: `ftwheel check`, and `ftwheel build` for its results",
    "FTV": "Releases: `ftwheel verify`",
    "FTM": "Dependencies: `ftwheel missing`",
    "FTB": "Builds: the build backend `ftwheel-build`",
}
RULES: Mapping[str, type[Rule]] = {
    rule.code: rule
    for rule in sorted(
        (
            *(rule.__class__ for rule in WHEEL_RULES),
            *(rule.__class__ for rule in GROUP_RULES),
            *COVERAGE_RULES,
            *FILE_RULES,
            *UPLOAD_RULES,
            *READINESS_RULES,
            *backend.BACKEND_RULES,
        ),
        key=lambda rule: ([*FAMILIES].index(rule.code[:3]), rule.code),
    )
}


def rules_of(beginning: str) -> tuple[type[Rule], ...]:
    """The rules whose codes begin like this (``FTW401``, ``FTW4``, ``ftv``). Raises InputError if there are none."""
    found = tuple(rule for code, rule in RULES.items() if code.startswith(beginning.upper()))
    if not beginning or not found:
        meant = " or ".join(code for code in RULES if code[3:] == beginning[-3:])
        raise InputError(
            f"{beginning}: no rule code starts with this",
            hint=f"did you mean {meant}?" if meant else "ftwheel rule lists them all",
        )
    return found


def family(*names: str) -> Mapping[str, type[Rule]]:
    """The rules of some families (``FTW``), by code; those of all families by default."""
    return {code: rule for code, rule in RULES.items() if not names or code[:3] in names}


def index() -> str:
    """The page that lists all rules, in Markdown."""
    lines = [
        "# Rules",
        "",
        "A code never changes its meaning. `ftwheel rule CODE` prints a page of this folder, `ftwheel rule` this list.",
    ]
    for name, what in FAMILIES.items():
        lines += ["", f"## {what}", "", "| rule | severity | title |", "| --- | --- | --- |"]
        lines += [
            f"| [{code}]({code}.md) | {rule.severity.word} | {rule.title} |" for code, rule in family(name).items()
        ]
    return "\n".join(lines) + "\n"
