"""The command line: finds the command, imports only its module, and turns errors into exit codes.

A command is a module of this package with ``add_arguments(parser)``, ``run(arguments) -> int`` and an ``EXAMPLES``
text; ``COMMANDS`` has its name and one-line help.
"""

from __future__ import annotations

import os
import sys

from ftwheel import __version__
from ftwheel.core.errors import FtwheelError, InputError, InternalError, SystemRefusedError, refused

TYPE_CHECKING = False  # type checkers take it as true; importing typing would cost time
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from typing import Protocol

    class Command(Protocol):
        """The module of a command."""

        EXAMPLES: str

        def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...
        def run(self, arguments: argparse.Namespace) -> int: ...


__all__ = ["COMMANDS", "guarded", "main", "parser", "process"]

COMMANDS = {
    "action": "run a step of the GitHub Action, with the inputs in the environment",
    "build": "build, repair and check the default and the free-threaded wheel",
    "check": "check wheels: the ABI of the code, what it declares about the GIL, and whether the tags are true",
    "completion": "print the completion script for a shell",
    "init": "adopt ftwheel in a project: its pyproject.toml and its release workflow",
    "missing": "list dependencies without a wheel that a free-threaded build can load, and what would help",
    "rule": "explain a rule: what it means, why it matters and how to fix it",
    "serve": "serve new files as a local index, to try pip and uv by hand",
    "simulate": "show which file pip and uv would install in any environment, and why",
    "tag": "change the tags of a wheel, if the code inside supports them",
    "verify": "show which file of a release each environment installs, and what is missing",
}
_DESCRIPTION = (
    "Wheels for both builds of CPython, the default one and the free-threaded one (python3.14t): build, check and"
    " verify them in pairs."
)
_EPILOG = (
    "Start with ftwheel missing -r requirements.txt for an application, or ftwheel init --dry-run for a project with"
    " extension modules. ftwheel COMMAND --help shows a command's options and examples."
)
_OF_ALL = frozenset({"-h", "--help", "--version"})
_WIDTH = 80
INTERRUPTED = 130  # the shell's convention for SIGINT
PIPE_CLOSED = 141  # and for SIGPIPE: whoever read the output has gone, as head does


def load(name: str) -> Command:
    import importlib

    return importlib.import_module(f"ftwheel.cli.{name}")


def parser(only: str | None = None) -> argparse.ArgumentParser:
    """The parser of all commands, or of ``only`` one of them, if there is such a command."""
    from ftwheel.cli.parsing import CommandHelp, CommandParser

    # argparse's own formatter imports shutil, and with it every kind of compression
    top = CommandParser(
        prog="ftwheel", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=CommandHelp, allow_abbrev=False
    )
    top.add_argument("--version", action="version", version=f"ftwheel {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items() if only not in COMMANDS else [(only, COMMANDS[only])]:
        command = commands.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            formatter_class=CommandHelp,
            allow_abbrev=False,
        )
        if only in {None, name}:
            module = load(name)
            module.add_arguments(command)
            command.epilog = f"examples:\n{module.EXAMPLES}"
    return top


def help_text() -> str:
    """What ``ftwheel --help`` prints. argparse is not asked: importing it takes as long as starting Python does."""
    most, margin = _columns(), max(map(len, COMMANDS)) + 4
    lines = ["usage: ftwheel [-h] [--version] COMMAND ...", "", *_wrapped("", _DESCRIPTION, 0, most), "", "commands:"]
    for name, summary in COMMANDS.items():
        lines += _wrapped(f"  {name}".ljust(margin), f" {summary}", margin + 1, most)
    more = ["options:", "  -h, --help  show this help and exit", "  --version   show the version and exit"]
    return "\n".join([*lines, "", *more, "", *_wrapped("", _EPILOG, 0, most), ""])


def _columns() -> int:
    """The width of the help: that of the terminal, 80 at most, and anywhere else."""
    try:
        return min(_WIDTH, int(os.environ.get("COLUMNS") or 0) or os.get_terminal_size().columns)
    except (OSError, ValueError):
        return _WIDTH


def _wrapped(line: str, text: str, indent: int, most: int) -> list[str]:
    """The text behind the line, with lines of whole words."""
    first, *words = text.split(" ")
    line += first
    lines = []
    for word in words:
        if len(line) + 1 + len(word) > most:
            lines.append(line)
            line = f"{' ' * indent}{word}"
        else:
            line += f" {word}"
    return [*lines, line]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:2], "--help"]
    named = next((argument for argument in arguments if not argument.startswith("-")), "")

    def run() -> int:
        if not arguments:  # as uv and ruff do
            sys.stderr.write(help_text())
            return InputError.exit_code
        if arguments[0] == "--version":
            print(f"ftwheel {__version__}")
            return 0
        if arguments[0] in {"-h", "--help"}:
            sys.stdout.write(help_text())
            return 0
        if arguments[0].startswith("-"):
            from ftwheel.core.suggestions import closest

            meant = closest(arguments[0], _OF_ALL)
            raise InputError(
                f"unknown option {arguments[0][:200]}",
                hint=f"did you mean {meant}?" if meant else "options go after the command: ftwheel COMMAND OPTIONS",
            )
        parsed = parser(named).parse_args(arguments)
        return load(parsed.command).run(parsed)

    return guarded("ftwheel", run)


def guarded(program: str, run: Callable[[], int]) -> int:
    """The exit code of ``run``, or of its error, which is printed with the name of the program."""
    try:
        code = run()
        sys.stdout.flush()  # so that a closed pipe shows here and not at exit
    except FtwheelError as error:
        return _report_error(program, error)
    except KeyboardInterrupt:
        print(f"{program}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except OSError as error:
        return _report_error(program, _without_folder() or refused(error))
    except RecursionError as error:
        return _report_error(
            program, InputError(f"the input is nested too deeply ({error})", hint="is it the right file?")
        )
    except MemoryError:
        return _report_error(
            program, SystemRefusedError("out of memory", hint="close other programs, or use fewer workers")
        )
    except Exception as error:  # noqa: BLE001  # anything else is a bug
        return _report_error(
            program, InternalError(f"{type(error).__name__}: {str(error)[:500]}", trace=_keep_trace(error))
        )
    return code


def _without_folder() -> SystemRefusedError | None:
    """The error for a current folder that was removed, which the system reports without naming it."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return SystemRefusedError("the current folder was removed", hint="change to a folder that exists: cd ~")
    return None


def _keep_trace(error: Exception) -> str:
    """Write the traceback to a file; returns its path, or "" when no folder is writable."""
    import tempfile
    import traceback

    from ftwheel.io.system.folders import cache_root

    for folder in (os.path.join(cache_root(), "traces"), None):
        try:
            if folder:
                os.makedirs(folder, exist_ok=True)
            handle, path = tempfile.mkstemp(".txt", "ftwheel-", folder)
            with open(handle, "w", encoding="utf-8", errors="backslashreplace") as sink:
                sink.write(f"ftwheel {__version__}, Python {sys.version}, {sys.platform}\n")
                traceback.print_exception(error, file=sink)
        except OSError:
            continue
        return path
    return ""


def _report_error(program: str, error: FtwheelError) -> int:
    from contextlib import suppress

    from ftwheel.render.terminal import printable_lines

    lines = [f"{program}: error: {error.message}"]
    if error.hint:
        lines.append(f"{program}: hint: {error.hint}")
    with suppress(OSError):  # where this cannot be written either, the exit code is left
        print("\n".join(map(printable_lines, lines)), file=sys.stderr)
    return error.exit_code


def _clean_up_when_ended() -> None:
    """End on SIGTERM, which CI systems and ``timeout`` send, and when the terminal is closed, as on Ctrl-C."""
    import signal

    for name in ("SIGTERM", "SIGHUP"):  # Windows has only the first
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores it
            signal.signal(number, signal.default_int_handler)


def process(run: Callable[[], int] = main) -> int:
    """Run one command in this process with escaped output; returns its exit code.

    Pages are many small objects with hardly any cycles, so the garbage collector runs less often, and not at exit:
    together this saves a seventh of a short command's time.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by who started it, as 2>&- does
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  # until the process ends
    if len(sys.argv) > 1 and sys.argv[1] not in _OF_ALL:
        import gc

        from ftwheel.render.terminal import EscapedStream

        gc.set_threshold(50_000)
        _clean_up_when_ended()
        for name in ("stdout", "stderr"):
            if hasattr(stream := getattr(sys, name), "detach"):
                setattr(sys, name, EscapedStream(stream))
        code = run()
        gc.freeze()
        return code
    return run()
