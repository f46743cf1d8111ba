"""``ftwheel.missing``: which dependencies have no wheel that a free-threaded build can load."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from itertools import islice
from typing import TYPE_CHECKING

from ftwheel.api.arguments import installers_of, listed
from ftwheel.api.indexes import IndexSource, OpenIndex, opened
from ftwheel.core.errors import InputError
from ftwheel.core.installers.registry import DEFAULT_INSTALLERS
from ftwheel.core.tags.environments import Environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ftwheel.app.dependencies.resolver import Resolver
    from ftwheel.core.dependencies.inputs import Dependencies
    from ftwheel.core.dependencies.readiness import MissingReport
    from ftwheel.core.dependencies.resolution import CoreMetadata, UnknownMetadata
    from ftwheel.core.index.page import File
    from ftwheel.core.index.pages import Index
    from ftwheel.core.installers.options import InstallerOptions

__all__ = ["missing"]

_FILES = (".txt", ".in", ".toml", ".lock", ".json")
_WINDOW = 100  # projects whose pages are held at a time


def missing(
    *inputs: str | os.PathLike[str],
    targets: Iterable[str | Environment],
    indexes: Iterable[IndexSource],
    installer: str | InstallerOptions = DEFAULT_INSTALLERS[0],
    dependencies: bool = True,
    extras: Iterable[str] = (),
    groups: Iterable[str] = (),
    constraints: Iterable[str | os.PathLike[str]] = (),
    metadata: Mapping[str, str | bytes] | None = None,
    alternatives: Iterable[IndexSource] = (),
) -> MissingReport:
    """Decide, for every project the inputs depend on, whether each target installs something it can load.

    An input is a requirement (a string), or a file (a ``pathlib.Path``) of any kind that ``ftwheel missing`` reads.
    ``targets`` are environments, presets, or versions: ``3.14t-win_amd64``, or ``3.14t`` for this platform. Inputs
    that are not resolved yet are resolved as the installer would; without ``dependencies``, only the projects they
    name are judged. ``extras`` and ``groups`` apply to files; ``*`` means all. ``metadata`` maps file names to the text
    of METADATA, for files whose index does not serve it. Indexes named in a file are ignored. ``alternatives`` are
    indexes that the installer does not use: the report says what they have for projects that are not ready.

    Raises InputError for an argument or file that cannot be read, ResolutionError when requirements conflict,
    NetworkError and IndexFormatError while resolving; a problem with a single project is part of its report.
    """
    from ftwheel.app.dependencies.missing import ReadinessQuestion
    from ftwheel.app.dependencies.missing import missing as judge_everything

    parts = {"extras": tuple(extras), "groups": tuple(groups)}
    read = _read(inputs, parts, tuple(os.fspath(one) for one in constraints))
    (bare,) = installers_of([installer])
    asked = _targets(targets)
    others = tuple(alternatives)
    with opened(indexes) as found, opened(others) if others else nullcontext(()) as elsewhere:
        rules = _rules(bare, read)
        named = tuple((getattr(index, "label", repr(index)), index) for index in elsewhere)
        return judge_everything(
            read,
            ReadinessQuestion(targets=asked, rules=rules, arrivals=_Arrivals(found), others=named),
            resolve=_resolver(found, rules, metadata or {}) if dependencies else None,
        )


def _read(
    inputs: Sequence[str | os.PathLike[str]], parts: Mapping[str, tuple[str, ...]], constraints: tuple[str, ...]
) -> list[Dependencies]:
    """All inputs; those still to be resolved are merged into one, because an installer resolves them together."""
    from ftwheel.io.dependencies.inputs import read_arguments, read_input, resolved_together

    if not inputs:
        raise InputError("no input given", hint='for example missing("scrapy>=2.13"), or missing(Path("uv.lock"))')
    found = [read_input(os.fspath(one), **parts) for one in inputs if not isinstance(one, str)]
    if requirements := [one for one in inputs if isinstance(one, str)]:
        for text in requirements:
            if text.endswith(_FILES) and "@" not in text:
                raise InputError(f"{text}: read as a requirement", hint=f'for a file, pass pathlib.Path("{text}")')
        found.append(read_arguments(requirements, label=" ".join(requirements)))
    return resolved_together(found, constraints)


def _targets(targets: Iterable[str | Environment]) -> tuple[Environment, ...]:
    from ftwheel.core.dependencies.targets import parse_targets
    from ftwheel.io.system.environment_probe import this_platform

    found: dict[str, Environment] = {}
    for one in listed("targets", targets, wanted='"3.14t"'):
        for target in (one,) if isinstance(one, Environment) else parse_targets([one], this_platform()):
            found.setdefault(target.label, target)
    return tuple(found.values())


def _rules(bare: InstallerOptions, read: Iterable[Dependencies]) -> Callable[[str], InstallerOptions]:
    """The installer's options with those of the requirements files added; the same for every project."""

    from ftwheel.io.installers.config import FormatControl

    formats = FormatControl(only_binary=bare.only_binary, no_binary=bare.no_binary)
    rules = bare
    for options in (each.options for each in read):
        for option, value in options.formats:
            formats = formats.with_value(option, value)
        rules = rules._replace(
            only_binary=formats.only_binary,
            no_binary=formats.no_binary,
            prefer_binary=rules.prefer_binary or options.prefer_binary,
            allow_prereleases=True if options.prereleases else rules.allow_prereleases,
        )
    return lambda _: rules


class _Arrivals:
    """``ArrivingPages``: prefetches open indexes for a window of projects at a time, asks others one by one."""

    def __init__(self, indexes: Sequence[Index]) -> None:
        self.indexes = indexes
        self._open = [index for index in indexes if isinstance(index, OpenIndex)]

    def arriving(self, names: Iterable[str]) -> Iterator[str]:
        rest = iter(names)
        while window := tuple(islice(rest, _WINDOW)):
            for index in self._open:
                index.prefetch(window)
            yield from window

    def forget(self, name: str) -> None:
        for index in self._open:
            index.forget(name)


class _Metadata:
    """The core metadata of files: what the caller passed, else what the indexes serve."""

    def __init__(self, indexes: Sequence[Index], given: Mapping[str, str | bytes]) -> None:
        self._indexes = indexes
        self._given = given

    def metadata(self, file: File) -> CoreMetadata | UnknownMetadata:
        from ftwheel.core.dependencies.resolution import UnknownMetadata, parse_core_metadata

        if (text := self._given.get(file.filename)) is not None:
            return parse_core_metadata(text if isinstance(text, str) else text.decode("utf-8", "replace"))
        answer: CoreMetadata | UnknownMetadata = UnknownMetadata(why=f"no index has the metadata of {file.filename}")
        for index in self._indexes:
            if (ask := getattr(index, "metadata", None)) is not None:
                answer = ask(file)
                if not isinstance(answer, UnknownMetadata):
                    break
        return answer


def _resolver(
    indexes: Sequence[Index], rules: Callable[[str], InstallerOptions], metadata: Mapping[str, str | bytes]
) -> Resolver:
    from ftwheel.app.dependencies.candidates import CandidateSource
    from ftwheel.app.dependencies.resolver import Resolver

    return Resolver(CandidateSource(indexes, _Metadata(indexes, metadata)), rules)
