"""Whose upload rules apply; those of PyPI are in ``ftwheel.core.release.index_acceptance``."""

from __future__ import annotations

import enum

__all__ = ["IndexRules"]


class IndexRules(enum.Enum):
    """Whose upload rules apply; the values are those of ``index-rules``."""

    PYPI = "pypi"
    ANY = "any"  # an index that accepts every wheel that installers accept
