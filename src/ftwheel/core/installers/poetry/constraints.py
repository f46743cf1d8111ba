"""Decides which versions a requirement allows in Poetry, which differs from PEP 440 for excluded versions.

poetry-core turns a requirement into ranges: ``!=V`` becomes the range below ``V`` and the range above it. On their own,
the two exclude only ``V``; combined with any other specifier, each range counts by itself, and the one above ``V`` also
excludes post-releases of ``V``. Versions that the resolver has rejected are cut out of the ranges the same way.

Source: poetry-core 2.5.0 ``constraints/version/parser.py``, ``version_range.py``, ``version_union.py``, ``version.py``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from packaging.version import Version

from ftwheel.core.named_tuples import NamedTuple

if TYPE_CHECKING:
    from packaging.specifiers import Specifier

    from ftwheel.core.installers.requirements import Requirement

__all__ = ["Ranges", "allowed_ranges", "allows", "pins", "without"]


class VersionRange(NamedTuple):
    """The versions between two bounds, each None if unbounded; a single version if both bounds equal it and count."""

    lowest: Version | None = None
    highest: Version | None = None
    with_lowest: bool = False
    with_highest: bool = False

    @property
    def is_version(self) -> bool:
        """Whether it is a single version, including its local versions unless it is a local version itself."""
        return self.with_lowest and self.with_highest and self.lowest == self.highest

    @property
    def is_empty(self) -> bool:
        if self.lowest is None or self.highest is None or self.lowest < self.highest:
            return False
        return not self.is_version

    def allows(self, version: Version) -> bool:
        """Whether the version is between the bounds; its local part counts only against a bound that has one."""
        if self.lowest is not None:
            other = version
            if other.is_postrelease and not self.lowest.is_postrelease and not self.with_lowest:
                other = other.__replace__(post=None, dev=None)
            other = _comparable(other, self.lowest)
            if other < self.lowest or (other == self.lowest and not self.with_lowest):
                return False
        if self.highest is None:
            return True
        other = _comparable(version, self.highest)
        return other < self.highest or (other == self.highest and self.with_highest)


Ranges = tuple[VersionRange, ...]
"""Disjoint ranges, in ascending order."""
_ALL: Ranges = (VersionRange(),)


def allowed_ranges(requirement: Requirement) -> Ranges:
    """The versions that match, pre-releases included; all of them for ``===``, which Poetry cannot read."""
    return _intersection(requirement.specifiers)


def allows(ranges: Ranges, version: Version) -> bool:
    """Whether the version is in one of the ranges."""
    match ranges:
        case (None, below, _, _), (above, None, False, _) if below is not None and below == above:
            return _comparable(version, below) != below
    return any(each.allows(version) for each in ranges)


def pins(ranges: Ranges) -> bool:
    """Whether the ranges are a single version, whose yanked files then count too."""
    return len(ranges) == 1 and ranges[0].is_version


def without(ranges: Ranges, version: Version) -> Ranges:
    """The ranges minus one version that they allow.

    From one of several ranges, a local version above its end is not cut out, although the range allows it.
    """
    several = len(ranges) > 1

    def cut(each: VersionRange) -> bool:
        above = several and each.highest is not None and each.highest < version
        return each.allows(version) and not above

    return tuple(part for each in ranges for part in (_parts(each, version) if cut(each) else (each,)))


def _parts(whole: VersionRange, version: Version) -> Ranges:
    lowest, highest, with_lowest, with_highest = whole
    if whole.is_version and version.local and lowest != version:
        highest, with_highest = _next(version), False  # its other local versions remain
    below, above = VersionRange(lowest, version, with_lowest), VersionRange(version, highest, with_highest=with_highest)
    return tuple(part for part in (below, above) if not part.is_empty)


def _next(version: Version) -> Version:
    """The version that comes after all local versions of this one."""
    if version.dev is not None:
        return version.__replace__(dev=version.dev + 1, local=None)
    return version.__replace__(post=0 if version.post is None else version.post + 1, local=None)


@lru_cache(maxsize=256)
def _intersection(specifiers: tuple[Specifier, ...]) -> Ranges:
    ranges = _ALL
    for one in specifiers:
        ranges = tuple(both for ours in ranges for theirs in _ranges(one) for both in _overlap(ours, theirs))
    return ranges


def _overlap(one: VersionRange, other: VersionRange) -> Ranges:
    """The versions in both ranges, possibly none."""
    for each, whole in ((one, other), (other, one)):
        if each.is_version and each.lowest is not None and whole.allows(each.lowest):
            return (each,)
    if one.is_version or other.is_version:
        return ()
    lowest = [(each.lowest, not each.with_lowest) for each in (one, other) if each.lowest is not None]
    highest = [(each.highest, each.with_highest) for each in (one, other) if each.highest is not None]
    start, above = max(lowest, default=(None, True))
    end, with_end = min(highest, default=(None, False))
    both = VersionRange(start, end, not above, with_end)
    return () if both.is_empty else (both,)


def _ranges(one: Specifier) -> Ranges:
    """The ranges of one specifier."""
    if one.operator == "===":
        return _ALL
    version = Version(one.version.removesuffix(".*"))
    if one.version.endswith(".*"):
        first, following = _first(version), _following(version, version.release)
        if one.operator == "==":
            return (VersionRange(first, following, with_lowest=True),)
        return VersionRange(None, first), VersionRange(following, with_lowest=True)
    match one.operator:
        case "!=":
            return VersionRange(None, version), VersionRange(version)
        case "~=":
            return (VersionRange(version, _following(version, version.release[:-1]), with_lowest=True),)
        case "<":
            return (VersionRange(None, version if version.is_prerelease else _first(version)),)
        case "<=":
            return (VersionRange(None, version, with_highest=True),)
        case ">":
            return (VersionRange(version),)
        case ">=":
            return (VersionRange(version, with_lowest=True),)
        case _:
            return (VersionRange(version, version, with_lowest=True, with_highest=True),)


def _first(version: Version) -> Version:
    """The first development release, which comes before all pre-releases."""
    return version.__replace__(dev=0)


def _following(version: Version, series: tuple[int, ...]) -> Version:
    """The first development release of the next series: of ``2.1`` if the series is ``2.0``."""
    return Version(f"{version.epoch}!{'.'.join(map(str, (*series[:-1], series[-1] + 1)))}.dev0")


def _comparable(version: Version, bound: Version) -> Version:
    """The version without its local part, unless the bound has one."""
    return version if bound.local or not version.local else version.__replace__(local=None)
