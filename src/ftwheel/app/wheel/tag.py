"""Give a wheel other tags, if what is inside supports them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ftwheel.core.errors import InputError
from ftwheel.core.findings import Finding
from ftwheel.core.wheel.contents import WheelContents
from ftwheel.rules.wheel.suggest import Suggestion, objections, retagged, suggest

__all__ = ["TagPlan", "plan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TagPlan:
    """What asking for tags came to: ``objections`` speak against it, ``suggestions`` are what the code supports.

    ``agrees`` says whether the file name and WHEEL of the wheel as it is have the same tags.
    """

    wanted: WheelContents
    objections: tuple[Finding, ...]
    suggestions: tuple[Suggestion, ...]
    agrees: bool


def plan(
    contents: WheelContents,
    stable_symbols: Mapping[str, int],
    *,
    python: str | None = None,
    abi: str | None = None,
    platform: str | None = None,
    build: str | None = None,
) -> TagPlan:
    """Decide whether the wheel may carry the tags asked for.

    Each is a new set (``cp313.cp314``), an addition (``+abi3t``) or a removal (``-cp39``), as with ``wheel tags``; None
    leaves the part as it is, and WHEEL gets what the file name says. Raises InputError when what comes out is no tag.
    """
    name = contents.name
    sets = [
        _changed(old, new, part)
        for old, new, part in (
            (name.interpreters, python, "--python-tag"),
            (name.abis, abi, "--abi-tag"),
            (name.platforms, platform, "--platform-tag"),
        )
    ]
    wanted = retagged(contents, "-".join(".".join(part) for part in sets), build=build)
    return TagPlan(
        wanted=wanted,
        objections=objections(wanted, stable_symbols),
        suggestions=suggest(contents, stable_symbols),
        agrees=contents.wheel is not None
        and not contents.wheel.bad_tags
        and (contents.wheel.tags, contents.wheel.build) == (name.tags, name.build),
    )


def _changed(old: Sequence[str], new: str | None, option: str) -> list[str]:
    if new is None:
        return sorted(old)
    tags = {tag.strip().lower() for tag in new.lstrip("+-").split(".")}
    if new.startswith("+"):
        tags |= set(old)
    elif new.startswith("-"):
        tags = set(old) - tags
    if not tags or "" in tags:
        raise InputError(f"{option} {new}: leaves no tag", hint=f"the wheel has {'.'.join(old)}")
    return sorted(tags)
