"""Workflow commands of GitHub Actions, and entries of the file ``GITHUB_OUTPUT``.

Escaped as in actions/toolkit (``packages/core/src/command.ts`` and ``file-command.ts``), so that no text from a wheel,
an index or an input starts a command of its own.
"""

from __future__ import annotations

import secrets
import sys

from ftwheel.render.terminal import printable

__all__ = ["command", "output", "say", "silenced"]


def say(text: str) -> None:
    """Print workflow commands of ftwheel's own, which standard output would escape."""
    print(text, end="", file=getattr(sys.stdout, "unescaped", sys.stdout), flush=True)


def command(name: str, text: str, /, **properties: str) -> str:
    """A line such as ``::error file=...,title=...::text``; empty properties are omitted."""
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    return f"::{name}{' ' if listed else ''}{listed}::{_message(text)}\n"


def silenced() -> tuple[str, str]:
    """Two lines, between which no text is a command; the token that ends it cannot be guessed."""
    word = secrets.token_hex(16)
    return f"::stop-commands::{word}\n", f"::{word}::\n"


def output(name: str, value: str) -> str:
    """An entry for the file ``GITHUB_OUTPUT``, for any value."""
    word = secrets.token_hex(16)
    return f"{name}<<{word}\n{value}\n{word}\n"


def _message(text: str) -> str:
    lines = "\n".join(printable(line) for line in text.split("\n"))
    return lines.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(" ".join(text.split())).replace(":", "%3A").replace(",", "%2C")
