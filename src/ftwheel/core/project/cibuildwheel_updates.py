"""Decides what in ``[tool.cibuildwheel]`` has to change, because cibuildwheel 4.x rejects it.

Covers only what makes the whole run fail: removed groups, selectors, images and options. An unknown ``skip`` selector
causes only a warning and is kept. Sources: cibuildwheel 4.3.5 ``selector.py`` (``EnableGroup``), ``__main__.py``
(``check_for_invalid_selectors``, ``detect_errors``) and ``options.py`` (``_check_pinned_image``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ftwheel.core.build.cibuildwheel.identifiers import CibuildwheelSeries, copied_identifiers, selector_matches
from ftwheel.core.build.cibuildwheel.options import table_of
from ftwheel.core.project.toml_edits import Drop, Edit, Put, Remove

__all__ = ["GONE_IMAGES", "GROUPS", "updates"]

_TABLE = ("tool", "cibuildwheel")
_SYSTEMS = ("linux", "macos", "windows", "android", "ios", "pyodide")
# copied because init works without an installed cibuildwheel; tests/integration/test_cibuildwheel_itself.py compares
GROUPS = ("cpython-prerelease", "graalpy", "pypy", "pypy-eol", "pyodide-eol", "pyodide-prerelease", "all")
GONE_IMAGES: Mapping[str, str] = {
    "manylinux1": "manylinux2014",
    "manylinux2010": "manylinux2014",
    "manylinux_2_24": "manylinux_2_28",
    "musllinux_1_1": "musllinux_1_2",
}
"""Images that 4.x rejects by name, and the oldest replacement."""

_GONE_OPTIONS = ("free-threaded-support", "prerelease-pythons")
_COMMANDS = ("test-command", "before-build")
_PLACEHOLDER = re.compile(r"\{(python|pip)\}")
_GROUP_OF = {"pp": "pypy", "gp": "graalpy"}


def updates(document: Mapping[str, Any]) -> tuple[tuple[Edit, ...], tuple[str, ...]]:
    """The edits of pyproject.toml, and notes on changes only its author can make; both empty for a current table."""
    own = table_of(document, *_TABLE)
    edits = [*_enable(own), *_selectors(own)]
    for path in ((), *((system,) for system in _SYSTEMS)):
        edits += _table((*_TABLE, *path), table_of(own, *path))
    return tuple(edits), tuple(_in_overrides(own))


def _enable(own: Mapping[str, Any]) -> Iterator[Edit]:
    yield from _without(
        "enable",
        own.get("enable"),
        lambda group: group in GROUPS,
        "cibuildwheel 4.x does not know it, and 3.14t does not need it",
    )


def _selectors(own: Mapping[str, Any]) -> Iterator[Edit]:
    enabled = {*_words(own.get("enable"))}
    known = copied_identifiers(CibuildwheelSeries.FOUR)

    def builds(selector: str) -> bool:
        group = _GROUP_OF.get(selector[:2])
        if group and ({group, f"{group}-eol", "all"} & enabled):
            return True
        return selector_matches(selector, *known)

    yield from _without("build", own.get("build"), builds, "cibuildwheel 4.x has no such build, and rejects it")


def _without(key: str, value: object, keeps: Any, why: str) -> Iterator[Edit]:
    """Remove words from an option that is a string, or an array of strings with words."""
    words = _words(value)
    kept = [word for word in words if keeps(word)]
    gone = [word for word in words if not keeps(word)]
    if not gone:
        return
    reason = f"{' '.join(gone)}: {why}"
    if not kept:
        yield Remove(table=_TABLE, key=key, why=reason)
    elif isinstance(value, str):
        yield Put(table=_TABLE, key=key, value=" ".join(kept), why=reason)
    elif all(word in gone or word in kept for word in map(str, _items(value))):
        for word in gone:
            yield Drop(table=_TABLE, key=key, value=word, why=why)
    else:
        yield Put(table=_TABLE, key=key, value=tuple(kept), why=reason)


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _words(value: object) -> list[str]:
    items = [value] if isinstance(value, str) else _items(value)
    return [word for item in items for word in str(item).split()]


def _table(path: tuple[str, ...], table: Mapping[str, Any]) -> Iterator[Edit]:
    for key in _GONE_OPTIONS:
        if key in table:
            yield Remove(table=path, key=key, why="cibuildwheel no longer has this option, and rejects it")
    for key, value in table.items():
        if _is_image(key) and value in GONE_IMAGES:
            why = f"cibuildwheel 4.x has no image {value}"
            yield Put(table=path, key=key, value=GONE_IMAGES[value], why=why)
        elif key in _COMMANDS and _PLACEHOLDER.search(str(value)):
            why = "cibuildwheel expects python and pip without braces"
            plain = [_PLACEHOLDER.sub(r"\1", str(item)) for item in ([value] if isinstance(value, str) else value)]
            yield Put(table=path, key=key, value=plain[0] if isinstance(value, str) else tuple(plain), why=why)


def _is_image(key: str) -> bool:
    return key.startswith(("manylinux-", "musllinux-")) and key.endswith("-image")


def _in_overrides(own: Mapping[str, Any]) -> Iterator[str]:
    overrides = own.get("overrides")
    for override in overrides if isinstance(overrides, list) else ():
        for key, value in override.items() if isinstance(override, Mapping) else ():
            if _is_image(key) and value in GONE_IMAGES:
                yield (
                    f"[[tool.cibuildwheel.overrides]] {key} = {value!r}: cibuildwheel 4.x rejects it; use"
                    f" {GONE_IMAGES[value]!r}"
                )
