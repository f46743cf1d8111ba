"""What a failure says, and which word was meant."""

from __future__ import annotations

import ast
import errno
from pathlib import Path

import pytest

import ftwheel
from ftwheel.core.errors import FtwheelError, InputError, InternalError, refused, unwritable
from ftwheel.core.suggestions import closest, did_you_mean


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/big/x"), "/big/x: No space left on device", "free some"),
        (OSError(errno.EROFS, "Read-only file system"), "Read-only file system", "change its permissions"),
        (OSError("something"), "something", "fix the problem reported by the system"),
        (OSError(), "OSError", "fix the problem reported by the system"),
    ],
)
def test_what_the_system_refuses_is_told_with_a_remedy(error: OSError, message: str, hint: str) -> None:
    told = refused(error)
    assert told.message == message
    assert hint in told.hint
    assert told.exit_code == 8


def test_a_bug_is_called_one() -> None:
    told = InternalError("KeyError: 'x'")
    assert told.message == "internal error: KeyError: 'x'"
    assert "report it" in told.hint
    assert told.exit_code == 70


def test_the_nearest_word() -> None:
    assert closest("JSN", ["text", "json"]) == "json"
    assert closest("json", ["JSON"]) == "JSON"
    assert closest("zzz", ["text", "json"]) == ""
    assert did_you_mean("txt", ["text", "json"]) == "did you mean 'text'?"
    assert did_you_mean("zzz", ["text"]) == ""
    assert closest("pipy", ["any", "pypi"]) == "pypi"  # the same letters


def test_an_output_that_cannot_be_written() -> None:
    told = unwritable("out.json", OSError(errno.EACCES, "Permission denied"))
    assert (told.message, told.exit_code) == ("out.json: cannot be written (Permission denied)", 2)
    assert told.hint.startswith("change its permissions")
    assert unwritable("x/out.json", OSError(errno.ENOENT, "No such file or directory")).hint.startswith(
        "make its folder"
    )


def test_every_error_says_what_to_do() -> None:
    """The class does where the place that raises it does not; an argument can be wrong in any way, so each says."""
    sources = sorted(Path(ftwheel.__file__).parent.rglob("*.py"))
    raised = [
        (path.name, call.lineno, {each.arg for each in call.keywords})
        for path in sources
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "InputError"
    ]
    assert len(raised) > 100
    assert [(name, line) for name, line, arguments in raised if "hint" not in arguments] == []
    others = [each for each in FtwheelError.__subclasses__() if each is not InputError and each is not InternalError]
    assert [each for each in others if not each("x").hint] == []
