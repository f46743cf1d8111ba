"""Decides which file pip selects; ``ftwheel.core.installers.pip.explanation`` explains every file.

pip evaluates each file by itself (name, tags, upload time, requires-python), filters the candidates by requirement,
pre-releases and hashes, and sorts the rest; its resolver selects the last one that is not yanked. This allows finding
the best file version by version, newest first.

Sources: pip 26.3 ``_internal/index/package_finder.py`` (``LinkEvaluator``, ``CandidateEvaluator``),
``resolution/resolvelib/factory.py`` (``_iter_found_candidates``), packaging 26.3 ``specifiers.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from ftwheel.core.installers.interface import Asked, Installer
from ftwheel.core.installers.parsed_filename import BuildTag
from ftwheel.core.installers.pip.page_order import PipReader
from ftwheel.core.installers.project_files import ProjectFile, VersionFiles
from ftwheel.core.installers.question import InstallerQuestion
from ftwheel.core.versions import meets_plainly, specifier_set

__all__ = ["AFTER_ALL_TAGS", "PipSelection", "meets_python"]

AFTER_ALL_TAGS = 2**62  # a source distribution comes after every wheel of its version

_WORST: tuple[int, BuildTag, int] = (-2 * AFTER_ALL_TAGS, (), 0)


@lru_cache(maxsize=4096)
def meets_python(specifier: str, python: tuple[int, int, int]) -> bool:
    """Whether pip accepts the Python for ``requires-python``; it ignores an invalid one."""
    if (plainly := meets_plainly(specifier, python)) is not None:
        return plainly
    from packaging.specifiers import InvalidSpecifier  # noqa: PLC0415  # 15 ms, and most say >=3.N

    try:
        return ".".join(map(str, python)) in specifier_set(specifier)
    except InvalidSpecifier:
        return True


class PipSelection(InstallerQuestion):
    """One question to pip; ``walk`` requires that ``looks_at_every_file`` is false."""

    def __init__(self, installer: Installer, asked: Asked) -> None:
        super().__init__(installer, asked)
        assert isinstance(self.version_index.reader, PipReader)
        self.reader = self.version_index.reader
        self.python = ".".join(map(str, asked.environment.minor))
        self.prereleases = asked.options.allow_prereleases
        if self.prereleases is None:
            self.prereleases = asked.requirement.asks_for_prereleases or None  # naming one enables all

    def looks_at_every_file(self) -> bool:
        """Whether anything outranks the version, distinguishes equal versions, or may make pip fail."""
        options = self.options
        return bool(
            options.hashes
            or options.prefer_binary
            or self.requirement.compares_text
            or self.reader.has_traps
            or self.project.metadata
            or (options.uploaded_prior_to is not None and not self.reader.has_all_upload_times)
        )

    def walk(self) -> Iterator[ProjectFile]:
        """The best file of each version, in the order in which pip's resolver tries them.

        Yanked files are candidates, but are selected only if there is no other file and the requirement is pinned.
        """
        versions, finals, prereleases = self.version_index.matching(self.requirement)
        parts = [versions] if self.prereleases else [finals, prereleases]
        for groups in parts[:1] if self.prereleases is False else parts:
            found = False
            yanked: list[ProjectFile] = []
            for group in groups:
                best, best_yanked = self._bests(group)
                if best is not None:
                    found = True
                    yield best
                elif best_yanked is not None:
                    yanked.append(best_yanked)
            if not found and self.requirement.pinned:
                yield from yanked
            if found or yanked:
                return

    def _bests(self, group: VersionFiles) -> tuple[ProjectFile | None, ProjectFile | None]:
        """The best file of a version, and its best yanked file."""
        # pip selects the last of equal files in its order, so the order is part of the key
        best = best_yanked = None
        best_key = yanked_key = _WORST
        for key, entry in self._candidates(group):
            if entry.yanked is None or entry.yanked.doubtful:
                if key > best_key:
                    best, best_key = entry, key
            elif key > yanked_key:
                best_yanked, yanked_key = entry, key
        return best, best_yanked

    def _candidates(self, group: VersionFiles) -> Iterator[tuple[tuple[int, BuildTag, int], ProjectFile]]:
        """Yield the acceptable files of a version, each with its sort key; the best has the greatest."""
        if self.wheels:
            for index, order, entry in self.accepted_wheels(group):
                if self._accepts(entry):
                    yield (-index, entry.reading.build, order), entry
        if self.sdists:
            for order, entry in group.by_abi().others:
                if self._accepts(entry):
                    yield (-AFTER_ALL_TAGS, (), order), entry

    def _accepts(self, entry: ProjectFile) -> bool:
        """Whether the file passes pip's checks after the tags."""
        python = entry.reading.python
        if python and python != self.python:
            return False
        if self.options.uploaded_prior_to is not None and self._is_too_late(entry):
            return False
        return self._meets_python(entry)

    def _meets_python(self, entry: ProjectFile) -> bool:
        return self._takes_python(entry.requires_python)

    def _takes_python(self, specifier: str | None) -> bool:
        return (
            not specifier
            or self.options.ignore_requires_python
            or meets_python(specifier, self.environment.python_version)
        )

    def _is_local(self, entry: ProjectFile) -> bool:
        return self.project.url(entry).startswith("file:")

    def _is_too_late(self, entry: ProjectFile) -> bool:
        cutoff = self.options.uploaded_prior_to
        return (
            cutoff is not None
            and entry.upload_time is not None
            and not self._is_local(entry)
            and entry.upload_time >= cutoff
        )
