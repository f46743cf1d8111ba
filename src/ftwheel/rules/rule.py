"""A rule: a code that never changes its meaning, with its title, reason and fix in one place.

The pages in ``docs/rules``, ``ftwheel rule``, SARIF and the tables of the documentation are generated from these
classes. Nothing outside ``ftwheel.rules`` creates a ``Finding``.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import ClassVar, Self

from ftwheel.core.findings import Finding, Severity

__all__ = ["Rule"]

PAGES = "docs/rules/"  # relative to the root of the repository


class Rule:
    """The texts of a rule, and the factory of its findings; subclasses add what they check.

    ``see`` lists rules of other families about the same fact. ``more`` is additional Markdown for the page.
    """

    code: ClassVar[str]
    title: ClassVar[str]
    why: ClassVar[str]
    fix: ClassVar[str]
    severity: ClassVar[Severity]
    see: ClassVar[tuple[str, ...]] = ()
    more: ClassVar[str] = ""

    @classmethod
    def defined_in(cls, module: Mapping[str, object]) -> tuple[type[Self], ...]:
        """The rules of this kind among the names of a module, in the order in which it defines them.

        A class without a code of its own is a base of rules.
        """
        return tuple(
            each
            for each in module.values()
            if isinstance(each, type) and issubclass(each, cls) and each.__module__ == module["__name__"]
            if "code" in vars(each)
        )

    @classmethod
    def finding(
        cls, subject: str, message: str, *, fix: str | None = None, severity: Severity | None = None
    ) -> Finding:
        """A finding of this rule about ``subject``; ``fix`` and ``severity`` default to the rule's."""
        return Finding(
            subject=subject,
            code=cls.code,
            severity=cls.severity if severity is None else severity,
            message=message,
            fix=" ".join((cls.fix if fix is None else fix).split()),
            url=f"{PAGES}{cls.code}.md",
        )

    @classmethod
    def as_data(cls) -> dict[str, str | list[str]]:
        """The rule as data for a JSON document."""
        return {
            "code": cls.code,
            "title": cls.title,
            "severity": cls.severity.word,
            "why": " ".join(cls.why.split()),
            "fix": " ".join(cls.fix.split()),
            "see": list(cls.see),
            "url": f"{PAGES}{cls.code}.md",
        }

    @classmethod
    def page(cls) -> str:
        """The generated part of the rule's page, in Markdown."""
        see = f"\nSee also: {', '.join(f'[{code}]({code}.md)' for code in cls.see)}.\n" if cls.see else ""
        return (
            f"# {cls.code}: {cls.title}\n\n"
            f"Severity: {cls.severity.word}.\n\n"
            f"## Why it matters\n\n{_paragraph(cls.why)}\n\n"
            f"## What to do\n\n{_paragraph(cls.fix)}\n{cls.more}{see}"
        )


def _paragraph(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), 110, break_long_words=False, break_on_hyphens=False)
