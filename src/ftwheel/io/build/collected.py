"""A builder for wheels built by another tool: it returns them, and checks them like its own."""

from __future__ import annotations

import os
import shutil
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.tags import platform_tags

from ftwheel.core.build.cibuildwheel.identifiers import BuildIdentifier
from ftwheel.core.build.interpreters import Interpreter
from ftwheel.core.build.model import BuildObserver, BuildStage
from ftwheel.core.findings import Finding
from ftwheel.core.wheel.filename import WheelName
from ftwheel.io.build.cibuildwheel import native_platforms
from ftwheel.io.build.local import LocalBuilder
from ftwheel.io.system.processes import ProcessGroup

__all__ = ["CollectedBuilder", "interpreters_for"]


class CollectedBuilder(LocalBuilder):
    """The wheels of one platform, by the label (``3.14t``) of the interpreter that each was built with."""

    def __init__(
        self,
        project: Path,
        out_dir: Path,
        wheels: Mapping[str, Path],
        *,
        scratch: Path,
        processes: ProcessGroup,
    ) -> None:
        sysconfig.get_config_vars()  # before Python 3.12, the first call must not be made by two threads at once
        super().__init__(
            project, out_dir, {}, scratch=scratch, processes=processes, auditwheel=None, discard=shutil.rmtree
        )
        self._wheels = wheels

    def make_wheel(self, interpreter: Interpreter, observer: BuildObserver) -> str:
        observer.stage(interpreter.label, BuildStage.CHECK)
        self._folder(interpreter.label)
        return os.fspath(self._wheels[interpreter.label])

    def inspect(self, wheel: str, interpreter: Interpreter) -> tuple[Finding, ...]:
        """Inspect wheels for interpreters on this machine only; the rules check the other wheels."""
        return super().inspect(wheel, interpreter) if interpreter.executable else ()

    def publish(self, paths: Sequence[str]) -> tuple[str, ...]:
        """Leave the wheels where they are: another platform may still have an error."""
        return tuple(paths)

    def put(self, paths: Sequence[str]) -> tuple[str, ...]:
        """Copy the wheels to the output folder."""
        return super().publish(paths)


def interpreters_for(
    wheels: Mapping[BuildIdentifier, Path], found: Sequence[Interpreter]
) -> tuple[tuple[Interpreter, ...], bool]:
    """The interpreters that the wheels of one platform are for, and whether their modules can be imported here.

    That requires every interpreter to be on this machine (``found``, most preferred first), and wheels that the machine
    accepts. Otherwise, the interpreters have an empty ``executable``.
    """
    here = {each.label: each for each in reversed(found) if each.implementation == "cpython" and not each.debug}
    accepted = {"any", *platform_tags()}
    runs = all(
        identifier.platform in native_platforms()
        and identifier.label in here
        and not accepted.isdisjoint(WheelName.parse(path.name).platforms)
        for identifier, path in wheels.items()
    )
    if runs:
        return tuple(here[identifier.label] for identifier in wheels), True
    return tuple(
        Interpreter(
            executable="",
            implementation="cpython",
            version=(3, identifier.minor, 0),
            release_level="final",
            free_threaded=identifier.free_threaded,
            debug=False,
            platform=identifier.platform,
            extension_suffixes=(),
        )
        for identifier in wheels
    ), False
