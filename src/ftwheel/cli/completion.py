"""``ftwheel completion``: prints the completion script for a shell."""

from __future__ import annotations

import argparse

EXAMPLES = """\
  ftwheel completion bash > ~/.local/share/bash-completion/completions/ftwheel
  ftwheel completion zsh > ~/.zfunc/_ftwheel
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("shell", choices=["bash", "zsh", "tcsh"], help="the shell to print the script for")
    add("program", nargs="?", choices=["ftwheel", "pip-ftwheel"], default="ftwheel", help="default: ftwheel")


def run(arguments: argparse.Namespace) -> int:
    import shtab

    from ftwheel.cli import main, pip_companion

    parser = main.parser if arguments.program == "ftwheel" else pip_companion.parser
    print(shtab.complete(parser(), shell=arguments.shell))
    return 0
