"""Saves the reports of a long run as they are made, so that an interrupted run can resume where it stopped.

The file is JSON lines: the first describes the question, each of the others is the report on a project. Each line is
written with one call, so that a killed process leaves complete lines and at most one partial line at the end.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Mapping, Sequence
from hashlib import sha256
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ftwheel.core.dependencies.readiness_json import parse_project, project_data
from ftwheel.core.errors import InputError, unwritable

if TYPE_CHECKING:
    from ftwheel.core.dependencies.readiness import ProjectReport

__all__ = ["RunState", "question_digest"]

_KIND = "ftwheel-missing-state"
_VERSION = 1


def question_digest(*parts: Sequence[str]) -> str:
    """A digest that distinguishes runs, of lists of strings: target labels, installer and options, and indexes."""
    return sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).hexdigest()


class RunState:
    """The state file of a run; use ``with``. Reports with a problem are saved, but are made again by the next run.

    ``question`` is a digest of everything a report depends on except its project. Raises InputError if the file belongs
    to another question, is not a state file, or cannot be written.
    """

    def __init__(self, path: str, question: str) -> None:
        self._path = path
        self._question = question
        self._descriptor = -1
        self._reports: dict[str, ProjectReport] = {}

    @property
    def done(self) -> Mapping[str, ProjectReport]:
        """The reports of earlier runs, by project."""
        return self._reports

    def __enter__(self) -> Self:
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0))
            if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):  # a FIFO or a device may never end
                raise OSError(errno.EINVAL, "Not a regular file")
            self._lock()
            self._read()
        except OSError as error:
            self.close()
            raise InputError(
                f"{self._path}: cannot be used as a state file ({error.strerror})",
                hint="name another file",
            ) from error
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def keep(self, report: ProjectReport) -> None:
        """Write one report; it persists even if the process is killed right afterwards. Raises InputError."""
        self._write(project_data(report))

    def _write(self, data: Mapping[str, Any]) -> None:
        line = json.dumps(data, separators=(",", ":")).encode() + b"\n"
        try:
            written = os.write(self._descriptor, line)
        except OSError as error:
            raise unwritable(self._path, error) from error
        if written != len(line):
            raise InputError(
                f"{self._path}: cannot be written (the disk is full)", hint="the next run continues from here"
            )

    def _lock(self) -> None:
        """Lock the file: two runs sharing it by mistake would each make every report."""
        if os.name == "nt":
            return
        import fcntl

        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"{self._path}: another run is using it", hint="use a separate file for each run, or shard"
            ) from None

    def _read(self) -> None:
        whole = 0
        with open(self._path, "rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    break  # a partial line from a killed process
                data = self._parse(line, number)
                if number == 1:
                    self._compare(data)
                else:
                    report = parse_project(data, f"{self._path}:{number}")
                    if report.problem:
                        self._reports.pop(report.name, None)
                    else:
                        self._reports[report.name] = report
                whole += len(line)
        os.ftruncate(self._descriptor, whole)
        if not whole:
            self._write({"kind": _KIND, "version": _VERSION, "question": self._question})

    def _parse(self, line: bytes, number: int) -> Any:
        try:
            return json.loads(line)
        except (ValueError, RecursionError):
            raise InputError(
                f"{self._path}:{number}: not a state file of ftwheel missing",
                hint="name a new file",
            ) from None

    def _compare(self, head: Any) -> None:
        if not isinstance(head, dict) or head.get("kind") != _KIND or head.get("version") != _VERSION:
            raise InputError(f"{self._path}: not a state file of ftwheel missing", hint="name a new file")
        if head.get("question") != self._question:
            raise InputError(
                f"{self._path}: holds the state of a run with different targets, options or indexes",
                hint="use the same ones, or name another file",
            )
