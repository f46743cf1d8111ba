"""Applies the rules of ``ftwheel check`` to the wheels of a build."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ftwheel.core.build.log_excerpt import left_out
from ftwheel.core.build.model import BuildPlan
from ftwheel.core.findings import Finding, Severity
from ftwheel.core.wheel.contents import WheelContents
from ftwheel.core.wheel.pairs import Pairing, compare_pair
from ftwheel.core.wheel.reports import Imported
from ftwheel.rules.wheel.facts import ReleaseWheels, WheelFacts
from ftwheel.rules.wheel.index import INDEX_RULES
from ftwheel.rules.wheel.selection import RuleSelection

__all__ = ["judge_pair", "judge_wheel"]

_ONE_WHEEL = "FTW607"
_GIL = ("FTW401", "FTW403", "FTW703")  # not declared, declared as needed, enabled by an import


def judge_wheel(
    wheel: WheelContents,
    imported: tuple[Imported, ...],
    stable_symbols: Callable[[], Mapping[str, int]],
    *,
    plan: BuildPlan,
    log: str = "",
) -> tuple[Finding, ...]:
    """Judge one finished wheel by every rule for wheels, except for advice, which is left to ``ftwheel check``.

    ``log`` is the output of the build. The manylinux policy is not checked: the repair has just determined it.
    """
    facts = WheelFacts(
        wheel=wheel,
        stable_symbols=stable_symbols,
        imported=imported if plan.import_modules else None,
        left_out=left_out(log, modules=bool(wheel.modules)),
    )
    # a wheel that PyPI rejects may be meant for another index, or for local use only
    lenient = [rule.code for rule in INDEX_RULES] + (list(_GIL) if plan.allow_gil else [])
    selection = RuleSelection(severities=dict.fromkeys(lenient, Severity.WARNING), index_rules=plan.index_rules)
    return _serious(selection.judge(facts))


def judge_pair(default: WheelContents, free_threaded: WheelContents) -> tuple[Finding, ...]:
    """Compare the two wheels of a pair.

    Identical file names are an error, unless neither has extension modules and the Python files are the same: then one
    wheel serves both.
    """
    comparison = compare_pair(default, free_threaded)
    one = comparison._replace(same_filename=False, one_wheel=None)
    if comparison.same_filename and one.agree and not default.modules:
        comparison = one
    pairs = ((default, free_threaded),)
    pairing = Pairing(pairs=pairs, without_default=(), without_free_threaded=())
    return _serious(
        RuleSelection().judge_group(
            ReleaseWheels(wheels=(default, free_threaded), pairing=pairing, comparisons=(comparison,))
        )
    )


def _serious(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(each for each in findings if each.severity > Severity.ADVICE or each.code == _ONE_WHEEL)
