"""Decides uv's verdict on every file: its rank in the order of the walk, or the reason for its rejection.

For the sources, see ``ftwheel.core.installers.uv.selection``, which finds the best file faster.
"""

from __future__ import annotations

from packaging.version import Version

from ftwheel.core.installers.explanation import Judgement
from ftwheel.core.installers.project_files import ProjectFile
from ftwheel.core.installers.rejections import (
    FormatDisallowed,
    InvalidRequiresPython,
    NotConsulted,
    Prerelease,
    Reason,
    RequiresPython,
    UploadedTooLate,
    UploadTimeMissing,
    VersionMismatch,
    VersionRejected,
    YankedFile,
    filename_reason,
)
from ftwheel.core.installers.uv.selection import Key, UvSelection

__all__ = ["UvJudge"]


class UvJudge(UvSelection):
    """One question to uv, with all files in the answer."""

    def judge(self) -> Judgement:
        """Every file with its rank, in the order of the walk, or its reason."""
        ranked: list[ProjectFile] = []
        reasons: dict[int, tuple[ProjectFile, Reason]] = {}
        seen: set[int] = set()
        consulted = self.flat.union(self.indexes)
        fitting = {group.version for group in self.version_index.matching(self.requirement).versions}
        candidates: set[int] = set()
        for entry in self.version_index.everything():
            reason = self._reason(entry, fitting, consulted)
            if reason is None:
                candidates.add(id(entry))
            else:
                reasons[id(entry)] = (entry, reason)
        rejected: dict[Version, str] = {}
        stable_found = False
        for steps in self._phases():
            for step in steps:
                fresh = [
                    entry
                    for entry in step.group.entries()
                    if step.has(entry) and id(entry) not in seen and id(entry) in candidates
                ]
                because = rejected.get(step.group.version)
                prerelease = (
                    stable_found and step.group.version.is_prerelease and self.options.allow_prereleases is None
                )
                best = None if because or prerelease else self._pick(step)
                if not because and not prerelease and best is None and step.last and self._is_turned_down(step):
                    rejected[step.group.version] = "the files of an earlier index"
                if best is not None and (problem := self._python_problem(best, step)) is not None:
                    read = self.metadata_files.get(id(best), best)
                    because = rejected[step.group.version] = read.filename
                    reasons[id(best)] = (
                        (best, RequiresPython(specifier=problem))
                        if read is best or not self._requires_python(best)
                        else (best, VersionRejected(because=because))
                    )
                    seen.add(id(best))
                for entry in self._best_first(fresh, best):
                    if id(entry) in seen:
                        continue
                    seen.add(id(entry))
                    if prerelease:
                        reasons[id(entry)] = (entry, Prerelease())
                    elif because is not None:
                        reasons[id(entry)] = (entry, VersionRejected(because=because))
                    else:
                        ranked.append(entry)
                        stable_found = stable_found or not step.group.version.is_prerelease
        for entry in self.version_index.everything():
            if id(entry) not in seen and id(entry) not in reasons:
                reasons[id(entry)] = (entry, Prerelease())
        refusal = self.page_refusal((*sorted(self.flat), *self.indexes))
        if ranked and not refusal:
            refusal = self._metadata_refusal(ranked[0])
        return Judgement(ranked=ranked, rejected=list(reasons.values()), refusal=refusal)

    def _best_first(self, entries: list[ProjectFile], best: ProjectFile | None) -> list[ProjectFile]:
        def key(entry: ProjectFile) -> tuple[bool, bool, Key]:
            index = self.position(entry) if entry.reading.kind == "wheel" else None
            rated = None if index is None else self._rate_wheel(entry, index)
            return (entry is best, rated is not None, rated or (self._compare_hashes(entry), 0, ()))

        # `reverse` keeps equal files in order, and uv selects the first of them
        return sorted(entries, key=key, reverse=True)

    def _reason(self, entry: ProjectFile, fitting: set[Version], consulted: frozenset[int]) -> Reason | None:
        """Why the file itself cannot be selected."""
        reading = entry.reading
        if reading.problem is not None:
            return filename_reason(reading.problem)
        if self._requires_python(entry) is None:
            return InvalidRequiresPython(specifier=entry.requires_python or "")
        if entry.source not in consulted:
            return NotConsulted()
        if self.requirement.specifier is not None and reading.version not in fitting:
            return VersionMismatch(specifier=self.requirement.specification)
        if self._is_late(entry):
            if entry.upload_time is None:
                return UploadTimeMissing()
            assert self.options.uploaded_prior_to is not None
            return UploadedTooLate(upload_time=entry.upload_time, cutoff=self.options.uploaded_prior_to)
        if not (self.wheels if reading.kind == "wheel" else self.sdists):
            return FormatDisallowed(format="wheel" if reading.kind == "wheel" else "sdist")
        if self._is_yanked(entry):
            return YankedFile(reason=entry.yanked.reason if entry.yanked is not None else "")
        return self.tag_reason(entry) if reading.kind == "wheel" else None
