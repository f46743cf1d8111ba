"""Collects the requirements of any input: those that an index can resolve, and the others."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ftwheel.core.dependencies.inputs import RequirementEdge, UnindexedDependency, WantedRequirement
from ftwheel.core.errors import InputError
from ftwheel.core.index.page import normalized
from ftwheel.core.index.urls import redact
from ftwheel.core.installers.requirements import corrected, parse_requirement
from ftwheel.core.versions import pep508_requirement
from ftwheel.io.dependencies.inputs.reading import shown

__all__ = ["DIRECT", "Entries", "edges"]

DIRECT = "a direct address or folder; no index is asked about it"

_DIRECT = re.compile(r"[A-Za-z0-9._-]+\s*(?:\[[^\]]*\])?\s*@\s*\S")
_PLACE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|\.{0,2}[/\\]|\.$|~")
_ARCHIVE = re.compile(r"(?i)[^\s<>=!~;]+\.(?:whl|zip|tar|tar\.gz|tgz|tar\.bz2|tbz|tar\.xz|txz)(?:[\[#]\S*)?$")
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9._-]+)")
_MOST = 20_000  # requirements of one input


@dataclass(slots=True)
class Entries:
    """The requirements of one input, collected in order."""

    wanted: list[WantedRequirement] = field(default_factory=list)
    set_aside: list[UnindexedDependency] = field(default_factory=list)

    def add(self, text: str, origin: str, *, hashes: Iterable[tuple[str, str]] = ()) -> str:
        """Add one requirement; returns its normalized name, empty if it has none.

        Raises InputError, with the origin, if it is not a valid requirement.
        """
        if len(self.wanted) + len(self.set_aside) >= _MOST:
            raise InputError(f"{origin}: more than {_MOST:,} requirements; rejected", hint="split the file")
        text = text.strip()
        if _DIRECT.match(text) and not corrected(text):  # numpy@2.0 is not a direct reference
            return self.leave(normalized(re.split(r"[\s\[@]", text, maxsplit=1)[0]), origin)
        if _PLACE.match(text) or _ARCHIVE.match(text):
            return self.leave(_name_in(text), origin)
        try:
            requirement = parse_requirement(text)
        except InputError as error:
            raise InputError(f"{origin}: {shown(error.message, 300)}", hint=error.hint) from None
        self.wanted.append(WantedRequirement(requirement=requirement, origin=origin, hashes=frozenset(hashes)))
        return requirement.name

    def leave(self, name: str, origin: str, reason: str = DIRECT) -> str:
        """Record a dependency that is not looked up on an index; returns its name."""
        self.set_aside.append(UnindexedDependency(name=name, origin=origin, reason=reason))
        return name


def _name_in(place: str) -> str:
    """The project name in a URL or a path, if it contains one; else the URL without secrets."""
    if egg := _EGG.search(place):
        return normalized(egg[1])
    name = place.split("#", maxsplit=1)[0].split("[", maxsplit=1)[0].rstrip("/\\").replace("\\", "/").rpartition("/")[2]
    if _ARCHIVE.match(name):
        return normalized(name.split("-")[0])
    return shown(redact(place))


def edges(requirements: Iterable[object], origin: str) -> tuple[RequirementEdge, ...]:
    """The edges of a list of requirements, such as ``Requires-Dist``; invalid ones are skipped.

    Published metadata contains requirements that installers no longer accept, and edges only show the path to a
    project.
    """
    from packaging.requirements import InvalidRequirement

    found = []
    for text in requirements:
        try:
            parsed = pep508_requirement(str(text))
        except InvalidRequirement:
            continue
        found.append(
            RequirementEdge(
                name=normalized(parsed.name), extras=tuple(sorted(parsed.extras)), marker=str(parsed.marker or "")
            )
        )
    return tuple(found)
