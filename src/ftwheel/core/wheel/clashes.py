"""Finds members of a zip that cannot be unpacked into the same folder."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

__all__ = ["files_that_are_folders", "folded_clashes"]


def files_that_are_folders(names: Iterable[str]) -> tuple[str, ...]:
    """The files that are also folders of other members, sorted; names of folders end with a slash."""
    ordered = sorted(set(names))
    found = []
    for name, following in pairwise(ordered):
        if following.startswith(name) and not name.endswith("/"):  # names that start with it follow it in one run
            at = bisect_left(ordered, f"{name}/")
            if at < len(ordered) and ordered[at].startswith(f"{name}/"):
                found.append(name)
    return tuple(found)


def folded_clashes(paths: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Pairs of files that are the same on Windows and macOS, sorted: their file systems ignore case, and macOS also
    Unicode normalization. The second of a pair may be a file in a folder with the first one's name.
    """
    by_key: dict[str, list[str]] = defaultdict(list)
    for path in sorted(set(paths)):
        by_key[unicodedata.normalize("NFC", path).lower()].append(path)
    found = [(first, other) for first, *others in by_key.values() for other in others]
    ordered = sorted(by_key)
    for key in files_that_are_folders(ordered):
        file, inside = by_key[key][0], by_key[ordered[bisect_left(ordered, f"{key}/")]][0]
        if not inside.startswith(f"{file}/"):
            found.append((file, inside))
    return tuple(sorted(found))
