"""Adds dependency edges from the METADATA of files to a lock file without any, such as uv's ``pylock.toml``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from ftwheel.core.dependencies.inputs import Dependencies, PinnedVersion, RequirementEdge
from ftwheel.core.dependencies.resolution import CoreMetadata, MetadataSource
from ftwheel.core.errors import FtwheelError
from ftwheel.core.index.page import File, normalized
from ftwheel.io.dependencies.inputs.entries import edges

__all__ = ["lacks_edges", "with_edges"]

_MOST_PINS = 5000
_MOST_FAILURES = 3
_EXTRA = re.compile(r"""extra\s*==\s*(?:"([^"]*)"|'([^']*)')""")


def lacks_edges(dependencies: Dependencies) -> bool:
    """Whether this is a lock file of several projects without dependency edges."""
    pins = dependencies.pins
    return dependencies.is_lock and 1 < len(pins) <= _MOST_PINS and not any(pin.requires for pin in pins)


def with_edges(
    dependencies: Dependencies,
    metadata: MetadataSource,
    *,
    jobs: int,
    observer: Callable[[int, int, str], None],
) -> Dependencies:
    """The lock file with the edges that its own wheels declare; unreadable wheels have none.

    If the lock file's URLs cannot be reached, as behind a mirror, reading stops after the first failures.
    """
    failures: list[FtwheelError] = []

    def read(pin: PinnedVersion) -> PinnedVersion:
        file = _wheel(pin)
        if file is None or len(failures) >= _MOST_FAILURES:
            return pin
        try:
            said = metadata.metadata(file)
        except FtwheelError as error:
            failures.append(error)
            return pin
        return replace(pin, requires=tuple(_edges(said, pin.origin))) if isinstance(said, CoreMetadata) else pin

    found = []
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="edges") as pool:
        for pin in pool.map(read, dependencies.pins):
            found.append(pin)
            observer(len(found), len(dependencies.pins), f"what {pin.name} requires")
    return replace(dependencies, pins=tuple(found))


def _wheel(pin: PinnedVersion) -> File | None:
    """A wheel with a URL in the lock file; whether the index serves its METADATA only shows on request."""
    named = next((file for file in pin.files if file.url and file.filename.endswith(".whl")), None)
    if named is None:
        return None
    return File(filename=named.filename, url=named.url, hashes=named.hashes, core_metadata=())


def _edges(said: CoreMetadata, origin: str) -> Iterator[RequirementEdge]:
    """The edges to a file's requirements, with and without its extras."""
    for edge in edges(said.requires, origin):
        names = {normalized(one or other) for one, other in _EXTRA.findall(edge.marker)}
        for within in sorted(names) or [""]:
            yield replace(edge, within=within, marker=_EXTRA.sub('python_version > "0"', edge.marker))
