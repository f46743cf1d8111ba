"""The provider of a search: the versions, their requirements, and, for pip, which project to decide next.

As in the installers, a project with extras is a separate project that requires the plain one in the same version.
``find_matches`` and the other methods of resolvelib's interface are for pip's search.
Sources: pip 26.3 ``_internal/resolution/resolvelib`` (``provider.py``, ``factory.py``, ``found_candidates.py``,
``candidates.py``).
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from packaging.version import Version
from resolvelib import AbstractProvider
from resolvelib.structs import RequirementInformation

from ftwheel.app.dependencies.candidates import InstallerCandidates, Prefetcher
from ftwheel.core.dependencies.resolution import CoreMetadata, Dependency, UnknownMetadata, dependencies
from ftwheel.core.errors import InputError
from ftwheel.core.index.page import normalized
from ftwheel.core.installers.candidates import Candidate
from ftwheel.core.installers.interface import Installer, ResolverKind
from ftwheel.core.installers.requirements import Requirement, parse_requirement, parse_version

__all__ = ["ProjectVersion", "Provider", "ResolverRequirement", "split"]

_RETREATS = 3  # from different projects, among the last few
_READ_BACK = 48  # projects
_EXACT, _PINNED, _BOUNDED, _COMPARES = 1, 2, 4, 8  # the shape of a requirement
_PROMOTED_AFTER = 5  # conflicts: pip's _CONFLICT_PRIORITY_THRESHOLD


@dataclass(frozen=True, slots=True, eq=False)
class ProjectVersion:
    """One version of a project, plain or with extras; ``candidate`` is None if there is no suitable file.

    There is exactly one object for each, so that they can be compared by identity.
    """

    name: str
    extras: tuple[str, ...]
    version: Version | None
    candidate: Candidate | None
    said: CoreMetadata | UnknownMetadata
    plain: ProjectVersion | None = None

    @property
    def identifier(self) -> str:
        return _identifier(self.name, self.extras)


@dataclass(frozen=True, slots=True, eq=False)
class ResolverRequirement:
    """One requirement; ``exactly`` is set if only one choice satisfies it, ``origin`` for direct requirements."""

    name: str
    extras: tuple[str, ...]
    requirement: Requirement
    exactly: ProjectVersion | None = None
    origin: str = ""

    @property
    def identifier(self) -> str:
        return _identifier(self.name, self.extras)


def _identifier(name: str, extras: tuple[str, ...]) -> str:
    return f"{name}[{','.join(extras)}]" if extras else name


def _named(identifier: str) -> tuple[str, tuple[str, ...]]:
    name, bracket, extras = identifier.removesuffix("]").partition("[")
    return name, tuple(extras.split(",")) if bracket else ()


def split(requirement: Requirement, origin: str = "", *, extras_apart: bool) -> Iterator[ResolverRequirement]:
    """Split a requirement with extras into parts as the installer does; for uv, each extra is a separate part."""
    if extras_apart and requirement.extras:
        yield from (
            ResolverRequirement(requirement.name, (extra,), requirement, origin=origin) for extra in requirement.extras
        )
        return
    if requirement.extras and requirement.specifier is not None:
        yield ResolverRequirement(requirement.name, (), requirement, origin=origin)
    yield ResolverRequirement(requirement.name, requirement.extras, requirement, origin=origin)


def _shape(requirement: ResolverRequirement) -> int:
    """What pip's order of decisions depends on."""
    if requirement.exactly is not None:
        return _EXACT
    shape = 0
    for one in requirement.requirement.specifiers:
        shape |= _COMPARES
        starred = "*" in one.version
        if one.operator[:2] == "==" and not starred:
            shape |= _PINNED
        if one.operator in {"<", "<=", "~="} or (one.operator == "==" and starred):
            shape |= _BOUNDED
    return shape


Information = RequirementInformation[ResolverRequirement, ProjectVersion]


class Provider(AbstractProvider[ResolverRequirement, ProjectVersion, str]):
    """One resolution: a target and the direct requirements."""

    def __init__(
        self,
        target: InstallerCandidates,
        roots: Sequence[ResolverRequirement],
        lookahead: Prefetcher,
        installer: Installer,
    ) -> None:
        self.target = target
        self.roots = roots
        self.excused: set[str] = set()
        self.empty: dict[ResolverRequirement, None] = {}  # requirements without any choice, at least in combination
        self._lookahead = lookahead
        self._installer = installer
        self._pubgrub = installer.resolver is ResolverKind.PUBGRUB
        self._choices: dict[tuple[str, tuple[str, ...], str], ProjectVersion | None] = {}
        self._required: dict[ProjectVersion, tuple[list[ResolverRequirement], list[Dependency]]] = {}
        self._satisfied: dict[tuple[ResolverRequirement, ProjectVersion], bool] = {}
        self._shapes: dict[ResolverRequirement, int] = {}
        self._sets: dict[tuple[str, str], int] = {}
        self._bits: dict[str, dict[Version | None, int]] = {}
        self._order: dict[str, int] = {}
        self._conflicts: defaultdict[str, int] = defaultdict(int)
        self._wanted: dict[str, Requirement] = {}
        self._tried: defaultdict[str, set[Version | None]] = defaultdict(set)
        self._retreats: deque[str] = deque(maxlen=3 * _RETREATS)
        self._resolutions: Mapping[str, ProjectVersion] = {}
        self._promoted: set[str] = set()
        for number, ask in enumerate(roots):
            self._order.setdefault(ask.identifier, number)

    # --- candidates ---------------------------------------------------------------------------------------------

    def identify(self, requirement_or_candidate: ResolverRequirement | ProjectVersion) -> str:
        return requirement_or_candidate.identifier

    def find_matches(
        self,
        identifier: str,
        requirements: Mapping[str, Iterator[ResolverRequirement]],
        incompatibilities: Mapping[str, Iterator[ProjectVersion]],
    ) -> Iterable[ProjectVersion] | Callable[[], Iterator[ProjectVersion]]:
        # none is left once resolvelib has backtracked over all of them; then, pip finds nothing, except for plain ones
        asked = list(requirements[identifier])
        name, extras = _named(identifier)
        if extras:
            asked += requirements.get(name, ())
        if not asked:
            return []
        without = set(incompatibilities.get(identifier, ()))
        if name in self.excused:
            nothing = self._nothing(name, extras)
            return [] if nothing in without else [nothing]
        exactly = {self._with_extras(ask.exactly, extras) for ask in asked if ask.exactly is not None}
        if exactly:
            return [
                choice
                for choice in exactly
                if choice not in without and all(self.is_satisfied_by(ask, choice) for ask in asked)
            ]
        wanted = self._wanted[identifier] = self.target.wanted(name, [ask.requirement for ask in asked])
        if without:
            self._retreat_from(identifier)
        return partial(self._found, asked, wanted, extras, without)

    def _retreat_from(self, identifier: str) -> None:
        """Read what the search comes to next if it retreats from one project after another, the last one first."""
        self._retreats.append(identifier)
        if len(set(self._retreats)) >= _RETREATS:
            for each in islice(reversed(tuple(self._resolutions)), _READ_BACK):
                if each in self._wanted:
                    self._lookahead.second(self._wanted[each])

    def _found(
        self,
        asked: Sequence[ResolverRequirement],
        wanted: Requirement,
        extras: tuple[str, ...],
        without: set[ProjectVersion],
    ) -> Iterator[ProjectVersion]:
        none = True
        for choice in self.choices(wanted, extras):
            none = False
            if choice not in without:
                yield choice
        if none:
            self.empty.update(dict.fromkeys(asked))

    def is_satisfied_by(self, requirement: ResolverRequirement, candidate: ProjectVersion) -> bool:
        if requirement.exactly is not None:
            return requirement.exactly is (candidate.plain or candidate)
        if candidate.version is None:
            return True
        asked = requirement, candidate  # the same pairs in every round
        found = self._satisfied.get(asked)
        if found is None:
            found = self._satisfied[asked] = self._installer.contains(requirement.requirement, candidate.version)
        return found

    def choices(
        self,
        wanted: Requirement,
        extras: tuple[str, ...],
        within: Callable[[Version], bool] = lambda _: True,
        tried: int = 0,
    ) -> Iterator[ProjectVersion]:
        """The choices, best first, without versions that their metadata rules out; ``tried`` were tried before."""
        seen: set[Version] = set()
        again = True
        while again:
            again = False
            for version, candidate in self._lookahead.ahead(self._versions(wanted, within), tried):
                if version in seen:
                    continue
                said = self.target.source.metadata(candidate.metadata_file)
                if self._is_other(wanted.name, version, candidate, said) and isinstance(said, CoreMetadata):
                    again = self.target.learn(wanted.name, candidate, said)
                    if again:
                        break  # the installer may now choose another file of the version
                    seen.add(version)
                    continue
                seen.add(version)
                choice = self._choice(wanted.name, version, candidate, said)
                if choice is not None:
                    yield self._with_extras(choice, extras)

    def _versions(self, wanted: Requirement, within: Callable[[Version], bool]) -> Iterator[tuple[Version, Candidate]]:
        for candidate in self.target.candidates(wanted):
            version = parse_version(candidate.version)
            assert version is not None
            if within(version):
                yield version, candidate

    def _is_other(
        self, name: str, version: Version, candidate: Candidate, said: CoreMetadata | UnknownMetadata
    ) -> bool:
        """Whether the metadata shows that a file is for another project, version or Python."""
        if isinstance(said, UnknownMetadata):
            return False
        if normalized(said.name) != name or (said.version and parse_version(said.version) != version):
            return True
        if not said.requires_python or said.requires_python == candidate.metadata_file.requires_python:
            return False
        rules, python = self.target.rules(name), self.target.environment.python_version
        return not self._installer.meets_python(said.requires_python, python, rules)

    def _choice(
        self, name: str, version: Version, candidate: Candidate, said: CoreMetadata | UnknownMetadata
    ) -> ProjectVersion | None:
        """The plain choice; None if one of its requirements is invalid, which makes installers skip the version."""
        key = name, (), candidate.file.url
        if key not in self._choices:
            choice = ProjectVersion(name, (), version, candidate, said)
            try:
                self.required(choice)
            except InputError:
                self._choices[key] = None
            else:
                self._choices[key] = choice
        return self._choices[key]

    def _with_extras(self, plain: ProjectVersion, extras: tuple[str, ...]) -> ProjectVersion:
        if not extras:
            return plain
        key = plain.name, extras, plain.candidate.file.url if plain.candidate is not None else ""
        found = self._choices.get(key)
        if found is None:
            found = ProjectVersion(plain.name, extras, plain.version, plain.candidate, plain.said, plain)
            self._choices[key] = found
        return found

    def _nothing(self, name: str, extras: tuple[str, ...]) -> ProjectVersion:
        key = name, (), ""
        plain = self._choices.get(key)
        if plain is None:
            plain = self._choices[key] = ProjectVersion(name, (), None, None, CoreMetadata(name=name, version=""))
        return self._with_extras(plain, extras)

    # --- versions as sets, for the search of uv: see ``pubgrub`` ------------------------------------------------

    def everything(self, name: str) -> int:
        """The set of all versions of a project, and its absence."""
        return (1 << len(self._bits_of(name)) + 1) - 1

    def versions(self, ask: ResolverRequirement) -> int:
        """The set of versions that satisfy a requirement."""
        bits = self._bits_of(ask.name)
        if ask.exactly is not None:
            return 1 << bits[ask.exactly.version]
        if ask.name in self.excused:
            return self.everything(ask.name) & ~1
        wanted = self.target.wanted(ask.name, [ask.requirement])
        key = wanted.name, wanted.text
        if key not in self._sets:
            self._sets[key] = sum(
                1 << bit
                for version, bit in bits.items()
                if version is not None and self._installer.contains(wanted, version)
            )
        return self._sets[key]

    def bit(self, choice: ProjectVersion) -> int:
        """The set of one version."""
        return 1 << self._bits_of(choice.name)[choice.version]

    def best(self, name: str, extras: tuple[str, ...], among: int) -> ProjectVersion | None:
        """The version that uv selects among these."""
        if name in self.excused:
            return self._nothing(name, extras)
        bits = self._bits_of(name)
        tried = self._tried[name]
        found = self.choices(
            parse_requirement(name), extras, lambda version: bool(among >> bits[version] & 1), len(tried)
        )
        choice = next(found, None)
        if choice is not None:
            tried.add(choice.version)
        return choice

    def _bits_of(self, name: str) -> Mapping[Version | None, int]:
        """The number of each version, from 1, newest first."""
        if name in self.excused:
            return {None: 1}
        if name not in self._bits:
            self._bits[name] = {version: bit for bit, version in enumerate(self.target.versions(name), 1)}
        return self._bits[name]

    # --- what they require --------------------------------------------------------------------------------------

    def get_dependencies(self, candidate: ProjectVersion) -> Iterable[ResolverRequirement]:
        return self.required(candidate)[0]

    def required(self, choice: ProjectVersion) -> tuple[list[ResolverRequirement], list[Dependency]]:
        """The requirements of a choice, and its direct references. Raises InputError."""
        found = self._required.get(choice)
        if found is None:
            asked: list[ResolverRequirement] = []
            addresses: list[Dependency] = []
            if choice.plain is not None:
                own = parse_requirement(choice.name)
                asked.append(ResolverRequirement(choice.name, (), own, exactly=choice.plain))
            if isinstance(choice.said, CoreMetadata):
                extras = self._known_extras(choice.said, choice.extras)
                for one in dependencies(choice.said, extras, self.target.markers, self.target.answers):
                    if one.address:
                        addresses.append(one)
                    else:
                        asked += split(one.requirement, extras_apart=self._pubgrub)
            found = self._required[choice] = asked, addresses
            self._lookahead.start(ask.requirement for ask in asked if ask.exactly is None)
        return found

    def ways(self) -> dict[str, tuple[str, ...]]:
        """For each project, the names on the path from the first project that required it to a direct requirement."""
        found: dict[str, tuple[str, ...]] = {ask.name: () for ask in self.roots}
        asked = {choice.name: self._required[choice][0] for choice in reversed(self._required)}
        level = list(found)
        while level:
            below: list[str] = []
            for name in level:
                for ask in asked.get(name, ()):
                    if ask.name not in found:
                        found[ask.name] = (name, *found[name])
                        below.append(ask.name)
            level = below
        return found

    def _known_extras(self, said: CoreMetadata, extras: tuple[str, ...]) -> tuple[str, ...]:
        """The extras that exist in a project; pip uses those it declares."""
        if self._pubgrub:
            return extras
        declared = set(map(normalized, said.extras))
        return tuple(extra for extra in extras if extra in declared)

    # --- which comes next ---------------------------------------------------------------------------------------

    def narrow_requirement_selection(
        self,
        identifiers: Iterable[str],
        resolutions: Mapping[str, ProjectVersion],
        candidates: Mapping[str, Iterator[ProjectVersion]],
        information: Mapping[str, Iterator[Information]],
        backtrack_causes: Sequence[Information],
    ) -> Iterable[str]:
        """Like pip, prefer the projects of the last conflict, then those that are often in conflicts."""
        self._resolutions = resolutions
        causes: set[str] = set()
        for cause in backtrack_causes:
            for each in (cause.requirement, cause.parent):
                if each is None:
                    continue
                causes.add(each.identifier)
                if each.identifier not in resolutions:
                    self._conflicts[each.identifier] += 1
                    if self._conflicts[each.identifier] >= _PROMOTED_AFTER:
                        self._promoted.add(each.identifier)
        left = list(identifiers)
        return [each for each in left if each in causes] or [each for each in left if each in self._promoted] or left

    def get_preference(
        self,
        identifier: str,
        resolutions: Mapping[str, ProjectVersion],
        candidates: Mapping[str, Iterator[ProjectVersion]],
        information: Mapping[str, Iterator[Information]],
        backtrack_causes: Sequence[Information],
    ) -> Any:
        shape = 0
        for about in information[identifier]:
            found = self._shapes.get(about.requirement)
            if found is None:
                found = self._shapes[about.requirement] = _shape(about.requirement)
            shape |= found
        order = self._order.get(identifier, math.inf)
        return (
            identifier not in self._promoted,
            not shape & _EXACT,
            not shape & _PINNED,
            not shape & _BOUNDED,
            order,
            not shape & _COMPARES,
            identifier,
        )
