"""Decides which file Poetry selects.

Poetry first chooses the version, whatever its files: the newest that matches the requirement, is not yanked, and allows
the Python. It then looks for that version's best file for the environment and fails if there is none; it does not try
an older version. A version is yanked if all of its files are; otherwise its yanked files are not locked and cannot be
installed.

Sources: Poetry 2.5.1 ``repositories/repository.py`` (``find_packages``), ``repositories/http_repository.py``
(``_get_info_from_links``, ``_links_to_data``), ``puzzle/provider.py`` (``search_for``, ``complete_package``),
``installation/chooser.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from packaging.version import Version

from ftwheel.core.installers.candidates import Candidate
from ftwheel.core.installers.explanation import Judgement
from ftwheel.core.installers.parsed_filename import BuildTag
from ftwheel.core.installers.poetry.constraints import allowed_ranges, allows, pins, without
from ftwheel.core.installers.project_files import ProjectFile, VersionFiles
from ftwheel.core.installers.question import InstallerQuestion
from ftwheel.core.installers.rejections import (
    FormatDisallowed,
    InvalidFilename,
    NotConsulted,
    OtherVersionResolved,
    Prerelease,
    Reason,
    RequiresPython,
    UploadedTooLate,
    VersionMismatch,
    VersionRejected,
    YankedFile,
    filename_reason,
)
from ftwheel.core.named_tuples import NamedTuple
from ftwheel.core.versions import meets_plainly, specifier_set

__all__ = ["PoetrySelection", "meets_python"]

_AFTER_ALL_TAGS = 2**62  # a source distribution comes after every wheel

_NO_ARBITRARY_EQUALITY = "Poetry cannot read ==="


@lru_cache(maxsize=4096)
def meets_python(specifier: str, python: tuple[int, int, int]) -> bool | None:
    """Whether the Python satisfies ``requires-python``; None if Poetry cannot parse it and so fails."""
    if (plainly := meets_plainly(specifier, python)) is not None:
        return plainly
    from packaging.specifiers import InvalidSpecifier  # noqa: PLC0415  # 15 ms, and most are plain

    try:
        return specifier_set(specifier).contains(".".join(map(str, python)), prereleases=True)
    except InvalidSpecifier:
        return None


class _Release(NamedTuple):
    """The files of a version in one index, in page order; ``yanked`` if all of them are.

    ``problem`` is the Requires-Python that rules it out; None if the Python is allowed, or it was not looked up.
    """

    version: Version
    files: tuple[ProjectFile, ...]
    yanked: bool
    problem: str | None = None


class PoetrySelection(InstallerQuestion):
    """One question to Poetry."""

    def answer(self) -> tuple[Candidate | None, str]:
        if refusal := self._page_problem():
            return None, refusal
        for release in self._releases():
            if refusal := self._refusal(release):
                return None, refusal
            if release.problem is None:
                files = self._best_first(release)
                return (self.candidate(files[0]) if files else None, "")
        return None, ""

    def walk(self) -> Iterator[ProjectFile]:
        """The best file of each version, up to the first version without one, where Poetry stops."""
        for release in self._releases():
            if release.problem is None:
                files = self._best_first(release)
                if not files:
                    return
                yield files[0]

    def judge(self) -> Judgement:
        """Every file with its rank or its reason."""
        reasons: dict[int, tuple[ProjectFile, Reason]] = {}

        def reject(entry: ProjectFile, reason: Reason) -> None:
            reasons.setdefault(id(entry), (entry, reason))

        releases = list(self._releases())
        chosen = next((release for release in releases if release.problem is None), None)
        ranked = [] if chosen is None else self._best_first(chosen)
        taken = {id(entry) for entry in ranked}
        for release in releases:
            problem = release.problem
            if problem is not None:
                read = self._metadata_files(release)[-1]
                python, with_it = RequiresPython(specifier=problem), VersionRejected(because=read.filename)
                for entry in release.files:
                    reject(entry, python if entry is read else with_it)
            elif release is chosen:
                for entry in release.files:
                    if id(entry) not in taken:
                        reject(entry, self._reason(entry, release) or YankedFile(reason=""))
            else:
                assert chosen is not None  # a version without a problem either is the chosen one or comes after it
                passed_over = release.version.is_prerelease and not chosen.version.is_prerelease
                reason = Prerelease() if passed_over else OtherVersionResolved(version=str(chosen.version))
                for entry in release.files:
                    reject(entry, reason)
        fitting = {group.version for group in self.version_index.matching(self.requirement).versions}
        for entry in self.version_index.everything():
            if id(entry) not in taken and id(entry) not in reasons:
                reject(entry, self._reason_of_version(entry, fitting))
        tried = releases if chosen is None else releases[: releases.index(chosen) + 1]
        refusal = self._page_problem() or next(filter(None, map(self._refusal, tried)), "")
        return Judgement(ranked=ranked, rejected=list(reasons.values()), refusal=refusal)

    def _page_problem(self) -> str:
        """Why Poetry fails for any version; empty when it does not."""
        if self.requirement.compares_text:
            return _NO_ARBITRARY_EQUALITY
        return self.page_refusal(n for n in range(len(self.project.sources)) if n not in self.project.flat)

    def _refusal(self, release: _Release) -> str:
        """Why Poetry fails at this version; empty when it does not."""
        for entry in self._used_files(release):
            if "type of hashes" in self.project.file(entry).broken:
                return f"hashes of {entry.filename} cannot be read"
        for required in self._required(release):
            if meets_python(required, self.environment.python_version) is None:
                return f"requires-python {required[:200]!r} of {release.version} is invalid"
        if release.problem is not None and not all(entry.reading.trap for entry in release.files):
            return ""
        return next((entry.reading.trap for entry in release.files if entry.reading.trap), "")

    def _releases(self) -> Iterator[_Release]:
        """The matching versions of all indexes, in the order in which Poetry tries them: finals, then pre-releases.

        Once it has rejected all of them, it queries the indexes again for the remaining versions.
        """
        versions, finals, _ = self.version_index.matching(self.requirement)
        asked = self.options.allow_prereleases
        fitting = finals if asked is False else versions
        ranges = allowed_ranges(self.requirement)
        left = [
            [release for group in fitting if (release := self._release(group, source, pinned=pins(ranges))) is not None]
            for source in range(len(self.project.sources))
            if source not in self.project.flat
        ]
        while any(left):
            found: list[_Release] = []
            for here in left:
                # an index's pre-releases count if it has nothing else
                prereleases = asked or all(release.version.is_prerelease for release in here)
                found += [release for release in here if prereleases or not release.version.is_prerelease]
            found.sort(
                key=lambda each: (not each.yanked, not each.version.is_prerelease and not asked, each.version),
                reverse=True,
            )
            for release in found:
                if allows(ranges, release.version) and (pins(ranges) or not release.yanked):
                    first = self._first(release)
                    yield first
                    if first.problem is not None:
                        ranges = without(ranges, release.version)
            tried = {release.version for release in found}
            left = [
                [each for each in here if each.version not in tried and allows(ranges, each.version)] for here in left
            ]

    def _first(self, release: _Release) -> _Release:
        """The version as Poetry finds it when it looks it up again: in the first index that has it."""
        group = self.version_index.by_version[release.version]
        files = [e for e in group.entries() if _problem(e) is None and e.source not in self.project.flat]
        first = min(entry.source for entry in files)
        here = tuple(entry for entry in files if entry.source == first)
        found = _Release(release.version, here, all(entry.yanked is not None for entry in here))
        return found._replace(problem=self._python_problem(found))

    def _release(self, group: VersionFiles, source: int, *, pinned: bool) -> _Release | None:
        files = tuple(entry for entry in group.entries() if entry.source == source and _problem(entry) is None)
        yanked = all(entry.yanked is not None for entry in files)
        if not files or (yanked and not pinned) or any(map(self._is_late, files)):
            return None
        return _Release(group.version, files, yanked)

    def _is_late(self, entry: ProjectFile) -> bool:
        cutoff = self.options.uploaded_prior_to
        return cutoff is not None and entry.upload_time is not None and entry.upload_time > cutoff

    def _python_problem(self, release: _Release) -> str | None:
        """The Requires-Python that rules out a version; None when the Python is allowed."""
        required = self._required(release)
        if not required or any(meets_python(one, self.environment.python_version) for one in required):
            return None
        return " or ".join(required)

    def _required(self, release: _Release) -> list[str]:
        """The specifiers, one of which the Python has to satisfy; empty if every Python is allowed.

        If METADATA is unknown, the page's value is used.
        """

        def declared(entry: ProjectFile) -> str:
            found = self.project.declared(entry)
            return self._page_python(entry) if found is None else found.requires_python

        found = list(map(declared, self._metadata_files(release)))
        if len(found) == 1:
            return found if found[0] else []
        two, three = found
        return [two or ">=2.7,<3", three or ">=3,<4"] if two or three else []

    def _metadata_files(self, release: _Release) -> tuple[ProjectFile, ...]:
        """The files whose METADATA represents the version: wheels for any platform, else the first wheel, else sdist.

        Of the wheels for any platform, this is the one for both Python 2 and 3, or else the one for Python 2 and the
        last of the others, for Python 3.
        """
        files = self._used_files(release)
        wheels = [entry for entry in files if entry.reading.kind == "wheel"]
        universal = {entry.reading.abi.split("-")[0]: entry for entry in wheels if _is_universal(entry)}
        if "py2.py3" in universal:
            return (universal["py2.py3"],)
        two = [entry for name, entry in universal.items() if name == "py2"]
        three = [entry for entry in wheels if _is_universal(entry) and not entry.reading.abi.startswith("py2-")][-1:]
        return (*two, *three) or tuple((wheels or files)[:1])

    def _used_files(self, release: _Release) -> list[ProjectFile]:
        return [entry for entry in release.files if release.yanked or entry.yanked is None]

    def _page_python(self, entry: ProjectFile) -> str:
        """The page's value; Poetry unescapes HTML character references twice."""
        required = entry.requires_python or ""
        if "&" in required and self.project.sources[entry.source].details.html:
            from html import unescape  # noqa: PLC0415  # 5 ms

            required = unescape(required)
        return required

    def _best_first(self, release: _Release) -> list[ProjectFile]:
        files = [entry for entry in release.files if self._reason(entry, release) is None]
        return sorted(files, key=self._key, reverse=True)  # keeps the order of equals

    def _key(self, entry: ProjectFile) -> tuple[bool, bool, BuildTag, int]:
        """The sort key: files whose digest Poetry has to compute come after all others, then yanked after unyanked."""
        index = self.position(entry) if entry.reading.kind == "wheel" else None
        trusted = bool(self._digest(entry)) or not self.project.file(entry).hashes
        return (trusted, entry.yanked is None, entry.reading.build, -_AFTER_ALL_TAGS if index is None else -index)

    def _digest(self, entry: ProjectFile) -> tuple[str, str] | None:
        """The digest for the lock file; None if Poetry computes it from the file."""
        hashes = dict(self.project.file(entry).hashes)
        return next(((name, hashes[name]) for name in ("sha512", "sha384", "sha256") if name in hashes), None)

    def _reason(self, entry: ProjectFile, release: _Release) -> Reason | None:
        """Why a file of the chosen version cannot be installed."""
        reading = entry.reading
        if entry.yanked is not None and not release.yanked:
            locked = {self._digest(each) for each in release.files if each.yanked is None}
            if self._digest(entry) is None or self._digest(entry) not in locked:
                return YankedFile(reason=entry.yanked.reason)
        if not (self.wheels if reading.kind == "wheel" else self._takes_sdist(entry)):
            return FormatDisallowed(format="wheel" if reading.kind == "wheel" else "sdist")
        return self.tag_reason(entry) if reading.kind == "wheel" else None

    def _takes_sdist(self, entry: ProjectFile) -> bool:
        """Whether a source distribution is allowed; ``only-binary`` covers three archive types and allows others."""
        return self.sdists or not entry.filename.endswith((".tar.bz2", ".tar.gz", ".zip"))

    def _reason_of_version(self, entry: ProjectFile, fitting: set[Version]) -> Reason:
        """Why Poetry does not consider the file's version."""
        if (problem := _problem(entry)) is not None:
            return problem
        if entry.source in self.project.flat:
            return NotConsulted()
        if entry.reading.version not in fitting:
            return VersionMismatch(specifier=self.requirement.specification)
        if entry.yanked is not None:
            return YankedFile(reason=entry.yanked.reason)
        cutoff = self.options.uploaded_prior_to
        if cutoff is not None and entry.upload_time is not None and entry.upload_time > cutoff:
            return UploadedTooLate(upload_time=entry.upload_time, cutoff=cutoff)
        return Prerelease()


def _problem(entry: ProjectFile) -> Reason | None:
    """The problem with the name; Poetry misses versions in capitals and accepts none with a ``v``."""
    reading = entry.reading
    if reading.problem is not None:
        return filename_reason(reading.problem)
    if _is_lost(reading.text):
        return InvalidFilename(problem=f"{reading.text!r} is not a version that Poetry recognizes")
    return None


@lru_cache(maxsize=4096)
def _is_lost(version: str) -> bool:
    text = version.partition("+")[0]
    return any(map(str.isupper, text)) or text.startswith("v")


def _is_universal(entry: ProjectFile) -> bool:
    return entry.reading.abi.endswith("-none") and entry.reading.platform == "any"
