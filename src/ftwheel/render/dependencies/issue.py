"""Writes an issue for a project: what it would have to publish for the targets of the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TextIO

from ftwheel.core.dependencies.readiness import (
    GilDeclarations,
    HelpKind,
    MissingReport,
    ProjectReport,
    Readiness,
    TargetReadiness,
)
from ftwheel.core.errors import InputError
from ftwheel.core.listing import listed
from ftwheel.core.tags.cpython import FIRST_ABI3T, FIRST_FREE_THREADED
from ftwheel.core.tags.environments import Environment, parse_environment
from ftwheel.core.wheel.extension_module import Declaration
from ftwheel.render.dependencies.wording import day
from ftwheel.render.markdown import code, escaped, table

__all__ = ["write_issue"]

_GETS = {
    Readiness.CANNOT_LOAD: "accepts a wheel that this interpreter cannot load",
    Readiness.OLDER_VERSION: "silently takes an older version",
    Readiness.SDIST: "builds the source distribution on the user's machine",
    Readiness.NOTHING: "finds nothing it can install",
}


def write_issue(report: MissingReport, project: ProjectReport, installer: str, out: TextIO) -> None:
    """Write the title, an empty line and the text, in Markdown; ``installer`` is the one that was simulated.

    Raises InputError when there is nothing to ask for: nothing is missing, or it has been released.
    """
    asked = [
        verdict
        for verdict in project.verdicts
        if verdict.readiness in _GETS and verdict.upgrade is None and not _is_released(verdict)
    ]
    silent = [] if asked else _silent(project)
    if not asked and not silent:
        raise InputError(f"{project.name}: there is nothing to ask for", hint=_instead(project))
    excluded = [verdict for verdict in asked if any(each.kind is HelpKind.ASK_PYTHON for each in verdict.helps)]
    if not asked:
        lines = _for_declarations(project, silent)
    elif excluded == asked:
        lines = _for_python(project, asked, installer)
    else:
        lines = _for_wheels(project, [verdict for verdict in asked if verdict not in excluded], installer)
    out.writelines(f"{line}\n" for line in lines)


def _is_released(verdict: TargetReadiness) -> bool:
    """Whether the index has the wheel, and only the lock lacks it."""
    return any(each.kind is HelpKind.LOCK_AGAIN for each in verdict.helps)


def _silent(project: ProjectReport) -> list[GilDeclarations]:
    looked_into = dict.fromkeys(verdict.gil for verdict in project.verdicts if verdict.gil is not None)
    return [gil for gil in looked_into if gil.modules and gil.declares in {Declaration.NONE, Declaration.USED}]


def _instead(project: ProjectReport) -> str:
    upgrades = dict.fromkeys(day(verdict.upgrade) for verdict in project.verdicts if verdict.upgrade)
    if upgrades:
        return f"upgrade to {listed(upgrades)}, which has the wheels"
    if any(map(_is_released, project.verdicts)):
        return "lock again: the index has the wheels"
    if project.problem or any(verdict.readiness is Readiness.CANNOT_TELL for verdict in project.verdicts):
        return "ftwheel could not determine what its users install"
    return "every target installs a wheel; --deep checks what the modules declare"


def _for_wheels(project: ProjectReport, asked: Sequence[TargetReadiness], installer: str) -> Iterator[str]:
    environments = [parse_environment(verdict.target) for verdict in asked]
    builds = _builds(environments)
    yield f"Wheels for {builds} ({listed(dict.fromkeys(each.abis[0] for each in environments))})"
    yield ""
    yield f"Hello, and thank you for {escaped(project.name)}!"
    yield ""
    yield f"Could you publish wheels for {builds}? This is what {escaped(installer)} does there today:"
    yield ""
    yield from table(
        ["target", f"what {escaped(installer)} does", "file"],
        [
            [code(verdict.target), _GETS[verdict.readiness], code(verdict.taken.filename) if verdict.taken else ""]
            for verdict in asked
        ],
    )
    yield ""
    yield from _facts(asked)
    yield "How to build them:"
    yield ""
    if minors := [each.minor[1] for each in environments if each.free_threaded]:
        yield from _how(minors)
    else:
        yield "- cibuildwheel builds the wheels of every supported CPython by default."
    yield ""
    yield "If there are reasons not to do so yet, a short note about them would help too. Thank you!"


def _for_python(project: ProjectReport, asked: Sequence[TargetReadiness], installer: str) -> Iterator[str]:
    versions = dict.fromkeys(".".join(map(str, parse_environment(verdict.target).minor)) for verdict in asked)
    yield f"Support for Python {listed(versions)}"
    yield ""
    yield f"Hello, and thank you for {escaped(project.name)}!"
    yield ""
    yield (
        f"Could you allow Python {listed(versions)} in Requires-Python? {escaped(installer)} finds nothing to install"
        f" there today: {escaped(listed(dict.fromkeys(verdict.notes[-1] for verdict in asked)))}."
    )
    yield ""
    yield "If there are reasons not to do so yet, a short note about them would help too. Thank you!"


def _facts(asked: Sequence[TargetReadiness]) -> Iterator[str]:
    newest = dict.fromkeys(verdict.newest for verdict in asked if verdict.newest)
    facts = [f"The newest release I see is {escaped(listed(newest))}."] if newest else []
    for target, release in {verdict.target: verdict.first for verdict in asked if verdict.first}.items():
        facts.append(f"{escaped(day(release))} had a wheel for {code(target)}.")
    for target, release in {verdict.target: verdict.prerelease for verdict in asked if verdict.prerelease}.items():
        facts.append(f"The pre-release {escaped(day(release))} has one for {code(target)}: will the next release?")
    if facts:
        yield " ".join(facts)
        yield ""


def _how(minors: Sequence[int]) -> Iterator[str]:
    """How to build wheels for these free-threaded versions."""
    if FIRST_FREE_THREADED in minors:
        yield '- cibuildwheel 3.4 builds `cp313t` with `enable = ["cpython-freethreading"]`; version 4 does not.'
    if any(FIRST_FREE_THREADED < minor < FIRST_ABI3T for minor in minors):
        yield "- cibuildwheel 3.1 and newer builds `cp314t` wheels by default; a `skip` setting may exclude them."
    if max(minors) >= FIRST_ABI3T:
        yield "- cibuildwheel 4.3 and newer builds `cp315t` wheels by default."
    yield (
        "- The free-threaded build has an ABI of its own and cannot load `abi3` wheels. Up to 3.14 it needs one wheel"
        " per version; from 3.15 on, one wheel with the stable ABI `abi3t` (PEP 803) serves all later versions."
        if min(minors) < FIRST_ABI3T
        else "- From 3.15 on, one wheel with the stable ABI `abi3t` (PEP 803) serves all later free-threaded versions;"
        " `abi3` wheels do not."
    )
    yield (
        "- A module that works without the GIL declares it in its `Py_mod_gil` slot; importing one that does not turns"
        ' the GIL on. See "C API Extension Support for Free Threading" in Python\'s documentation and the porting'
        " guide of py-free-threading."
    )
    yield (
        "- Before an upload, `ftwheel check` and `ftwheel verify dist/` show what the wheels declare and which"
        " environments install them."
    )


def _for_declarations(project: ProjectReport, silent: Sequence[GilDeclarations]) -> Iterator[str]:
    yield "Declare that the modules work without the GIL"
    yield ""
    yield f"Hello, and thank you for {escaped(project.name)} and its wheels for free-threaded CPython!"
    yield ""
    yield "Importing these modules enables the GIL for the whole process, as they do not declare to work without it."
    yield ""
    for gil in silent:
        yield f"- {code(gil.filename)}: {len(gil.others)} of {gil.modules} modules: {_modules(gil)}"
    yield ""
    yield "If they work without the GIL, please let them declare it (`Py_mod_gil` with `Py_MOD_GIL_NOT_USED`)."
    yield (
        '"C API Extension Support for Free Threading" in Python\'s documentation explains how. If they do not yet, a'
        " short note about what is missing would help too. Thank you!"
    )


def _modules(gil: GilDeclarations) -> str:
    most = 20
    names = ", ".join(map(code, gil.others[:most]))
    return f"{names} and {len(gil.others) - most} more" if len(gil.others) > most else names


def _builds(environments: Sequence[Environment]) -> str:
    """``free-threaded CPython 3.14 and 3.15``"""
    kinds: dict[str, dict[str, None]] = {}
    for each in environments:
        kind = "free-threaded CPython" if each.free_threaded else "CPython"
        kinds.setdefault(kind, {})[".".join(map(str, each.minor))] = None
    return listed(f"{kind} {listed(minors)}" for kind, minors in kinds.items())
