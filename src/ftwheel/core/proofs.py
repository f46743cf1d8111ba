"""What building both halves proved: the findings of comparing them and of importing their modules.

The codes continue those of ``ftwheel_build`` (``FTB1..`` to ``FTB3..``), which judge one wheel at the moment it is
built.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ftwheel.core.findings import Finding, Severity
from ftwheel.core.halves import OneWheel, compare_halves
from ftwheel.core.importing import ImportOutcome, ImportResult
from ftwheel.core.interpreters import Interpreter
from ftwheel.core.wheels import WheelContents

__all__ = ["CODES", "judge_halves", "judge_imports"]

# code -> what is wrong, in a few words
CODES = {
    "FTB401": "both halves have the same file name",
    "FTB402": "a half installs nothing",
    "FTB403": "the halves have different extension modules",
    "FTB404": "the halves have different Python files or metadata",
    "FTB405": "an extension module is the same file in both halves",
    "FTB406": "one wheel would be enough",
    "FTB411": "an extension module cannot be imported",
    "FTB412": "importing an extension module ends the process",
    "FTB413": "importing an extension module takes too long",
    "FTB414": "an extension module turns the GIL on",
    "FTB415": "the GIL was on before the import",
}

_ENOUGH = {
    OneWheel.PURE: "nothing in it is compiled, so one wheel is enough for every interpreter",
    OneWheel.NO_EXTENSION_MODULES: "its native code is no extension module and the same in both halves,"
    " so one wheel tagged py3-none-PLATFORM would be enough",
    OneWheel.STABLE_ABI: "its modules are built for the stable ABI of both builds and the same in both halves,"
    " so one wheel tagged cp315-abi3.abi3t would be enough",
}
_SHARED_TREE = "build from a clean tree, and look for an object or a module that the two builds share"


def judge_halves(default: WheelContents, free_threaded: WheelContents) -> tuple[Finding, ...]:
    """Compare the two halves of a pair. They are from one source tree, so every difference but the code is an error."""
    return tuple(_halves(default, free_threaded))


def _halves(default: WheelContents, free_threaded: WheelContents) -> Iterator[Finding]:
    compared = compare_halves(default, free_threaded)
    subject = default.filename

    def error(code: str, message: str, fix: str) -> Finding:
        return Finding(subject=subject, code=code, severity=Severity.ERROR, message=message, fix=fix)

    if compared.same_filename and (default.modules or free_threaded.modules):
        yield error(
            "FTB401",
            "both builds came to this file name; an index holds only one of the two, wrong for half of the users",
            "let the backend choose the tags: remove a get_tag override or a fixed tag",
        )
    for name in compared.empty:
        yield error("FTB402", f"{name} installs no file", "look at what the backend is told to package")
    for these, where in (
        (compared.modules_only_in_default, default.filename),
        (compared.modules_only_in_free_threaded, free_threaded.filename),
    ):
        if these:
            yield error("FTB403", f"only {where} has {_list(these)}", _SHARED_TREE)
    for these, where in (
        (compared.files_only_in_default, f"is only in {default.filename}"),
        (compared.files_only_in_free_threaded, f"is only in {free_threaded.filename}"),
        (compared.files_that_differ, "differs between the halves"),
    ):
        if these:
            yield error(
                "FTB404", f"{_list(these)} {where}", "both halves have to install the same Python files and metadata"
            )
    if compared.identical_modules:
        yield error(
            "FTB405",
            f"{_list(compared.identical_modules)}: the same bytes in both halves, so one of them has the other's code",
            _SHARED_TREE,
        )
    if compared.one_wheel:
        yield Finding(subject=subject, code="FTB406", severity=Severity.ADVICE, message=_ENOUGH[compared.one_wheel])


def judge_imports(
    wheel: WheelContents,
    interpreter: Interpreter,
    results: Sequence[ImportResult],
    *,
    allow_gil: bool,
    declare: str = "",
) -> tuple[Finding, ...]:
    """Judge what importing each module proved; ``allow_gil`` makes enabling the GIL a warning."""
    found: list[Finding] = []
    for result in results:
        paths = [member.path for member in wheel.modules.get(result.module, ())]
        subject = f"{wheel.filename}:{paths[0]}" if paths else wheel.filename
        found += _judge(subject, interpreter, result, allow_gil=allow_gil, declare=declare)
    return tuple(found)


def _judge(
    subject: str, interpreter: Interpreter, result: ImportResult, *, allow_gil: bool, declare: str
) -> Iterator[Finding]:
    where = f"in a fresh process of CPython {interpreter.label}"
    match result.outcome:
        case ImportOutcome.FAILED:
            code, message = "FTB411", f"{result.module} cannot be imported {where}: {result.detail}"
        case ImportOutcome.CRASHED:
            code, message = "FTB412", f"importing {result.module} {where}: {result.detail}"
        case ImportOutcome.TIMED_OUT:
            code, message = "FTB413", f"importing {result.module} {where}: {result.detail}"
        case ImportOutcome.LOADED:
            yield from _judge_gil(subject, interpreter, result, allow_gil=allow_gil, declare=declare)
            return
    yield Finding(subject=subject, code=code, severity=Severity.ERROR, message=message)


def _judge_gil(
    subject: str, interpreter: Interpreter, result: ImportResult, *, allow_gil: bool, declare: str
) -> Iterator[Finding]:
    if not interpreter.free_threaded:
        return
    if result.gil_before is not False:
        yield Finding(
            subject=subject,
            code="FTB415",
            severity=Severity.WARNING,
            message=f"CPython {interpreter.label} ran with the GIL before {result.module} was imported,"
            " so whether the module turns it on cannot be told",
            fix="look for a .pth file or a sitecustomize module that imports something at start-up",
        )
    elif result.enables_gil:
        guilty = [name for name in result.culprits if name != result.module]
        via = f" through {_list(guilty)}" if guilty and result.module not in result.culprits else ""
        yield Finding(
            subject=subject,
            code="FTB414",
            severity=Severity.WARNING if allow_gil else Severity.ERROR,
            message=f"importing {result.module} turns the GIL on{via} in CPython {interpreter.label}:"
            f" {_list(guilty) if via else 'it'} does not declare that it runs without",
            fix=declare if not via else f"ask for a release of {_list(guilty)} that declares it, or do not import it",
        )


def _list(names: Iterable[str], *, most: int = 5) -> str:
    """``a, b and 3 more``"""
    these = list(names)
    shown = ", ".join(these[:most])
    return f"{shown} and {len(these) - most} more" if len(these) > most else shown
