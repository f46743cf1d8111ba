"""Import the extension modules of a wheel, each in a fresh process of the target interpreter.

Each module needs its own process: once enabled, the GIL stays enabled, so the first module in a process could mask the
second. Importing only the package would miss modules that it imports lazily.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ftwheel.core.build.interpreters import Interpreter
from ftwheel.core.build.log_excerpt import interesting
from ftwheel.core.errors import BuildError
from ftwheel.core.wheel.imports import ImportOutcome, ImportResult
from ftwheel.io.system.child_environment import clean_environ
from ftwheel.io.system.processes import ProcessGroup
from ftwheel.io.system.texts import read_log, read_text
from ftwheel.io.system.virtual_environments import VirtualEnvironment
from ftwheel.io.system.workspace import workspace

__all__ = ["import_in", "import_installed", "import_modules"]

_TIMEOUT = 120.0  # seconds per module; numerical packages read a lot from a cold disk
_TAIL = 15  # lines of a crashed process's output
_CHILD = r"""
import importlib, json, re, sys, warnings
gil = getattr(sys, "_is_gil_enabled", lambda: None)
answer, module = sys.argv[1:]
result = {"before": gil(), "error": "", "missing": ""}
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    try:
        importlib.import_module(module)
    except BaseException as error:
        result["error"] = (type(error).__name__ + ": " + str(error))[:10_000]
        while isinstance(error, ImportError) and isinstance(error.__cause__, ImportError):
            error = error.__cause__
        result["missing"] = str(isinstance(error, ModuleNotFoundError) and error.name or "")
    told = [str(each.message) for each in caught]
result["after"] = gil()
result["package"] = module.partition(".")[0] in sys.modules
found = (re.search(r"\(GIL\) has been enabled to load module '([^']+)'", text) for text in told)
result["culprits"] = list(dict.fromkeys(match.group(1) for match in found if match))
with open(answer, "w", encoding="utf-8", errors="backslashreplace") as sink:
    json.dump(result, sink)
"""


def import_modules(
    wheel: Path,
    interpreter: Interpreter,
    modules: Sequence[str],
    *,
    requires: bool = True,
    processes: ProcessGroup | None = None,
    timeout: float = _TIMEOUT,
) -> tuple[ImportResult, ...]:
    """Install a wheel into a throw-away environment and import the named modules there; results are in the same order.

    ``requires`` also installs the wheel's dependencies, from the configured index. Raises BuildError if the wheel
    cannot be installed, and MissingToolError if no environment can be created. The outcome of an import is always a
    result, never an exception.
    """
    if not modules:
        return ()
    with workspace() as scratch:
        return import_in(
            scratch,
            wheel,
            interpreter,
            modules,
            requires=requires,
            processes=processes or ProcessGroup(),
            timeout=timeout,
        )


def import_in(
    scratch: Path,
    wheel: Path,
    interpreter: Interpreter,
    modules: Sequence[str],
    *,
    requires: bool,
    processes: ProcessGroup,
    timeout: float = _TIMEOUT,
) -> tuple[ImportResult, ...]:
    """``import_modules`` in a folder that the caller creates and removes."""
    environment = VirtualEnvironment(
        interpreter, scratch / "installed", processes=processes, log=scratch / "install.log"
    )
    try:
        # A dependency without a wheel for this interpreter would be compiled, which can take an hour.
        environment.install([str(wheel)], dependencies=requires, sdists=not requires)
    except BuildError:
        if not requires:
            raise
        environment.install([str(wheel)])
    return import_installed(environment, modules, scratch=scratch, processes=processes, timeout=timeout)


def import_installed(
    environment: VirtualEnvironment,
    modules: Sequence[str],
    *,
    scratch: Path,
    processes: ProcessGroup,
    timeout: float = _TIMEOUT,
) -> tuple[ImportResult, ...]:
    """Import modules installed in an environment; ``scratch`` is a folder for their output."""

    def one(numbered: tuple[int, str]) -> ImportResult:
        number, module = numbered
        return _import(environment, module, scratch / f"import-{number}", processes, timeout)

    # two at a time: an interpreter's start spends about as long waiting for the disk as computing
    with ThreadPoolExecutor(max_workers=2) as pool:
        return tuple(pool.map(one, enumerate(modules)))


def _import(
    environment: VirtualEnvironment, module: str, answer: Path, processes: ProcessGroup, timeout: float
) -> ImportResult:
    log = answer.with_suffix(".log")
    # -I excludes the current folder and the user's site, so that only what the wheel installed is imported
    command: list[str | Path] = [
        environment.python_executable,
        "-I",
        "-B",
        "-X",
        "faulthandler",
        "-c",
        _CHILD,
        answer,
        module,
    ]
    start = time.monotonic()
    try:
        code = processes.run(command, log=log, cwd=answer.parent, env=clean_environ(), timeout=timeout)
    except subprocess.TimeoutExpired:
        return ImportResult(
            module=module,
            outcome=ImportOutcome.TIMED_OUT,
            detail=f"no answer after {timeout:.0f} seconds",
            seconds=time.monotonic() - start,
        )
    seconds = time.monotonic() - start
    try:
        said = json.loads(read_text(answer))
        result = ImportResult(
            module=module,
            outcome=ImportOutcome.FAILED if said["error"] else ImportOutcome.LOADED,
            gil_before=_gil(said["before"]),
            gil_after=_gil(said["after"]),
            culprits=tuple(map(str, said["culprits"])),
            detail=str(said["error"]),
            missing=str(said["missing"]),
            package_loads=bool(said["package"]),
            seconds=seconds,
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):  # the module wrote it, or put another file there
        result = None
    if result is not None and code == 0:
        return result
    how = _ended(code) + (" after the import, at exit" if result is not None else "")
    tail = interesting(read_log(log), tail=_TAIL)
    return ImportResult(
        module=module, outcome=ImportOutcome.CRASHED, detail="\n".join(filter(None, [how, tail])), seconds=seconds
    )


def _gil(said: object) -> bool | None:
    return said if isinstance(said, bool) else None


def _ended(code: int) -> str:
    if code >= 0:
        return f"the process left with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"the process was ended by {signal.Signals(-code).name}"
    return f"the process was ended by signal {-code}"
