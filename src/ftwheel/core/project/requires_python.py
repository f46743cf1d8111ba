"""Finds a project's requires-python without running any of its code.

It looks, in this order, at ``project.requires-python`` (PEP 621), ``python`` in ``[tool.poetry.dependencies]``,
``python_requires`` in setup.cfg, and ``python_requires`` in setup.py if it is a string literal or a name bound to one.
"""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterator, Mapping
from typing import Any

from packaging.specifiers import InvalidSpecifier

from ftwheel.core.project.toml_edits import table_at
from ftwheel.core.versions import specifier_set

__all__ = ["poetry_specifiers", "requires_python_of"]

_KEYWORD = "python_requires"
_POETRY = re.compile(r"([~^]?)\s*(\d+(?:\.\d+)*)((?:\.\*)?)")


def requires_python_of(document: Mapping[str, Any], *, setup_cfg: str = "", setup_py: str = "") -> str:
    """The version specifiers; empty if there are none, or if reading them would require running code."""
    for said in _said(document, setup_cfg, setup_py):
        try:
            if specifiers := str(specifier_set(said)):
                return specifiers
        except InvalidSpecifier:
            continue
    return ""


def _said(document: Mapping[str, Any], setup_cfg: str, setup_py: str) -> Iterator[str]:
    yield _text((table_at(document, ("project",)) or {}).get("requires-python"))
    python = (table_at(document, ("tool", "poetry", "dependencies")) or {}).get("python")
    yield poetry_specifiers(_text(python.get("version") if isinstance(python, Mapping) else python))
    yield _setup_cfg(setup_cfg)
    yield _setup_py(setup_py)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def poetry_specifiers(text: str) -> str:
    """Convert a Poetry constraint to version specifiers: ``^3.9`` is ``>=3.9,<4``, ``~3.9`` is ``>=3.9,<3.10``.

    Of alternatives (``||``), only the lower bound of the first is kept, because specifiers have no "or". Source:
    Poetry's page "Dependency specification".
    """
    first, _, others = text.partition("||")
    found = []
    for part in filter(None, (each.strip() for each in first.split(","))):
        match = _POETRY.fullmatch(part)
        if match is None:
            found.append(part)
            continue
        operator, version, wildcard = match.groups()
        if not operator:
            found.append(f"=={version}{wildcard}")
            continue
        numbers = [int(number) for number in version.split(".")]
        # a caret keeps the first number that is not 0, a tilde the minor version
        position = 0 if operator == "^" and numbers[0] else min(1, len(numbers) - 1)
        found += [f">={version}", f"<{'.'.join(map(str, [*numbers[:position], numbers[position] + 1]))}"]
    return ",".join(each for each in found if not (others and each.startswith("<")))


def _setup_cfg(text: str) -> str:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return ""
    # setuptools accepts dashes too
    return parser.get("options", _KEYWORD, fallback="") or parser.get("options", "python-requires", fallback="")


def _setup_py(source: str) -> str:
    """The value of the keyword of ``setup()``: in a call, in a dictionary, or in a variable."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return ""
    named: dict[str, ast.expr] = {}
    given: list[ast.expr] = []
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                named[name] = value
            case ast.keyword(arg=arg, value=value) if arg == _KEYWORD:
                given.append(value)
            case ast.Dict(keys=keys, values=values):
                given += [
                    value
                    for key, value in zip(keys, values, strict=True)
                    if isinstance(key, ast.Constant) and key.value == _KEYWORD
                ]
            case _:
                pass
    for value in given:
        meant = named.get(value.id, value) if isinstance(value, ast.Name) else value
        if isinstance(meant, ast.Constant) and isinstance(meant.value, str):
            return meant.value
    return ""
