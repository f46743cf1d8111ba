"""The contents of a source distribution that an index checks: its top folder, its members and PKG-INFO."""

from __future__ import annotations

from dataclasses import dataclass

from ftwheel.core.wheel.contents import Metadata

__all__ = ["SdistContents"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SdistContents:
    """One source distribution. ``size`` is in bytes, ``members`` are the paths in the archive, files only.

    ``top`` is the single folder that contains everything; ``metadata`` comes from its ``PKG-INFO``. If missing, they
    are empty and None, and ``flaws`` says what is wrong with the archive. ``unrendered`` says why PyPI cannot show the
    description.
    """

    filename: str
    size: int
    top: str
    members: frozenset[str]
    metadata: Metadata | None
    flaws: tuple[str, ...] = ()
    unrendered: str = ""
