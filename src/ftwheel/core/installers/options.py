"""An installer's name and version, and the options that affect what it selects."""

from __future__ import annotations

import enum
from datetime import datetime

from ftwheel.core.named_tuples import NamedTuple

__all__ = ["IndexStrategy", "InstallerOptions"]


class IndexStrategy(enum.Enum):
    """How uv treats several indexes; pip merges them all."""

    FIRST_INDEX = "first-index"
    UNSAFE_FIRST_MATCH = "unsafe-first-match"
    UNSAFE_BEST_MATCH = "unsafe-best-match"


class InstallerOptions(NamedTuple):
    """An installer and its options.

    ``name`` is a name from the registry; ``version`` is a release, empty for the newest one modelled. An older version
    differs in the tags it accepts; otherwise it is assumed to behave like the newest. ``only_binary`` and ``no_binary``
    are normalized project names or ``:all:``; for pip they are the results of
    ``ftwheel.core.installers.pip.format_control``. ``prefer_binary`` is pip's. ``allow_prereleases`` is True (pip's
    ``--all-releases``, uv's ``--prerelease allow``), False (``--only-final``, ``--prerelease disallow``), or None for
    the default. ``uploaded_prior_to`` (uv: ``--exclude-newer``) has a time zone: files uploaded at or after it are
    ignored. ``hashes`` are pairs of algorithm and lower-case hex digest, as given with ``--hash``. ``index_strategy``
    is uv's, ``ignore_requires_python`` pip's. Without ``dependencies`` (``--no-deps``) uv does not read METADATA.
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
    dependencies: bool = True

    @property
    def label(self) -> str:
        """``pip`` or ``pip==24.0``"""
        return f"{self.name}=={self.version}" if self.version else self.name
