"""Runs the real cibuildwheel: installs the right series, checks early for what would fail late, and builds.

cibuildwheel detects only late that a container cannot start (3.4.1 then waits forever), and silently skips a
``cp313t`` that it does not build, so both are checked before a build. The build identifiers and images that an
installed cibuildwheel reports are stored in its cache folder.
"""

from __future__ import annotations

import configparser
import contextlib
import json
import os
import platform
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftwheel.core.build.cibuildwheel.identifiers import SYSTEMS, BuildIdentifier, CibuildwheelSeries, serves
from ftwheel.core.build.cibuildwheel.log import LogFollower
from ftwheel.core.build.cibuildwheel.runs import CibuildwheelRun, ContainerImage
from ftwheel.core.build.log_excerpt import interesting
from ftwheel.core.build.model import BuildObserver, BuildStage
from ftwheel.core.errors import BuildError, ConfigurationError, FtwheelError, MissingToolError
from ftwheel.core.wheel.filename import WheelName
from ftwheel.io.build.sources import copy_source, unpack_sdist
from ftwheel.io.system.child_environment import installer_environ
from ftwheel.io.system.folders import cache_root, python_of
from ftwheel.io.system.interpreters import probe
from ftwheel.io.system.processes import ProcessGroup
from ftwheel.io.system.texts import read_log
from ftwheel.io.system.virtual_environments import VirtualEnvironment
from ftwheel.io.system.workspace import scratch

__all__ = [
    "BuiltByCibuildwheel",
    "Cibuildwheel",
    "container_label",
    "installed",
    "native_platforms",
    "put_source",
    "system_here",
]

Echo = Callable[[str], None]  # called with every line that cibuildwheel prints

_DAY = 86400.0
_RENEW = 7 * _DAY  # an environment older than this is recreated: releases of cibuildwheel bring newer Pythons
_FORGET = 30 * _DAY
_START = 60.0  # seconds for a container to start, once its image is available
_PULL = 900.0  # and for downloading an image of 500 MB
_GOODBYE = 20.0  # for cibuildwheel to remove its container after Ctrl-C
_POLL = 0.2
_ITSELF = "cibuildwheel"  # the label for events that do not belong to one build
_LABEL = "org.ftwheel.run"
_OCI = {  # copied from oci_container.py: no option prints it, and its name there is private
    "aarch64": "linux/arm64", "armv7l": "linux/arm/v7", "ppc64le": "linux/ppc64le", "riscv64": "linux/riscv64",
    "s390x": "linux/s390x", "x86_64": "linux/amd64",
}  # fmt: skip
_HOSTS = {"linux": "linux", "darwin": "macos", "win32": "windows"}
_FACTS = "facts-1.json"  # increment when _ASK_FACTS changes
_ASK_FACTS = """\
import contextlib, importlib.resources, io, json, os, pathlib, sys, tempfile
import cibuildwheel
from cibuildwheel.__main__ import main

group, *systems = sys.argv[1:]
for name in [name for name in os.environ if name.startswith("CIBW_")]:
    del os.environ[name]
listed = io.StringIO()
with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(listed):
    pathlib.Path(folder, "pyproject.toml").touch()
    for system in systems:
        sys.argv[1:] = ["--platform", system, "--archs", "all", "--enable", group, "--print-build-identifiers", folder]
        try:
            main()
        except SystemExit as end:
            if end.code:
                raise
images = importlib.resources.files("cibuildwheel") / "resources" / "pinned_docker_images.cfg"
print(json.dumps({
    "version": cibuildwheel.__version__,
    "identifiers": listed.getvalue().split(),
    "images": images.read_text(encoding="utf-8"),
}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltByCibuildwheel:
    """The wheel that serves an identifier, the cibuildwheel version that built it, and the build time in seconds."""

    path: Path
    version: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tool:
    """An installed cibuildwheel."""

    python: str
    version: str
    identifiers: frozenset[str]
    images: configparser.ConfigParser

    def reference(self, image: ContainerImage) -> str:
        """The image reference for the container engine."""
        return self.images.get(image.arch, image.name, fallback=image.name)


def system_here(*, system: str = sys.platform) -> str:
    """cibuildwheel's name for the current system: ``linux``, ``macos`` or ``windows``."""
    return _HOSTS.get(system, "linux")


def native_platforms(*, system: str = sys.platform, machine: str = "") -> tuple[str, ...]:
    """The platforms whose programs this machine runs without emulation."""
    machine = (machine or platform.machine()).lower()
    if system == "darwin":
        return (f"macosx_{machine}", "macosx_universal2")
    if system == "win32":
        return ("win_arm64",) if machine == "arm64" else ("win_amd64", "win32")
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)
    also = ("manylinux_i686", "musllinux_i686") if machine == "x86_64" else ()
    return (f"manylinux_{machine}", f"musllinux_{machine}", *also)


def container_label() -> str:
    """A label for the containers of one command, to find them if it is interrupted."""
    return f"{_LABEL}={secrets.token_hex(8)}"


def put_source(project: Path, scratch: Path, *, without: Path) -> Path:
    """Copy a project, or unpack a source distribution, into an empty folder; returns the copy's folder.

    The copy of a whole Git work tree gets a complete repository, because a container cannot see the original one. A
    project in a subfolder of a work tree has no repository in a container, as with cibuildwheel itself.
    """
    if project.is_file():
        return unpack_sdist(project, scratch)
    copy = copy_source(project, scratch, without=without)
    private, link = scratch / "git", copy / ".git"
    if link.is_file():
        link.unlink()
        common = Path((private / "commondir").read_text(encoding="utf-8").strip())
        shutil.copytree(common, link, symlinks=True, ignore=shutil.ignore_patterns("worktrees", "*.lock"))
        for file in (private / "HEAD", *private.glob("index"), *private.glob("sharedindex.*")):
            shutil.copyfile(file, link / file.name)
    return copy


class Cibuildwheel:
    """Runs cibuildwheel over one source; ``scratch`` is a folder for logs, wheels and configurations."""

    def __init__(self, source: Path, scratch: Path, processes: ProcessGroup, *, label: str, echo: Echo) -> None:
        self._source = source
        self._scratch = scratch
        self._processes = processes
        self._label = label
        self._echo = echo
        self._tools: dict[CibuildwheelSeries, _Tool] = {}
        self._environ = installer_environ(PYTHONUNBUFFERED="1", PYTHONIOENCODING="utf-8")

    def identifiers(self, series: CibuildwheelSeries) -> frozenset[str]:
        """Every identifier that the newest release of the series builds with its ``group``.

        Raises MissingToolError if the release cannot be installed.
        """
        return self._tool(series).identifiers

    def look_ahead(self, run: CibuildwheelRun, observer: BuildObserver) -> None:
        """Check before the build for problems that would otherwise show late.

        Raises MissingToolError if cibuildwheel cannot be installed, or if the container engine is missing or cannot
        start an image; ConfigurationError if cibuildwheel rejects the options or would not build every identifier.
        """
        observer.stage(_ITSELF, BuildStage.ENVIRONMENT)
        tool = self._tool(run.series)
        command = self._command(tool, run, self._scratch / "none")
        done = _ask(
            [*command, "--print-build-identifiers"], cwd=self._source, env=self._environ | dict(run.environment)
        )
        would = set(done.stdout.split())
        named = f"cibuildwheel {tool.version}"
        if done.returncode:
            raise ConfigurationError(f"{named} rejects the options\n{interesting(done.stderr)}")
        if missing := [each.text for each in run.identifiers if each.text not in would]:
            raise ConfigurationError(
                f"{named} would not build {', '.join(missing)}",
                hint="check inherit and overrides in [tool.cibuildwheel], and the CIBW_ variables",
            )
        for image in run.images:
            observer.stage(_ITSELF, BuildStage.CONTAINER)
            self._start(run.engine, image, tool.reference(image))

    def build(self, run: CibuildwheelRun, observer: BuildObserver) -> dict[BuildIdentifier, BuiltByCibuildwheel]:
        """Run cibuildwheel to completion. If interrupted, it gets to remove its container before anything is killed.

        Raises BuildError with the relevant part of its output, ConfigurationError if it rejects its options, and
        FtwheelError (exit code 1) if the audit of a finished wheel found errors.
        """
        tool = self._tool(run.series)
        name = f"{run.series.label}-{run.system}"
        log, out = self._scratch / f"{name}.log", self._scratch / name
        follower = _Progress(run.identifiers, observer, echo=self._echo)
        process = self._processes.start(
            self._command(tool, run, out), log=log, cwd=self._source, env=self._environ | dict(run.environment)
        )
        try:
            with log.open(encoding="utf-8", errors="replace") as lines:
                while process.poll() is None:
                    follower.read(lines)
                    time.sleep(_POLL)
                follower.read(lines)
        except BaseException:
            self._end(process, run.engine)
            raise
        if process.returncode:
            follower.failed()
            self._remove_containers(run.engine)
            raise _failure(process.returncode, tool.version, follower.identifier, log)
        observer.stage(_ITSELF, BuildStage.DONE)
        return {
            each: BuiltByCibuildwheel(path=path, version=tool.version, seconds=follower.seconds.get(each.text, 0.0))
            for each, path in _wheels(run.identifiers, out, tool.version)
        }

    def _command(self, tool: _Tool, run: CibuildwheelRun, out: Path) -> list[str]:
        command = [tool.python, "-m", "cibuildwheel", *run.arguments, "--output-dir", os.fspath(out)]
        if run.config:
            file = self._scratch / f"{run.series.label}-{run.system}.toml"
            file.write_text(run.config, encoding="utf-8")
            command += ["--config-file", os.fspath(file)]
        return command

    def _tool(self, series: CibuildwheelSeries) -> _Tool:
        if series not in self._tools:
            python = installed(series, self._processes, self._scratch / "install.log")
            facts = _facts(python, series)
            images = configparser.ConfigParser(inline_comment_prefixes="#")
            images.read_string(facts["images"])
            self._tools[series] = _Tool(
                python=python, version=facts["version"], identifiers=frozenset(facts["identifiers"]), images=images
            )
        return self._tools[series]

    def _start(self, engine: str, image: ContainerImage, reference: str) -> None:
        """Start a container of the image once, with a time limit."""
        if shutil.which(engine) is None:
            raise MissingToolError(
                f"{engine} is not installed, and cibuildwheel needs it to build on Linux",
                hint="install it, or choose the other engine: CIBW_CONTAINER_ENGINE=podman (or docker)",
            )
        emulated = (
            []
            if f"manylinux_{image.arch}" in native_platforms()
            else [f"--platform={_OCI.get(image.arch, image.arch)}"]
        )
        if _engine([engine, "image", "inspect", reference], _START):
            pull = [engine, "pull", "--quiet", *emulated, reference]
            if wrong := _engine(pull, _PULL):
                raise MissingToolError(f"{image.name} for {image.arch}: {wrong}", hint=f"try: {shlex.join(pull)}")
        run = [engine, "run", "--rm", f"--label={self._label}", *emulated, reference, "true"]
        if wrong := _engine(run, _START):
            self._remove_containers(engine)
            hint = f"try: {shlex.join(run)}"
            if emulated:
                hint += "; another machine's programs need QEMU, registered with binfmt_misc"
            raise MissingToolError(f"{image.name} for {image.arch}: {wrong}", hint=hint)

    def _end(self, process: subprocess.Popen[bytes], engine: str) -> None:
        """Let cibuildwheel clean up as after Ctrl-C, then stop whatever is left."""
        try:
            if sys.platform != "win32":
                with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                    process.send_signal(signal.SIGINT)  # not to its container client, which has to keep responding
                    process.wait(_GOODBYE)
        finally:
            self._processes.stop()
            self._remove_containers(engine)

    def _remove_containers(self, engine: str) -> None:
        if not engine or shutil.which(engine) is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            listed = subprocess.run(
                [engine, "ps", "--all", "--quiet", "--filter", f"label={self._label}"],
                capture_output=True,
                text=True,
                timeout=_START,
            )
            if names := listed.stdout.split():
                subprocess.run([engine, "rm", "--force", *names], capture_output=True, timeout=_START)


class _Progress:
    """Reports the running build to an observer, and measures the time of each."""

    def __init__(self, identifiers: Sequence[BuildIdentifier], observer: BuildObserver, *, echo: Echo) -> None:
        one_platform = len({each.platform for each in identifiers}) == 1
        self._labels = {each.text: each.label if one_platform else each.text for each in identifiers}
        self._observer = observer
        self._echo = echo
        self._follower = LogFollower()
        self._since = time.monotonic()
        self._rest = ""
        self.seconds: dict[str, float] = {}

    @property
    def identifier(self) -> str:
        return self._follower.identifier

    def read(self, lines: Iterator[str]) -> None:
        """Read the output since the last call; the last line may be incomplete."""
        for part in lines:
            line = self._rest + part
            if not line.endswith("\n"):
                self._rest = line
                break
            self._rest = ""
            self._line(line)

    def failed(self) -> None:
        self._observer.stage(self._label(), BuildStage.FAILED)

    def _line(self, line: str) -> None:
        self._echo(line)
        before = self._follower.identifier
        stage = self._follower.read(line)
        now = self._follower.identifier
        if now != before:
            if before:
                self._observer.stage(self._labels.get(before, before), BuildStage.DONE)
            self._since = time.monotonic()
        if now:
            self.seconds[now] = time.monotonic() - self._since
        if stage is not None:
            self._observer.stage(self._label(), stage)

    def _label(self) -> str:
        return self._labels.get(self.identifier, self.identifier) or _ITSELF


def installed(series: CibuildwheelSeries, processes: ProcessGroup, log: Path) -> str:
    """The Python of a cached environment with the newest release of a series; recreated every week."""
    home = Path(cache_root()) / "cibuildwheel"
    home.mkdir(parents=True, exist_ok=True)
    interpreter = probe(sys.executable)
    stem = f"{series.label}-{interpreter.abi_tag}-"
    age = {folder: time.time() - folder.stat().st_mtime for folder in home.glob(f"{stem}*") if folder.is_dir()}
    newest = min(age, key=lambda folder: age[folder], default=None)
    if newest is None or age[newest] > _RENEW:
        with scratch(home) as folder:
            environment = VirtualEnvironment(interpreter, folder / "env", processes=processes, log=log)
            try:
                environment.install([series.value])
            except BuildError as error:
                if newest is None:
                    raise MissingToolError(
                        error.message, hint=f"{series.value} is installed from the configured package index"
                    ) from error
            else:
                newest = home / f"{stem}{secrets.token_hex(4)}"
                folder.rename(newest)
    for folder, seconds in age.items():
        if seconds > _FORGET and folder != newest:
            shutil.rmtree(folder, ignore_errors=True)
    return python_of(newest / "env")


def _facts(python: str, series: CibuildwheelSeries) -> dict[str, Any]:
    """What cibuildwheel reports about itself; queried once per environment, whose version never changes."""
    kept = Path(python).parents[2] / _FACTS
    with contextlib.suppress(OSError, ValueError):
        facts: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        return facts
    done = _ask([python, "-I", "-c", _ASK_FACTS, series.group, *SYSTEMS])
    if done.returncode:
        raise MissingToolError(f"{python} cannot run cibuildwheel\n{interesting(done.stderr)}")
    facts = json.loads(done.stdout)
    new = kept.with_name(f"{_FACTS}.{secrets.token_hex(4)}")
    with contextlib.suppress(OSError):  # without a writable cache, each run takes a few seconds longer
        new.write_text(done.stdout, encoding="utf-8")
        os.replace(new, kept)
    return facts


def _ask(
    command: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a short command in cibuildwheel's environment."""
    try:
        return subprocess.run(
            command, cwd=cwd, env=env, capture_output=True, encoding="utf-8", errors="replace", timeout=_START
        )
    except subprocess.TimeoutExpired as error:
        raise MissingToolError(f"{shlex.join(command)} timed out after {_START:.0f} s") from error


def _engine(command: Sequence[str], limit: float) -> str:
    """Run a command of the container engine; returns the problem, empty if it succeeded."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=limit)
    except subprocess.TimeoutExpired:
        return f"{' '.join(command[:2])} timed out after {limit:.0f} s"
    return "" if done.returncode == 0 else f"{' '.join(command[:2])} failed\n{interesting(done.stderr)}"


def _failure(code: int, version: str, identifier: str, log: Path) -> FtwheelError:
    """The error for an exit code of cibuildwheel; the codes are from its ``errors.py``, as no option prints them."""
    whole = read_log(log)
    text = interesting(whole)
    where = f"cibuildwheel {version}{f', {identifier}' if identifier else ''}"
    if code in {2, 3, 4}:
        return ConfigurationError(f"{where}: it rejects the options\n{text}")
    if code == 7:
        return MissingToolError(f"{where}: the container engine is too old or does not work\n{text}")
    if code == 9:
        audit = whole.rpartition("Running audit command: ")[2].strip()
        return FtwheelError(f"{where}: the audit of the finished wheel found errors\n{audit}")
    return BuildError(f"{where}: exit code {code}\n{text}")


def _wheels(identifiers: Sequence[BuildIdentifier], out: Path, version: str) -> Iterator[tuple[BuildIdentifier, Path]]:
    """The wheel for each identifier; an ``abi3`` wheel may serve several."""
    names = {path: WheelName.parse(path.name) for path in sorted(out.glob("*.whl"))}
    for identifier in identifiers:
        serving = [path for path, name in names.items() if serves(name, identifier)]
        if not serving:
            raise BuildError(f"cibuildwheel {version} succeeded, but built no wheel for {identifier.text}")
        yield identifier, serving[0]
