"""Reads a wheel's file name as packaging does, for the installers that use it.

Source: packaging 26.3 ``utils.py`` (``parse_wheel_filename``).
"""

from __future__ import annotations

import re

from ftwheel.core.errors import InputError
from ftwheel.core.index.page import normalized
from ftwheel.core.installers.parsed_filename import BuildTag, FilenameProblem, ParsedFilename, unreadable
from ftwheel.core.installers.requirements import parse_version

__all__ = ["read_packaging_wheel"]

_WHEEL_NAME = re.compile(r"[\w._]+")
_BUILD = re.compile(r"([0-9]+)([^\n]*)\n?")


def _label(filename: str) -> str:
    """The label of a wheel variant (PEP 825), which pip takes for an invalid build tag or an extra part; "" if none."""
    if filename.count("-") < 5:
        return ""
    from ftwheel.core.wheel.filename import WheelName  # noqa: PLC0415  # 15 ms, and most names have five parts

    try:
        return WheelName.parse(filename).variant
    except InputError:
        return ""


def read_packaging_wheel(filename: str, project: str) -> ParsedFilename:
    """Parse a wheel's file name as packaging does; ``project`` is normalized."""
    parts = filename[:-4].split("-")
    if label := _label(filename):
        return ParsedFilename("wheel", problem=FilenameProblem("variant", label))
    if len(parts) not in {5, 6}:
        return unreadable("wheel", f"a wheel's name has five or six parts, not {len(parts)}")
    if "__" in parts[0] or not _WHEEL_NAME.fullmatch(parts[0]):
        return unreadable("wheel", f"{parts[0]!r} is not a valid project name of a wheel")
    version = parse_version(parts[1])
    if version is None:
        return unreadable("wheel", f"{parts[1]!r} is not a valid version")
    build: BuildTag = ()
    if len(parts) == 6:
        match = _BUILD.match(parts[2])
        if match is None or len(match[1]) > 4300:
            return unreadable("wheel", f"{parts[2]!r} is not a valid build tag")
        build = (int(match[1]), match[2])
    interpreters, abis, platforms = parts[-3:]
    if any("" in part.split(".") for part in parts[-3:]):
        return unreadable("wheel", "a tag is empty")
    if not all(interpreter.isidentifier() for interpreter in interpreters.split(".")):
        return unreadable("wheel", f"{interpreters!r} is not a valid interpreter tag")
    found = normalized(parts[0])
    return ParsedFilename(
        "wheel",
        version,
        str(version),
        build,
        f"{interpreters}-{abis}",
        platforms,
        problem=None if found == project else FilenameProblem("other project", found),
        is_of_project=found == project,
    )
