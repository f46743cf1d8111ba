"""The parser of every command line: a mistake gives one short message and what to type instead.

argparse prints the whole usage, which for these commands is a screen of options.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Any, NoReturn

from ftwheel.core.errors import InputError
from ftwheel.core.suggestions import closest, did_you_mean

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

__all__ = ["CommandHelp", "CommandParser"]

_OPTION = re.compile(r"--.|-[A-Za-z]")
_NUMBER = r"invalid int value: (.*)"
_NO_VALUE = ": expected one argument"
_REQUIRED = "the following arguments are required: "


_SYNONYMS = {
    "audit": "ftwheel check",
    "deps": "ftwheel missing",
    "explain": "ftwheel rule",
    "install": "pip-ftwheel install",
    "lint": "ftwheel check",
    "list": "pip-ftwheel list",
    "publish": "ftwheel verify",
    "report": "ftwheel verify --html report.html",
    "resolve": "ftwheel simulate",
    "retag": "ftwheel tag",
    "tags": "ftwheel tag",
    "upload": "ftwheel verify",
    "version": "ftwheel --version",
    "wheel": "ftwheel build",
}
"""What other tools call it."""


class CommandHelp(argparse.RawDescriptionHelpFormatter):
    """Wraps what a command is for; an example that is too wide gives what is said about it a line of its own.

    argparse asks ``sys.__stdout__`` how wide the terminal is, which ``process`` has taken apart.
    """

    def __init__(self, prog: str, width: int | None = None, **options: Any) -> None:
        try:
            width = width or int(os.environ.get("COLUMNS") or 0) or os.get_terminal_size().columns
        except (OSError, ValueError):
            width = 80
        super().__init__(prog, width=width - 2, **options)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:
            return "".join(_example(line, width) for line in super()._fill_text(text, width, indent).splitlines())
        return argparse.HelpFormatter._fill_text(self, text, width, indent)


def _example(line: str, width: int) -> str:
    command, gap, said = line.strip().partition("  ")
    if len(line) <= width or not gap:
        return f"{line}\n"
    import textwrap

    return f"  {command}\n{textwrap.indent(textwrap.fill(said.strip(), width - 6), ' ' * 6)}\n"


class CommandParser(argparse.ArgumentParser):
    """Raises InputError where argparse prints the usage and exits 2; ``--help`` and ``--version`` still exit 0."""

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> tuple[Any, list[str]]:  # type: ignore[override]
        # before argparse, which reads the value of --targt as a positional argument, and -format as -f ormat
        known = self._option_string_actions
        for argument in takewhile(lambda each: each != "--", () if self._subparsers else args or ()):
            option = argument.partition("=")[0]
            unknown = option not in known if option.startswith("--") else argument[:2] not in known
            if (_OPTION.match(argument) and unknown) or (option.startswith("-") and f"-{option}" in known):
                self._refuse(argument)
        found, unexpected = super().parse_known_args(args, namespace)
        if unexpected:
            self._refuse(unexpected[0])
        return found, unexpected

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        if not action.option_strings and "" in arg_strings and not isinstance(action, argparse._SubParsersAction):
            raise InputError(  # Path("") would be the current folder
                f"{self._where}{action.metavar or action.dest}: an empty argument", hint="is a shell variable unset?"
            )
        if action.nargs is None and arg_strings == ["--"]:  # argparse reads the value of --option=-- as a separator
            raise argparse.ArgumentError(action, "expected one argument")
        return super()._get_values(action, arg_strings)

    def error(self, message: str) -> NoReturn:
        if message.startswith(_REQUIRED):
            example = next(iter(self.examples), "")
            raise InputError(
                f"{self._where}missing argument {message.removeprefix(_REQUIRED)}",
                hint=f"for example: {example}" if example else self._see_help,
            )
        text = re.sub(_NUMBER, r"\1 is not a whole number", message.removeprefix("argument "))
        if text.endswith(_NO_VALUE):
            option = text.partition(":")[0].rpartition("/")[2]
            value = self._option_string_actions[option].metavar or "VALUE"
            raise InputError(f"{self._where}{option}: the value is missing", hint=f"write {option} {value}")
        raise InputError(f"{self._where}{text}", hint=self._see_help)

    @property
    def examples(self) -> tuple[str, ...]:
        """The commands of the epilog, without their explanations."""
        lines = (self.epilog or "").splitlines()
        return tuple(line.strip().partition("  ")[0] for line in lines if line.startswith("  "))

    @property
    def _where(self) -> str:
        """The command as a prefix of messages; empty for the program itself."""
        command = self.prog.partition(" ")[2]
        return f"{command}: " if command else ""

    @property
    def _see_help(self) -> str:
        return f"{self.prog} --help shows the usage"

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """Write the help; argparse would ignore a write error."""
        stream: Any = file or sys.stderr
        stream.write(message)
        stream.flush()

    def _refuse(self, argument: str) -> NoReturn:
        if not argument.startswith("-") or argument == "-":
            raise InputError(f"{self._where}unexpected argument {argument[:200]!r}", hint=self._see_help)
        option = argument.partition("=")[0]
        raise InputError(
            f"{self._where}unknown option {option[:200]}",
            hint=self._did_you_mean(option) or f"{self.prog} --help lists the options",
        )

    def _did_you_mean(self, option: str) -> str:
        known = self._option_string_actions
        if "--format" in known and option[2:] in (known["--format"].choices or ()):
            return f"did you mean --format {option[2:]}?"
        match = closest(option, known) or next((each for each in known if option in (each[1:], f"-{each}")), "")
        return f"did you mean {match}?" if match else ""

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Called by argparse for every value of an option with ``choices``, and for the name of the command."""
        choices: Iterable[Any] | None = action.choices
        if choices is None or value in choices:
            return
        known = [str(each) for each in choices]
        text = str(value)[:200]
        if isinstance(action, argparse._SubParsersAction) or action.metavar == "WORD":
            meant = f"did you mean {_SYNONYMS[text]}?" if text in _SYNONYMS else did_you_mean(text, known)
            raise InputError(
                f"{self._where}unknown command {text!r}", hint=meant or f"{self.prog} --help lists the commands"
            )
        if isinstance(action, argparse._AppendAction) and set(parts := text.split(",")) <= {*known}:
            option = action.option_strings[-1]
            raise InputError(
                f"{self._where}{option} {text}: one value at a time",
                hint=f"write {' '.join(f'{option} {part}' for part in parts)}",
            )
        name = "/".join(action.option_strings) or action.metavar or action.dest
        raise InputError(
            f"{self._where}{name}: invalid choice {text!r}, expected {_alternatives(known)}",
            hint=did_you_mean(text, known) or self._see_help,
        )


def _alternatives(words: Sequence[str]) -> str:
    """``a``, ``a or b``, ``a, b or c``"""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last
