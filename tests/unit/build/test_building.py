"""The result types of a build."""

from __future__ import annotations

import pytest

from ftwheel.core.build.model import BuildResult
from ftwheel.core.findings import Finding, Severity
from ftwheel.core.wheel.imports import ImportOutcome, ImportResult


@pytest.mark.parametrize(
    ("severities", "passed"),
    [
        ([], True),
        ([Severity.ADVICE, Severity.WARNING], True),
        ([Severity.WARNING, Severity.ERROR], False),
    ],
)
def test_only_an_error_keeps_the_files_out(severities: list[Severity], passed: bool) -> None:
    findings = tuple(Finding(subject="a.whl", code="FTW703", severity=each, message="m") for each in severities)
    result = BuildResult(project="p", version="1", out_dir="dist", wheels=(), findings=findings)
    assert result.passed is passed


@pytest.mark.parametrize(
    ("before", "after", "enables"),
    [(False, True, True), (False, False, False), (True, True, False), (None, None, False), (False, None, False)],
)
def test_a_module_enables_the_gil_only_where_it_was_off(before: bool | None, after: bool | None, enables: bool) -> None:
    result = ImportResult(module="m", outcome=ImportOutcome.LOADED, gil_before=before, gil_after=after)
    assert result.enables_gil is enables
