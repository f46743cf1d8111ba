"""The options that say where to look for files, shared by every command that queries an index."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from ftwheel.core.errors import ConfigurationError, InputError
from ftwheel.core.index.urls import redact
from ftwheel.core.installers.registry import DEFAULT_INSTALLERS
from ftwheel.core.named_tuples import NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from ftwheel.io.index.client import IndexClient
    from ftwheel.io.index.named import NamedIndex
    from ftwheel.io.index.transport import Transport
    from ftwheel.io.installers.config import InstallerConfig

__all__ = ["IndexLocations", "add_arguments", "open_locations", "positive"]

_MOST_JOBS = 256  # connections that are prepared


class IndexLocations(NamedTuple):
    """Where each installer looks, and its configuration; ``client`` is None for a recording.

    ``others`` are indexes that no installer uses, and that may have what theirs lack.
    """

    client: IndexClient | None
    configs: Mapping[str, InstallerConfig]
    indexes: Mapping[str, tuple[NamedIndex, ...]]
    others: tuple[NamedIndex, ...] = ()

    @property
    def all(self) -> tuple[NamedIndex, ...]:
        """Every location once."""
        return tuple(dict.fromkeys(index for indexes in self.indexes.values() for index in indexes))

    def prefetch(self, names: Iterable[str]) -> None:
        """Fetch all pages concurrently; errors are raised when a page is used."""
        if self.client is not None:
            self.client.prefetch(self.all, names)

    def record(self, folder: Path, names: Iterable[str]) -> None:
        """Save the pages of these projects as a recording."""
        from ftwheel.io.installers.recording import write_recording

        write_recording(folder, self.configs, self.indexes, tuple(names))


def add_arguments(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add the options about indexes; the default is what the user configured for pip and uv."""
    group = parser.add_argument_group("index options (default: as configured for pip and uv)")
    add = group.add_argument
    several = partial(add, action="append", default=[])
    add("-i", "--index-url", metavar="URL", help="the default index")
    several("--extra-index-url", metavar="URL", help="an additional index; may be repeated")
    several("-f", "--find-links", metavar="LOCATION", help="a folder, page or file; may be repeated")
    add("--no-index", action="store_true", help="ignore indexes, and look only at --find-links")
    add("--no-config", action="store_true", help="ignore pip.conf, uv.toml, and the variables PIP_* and UV_*")
    add("--index", metavar="DIR", help="use only the pages that --record saved here; ignore indexes and configuration")
    add("--offline", action="store_true", help="use only cached pages, however old")
    add("--refresh", action="store_true", help="request every page, even if the cached one is fresh")
    add("--jobs", type=positive, default=24, metavar="N", help="number of concurrent requests (default: 24)")
    return group


def positive(text: str) -> int:
    """A number of things to do at a time."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive whole number")
    return int(text)


@contextmanager
def open_locations(
    arguments: argparse.Namespace,
    installers: Iterable[str] = DEFAULT_INSTALLERS[:1],
    *,
    others: Iterable[str] | None = None,
) -> Iterator[IndexLocations]:
    """The locations that the options and the configuration of these installers name.

    ``others`` are addresses that may have more; with them, even none, come those that are configured elsewhere.
    """
    names = tuple(dict.fromkeys(installers))
    if arguments.index:
        yield _recorded(arguments, names)
        return
    if arguments.offline and arguments.refresh:
        raise InputError("--offline and --refresh are mutually exclusive", hint="drop one of them")
    from ftwheel.io.installers.config import InstallerConfig
    from ftwheel.io.installers.configured import read_config

    configs = {
        name: _with_options(InstallerConfig(installer=name) if arguments.no_config else read_config(name), arguments)
        for name in names
    }
    if nowhere := [name for name, config in configs.items() if config.no_index and not config.find_links]:
        raise InputError(
            f"--no-index without --find-links leaves {nowhere[0]} nowhere to look",
            hint="pass --find-links LOCATION, or drop --no-index",
        )
    from ftwheel.io.index.cache import PageCache
    from ftwheel.io.index.client import IndexClient
    from ftwheel.io.index.credentials import Credentials
    from ftwheel.io.system.folders import cache_root

    network = configs[names[0]].network
    credentials = Credentials(keyring=network.keyring)
    jobs = min(arguments.jobs, _MOST_JOBS)

    def connect() -> Transport:
        from ftwheel.io.index.transport import Transport

        return Transport(network, credentials, connections=jobs)

    with IndexClient(
        connect,
        credentials,
        cache=PageCache(os.path.join(cache_root(), "pages-1")),
        offline=arguments.offline,
        refresh=arguments.refresh,
        jobs=jobs,
    ) as client:
        indexes = {name: _indexes(client, config, arguments.find_links) for name, config in configs.items()}
        yield IndexLocations(
            client=client,
            configs=configs,
            indexes=indexes,
            others=() if others is None else _others(client, indexes, others, arguments),
        )


def _others(
    client: IndexClient,
    known: Mapping[str, tuple[NamedIndex, ...]],
    named: Iterable[str],
    arguments: argparse.Namespace,
) -> tuple[NamedIndex, ...]:
    """The named indexes, then those configured for pip or uv, without the ones used anyway."""
    from ftwheel.core.index.page import SourceKind
    from ftwheel.io.installers.configured import read_config

    urls = list(named)
    for name in () if arguments.no_config or arguments.no_index else DEFAULT_INSTALLERS:
        try:
            config = read_config(name)
        except ConfigurationError as error:
            if name not in known:
                print(f"ftwheel: warning: {redact(error.message)}", file=sys.stderr)
            continue
        urls += [config.default_index or "", *config.extra_indexes, *config.explicit_indexes]
    labels = {index.label for indexes in known.values() for index in indexes}
    found = (client.index(url, SourceKind.EXTRA_INDEX) for url in dict.fromkeys(filter(None, urls)))
    return tuple({index.label: index for index in found if index.label not in labels}.values())


def _with_options(config: InstallerConfig, arguments: argparse.Namespace) -> InstallerConfig:
    """The configuration with the command line on top: as in the installers, lists grow, single values are replaced."""
    return config._replace(
        default_index=arguments.index_url or config.default_index,
        extra_indexes=(*config.extra_indexes, *arguments.extra_index_url),
        find_links=(*config.find_links, *arguments.find_links),
        no_index=arguments.no_index or config.no_index,
    )


def _indexes(client: IndexClient, config: InstallerConfig, named: Iterable[str]) -> tuple[NamedIndex, ...]:
    """find-links first, then the default index, then the extra ones: see ``ProjectFiles``."""
    found: list[NamedIndex] = []
    for location in dict.fromkeys(config.find_links):
        try:
            found += client.find_links(location)
        except InputError as error:
            if location in named:
                raise
            # like pip, only warn about locations that are merely configured
            print(f"ftwheel: warning: {redact(error.message)}", file=sys.stderr)
    default = ""
    if not config.no_index and not config.default_index:
        from ftwheel.io.installers.default_index import default_index

        default = default_index(config.installer)
    return (*found, *(client.index(url, kind) for url, kind in config.indexes(default)))


def _recorded(arguments: argparse.Namespace, names: tuple[str, ...]) -> IndexLocations:
    from pathlib import Path

    from ftwheel.io.installers.recording import read_recording

    for option in ("index_url", "extra_index_url", "find_links", "no_index", "offline", "refresh", "alternative_index"):
        if getattr(arguments, option, None):  # not every command has all of them
            raise InputError(
                f"--index and --{option.replace('_', '-')} are mutually exclusive", hint="drop one of them"
            )
    recording = read_recording(Path(arguments.index))
    for name in names:
        if name not in recording.indexes:
            raise InputError(
                f"{arguments.index}: the recording was not made for {name}",
                hint=f"use --installer with {', '.join(sorted(recording.indexes))}, or record again",
            )
    return IndexLocations(client=None, configs=recording.configs, indexes=recording.indexes)
