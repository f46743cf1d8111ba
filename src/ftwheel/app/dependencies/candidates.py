"""Provides the projects of a resolution, reading each page once, and the files that the installer would select."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count, islice
from threading import Lock
from types import TracebackType
from typing import Any, Self

from packaging.version import Version

from ftwheel.core.dependencies.resolution import CoreMetadata, MetadataSource, UnknownMetadata, combined, dependencies
from ftwheel.core.errors import FtwheelError
from ftwheel.core.index.page import File
from ftwheel.core.index.pages import Index
from ftwheel.core.installers.candidates import Candidate
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.registry import find_installer
from ftwheel.core.installers.requirements import Requirement
from ftwheel.core.installers.selection import ProjectFiles, walk
from ftwheel.core.tags.environments import Environment
from ftwheel.core.wheel.contents import Metadata

__all__ = ["CandidateSource", "InstallerCandidates", "Prefetcher"]

_JOBS = 24
_MOST_AHEAD = 24  # candidates of one project


class CandidateSource:
    """Pages and metadata for any number of resolutions on the same indexes. Thread-safe."""

    def __init__(
        self,
        indexes: Sequence[Index],
        metadata: MetadataSource,
        *,
        jobs: int = _JOBS,
        abort: Callable[[], None] = lambda: None,
        observer: Callable[[int, str], None] = lambda number, name: None,
    ) -> None:
        """``indexes`` are in pip's order. ``abort`` cancels pending requests; it is called on an interruption.

        ``observer`` is called from any thread with the number of projects so far, and the name of the project or file
        that is read now.
        """
        self.jobs = jobs
        self.abort = abort
        self._observer = observer
        self._indexes = indexes
        self._metadata = metadata
        self._projects: dict[str, Future[ProjectFiles | None]] = {}
        self._lock = Lock()

    def project(self, name: str) -> ProjectFiles | None:
        """A project; None if no index has it. Raises what the indexes raise, the same on every call."""
        with self._lock:
            found = self._projects.get(name)
            future = found or self._projects.setdefault(name, Future())
        if found is None:
            self._observer(len(self._projects), name)
            try:
                pages = [(index.kind, index.project(name)) for index in self._indexes]
                listed = [(kind, page) for kind, page in pages if page is not None]
                # the dictionary is filled once a file turns out not to match its name
                future.set_result(ProjectFiles(name, listed, metadata={}) if listed else None)
            except BaseException as error:
                future.set_exception(error)
                raise
        return future.result()

    def metadata(self, file: File) -> CoreMetadata | UnknownMetadata:
        """See ``MetadataSource``."""
        self._observer(len(self._projects), file.filename)
        return self._metadata.metadata(file)


class InstallerCandidates:
    """The candidates of one installer in one environment, from the projects of a source."""

    def __init__(
        self,
        source: CandidateSource,
        environment: Environment,
        rules: Callable[[str], InstallerOptions],
        *,
        constraints: Iterable[Requirement] = (),
        pins: Iterable[Requirement] = (),
        hashes: dict[str, frozenset[tuple[str, str]]] | None = None,
    ) -> None:
        """``pins`` are the direct requirements: uv selects yanked versions that they pin."""
        self.source = source
        self.environment = environment
        self.markers = dict(environment.markers)
        self.answers: dict[tuple[str, str], bool] = {}
        self._rules = rules
        self._hashes = hashes or {}
        self._constraints: dict[str, list[Requirement]] = {}
        for each in constraints:
            self._constraints.setdefault(each.name, []).append(each)
        self._pins: dict[str, set[Version]] = {}
        for each in pins:
            if each.single is not None:
                self._pins.setdefault(each.name, set()).add(each.single)
        self._wanted: dict[tuple[str, ...], Requirement] = {}
        self._walks: dict[tuple[str, str], _Walk] = {}  # by name and requirement
        self._lock = Lock()

    def rules(self, name: str) -> InstallerOptions:
        found = self._rules(name)
        return found._replace(hashes=found.hashes | self._hashes[name]) if name in self._hashes else found

    def wanted(self, name: str, requirements: Iterable[Requirement]) -> Requirement:
        """The combination of all requirements and the constraints."""
        asked = [*self._constraints.get(name, ()), *requirements]
        key = name, *(each.text for each in asked)
        if key not in self._wanted:
            self._wanted[key] = combined(name, asked)
        return self._wanted[key]

    def versions(self, name: str) -> tuple[Version, ...]:
        """Every version on the pages, newest first."""
        project = self.source.project(name)
        if project is None:
            return ()
        with self._lock:
            return tuple(
                group.version for group in project.version_index(find_installer(self._rules(name).name)).groups
            )

    def candidates(self, wanted: Requirement) -> Iterator[Candidate]:
        """The file selected for each version, in the installer's order. Raises what the indexes raise."""
        project = self.source.project(wanted.name)
        if project is None:
            return
        key = wanted.name, wanted.text
        with self._lock:
            found = self._walks.get(key)
            if found is None:
                pins = frozenset(self._pins.get(wanted.name, ()))
                found = self._walks[key] = _Walk(
                    walk(project, wanted, self.environment, self.rules(wanted.name), pins=pins)
                )
        index = 0
        while (candidate := self._at(found, index)) is not None:
            yield candidate
            index += 1

    def _at(self, found: _Walk, index: int) -> Candidate | None:
        with self._lock:  # projects are not thread-safe
            return found.at(index)

    def learn(self, name: str, candidate: Candidate, said: CoreMetadata) -> bool:
        """Record the metadata of a selected file, which may change the selection; False if it was already known."""
        project = self.source.project(name)
        assert project is not None
        assert isinstance(project.metadata, dict)
        with self._lock:
            read = candidate.metadata_file.url
            if read in project.metadata:
                return False
            project.metadata[read] = Metadata(
                name=said.name, version=said.version, requires_python=said.requires_python, classifiers=()
            )
            self._walks = {key: found for key, found in self._walks.items() if key[0] != name}
        return True


class _Walk:
    """The candidates seen so far, and the rest."""

    __slots__ = ("_rest", "_seen")

    def __init__(self, rest: Iterator[Candidate]) -> None:
        self._rest = rest
        self._seen: list[Candidate] = []

    def at(self, index: int) -> Candidate | None:
        while len(self._seen) <= index:
            candidate = next(self._rest, None)
            if candidate is None:
                return None
            self._seen.append(candidate)
        return self._seen[index]


class Prefetcher:
    """Fetches what a resolution will probably need, concurrently, while it runs.

    It reads the newest matching candidate of every project, then the projects that candidate requires, and further
    candidates once the search turns to them. A wrong guess costs only a request, and errors are raised where the result
    is used.
    """

    def __init__(self, target: InstallerCandidates) -> None:
        self._target = target
        self._pool = ThreadPoolExecutor(max_workers=target.source.jobs, thread_name_prefix="lookahead")
        self._seen: set[tuple[str, tuple[str, ...]]] = set()
        self._files: set[str] = set()
        self._seconds: set[Requirement] = set()
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and not issubclass(kind, FtwheelError):
            self._target.source.abort()
        self._pool.shutdown(cancel_futures=True)

    def start(self, requirements: Iterable[Requirement]) -> None:
        """Fetch these projects and everything they require."""
        for each in requirements:
            with self._lock:
                new = (each.name, each.extras) not in self._seen
                self._seen.add((each.name, each.extras))
            if new:
                self._submit(self._look, each)

    def ahead(
        self, candidates: Iterator[tuple[Version, Candidate]], tried: int = 0
    ) -> Iterator[tuple[Version, Candidate]]:
        """Yield the candidates; the more of them were tried, the more of the next ones are read meanwhile."""
        next_ones: deque[tuple[Version, Candidate]] = deque()
        for number in count(tried):
            more = min(number, _MOST_AHEAD) if number > 1 else 0
            for version, candidate in islice(candidates, more + 1 - len(next_ones)):
                if more:
                    self.read(candidate.metadata_file)
                next_ones.append((version, candidate))
            if not next_ones:
                return
            yield next_ones.popleft()

    def second(self, wanted: Requirement) -> None:
        """Read the candidate that the search turns to if the first is not possible."""
        with self._lock:
            new = wanted not in self._seconds
            self._seconds.add(wanted)
        if new:
            self._submit(self._read_second, wanted)

    def read(self, file: File) -> None:
        """Read the metadata of a file."""
        with self._lock:
            new = file.url not in self._files
            self._files.add(file.url)
        if new:
            self._submit(self._read, file)

    def _submit(self, work: Callable[[Any], None], argument: Any) -> None:
        try:
            self._pool.submit(work, argument)
        except RuntimeError:
            return  # the resolution is over

    def _read_second(self, wanted: Requirement) -> None:
        try:
            for candidate in islice(self._target.candidates(wanted), 1, 2):
                if candidate.kind == "wheel":  # of a source distribution, everything has to be downloaded
                    self.read(candidate.metadata_file)
        except FtwheelError:
            return

    def _read(self, file: File) -> None:
        try:
            self._target.source.metadata(file)
        except FtwheelError:
            return

    def _look(self, requirement: Requirement) -> None:
        target = self._target
        try:
            wanted = target.wanted(requirement.name, [requirement])
            first = next(target.candidates(wanted), None)
            if first is None:
                return
            said = target.source.metadata(first.metadata_file)
            if isinstance(said, CoreMetadata):
                for extras in {(), requirement.extras}:
                    found = dependencies(said, extras, target.markers, target.answers)
                    self.start(each.requirement for each in found if not each.address)
        except FtwheelError:
            return
