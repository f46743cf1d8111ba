"""FTW7xx: what happened when the modules were imported, one process each (``--import``), and when they were built."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from ftwheel.core.findings import Finding, Severity
from ftwheel.core.wheel.extension_module import Declaration
from ftwheel.core.wheel.imports import ImportOutcome, ImportResult
from ftwheel.rules.wheel.facts import WheelFacts, WheelRule
from ftwheel.rules.wheel.fixes import declaration_fix
from ftwheel.rules.wheel.gil import NeedsTheGil, declares_by_default

__all__ = ["ImportCrashes", "ImportEnablesGil", "ImportFails", "LeftOut", "NotImported"]


def _results(facts: WheelFacts) -> Iterator[tuple[str, ImportResult]]:
    for imported in facts.imported or ():
        for result in imported.results:
            yield imported.label, result


class ImportFails(WheelRule):
    code = "FTW701"
    title = "A module raises when it is imported"
    why = "That is what every user of the wheel sees."
    fix = "Read the exception; a missing dependency belongs into `dependencies`, for an undefined symbol see FTW307."
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        for label, result in _results(facts):
            if result.outcome is ImportOutcome.FAILED:
                yield self.finding(facts.subject(), f"importing {result.module} on {label} raises {result.detail}")


class ImportCrashes(WheelRule):
    code = "FTW702"
    title = "A module ends the process, or never returns, when it is imported"
    why = "Code for another ABI, or objects of both, end like this."
    fix = "Look at FTW301 and FTW302 first, then run the import under a debugger."
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
    why = "From then on the whole process runs with the GIL, as if the interpreter were not free-threaded."
    fix = "Declare that the culprit does not need the GIL (FTW401 names the line), or fix the dependency it is in."
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        for label, result in _results(facts):
            if result.enables_gil and not self._told(facts, result):
                because = f", because of {', '.join(result.culprits)}" if result.culprits else ""
                yield self.finding(
                    facts.subject(),
                    f"importing {result.module} on {label} enables the GIL{because}",
                    fix=self._line(facts, result),
                )

    @staticmethod
    def _told(facts: WheelFacts, result: ImportResult) -> bool:
        """Whether FTW401 says all there is to say: each culprit is a module whose toolchain wrote its default."""
        culprits = [facts.variants.get(name, ()) for name in result.culprits or (result.module,)]
        return all(variants and all(map(declares_by_default, variants)) for variants in culprits) and not any(
            fnmatchcase(name, pattern) for name in result.culprits or (result.module,) for pattern in facts.undeclared
        )

    def _line(self, facts: WheelFacts, result: ImportResult) -> str:
        """What to do, in the words of the toolchain, when the culprit is a module of this wheel."""
        for name in result.culprits or (result.module,):
            for extension in facts.variants.get(name, ()):
                if extension.gil.answer is Declaration.USED and not declares_by_default(extension):
                    return NeedsTheGil.fix
                return declaration_fix(extension.toolchain, extension.phase)
        return self.fix


class NotImported(WheelRule):
    code = "FTW704"
    title = "The modules could not be imported here"
    why = "You asked for imports, but no interpreter here is one the wheel is for, or the wheel cannot be installed."
    fix = "Name one with `--python`, or run the check on a machine of the wheel's platform."
    severity = Severity.WARNING

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        if facts.not_imported:
            yield self.finding(facts.subject(), facts.not_imported)


class LeftOut(WheelRule):
    code = "FTW705"
    title = "The build went on without an extension that failed to compile"
    why = """The extension is optional, its compiler failed or a library is missing, and the wheel holds the rest.
        Whoever installs it gets the slow way, or none. Only `ftwheel build`, which has the log, can tell."""
    fix = """Install what the error names, or make the extension mandatory for a release (`optional=False`); where the
        wheel is meant to have no extension, do not try to compile one."""
    severity = Severity.WARNING
    see = ("FTB304",)

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        if facts.left_out:
            kind = "lacks an extension module" if facts.wheel.modules else "has no extension module"
            yield self.finding(facts.subject(), f"{kind}, because compiling it failed:\n{facts.left_out}")
