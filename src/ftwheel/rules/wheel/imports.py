"""FTW7xx: what happened when the modules were built, and imported in one process each (``--import``)."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from ftwheel.core.findings import Finding, Severity
from ftwheel.core.wheel.extension_module import Declaration
from ftwheel.core.wheel.imports import ImportOutcome, ImportResult
from ftwheel.rules.wheel.facts import WheelFacts, WheelRule
from ftwheel.rules.wheel.fixes import declaration_fix
from ftwheel.rules.wheel.gil import NeedsTheGil, declares_by_default
from ftwheel.rules.wheel.plain_install import not_of_plain_install

__all__ = ["LeftOut"]


def _results(facts: WheelFacts) -> Iterator[tuple[str, ImportResult]]:
    for imported in facts.imported or ():
        for result in imported.results:
            yield imported.label, result


class ImportFails(WheelRule):
    code = "FTW701"
    title = "A module raises when it is imported"
    why = """Every user who imports the module gets this exception. The import has the dependencies of the wheel, but no
        extras."""
    fix = "Read the exception: list a missing dependency in `dependencies`; for an undefined symbol, see FTW307."
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        for label, result in _results(facts):
            if result.outcome is ImportOutcome.FAILED and not not_of_plain_install(facts.wheel, result):
                yield self.finding(
                    facts.subject(),
                    f"importing {result.module} on {label} raises {result.detail}",
                    fix=self._for_missing(result),
                )

    def _for_missing(self, result: ImportResult) -> str:
        """The fix; for a module that only some users import, that is an extra."""
        if not result.missing or not result.package_loads:
            return self.fix
        return (
            f"List what provides it in `dependencies`; if only some users import {result.module}, list it in an extra."
        )


class ImportCrashes(WheelRule):
    code = "FTW702"
    title = "Importing a module crashes or hangs the process"
    why = "Typical causes are code for another ABI, or objects of both ABIs."
    fix = "Check FTW301 and FTW302 first, then run the import in a debugger."
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        for label, result in _results(facts):
            if result.outcome in {ImportOutcome.CRASHED, ImportOutcome.TIMED_OUT}:
                yield self.finding(
                    facts.subject(), f"importing {result.module} on {label} {result.outcome.value}: {result.detail}"
                )


class ImportEnablesGil(WheelRule):
    code = "FTW703"
    title = "Importing a module enables the GIL"
    why = "From then on, the whole process runs with the GIL, as if the interpreter were not free-threaded."
    fix = "Declare that the culprit does not need the GIL (FTW401 shows the line), or fix the dependency it is in."
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        for label, result in _results(facts):
            if result.enables_gil and not self._covered(facts, result):
                because = f", because of {', '.join(result.culprits)}" if result.culprits else ""
                yield self.finding(
                    facts.subject(),
                    f"importing {result.module} on {label} enables the GIL{because}",
                    fix=self._line(facts, result),
                )

    @staticmethod
    def _covered(facts: WheelFacts, result: ImportResult) -> bool:
        """Whether FTW401 covers it: the declaration of every culprit is its toolchain's default."""
        culprits = [facts.variants.get(name, ()) for name in result.culprits or (result.module,)]
        return all(variants and all(map(declares_by_default, variants)) for variants in culprits) and not any(
            fnmatchcase(name, pattern) for name in result.culprits or (result.module,) for pattern in facts.undeclared
        )

    def _line(self, facts: WheelFacts, result: ImportResult) -> str:
        """The fix for the culprit's toolchain if the culprit is a module of this wheel."""
        for name in result.culprits or (result.module,):
            for extension in facts.variants.get(name, ()):
                if extension.gil.answer is Declaration.USED and not declares_by_default(extension):
                    return NeedsTheGil.fix
                return declaration_fix(extension.toolchain, extension.phase)
        return self.fix


class NotImported(WheelRule):
    code = "FTW704"
    title = "The modules could not be imported on this machine"
    why = "`--import` found no interpreter that the wheel is for, or the wheel cannot be installed."
    fix = "Name an interpreter with `--python`, or run the check on the wheel's platform."
    severity = Severity.WARNING

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        if facts.not_imported:
            yield self.finding(facts.subject(), facts.not_imported)


class NotImportedPlainly(WheelRule):
    code = "FTW706"
    title = "A module cannot be imported in a plain install"
    why = """The rest of the package can. This module needs another one that comes with an extra, that only its tests
        have, or that is in a vendored folder that the package adds to `sys.path`. Without it, nobody knows whether the
        module works, or whether it enables the GIL."""
    fix = "Install what the module needs, and import it there."
    severity = Severity.WARNING
    see = ("FTW701",)

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        for label, result in _results(facts):
            found = not_of_plain_install(facts.wheel, result) if result.outcome is ImportOutcome.FAILED else None
            if found:
                yield self.finding(
                    facts.subject(), f"{result.module} was not imported on {label}: it {found.reason}", fix=found.fix
                )


class LeftOut(WheelRule):
    code = "FTW705"
    title = "An extension failed to compile, and the build continued without it"
    why = """The extension is optional, its compiler failed or a library is missing, and the wheel contains the rest.
        Users get the slow implementation, or none. Only `ftwheel build`, which has the log, can detect this."""
    fix = """Install what the error names, or make the extension mandatory for a release (`optional=False`); if the
        wheel should have no extension, do not try to compile one."""
    severity = Severity.WARNING
    see = ("FTB304",)

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        if facts.left_out:
            kind = "lacks an extension module" if facts.wheel.modules else "has no extension module"
            yield self.finding(facts.subject(), f"{kind}, because compiling it failed:\n{facts.left_out}")
