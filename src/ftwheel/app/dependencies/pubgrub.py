"""The search of uv: PubGrub (Natalie Weizenbaum, 2018), which learns an incompatibility from every conflict.

What is known about a project is a set of its versions, as an integer with one bit for each: bit 0 means "not selected
at all", bit 1 is the newest version, and so on. A positive term is a set without bit 0, so that "in", "not in" and
"irrelevant" are plain integer operations.

The order of decisions is uv's, and so is the handling of projects that are often in conflicts: uv 0.13.9
``uv-resolver/src/pubgrub/priority.rs`` and ``resolver/mod.rs`` (``record_conflict``, ``reprioritize_conflicts``).
"""

from __future__ import annotations

import enum
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from resolvelib.structs import RequirementInformation

from ftwheel.app.dependencies.provider import Information, ProjectVersion, Provider, ResolverRequirement
from ftwheel.core.installers.requirements import parse_requirement

__all__ = ["MOST_STEPS", "NoSolution", "TooManySteps", "search"]

_ROOT = "direct requirements"  # not a project name
_ABSENT = 1
_CHOSEN_ROOT = 2
_CONFLICTS = 5  # uv's CONFLICT_THRESHOLD
MOST_STEPS = 200_000  # pip's limit; uv has none


class NoSolution(Exception):  # noqa: N818  # named ResolutionImpossible in resolvelib; both become ResolutionError
    """``causes`` are the conflicting requirements."""

    def __init__(self, causes: tuple[Information, ...]) -> None:
        super().__init__()
        self.causes = causes


class TooManySteps(Exception):  # noqa: N818
    """No answer in a reasonable number of steps."""


class _Priority(enum.IntEnum):
    PLAIN = 0
    CULPRIT = 1
    AFFECTED = 2
    PINNED = 3


@dataclass(frozen=True, slots=True, eq=False)
class _Incompatibility:
    """Terms that cannot all be true; ``about`` is the requirement it states, ``causes`` the two it derives from."""

    terms: Mapping[str, int]
    about: Information | None = None
    causes: tuple[_Incompatibility, _Incompatibility] | None = None


@dataclass(frozen=True, slots=True)
class _Assignment:
    """A new term for a package: ``all`` includes everything known by then. ``cause`` is None for a decision."""

    position: int
    level: int
    term: int
    all: int
    cause: _Incompatibility | None


def search(provider: Provider, roots: Sequence[ResolverRequirement]) -> dict[str, ProjectVersion]:
    """Find the choices, by identifier. Raises NoSolution, TooManySteps, and what the provider raises."""
    return _Search(provider, roots).run()


class _Search:
    def __init__(self, provider: Provider, roots: Sequence[ResolverRequirement]) -> None:
        self._provider = provider
        self._roots = roots
        self._incompatibilities: defaultdict[str, list[_Incompatibility]] = defaultdict(list)
        self._known: dict[str, list[_Assignment]] = {}
        self._trail: list[str] = []  # the package of each assignment, in order
        self._level = 0
        self._decided: dict[str, ProjectVersion | None] = {}
        self._asks: dict[str, ResolverRequirement] = {_ROOT: ResolverRequirement(_ROOT, (), parse_requirement("root"))}
        self._full: dict[str, int] = {_ROOT: _ABSENT | _CHOSEN_ROOT}
        self._priority: dict[str, tuple[_Priority, int]] = {}
        self._discovered: dict[str, int] = {}
        self._culprits: Counter[str] = Counter()
        self._affected: Counter[str] = Counter()
        self._late: list[str] = []
        self._early: list[str] = []
        self._expanded: set[tuple[str, int]] = set()
        self._next = _ROOT
        self._backtracked = False

    def run(self) -> dict[str, ProjectVersion]:
        self._add(_Incompatibility({_ROOT: _ABSENT}))
        for _ in range(MOST_STEPS):
            self._propagate(self._next)
            self._prioritize()
            undecided = [
                package
                for package, known in self._known.items()
                if not known[-1].all & _ABSENT and package not in self._decided
            ]
            if not undecided:
                return {package: choice for package, choice in self._decided.items() if choice is not None}
            self._next = min(undecided, key=self._order)
            self._decide(self._next)
        raise TooManySteps

    # --- decisions ----------------------------------------------------------------------------------------------

    def _order(self, package: str) -> tuple[int, int, int]:
        if package == _ROOT:
            return -len(_Priority), 0, 0
        priority, index = self._priority[self._asks[package].name]
        return -priority, index, self._discovered[package]

    def _see(self, ask: ResolverRequirement) -> None:
        """Register a required package, in the order of discovery."""
        self._asks.setdefault(ask.identifier, ask)
        self._discovered.setdefault(ask.identifier, len(self._discovered))
        priority, index = self._priority.get(ask.name, (_Priority.PLAIN, len(self._priority)))
        pinned = ask.exactly is not None or ask.requirement.pinned
        self._priority[ask.name] = (_Priority.PINNED if pinned else priority), index

    def _decide(self, package: str) -> None:
        known = self._known[package][-1].all
        if package == _ROOT:
            self._expand(package, None, self._roots)
            self._assign(package, _CHOSEN_ROOT, None)
            return
        ask = self._asks[package]
        choice = self._provider.best(ask.name, ask.extras, known)
        if choice is None:
            self._add(_Incompatibility({package: known}))
            return
        bit = self._provider.bit(choice)
        required = self._provider.get_dependencies(choice)
        conflict = self._expand(package, choice, list(required), bit)
        # before the first conflict, decisions are not checked against their requirements (pubgrub's core.rs)
        if conflict is None or not self._backtracked:
            self._assign(package, bit, None, choice)
        else:
            self._record(package, conflict)

    def _expand(
        self, package: str, choice: ProjectVersion | None, asked: Sequence[ResolverRequirement], bit: int = _CHOSEN_ROOT
    ) -> _Incompatibility | None:
        """Record what a version requires; returns the conflicting incompatibility if it cannot be selected now."""
        conflict: _Incompatibility | None = None
        for ask in asked:
            self._see(ask)
            target = ask.identifier
            allowed = self._provider.versions(ask)
            full = self._full_set(target)
            terms = {package: bit, target: full & ~allowed}
            if target == package:  # a project that requires itself
                terms = {package: bit & ~allowed}
            elif not allowed:  # a requirement that no version satisfies
                terms = {package: bit}
            found = _Incompatibility(terms, RequirementInformation(ask, choice))
            if (package, bit) not in self._expanded:
                self._add(found)
                if ask.extras:
                    plain = ResolverRequirement(ask.name, (), ask.requirement)
                    self._see(plain)
                    rest = self._full_set(ask.name) & ~allowed
                    about = RequirementInformation(ask, choice)
                    self._add(_Incompatibility({target: allowed, ask.name: rest}, about))
            if conflict is None and self._holds(found, package, bit):
                conflict = found
        self._expanded.add((package, bit))
        return conflict

    def _holds(self, incompatibility: _Incompatibility, package: str, bit: int) -> bool:
        return all(
            not (bit if name == package else self._all(name)) & ~term for name, term in incompatibility.terms.items()
        )

    # --- what is known ------------------------------------------------------------------------------------------

    def _full_set(self, package: str) -> int:
        found = self._full.get(package)
        if found is None:
            found = self._full[package] = self._provider.everything(self._asks[package].name)
        return found

    def _all(self, package: str) -> int:
        known = self._known.get(package)
        return known[-1].all if known else self._full_set(package)

    def _assign(
        self, package: str, term: int, cause: _Incompatibility | None, choice: ProjectVersion | None = None
    ) -> None:
        before = self._all(package)
        if cause is None:
            self._level += 1
            self._decided[package] = choice
        self._known.setdefault(package, []).append(
            _Assignment(len(self._trail), self._level, term, before & term, cause)
        )
        self._trail.append(package)

    def _backtrack(self, level: int) -> None:
        self._backtracked = True
        while self._trail:
            package = self._trail[-1]
            known = self._known[package]
            if known[-1].level <= level:
                break
            self._trail.pop()
            if known.pop().cause is None:
                del self._decided[package]
            if not known:
                del self._known[package]
        self._level = level

    def _add(self, incompatibility: _Incompatibility) -> None:
        for package in incompatibility.terms:
            self._incompatibilities[package].append(incompatibility)

    # --- conclusions --------------------------------------------------------------------------------------------

    def _propagate(self, package: str) -> None:
        """Derive all conclusions, resolving conflicts on the way. Raises NoSolution."""
        changed = [package]
        while changed:
            current = changed.pop()
            for incompatibility in reversed(self._incompatibilities[current]):
                left = self._left(incompatibility)
                if left is None:
                    continue
                if not left:
                    learned, almost = self._resolve(incompatibility)
                    self._record(almost, learned)
                    self._derive(almost, learned)
                    changed = [almost]
                    break
                self._derive(left, incompatibility)
                if left not in changed:
                    changed.append(left)

    def _derive(self, package: str, incompatibility: _Incompatibility) -> None:
        self._assign(package, self._full_set(package) & ~incompatibility.terms[package], incompatibility)

    def _left(self, incompatibility: _Incompatibility) -> str | None:
        """The only package whose term is not satisfied; empty if all are satisfied, None if nothing can be derived."""
        left = ""
        none = True
        for package, term in incompatibility.terms.items():
            known = self._all(package)
            if not known & ~term:
                continue
            if not known & term or not none:
                return None
            left, none = package, False
        return left

    def _resolve(self, incompatibility: _Incompatibility) -> tuple[_Incompatibility, str]:
        """Backtrack to the cause of a conflict; returns the learned incompatibility and the package it determines."""
        derived = False
        while True:
            terms = incompatibility.terms
            if not terms or (len(terms) == 1 and terms.get(_ROOT, 0) & _CHOSEN_ROOT):
                raise NoSolution(tuple(_reasons(incompatibility)))
            package, satisfier = max(
                ((name, self._first(name, term)) for name, term in terms.items()), key=lambda found: found[1].position
            )
            previous = self._previous_level(terms, package, satisfier)
            if satisfier.cause is None or previous < satisfier.level:
                self._backtrack(previous)
                if derived:
                    self._add(incompatibility)
                return incompatibility, package
            cause = satisfier.cause
            merged = {name: term for name, term in terms.items() if name != package}
            for name, term in cause.terms.items():
                if name != package:
                    merged[name] = merged[name] & term if name in merged else term
            rest = terms[package] | cause.terms[package]
            if rest != self._full_set(package):
                merged[package] = rest
            incompatibility = _Incompatibility(merged, causes=(incompatibility, cause))
            derived = True

    def _first(self, package: str, term: int, also: int = -1) -> _Assignment:
        return next(known for known in self._known[package] if not known.all & also & ~term)

    def _previous_level(self, terms: Mapping[str, int], package: str, satisfier: _Assignment) -> int:
        """The level at which all terms were satisfied, except for what the satisfier contributes."""
        levels = [self._first(name, term).level for name, term in terms.items() if name != package]
        if self._full_set(package) & satisfier.term & ~terms[package]:
            levels.append(self._first(package, terms[package], satisfier.term).level)
        return max([1, *levels])

    # --- packages that are often in conflicts -------------------------------------------------------------------

    def _record(self, affected: str, conflict: _Incompatibility) -> None:
        name = self._asks[affected].name if affected in self._asks else ""
        real = False
        for package in conflict.terms:
            if package == affected or self._asks[package].name == name:
                continue
            real = True
            self._culprits[package] += 1
            if self._culprits[package] == _CONFLICTS:
                self._late.append(package)
        if real:
            self._affected[self._next] += 1
            if self._affected[self._next] == _CONFLICTS:
                self._early.append(self._next)

    def _prioritize(self) -> None:
        for package in self._early:
            self._mark(package, _Priority.AFFECTED, (_Priority.AFFECTED,))
        for package in self._late:
            if self._mark(package, _Priority.CULPRIT, (_Priority.CULPRIT, _Priority.AFFECTED)):
                decision = self._known.get(package)
                if package in self._decided and decision:
                    self._backtrack(decision[-1].level - 1)
        self._early.clear()
        self._late.clear()

    def _mark(self, package: str, priority: _Priority, kept: tuple[_Priority, ...]) -> bool:
        if package == _ROOT:
            return False
        name = self._asks[package].name
        before, index = self._priority[name]
        if before in kept:
            return False
        self._priority[name] = priority, index
        return True


def _reasons(incompatibility: _Incompatibility) -> Iterator[Information]:
    """The requirements that a conclusion is derived from, each once."""
    seen: set[int] = set()
    left = [incompatibility]
    while left:
        one = left.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if one.about is not None:
            yield one.about
        if one.causes is not None:
            left += one.causes
