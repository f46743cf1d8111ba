"""Decides the targets of ``ftwheel missing``: those of ``--target``, or the next free-threaded builds."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ftwheel.core.errors import InputError
from ftwheel.core.tags.cpython import FIRST_FREE_THREADED, FIRST_SUPPORTED_FREE_THREADED
from ftwheel.core.tags.environments import PRESETS, Environment, nearest_label, parse_environment, preset

__all__ = ["default_targets", "parse_targets"]

_SHORT = re.compile(r"(?:cp)?3\.?(?P<rest>[0-9]{1,3}(?:\.[0-9]{1,3}(?:(?:a|b|rc)[0-9]{1,3})?)?t?)(?P<platform>-.*)?")


def parse_targets(texts: Iterable[str], platform: str) -> tuple[Environment, ...]:
    """Parse ``3.14t``, ``cp314t``, ``3.14t-win_amd64``, or a preset such as ``pairs``; each once, in the order given.

    A version without a platform is for this machine, whose platform tag is ``platform``. A text may be a
    comma-separated list. Raises InputError.
    """
    found: dict[str, Environment] = {}
    for text in (part.strip() for given in texts for part in given.split(",") if part.strip()):
        for environment in preset(text) if text in PRESETS else (_target(text, platform),):
            found.setdefault(environment.label, environment)
    if not found:
        raise InputError("no target given", hint="for example --target 3.14t, or 3.14t-win_amd64")
    return tuple(found.values())


def _target(text: str, platform: str) -> Environment:
    match = _SHORT.fullmatch(text)
    if match is None:
        meant = nearest_label(text, platform)
        raise InputError(
            f"{text[:100]}: not a target",
            hint=f"did you mean {meant.removesuffix(f'-{platform}')}?"
            if meant
            else "expected VERSION or VERSION-PLATFORM, for example 3.14t, 3.14t-win_amd64 or 3.14t-macosx_14_0_arm64",
        )
    exact = "3." if "." in match["rest"] else "3"
    return parse_environment(f"cp{exact}{match['rest']}{match['platform'] or f'-{platform}'}")


def default_targets(minor: int, released: Iterable[int], platform: str) -> tuple[Environment, ...]:
    """The free-threaded build of CPython 3.``minor``, and that of the next version if it is released.

    Versions before 3.13 have no such build; the target is then the first supported free-threaded build (PEP 779).
    """
    first = minor if minor >= FIRST_FREE_THREADED else FIRST_SUPPORTED_FREE_THREADED
    following = [first + 1] if first + 1 in released else []
    return tuple(parse_environment(f"cp3{each}t-{platform}") for each in (first, *following))
