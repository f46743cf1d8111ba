"""The rules of ``ftwheel check``, and the selection of those that a run applies."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ftwheel.core.errors import InputError
from ftwheel.core.findings import Finding, Severity, one_for_each_cause
from ftwheel.core.index.rules import IndexRules
from ftwheel.core.wheel.contents import dotted_name
from ftwheel.rules.rule import Rule
from ftwheel.rules.wheel import archive, binaries, gil, imports, index, metadata, pairs, stable_abi, tags
from ftwheel.rules.wheel.facts import GroupRule, ReleaseWheels, WheelFacts, WheelRule

__all__ = ["DECIDED_BY_IMPORT", "GROUP_RULES", "WHEEL_RULES", "RuleSelection"]

_MODULES = (archive, tags, binaries, stable_abi, gil, metadata, imports, index, pairs)
WHEEL_RULES = tuple(rule() for module in _MODULES for rule in WheelRule.defined_in(vars(module)))
GROUP_RULES = tuple(rule() for module in _MODULES for rule in GroupRule.defined_in(vars(module)))
# what an import settles or only an import shows
DECIDED_BY_IMPORT = frozenset(
    {"FTW308", "FTW402"}
    | {rule.code for rule in WHEEL_RULES if type(rule).__module__ == imports.__name__} - {imports.LeftOut.code}
)
_OF_PYPI = frozenset(rule.code for rule in index.INDEX_RULES)
_RULES: Mapping[str, Rule] = {rule.code: rule for rule in (*WHEEL_RULES, *GROUP_RULES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSelection:
    """Which rules apply, and with which severities.

    ``select`` and ``ignore`` are codes or prefixes (``FTW4``); the longest match wins, ``ignore`` on a tie. An empty
    selection means all. ``severities`` overrides the severity of a rule's errors and warnings; advice stays advice.
    ``index_rules`` says whether PyPI's rules apply at all.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severities: Mapping[str, Severity] = field(default_factory=dict)
    index_rules: IndexRules = IndexRules.PYPI

    def __post_init__(self) -> None:
        for prefix in (*self.select, *self.ignore):
            if not re.fullmatch(r"FTW\d{0,3}", prefix) or not any(code.startswith(prefix) for code in _RULES):
                raise InputError(
                    f"{prefix}: no rule code starts with this", hint="ftwheel check --list-rules lists all codes"
                )
        for code in self.severities:
            if code not in _RULES:
                raise InputError(f"{code}: no rule has this code", hint="ftwheel check --list-rules lists all codes")

    def applies(self, code: str) -> bool:
        """Whether the rule with this code is selected."""
        if self.index_rules is IndexRules.ANY and code in _OF_PYPI:
            return False
        ignored = max((len(prefix) for prefix in self.ignore if code.startswith(prefix)), default=0)
        if not self.select:
            return not ignored
        return max((len(prefix) for prefix in self.select if code.startswith(prefix)), default=0) > ignored

    def judge(self, facts: WheelFacts, *, only: Container[str] | None = None) -> tuple[Finding, ...]:
        """The findings of the selected rules about one wheel, sorted; ``only`` restricts the rules further."""
        rules = (rule for rule in WHEEL_RULES if self.applies(rule.code) and (only is None or rule.code in only))
        return self._weighed(finding for rule in rules for finding in rule.check(facts))

    def judge_group(self, group: ReleaseWheels) -> tuple[Finding, ...]:
        """The findings of the selected rules about the wheels of a release, sorted."""
        return self._weighed(
            finding for rule in GROUP_RULES if self.applies(rule.code) for finding in rule.check(group)
        )

    def _weighed(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        def weigh() -> Iterator[Finding]:
            for finding in findings:
                severity = self.severities.get(finding.code)
                advice = finding.severity is Severity.ADVICE and _RULES[finding.code].severity is not Severity.ADVICE
                yield finding if severity is None or advice else replace(finding, severity=severity)

        return one_for_each_cause(weigh(), _without_names)


def _without_names(finding: Finding) -> str:
    """The message without what differs between two modules: the dotted name, its last part, and the path."""
    member = finding.subject.partition(":")[2]
    name = dotted_name(member)
    if not name:
        return finding.message
    message = finding.message
    for each in (member, name, name.rpartition(".")[2]):
        message = _without(message, each)
    return message


def _without(text: str, word: str) -> str:
    """A text without a word, where it is no part of another."""
    kept, start, at = "", 0, text.find(word)
    while at >= 0:
        before, after = text[:at][-1:], text[at + len(word) :][:1]
        part = (before.isascii() and before.isalnum()) or before == "." or (after.isascii() and after.isalnum())
        end = at + (1 if part else len(word))
        kept += text[start : end if part else at]
        start, at = end, text.find(word, end)
    return kept + text[start:]
