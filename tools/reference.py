#!/usr/bin/env python3
"""Write what the documentation takes from the code.

``python3 tools/reference.py`` writes the options of each command, as its ``--help`` has them, below the heading
``Options`` of its page in ``docs``; a test holds that they agree. ``docs/reference/python.md``, the signatures and
docstrings of the public names, is made whenever the site is built, and not kept in the repository.
"""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path

import ftwheel
from ftwheel.cli import main, pip_companion
from ftwheel.testing import MemoryIndex

__all__ = ["COMMANDS", "DOCS", "with_options", "write_python"]

DOCS = Path(__file__).resolve().parents[1] / "docs"
COMMANDS = (*(name for name in main.COMMANDS if name != "action"), "pip-ftwheel")
"""The commands that people type; each has a page of its name in ``docs``."""


def with_options(name: str, page: str) -> str:
    """The page of a command, with what is below the heading ``Options`` made from its parser."""
    before, heading, rest = page.partition("\n## Options\n")
    if not heading:
        raise ValueError(f"docs/{name}.md has no heading '## Options'")
    _, *after = re.split(r"^(?=## )", rest, maxsplit=1, flags=re.MULTILINE)
    return "\n".join([before + heading, *_options(_parser(name)), *(f"\n{each}".rstrip("\n") for each in after), ""])


def _parser(name: str) -> argparse.ArgumentParser:
    if name not in main.COMMANDS:
        return pip_companion.parser()
    [parser] = [
        action.choices[name]
        for action in main.parser(name)._actions  # argparse offers no other way
        if isinstance(action, argparse._SubParsersAction)
    ]
    assert isinstance(parser, argparse.ArgumentParser)
    return parser


def _options(parser: argparse.ArgumentParser) -> list[str]:
    lines: list[str] = []
    for group in parser._action_groups:
        actions = [each for each in group._group_actions if each.help not in (argparse.SUPPRESS, None)]
        actions = [each for each in actions if each.dest not in ("help", "version")]
        if not actions:
            continue
        if group.title not in ("positional arguments", "options"):
            title = group.title or ""
            lines += ["", f"{title[0].upper()}{title[1:]}:", ""]
        for action in actions:
            value = action.metavar or ("|".join(map(str, action.choices)) if action.choices else action.dest.upper())
            value = " ".join(value) if isinstance(value, tuple) else value
            shown = " ".join(filter(None, (", ".join(action.option_strings), "" if action.nargs == 0 else value)))
            lines.append(f"- `{shown}`: {_prose((action.help or '') % vars(action))}")
    return lines


def _prose(text: str) -> str:
    """Text of the code as Markdown: what looks like markup is not."""
    parts = re.split(r"(``.+?``)", " ".join(text.split()))
    return "".join(
        f"`{part[2:-2]}`" if part.startswith("``") else re.sub(r"([\\<>\[\]*|])", r"\\\1", part) for part in parts
    )


def python() -> str:
    """Every public name: functions with their signatures, types with their fields."""
    names = [name for name in ftwheel.__all__ if not name.startswith("_")]  # type: ignore[attr-defined]
    found = {name: getattr(ftwheel, name) for name in names} | {"testing.MemoryIndex": MemoryIndex}
    functions = {name: value for name, value in found.items() if inspect.isfunction(inspect.unwrap(value))}
    kinds = {name: value for name, value in found.items() if inspect.isclass(value)}
    lines = ["# Public names", "", "Made from the code. Examples are on the page of the [Python API](../api.md)."]
    for title, group in (("Functions", functions), ("Types", kinds)):
        lines += ["", f"## {title}"]
        for name, value in sorted(group.items(), key=lambda item: item[0].lower()):
            lines += ["", f"### ftwheel.{name}", "", *_described(name, value)]
    return "\n".join(lines) + "\n"


def _described(name: str, value: object) -> Iterator[str]:
    if isinstance(value, type) and issubclass(value, Enum):
        yield from _documentation(value)
        yield from (f"- `{member.name}`: {member.value}" for member in value)
        return
    if isinstance(value, type) and is_dataclass(value):
        yield from _documentation(value)
        yield from (f"- `{field.name}`: `{field.type}`" for field in fields(value))
        return
    if isinstance(value, type) and issubclass(value, tuple):  # a NamedTuple
        yield from _documentation(value)
        for field_name, kind in value.__annotations__.items():
            yield f"- `{field_name}`: `{getattr(kind, '__forward_arg__', kind)}`"
        return
    if callable(value) and not (isinstance(value, type) and issubclass(value, Exception)):
        yield from ("```python", f"{name}{_signature(value)}", "```", "")
    yield from _documentation(value)


def _signature(value: Callable[..., object]) -> str:
    try:
        signature = inspect.signature(value)
    except ValueError:
        return "()"
    parameters = [re.sub(r": '(.*?)'", r": \1", str(each), count=1) for each in signature.parameters.values()]
    stars = [
        number
        for number, each in enumerate(signature.parameters.values())
        if each.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    if stars and not any(each.startswith("*") for each in parameters):
        parameters.insert(stars[0], "*")
    returned = "" if signature.return_annotation is inspect.Signature.empty else f" -> {signature.return_annotation}"
    inside = ",\n    ".join(parameters)
    return f"(\n    {inside},\n){returned}" if parameters else f"(){returned}"


def _documentation(value: object) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", inspect.getdoc(value) or ""):
        if paragraph.startswith(">>>"):
            yield from ("```pycon", *paragraph.splitlines(), "```", "")
        elif paragraph:
            yield from (_prose(paragraph), "")


def write_python(folder: Path) -> None:
    """Write ``python.md``, if its text has changed."""
    folder.mkdir(parents=True, exist_ok=True)
    text, path = python(), folder / "python.md"
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    for command in COMMANDS:
        page = DOCS / f"{command}.md"
        page.write_text(with_options(command, page.read_text("utf-8")), "utf-8")
