"""Finds the issue tracker of a project among the URLs in its metadata.

Source: "Well-known Project URLs in Metadata" (https://packaging.python.org/specifications/well-known-project-urls/).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["issue_tracker"]

_TRACKERS = ("issues", "bugs", "issue", "tracker", "issuetracker", "bugtracker", "bugreports", "reportissues")
_SOURCES = ("source", "repository", "sourcecode", "github", "code", "homepage", "home")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[!-~]*)?")
_FORGE = re.compile(
    r"(https?://(?:www\.)?(?:github\.com|gitlab\.com|codeberg\.org|bitbucket\.org)/[\w.-]+/[\w.-]+?)(?:\.git)?/?$"
)
_LONGEST = 300


def issue_tracker(urls: Iterable[tuple[str, str]]) -> str:
    """The URL of the tracker, from pairs of label and URL; empty if there is none.

    If no label matches, it is the issues page of a source repository on a known forge. Only ``http`` and ``https`` URLs
    count.
    """
    by_label: dict[str, str] = {}
    for label, text in urls:
        address = text.strip()
        if len(address) <= _LONGEST and _ADDRESS.fullmatch(address):
            by_label.setdefault(re.sub(r"[^a-z0-9]", "", label.lower()), address)
    for label in _TRACKERS:
        if label in by_label:
            return by_label[label]
    found = (_FORGE.match(by_label[label]) for label in _SOURCES if label in by_label)
    return next((f"{match[1]}/issues" for match in found if match), "")
