"""``ftwheel completion``: the completion script of a shell."""

from __future__ import annotations

import argparse

EXAMPLES = """\
  ftwheel completion bash > ~/.local/share/bash-completion/completions/ftwheel
  ftwheel completion zsh > ~/.zfunc/_ftwheel
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=["bash", "zsh", "tcsh"], help="the shell to complete in")


def run(arguments: argparse.Namespace) -> int:
    import shtab

    from ftwheel.cli.main import parser

    print(shtab.complete(parser(), shell=arguments.shell))
    return 0
