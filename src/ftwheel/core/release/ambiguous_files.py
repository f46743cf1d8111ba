"""The wheels of a release by name, and the wheel that an installer selects on a target."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ftwheel.core.errors import InputError
from ftwheel.core.release.coverage import TargetEnvironment
from ftwheel.core.wheel.filename import WheelName

__all__ = ["LAST_MICRO", "ChosenWheel", "wheel_names"]

LAST_MICRO = 99  # beyond every micro version there is


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ChosenWheel:
    """The wheel of the release that an installer selects on a target, with its best matching tag."""

    target: TargetEnvironment
    installer: str
    filename: str
    tag: str


def wheel_names(filenames: Iterable[str]) -> tuple[WheelName, ...]:
    """The wheels among these file names, wheel variants included, sorted."""
    found = []
    for filename in sorted(filenames):
        try:
            found.append(WheelName.parse(filename))
        except InputError:
            continue
    return tuple(found)
