"""Records the pages of a simulation in a folder, from which it can be repeated anywhere with the same results.

A recording contains names, hashes, sizes, times and attributes of files, and the locations that installers search, in
order. It contains no host, path or login: URLs are relative. It is written atomically.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ftwheel.core.errors import IndexFormatError, InputError, unwritable
from ftwheel.core.index.page import PageFault, PageProblem, ProjectDetails, SourceKind, render_page
from ftwheel.core.index.pages import Index
from ftwheel.core.index.parse import parse_page
from ftwheel.core.installers.options import IndexStrategy
from ftwheel.io.installers.config import FormatControl, InstallerConfig
from ftwheel.io.system.texts import read_text, unwaiting

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["RecordedIndex", "Recording", "read_recording", "write_recording"]

_TABLE = "recording.json"
_SCHEMA_VERSION = 2
_READABLE = frozenset({1, 2})  # 1 stored not a page's problems, but the installers that reject it
_JSON = "application/vnd.pypi.simple.v1+json"
_REMOTE = "https://recording.invalid/"  # never resolves (RFC 2606): nothing recorded can be downloaded
_LOCAL = "file:///"  # distinguished, because installers treat local files differently
_MOST_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording: the index locations, in order, and the configuration of each installer it was made for."""

    indexes: Mapping[str, tuple[RecordedIndex, ...]]
    configs: Mapping[str, InstallerConfig]


class RecordedIndex:
    """One location of a recording."""

    def __init__(self, folder: str, number: int, kind: SourceKind, pages: Mapping[str, Any]) -> None:
        self._folder = folder
        self.kind = kind
        self.label = f"{kind.value} {number + 1} of the recording"
        self._pages = pages
        self._details: dict[str, ProjectDetails | None] = {}

    def project(self, name: str) -> ProjectDetails | None:
        if name not in self._details:
            self._details[name] = self._read(name)
        return self._details[name]

    def _read(self, name: str) -> ProjectDetails | None:
        if name not in self._pages:
            raise InputError(
                f"{self._folder}: {name} was not recorded",
                hint=f"the recording has {', '.join(sorted(self._pages)) or 'none'}",
            )
        about = self._pages[name]
        if about is None:
            return None
        path = os.path.join(self._folder, os.path.basename(about["page"]))
        try:
            with open(path, "rb", opener=unwaiting) as file:
                body = file.read(_MOST_BYTES)
            base = f"{_LOCAL if about['local'] else _REMOTE}{int(about['rank'])}/"
            details = parse_page(body, content_type=_JSON, url=base, name=name)
            broken = {int(number): tuple(fields) for number, fields in about["broken"].items()}
            return details._replace(
                html=bool(about["html"]),
                problems=_problems(path, about),
                files=details.files
                if not broken
                else tuple(
                    file._replace(broken=broken[number]) if number in broken else file
                    for number, file in enumerate(details.files)
                ),
            )
        except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise _damaged(path, error) from error


def _damaged(path: str, error: Exception) -> IndexFormatError:
    return IndexFormatError(f"{path}: does not match the recording ({type(error).__name__})", hint="record it again")


def _problems(path: str, about: Mapping[str, Any]) -> tuple[PageProblem, ...]:
    if about.get("refusals"):
        raise IndexFormatError(
            f"{path}: recorded by an earlier version of ftwheel, which recorded less", hint="record it again"
        )
    return tuple(PageProblem(fault=PageFault[name], text=text) for name, text in about.get("problems", {}).items())


def read_recording(folder: Path) -> Recording:
    """Read the recording in a folder. Raises InputError if there is none, IndexFormatError if it is damaged."""
    path = os.path.join(folder, _TABLE)
    try:
        table = json.loads(read_text(path, most=64 << 20))
        if table["schema_version"] not in _READABLE:
            raise IndexFormatError(
                f"{path}: schema version {table['schema_version']}, expected {_SCHEMA_VERSION}", hint="record it again"
            )
        locations = [
            RecordedIndex(os.fspath(folder), number, SourceKind(location["kind"]), dict(location["pages"]))
            for number, location in enumerate(table["places"])
        ]
        installers: dict[str, Any] = table["installers"]
        return Recording(
            indexes={
                name: tuple(locations[number] for number in about["places"]) for name, about in installers.items()
            },
            configs={name: _config(name, about["options"]) for name, about in installers.items()},
        )
    except FileNotFoundError:
        raise InputError(
            f"{folder}: not a recording", hint="create one with --record DIR; pass a folder of wheels with --find-links"
        ) from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})", hint="check its permissions") from error
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise _damaged(path, error) from error


def _config(installer: str, options: Mapping[str, Any]) -> InstallerConfig:
    return InstallerConfig(
        installer=installer,
        formats=FormatControl(only_binary=frozenset(options["only_binary"]), no_binary=frozenset(options["no_binary"])),
        prefer_binary=bool(options["prefer_binary"]),
        releases={str(name): bool(wanted) for name, wanted in options["releases"].items()},
        cutoffs={
            str(name): None if time is None else datetime.fromisoformat(time)
            for name, time in options["cutoffs"].items()
        },
        index_strategy=IndexStrategy(options["index_strategy"]),
    )


def _options(config: InstallerConfig) -> dict[str, Any]:
    return {
        "only_binary": sorted(config.formats.only_binary),
        "no_binary": sorted(config.formats.no_binary),
        "prefer_binary": config.prefer_binary,
        "releases": dict(config.releases),
        "cutoffs": {name: None if time is None else time.isoformat() for name, time in config.cutoffs.items()},
        "index_strategy": config.index_strategy.value,
    }


def write_recording(
    folder: Path, configs: Mapping[str, InstallerConfig], indexes: Mapping[str, Sequence[Index]], names: Sequence[str]
) -> None:
    """Record the pages of all projects from all locations; ``indexes`` are those of each installer, in order.

    Raises what the locations raise, and InputError if the folder exists but is not a recording.
    """
    import shutil

    from ftwheel.io.system.workspace import scratch

    if folder.exists() and not (folder / _TABLE).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: exists, but is not a recording", hint="name a new folder, or an empty one")
    locations = list(dict.fromkeys(location for order in indexes.values() for location in order))
    parent = folder.absolute().parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with scratch(parent) as work:
            new = os.path.join(work, "new")
            os.mkdir(new)
            pages = {
                (number, name): location.project(name) for number, location in enumerate(locations) for name in names
            }
            ranks = _ranks(details for details in pages.values() if details is not None)
            table = {
                "schema_version": _SCHEMA_VERSION,
                "places": [
                    {
                        "kind": location.kind.value,
                        "pages": {name: _keep(new, number, pages[number, name], ranks) for name in names},
                    }
                    for number, location in enumerate(locations)
                ],
                "installers": {
                    name: {
                        "places": [locations.index(location) for location in order],
                        "options": _options(configs[name]),
                    }
                    for name, order in indexes.items()
                },
            }
            with open(os.path.join(new, _TABLE), "w", encoding="utf-8") as file:
                json.dump(table, file, indent=1, ensure_ascii=True)
                file.write("\n")
            if folder.exists():
                os.rename(folder, os.path.join(work, "old"))
            os.rename(new, folder)
            shutil.rmtree(os.path.join(work, "old"), ignore_errors=True)
    except OSError as error:
        raise unwritable(folder, error) from error


def _keep(folder: str, number: int, details: ProjectDetails | None, ranks: Mapping[str, int]) -> dict[str, Any] | None:
    """Write one page; returns what its JSON cannot represent."""
    if details is None:
        return None
    files = tuple(details.files)
    page = f"{number}-{details.name}.json"
    kept = details._replace(files=tuple(file._replace(url=_anonymous(file.url, ranks)) for file in files))
    with open(os.path.join(folder, page), "wb") as file:
        file.write(render_page(kept))
    return {
        "page": page,
        "rank": ranks[_bare(details.url)],
        "local": details.url.startswith("file:"),
        "html": details.html,
        "problems": {problem.fault.name: problem.text for problem in details.problems},
        "broken": {str(index): list(file.broken) for index, file in enumerate(files) if file.broken},
    }


def _ranks(pages: Iterable[ProjectDetails]) -> dict[str, int]:
    """A number for each URL, in order.

    Both identity and order of URLs matter: pip drops the second file with the same URL, and both installers sort
    ``find-links`` by URL.
    """
    addresses = {_bare(url) for page in pages for url in (page.url, *(file.url for file in page.files))}
    first = 10 ** len(str(len(addresses)))  # all numbers have the same width, so that they sort as text
    return {address: first + number for number, address in enumerate(sorted(addresses))}


def _bare(url: str) -> str:
    return url.partition("#")[0]


def _anonymous(url: str, ranks: Mapping[str, int]) -> str:
    """The URL without host, folders and query, as ``../NUMBER/NAME#FRAGMENT``."""
    bare, hash_sign, fragment = url.partition("#")
    name = bare.partition("?")[0].rpartition("/")[2]
    return f"{_LOCAL if url.startswith('file:') else '../'}{ranks[bare]}/{name}{hash_sign}{fragment}"
