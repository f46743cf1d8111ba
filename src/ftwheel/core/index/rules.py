"""Names whose rules about uploads count; the rules of PyPI are in ``ftwheel.core.release.index_acceptance``."""

from __future__ import annotations

import enum

__all__ = ["IndexRules"]


class IndexRules(enum.Enum):
    """Whose rules a file to upload has to keep; the values are those of ``index-rules``."""

    PYPI = "pypi"
    ANY = "any"  # an index that takes every wheel that installers take
