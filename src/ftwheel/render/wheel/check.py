"""Shows the result of a check: the modules of each wheel, then the findings."""

from __future__ import annotations

from os.path import basename
from typing import Any, TextIO

from ftwheel.core.wheel.extension_module import BuiltFor, Declaration, ExtensionModule, InterpreterSupport
from ftwheel.core.wheel.reports import CheckReport, WheelReport
from ftwheel.render import findings, markdown
from ftwheel.render.formats import write_findings
from ftwheel.render.jsondoc import write_document
from ftwheel.render.terminal import StyledText, paragraphs, table

__all__ = ["write"]

_HEADER = ("module", "built for", "GIL", "subinterpreters", "made with")
_GIL = {
    Declaration.NOT_USED: StyledText("declares not needed", "green"),
    Declaration.NONE: StyledText("does not declare", "red"),
    Declaration.USED: StyledText("declares needed", "yellow"),
    Declaration.CANNOT_TELL: StyledText("cannot tell", "cyan"),
}
_INTERPRETERS = {
    InterpreterSupport.NOT_SUPPORTED: "not supported",
    InterpreterSupport.SUPPORTED: "shared GIL",
    InterpreterSupport.PER_INTERPRETER_GIL: "own GIL",
    InterpreterSupport.NOT_DECLARED: "does not declare",
    InterpreterSupport.CANNOT_TELL: "cannot tell",
}


def write(report: CheckReport, form: str, out: TextIO, *, quiet: bool = False) -> None:
    """Write the report in one of the formats of ``check``; ``quiet`` omits the tables of modules from the text."""
    paths = {basename(wheel.path): wheel.path for wheel in report.wheels}
    match form:
        case "json":
            write_document({"wheels": [_wheel(wheel) for wheel in report.wheels]} | _together(report), out)
        case "markdown":
            _markdown(report, out)
        case "text":
            _text(report, out, quiet=quiet)
        case _:
            write_findings(form, report.causes, out, families=("FTW",), paths=paths)


def _text(report: CheckReport, out: TextIO, *, quiet: bool) -> None:
    for wheel in report.wheels:
        modules = _modules(wheel)
        if modules and not quiet:
            paragraphs(out, [basename(wheel.path)])
            table(out, _HEADER, [_row(module) for module in modules])
            out.write("\n")
    if report.causes:
        findings.write_text(report.causes, out)
        out.write("\n")
    count = len(report.wheels)
    out.write(f"{count} wheel{'s' if count != 1 else ''}: {findings.summary(report.causes) or 'no findings'}\n")


def _modules(wheel: WheelReport) -> tuple[ExtensionModule, ...]:
    return tuple(each for each in wheel.contents.extensions if each.is_extension) if wheel.contents else ()


def _row(module: ExtensionModule) -> list[StyledText | str]:
    style = {BuiltFor.MIXED: "bold red", BuiltFor.CANNOT_TELL: "cyan"}.get(module.built_for, "")
    return [
        module.path,
        StyledText(module.built_for.value, style),
        _GIL[module.gil.answer],
        _INTERPRETERS[module.interpreters.answer],
        module.toolchain.value,
    ]


def _markdown(report: CheckReport, out: TextIO) -> None:
    findings.write_markdown(report.causes, out)
    out.write("\n")
    for wheel in report.wheels:
        modules = _modules(wheel)
        if modules:
            out.write(f"### {markdown.code(basename(wheel.path))}\n\n")
            rows = [
                [markdown.code(module.path)]
                + [cell.text if isinstance(cell, StyledText) else cell for cell in _row(module)[1:]]
                for module in modules
            ]
            out.writelines(f"{line}\n" for line in markdown.table(_HEADER, rows))
            out.write("\n")


def _together(report: CheckReport) -> dict[str, Any]:
    return {
        "together": findings.as_json(report.together),
        "findings": findings.as_json(report.causes),
        "summary": findings.summary(report.causes),
    }


def _wheel(wheel: WheelReport) -> dict[str, Any]:
    contents = wheel.contents
    name = contents.name if contents else None
    return {
        "path": wheel.path,
        "filename": basename(wheel.path),
        "readable": contents is not None,
        "project": name.name if name else None,
        "version": str(name.version) if name else None,
        "tags": sorted(map(str, name.tags)) if name else [],
        "modules": [_module(module) for module in _modules(wheel)],
        "imports": [
            {
                "interpreter": imported.label,
                "module": result.module,
                "outcome": result.outcome.value,
                "gil_before": result.gil_before,
                "gil_after": result.gil_after,
                "culprits": list(result.culprits),
                "detail": result.detail,
            }
            for imported in wheel.imported
            for result in imported.results
        ],
        "findings": findings.as_json(wheel.findings),
    }


def _module(module: ExtensionModule) -> dict[str, Any]:
    return {
        "path": module.path,
        "name": module.name,
        "format": module.binary_format.value,
        "machines": [architecture.name for architecture in module.architectures],
        "suffix": module.suffix.text,
        "init": list(module.init_names),
        "phase": module.phase.value,
        "toolchain": module.toolchain.value,
        "built_for": module.built_for.value,
        "evidence": list(module.evidence),
        "gil": {
            "answer": module.gil.answer.value,
            "basis": module.gil.basis.value,
            "level": int(module.gil.level),
            "reason": module.gil.reason,
        },
        "subinterpreters": module.interpreters.answer.value,
    }
