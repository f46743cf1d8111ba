"""Run programs so that none outlives ftwheel: each in its own process group, which is killed as a whole.

A build backend starts compilers, which start other programs. If only the first were killed, the rest would keep writing
into folders that are being removed. So every program here leads a process group, and ``stop`` ends all groups at once.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ftwheel.io.system.texts import unwaiting

__all__ = ["ProcessGroup", "Stopped"]

_GRACE = 2.0  # seconds between asking a group to end and killing it


class Stopped(Exception):  # noqa: N818 - not an error but the response to an interruption
    """The process group was stopped, so this program was not started or was killed."""


class ProcessGroup:
    """The programs of one command. Several threads may use it, and any of them may call ``stop``."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def run(
        self,
        command: Sequence[str | os.PathLike[str]],
        *,
        log: Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> int:
        """Run a program, append its standard output and error to ``log``, and return its exit code.

        A negative code is the signal that ended the program, as in ``subprocess``. Raises OSError if the program cannot
        be started, ``subprocess.TimeoutExpired`` after ``timeout`` seconds, and Stopped after ``stop``. What is left of
        its group is killed in any case.
        """
        process = self.start(command, log=log, cwd=cwd, env=env)
        try:
            code = process.wait(timeout)
        finally:
            _kill(process)
            with self._lock:
                self._running.discard(process)
        self.check()
        return code

    def check(self) -> None:
        """Raise Stopped after ``stop``."""
        if self._stopped:
            raise Stopped

    def start(
        self,
        command: Sequence[str | os.PathLike[str]],
        *,
        log: Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        conversation: bool = False,
    ) -> subprocess.Popen[bytes]:
        """Start a program that runs until it exits or ``stop`` is called; the arguments are those of ``run``.

        With ``conversation``, its standard input and output are pipes.
        """
        with (
            open(log, "ab", opener=unwaiting) as sink,
            self._lock,
        ):  # no program can start between the check and the registration
            if self._stopped:
                raise Stopped
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=env,
                stdin=subprocess.PIPE if conversation else subprocess.DEVNULL,
                stdout=subprocess.PIPE if conversation else sink,
                stderr=sink,
                start_new_session=True,  # ignored on Windows; taskkill walks the process tree there
            )
            self._running.add(process)
            return process

    def stop(self) -> None:
        """End all running programs, with SIGTERM first and then SIGKILL, and refuse new ones."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for process in running:
            _signal(process, signal.SIGTERM)
        deadline = time.monotonic() + _GRACE
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the whole group, even if its leader has already exited, and reap the leader."""
    _signal(process, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True)
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
