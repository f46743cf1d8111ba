"""Decides which file uv selects; ``ftwheel.core.installers.uv.explanation`` explains every file.

uv walks over the versions, newest first, stable versions before pre-releases. For each version it considers one file,
the best wheel or else the source distribution, and only then checks the file's ``requires-python``; a mismatch rejects
the whole version. If uv selects a source distribution because none of the version's wheels match, it resolves with the
METADATA of the nearest miss among those wheels, not that of the source distribution. ``uv lock`` and ``uv sync``
resolve for all platforms at once and are not modelled.

Sources: uv 0.13.9 ``uv-resolver/src``: ``version_map.rs`` (the check of a file), ``prioritized_distribution.rs`` (the
best file), ``candidate_selector.rs`` (the walk), ``flat_index.rs`` (find-links), ``yanks.rs``, ``prerelease.rs``,
``resolver/mod.rs``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from packaging.version import Version

from ftwheel.core.index.page import SourceKind, normalized
from ftwheel.core.installers.candidates import Candidate
from ftwheel.core.installers.interface import Asked, Installer
from ftwheel.core.installers.options import IndexStrategy
from ftwheel.core.installers.parsed_filename import BuildTag, ParsedFilename
from ftwheel.core.installers.project_files import ProjectFile, VersionFiles
from ftwheel.core.installers.question import InstallerQuestion
from ftwheel.core.installers.uv.file_order import is_platform
from ftwheel.core.installers.uv.requires_python import meets_lower_bound
from ftwheel.core.named_tuples import NamedTuple

__all__ = ["UvSelection"]

_ALGORITHMS = frozenset({"md5", "sha256", "sha384", "sha512", "blake2b"})
_MATCHED, _MISSING, _MISMATCHED = 2, 1, 0
_SWITCHED_OFF, _YANKED, _UNKNOWN_TAGS, _OTHER_PYTHON, _OTHER_ABI, _NEEDS_GIL, _OTHER_PLATFORM = range(7)
_FREE_THREADED_ABI = r"none|abi3t|cp[0-9]+[a-z]*t[a-z]*"

Key = tuple[int, int, BuildTag]


class _Step(NamedTuple):
    """One version in one index, as uv evaluates it.

    ``sources`` are the numbers of the index and of find-links, None for all. ``last`` says that a rejection here is
    final.
    """

    group: VersionFiles
    sources: frozenset[int] | None
    last: bool

    def has(self, entry: ProjectFile) -> bool:
        return self.sources is None or entry.source in self.sources


class UvSelection(InstallerQuestion):
    """One question to uv; ``pins`` are the versions pinned elsewhere."""

    def __init__(self, installer: Installer, asked: Asked) -> None:
        super().__init__(installer, asked)
        project, options, single = asked.project, asked.options, asked.requirement.single
        self.pins = asked.pins if asked.pins is not None else frozenset(() if single is None else (single,))
        self.cutoff = None if options.uploaded_prior_to is None else _milliseconds(options.uploaded_prior_to)
        self.flat = project.flat
        kinds = [source.kind for source in project.sources]
        indexes = [number for number, kind in enumerate(kinds) if kind is SourceKind.EXTRA_INDEX]
        indexes += [number for number, kind in enumerate(kinds) if kind is SourceKind.INDEX]
        if options.index_strategy is IndexStrategy.FIRST_INDEX:
            indexes = indexes[:1]
        self.indexes = indexes
        self._misses: dict[tuple[str, str], int] = {}
        self.metadata_files: dict[int, ProjectFile] = {}
        """The file whose METADATA uv reads in place of the selected file's, by the ``id`` of the latter."""
        self._steps_to: dict[int, _Step] = {}

    def answer(self) -> tuple[Candidate | None, str]:
        """The file uv selects or None, and why the pages make it give up (empty if they do not)."""
        refusal = self.page_refusal((*sorted(self.flat), *self.indexes))
        best = None if refusal else self._best()
        if best is not None and (refusal := self._metadata_refusal(best)):
            best = None
        return (None if best is None else self.candidate(best), refusal)

    def _metadata_refusal(self, entry: ProjectFile) -> str:
        """Why uv fails after selecting the file and reading METADATA; empty when it does not."""
        entry = self.metadata_files.get(id(entry), entry)
        declared = self.project.declared(entry) if self.options.dependencies else None
        if declared is None or normalized(declared.name) == self.project.name:
            return ""
        return f"METADATA of {entry.filename} is that of {declared.name}"

    def _python_problem(self, entry: ProjectFile, step: _Step) -> str | None:
        """The requires-python that rules out a selected file and thus its version; None if the Python is allowed.

        If METADATA is unknown, the page's value is used.
        """
        if not self._requires_python(entry):
            return entry.requires_python
        if not self.options.dependencies or self._says_the_same(entry, step):
            return None
        read = entry
        if entry.reading.kind == "sdist" and (wheel := self._nearest_miss(step)) is not None:
            read = self.metadata_files[id(entry)] = wheel
        declared = self.project.declared(read)
        required = read.requires_python if declared is None else declared.requires_python
        if not required or meets_lower_bound(required, self.environment.python_version):
            return None
        return required

    def _says_the_same(self, entry: ProjectFile, step: _Step) -> bool:
        """Whether the page's requires-python certainly holds, whichever file of the version uv reads METADATA from."""
        return not self.project.metadata and step.group.requires_python() == {entry.requires_python}

    def _nearest_miss(self, step: _Step) -> ProjectFile | None:
        """The wheel whose METADATA uv reads if no wheel of a version matches; None if one does or there are no wheels.

        This is the nearest miss (``IncompatibleWheel::is_more_compatible``), the first one on a tie; among yanked
        wheels, it is the first without a reason, else the last. A wheel that is too new is the nearest miss but is not
        read, so the result is None.
        """
        nearest: ProjectFile | None = None
        nearest_rank = -1
        for entry in step.group.entries():
            reading = entry.reading
            if reading.kind != "wheel" or reading.problem is not None or not step.has(entry):
                continue
            if self._requires_python(entry) is None:
                continue
            if self._is_late(entry):
                return None
            if not self.wheels:
                rank = _SWITCHED_OFF
            elif self._is_yanked(entry):
                rank = _YANKED
            elif self.position(entry) is not None:
                return None
            else:
                tags = reading.abi, reading.platform
                if tags not in self._misses:
                    self._misses[tags] = self._misses_by(reading)
                rank = self._misses[tags]
            replaced = rank == nearest_rank == _YANKED and nearest is not None and self._has_reason(nearest)
            if rank > nearest_rank or replaced:
                nearest, nearest_rank = entry, rank
        return nearest

    def _misses_by(self, reading: ParsedFilename) -> int:
        """How close the tags of a wheel are to the accepted ones (``Tags::compatibility``); higher is closer."""
        interpreters, abis = (part - {""} for part in self.abis.split(reading.abi))
        if self.environment.free_threaded and not any(re.fullmatch(_FREE_THREADED_ABI, abi) for abi in abis):
            return _NEEDS_GIL
        rank = _UNKNOWN_TAGS
        for interpreter in interpreters:
            if not self.abis.knows_interpreter(f"{interpreter}-none"):
                rank = max(rank, _OTHER_PYTHON)
            for abi in abis if self.abis.knows_interpreter(f"{interpreter}-none") else ():
                if self.abis.positions[f"{interpreter}-{abi}"] == (None, None):
                    rank = max(rank, _OTHER_ABI)
                elif any(map(is_platform, reading.platform.split("."))):
                    rank = _OTHER_PLATFORM
        return rank

    def _best(self) -> ProjectFile | None:
        return next(self.walk(), None)

    def walk(self) -> Iterator[ProjectFile]:
        """The file of each version, in the order in which uv tries them."""
        rejected: set[Version] = set()
        for steps in self._phases():
            for step in steps:
                if step.group.version in rejected:
                    continue
                best = self._pick(step)
                if best is not None and self._python_problem(best, step) is None:
                    self._steps_to[id(best)] = step
                    yield best
                if best is not None or (step.last and self._is_turned_down(step)):
                    rejected.add(step.group.version)

    def metadata_file(self, entry: ProjectFile) -> ProjectFile:
        """The nearest miss for a source distribution whose wheels do not match, else the file itself."""
        if entry.reading.kind == "wheel":
            return entry
        return self._nearest_miss(self._steps_to[id(entry)]) or entry

    def _phases(self) -> Iterator[Iterator[_Step]]:
        """The phases of the walk: stable versions only, pre-releases only, or both, depending on the options."""
        versions, finals, prereleases = self.version_index.matching(self.requirement)
        lists = [finals, prereleases]
        if self.options.allow_prereleases is not None:
            lists = [versions if self.options.allow_prereleases else finals]
        indexes = [[number] for number in self.indexes] or [[]]
        if self.options.index_strategy is IndexStrategy.UNSAFE_BEST_MATCH:
            for part in lists:
                yield self._steps(part, indexes)
        else:
            for index in indexes:
                for part in lists:
                    yield self._steps(part, [index])

    def _steps(self, groups: list[VersionFiles], indexes: list[list[int]]) -> Iterator[_Step]:
        """The versions, newest first, each in all indexes in turn; find-links are part of every index."""
        for group in groups:
            for index in indexes:
                yield _Step(group, None if self._is_all(index) else self.flat.union(index), last=len(indexes) == 1)

    def _is_all(self, index: list[int]) -> bool:
        """Whether an index and find-links are the only sources."""
        return len(self.flat) + len(index) == len(self.project.sources)

    def _pick(self, step: _Step) -> ProjectFile | None:
        """The one file of a version that uv considers: the first of the best wheels, else the source distribution."""
        best: ProjectFile | None = None
        best_key: tuple[Key, int] | None = None
        for index, order, entry in self.accepted_wheels(step.group) if self.wheels else ():
            key = self._rate_wheel(entry, index) if step.has(entry) and not self._is_late(entry) else None
            if key is not None and (best_key is None or (key, -order) > best_key):
                best, best_key = entry, (key, -order)
        sdist: ProjectFile | None = None
        hashed = -1
        for _, entry in step.group.by_abi().others if self.sdists else ():
            if step.has(entry) and self._accepts_sdist(entry) and not self._is_late(entry):
                compared = self._compare_hashes(entry)
                if compared > hashed:
                    sdist, hashed = entry, compared
        if sdist is not None and (best_key is None or hashed > best_key[0][0]):
            return sdist
        return best

    def _is_turned_down(self, step: _Step) -> bool:
        """Whether uv, accepting none of the files, rejects the version in all indexes; not if they are only too new.

        If several files were rejected, one that is too new decides, and source distributions take precedence over
        wheels.
        """
        found = [
            entry for entry in step.group.entries() if step.has(entry) and self._requires_python(entry) is not None
        ]
        sdists = [self._is_late(entry) for entry in found if entry.reading.kind != "wheel"]
        wheels = [self._is_late(entry) for entry in found if entry.reading.kind == "wheel"]
        late = any(sdists) if sdists else any(wheels)
        return bool(found) and not late

    def _is_flat(self, entry: ProjectFile) -> bool:
        return entry.source in self.flat

    def _requires_python(self, entry: ProjectFile) -> bool | None:
        """Whether the Python is new enough for the file; None if uv cannot parse the page's value and drops it."""
        if entry.requires_python is None:
            return True
        return meets_lower_bound(entry.requires_python, self.environment.python_version)

    def _is_late(self, entry: ProjectFile) -> bool:
        """Whether the cut-off excludes the file: even one without an upload time, but never one from find-links."""
        if self.cutoff is None or self._is_flat(entry):
            return False
        return entry.upload_time is None or _milliseconds(entry.upload_time) >= self.cutoff

    def _is_yanked(self, entry: ProjectFile) -> bool:
        return entry.yanked is not None and not self._is_flat(entry) and entry.reading.version not in self.pins

    def _has_reason(self, entry: ProjectFile) -> bool:
        """Whether it is yanked with a reason: for uv any string in JSON, even an empty one, or a value in HTML."""
        html = self.project.sources[entry.source].details.html
        return entry.yanked is not None and (bool(entry.yanked.reason) or entry.yanked.doubtful is not html)

    def _rate_wheel(self, entry: ProjectFile, index: int) -> Key | None:
        """The sort key of a wheel with accepted tags among those of its version; None if uv does not accept it."""
        if self._requires_python(entry) is None or self._is_yanked(entry):
            return None
        return (self._compare_hashes(entry), -index, entry.reading.build)

    def _accepts_sdist(self, entry: ProjectFile) -> bool:
        return self._requires_python(entry) is not None and not self._is_yanked(entry)

    def _compare_hashes(self, entry: ProjectFile) -> int:
        version = entry.reading.version
        # uv keeps hashes only for the pinned version and its local versions (uv-types hash.rs)
        if not self.options.hashes or version is None or self.pins.isdisjoint({version, Version(version.public)}):
            return _MATCHED
        found = self._hashes(entry)
        if not found:
            return _MISSING
        return _MISMATCHED if self.options.hashes.isdisjoint(found) else _MATCHED

    def _hashes(self, entry: ProjectFile) -> set[tuple[str, str]]:
        hashes = self.project.file(entry).hashes
        return {(algorithm, digest.lower()) for algorithm, digest in hashes if algorithm in _ALGORITHMS}


def _milliseconds(time: datetime) -> int:
    """The time in milliseconds, uv's precision."""
    delta = time.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000
