"""Decides which rules an installer applies: its name, its version, and the options that take part in a choice."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

__all__ = ["IndexStrategy", "InstallerRules", "installer"]


class IndexStrategy(enum.Enum):
    """How uv treats several indexes; pip merges them all."""

    FIRST_INDEX = "first-index"
    UNSAFE_FIRST_MATCH = "unsafe-first-match"
    UNSAFE_BEST_MATCH = "unsafe-best-match"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallerRules:
    """An installer and its options.

    ``name`` is ``pip`` or ``uv``; ``version`` is a release, empty for the newest that is modelled. ``only_binary`` and ``no_binary`` hold normalized project
    names or ``:all:``. ``allow_prereleases`` is True (``--all-releases`` / ``--prerelease allow``), False (``--only-final`` / ``disallow``) or
    None, the default. ``uploaded_prior_to`` (pip) or ``exclude-newer`` (uv) is an aware time: files uploaded at or after it do not count.
    ``hashes`` are pairs of algorithm and hex digest of ``--hash``. ``ignore_requires_python`` is pip's option.
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


def installer(text: str) -> InstallerRules:
    """``pip``, ``uv``, ``pip==24.0``, ``uv==0.11.0``, with no options set. Raises InputError for anything else."""
    raise NotImplementedError
