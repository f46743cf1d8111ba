"""What all commands share: help, errors, exit codes, closed pipes, completion."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

from ftwheel import __version__
from ftwheel.cli import main as command_line
from ftwheel.core.errors import NetworkError
from ftwheel.render.terminal import StyledText, printable, table


def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "ftwheel", *arguments], capture_output=True, text=True, **options)  # type: ignore[call-overload, no-any-return]


def test_the_version_is_the_distributions() -> None:
    assert run("--version").stdout == f"ftwheel {__version__}\n"


@pytest.mark.parametrize("name", command_line.COMMANDS)
def test_each_command_has_help_with_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        command_line.main([name, "--help"])
    assert stopped.value.code == 0
    assert f"examples:\n  ftwheel {name}" in capsys.readouterr().out


def test_an_unknown_command_is_a_usage_error() -> None:
    done = run("bild")
    assert done.returncode == 2
    assert "unknown command 'bild'" in done.stderr


def test_a_failure_is_one_message_and_its_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Failing:
        EXAMPLES = ""

        def add_arguments(self, parser: object) -> None: ...

        def run(self, arguments: object) -> int:
            raise NetworkError("no answer", hint="try again")

    monkeypatch.setattr(command_line, "load", lambda _: Failing())
    assert command_line.main(["completion"]) == 5
    assert capsys.readouterr().err == "ftwheel: error: no answer\nftwheel: hint: try again\n"


@pytest.mark.parametrize("letter", ["h", "v", "f", "o"])
def test_a_file_named_like_a_short_option_is_an_argument(letter: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["check", letter]) == 2
    assert f"error: {letter}: not a file" in capsys.readouterr().err


def test_a_closed_pipe_is_no_traceback() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "ftwheel", "completion", "bash"], stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")  # as the shell says of SIGPIPE; 1 would mean findings


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_knows_every_command(shell: str) -> None:
    script = run("completion", shell).stdout
    assert all(name in script for name in command_line.COMMANDS)


def test_a_table_in_a_pipe_is_plain_and_escaped() -> None:
    stream = io.StringIO()
    table(stream, ["file", "outcome"], [["a\x1b[31m.whl", StyledText("sdist", "red")], ["b.whl", "pure"]])
    assert stream.getvalue() == "FILE           OUTCOME\na\\x1b[31m.whl  sdist\nb.whl          pure\n"


def test_a_table_on_a_terminal_is_escaped_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = io.StringIO()
    table(stream, ["file"], [[StyledText("a\x1b]0;x\x07[bold]", "red")]])
    assert "\\x1b]0;x\\x07[bold]" in stream.getvalue()
    assert "\x1b]" not in stream.getvalue()


def test_direction_overrides_do_not_reach_the_terminal() -> None:
    assert printable("a\u202egnp.whl") == "a\\u202egnp.whl"
