"""Reads TOML of other people: a key of thousands of parts takes the standard reader memory by the square of them."""

from __future__ import annotations

import re
import sys
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["loads"]

_MOST_PARTS = 100  # of one key
_PART = r"""(?:[\w-]+|"[^"]*"|'[^']*')"""
_LONG_KEY = rf"(?<![\w-]){_PART}(?:[ \t]*\.[ \t]*{_PART}){{{_MOST_PARTS}}}"


def loads(text: str) -> dict[str, Any]:
    """What a TOML document says; raises ValueError when it is none."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") >= _MOST_PARTS and re.search(_LONG_KEY, line):
            raise ValueError(f"a key of more than {_MOST_PARTS} parts (at line {number})")
    document: dict[str, Any] = tomllib.loads(text)
    return document
