"""The options that say what installers may select, shared by every command that simulates them."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ftwheel.core.errors import InputError
from ftwheel.core.installers.registry import DEFAULT_INSTALLERS, INSTALLERS

if TYPE_CHECKING:
    from ftwheel.cli.options.indexes import IndexLocations
    from ftwheel.core.installers.options import InstallerOptions

__all__ = ["add_arguments", "names_of_installers", "rules"]


_FORMAT_OF = re.compile(r":all:|:none:|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


def names_of_installers(default: Sequence[str] = DEFAULT_INSTALLERS) -> str:
    """The help of ``--installer``."""
    return f"{', '.join(INSTALLERS)}, or pip==24.0 (default: {' and '.join(default)})"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options; the default is what the user configured for pip and uv."""
    choice = parser.add_argument_group("installer options (default: as configured for pip and uv)")
    for option, meaning in (("only-binary", "no source distributions"), ("no-binary", "no wheels")):
        choice.add_argument(
            f"--{option}",
            dest="formats",
            action="append",
            default=[],
            type=partial(_format, option),
            metavar="NAMES",
            help=f"{meaning} of these projects, or :all:",
        )
    choice.add_argument(
        "--prefer-binary", action="store_true", help="prefer an older wheel to a source distribution (pip only)"
    )
    choice.add_argument("--pre", action="store_true", help="allow pre-releases")
    choice.add_argument(
        "--uploaded-prior-to", metavar="DATE", help="consider only files uploaded before this (UTC); P7D: a week ago"
    )


def _format(option: str, names: str) -> tuple[str, str]:
    """Both options go into one list, because a later one changes what an earlier one said."""
    wrong = next((name for name in names.split(",") if not _FORMAT_OF.fullmatch(name.strip())), None)
    if wrong is not None:
        raise InputError(
            f"--{option} {names[:100]}: {wrong[:100]!r} is not a project",
            hint=f"write names with commas between them, or :all:; for example --{option} numpy,lxml",
        )
    return option, names


def rules(
    arguments: argparse.Namespace, installers: Sequence[InstallerOptions], locations: IndexLocations, project: str
) -> Iterator[InstallerOptions]:
    """The options of each installer for a project: its configuration with the command line on top."""
    from ftwheel.io.installers.config import parse_cutoff

    for bare in installers:
        config = locations.configs[bare.name]
        formats = config.formats
        for option, value in arguments.formats:
            formats = formats.with_value(option, value)
        found = config._replace(formats=formats).rules(bare, project)
        if arguments.prefer_binary:
            found = found._replace(prefer_binary=True)
        if arguments.pre:
            found = found._replace(allow_prereleases=True)
        if arguments.uploaded_prior_to:
            found = found._replace(uploaded_prior_to=parse_cutoff(arguments.uploaded_prior_to))
        yield found
