"""FTM: one finding for a project and a cause, in words that every report shares."""

from __future__ import annotations

from ftwheel.core.dependencies.readiness import FailurePolicy, GilDeclarations, HelpKind, Readiness
from ftwheel.core.dependencies.wording import helps, needed_by, short
from ftwheel.core.findings import Severity
from ftwheel.core.listing import listed, listed_briefly
from ftwheel.core.wheel.extension_module import Declaration
from ftwheel.rules.dependencies.readiness import as_findings
from ftwheel.rules.registry import RULES
from support.readiness import LINUX, NEXT, project, report, verdict

UNREADY = {
    Readiness.CANNOT_LOAD: "FTM101",
    Readiness.OLDER_VERSION: "FTM102",
    Readiness.SDIST: "FTM103",
    Readiness.NOTHING: "FTM104",
    Readiness.CANNOT_TELL: "FTM105",
}


def test_an_outcome_has_its_code_and_weighs_what_the_policy_says() -> None:
    for readiness, code in UNREADY.items():
        foo = project("foo", verdict(LINUX, readiness, filename="foo-1.0.whl"), verdict(NEXT, readiness, why="because"))
        (finding,) = as_findings(report(foo))
        assert (finding.code, finding.severity) == (code, RULES[code].severity)
        assert finding.message == f"foo 1.0: {readiness.value} for cp314t and cp315t (foo-1.0.whl): because"
        (allowed,) = as_findings(report(foo, policy=FailurePolicy(allowed=frozenset({"foo"}))))
        (tolerated,) = as_findings(report(foo, policy=FailurePolicy(fail_on=frozenset())))
        assert (allowed.severity, tolerated.severity) == (Severity.ADVICE, Severity.WARNING)


def test_what_is_ready_or_could_not_be_judged() -> None:
    assert as_findings(report(project("foo", verdict()))) == ()
    (finding,) = as_findings(report(project("foo", problem="no index has it")))
    assert (finding.code, finding.subject, finding.message) == ("FTM106", "requirements.txt:foo", "no index has it")
    gil = GilDeclarations(filename="f.whl", declares=Declaration.NONE, modules=2, others=("foo._a",))
    (finding,) = as_findings(report(project("foo", verdict(gil=gil))))
    assert (finding.code, finding.message) == ("FTM107", "f.whl: does not declare: foo._a")


def test_who_needs_it_and_what_helps() -> None:
    ask = (HelpKind.ASK, "ask for a wheel")
    missing = [verdict(LINUX, Readiness.NOTHING, helps=[ask]), verdict(NEXT, Readiness.NOTHING)]
    foo = project("foo", *missing, chains=[("bar", "foo"), ("baz", "bar", "foo")])
    (finding,) = as_findings(report(foo))
    assert finding.message.endswith("; needed by bar, baz > bar")
    assert finding.fix == "ask for a wheel (cp314t)"
    assert list(helps(report(foo), foo)) == ["ask for a wheel (cp314t)"]
    assert needed_by(project("foo", chains=[("foo",)])) == ""


def test_words_that_lists_share() -> None:
    assert [listed("abc"[:count]) for count in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert listed_briefly("abcde", 3) == "a, b, c and 2 more"
    assert listed_briefly("abcd", 3) == "a, b, c, d"
    assert short([LINUX, "cp314t-win_amd64"]) == {LINUX: LINUX, "cp314t-win_amd64": "cp314t-win_amd64"}
