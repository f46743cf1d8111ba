"""FTM: why a dependency is not ready for a target, with one finding per project and cause."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ftwheel.core.dependencies.readiness import MissingReport, ProjectReport, Readiness, TargetReadiness
from ftwheel.core.dependencies.wording import helps, needed_by, short
from ftwheel.core.findings import Finding, Severity
from ftwheel.core.listing import listed, listed_briefly
from ftwheel.core.wheel.extension_module import Declaration
from ftwheel.rules.rule import Rule

__all__ = ["READINESS_RULES", "as_findings"]


class DependencyRule(Rule):
    """A rule about the file of a dependency that a target installs."""


class CannotLoad(DependencyRule):
    code = "FTM101"
    title = "A dependency's wheel is accepted but cannot be loaded"
    why = "Installers accept abi3t wheels on every free-threaded build, but only 3.15 and newer can load them."
    fix = "Use an interpreter that can load it, or a release with a wheel for this one."
    severity = Severity.ERROR


class OlderVersion(DependencyRule):
    code = "FTM102"
    title = "A dependency silently falls back to an older version"
    why = "The version that other targets install has no file for this target, but an older version has."
    fix = "Ask the project for a wheel of the newest version, or pin the older one for every target."
    severity = Severity.ERROR


class OnlySdist(DependencyRule):
    code = "FTM103"
    title = "A dependency has no wheel for a target, only a source distribution"
    why = "The installer builds it on the user's machine, which takes time and a compiler, and may fail."
    fix = "Use a release with a wheel, build one yourself, or ask the project for it."
    severity = Severity.ERROR


class NotInstallable(DependencyRule):
    code = "FTM104"
    title = "A dependency cannot be installed on a target"
    why = "There is neither a wheel nor a source distribution that the installer may use there."
    fix = "Use a release with a wheel, or ask the project for one."
    severity = Severity.ERROR


class CannotTell(DependencyRule):
    code = "FTM105"
    title = "Cannot tell what a target installs of a dependency"
    why = "Its file names do not show it, or an index could not answer."
    fix = "Check the name and the index; if a file name is unclear, inspect the file with `ftwheel check`."
    severity = Severity.WARNING


class NotJudged(DependencyRule):
    code = "FTM106"
    title = "A dependency could not be judged"
    why = "No index has the project, or none answered."
    fix = "Check the spelling of the name, and that its index is configured and reachable."
    severity = Severity.ERROR


class ModulesDoNotDeclare(DependencyRule):
    code = "FTM107"
    title = "A dependency's modules do not declare that they work without the GIL"
    why = "Importing such a module turns the GIL on for the whole process."
    fix = "Ask the project whether its modules work without the GIL, and to declare it if they do."
    severity = Severity.WARNING


READINESS_RULES = DependencyRule.defined_in(globals())
_RULES: Mapping[Readiness, type[DependencyRule]] = {
    Readiness.CANNOT_LOAD: CannotLoad,
    Readiness.OLDER_VERSION: OlderVersion,
    Readiness.SDIST: OnlySdist,
    Readiness.NOTHING: NotInstallable,
    Readiness.CANNOT_TELL: CannotTell,
}


def as_findings(report: MissingReport) -> tuple[Finding, ...]:
    """One finding per project and cause, however many targets share it.

    What the policy allows is advice. The subject is the input and the project.
    """
    return tuple(sorted(finding for project in report.projects for finding in _findings(report, project)))


def _findings(report: MissingReport, project: ProjectReport) -> Iterator[Finding]:
    subject = f"{listed_briefly(report.inputs)}:{project.name}"
    if project.problem:
        yield NotJudged.finding(subject, project.problem)
    groups: dict[Readiness, list[TargetReadiness]] = {}
    for verdict in project.verdicts:
        if not verdict.ready:
            groups.setdefault(verdict.readiness, []).append(verdict)
    fix = "; ".join(helps(report, project))
    for readiness, verdicts in groups.items():
        yield _RULES[readiness].finding(
            subject,
            _message(report, project, verdicts),
            fix=fix,
            severity=_severity(report, project, readiness),
        )
    for gil in dict.fromkeys(verdict.gil for verdict in project.verdicts):
        if gil is not None and gil.modules and gil.declares is not Declaration.NOT_USED:
            message = f"{gil.filename}: {gil.declares.value}: {listed_briefly(gil.others)}"
            yield ModulesDoNotDeclare.finding(subject, message)


def _severity(report: MissingReport, project: ProjectReport, readiness: Readiness) -> Severity:
    if project.name in report.policy.allowed:
        return Severity.ADVICE
    return Severity.ERROR if readiness in report.policy.fail_on else Severity.WARNING


def _message(report: MissingReport, project: ProjectReport, verdicts: Sequence[TargetReadiness]) -> str:
    names = short(report.targets)
    files = dict.fromkeys(verdict.taken.filename for verdict in verdicts if verdict.taken)
    why = dict.fromkeys(verdict.why for verdict in verdicts if verdict.why)
    versions = dict.fromkeys(verdict.version for verdict in verdicts if verdict.version)
    text = f"{' '.join(filter(None, [project.name, ', '.join(versions)]))}: {verdicts[0].readiness.value}"
    text += f" for {listed(names[verdict.target] for verdict in verdicts)}"
    text += f" ({listed(files)})" if files else ""
    text += f": {'; '.join(why)}" if why else ""
    pulled = needed_by(project)
    return f"{text}; needed by {pulled}" if pulled else text
