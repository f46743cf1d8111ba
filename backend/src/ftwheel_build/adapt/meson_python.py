"""meson-python: by config settings, which become arguments of ``meson setup``."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ftwheel_build.adapt import limited_api_asked, own_folder

if TYPE_CHECKING:
    from ftwheel_build.job import Job

__all__ = ["adapted"]

_OFF = "-Dpython.allow_limited_api=false"


def _asks(job: Job) -> bool:
    """Whether the project asks for the limited API: in pyproject.toml, or in a meson.build (``limited_api:``)."""
    table = job.document.get("tool", {}).get("meson-python", {})
    if isinstance(table, Mapping) and table.get("limited-api"):
        return True
    for folder, folders, files in os.walk(job.root):
        folders[:] = [name for name in folders if not name.startswith((".", "build"))]
        if "meson.build" in files:
            with open(os.path.join(folder, "meson.build"), encoding="utf-8", errors="replace") as stream:
                if re.search(r"^[^#]*\blimited_api\s*:", stream.read(), re.MULTILINE):
                    return True
    return False


@contextlib.contextmanager
def adapted(job: Job) -> Iterator[dict[str, Any]]:
    """Switch the limited API off by Meson's own option; a build folder the user named becomes the target's own."""
    settings = dict(job.settings)
    if job.hook.startswith("build_"):  # an sdist is configured like a wheel
        if job.target.free_threaded and _asks(job):
            limited_api_asked(job, "meson-python: limited API")
            if job.drops_limited_api:
                given = settings.get("setup-args", [])
                # last, because Meson takes the last value of an option
                settings["setup-args"] = [*([given] if isinstance(given, str) else given), _OFF]
        for key in ("build-dir", "builddir"):
            if isinstance(settings.get(key), str):
                settings[key] = own_folder(settings[key], job)
    yield settings
