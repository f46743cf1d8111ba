"""Findings sort, and the worst decides."""

from __future__ import annotations

from dataclasses import replace

from ftwheel.core.errors import BuildError, FtwheelError, InputError
from ftwheel.core.findings import Finding, Severity, one_for_each_cause, one_for_several_files, worst
from ftwheel.core.wheel.reports import CheckReport, WheelReport


def finding(subject: str, code: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(subject=subject, code=code, severity=severity, message="")


def test_findings_sort_by_subject_then_code() -> None:
    assert sorted([finding("b", "1"), finding("a", "2"), finding("a", "1")]) == [
        finding("a", "1"),
        finding("a", "2"),
        finding("b", "1"),
    ]


def test_a_message_of_megabytes_is_cut_once() -> None:
    long = Finding(subject="a", code="1", severity=Severity.ERROR, message="x" * 5_000_000)
    assert len(long.message) <= 10_000
    assert long.message.endswith("x... (4,990,040 more characters)")
    assert replace(long, code="2").message == long.message


def test_the_worst_severity_counts() -> None:
    assert worst([]) is None
    assert worst([finding("a", "1", Severity.ADVICE), finding("a", "2", Severity.WARNING)]) is Severity.WARNING
    assert Severity.WARNING.word == "warning"


def test_each_class_of_failure_has_its_exit_code() -> None:
    classes: list[type[FtwheelError]] = FtwheelError.__subclasses__()
    codes = [each.exit_code for each in classes]
    assert len(set(codes)) == len(codes)
    error = InputError("what", hint="do")
    assert (error.message, error.hint, str(error), error.exit_code) == ("what", "do", "what", 2)
    assert BuildError("x").hint == BuildError.next_step


def test_errors_come_first_and_one_cause_is_one_finding() -> None:
    def finding(subject: str, severity: Severity, message: str = "m") -> Finding:
        return Finding(subject=subject, code="FTW401", severity=severity, message=message)

    found = one_for_each_cause(
        [
            finding("a.whl:x.so", Severity.WARNING),
            finding("b.whl:z.so", Severity.ERROR),
            finding("b.whl:y.so", Severity.ERROR),
            finding("b.whl:y.so", Severity.ERROR, "other"),
        ]
    )
    assert [(one.subject, one.message) for one in found] == [
        ("b.whl:y.so", "m; the same holds for z.so"),
        ("b.whl:y.so", "other"),
        ("a.whl:x.so", "m"),
    ]


def test_a_report_tells_each_cause_once() -> None:
    found = [
        Finding(subject=name, code="FTW1", severity=Severity.ERROR, message="is wrong") for name in ("a.whl", "b.whl")
    ]
    wheels = tuple(WheelReport(path=each.subject, contents=None, findings=(each,)) for each in found)
    report = CheckReport(wheels=wheels)
    assert report.findings == tuple(found)
    assert [each.message for each in report.causes] == ["is wrong; likewise b.whl"]


def test_several_files_with_one_cause_are_one_finding() -> None:
    def made(subject: str, message: str, **more: object) -> Finding:
        given = {"code": "FTW1", "severity": Severity.ADVICE, **more}
        return Finding(subject=subject, message=message, **given)  # type: ignore[arg-type]

    found = one_for_several_files(
        [
            made("c.whl", "says nothing"),
            made("a.whl", "says nothing"),
            made("b.whl:m/_x.cpython-313t-darwin.so", "is odd"),
            made("a.whl:m/_x.pyd", "is odd"),
            made("a.whl:m/_y.pyd", "is odd"),
            made("b.whl:m/_z.pyd", "is odd", fix="mend it"),
            made("d.whl", "a.whl and d.whl differ in m.py", severity=Severity.WARNING),
            made("e.whl", "b.whl and e.whl differ in m.py", severity=Severity.WARNING),
        ]
    )
    assert [(each.subject, each.message) for each in found] == [
        ("d.whl", "a.whl and d.whl differ in m.py; likewise e.whl"),
        ("a.whl", "says nothing; likewise c.whl"),
        ("a.whl:m/_x.pyd", "is odd; likewise b.whl"),
        ("a.whl:m/_y.pyd", "is odd"),
        ("b.whl:m/_z.pyd", "is odd"),
    ]
