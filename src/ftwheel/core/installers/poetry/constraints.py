"""Decides which versions a requirement allows in Poetry, which differs from PEP 440 where versions are excluded.

poetry-core turns ``!=V`` into the ranges below and above V. Alone they exclude V only; with any other specifier each
range counts by itself, and the one above V also excludes V's post-releases. Versions that the resolver has rejected are
excluded in the same way.

Source: poetry-core 2.5 ``constraints/version/version_range.py`` (``VersionRange.allows``) and ``version_union.py``.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

from packaging.version import Version

from ftwheel.core.installers.requirements import Requirement

__all__ = ["allows"]


def allows(requirement: Requirement, version: Version, rejected: Collection[Version] = ()) -> bool:
    """Whether Poetry considers a version, pre-releases included, after it has rejected others."""
    if not requirement.contains(version) or version in rejected:
        return False
    named = [one for one in requirement.specifiers if one.operator == "!=" and not one.version.endswith(".*")]
    rest = [one for one in requirement.specifiers if one not in named]
    excluded = sorted({*rejected, *(Version(one.version) for one in named)})
    if len(excluded) + len(rest) <= 1:
        return True
    lowest = max(
        (
            Version(one.version.replace(".*", ".dev0"))
            for one in rest
            if one.operator in {">", ">=", "~="} or (one.operator == "==" and one.version.endswith(".*"))
        ),
        default=None,
    )
    return any(
        (below is None or (lowest is not None and lowest > below) or _exceeds(version, below))
        and (above is None or _public(version, above) < above)
        for below, above in pairwise((None, *excluded, None))
    )


def _exceeds(version: Version, bound: Version) -> bool:
    """``>bound``: without post-releases of the bound, unless it is one."""
    version = _public(version, bound)
    if version.is_postrelease and not bound.is_postrelease:
        local = f"+{version.local}" if version.local else ""
        version = Version(f"{version.public.partition('.post')[0]}{local}")
    return version > bound


def _public(version: Version, bound: Version) -> Version:
    """The version without its local part, unless the bound has one."""
    return version if bound.local else Version(version.public)
