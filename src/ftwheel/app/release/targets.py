"""Decides what a release has to serve, from the tables ``[tool.ftwheel]`` and ``[tool.cibuildwheel]``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from ftwheel.core.build.cibuildwheel.identifiers import skipped
from ftwheel.core.build.cibuildwheel.options import read_options
from ftwheel.core.release.coverage import ConfiguredTargets
from ftwheel.core.tags.cpython import on

__all__ = ["configured_targets"]


def configured_targets(
    *,
    pythons: Iterable[str],
    platforms: Iterable[str],
    stable_abi: str,
    cibuildwheel: object,
    day: date,
) -> ConfiguredTargets:
    """The targets that ``[tool.ftwheel]`` configures on a day, without the pairs that the table ``cibuildwheel`` skips.

    Variables such as ``CIBW_SKIP`` do not count: what is verified may have been built elsewhere.
    Raises ConfigurationError if ``cibuildwheel`` is not a table.
    """
    pythons, platforms = tuple(pythons), tuple(platforms)
    own = read_options({"tool": {"cibuildwheel": cibuildwheel}}, {})
    return ConfiguredTargets.of(
        pythons=pythons,
        platforms=platforms,
        stable_abi=stable_abi,
        supported=on(day),
        left_out=skipped(pythons, platforms, own),
    )
