"""meson-python: by config settings, which become arguments of ``meson setup``.

Meson takes the version of the limited API from meson.build alone. Where that is older than 3.15, a free-threaded build
from 3.15 on is made without it too: its headers refuse an older limited API.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ftwheel_build.adapt import limited_api_asked, own_folder
from ftwheel_build.target import FIRST_ABI3T

if TYPE_CHECKING:
    from ftwheel_build.job import Job

__all__ = ["adapted"]

_OFF = "-Dpython.allow_limited_api=false"


def _asked(job: Job) -> list[str] | None:
    """The versions that meson.build files name (``limited_api: '3.12'``); None if nothing requests the limited API.

    pyproject.toml asks for it without a version.
    """
    table = job.document.get("tool", {}).get("meson-python", {})
    asks, versions = isinstance(table, Mapping) and bool(table.get("limited-api")), []
    for folder, folders, files in os.walk(job.root):
        folders[:] = [name for name in folders if not name.startswith((".", "build"))]
        if "meson.build" in files:
            with open(os.path.join(folder, "meson.build"), encoding="utf-8", errors="replace") as stream:
                for found in re.finditer(r"^[^#\n]*\blimited_api\s*:\s*('[^']*')?", stream.read(), re.MULTILINE):
                    asks = True
                    versions.append((found[1] or "").strip("'"))
    return versions if asks else None


def _too_old(versions: list[str]) -> bool:
    """Whether one of the versions is known, and older than the first stable ABI of free-threaded builds."""
    known = [re.fullmatch(r"3\.(\d+)", version) for version in versions]
    return any((3, int(found[1])) < FIRST_ABI3T for found in known if found)


@contextlib.contextmanager
def adapted(job: Job) -> Iterator[dict[str, Any]]:
    """Switch the limited API off by Meson's own option; a build folder the user named becomes the target's own."""
    settings = dict(job.settings)
    if job.hook.startswith("build_"):  # an sdist is configured like a wheel
        if job.target.free_threaded and (versions := _asked(job)) is not None:
            limited_api_asked(job, "meson-python: limited API")
            if job.drops_limited_api or (job.raises_limited_api and _too_old(versions)):
                given = settings.get("setup-args", [])
                # last, because Meson takes the last value of an option
                settings["setup-args"] = [*([given] if isinstance(given, str) else given), _OFF]
        for key in ("build-dir", "builddir"):
            if isinstance(settings.get(key), str):
                settings[key] = own_folder(settings[key], job)
    yield settings
