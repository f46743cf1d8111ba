"""What a failure says, and which word was meant."""

from __future__ import annotations

import errno

import pytest

from ftwheel.core.errors import InternalError, refused, unwritable
from ftwheel.core.suggestions import closest, did_you_mean


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/big/x"), "/big/x: No space left on device", "free some"),
        (OSError(errno.EROFS, "Read-only file system"), "Read-only file system", "change its permissions"),
        (OSError("something"), "something", ""),
        (OSError(), "OSError", ""),
    ],
)
def test_what_the_system_refuses_is_told_with_a_remedy(error: OSError, message: str, hint: str) -> None:
    told = refused(error)
    assert told.message == message
    assert hint in told.hint
    assert bool(hint) == bool(told.hint)
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


def test_an_output_that_cannot_be_written() -> None:
    told = unwritable("out.json", OSError(errno.EACCES, "Permission denied"))
    assert (told.message, told.exit_code) == ("out.json: cannot be written (Permission denied)", 2)
    assert told.hint.startswith("change its permissions")
