"""Decides which file PDM selects, by the rules of its finder unearth.

unearth evaluates every file by itself: format, yanked, upload time, Requires-Python, name, tags. It sorts the remaining
files and selects the first with a matching version. The sort puts files that are not yanked first, then (with
prefer-binary) wheels, then the newest version, the best tag and the highest build tag; ties keep their order. Yanked
files count only with ``==``.

Sources: unearth 0.19 ``evaluator.py`` (``Evaluator``, ``evaluate_package``), ``finder.py`` (``_sort_key``,
``_evaluate_packages``), ``utils.py`` (``fix_legacy_specifier``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from packaging.version import Version

from ftwheel.core.installers.candidates import Candidate
from ftwheel.core.installers.explanation import Judgement
from ftwheel.core.installers.project_files import ProjectFile, VersionFiles
from ftwheel.core.installers.question import InstallerQuestion
from ftwheel.core.installers.rejections import (
    FormatDisallowed,
    InvalidRequiresPython,
    Prerelease,
    Reason,
    RequiresPython,
    UploadedTooLate,
    UploadTimeMissing,
    VersionMismatch,
    YankedFile,
    filename_reason,
)
from ftwheel.core.versions import meets_plainly, specifier_set

__all__ = ["PdmSelection", "meets_python"]

_COMPARISON = re.compile(r"(==|!=|<=|>=|<|>)(\s*)([^,;\s)]*)")
_AFTER_ALL_TAGS = 2**62  # a source distribution comes after every wheel of its version

Key = tuple[int, tuple[()] | tuple[int, str]]


@lru_cache(maxsize=4096)
def meets_python(specifier: str, python: tuple[int, int, int]) -> bool | None:
    """Whether the Python satisfies ``requires-python``; None if unearth cannot parse it and so drops the file."""
    if (plainly := meets_plainly(specifier, python)) is not None:
        return plainly
    from packaging.specifiers import InvalidSpecifier  # noqa: PLC0415  # 15 ms, and most are plain

    try:
        wanted = specifier_set(_COMPARISON.sub(_mended, specifier))
    except InvalidSpecifier:
        return None
    return wanted.contains(".".join(map(str, python)), prereleases=True)


def _mended(match: re.Match[str]) -> str:
    """Fix wildcards and local versions that PEP 440 disallows but packaging accepted before 22."""
    operator, _, version = match.groups()
    if operator in {"==", "!="}:
        return match[0]
    if ".*" in version:
        version = version.replace(".*", ".0")
        operator = operator[0] if operator[0] == "<" else ">="
    else:
        version = version.partition("+")[0]
    return f"{operator}{version}"


class PdmSelection(InstallerQuestion):
    """One question to unearth."""

    def answer(self) -> tuple[Candidate | None, str]:
        refusal = self._refusal()
        best = None if refusal else next(self.walk(), None)
        return (None if best is None else self.candidate(best), refusal)

    def _refusal(self) -> str:
        """Why unearth fails: it does so as soon as it reads a requires-python that is not a string."""
        broken = (
            f"requires-python of {file.filename} cannot be read"
            for source in self.project.sources
            if isinstance(source.details.files, tuple)  # other pages have no broken fields
            for file in source.details.files
            if "requires-python" in file.broken and (file.yanked is None or file.yanked.doubtful)
            if file.url != source.details.url  # the address is empty, and the entry is skipped
        )
        return self.page_refusal() or next(broken, "")

    def walk(self) -> Iterator[ProjectFile]:
        """The best file of each version, in unearth's order."""
        seen: set[Version | None] = set()
        for entry in self._ranked():
            if entry.reading.version not in seen:
                seen.add(entry.reading.version)
                yield entry

    def judge(self) -> Judgement:
        """Every file with its rank or its reason."""
        ranked = list(self._ranked())
        taken = {id(entry) for entry in ranked}
        fitting = {group.version for group in self.version_index.matching(self.requirement).versions}
        reasons: list[tuple[ProjectFile, Reason]] = []
        for entry in self.version_index.everything():
            if id(entry) not in taken:
                reason = self._reason(entry)
                if reason is None:
                    mismatch = entry.reading.version not in fitting or not self._is_named(entry, True)
                    reason = VersionMismatch(specifier=self.requirement.specification) if mismatch else Prerelease()
                reasons.append((entry, reason))
        return Judgement(ranked=ranked, rejected=reasons, refusal=self._refusal())

    def _ranked(self) -> Iterator[ProjectFile]:
        """The acceptable files, best first."""
        wanted = self.requirement.specifier
        versions, finals, _ = self.version_index.matching(self.requirement)
        groups = versions
        asked = self.options.allow_prereleases
        found = False
        if wanted is None:
            fitting = finals if asked is False else versions
        else:
            fitting = [
                each
                for each in groups
                if self.requirement.compares_text or wanted.contains(each.version, prereleases=asked)
            ]
        for entry in self._sorted(fitting, asked):
            found = True
            yield entry
        if not found and asked is None:  # pre-releases count only if nothing else matches
            yield from self._sorted(groups, True)

    def _is_named(self, entry: ProjectFile, prereleases: bool | None) -> bool:
        """Whether ``===`` names the version as the file spells it; for a wheel, the normalized spelling counts."""
        wanted = self.requirement.specifier
        if wanted is None or not self.requirement.compares_text:
            return True
        reading = entry.reading
        return wanted.contains(str(reading.version) if reading.kind == "wheel" else reading.text, prereleases)

    def _sorted(self, groups: list[VersionFiles], prereleases: bool | None) -> Iterator[ProjectFile]:
        parts: tuple[tuple[str, ...], ...] = (("wheel", "sdist"),)
        if self.options.prefer_binary:
            parts = (("wheel",), ("sdist",))
        for yanked in (False, True) if self.requirement.compares else (False,):
            for kinds in parts:
                for group in groups:
                    files = [
                        entry
                        for entry in group.entries()
                        if entry.reading.kind in kinds
                        and _is_yanked(entry) is yanked
                        and self._reason(entry) is None
                        and self._is_named(entry, prereleases)
                    ]
                    yield from sorted(files, key=self._key, reverse=True)  # stable: equal keys keep their order

    def _key(self, entry: ProjectFile) -> Key:
        index = self.position(entry) if entry.reading.kind == "wheel" else None
        return (-_AFTER_ALL_TAGS if index is None else -index, entry.reading.build)

    def _reason(self, entry: ProjectFile) -> Reason | None:
        """Why the file itself is not a candidate, regardless of the requirement."""
        reading = entry.reading
        if reading.problem is not None:
            return filename_reason(reading.problem)
        if not (self.wheels if reading.kind == "wheel" else self.sdists):
            return FormatDisallowed(format="wheel" if reading.kind == "wheel" else "sdist")
        if entry.yanked is not None and _is_yanked(entry) and not self.requirement.compares:
            return YankedFile(reason=entry.yanked.reason)
        if (cutoff := self.options.uploaded_prior_to) is not None:
            time = None if self.project.sources[entry.source].details.html else entry.upload_time
            if time is None:
                return UploadTimeMissing()
            if time > cutoff:
                return UploadedTooLate(upload_time=time, cutoff=cutoff)
        if entry.requires_python:
            meets = meets_python(entry.requires_python, self.environment.python_version)
            if meets is None:
                return InvalidRequiresPython(specifier=entry.requires_python)
            if not meets:
                return RequiresPython(specifier=entry.requires_python)
        return self.tag_reason(entry) if reading.kind == "wheel" else None


def _is_yanked(entry: ProjectFile) -> bool:
    """Whether the file is yanked; not if JSON has an empty reason, or HTML an attribute without a value."""
    return entry.yanked is not None and not entry.yanked.doubtful
