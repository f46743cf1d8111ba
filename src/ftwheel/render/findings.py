"""Findings as text, JSON and Markdown; the formats that consist only of findings are in ``formats``.

check, build, verify and missing share these. What a finding quotes from a wheel or an index is untrusted, and is
escaped for each format.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TextIO

from ftwheel.core.findings import Finding, Severity
from ftwheel.render import markdown
from ftwheel.render.terminal import console, is_rich, paragraphs, printable

__all__ = ["as_json", "file_and_member", "summary", "write_markdown", "write_text"]

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.ADVICE: "cyan"}


def summary(findings: Iterable[Finding]) -> str:
    """``2 errors, 1 warning``; "" for none."""
    counts = Counter(finding.severity for finding in findings)
    return ", ".join(
        f"{counts[severity]} {severity.word}{'s' if counts[severity] > 1 and severity is not Severity.ADVICE else ''}"
        for severity in sorted(counts, reverse=True)
    )


def file_and_member(finding: Finding) -> tuple[str, str]:
    """The file of a finding, and the member in it."""
    file, _, member = finding.subject.partition(":")
    return file, member


def write_text(findings: Sequence[Finding], out: TextIO) -> None:
    """Write the findings grouped by file; in colour on a terminal."""
    rich = is_rich(out)
    for file, group in groupby(findings, key=lambda finding: file_and_member(finding)[0]):
        paragraphs(out, [file])
        for finding in group:
            head = f"{finding.severity.word} {finding.code}"
            member = file_and_member(finding)[1]
            where = f" {printable(member)}" if member else ""
            if rich:
                _coloured(out, head, _STYLES[finding.severity], where)
            else:
                out.write(f"  {head}{where}\n")
            paragraphs(out, [f"    {line}" for line in finding.message.splitlines()])
            if finding.fix:
                paragraphs(out, _hanging("fix: ", finding.fix))


def _coloured(out: TextIO, head: str, style: str, where: str) -> None:
    from rich.text import Text

    from ftwheel.render.terminal_table import folded

    screen = console(out, soft_wrap=True)
    first, *rest = folded(screen, f"  {head}{where}")
    screen.print(Text.assemble("  ", (head, style), (first.removeprefix(f"  {head}"), "dim")))
    for line in rest:
        screen.print(Text(line, style="dim"))


def _hanging(label: str, text: str) -> Iterator[str]:
    """Lines with a hanging indent below the first word after the label."""
    for number, line in enumerate(text.splitlines()):
        yield f"    {label if number == 0 else ' ' * len(label)}{line.strip()}"


def as_json(findings: Iterable[Finding]) -> list[dict[str, str]]:
    """One object per finding, for a JSON document."""
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
    """Write a table, for job summaries and comments."""
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
