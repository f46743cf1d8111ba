"""Builds all wheels concurrently; repairs, imports and compares them; writes files only if there are no errors."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from ftwheel.core.build.interpreters import Interpreter
from ftwheel.core.build.model import (
    Builder,
    BuildObserver,
    BuildPlan,
    BuildResult,
    BuildStage,
    BuiltSdist,
    BuiltWheel,
    Repair,
)
from ftwheel.core.errors import BuildError, FtwheelError, InputError
from ftwheel.core.findings import Finding, Severity, worst
from ftwheel.core.tags.cpython_builds import targets_of
from ftwheel.core.wheel.imports import ImportOutcome
from ftwheel.core.wheel.reports import Imported

if TYPE_CHECKING:
    from ftwheel.core.wheel.contents import WheelContents
    from ftwheel.core.wheel.filename import WheelName

__all__ = ["build"]

_POLL = 0.2  # seconds; a wait without a timeout cannot be interrupted on Windows


@dataclass(frozen=True, slots=True, kw_only=True)
class _CheckedWheel:
    """The result of one wheel's thread."""

    interpreter: Interpreter
    path: str
    contents: WheelContents
    repair: Repair
    serves: tuple[Interpreter, ...]
    imports: tuple[Imported, ...]
    findings: tuple[Finding, ...]
    seconds: float


def build(
    plan: BuildPlan, builder: Builder, observer: BuildObserver, *, project: str, out_dir: str, jobs: int
) -> BuildResult:
    """Build everything in the plan, at most ``jobs`` wheels at a time.

    If any finding has the severity ERROR, no file is written to the output folder. If a wheel could not be built, the
    result has the others, and the BuildError or MissingToolError as its ``failure``, which names each failed one; it is
    raised if there is no other. Raises InputError if the plan is invalid. KeyboardInterrupt propagates; the caller's
    builder stops whatever is still running.
    """
    _check(plan)
    start = builder.clock()
    sdist = builder.make_sdist(plan.interpreters[0], observer) if plan.sdist else ""

    def build_one(interpreter: Interpreter) -> _CheckedWheel:
        return _build_one(plan, builder, observer, interpreter)

    built, failure = _together(build_one, plan.interpreters, builder, jobs)
    if failure is None and (left := _left(plan, built)):
        more, failure = _together(build_one, left, builder, jobs)
        built += more
    if failure is not None and not built:
        raise failure
    from ftwheel.app.build.findings import judge_pair

    findings = [finding for each in built for finding in each.findings]
    for two in combinations(built, 2):
        if set.intersection(*({each.minor for each in wheel.serves} for wheel in two)):
            default, free_threaded = sorted(two, key=lambda wheel: wheel.interpreter.free_threaded)
            findings += judge_pair(default.contents, free_threaded.contents)
    # a duplicate name is one file for both (pure), for several versions (abi3), or an error reported above
    kept: dict[str, list[_CheckedWheel]] = {}
    for each in sorted(built, key=_oldest_of_stable_abi):
        kept.setdefault(each.contents.filename, []).append(each)
    findings = sorted(set(_counted(findings, plan)))
    passed = failure is None and worst(findings) is not Severity.ERROR
    made = [*filter(None, [sdist]), *(same[0].path for same in kept.values())]
    digests = [builder.digest(path) for path in made]
    placed = builder.publish(made) if passed else ("",) * len(made)
    size, sha256 = digests[0]
    name = built[0].contents.name
    first = 1 if sdist else 0
    return BuildResult(
        project=project,
        version=str(name.version),
        out_dir=out_dir,
        wheels=tuple(
            _built(same, path, digest)
            for same, path, digest in zip(kept.values(), placed[first:], digests[first:], strict=True)
        ),
        findings=tuple(findings),
        failure=failure,
        sdist=BuiltSdist(path=placed[0], filename=_base(sdist), size=size, sha256=sha256) if sdist else None,
        seconds=builder.clock() - start,
    )


def _oldest_of_stable_abi(wheel: _CheckedWheel) -> int:
    """A sort key: of several builds of one stable ABI wheel, the one by the oldest interpreter comes first."""
    stable = any(abi.startswith("abi3") for abi in wheel.contents.name.abis)
    return wheel.interpreter.minor[1] if stable else 0


def _check(plan: BuildPlan) -> None:
    """Raise InputError for two interpreters of the same build, which would build the same wheel twice."""
    interpreters = [each for served in (plan.interpreters, *plan.serves.values()) for each in served]
    labels = Counter(each.label for each in interpreters)
    twice = sorted(label for label, count in labels.items() if count > 1)
    if twice:
        named = ", ".join(each.executable for each in interpreters if each.label in twice)
        raise InputError(f"two interpreters are CPython {twice[0]}: {named}", hint="name only one of them")


def _build_one(plan: BuildPlan, builder: Builder, observer: BuildObserver, interpreter: Interpreter) -> _CheckedWheel:
    start = builder.clock()
    label = interpreter.label
    try:
        wheel = builder.make_wheel(interpreter, observer)
        findings = list(builder.inspect(wheel, interpreter))
        repair: Repair | None = None
        # a wheel with errors is neither repaired nor imported: the results would only hide the cause
        if plan.repair and not _wrong(findings, plan):
            observer.stage(label, BuildStage.REPAIR)
            wheel, repair = builder.repair(wheel, interpreter)
            findings += builder.inspect(wheel, interpreter)
        # an import shows what a module declares more reliably than an analysis of its code
        contents = builder.read(wheel, interpreter, thorough=not plan.import_modules)
        imports: tuple[Imported, ...] = ()
        serves = (interpreter, *plan.serves.get(label, ()))
        if not _wrong(findings, plan):
            serves = _served(contents.name, serves, plan)
            if plan.import_modules and contents.modules:
                observer.stage(label, BuildStage.IMPORT)
                imports = tuple(_imported(builder, wheel, each, contents) for each in serves)
                # the analysis of the code finds the line to add, or the reason why an import failed
                results = [result for each in imports for result in each.results]
                if any(result.enables_gil or result.outcome is not ImportOutcome.LOADED for result in results):
                    contents = builder.read(wheel, interpreter, thorough=True)
            from ftwheel.app.build.findings import judge_wheel

            findings += judge_wheel(contents, imports, builder.stable_symbols, plan=plan, log=builder.log_of(label))
    except BaseException:
        observer.stage(label, BuildStage.FAILED)
        raise
    findings = list(_counted(findings, plan))
    observer.stage(label, BuildStage.FAILED if _wrong(findings, plan) else BuildStage.DONE)
    platform = ".".join(contents.name.platforms)
    why = "the wheel has errors" if plan.repair else "not requested"
    return _CheckedWheel(
        interpreter=interpreter,
        path=wheel,
        contents=contents,
        repair=repair or Repair(tool="", before=platform, after=platform, reason=why),
        serves=serves,
        imports=imports,
        findings=tuple(findings),
        seconds=builder.clock() - start,
    )


def _imported(builder: Builder, wheel: str, interpreter: Interpreter, contents: WheelContents) -> Imported:
    results = builder.import_modules(wheel, interpreter, sorted(contents.modules))
    return Imported(label=interpreter.label, results=results)


def _served(name: WheelName, serves: Sequence[Interpreter], plan: BuildPlan) -> tuple[Interpreter, ...]:
    """The interpreters that a wheel serves, of those it was planned for; the one that built it comes first.

    Raises BuildError if the wheel does not serve one that ``[tool.ftwheel] stable-abi`` says it does.
    """
    built_with, *others = serves
    targets = targets_of(name)
    without = [
        each
        for each in others
        if "none" not in name.abis
        and not any(target.covers(each.minor[1], free_threaded=each.free_threaded) for target in targets)
    ]
    if without and not plan.inferred:
        raise BuildError(
            f"{name.filename}, built with {built_with.label}, does not serve"
            f" {', '.join(each.label for each in without)}:"
            " [tool.ftwheel] stable-abi says that one wheel serves them all",
            hint="configure the backend for that limited API, or remove stable-abi from [tool.ftwheel];"
            ' with limited-api = "version-specific" there is no abi3t wheel',
        )
    return (built_with, *(each for each in others if each not in without))


def _left(plan: BuildPlan, built: Iterable[_CheckedWheel]) -> list[Interpreter]:
    """The interpreters that another one's wheel was planned to serve, but that no wheel serves."""
    served = [each for wheel in built for each in wheel.serves]
    return [each for others in plan.serves.values() for each in others if each not in served]


def _counted(findings: Iterable[Finding], plan: BuildPlan) -> Iterator[Finding]:
    """The findings that are not ignored, where ignoring a backend's refusal also ignores rules about the same fact."""
    if not plan.ignored:
        return iter(findings)
    from ftwheel.rules.backend import same_fact

    ignored = {code for refusal in plan.ignored for code in (refusal, *same_fact(refusal))}
    return (each for each in findings if each.code not in ignored)


def _wrong(findings: Iterable[Finding], plan: BuildPlan) -> bool:
    return worst(_counted(findings, plan)) is Severity.ERROR


def _together(
    build_one: Callable[[Interpreter], _CheckedWheel], interpreters: Sequence[Interpreter], builder: Builder, jobs: int
) -> tuple[list[_CheckedWheel], FtwheelError | None]:
    """The wheels that could be built, in the order of the interpreters, and one error for all others, if any.

    If interrupted, stops the builder, then waits for threads. Raises the first error that is a bug.
    """
    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        futures = [pool.submit(build_one, interpreter) for interpreter in interpreters]
        try:
            importlib.import_module("ftwheel.app.build.findings")  # the rules load while the wheels are built
            pending: set[Future[_CheckedWheel]] = set(futures)
            while pending:
                _, pending = wait(pending, timeout=_POLL, return_when=FIRST_COMPLETED)
        except BaseException:
            builder.stop()
            pool.shutdown(cancel_futures=True)
            raise
    failures = [error for future in futures if (error := future.exception()) is not None]
    return [future.result() for future in futures if future.exception() is None], _joined(failures)


def _joined(failures: Iterable[BaseException]) -> FtwheelError | None:
    """Combine the errors of all failed wheels into one, None without any. Raises the first that is a bug."""
    told: dict[str, FtwheelError] = {}
    for failure in failures:
        if not isinstance(failure, FtwheelError):
            raise failure
        told.setdefault(failure.message, failure)
    if not told:
        return None
    first, *others = told.values()
    if not others:
        return first
    kind = type(first) if all(type(other) is type(first) for other in others) else BuildError
    return kind("\n\n".join(told), hint=first.hint)


def _built(same: Sequence[_CheckedWheel], path: str, digest: tuple[int, str]) -> BuiltWheel:
    first = same[0]
    size, sha256 = digest
    return BuiltWheel(
        path=path,
        filename=first.contents.filename,
        size=size,
        sha256=sha256,
        interpreters=tuple(each for wheel in same for each in wheel.serves),
        modules=tuple(sorted(first.contents.modules)),
        repair=first.repair,
        imports=tuple(each for wheel in same for each in wheel.imports),
        seconds=max(each.seconds for each in same),
    )


def _base(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]
