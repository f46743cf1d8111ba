"""Real releases as the public index has them: their wheels by name, and what ``ftwheel verify`` has to say about each.

``tests/recordings/releases.json`` has, for each project, the release and the one before it: the stem of its file names,
``requires-python``, the day of the last upload, and its wheels as lists of interpreter and ABI tags with the platforms
that have all of them. ``releases_expected.json`` has the findings, and why they are right: what the page shows.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

from ftwheel.core.index.page import File, ProjectDetails

__all__ = ["EXPECTED", "INSIDE", "head", "pages"]

_RECORDINGS = Path(__file__).parents[1] / "recordings"
_TABLE: dict[str, dict[str, Any]] = json.loads((_RECORDINGS / "releases_expected.json").read_text(encoding="utf-8"))
EXPECTED: dict[str, list[list[str]]] = {release: row["findings"] for release, row in _TABLE.items()}
"""``NAME==VERSION`` to severity, code and the first part of the message of each finding of ``verify``."""
INSIDE: dict[str, list[list[str]]] = {release: row["check"] for release, row in _TABLE.items() if "check" in row}
"""The same without messages of ``check``, for releases whose fault is in the wheels; advice is left out."""


def pages() -> dict[str, ProjectDetails]:
    """The pages of the projects, by name."""
    recorded = json.loads((_RECORDINGS / "releases.json").read_text(encoding="utf-8"))
    return {
        name: ProjectDetails(name=name, files=tuple(file for release in releases for file in _files(release)))
        for name, releases in recorded.items()
    }


def _files(release: dict[str, Any]) -> list[File]:
    wheels = [
        f"{release['stem']}-{tags}-{platform}.whl"
        for pythons, platforms in release["wheels"]
        for tags, platform in product(pythons, platforms)
    ]
    uploaded = datetime.fromisoformat(release["uploaded"]).replace(tzinfo=UTC)
    return [
        File(
            filename=filename,
            url=f"https://files.example.org/{filename}",
            requires_python=release["requires-python"] or None,
            upload_time=uploaded,
        )
        for filename in sorted([*wheels, *release["sdists"]])
    ]


def head(message: str) -> str:
    """The part of a message that does not depend on older releases: what is wrong, where."""
    return re.split(r"; |: on the older systems|(?<=[.]whl) on ", message)[0]
