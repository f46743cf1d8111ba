"""What each wrapped backend needs on each of the two ABIs.

An adapter is a context manager around the wrapped hook: it gets the job, yields the config settings to pass, and
puts back whatever it changed.
"""

from __future__ import annotations

import contextlib
import importlib
import os
from typing import TYPE_CHECKING, Any

from ftwheel_build.errors import RefusedError
from ftwheel_build.wrapped import family

if TYPE_CHECKING:
    from ftwheel_build.job import Job

__all__ = ["adapted", "limited_api_asked", "own_folder"]


def adapted(job: Job) -> contextlib.AbstractContextManager[dict[str, Any]]:
    """The adapter of the wrapped backend, entered; one that changes nothing for a backend that needs none."""
    name = family(job.config)
    if not name:
        return contextlib.nullcontext(dict(job.settings))
    module = importlib.import_module(f"ftwheel_build.adapt.{name}")
    adapter: contextlib.AbstractContextManager[dict[str, Any]] = module.adapted(job)
    return adapter


def own_folder(folder: str, job: Job) -> str:
    """The target's own folder inside a build folder that the user named for both."""
    return folder if job.target.abi in folder else os.path.join(folder, job.target.folder)


def limited_api_asked(job: Job, where: str) -> None:
    """Stop (FTB205) when the project asks for the limited API on a free-threaded target and its policy is to refuse."""
    if job.config.limited_api == "refuse" and job.target.free_threaded and job.target.implementation == "cpython":
        raise RefusedError(
            "FTB205",
            f"{where} on {job.target}, and [tool.ftwheel] says limited-api = 'refuse'",
            fix="limited-api = 'auto' builds a version-specific wheel here",
        )
