"""Findings: the problems and advice that check, build, verify and missing report.

A code never changes its meaning. Everything that prints findings (text, JSON, Markdown, GitHub annotations, SARIF)
prints these.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ftwheel.core.listing import listed_briefly

__all__ = ["Finding", "Severity", "likewise", "one_for_each_cause", "one_for_several_files", "weighed", "worst"]

_WORD = re.compile(r"[^\s,;]+")
_LONGEST = 10_000  # characters of a message; a wheel can put megabytes into a name or a field


class Severity(enum.IntEnum):
    """The severity of a finding; by default, only ``ERROR`` fails a command."""

    ADVICE = 1
    WARNING = 2
    ERROR = 3

    @property
    def word(self) -> str:
        """``advice``, ``warning`` or ``error``"""
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One problem, or one piece of advice.

    ``subject`` is the file (and the member in it, after a colon) the finding is about; ``message`` says what was found
    and what was wanted, and is cut off if it is far too long; ``fix`` says what to do next; ``url`` is the page about
    ``code``. Findings sort by severity (errors, warnings, advice), then by subject, then by code.
    """

    subject: str
    code: str
    severity: Severity
    message: str
    fix: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        if len(self.message) > _LONGEST:
            kept = _LONGEST - 40  # with the rest, this is short enough for a copy not to be cut again
            more = f"... ({len(self.message) - kept:,} more characters)"
            object.__setattr__(self, "message", self.message[:kept] + more)

    def __lt__(self, other: Finding) -> bool:
        return self._key < other._key

    @property
    def _key(self) -> tuple[int, str, str, str, str]:
        return -self.severity, self.subject, self.code, self.message, self.fix


def one_for_each_cause(
    findings: Iterable[Finding], said: Callable[[Finding], str] = lambda finding: finding.message
) -> tuple[Finding, ...]:
    """The findings, sorted; identical findings about several members of a file are merged into the first.

    ``said`` returns the message without the name of the member.
    """
    groups: dict[tuple[str, str, Severity, str, str], list[Finding]] = {}
    for finding in sorted(set(findings)):
        file = finding.subject.partition(":")[0]
        groups.setdefault((file, finding.code, finding.severity, said(finding), finding.fix), []).append(finding)
    return tuple(
        sorted(
            replace(first, message=f"{first.message}; the same holds for {_members(others)}") if others else first
            for first, *others in groups.values()
        )
    )


def one_for_several_files(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, sorted; those that say the same about several files, except for wheel names, become one.

    The finding about the first file is kept. A release's wheels are built alike, so a shared problem has one cause.
    """
    groups: dict[tuple[str, Severity, str, str, str], dict[str, Finding]] = {}
    for finding in sorted(findings):
        file, _, member = finding.subject.partition(":")
        folder, _, last = member.rpartition("/")
        said = _WORD.sub(lambda word: "" if word[0].endswith(".whl") else word[0], finding.message)
        # the suffix of a module's file differs between platforms
        key = (finding.code, finding.severity, f"{folder}/{last.partition('.')[0]}", said, finding.fix)
        groups.setdefault(key, {}).setdefault(file, finding)
    return tuple(sorted(_with_others(found) for found in groups.values()))


def _with_others(found: Mapping[str, Finding]) -> Finding:
    """The finding about the first of several files, with the names of the others."""
    first, *others = found
    return replace(found[first], message=found[first].message + likewise(others))


def likewise(names: Sequence[str]) -> str:
    """The end of a message about one file that also applies to others; "" if there are no others."""
    return f"; likewise {listed_briefly(names)}" if names else ""


def _members(findings: Iterable[Finding]) -> str:
    return ", ".join(finding.subject.partition(":")[2] for finding in findings)


def worst(findings: Iterable[Finding]) -> Severity | None:
    """The highest severity among the findings; None if there are none."""
    return max((finding.severity for finding in findings), default=None)


def weighed(
    found: Iterable[Finding], *, severities: Mapping[str, Severity], ignore: Sequence[str] = ()
) -> tuple[Finding, ...]:
    """The findings with severities overridden, minus those whose code starts with one of ``ignore``."""
    return tuple(
        sorted(
            replace(finding, severity=severities.get(finding.code, finding.severity))
            for finding in found
            if not finding.code.startswith(tuple(ignore))
        )
    )
