#!/usr/bin/env python3
"""Write the reference pages that are made from the code: ``python3 tools/reference.py FOLDER``.

``commands.md`` comes from the options of every command, ``python.md`` from the signatures and docstrings of the public
names. They are made when the documentation is built, and not kept in the repository.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path

import ftwheel
from ftwheel.cli import main, pip_companion
from ftwheel.testing import MemoryIndex

__all__ = ["PAGES", "write"]


def commands() -> str:
    """Every command with its options, by groups, and its examples."""
    lines = ["# Commands", "", "What `ftwheel COMMAND --help` says, as one page."]
    for name, summary in main.COMMANDS.items():
        [parser] = [
            action.choices[name]
            for action in main.parser(name)._actions  # argparse offers no other way
            if isinstance(action, argparse._SubParsersAction)
        ]
        lines += ["", f"## ftwheel {name}", "", f"{summary[0].upper()}{summary[1:]}.", "", *_options(parser)]
        lines += ["", "Examples:", "", "```text", inspect.cleandoc(main.load(name).EXAMPLES), "```"]
    summary = (pip_companion.__doc__ or "").splitlines()[0].partition(": ")[2]
    lines += ["", "## pip-ftwheel", "", f"{summary[0].upper()}{summary[1:]} See [its page](../pip-ftwheel.md)."]
    return "\n".join(lines) + "\n"


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield "```text"
    yield parser.format_usage().strip()
    yield "```"
    for group in parser._action_groups:
        actions = [each for each in group._group_actions if each.help is not argparse.SUPPRESS]
        if not actions:
            continue
        yield ""
        yield f"**{(group.title or '').capitalize()}**"
        yield ""
        for action in actions:
            names = ", ".join(f"`{name}`" for name in action.option_strings)
            value = action.metavar or ("|".join(map(str, action.choices)) if action.choices else action.dest.upper())
            if isinstance(value, tuple):
                value = " ".join(value)
            takes = "" if action.nargs == 0 else f"`{value}`"
            shown = " ".join(filter(None, (names, takes)))
            yield f"- {shown}: {_prose((action.help or '') % vars(action))}"


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


PAGES: dict[str, Callable[[], str]] = {"commands.md": commands, "python.md": python}


def write(folder: Path) -> None:
    """Write the pages whose text has changed."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        text, path = page(), folder / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
