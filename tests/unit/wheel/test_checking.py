from __future__ import annotations

from ftwheel.core.findings import Finding, Severity
from ftwheel.core.wheel.reports import CheckReport, WheelReport
from support.facts import contents


def test_a_report_knows_all_its_findings_and_whether_all_could_be_read() -> None:
    one = Finding(subject="a", code="FTW100", severity=Severity.ERROR, message="is no wheel")
    two = Finding(subject="b", code="FTW606", severity=Severity.WARNING, message="is alone")
    unreadable = WheelReport(path="a", contents=None, findings=(one,))
    good = WheelReport(path="b", contents=contents(), findings=())
    assert CheckReport(wheels=(unreadable, good), together=(two,)).findings == (one, two)
    assert CheckReport(wheels=(unreadable, good)).unreadable
    assert not CheckReport(wheels=(good,)).unreadable
