"""Parses a requirement (PEP 508) into the parts that affect the selection of a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from packaging.version import Version

from ftwheel.core.errors import InputError
from ftwheel.core.index.page import normalized
from ftwheel.core.named_tuples import NamedTuple
from ftwheel.core.versions import pep508_requirement, specifier_set

if TYPE_CHECKING:
    from packaging.specifiers import Specifier, SpecifierSet

__all__ = ["Requirement", "corrected", "parse_requirement"]

_PLAIN = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*((?:[<>=!~][^\[\];@()#]*)?)\s*")

_NEARLY = (
    r"\s*(?P<project>[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[^\]\s]*\])?)\s*(?P<operator>[=<>!~^@: ]*?)\s*"
    r"v?(?P<version>[0-9][0-9A-Za-z.+!-]*?(?:\.[*xX])?)?\s*"
)
_MEANT = {
    "": "==",
    "=": "==",
    "@": "==",
    ":": "==",
    "^": ">=",
    "~": "~=",
    "~>": "~=",
    "=>": ">=",
    "==>": ">=",
    "=<": "<=",
}


class Requirement(NamedTuple):
    """A parsed requirement. ``name`` is normalized, ``text`` is as given; ``marker`` is empty if there is none.

    ``specifier`` is None when every version matches. ``specifiers`` are as written, because ``specifier`` may drop
    duplicates.
    """

    text: str
    name: str
    specifier: SpecifierSet | None = None
    specifiers: tuple[Specifier, ...] = ()
    extras: tuple[str, ...] = ()
    marker: str = ""

    @property
    def specification(self) -> str:
        """``specifier`` as text, empty when every version matches."""
        return "" if self.specifier is None else str(self.specifier)

    @property
    def asks_for_prereleases(self) -> bool:
        """Whether the requirement allows pre-releases by naming one."""
        return self.specifier is not None and bool(self.specifier.prereleases)

    @property
    def pinned(self) -> bool:
        """Whether one of the specifiers pins a version: ``===``, or ``==`` without a wildcard."""
        return any(
            one.operator == "===" or (one.operator == "==" and not one.version.endswith(".*"))
            for one in self.specifiers
        )

    @property
    def compares(self) -> bool:
        """Whether one of the specifiers is ``==`` or ``===``, with a wildcard or without."""
        return any(one.operator in {"==", "==="} for one in self.specifiers)

    @property
    def compares_text(self) -> bool:
        """Whether one of the specifiers is ``===``, which compares texts: ``1.0`` is not ``1.0.0`` (PEP 440)."""
        return any(one.operator == "===" for one in self.specifiers)

    @property
    def single(self) -> Version | None:
        """The version of a single ``==`` or ``===``, else None."""
        if len(self.specifiers) != 1:
            return None
        (one,) = self.specifiers
        if one.operator not in {"==", "==="} or one.version.endswith(".*"):
            return None
        return parse_version(one.version)

    def contains(self, version: Version) -> bool:
        """Whether the version matches (PEP 440), pre-releases included; ``===`` compares the normalized text."""
        return self.specifier is None or self.specifier.contains(version, prereleases=True)

    def applies(self, markers: Mapping[str, str]) -> bool:
        """Whether the requirement's marker is true in an environment."""
        if not self.marker:
            return True
        from packaging.markers import Marker  # noqa: PLC0415  # 20 ms, and seldom needed

        return Marker(self.marker).evaluate({**markers, "extra": ""})


UNKNOWN_PROJECT = "check the spelling; if it is on another index, add that with --extra-index-url"
"""What to do about a project that no index has."""


def unknown_project(name: str) -> str:
    """What to do about a project that no index has: ``numpy-2.0`` may mean ``numpy==2.0``."""
    meant = corrected_hyphen(name)
    return f"did you mean '{meant}'?" if meant else UNKNOWN_PROJECT


def corrected_hyphen(name: str) -> str:
    """The requirement meant by ``numpy-2.0`` or, normalized, ``numpy-2-0``; empty if no version ends the name."""
    match = re.fullmatch(r"(.*[A-Za-z][A-Za-z0-9]*)[-_](v?[0-9]+(?:[.-][0-9]+)+[a-z0-9]*)", name)
    return f"{match[1]}=={match[2].replace('-', '.')}" if match else ""


@lru_cache(maxsize=4096)  # projects share many, such as 1.0.0
def parse_version(text: str) -> Version | None:
    """The version (PEP 440); None if it is invalid or has a number too long for Python."""
    try:
        return Version(text)
    except ValueError:
        return None


def parse_requirement(text: str) -> Requirement:
    """Parse a requirement. Raises InputError for invalid text, and for a direct reference."""
    if plain := _PLAIN.fullmatch(text):
        if not plain[2]:
            return Requirement(text=text, name=normalized(plain[1]))
        from packaging.specifiers import InvalidSpecifier  # noqa: PLC0415  # 15 ms

        try:
            specifier = specifier_set(plain[2])
        except InvalidSpecifier as error:
            raise InputError(f"{text[:200]}: not a requirement ({error})", hint=_hint(text)) from None
        return Requirement(text=text, name=normalized(plain[1]), specifier=specifier, specifiers=tuple(specifier))
    from packaging.requirements import InvalidRequirement  # noqa: PLC0415  # 30 ms, only for extras and markers

    try:
        parsed = pep508_requirement(text)
    except InvalidRequirement as error:
        reason = str(error).partition("\n")[0]
        raise InputError(f"{text[:200]}: not a requirement ({reason[:200]})", hint=_hint(text)) from None
    if parsed.url is not None:
        meant = corrected(text)
        raise InputError(
            f"{text[:200]}: a URL leaves nothing to select",
            hint=f"did you mean '{meant}'?" if meant else "name a project, optionally with versions",
        )
    return Requirement(
        text=text,
        name=normalized(parsed.name),
        specifier=parsed.specifier or None,
        specifiers=tuple(parsed.specifier),
        extras=tuple(sorted(parsed.extras)),
        marker=str(parsed.marker or ""),
    )


def _hint(text: str) -> str:
    meant = corrected(text)
    return f"did you mean '{meant}'?" if meant else "for example numpy, or 'numpy>=2,<3'"


def corrected(text: str) -> str:
    """The requirement meant by ``numpy=2.0``, ``numpy 2.0``, ``numpy@2.0``, ``numpy=>2`` and ``numpy==2.x``.

    Empty when there is no close match, and for a valid requirement.
    """
    from packaging.specifiers import InvalidSpecifier  # noqa: PLC0415  # 15 ms, only after a mistake

    match = re.fullmatch(_NEARLY, text[:200])
    if match is None:
        return ""
    operator, version = match["operator"].replace(" ", ""), match["version"] or ""
    if version[-2:].lower() == ".x":
        version = f"{version[:-1]}*"
    compared = _MEANT.get(operator, operator)
    if compared == "~=" and "." not in version:
        version = f"{version}.0"
    try:
        specifier = specifier_set(f"{compared}{version}" if version else "")
    except InvalidSpecifier:
        return ""
    meant = f"{match['project']}{specifier}"
    return "" if meant == text.strip() else meant
