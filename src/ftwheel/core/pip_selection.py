"""Decides which file pip takes: ``answer`` finds the best only, ``judge`` says something about every file.

pip judges each file by itself (name, tags, upload time, requires-python), filters the candidates by the requirement,
pre-releases and hashes, and sorts what is left; its resolver takes the last that is not yanked. So nothing depends on
the order of the checks but the reason that is given, and the best can be found version by version, newest first.

Sources: pip 26.3 ``_internal/index/package_finder.py`` (``LinkEvaluator``, ``CandidateEvaluator``),
``resolution/resolvelib/factory.py`` (``_iter_found_candidates``), packaging 26.3 ``specifiers.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from ftwheel.core.candidates import Candidate
from ftwheel.core.environments import Environment
from ftwheel.core.files import BuildTag
from ftwheel.core.projects import Entry, Group, Project
from ftwheel.core.reasons import (
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
)
from ftwheel.core.requirements import Requirement, parse_version
from ftwheel.core.rules import InstallerRules
from ftwheel.core.simple import normalized
from ftwheel.core.tagtables import abi_table, best_tag, place, platform_table
from ftwheel.core.verdicts import Judgement, tag_reason

__all__ = ["Pip"]

_HASH_FRAGMENT = re.compile(r"[#&](sha512|sha384|sha256|sha224|sha1|md5)=([^&]*)")
_AFTER_ALL_TAGS = 2**62  # a source distribution comes after every wheel of its version

_WORST: tuple[int, BuildTag, int] = (-2 * _AFTER_ALL_TAGS, (), 0)

Key = tuple[int, BuildTag]


@lru_cache(maxsize=4096)
def _meets(specifier: str, python: tuple[int, int, int]) -> bool:
    """Whether pip takes the Python to meet ``requires-python``; what it cannot read does not count."""
    try:
        return ".".join(map(str, python)) in SpecifierSet(specifier)
    except InvalidSpecifier:
        return True


class Pip:
    """One question to pip: a project, a requirement, an environment, and options."""

    def __init__(
        self, project: Project, requirement: Requirement, environment: Environment, rules: InstallerRules
    ) -> None:
        self.project = project
        self.requirement = requirement
        self.environment = environment
        self.rules = rules
        self.shelf = project.shelf("pip")
        self.abis = abi_table(
            environment.implementation,
            environment.minor,
            environment.abis,
            environment.free_threaded,
            rules.flavour,
        )
        self.platforms = platform_table(environment.platforms, rules.flavour)
        self.wheels = rules.allows_wheels(project.name)
        self.sdists = rules.allows_sdists(project.name)
        self.python = ".".join(map(str, environment.minor))
        self.prereleases = rules.allow_prereleases
        if self.prereleases is None:
            self.prereleases = requirement.specifier.prereleases or None  # naming one asks for all

    def answer(self) -> tuple[Candidate | None, str]:
        """The file pip takes, None when none, and why it gives up because of what the pages hold, if it does."""
        refusal = self._page_refusal()
        if refusal:
            return None, refusal
        rules = self.rules
        if (
            rules.hashes
            or rules.prefer_binary
            or self.requirement.compares_text
            or self.project.has_traps
            or self.project.metadata
            or (rules.uploaded_prior_to is not None and not self.project.has_all_upload_times)
        ):
            # These go before the version, tell equal versions apart, or end everything: every file has to be looked at.
            judgement = self.judge()
            best = judgement.ranked[0] if judgement.ranked and not judgement.refusal else None
        else:
            best = self._best()
            judgement = None
        return (None if best is None else self.candidate(best), "" if judgement is None else judgement.refusal)

    def _page_refusal(self) -> str:
        for source in self.project.sources:
            for refusal in source.details.refusals:
                if refusal.installer == "pip":
                    return refusal.problem
        return ""

    def _best(self) -> Entry | None:
        versions, finals, prereleases = self.shelf.matching(self.requirement)
        if self.prereleases:
            return self._newest(versions)[0]
        best, any_final = self._newest(finals)
        if any_final or self.prereleases is False:
            return best
        return self._newest(prereleases)[0]

    def _newest(self, groups: Iterable[Group]) -> tuple[Entry | None, bool]:
        """The best file of the newest version that has one, and whether there is any candidate at all.

        Yanked files count as candidates, but are taken only if there is no other and the requirement is pinned.
        """
        yanked: Entry | None = None
        for group in groups:
            # Among equals pip takes the last in its order, which is therefore part of the key.
            best = best_yanked = None
            best_key = yanked_key = _WORST
            for key, entry in self._candidates(group):
                if entry.yanked is None or entry.yanked.doubtful:
                    if key > best_key:
                        best, best_key = entry, key
                elif key > yanked_key:
                    best_yanked, yanked_key = entry, key
            if best is not None:
                return best, True
            yanked = yanked or best_yanked
        return (yanked if self.requirement.pinned else None), yanked is not None

    def _candidates(self, group: Group) -> Iterator[tuple[tuple[int, BuildTag, int], Entry]]:
        """The files of a version that pip may take, each with a key that grows with its rank."""
        lanes = group.lanes()
        if self.wheels:
            for abi, wheels in lanes.wheels.items():
                if self.abis.places(abi) == (None, None):
                    continue
                for order, entry in wheels:
                    index = place(self.abis, self.platforms, abi, entry.reading.platform)
                    if index is not None and self._accepts(entry):
                        yield (-index, entry.reading.build, order), entry
        if self.sdists:
            for order, entry in lanes.others:
                if self._accepts(entry):
                    yield (-_AFTER_ALL_TAGS, (), order), entry

    def _accepts(self, entry: Entry) -> bool:
        """Whether what pip looks at after the tags is right too."""
        python = entry.reading.python
        if python and python != self.python:
            return False
        if self.rules.uploaded_prior_to is not None and self._is_too_late(entry):
            return False
        return self._meets_python(entry)

    def _meets_python(self, entry: Entry) -> bool:
        return self._takes_python(entry.requires_python)

    def _takes_python(self, specifier: str | None) -> bool:
        return not specifier or self.rules.ignore_requires_python or _meets(specifier, self.environment.python_version)

    def _is_local(self, entry: Entry) -> bool:
        return self.project.url(entry).startswith("file:")

    def _is_too_late(self, entry: Entry) -> bool:
        cutoff = self.rules.uploaded_prior_to
        return (
            cutoff is not None
            and entry.upload_time is not None
            and not self._is_local(entry)
            and entry.upload_time >= cutoff
        )

    def _upload_time_is_missed(self, entry: Entry) -> bool:
        """Whether pip asks for the upload time of this file and does not find it; that ends everything."""
        reading = entry.reading
        time = None if self.project.sources[entry.source].details.html else entry.upload_time
        if time is not None or not reading.kind or self._is_local(entry):
            return False
        if reading.kind == "sdist":
            return True
        return reading.egg or (
            self.wheels
            and reading.problem is None
            and place(self.abis, self.platforms, reading.abi, reading.platform) is not None
        )

    def candidate(self, entry: Entry) -> Candidate:
        """The entry as a candidate."""
        reading = entry.reading
        assert reading.kind
        index = place(self.abis, self.platforms, reading.abi, reading.platform) if reading.kind == "wheel" else None
        return Candidate(
            file=self.project.file(entry),
            kind=reading.kind,
            version=reading.text,
            tag="" if index is None else best_tag(self.abis, self.platforms, index),
            source=entry.source,
        )

    def judge(self) -> Judgement:
        """Every file with its reason, or its place among those that may be taken."""
        reasons: list[tuple[Entry, Reason]] = []
        candidates: list[Entry] = []
        refusal = self._page_refusal()
        fitting: dict[str, bool] = {}
        for entry in self.shelf.everything():
            if not refusal and self.rules.uploaded_prior_to is not None and self._upload_time_is_missed(entry):
                refusal = f"there is a cut-off, and the index does not say when {entry.filename} was uploaded"
            reason = self._reason(entry)
            if not refusal and self.project.is_broken(entry) and self._reason_before_python(entry) is None:
                refusal = f"requires-python of {entry.filename} is not a text"
            if entry.reading.version is not None and not self._fits(entry.reading.version, fitting):
                # pip looks at the version last; here it goes before what would not matter anyway.
                reasons.append((entry, VersionMismatch(specifier=str(self.requirement.specifier))))
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
        # pip sorts upwards, keeping the order of equals, and takes the last.
        candidates.sort(key=lambda entry: entry.order)
        candidates.sort(key=self._sort_key)
        candidates.reverse()
        candidates = self._with_metadata(candidates, reasons)
        if candidates and candidates[0].reading.trap and not self._is_local(candidates[0]):
            refusal = refusal or candidates[0].reading.trap
        return Judgement(ranked=candidates, rejected=reasons, refusal=refusal)

    def _with_metadata(self, ranked: list[Entry], reasons: list[tuple[Entry, Reason]]) -> list[Entry]:
        """Go down the ranks as pip's resolver does, reading METADATA where it is known.

        A file of another project or version is discarded, and a sibling tried; one for another Python ends its version.
        """
        kept: list[Entry] = []
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

    def _fits(self, version: Version, memory: dict[str, bool]) -> bool:
        text = str(version)  # the key, since 1.0 equals 1.0.0 and `===` tells them apart
        if text not in memory:
            memory[text] = self.requirement.pip_contains(version)
        return memory[text]

    def _cannot_sort(self, entry: Entry) -> str:
        """Why a wheel that came this far by its ``#egg=``, unseen, makes pip fail; empty for all others."""
        reading = entry.reading
        if not reading.egg or reading.kind != "wheel":
            return ""
        if not reading.abi or place(self.abis, self.platforms, reading.abi, reading.platform) is None:
            return (
                f"{entry.filename} is no wheel for this environment, and its #egg= keeps pip from seeing that in time"
            )
        return ""

    def _reason(self, entry: Entry) -> Reason | None:
        """The reason why the file by itself is no candidate; the requirement comes later."""
        reason = self._reason_before_python(entry)
        if reason is None and not self._meets_python(entry):
            return RequiresPython(specifier=entry.requires_python or "")
        return reason or entry.reading.problem

    def _reason_before_python(self, entry: Entry) -> Reason | None:
        """The reason why pip does not come to look at requires-python, which it does even before reading a version."""
        reading = entry.reading
        if reading.problem is not None and not reading.text:
            return reading.problem
        if reading.kind == "wheel" and not reading.egg:
            if not self.wheels:
                return FormatDisallowed(format="wheel")
            if place(self.abis, self.platforms, reading.abi, reading.platform) is None:
                return tag_reason(reading, self.abis, self.platforms, self.environment)
        cutoff = self.rules.uploaded_prior_to
        if cutoff is not None and entry.upload_time is not None and self._is_too_late(entry):
            return UploadedTooLate(upload_time=entry.upload_time, cutoff=cutoff)
        if reading.kind == "sdist" and not self.sdists:
            return FormatDisallowed(format="sdist")
        if reading.python and reading.python != self.python:
            return RequiresPython(specifier=f"=={reading.python}.*")
        return None

    def _without_prereleases(self, candidates: list[Entry], reasons: list[tuple[Entry, Reason]]) -> list[Entry]:
        """Leave out pre-releases, unless they are asked for or there is nothing else; a yanked final is something."""
        finals = [entry for entry in candidates if not _is_prerelease(entry)]
        if self.prereleases or (self.prereleases is None and not finals):
            return candidates
        reasons += [(entry, Prerelease()) for entry in candidates if _is_prerelease(entry)]
        return finals

    def _with_hashes(self, candidates: list[Entry], reasons: list[tuple[Entry, Reason]]) -> list[Entry]:
        """If a file has a digest that is asked for, leave out those with others; else leave that to the download."""
        if not any(map(self._matches_hashes, candidates)):
            return candidates
        kept = [entry for entry in candidates if self._matches_hashes(entry) or not self._hashes(entry)]
        left = {id(entry) for entry in kept}
        reasons += [(entry, HashMismatch()) for entry in candidates if id(entry) not in left]
        return kept

    def _hashes(self, entry: Entry) -> set[tuple[str, str]]:
        """The digests of a JSON page, the one in the address replacing that of the same algorithm."""
        html = self.project.sources[entry.source].details.html
        found = {} if html else dict(self.project.file(entry).hashes)
        if match := _HASH_FRAGMENT.search(self.project.url(entry)):
            found[match[1]] = match[2]
        return set(found.items())

    def _matches_hashes(self, entry: Entry) -> bool:
        return bool(self.rules.hashes) and not self.rules.hashes.isdisjoint(self._hashes(entry))

    def _sort_key(self, entry: Entry) -> tuple[bool, bool, Version, Key]:
        reading = entry.reading
        assert reading.version is not None
        key: Key = (-_AFTER_ALL_TAGS, ())
        if reading.kind == "wheel":
            index = place(self.abis, self.platforms, reading.abi, reading.platform)
            key = (-(index or 0), reading.build)
        return (
            self._matches_hashes(entry),
            self.rules.prefer_binary and reading.kind == "wheel",
            reading.version,
            key,
        )


def _is_prerelease(entry: Entry) -> bool:
    return entry.reading.version is not None and entry.reading.version.is_prerelease


def _is_yanked(entry: Entry) -> bool:
    return entry.yanked is not None and not entry.yanked.doubtful


def _yanked_reason(entry: Entry) -> str:
    return entry.yanked.reason if entry.yanked is not None else ""
