"""Checks the wheels built by cibuildwheel like local builds: the same checks and result, and all files or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ftwheel.app.build.build import build
from ftwheel.core.build.model import Builder, BuildObserver, BuildPlan, BuildResult, BuiltWheel, Repair
from ftwheel.core.errors import BuildError

__all__ = ["PlatformWheels", "WheelOrigin", "collect"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformWheels:
    """The wheels of one platform; the builder returns them instead of building them."""

    plan: BuildPlan
    builder: Builder


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelOrigin:
    """The tool that repaired a wheel, and the seconds its build took."""

    repaired_by: str
    seconds: float


def collect(
    platforms: Sequence[PlatformWheels],
    origins: Mapping[str, WheelOrigin],
    publish: Callable[[Sequence[str]], tuple[str, ...]],
    observer: BuildObserver,
    *,
    project: str,
    out_dir: str,
    jobs: int,
    started: float,
) -> BuildResult:
    """Check the wheels of every platform, and publish them if none has an error.

    ``origins`` are by file name, ``started`` is the start of cibuildwheel on the builders' clock. For errors, see
    ``ftwheel.app.build.build.build``.
    """
    results = [
        build(each.plan, each.builder, observer, project=project, out_dir=out_dir, jobs=jobs) for each in platforms
    ]
    for result in results:
        if result.failure is not None:
            raise result.failure
    versions = {result.version for result in results}
    if len(versions) > 1:
        raise BuildError(f"{project}: the wheels have several versions: {', '.join(sorted(versions))}")
    findings = tuple(sorted({finding for result in results for finding in result.findings}))
    wheels = [_with_origin(wheel, origins[wheel.filename]) for result in results for wheel in result.wheels]
    passed = all(result.passed for result in results)
    finals = publish([wheel.path for wheel in wheels]) if passed else [""] * len(wheels)
    return BuildResult(
        project=project,
        version=versions.pop(),
        out_dir=out_dir,
        wheels=tuple(replace(wheel, path=final) for wheel, final in zip(wheels, finals, strict=True)),
        findings=findings,
        seconds=platforms[0].builder.clock() - started,
    )


def _with_origin(wheel: BuiltWheel, origin: WheelOrigin) -> BuiltWheel:
    platform = wheel.repair.after
    repair = Repair(tool=origin.repaired_by, before=platform, after=platform, reason="its repair-wheel-command")
    return replace(wheel, repair=repair, seconds=wheel.seconds + origin.seconds)
