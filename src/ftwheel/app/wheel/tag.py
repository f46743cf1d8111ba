"""The use case of ``ftwheel tag``: changes the tags of a wheel if its content supports them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ftwheel.core.errors import InputError
from ftwheel.core.findings import Finding
from ftwheel.core.wheel.contents import WheelContents
from ftwheel.rules.wheel.suggest import AskPolicy, Suggestion, objections, retagged, suggest

__all__ = ["TagPlan", "plan"]

_PLATFORM = (
    r"any|win32|(linux|win|macosx|manylinux|musllinux|android|ios|pyodide|pyemscripten|emscripten|wasi|freebsd"
    r"|openbsd|netbsd|dragonfly|solaris|sunos|aix|cygwin|mingw|haiku|zos)[0-9]*(_[a-z0-9]+)+"
)
_TAGS = {
    "--python-tag": (
        r"(py|cp|pp|ip|jy|graalpy)[0-9]+(_[0-9]+)?",
        "an interpreter tag",
        "cp314, or cp313.cp314 for two",
    ),
    "--abi-tag": (r"[a-z0-9_]+", "an ABI tag", "cp314t, abi3 or none"),
    "--platform-tag": (_PLATFORM, "a platform tag", "manylinux_2_28_x86_64, macosx_11_0_arm64 or win_amd64"),
}
"""For each option, the pattern of a tag, with a description and examples for error messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TagPlan:
    """The result for the requested tags: ``objections`` contradict them, ``suggestions`` are the supported ones.

    ``agrees`` says whether the file name and WHEEL of the original wheel have the same tags.
    """

    wanted: WheelContents
    objections: tuple[Finding, ...]
    suggestions: tuple[Suggestion, ...]
    agrees: bool


def plan(
    contents: WheelContents,
    stable_symbols: Mapping[str, int],
    policy: AskPolicy | None = None,
    *,
    python: str | None = None,
    abi: str | None = None,
    platform: str | None = None,
    build: str | None = None,
) -> TagPlan:
    """Decide whether the wheel may have the requested tags.

    Each is a new set (``cp313.cp314``), an addition (``+abi3t``) or a removal (``-cp39``), as in ``wheel tags``; None
    keeps that part of the name. WHEEL gets the tags of the file name. ``policy`` is None on systems where auditwheel
    does not run; it objects only to requested platform tags, not to those already in the name. Raises InputError if a
    resulting tag is not valid.
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
        objections=objections(wanted, stable_symbols, policy if platform else None),
        suggestions=suggest(contents, stable_symbols, policy),
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
        raise InputError(f"{option} {new!r}: leaves no tag", hint=f"the wheel has {'.'.join(old)}")
    wanted, what, example = _TAGS[option]
    if wrong := next((tag for tag in sorted(tags - set(old)) if not re.fullmatch(wanted, tag)), ""):
        raise InputError(f"{option} {new!r}: {wrong} is not {what}", hint=f"for example {example}")
    return sorted(tags)
