"""Findings as text, JSON, Markdown, GitHub annotations and SARIF 2.1.0.

Generic over ``Finding``: check, build, verify and missing print theirs with these. What a finding quotes from a wheel
or an index is hostile text and is escaped for each format.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, TextIO

from ftwheel import __version__
from ftwheel.core.findings import Finding, Severity
from ftwheel.render import markdown, workflow_commands
from ftwheel.render.terminal import is_rich, printable

if TYPE_CHECKING:
    from ftwheel.rules.rule import Rule

__all__ = ["as_json", "summary", "write_github", "write_markdown", "write_sarif", "write_text"]

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.ADVICE: "cyan"}
_GITHUB = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "notice"}
_SARIF = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "note"}


def summary(findings: Iterable[Finding]) -> str:
    """``2 errors, 1 warning``; "" for none."""
    counts = Counter(finding.severity for finding in findings)
    return ", ".join(
        f"{counts[severity]} {severity.word}{'s' if counts[severity] > 1 and severity is not Severity.ADVICE else ''}"
        for severity in sorted(counts, reverse=True)
    )


def _place(finding: Finding) -> tuple[str, str]:
    """The file of a finding, and the member in it."""
    file, _, member = finding.subject.partition(":")
    return file, member


def write_text(findings: Sequence[Finding], out: TextIO) -> None:
    """The findings under the file each is about; colours on a terminal."""
    rich = is_rich(out)
    for file, group in groupby(findings, key=lambda finding: _place(finding)[0]):
        out.write(f"{printable(file)}\n")
        for finding in group:
            head = f"{finding.severity.word} {finding.code}"
            member = _place(finding)[1]
            where = f" {printable(member)}" if member else ""
            if rich:
                _coloured(out, head, _STYLES[finding.severity], where)
            else:
                out.write(f"  {head}{where}\n")
            out.writelines(f"    {printable(line)}\n" for line in finding.message.splitlines())
            if finding.fix:
                out.writelines(_hanging("fix: ", finding.fix))


def _coloured(out: TextIO, head: str, style: str, where: str) -> None:
    from rich.console import Console
    from rich.text import Text

    Console(file=out, soft_wrap=True).print(Text.assemble("  ", (head, style), (where, "dim")))


def _hanging(label: str, text: str) -> Iterator[str]:
    """Continuation lines stand below the first word after the label."""
    for number, line in enumerate(text.splitlines()):
        yield f"    {label if number == 0 else ' ' * len(label)}{printable(line.strip())}\n"


def as_json(findings: Iterable[Finding]) -> list[dict[str, str]]:
    """One object a finding, for a JSON document."""
    return [
        {
            "code": finding.code,
            "severity": finding.severity.word,
            "subject": finding.subject,
            "message": finding.message,
            "fix": finding.fix,
            "url": finding.url,
        }
        for finding in findings
    ]


def write_markdown(findings: Sequence[Finding], out: TextIO) -> None:
    """A table, for job summaries and comments."""
    if not findings:
        out.write("No findings.\n")
        return
    rows = [
        [
            finding.severity.word,
            finding.code,
            markdown.code(finding.subject),
            markdown.escaped(finding.message) + (f"<br>*{markdown.escaped(finding.fix)}*" if finding.fix else ""),
        ]
        for finding in findings
    ]
    out.writelines(f"{line}\n" for line in markdown.table(["Severity", "Rule", "Where", "What"], rows))


def write_github(findings: Sequence[Finding], out: TextIO, *, paths: Mapping[str, str] | None = None) -> None:
    """Workflow commands that GitHub Actions shows as annotations; ``paths`` gives the path of a file name."""
    for finding in findings:
        file, member = _place(finding)
        title = f"{finding.code} {member}".strip()
        text = "\n".join(filter(None, [f"{file}: {finding.message}", finding.fix and f"fix: {finding.fix}"]))
        where = (paths or {}).get(file, file)
        out.write(workflow_commands.command(_GITHUB[finding.severity], text, file=where, title=title))


def write_sarif(
    findings: Sequence[Finding],
    out: TextIO,
    *,
    families: Sequence[str],
    paths: Mapping[str, str] | None = None,
) -> None:
    """One SARIF 2.1.0 run, for code scanning; a result's place is the wheel, its logical place the member.

    The run names every rule of ``families``, and those that the findings are of.
    """
    from ftwheel.rules.registry import RULES, family

    codes = sorted({*family(*families), *(finding.code for finding in findings)})
    json.dump(
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
        indent=2,
    )
    out.write("\n")


def _sarif_rule(rule: type[Rule]) -> dict[str, Any]:
    return {
        "id": rule.code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": " ".join(rule.why.split())},
        "help": {"text": " ".join(rule.fix.split())},
        "defaultConfiguration": {"level": _SARIF[rule.severity]},
    }


def _sarif_result(finding: Finding, codes: Sequence[str], paths: Mapping[str, str]) -> dict[str, Any]:
    from urllib.parse import quote

    file, member = _place(finding)
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(paths.get(file, file).replace("\\", "/"))},
            "region": {"startLine": 1},  # code scanning shows nothing without a line
        }
    }
    if member:
        location["logicalLocations"] = [{"fullyQualifiedName": member, "kind": "member"}]
    text = f"{finding.message}\n{finding.fix}" if finding.fix else finding.message
    return {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": _SARIF[finding.severity],
        "message": {"text": printable_lines(text)},
        "locations": [location],
    }


def printable_lines(text: str) -> str:
    """The text with every line made printable, line ends kept."""
    return "\n".join(printable(line) for line in text.split("\n"))
