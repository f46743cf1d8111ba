"""Decides which rules an installer applies: its name, its version, and the options that take part in a choice."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ftwheel.core.errors import InputError
from ftwheel.core.index.page import normalized
from ftwheel.core.tags.priority import TagFlavour

__all__ = ["IndexStrategy", "InstallerOptions", "installer", "pip_formats"]

_INSTALLER = re.compile(r"(pip|uv)(?:==([0-9]{1,4}(?:\.[0-9]{1,4}){0,3}))?")
# What changed for free-threading, newest first: the first version that has the flavour.
_PIP = (
    ((26, 3), TagFlavour.PIP),
    ((26, 1), TagFlavour.PIP_OLD_PLATFORMS),
    ((24, 1), TagFlavour.PIP_NO_ABI3T),
    ((), TagFlavour.PIP_NO_FREE_THREADING),
)
_UV = (((0, 11, 21), TagFlavour.UV), ((0, 11, 3), TagFlavour.UV_OLD_MUSL), ((), TagFlavour.UV_NO_ABI3T))


class IndexStrategy(enum.Enum):
    """How uv treats several indexes; pip merges them all."""

    FIRST_INDEX = "first-index"
    UNSAFE_FIRST_MATCH = "unsafe-first-match"
    UNSAFE_BEST_MATCH = "unsafe-best-match"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallerOptions:
    """An installer and its options.

    ``name`` is ``pip`` or ``uv``; ``version`` is a release, empty for the newest that is modelled (pip 26.3, uv
    0.13.9). An older version differs in the tags it accepts; its other rules are taken to be those of the newest.
    ``only_binary`` and ``no_binary`` hold normalized project names or ``:all:``; for pip they are what ``pip_formats``
    makes of the options. ``prefer_binary`` is pip's. ``allow_prereleases`` is True (pip's ``--all-releases``, uv's
    ``--prerelease allow``), False (``--only-final``, ``--prerelease disallow``), or None for the default.
    ``uploaded_prior_to`` (uv: ``--exclude-newer``) is an aware time: files uploaded at or after it do not count.
    ``hashes`` are pairs of algorithm and lower-case hex digest, as given with ``--hash``. ``index_strategy`` is uv's,
    ``ignore_requires_python`` pip's.
    """

    name: str
    version: str = ""
    only_binary: frozenset[str] = frozenset()
    no_binary: frozenset[str] = frozenset()
    prefer_binary: bool = False
    allow_prereleases: bool | None = None
    uploaded_prior_to: datetime | None = None
    hashes: frozenset[tuple[str, str]] = frozenset()
    index_strategy: IndexStrategy = IndexStrategy.FIRST_INDEX
    ignore_requires_python: bool = False

    @property
    def label(self) -> str:
        """``pip`` or ``pip==24.0``"""
        return f"{self.name}=={self.version}" if self.version else self.name

    @property
    def flavour(self) -> TagFlavour:
        """Whose list of accepted tags applies."""
        known = _PIP if self.name == "pip" else _UV
        if not self.version:
            return known[0][1]
        version = tuple(map(int, self.version.split(".")))
        return next(flavour for first, flavour in known if version >= first)

    def allows_wheels(self, project: str) -> bool:
        """Whether wheels of the project may be taken; ``project`` is normalized."""
        if self.name == "uv":
            return not _uv_excludes(project, self.no_binary, self.only_binary)
        # pip: a project by name goes before :all:, and only-binary before no-binary.
        return project in self.only_binary or not (
            project in self.no_binary or (":all:" not in self.only_binary and ":all:" in self.no_binary)
        )

    def allows_sdists(self, project: str) -> bool:
        """Whether source distributions of the project may be taken; ``project`` is normalized."""
        if self.name == "uv":
            return not _uv_excludes(project, self.only_binary, self.no_binary)
        return not (project in self.only_binary or (project not in self.no_binary and ":all:" in self.only_binary))


def _uv_excludes(project: str, these: frozenset[str], others: frozenset[str]) -> bool:
    """``:all:`` takes the place of names, and is itself overridden by a name on the other side (``BuildOptions``)."""
    if ":all:" in these:
        return ":all:" in others or project not in others
    return project in these


def pip_formats(
    options: Iterable[tuple[Literal["only-binary", "no-binary"], str]],
) -> tuple[frozenset[str], frozenset[str]]:
    """What pip makes of its options ``--only-binary`` and ``--no-binary``, in the order in which they were given.

    Each value is a list with commas; ``:all:`` empties the other side, ``:none:`` its own, a name leaves the other
    side. Returns the sets for ``InstallerOptions.only_binary`` and ``no_binary``. Source: pip 26.3
    ``_internal/models/format_control.py``.
    """
    sets: dict[str, set[str]] = {"only-binary": set(), "no-binary": set()}
    for option, value in options:
        target = sets[option]
        other = sets["no-binary" if option == "only-binary" else "only-binary"]
        names = value.split(",")
        while ":all:" in names:
            other.clear()
            target.clear()
            target.add(":all:")
            del names[: names.index(":all:") + 1]
            if ":none:" not in names:
                names = []
        for name in names:
            if name == ":none:":
                target.clear()
                continue
            other.discard(normalized(name))
            target.add(normalized(name))
    return frozenset(sets["only-binary"]), frozenset(sets["no-binary"])


def installer(text: str) -> InstallerOptions:
    """``pip``, ``uv``, ``pip==24.0`` or ``uv==0.11.0``, with no options set. Raises InputError for anything else."""
    match = _INSTALLER.fullmatch(text.strip())
    if match is None:
        raise InputError(f"{text[:100]}: not an installer", hint="wanted pip, uv, or a version such as pip==24.0")
    return InstallerOptions(name=match[1], version=match[2] or "")
