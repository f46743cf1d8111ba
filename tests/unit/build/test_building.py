"""The result types of a build."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ftwheel.core.build.interpreters import Interpreter
from ftwheel.core.build.model import BuildResult, BuiltWheel, Repair
from ftwheel.core.errors import BuildError
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
    assert not replace(result, failure=BuildError("the other one")).passed


@pytest.mark.parametrize(
    ("before", "after", "enables"),
    [(False, True, True), (False, False, False), (True, True, False), (None, None, False), (False, None, False)],
)
def test_a_module_enables_the_gil_only_where_it_was_off(before: bool | None, after: bool | None, enables: bool) -> None:
    result = ImportResult(module="m", outcome=ImportOutcome.LOADED, gil_before=before, gil_after=after)
    assert result.enables_gil is enables


@pytest.mark.parametrize(("tag", "notes"), [("cp312-abi3", 1), ("cp313-abi3", 0), ("cp313-cp313", 0)])
def test_a_wheel_tells_that_its_builder_is_newer_than_its_tag(tag: str, notes: int) -> None:
    builder = Interpreter(
        executable="/usr/bin/python3.13", implementation="cpython", version=(3, 13, 5), release_level="final",
        free_threaded=False, debug=False, platform="linux-x86_64", extension_suffixes=(".so",),
    )  # fmt: skip
    wheel = BuiltWheel(
        path="", filename=f"demo-1.0-{tag}-linux_x86_64.whl", size=1, sha256="", interpreters=(builder,),
        modules=("demo",), repair=Repair(tool="", before="", after="", reason=""), imports=(), seconds=0.0,
    )  # fmt: skip
    assert len(wheel.notes) == notes
