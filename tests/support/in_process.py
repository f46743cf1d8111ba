"""Run a command of ``ftwheel`` in this process, as a user who has nothing configured."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ftwheel.cli.main import main

__all__ = ["CommandRun", "configure_nothing"]


def configure_nothing(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """No configuration of an installer counts, nothing is cached, and ``folder`` is the current one."""
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_", "XDG_", "VIRTUAL_ENV")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setenv("FTWHEEL_CACHE_DIR", str(folder / "cache"))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(folder)


class CommandRun:
    """Runs one command, and keeps what it printed."""

    def __init__(self, command: str, capsys: pytest.CaptureFixture[str]) -> None:
        self._command = command
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, *arguments: str | Path) -> int:
        try:
            code = main([self._command, *map(str, arguments)])
        except SystemExit as stopped:  # argparse
            code = int(stopped.code or 0)
        self.out, self.err = self._capsys.readouterr()
        return code

    def json(self, *arguments: str | Path) -> dict[str, Any]:
        """The document it prints; the exit code may say that there are findings."""
        assert self(*arguments, "--format", "json") in {0, 1}, self.err
        answer: dict[str, Any] = json.loads(self.out)
        return answer
