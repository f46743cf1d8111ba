"""Resolves requirements for one environment as an installer would: one version of each project.

Each installer has its own search, over the candidates of the simulator: pip's is resolvelib with pip's order of
decisions, uv's is PubGrub with uv's order. If the newest versions conflict, the two may choose differently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from resolvelib import BaseReporter, ResolutionImpossible, ResolutionTooDeep
from resolvelib.resolvers import Resolution as Search

from ftwheel.app.dependencies.candidates import CandidateSource, InstallerCandidates, Prefetcher
from ftwheel.app.dependencies.provider import Information, ProjectVersion, Provider, ResolverRequirement, split
from ftwheel.app.dependencies.pubgrub import MOST_STEPS, NoSolution, TooManySteps, search
from ftwheel.core.dependencies.inputs import Dependencies, RequirementEdge, UnindexedDependency, WantedRequirement
from ftwheel.core.dependencies.resolution import Resolution, ResolutionError, ResolvedPin, UnknownMetadata
from ftwheel.core.installers.candidates import Candidate
from ftwheel.core.installers.interface import ResolverKind
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.registry import find_installer
from ftwheel.core.installers.requirements import Requirement
from ftwheel.core.tags.environments import Environment

__all__ = ["Resolver"]

_MOST_LINES = 12  # of a message about a conflict


class Resolver:
    """Resolves any number of inputs for any number of environments with the same installer on the same indexes."""

    def __init__(
        self, source: CandidateSource, rules: Callable[[str], InstallerOptions], *, forgiving: bool = True
    ) -> None:
        """``rules`` returns the installer options for a normalized project name.

        With ``forgiving``, the resolution continues if the installer would fail because a project has no file for the
        environment: that project gets no version, and the rest is resolved without it.
        """
        self._source = source
        self._rules = rules
        self._forgiving = forgiving

    def __call__(self, dependencies: Dependencies, environment: Environment) -> Resolution:
        """Select one version of each project that the input needs in the environment.

        Raises ResolutionError if the requirements conflict, and what indexes and files raise.
        """
        markers = dict(environment.markers)
        roots = [one for one in dependencies.wanted if one.requirement.applies(markers)]
        constraints = [one for one in dependencies.constraints if one.requirement.applies(markers)]
        target = InstallerCandidates(
            self._source,
            environment,
            self._rules,
            constraints=[one.requirement for one in constraints],
            pins=[one.requirement for one in (*roots, *constraints)],
            hashes=_hashes([*roots, *constraints]),
        )
        installer = find_installer(self._rules("").name)
        pubgrub = installer.resolver is ResolverKind.PUBGRUB
        asked = [ask for one in roots for ask in split(one.requirement, one.origin, extras_apart=pubgrub)]
        if not pubgrub:
            asked.sort(key=lambda ask: bool(ask.extras))  # plain ones first
        with Prefetcher(target) as lookahead:
            provider = Provider(target, asked, lookahead, installer)
            lookahead.start(one.requirement for one in roots)
            while True:
                try:
                    chosen = search(provider, asked) if pubgrub else _search_as_pip(provider)
                except (ResolutionImpossible, NoSolution) as error:
                    causes = tuple(error.causes)
                    nothing = self._without_candidates(provider, causes) if self._forgiving else set()
                    if not nothing:
                        raise _conflict(provider, causes, constraints, environment) from None
                    provider.excused |= nothing
                except (ResolutionTooDeep, TooManySteps):
                    raise ResolutionError(
                        f"{environment.label}: no solution after {MOST_STEPS:,} steps",
                        hint="narrow down the requirements, for example with constraints",
                    ) from None
                else:
                    return _resolution(provider, chosen, environment)

    def _without_candidates(self, provider: Provider, causes: Sequence[Information]) -> set[str]:
        """The projects with a requirement that no file satisfies: those in the conflict, else the first."""

        def lacks(ask: ResolverRequirement) -> bool:
            if ask.exactly is not None or ask.name in provider.excused:
                return False
            wanted = provider.target.wanted(ask.name, [ask.requirement])
            return next(iter(provider.choices(wanted, ())), None) is None

        named = {cause.requirement.name for cause in causes if lacks(cause.requirement)}
        return named or next(({ask.name} for ask in provider.empty if lacks(ask)), set())


def _search_as_pip(provider: Provider) -> dict[str, ProjectVersion]:
    """The solution of resolvelib, as far as it is reachable from the roots.

    ``resolvelib.Resolver`` drops the rest too, but with an endless recursion if abandoned projects require each other
    (1.2.1, ``resolvers/resolution.py``, ``_has_route_to_root``).
    """
    state = Search(provider, BaseReporter()).resolve(provider.roots, max_rounds=MOST_STEPS)
    names = {id(choice): name for name, choice in state.mapping.items()}
    required: dict[str | None, list[str]] = {}
    for name, criterion in state.criteria.items():
        for parent in criterion.iter_parent():
            if parent is None:
                required.setdefault(None, []).append(name)
            elif id(parent) in names:  # the others belong to choices that were undone
                required.setdefault(names[id(parent)], []).append(name)
    reached: set[str] = set()
    left = list(required.get(None, ()))
    while left:
        name = left.pop()
        if name not in reached:
            reached.add(name)
            left += required.get(name, ())
    return {name: choice for name, choice in state.mapping.items() if name in reached}


def _hashes(wanted: Iterable[WantedRequirement]) -> dict[str, frozenset[tuple[str, str]]]:
    """The allowed files by project: the intersection of all requirements with hashes, as in pip."""
    found: dict[str, frozenset[tuple[str, str]]] = {}
    for one in wanted:
        if one.hashes:
            name = one.requirement.name
            found[name] = found[name] & one.hashes if name in found else one.hashes
    return found


def _resolution(provider: Provider, found: Mapping[str, ProjectVersion], environment: Environment) -> Resolution:
    chosen: dict[str, list[ProjectVersion]] = {}
    for choice in found.values():
        chosen.setdefault(choice.name, []).append(choice)
    asked: dict[str, list[Requirement]] = {}
    for ask in (*provider.roots, *(ask for choice in found.values() for ask in provider.required(choice)[0])):
        if ask.exactly is None:
            asked.setdefault(ask.name, []).append(ask.requirement)
    pins = tuple(_pin(provider, choices, asked.get(name, [])) for name, choices in sorted(chosen.items()))
    aside = dict.fromkeys(
        UnindexedDependency(
            name=one.requirement.name,
            origin=f"{choice.name} {choice.version}",
            reason="is required from a URL, not from an index",
        )
        for choices in chosen.values()
        for choice in choices
        for one in provider.required(choice)[1]
    )
    return Resolution(
        environment=environment.label,
        pins=pins,
        roots=tuple(dict.fromkeys(ask.name for ask in provider.roots)),
        set_aside=tuple(aside),
    )


def _pin(provider: Provider, choices: Sequence[ProjectVersion], asked: Sequence[Requirement]) -> ResolvedPin:
    first = choices[0]
    candidate: Candidate | None = first.candidate
    plain = {ask.name for choice in choices if not choice.extras for ask in provider.required(choice)[0]}
    edges: dict[tuple[str, str], set[str]] = {}
    for choice in choices:
        for ask in provider.required(choice)[0]:
            if ask.name != first.name:
                for within in ("",) if ask.name in plain else choice.extras:
                    edges.setdefault((ask.name, within), set()).update(ask.extras)
    return ResolvedPin(
        name=first.name,
        version="" if candidate is None else candidate.version,
        requirement=provider.target.wanted(first.name, asked),
        candidate=candidate,
        extras=tuple(sorted({extra for choice in choices for extra in choice.extras})),
        requires=tuple(
            RequirementEdge(name=name, within=within, extras=tuple(sorted(extras)))
            for (name, within), extras in sorted(edges.items())
        ),
        untold=first.said.why if isinstance(first.said, UnknownMetadata) else "",
    )


def _conflict(
    provider: Provider,
    causes: Sequence[Information],
    constraints: Iterable[WantedRequirement],
    environment: Environment,
) -> ResolutionError:
    """The error with the conflicting requirements, each with its path from a direct requirement."""
    ways = provider.ways()
    lines: dict[str, None] = {}
    names = {cause.requirement.name for cause in causes}
    for cause in causes:
        ask = cause.requirement
        if cause.parent is None:
            lines[f"{ask.requirement.text} ({ask.origin})" if ask.origin else ask.requirement.text] = None
        elif ask.exactly is None:
            parent = cause.parent
            way = " < ".join((f"{parent.name} {parent.version}", *ways.get(parent.name, ())))
            lines[f"{ask.requirement.name}{ask.requirement.specification} ({way})"] = None
    for one in constraints:
        if one.requirement.name in names:
            lines[f"{one.requirement.text} ({one.origin}, a constraint)"] = None
    shown = sorted(lines)
    more = f"; and {len(shown) - _MOST_LINES} more" if len(shown) > _MOST_LINES else ""
    listed = tuple(sorted(names))
    return ResolutionError(
        f"{', '.join(listed)}: no version for {environment.label} meets all of: {'; '.join(shown[:_MOST_LINES])}{more}",
        names=listed,
        hint="loosen one of the requirements",
    )
