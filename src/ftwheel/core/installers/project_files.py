"""Groups the files of a project's pages by version, prepared for many environments.

A page lists thousands of files, but a selection needs only those of a few versions. So a first pass only finds the
version in each name; interpreter, ABI and platform are parsed when a version is first used, and anything independent of
environment and options is computed once. Nearly all names are read alike by every installer and are recognized by their
shape; the installer's ``FileReader`` reads the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from itertools import repeat
from threading import Lock
from typing import TYPE_CHECKING

from packaging.version import Version

from ftwheel.core.index.page import File, LinkReading, PageFault, ProjectDetails, SourceKind, Yanked, normalized
from ftwheel.core.index.page_columns import OLD_MAC, Columns, columns, has_plain_addresses
from ftwheel.core.installers.parsed_filename import BuildTag, ParsedFilename, unreadable
from ftwheel.core.installers.requirements import Requirement, parse_version
from ftwheel.core.named_tuples import NamedTuple

if TYPE_CHECKING:
    from typing import Protocol

    from ftwheel.core.wheel.contents import Metadata

__all__ = [
    "FileReader",
    "MatchingVersions",
    "PageSource",
    "ProjectFile",
    "ProjectFiles",
    "ReadsFiles",
    "VersionFiles",
    "VersionIndex",
    "WheelsByAbi",
]

_NEVER_TAKEN = frozenset({".exe", ".egg", ".rpm", ".msi", ".dmg", ".deb", ".asc"})  # common on old pages; a shortcut
_PLAIN_ABI = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*-[a-z0-9_]+(?:\.[a-z0-9_]+)*")
_PLAIN_PLATFORM = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)*")
_PLAIN_BUILD = r"([0-9]{1,18})((?:[A-Za-z_.][A-Za-z0-9_.]*)?)"
_LONGEST_VERSION = 18  # characters; up to this length, all numbers fit every installer


_UNSEEN = {
    LinkReading.PYTHON: unreadable("", "only a parser that follows the HTML standard finds this link"),
    LinkReading.STANDARD: unreadable("", "not a link by the HTML standard: it is text, or another attribute counts"),
}


class PageSource(NamedTuple):
    """One location and the page it has for the project."""

    kind: SourceKind
    details: ProjectDetails


class ProjectFile(NamedTuple):
    """One file of one page, as an installer reads its name; ``position`` is that on the page.

    ``upload_times`` are those of the whole page: nobody asks for one unless there is a cut-off.
    """

    source: int
    position: int
    filename: str
    reading: ParsedFilename
    requires_python: str | None
    upload_times: Sequence[datetime | None]
    yanked: Yanked | None

    @property
    def upload_time(self) -> datetime | None:
        return self.upload_times[self.position]


if TYPE_CHECKING:  # creating a Protocol takes time

    class FileReader(Protocol):
        """How one installer reads the files of one project."""

        def read(self, source: int, index: int) -> ParsedFilename:
            """The installer's reading of a file name without the usual shape."""
            ...

        def sort(self, entries: list[ProjectFile]) -> None:
            """Sort the files of one version in the order in which the installer compares them."""
            ...

    class ReadsFiles(Protocol):
        """The part of an installer that reads the files of a project."""

        @property
        def name(self) -> str: ...

        @property
        def links(self) -> LinkReading: ...

        def reader(self, project: ProjectFiles) -> FileReader: ...

        def contains(self, requirement: Requirement, version: Version) -> bool: ...


class ProjectFiles:
    """The pages of one project from all locations, prepared for any number of environments and installers.

    ``sources`` are in the order in which installers are given them: find-links, then pip's ``--index-url`` as INDEX,
    then ``--extra-index-url`` as EXTRA_INDEX. For uv, INDEX is the default index, which comes after the extra ones
    wherever it is listed. ``metadata`` is the known METADATA of wheels, by URL: installers read it after selecting a
    file, and may then select another. It matters for pages without metadata, such as folders.
    """

    def __init__(
        self,
        name: str,
        sources: Iterable[tuple[SourceKind, ProjectDetails]],
        *,
        metadata: Mapping[str, Metadata] | None = None,
    ) -> None:
        self.name = normalized(name)
        self.metadata = metadata or {}
        self.sources = tuple(PageSource(kind, details) for kind, details in sources)
        self.flat = frozenset(number for number, source in enumerate(self.sources) if source.kind.flat)
        self.columns: list[Columns] = [columns(source.details.files) for source in self.sources]
        self._seen_by = {
            (number, index): file.seen_by
            for number, source in enumerate(self.sources)
            if source.details.html
            for index, file in enumerate(source.details.files)
            if file.seen_by is not None
        }
        odd_pages = {number for number, _ in self._seen_by}
        odd_pages |= {
            number
            for number, source in enumerate(self.sources)
            if any(problem.fault is PageFault.FILENAME_TYPE for problem in source.details.problems)
        }
        self.has_plain_addresses = [
            number not in odd_pages and has_plain_addresses(source.details.files)
            for number, source in enumerate(self.sources)
        ]
        self._plain: dict[Version, list[tuple[int, Version, list[int]]]] = {}
        self._odd: list[tuple[int, int]] = []
        self._never: list[tuple[int, int]] = []
        self._plain_tags: dict[str, tuple[BuildTag, str, str] | None] = {}
        self._entries: dict[Version, tuple[list[ProjectFile], list[tuple[int, int]]]] = {}
        self._version_indexes: dict[str, VersionIndex] = {}
        self._files: dict[tuple[int, int], File] = {}
        versions: dict[str, Version | None] = {}
        names: dict[str, bool] = {}
        for number in range(len(self.sources)):
            self._sort_page(number, versions, names)
        self._plain_versions = sorted(self._plain, reverse=True)

    def version_index(self, installer: ReadsFiles) -> VersionIndex:
        """The files by version, as the installer reads their names."""
        found = self._version_indexes.get(installer.name)
        if found is None:
            found = self._version_indexes.setdefault(installer.name, VersionIndex(self, installer))
        return found

    def release(self) -> None:
        """Forget what was read for each installer: references back keep a page until the next garbage collection."""
        self._version_indexes.clear()

    def file(self, entry: ProjectFile) -> File:
        found = self._files.get((entry.source, entry.position))
        if found is None:
            file = self.sources[entry.source].details.files[entry.position]
            found = self._files.setdefault((entry.source, entry.position), file)
        return found

    def declared(self, entry: ProjectFile) -> Metadata | None:
        """The file's METADATA, None if unknown."""
        return self.metadata.get(self.url(entry))

    def url(self, entry: ProjectFile) -> str:
        return self.columns[entry.source][1][entry.position]

    def plain_versions(self) -> list[Version]:
        """The versions of the files that every installer reads alike, newest first."""
        return self._plain_versions

    def odd_entries(self, links: LinkReading, reader: FileReader) -> list[ProjectFile]:
        """The files whose names installers may read differently, or that some installers do not find."""
        return [
            self._entry(
                source, index, reader.read(source, index) if self.is_seen(source, index, links) else _UNSEEN[links]
            )
            for source, index in self._odd
        ]

    def is_seen(self, source: int, index: int, links: LinkReading) -> bool:
        """Whether an installer that reads HTML this way finds the file."""
        return self._seen_by.get((source, index), links) is links

    def never_taken(self, reader: FileReader) -> list[ProjectFile]:
        """The files of types that no installer supports."""
        return [self._entry(source, index, reader.read(source, index)) for source, index in self._never]

    def plain_entries(self, version: Version, reader: FileReader) -> list[ProjectFile]:
        """The files of a version whose names yield the same project and version in every installer."""
        found = self._entries.get(version)
        if found is None:
            shared: list[ProjectFile] = []
            irregular: list[tuple[int, int]] = []
            for source, written, indices in self._plain.get(version, ()):
                for index in indices:
                    reading = self._plain_reading(self.columns[source][0][index], written)
                    if reading is None:
                        irregular.append((source, index))
                    else:
                        shared.append(self._entry(source, index, reading))
            found = self._entries.setdefault(version, (shared, irregular))
        shared, irregular = found
        return shared + [self._entry(source, index, reader.read(source, index)) for source, index in irregular]

    def _plain_reading(self, filename: str, version: Version) -> ParsedFilename | None:
        """The reading if the rest of the name is plain too, so that every installer reads it alike; else None."""
        if filename[-4:] != ".whl":
            stem = filename.removesuffix(".tar.gz").removesuffix(".zip")
            return ParsedFilename("sdist", version, stem.rpartition("-")[2])
        _, text, rest = filename.split("-", 2)
        # the rest is the same for most versions
        tags = (
            self._plain_tags[rest] if rest in self._plain_tags else self._plain_tags.setdefault(rest, _plain_tags(rest))
        )
        return None if tags is None else ParsedFilename("wheel", version, text, *tags)

    def _sort_page(self, number: int, versions: dict[str, Version | None], names: dict[str, bool]) -> None:
        """Find the version in each name on a page; names that are not plain are added to the odd ones."""
        filenames = self.columns[number][0]
        if number in self.flat or not self.has_plain_addresses[number]:
            self._odd += zip(repeat(number), range(len(filenames)))
            return
        by_text: dict[str, list[int]] = {}
        odd = self._odd
        # the name of a wheel nearly always starts like that of the wheel before, and ends like another on the page
        start, length, of_start, ends = "", 0, list[int](), set[str]()
        for index, filename in enumerate(filenames):
            if filename[:length] == start and filename[length:] in ends:
                of_start.append(index)
                continue
            if filename[-4:] == ".whl":
                parts = filename.split("-")
                # with any other number of parts, Poetry reads one as part of the version
                if len(parts) != 5 and not (len(parts) == 6 and parts[2][:1].isdigit()):
                    odd.append((number, index))
                    continue
                name, text = parts[:2]
            elif filename[-7:] == ".tar.gz":
                name, _, text = filename[:-7].rpartition("-")
            elif filename[-4:] == ".zip" and OLD_MAC not in filename:
                name, _, text = filename[:-4].rpartition("-")
            else:
                (self._never if filename[-4:] in _NEVER_TAKEN else odd).append((number, index))
                continue
            plain = names.get(name)
            if plain is None:
                plain = names[name] = len(name) == len(self.name) and normalized(name) == self.name
            if not plain:
                odd.append((number, index))
                continue
            of_version = by_text.setdefault(text, [])
            of_version.append(index)
            if filename[-4:] == ".whl":
                start, of_start = f"{name}-{text}-", of_version
                length = len(start)
                ends.add(filename[length:])
        for text, indices in by_text.items():
            if text not in versions:
                versions[text] = parse_version(text) if len(text) <= _LONGEST_VERSION else None
            version = versions[text]
            if version is None:
                odd += [(number, index) for index in indices]
            else:
                self._plain.setdefault(version, []).append((number, version, indices))

    def _entry(self, source: int, index: int, reading: ParsedFilename) -> ProjectFile:
        filenames, _, requires_python, upload_times, yanked = self.columns[source]
        return ProjectFile(
            source,
            index,
            filenames[index],
            reading,
            requires_python[index],
            upload_times,
            yanked[index],
        )


def _plain_tags(rest: str) -> tuple[BuildTag, str, str] | None:
    """The build tag, ABIs and platforms of a wheel from the rest of its name; None if they are not plain."""
    *built, interpreter, abi, platform = rest[:-4].split("-")
    match = re.fullmatch(_PLAIN_BUILD, built[0]) if built else None
    if built and match is None:
        return None
    if not _PLAIN_ABI.fullmatch(f"{interpreter}-{abi}") or not _PLAIN_PLATFORM.fullmatch(platform):
        return None
    return (int(match[1]), match[2]) if match else (), f"{interpreter}-{abi}", platform


class WheelsByAbi(NamedTuple):
    """The files of a version, with wheels grouped by interpreter and ABI, so that each group is checked once.

    Each file comes with its position in the installer's order. Files with unacceptable names are omitted.
    """

    wheels: dict[str, list[tuple[int, ProjectFile]]]
    others: list[tuple[int, ProjectFile]]


_READING = Lock()  # threads share a project's files and compare them by identity


class VersionFiles:
    """The files of one version, read on first use."""

    __slots__ = ("_by_abi", "_entries", "_odd", "_project", "_reader", "_requires_python", "version")

    def __init__(self, version: Version, odd: list[ProjectFile], project: ProjectFiles, reader: FileReader) -> None:
        self.version = version
        self._odd = odd
        self._project = project
        self._reader = reader
        self._entries: list[ProjectFile] | None = None
        self._by_abi: WheelsByAbi | None = None
        self._requires_python: set[str | None] | None = None

    def entries(self) -> list[ProjectFile]:
        """The files in the order in which the installer compares them."""
        if self._entries is None:
            with _READING:
                self._entries = self._entries or self._read()
        return self._entries

    def _read(self) -> list[ProjectFile]:
        found = self._project.plain_entries(self.version, self._reader) + self._odd
        self._reader.sort(found)
        return found

    def requires_python(self) -> set[str | None]:
        """The distinct values that the page gives for the files."""
        if self._requires_python is None:
            self._requires_python = {entry.requires_python for entry in self.entries()}
        return self._requires_python

    def by_abi(self) -> WheelsByAbi:
        """The same files, without unacceptable names."""
        if self._by_abi is None:
            found = WheelsByAbi({}, [])
            for order, entry in enumerate(self.entries()):
                if entry.reading.problem is not None:
                    continue
                if entry.reading.kind == "wheel":
                    found.wheels.setdefault(entry.reading.abi, []).append((order, entry))
                else:
                    found.others.append((order, entry))
            self._by_abi = found
        return self._by_abi


class MatchingVersions(NamedTuple):
    """The versions that match a requirement, newest first: all of them, final ones only, pre-releases only."""

    versions: list[VersionFiles]
    finals: list[VersionFiles]
    prereleases: list[VersionFiles]


class VersionIndex:
    """The files of a project by version, as one installer reads their names.

    ``groups`` are newest first.
    """

    def __init__(self, project: ProjectFiles, installer: ReadsFiles) -> None:
        self.reader = installer.reader(project)
        self._contains = installer.contains
        self._project = project
        self._matching: dict[str, MatchingVersions] = {}
        self._unusable: list[ProjectFile] = []
        self._everything: list[ProjectFile] = []
        odd: dict[Version, list[ProjectFile]] = {}
        for entry in project.odd_entries(installer.links, self.reader):
            version = entry.reading.version
            if version is None or not entry.reading.is_of_project:
                self._unusable.append(entry)
            else:
                odd.setdefault(version, []).append(entry)
        versions = project.plain_versions()
        if odd:
            versions = sorted({*versions, *odd}, reverse=True)
        self.groups = [VersionFiles(version, odd.get(version, []), project, self.reader) for version in versions]

    @cached_property
    def by_version(self) -> dict[Version, VersionFiles]:
        """The groups by their version."""
        return {group.version: group for group in self.groups}

    def matching(self, requirement: Requirement) -> MatchingVersions:
        """The versions in the requirement's specifier."""
        text = requirement.specification
        found = self._matching.get(text)
        if found is None:
            groups = [group for group in self.groups if not text or self._contains(requirement, group.version)]
            found = self._matching[text] = MatchingVersions(
                groups,
                [group for group in groups if not group.version.is_prerelease],
                [group for group in groups if group.version.is_prerelease],
            )
        return found

    def everything(self) -> list[ProjectFile]:
        """All files, including those without a version."""
        if not self._everything:
            never = self._project.never_taken(self.reader)
            found = (entry for group in self.groups for entry in group.entries())
            self._everything = [*found, *self._unusable, *never]
        return self._everything
