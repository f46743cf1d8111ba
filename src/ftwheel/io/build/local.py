"""Builds wheels through ``build`` in isolated environments, each from its own copy of the source.

Implements ``ftwheel.core.build.model.Builder``. Every wheel has a folder in the workspace, with ``source``, ``env``,
``wheel``, ``repaired``, the installed wheel for the import check, and ``build.log``.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import os
import shutil
import subprocess
import sys
import sysconfig
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ftwheel.core.build.interpreters import Interpreter
from ftwheel.core.build.log_excerpt import disk_is_full, interesting, lacks_compiler, left_out, needs_object_layout
from ftwheel.core.build.model import BuildObserver, BuildStage, ConfigSettings, Repair
from ftwheel.core.errors import (
    FREE_SPACE,
    BuildError,
    FtwheelError,
    InputError,
    MissingToolError,
    SystemRefusedError,
    refused,
)
from ftwheel.core.findings import Finding
from ftwheel.core.wheel.imports import ImportResult
from ftwheel.io.build.backend_wheel import backend_wheel
from ftwheel.io.build.bytecode import Bytecode
from ftwheel.io.build.sources import copy_source, unpack_sdist
from ftwheel.io.system.background import in_background
from ftwheel.io.system.child_environment import clean_environ
from ftwheel.io.system.interpreters import probe
from ftwheel.io.system.processes import ProcessGroup
from ftwheel.io.system.texts import log_lines, read_log
from ftwheel.io.system.virtual_environments import VirtualEnvironment
from ftwheel.io.system.workspace import workspace
from ftwheel.io.wheel.auditwheel import Auditwheel
from ftwheel.io.wheel.zips import open_zip

if TYPE_CHECKING:
    from build import ProjectBuilder

    from ftwheel.core.wheel.contents import WheelContents

__all__ = ["LocalBuilder", "open_builder"]

_COMPILERS = {
    "linux": "install a C and C++ compiler: apt install g++, dnf install gcc-c++, apk add build-base",
    "darwin": "install a C and C++ compiler: xcode-select --install",
    "win32": "install a C and C++ compiler: winget install Microsoft.VisualStudio.2022.BuildTools",
}
_OBJECT_LAYOUT = (
    "abi3t hides the layout of objects, which this code needs (that of Cython up to 3.3 does): build a wheel for each"
    ' version; with ftwheel-build, limited-api = "version-specific" in [tool.ftwheel]'
)
_MAX_ANSWER = 1 << 20  # bytes of what a hook returns: requirements, or a file name
_Distribution = Literal["sdist", "wheel"]


@contextlib.contextmanager
def open_builder(
    project: Path, out_dir: Path, config_settings: ConfigSettings, *, repair: bool
) -> Iterator[LocalBuilder]:
    """A builder for one project; exiting the context always stops every program and removes every work folder.

    If ``repair`` is set, auditwheel is loaded in the background.
    """
    sysconfig.get_config_vars()  # before Python 3.12, the first call must not be made by two threads at once
    processes = ProcessGroup()
    auditwheel: Auditwheel | None = None
    with workspace() as scratch:
        try:
            if repair and sys.platform == "linux":
                auditwheel = Auditwheel(processes, scratch / "auditwheel.log")
            with ThreadPoolExecutor(1) as cleaner:
                yield LocalBuilder(
                    project,
                    out_dir,
                    config_settings,
                    scratch=scratch,
                    processes=processes,
                    auditwheel=auditwheel,
                    discard=lambda folder: cleaner.submit(shutil.rmtree, folder, ignore_errors=True),
                )
        finally:
            processes.stop()
            if auditwheel:
                auditwheel.close()


class LocalBuilder:
    """Builds on this machine. Created by ``open_builder``."""

    def __init__(
        self,
        project: Path,
        out_dir: Path,
        config_settings: ConfigSettings,
        *,
        scratch: Path,
        processes: ProcessGroup,
        auditwheel: Auditwheel | None,
        discard: Callable[[Path], object],
    ) -> None:
        self._project = project
        self._out_dir = out_dir
        self._settings = config_settings
        self._scratch = scratch
        self._processes = processes
        self._auditwheel = auditwheel
        self._discard = discard
        self._sdist = project if project.is_file() else None

    def stop(self) -> None:
        """Stop every running program; the threads waiting for them get Stopped."""
        self._processes.stop()

    def log_of(self, label: str) -> str:
        return read_log(self._log(label))

    def whole_log_of(self, label: str) -> Iterator[str]:
        """Every line so far of the build of a wheel (``3.14t``) or of the ``sdist``."""
        return log_lines(self._log(label))

    def _log(self, label: str) -> Path:
        return self._scratch / label / "build.log"

    def make_sdist(self, interpreter: Interpreter, observer: BuildObserver) -> str:
        folder = self._folder("sdist")
        observer.stage("sdist", BuildStage.SOURCE)
        source = copy_source(self._project, folder / "copy", without=self._out_dir)
        self._sdist = self._call("sdist", interpreter, source, folder, observer)
        observer.stage("sdist", BuildStage.DONE)
        return os.fspath(self._sdist)

    def make_wheel(self, interpreter: Interpreter, observer: BuildObserver) -> str:
        label = interpreter.label
        folder = self._folder(label)
        observer.stage(label, BuildStage.SOURCE)
        if self._sdist is None:
            source = copy_source(self._project, folder / "copy", without=self._out_dir)
        else:
            (folder / "copy").mkdir()
            source = unpack_sdist(self._sdist, folder / "copy")
        wheel = self._call("wheel", interpreter, source, folder, observer)
        return os.fspath(wheel)

    def _folder(self, label: str) -> Path:
        folder = self._scratch / label
        folder.mkdir()
        return folder

    def _call(
        self,
        distribution: _Distribution,
        interpreter: Interpreter,
        source: Path,
        folder: Path,
        observer: BuildObserver,
    ) -> Path:
        """Build one distribution with ``build``, with the backend in an environment created for this call."""
        label = folder.name
        log = self._log(label)
        observer.stage(label, BuildStage.ENVIRONMENT)
        in_background(_load)  # as nothing else can be done until there is an environment
        with _naming_build(label, self._project):
            environment = VirtualEnvironment(interpreter, folder / "env", processes=self._processes, log=log)
            builder = self._builder(environment, source, log)
            offered = backend_wheel()
            beside = offered.parent if offered else None
            environment.install(builder.build_system_requires, beside_index=beside)
            bytecode = Bytecode(environment.site_packages, interpreter)
            bytecode.place(self._processes, folder)
            observer.stage(label, BuildStage.REQUIREMENTS)
            with _backend_failures(log):
                more = set(map(str, builder.get_requires_for_build(distribution, self._settings)))
            environment.install(more - builder.build_system_requires, beside_index=beside)
            observer.stage(label, BuildStage.BUILD)
            with _backend_failures(log):
                made = self._made(builder, distribution, folder / distribution)
            bytecode.note()
            if os.path.realpath(environment.python_executable) != os.path.realpath(interpreter.executable):
                _same(interpreter, probe(environment.python_executable))  # on Windows a copy, elsewhere mostly a link
        self._discard(folder / "env")  # thousands of files, removed while the disk is idle: wheels are checked next
        return made

    def _made(self, builder: ProjectBuilder, distribution: _Distribution, folder: Path) -> Path:
        """The file whose name the backend returned. Raises BuildError if it did not write it into the folder."""
        try:
            path = Path(builder.build(distribution, folder, self._settings))
            returned = repr(os.path.relpath(path, folder)[:200])
        except TypeError:  # build joins the folder and what the hook returned
            path, returned = folder, "no text"
        if path.parent != folder or os.path.islink(path) or not os.path.isfile(path):
            raise BuildError(
                f"the build backend returned {returned}, expected the name of the {distribution} that it wrote",
                hint="PEP 517: the hook writes one file into the folder that it is given, and returns the file's name",
            )
        return path

    def _builder(self, environment: VirtualEnvironment, source: Path, log: Path) -> ProjectBuilder:
        from build import BuildException, ProjectBuilder

        def run(cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None) -> None:
            environ = clean_environ(**(extra_environ or {}))
            code = self._processes.run(cmd, log=log, cwd=Path(cwd) if cwd else None, env=environ)
            if code:
                raise subprocess.CalledProcessError(code, cmd)
            if not _answered(cmd[-1]):
                raise ValueError(f"the answer of the hook is no file of at most {_MAX_ANSWER} bytes")

        try:
            return ProjectBuilder.from_isolated_env(environment, source, runner=run)
        except BuildException as error:
            raise BuildError(str(error).replace(os.fspath(source), os.fspath(self._project))) from error

    def inspect(self, wheel: str, interpreter: Interpreter) -> tuple[Finding, ...]:
        from ftwheel.rules.backend import refusal
        from ftwheel_build.inspection import inspect
        from ftwheel_build.target import Target

        target = Target(
            implementation=interpreter.implementation,
            version=interpreter.minor,
            free_threaded=interpreter.free_threaded,
            debug=interpreter.debug,
            suffix=interpreter.extension_suffixes[0],
            platform=interpreter.platform,
        )
        name = os.path.basename(wheel)
        with self._reading(wheel, interpreter):
            open_zip(wheel).close()  # bounds what the backend's code reads
        log = self.log_of(interpreter.label)
        return tuple(
            refusal(
                error.code,
                name,
                error.message.removeprefix(f"{name}: "),
                error.fix,
                left_out=left_out(log, modules=False),
            )
            for error in inspect(wheel, target)
            if error.stops  # the rules of ftwheel check report the rest
        )

    def repair(self, wheel: str, interpreter: Interpreter) -> tuple[str, Repair]:
        from ftwheel.io.build.repair import repair_wheel

        with _naming_build(interpreter.label, self._project):
            repaired, repair = repair_wheel(
                Path(wheel),
                self._scratch / interpreter.label / "repaired",
                platform=interpreter.platform,
                processes=self._processes,
                auditwheel=self._auditwheel,
            )
        return os.fspath(repaired), repair

    def read(self, wheel: str, interpreter: Interpreter, *, thorough: bool) -> WheelContents:
        from ftwheel.io.wheel.reading import inspect_wheel

        with self._reading(wheel, interpreter):
            return inspect_wheel(wheel, level2=thorough)

    @contextlib.contextmanager
    def _reading(self, wheel: str, interpreter: Interpreter) -> Iterator[None]:
        """Turn what is wrong with a wheel that was just built into a BuildError."""
        try:
            yield
        except zipfile.BadZipFile as error:
            raise BuildError(
                f"{self._project.name}, {interpreter.label}: {os.path.basename(wheel)} cannot be read ({error})"
            ) from error
        except InputError as error:
            raise BuildError(f"{self._project.name}, {interpreter.label}: {error.message}", hint=error.hint) from error

    def import_modules(self, wheel: str, interpreter: Interpreter, modules: Sequence[str]) -> tuple[ImportResult, ...]:
        from ftwheel.io.wheel.importing import import_in

        folder = self._scratch / interpreter.label
        folder.mkdir(exist_ok=True)  # missing if another interpreter's wheel serves this one, so that nothing was built
        with _naming_build(interpreter.label, self._project):
            return import_in(
                folder,
                Path(wheel),
                interpreter,
                modules,
                requires=True,
                processes=self._processes,
            )

    def digest(self, path: str) -> tuple[int, str]:
        with open(path, "rb") as file:
            return os.path.getsize(path), hashlib.file_digest(file, "sha256").hexdigest()

    def publish(self, paths: Sequence[str]) -> tuple[str, ...]:
        pairs: list[tuple[Path, Path]] = []
        try:
            self._out_dir.mkdir(parents=True, exist_ok=True)
            for path in map(Path, paths):
                final = self._out_dir / path.name
                temporary = self._out_dir / f".{path.name}.{os.getpid()}.part"
                pairs.append((temporary, final))
                shutil.copyfile(path, temporary)
            for temporary, final in pairs:
                temporary.replace(final)
        except OSError as error:
            raise BuildError(
                f"{self._out_dir}: cannot be written ({error.strerror or error})", hint=refused(error).hint
            ) from error
        finally:
            for temporary, _ in pairs:
                temporary.unlink(missing_ok=True)
        return tuple(os.fspath(final) for _, final in pairs)

    def stable_symbols(self) -> Mapping[str, int]:
        from ftwheel.io.wheel.stable_abi import stable_symbols

        return stable_symbols()

    def clock(self) -> float:
        return time.monotonic()


def _load() -> None:
    """Import what the steps need, in the order of the steps."""
    for module in (
        "build",
        "ftwheel_build.inspection",
        "ftwheel.io.build.repair",
        "ftwheel.io.wheel.importing",
        "ftwheel.io.wheel.reading",
    ):
        importlib.import_module(module)


@contextlib.contextmanager
def _naming_build(label: str, project: Path) -> Iterator[None]:
    """Prefix errors with the project and the label of the build."""
    try:
        yield
    except FtwheelError as error:
        raise type(error)(f"{project.name}, {label}: {error.message}", hint=error.hint) from error


@contextlib.contextmanager
def _backend_failures(log: Path) -> Iterator[None]:
    """Turn an error of ``build`` into the first error in the log, a missing compiler or a full disk."""
    from build import BuildBackendException, BuildException

    try:
        yield
    except (BuildBackendException, BuildException) as error:
        text = read_log(log)
        said = f"{error}\n{interesting(text)}"
        if lacks_compiler(text):
            raise MissingToolError(said, hint=_COMPILERS.get(sys.platform, _COMPILERS["linux"])) from error
        if disk_is_full(text):
            raise SystemRefusedError(said, hint=FREE_SPACE) from error
        hint = _OBJECT_LAYOUT if needs_object_layout(text) else ""
        raise BuildError(said, hint=hint) from error


def _answered(folder: str) -> bool:
    """Whether pyproject-hooks can read what the hook left in the folder named last on its command line.

    Code of the project runs in the same process, and may leave a FIFO or a link to a device.
    """
    with os.scandir(folder) as entries:
        return all(
            entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_size <= _MAX_ANSWER
            for entry in entries
        )


def _same(before: Interpreter, after: Interpreter) -> None:
    """Check that the wheel was built with the requested interpreter."""
    if (before.version, before.free_threaded) != (after.version, after.free_threaded):
        raise BuildError(
            f"should be built with CPython {before.label},"
            f" but the build environment runs {after.label} ({after.executable})"
        )
