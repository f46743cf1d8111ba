"""``pip-ftwheel``: ``ftwheel missing`` with pip's commands, for those who type ``pip install`` or ``pip list``.

pip has no plug-ins, so this is a separate program that runs pip: it imports and patches nothing of pip, and hooks into
no interpreter's start-up. ``companion`` takes the arguments and returns the exit code, for other callers.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace

from ftwheel import __version__
from ftwheel.cli import missing
from ftwheel.cli.options import installers as choices
from ftwheel.cli.parsing import CommandHelp, CommandParser
from ftwheel.core.errors import InputError, NetworkError

__all__ = ["companion", "main", "parser", "process"]

_WORDS = {
    "install": "what pip install would install; its arguments all go to pip",
    "list": "everything that is installed",
    "check": "installed projects that are not ready",
}
_EXAMPLES = """\
examples:
  pip-ftwheel install 'scrapy>=2.13' -c constraints.txt
  pip-ftwheel --target 3.14t --format markdown install -r requirements.txt
  pip-ftwheel -r requirements.txt                resolved for the targets themselves, without pip
  pip-ftwheel list --python .venv/bin/python
  pip-ftwheel check --target 3.14t-win_amd64"""


def parser() -> argparse.ArgumentParser:
    """The options of ``pip-ftwheel``, without those of ``install``, which are pip's."""
    words = "\n".join(f"  {word:9}{meaning}" for word, meaning in _WORDS.items())
    top = CommandParser(
        prog="pip-ftwheel",
        usage="pip-ftwheel [OPTIONS] install PIP-ARGUMENT...\n       pip-ftwheel [OPTIONS] -r FILE...\n"
        "       pip-ftwheel {list,check} [OPTIONS]",
        description=f"List projects without a wheel that a free-threaded build can load:\n{words}",
        epilog=_EXAMPLES,
        formatter_class=CommandHelp,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"pip-ftwheel {__version__}")
    top.add_argument("word", nargs="?", choices=tuple(_WORDS), metavar="WORD", help="install, list or check")
    missing.add_shared_arguments(top)
    return top


def companion(argv: Sequence[str]) -> int:
    """Run the command line, and return the exit code; failures are raised.

    Raises InputError for invalid arguments and for what pip cannot install, NetworkError when pip cannot reach an
    index, and everything that ``ftwheel missing`` raises. Other exit codes of pip are passed on.
    """
    given = list(argv)
    if not given:
        sys.stderr.write(parser().format_help())
        return InputError.exit_code
    position = given.index("install") if "install" in given else len(given)
    arguments = parser().parse_args(given[:position])
    if position < len(given):
        if arguments.word or arguments.requirement:
            raise InputError(
                "install must come before its arguments", hint="put what to install after install, as with pip"
            )
        return _install(arguments, given[position + 1 :])
    if arguments.word:
        if arguments.requirement or arguments.constraint:
            raise InputError(f"{arguments.word} reads what is installed", hint="drop -r and -c")
        arguments.all |= arguments.word == "list"
    elif not arguments.requirement:
        raise InputError("nothing to check", hint="use install, list, check, or -r requirements.txt")
    return missing.report_on(lambda: missing.read(arguments), arguments)


def _install(arguments: argparse.Namespace, for_pip: Sequence[str]) -> int:
    """Ask pip what it would install, and report on that; pip's output goes to standard error."""
    from ftwheel.core.dependencies.inputs import merged
    from ftwheel.core.index.urls import redact
    from ftwheel.io.dependencies.inputs import read_input
    from ftwheel.io.dependencies.inputs.installed import read_report
    from ftwheel.io.installers.pip_command import dry_run

    theirs = _understood(for_pip)
    done = dry_run(missing.python(arguments), for_pip)
    if done.offline:
        raise NetworkError("pip could not reach an index", hint="see pip's output above; is the network available?")
    if done.exit_code == 1:  # which means findings here
        raise InputError("pip cannot install this, so there is nothing to report on", hint="see pip's output above")
    if done.exit_code or done.report is None:  # pip has said why, or only printed its help
        return done.exit_code
    found = read_report(f"pip install {redact(shlex.join(for_pip))}", done.report)
    if theirs.requirement:
        found = replace(found, options=merged(map(read_input, theirs.requirement)).options)
    for name in ("index_url", "no_index", "prefer_binary", "pre", "uploaded_prior_to"):
        setattr(arguments, name, getattr(theirs, name) or getattr(arguments, name))
    for name in ("extra_index_url", "find_links", "formats"):
        setattr(arguments, name, [*getattr(arguments, name), *getattr(theirs, name)])
    return missing.report_on(lambda: [found], arguments)


def _understood(for_pip: Sequence[str]) -> argparse.Namespace:
    """The index and selection options among pip's arguments, which have to apply to the targets too."""
    known = argparse.ArgumentParser(add_help=False, allow_abbrev=False, usage=argparse.SUPPRESS)
    add = known.add_argument
    add("-i", "--index-url", "--pypi-url")
    add("--extra-index-url", action="append", default=[])
    add("-f", "--find-links", action="append", default=[])
    add("--no-index", action="store_true")
    add("-r", "--requirement", action="append", default=[])
    add("--report")
    choices.add_arguments(known)
    theirs, _ = known.parse_known_args(for_pip)
    if theirs.report:
        raise InputError(
            "--report: pip-ftwheel reads pip's report itself", hint="ftwheel missing FILE reads an existing one"
        )
    return theirs


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; returns its exit code."""
    from ftwheel.cli.main import guarded

    return guarded("pip-ftwheel", lambda: companion(sys.argv[1:] if argv is None else argv))


def process() -> int:
    """``main`` in a process of its own."""
    from ftwheel.cli.main import process as run

    return run(main)
