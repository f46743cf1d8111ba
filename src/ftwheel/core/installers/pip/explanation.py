"""Decides pip's verdict on every file: its rank among the acceptable ones, or the reason for its rejection.

The order of pip's checks affects only the reason. For the sources, see ``ftwheel.core.installers.pip.selection``, which
finds the best file faster.
"""

from __future__ import annotations

import re

from packaging.version import Version

from ftwheel.core.index.page import normalized
from ftwheel.core.installers.explanation import Judgement
from ftwheel.core.installers.parsed_filename import BuildTag, ParsedFilename
from ftwheel.core.installers.pip.selection import AFTER_ALL_TAGS, PipSelection
from ftwheel.core.installers.project_files import ProjectFile
from ftwheel.core.installers.rejections import (
    FormatDisallowed,
    HashMismatch,
    MetadataMismatch,
    Prerelease,
    Reason,
    RequiresPython,
    UploadedTooLate,
    VersionMismatch,
    VersionRejected,
    YankedFile,
    filename_reason,
)
from ftwheel.core.installers.requirements import parse_version

__all__ = ["PipJudge"]

_HASH_FRAGMENT = re.compile(r"[#&](sha512|sha384|sha256|sha224|sha1|md5)=([^&]*)")

Key = tuple[int, BuildTag]


class PipJudge(PipSelection):
    """One question to pip, with all files in the answer."""

    def judge(self) -> Judgement:
        """Every file with its rank or its reason."""
        reasons: list[tuple[ProjectFile, Reason]] = []
        candidates: list[ProjectFile] = []
        refusal = self.page_refusal()
        fitting: dict[str, bool] = {}
        for entry in self.version_index.everything():
            if not refusal and self.options.uploaded_prior_to is not None and self._upload_time_is_missed(entry):
                refusal = f"there is a cut-off, but the index does not say when {entry.filename} was uploaded"
            reason = self._reason(entry)
            if not refusal and self.reader.is_broken(entry) and self._reason_before_python(entry) is None:
                refusal = f"requires-python of {entry.filename} cannot be read"
            if not self._fits(entry.reading, fitting):
                # pip checks the version last; here it comes before reasons that would not matter anyway
                reasons.append((entry, VersionMismatch(specifier=self.requirement.specification)))
            elif reason is not None:
                reasons.append((entry, reason))
            else:
                candidates.append(entry)
        candidates = self._without_prereleases(candidates, reasons)
        candidates = self._with_hashes(candidates, reasons)
        if not refusal:
            refusal = next((why for entry in candidates if (why := self._cannot_sort(entry))), "")
        if not (self.requirement.pinned and all(map(_is_yanked, candidates))):
            reasons += [(entry, YankedFile(reason=_yanked_reason(entry))) for entry in candidates if _is_yanked(entry)]
            candidates = [entry for entry in candidates if not _is_yanked(entry)]
        # pip sorts in ascending, stable order and selects the last
        candidates.sort(key=self.reader.order)
        candidates.sort(key=self._sort_key)
        candidates.reverse()
        candidates = self._with_metadata(candidates, reasons)
        if candidates and candidates[0].reading.trap and not self._is_local(candidates[0]):
            refusal = refusal or candidates[0].reading.trap
        return Judgement(ranked=candidates, rejected=reasons, refusal=refusal)

    def _with_metadata(self, ranked: list[ProjectFile], reasons: list[tuple[ProjectFile, Reason]]) -> list[ProjectFile]:
        """Try the files in rank order like pip's resolver, checking METADATA if it is known.

        A file whose METADATA names another project or version is discarded and a sibling is tried; one that requires
        another Python rules out its version.
        """
        kept: list[ProjectFile] = []
        turned_down: dict[Version | None, str] = {}
        for entry in ranked:
            version, declared = entry.reading.version, self.project.declared(entry)
            if version in turned_down:
                reasons.append((entry, VersionRejected(because=turned_down[version])))
            elif declared is None:
                kept.append(entry)
            elif normalized(declared.name) != self.project.name or parse_version(declared.version) != version:
                reasons.append((entry, MetadataMismatch(name=declared.name, version=declared.version)))
            elif not self._takes_python(declared.requires_python):
                reasons.append((entry, RequiresPython(specifier=declared.requires_python)))
                turned_down[version] = entry.filename
            else:
                kept.append(entry)
        return kept

    def _fits(self, reading: ParsedFilename, memory: dict[str, bool]) -> bool:
        """Whether the version matches; handles files without a version too."""
        if self.requirement.specifier is None or reading.version is None:
            return True
        text = reading.text  # the key, because 1.0 equals 1.0.0 but `===` distinguishes them
        if text not in memory:
            memory[text] = self.requirement.contains(reading.version)
        return memory[text]

    def _cannot_sort(self, entry: ProjectFile) -> str:
        """Why a wheel that its ``#egg=`` let through unchecked makes pip fail; empty for all others."""
        reading = entry.reading
        if not reading.egg or reading.kind != "wheel":
            return ""
        if not reading.abi or self.position(entry) is None:
            return f"{entry.filename} is not for this environment, and its #egg= keeps pip from noticing in time"
        return ""

    def _reason(self, entry: ProjectFile) -> Reason | None:
        """Why the file itself is not a candidate, regardless of the requirement."""
        reason = self._reason_before_python(entry)
        if reason is None and not self._meets_python(entry):
            return RequiresPython(specifier=entry.requires_python or "")
        if reason is None and entry.reading.problem is not None:
            return filename_reason(entry.reading.problem)
        return reason

    def _reason_before_python(self, entry: ProjectFile) -> Reason | None:
        """Why pip rejects the file before it checks requires-python, a check that precedes even reading the version."""
        reading = entry.reading
        if reading.problem is not None and not reading.text:
            return filename_reason(reading.problem)
        if reading.kind == "wheel" and not reading.egg:
            if not self.wheels:
                return FormatDisallowed(format="wheel")
            if reading.problem is not None and not reading.is_of_project:
                return filename_reason(reading.problem)
            if (reason := self.tag_reason(entry)) is not None:
                return reason
        cutoff = self.options.uploaded_prior_to
        if cutoff is not None and entry.upload_time is not None and self._is_too_late(entry):
            return UploadedTooLate(upload_time=entry.upload_time, cutoff=cutoff)
        if reading.kind == "sdist" and not self.sdists:
            return FormatDisallowed(format="sdist")
        if reading.python and reading.python != self.python:
            return RequiresPython(specifier=f"=={reading.python}.*")
        return None

    def _without_prereleases(
        self, candidates: list[ProjectFile], reasons: list[tuple[ProjectFile, Reason]]
    ) -> list[ProjectFile]:
        """Drop pre-releases unless they are requested or there is no final release, not even a yanked one."""
        finals = [entry for entry in candidates if not _is_prerelease(entry)]
        if self.prereleases or (self.prereleases is None and not finals):
            return candidates
        reasons += [(entry, Prerelease()) for entry in candidates if _is_prerelease(entry)]
        return finals

    def _with_hashes(
        self, candidates: list[ProjectFile], reasons: list[tuple[ProjectFile, Reason]]
    ) -> list[ProjectFile]:
        """If any file has a required digest, drop files with other digests; else leave the check to the download."""
        if not any(map(self._matches_hashes, candidates)):
            return candidates
        kept = [entry for entry in candidates if self._matches_hashes(entry) or not self._hashes(entry)]
        left = {id(entry) for entry in kept}
        reasons += [(entry, HashMismatch()) for entry in candidates if id(entry) not in left]
        return kept

    def _hashes(self, entry: ProjectFile) -> set[tuple[str, str]]:
        """The digests of a JSON page; one in the URL replaces the digest of the same algorithm."""
        html = self.project.sources[entry.source].details.html
        found = {} if html else dict(self.project.file(entry).hashes)
        if match := _HASH_FRAGMENT.search(self.project.url(entry)):
            found[match[1]] = match[2]
        return set(found.items())

    def _matches_hashes(self, entry: ProjectFile) -> bool:
        return bool(self.options.hashes) and not self.options.hashes.isdisjoint(self._hashes(entry))

    def _sort_key(self, entry: ProjectFile) -> tuple[bool, bool, Version, Key]:
        reading = entry.reading
        assert reading.version is not None
        key: Key = (-AFTER_ALL_TAGS, ())
        if reading.kind == "wheel":
            index = self.position(entry)
            key = (-(index or 0), reading.build)
        return (
            self._matches_hashes(entry),
            self.options.prefer_binary and reading.kind == "wheel",
            reading.version,
            key,
        )

    def _upload_time_is_missed(self, entry: ProjectFile) -> bool:
        """Whether pip needs this file's upload time but cannot find it, which makes it fail."""
        reading = entry.reading
        time = None if self.project.sources[entry.source].details.html else entry.upload_time
        if time is not None or not reading.kind or self._is_local(entry):
            return False
        if reading.kind == "sdist":
            return True
        return reading.egg or (self.wheels and reading.problem is None and self.position(entry) is not None)


def _is_prerelease(entry: ProjectFile) -> bool:
    return entry.reading.version is not None and entry.reading.version.is_prerelease


def _is_yanked(entry: ProjectFile) -> bool:
    return entry.yanked is not None and not entry.yanked.doubtful


def _yanked_reason(entry: ProjectFile) -> str:
    return entry.yanked.reason if entry.yanked is not None else ""
