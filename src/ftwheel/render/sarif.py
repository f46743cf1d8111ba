"""Findings as SARIF 2.1.0, for code scanning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TextIO
from urllib.parse import quote

from ftwheel import __version__
from ftwheel.core.findings import Finding, Severity
from ftwheel.render.findings import file_and_member
from ftwheel.render.jsondoc import write_json
from ftwheel.render.terminal import printable
from ftwheel.rules.registry import RULES, family
from ftwheel.rules.rule import Rule

__all__ = ["write"]

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "note"}


def write(
    findings: Sequence[Finding],
    out: TextIO,
    *,
    families: Sequence[str],
    paths: Mapping[str, str] | None = None,
) -> None:
    """Write one SARIF 2.1.0 run; the location of a result is the wheel, its logical location the member.

    The run lists every rule of ``families``, and those of the findings.
    """
    codes = sorted({*family(*families), *(finding.code for finding in findings)})
    write_json(
        {
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [
                {
                    "tool": {
                        "driver": {
                            "name": "ftwheel",
                            "semanticVersion": __version__,
                            "rules": [_sarif_rule(RULES[code]) for code in codes],
                        }
                    },
                    "columnKind": "unicodeCodePoints",
                    "results": [_sarif_result(finding, codes, paths or {}) for finding in findings],
                }
            ],
        },
        out,
    )


def _sarif_rule(rule: type[Rule]) -> dict[str, Any]:
    return {
        "id": rule.code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": " ".join(rule.why.split())},
        "help": {"text": " ".join(rule.fix.split())},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _sarif_result(finding: Finding, codes: Sequence[str], paths: Mapping[str, str]) -> dict[str, Any]:
    file, member = file_and_member(finding)
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(paths.get(file, file).replace("\\", "/"))},
            "region": {"startLine": 1},  # code scanning requires a line
        }
    }
    if member:
        location["logicalLocations"] = [{"fullyQualifiedName": member, "kind": "member"}]
    text = f"{finding.message}\n{finding.fix}" if finding.fix else finding.message
    return {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": _LEVELS[finding.severity],
        "message": {"text": "\n".join(printable(line) for line in text.split("\n"))},
        "locations": [location],
    }
