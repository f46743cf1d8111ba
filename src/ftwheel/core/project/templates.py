"""Fills in the workflow templates, so that no value can change the workflow around it.

A placeholder is ``@name@`` (lower case, dashes) in place of a whole YAML value: at the end of its line, after ``key: ``
or ``- ``. The syntax is that of CMake's and Meson's ``configure_file``, and means nothing to GitHub, unlike ``${{ }}``,
``$NAME`` and ``%``. Each value is written as a YAML scalar that reads back as the same text, quoted if necessary; a
value with a control character or with ``${{``, which GitHub would evaluate, is rejected.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ftwheel.core.errors import InputError

__all__ = ["ACTION", "PLACEHOLDERS", "Value", "action_value", "pins", "placeholders", "render", "scalar"]

ACTION = "ftwheel/ftwheel"
"""Owner and name of the repository that hosts the GitHub Action."""

PLACEHOLDERS: Mapping[str, str] = {
    "action": "the Action and its release, from action_value()",
    "install": "what pip installs for the tests, as one line of arguments: '. --group test', '.[test]', '. pytest'",
    "tests": "what pytest runs, as one line of arguments: 'tests'",
}
"""All placeholders of all templates, with their meanings."""

_PLACEHOLDER = re.compile(r"@([a-z][a-z-]*)@")
_PLACE = re.compile(r"^( *(?:- +)?[A-Za-z][\w-]*:| *-) @([a-z][a-z-]*)@$", re.MULTILINE)
_PLAIN = re.compile(r"[A-Za-z][\w./@-]*", re.ASCII)
_WORDS = frozenset({"false", "n", "no", "null", "off", "on", "true", "y", "yes"})  # not strings in YAML 1.1 or 1.2
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """The text of a value, and the comment after it, or ""."""

    text: str
    comment: str = ""


def action_value(version: str, commit: str | None) -> Value:
    """The reference to ftwheel's Action: the commit of the release if known, else the release's tag.

    A released distribution knows its commit (``ftwheel.io.project.templates.release_commit``); a checkout does not.
    Because a tag can be moved, a comment then explains the choice to zizmor and the reader.
    """
    if commit is None:
        comment = "zizmor: ignore[unpinned-uses] -- written by an unreleased ftwheel, which has no commit to pin"
        return Value(text=f"{ACTION}@v{version}", comment=comment)
    if not _COMMIT.fullmatch(commit):
        raise InputError(f"{commit!r} is not the hash of a commit", hint="pass 40 hexadecimal digits")
    return Value(text=f"{ACTION}@{commit}", comment=f"v{version}")


def pins(template: str) -> dict[str, Value]:
    """The actions that a template uses, by name without the owner: each pinned, with its release in a comment."""
    found = re.findall(r"uses: ([\w-]+/([\w-]+)@[0-9a-f]{40}) # (\S+)", template)
    return {name: Value(text=text, comment=release) for text, name, release in found}


def placeholders(template: str) -> tuple[str, ...]:
    """The names of a template's placeholders, sorted."""
    return tuple(sorted(set(_PLACEHOLDER.findall(template))))


def render(template: str, values: Mapping[str, str | Value]) -> str:
    """The template with every placeholder replaced.

    Raises ValueError for a name that only one of the two has and for a placeholder that is not a whole value (both are
    bugs in ftwheel), and InputError for a value that cannot be used in a workflow.
    """
    wanted = placeholders(template)
    if tuple(sorted(values)) != wanted:
        raise ValueError(f"the template has {_listed(wanted)}, but got {_listed(values)}")
    text = _PLACE.sub(lambda place: f"{place[1]} {_written(place[2], values[place[2]])}", template)
    if len(_PLACE.findall(template)) != len(_PLACEHOLDER.findall(template)):
        raise ValueError("a placeholder of the template is not a whole value at the end of its line")
    return text


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"


def _written(name: str, value: str | Value) -> str:
    whole = value if isinstance(value, Value) else Value(text=value)
    if not (whole.text + whole.comment).isprintable() or "${{" in whole.text:
        raise InputError(
            f"{name}: {whole.text!r} cannot be used in a workflow",
            hint="remove control characters and ${{, which GitHub would evaluate",
        )
    return scalar(whole)


def scalar(whole: Value) -> str:
    """The YAML scalar that reads back as the value, quoted if necessary, with its comment."""
    plain = _PLAIN.fullmatch(whole.text) and whole.text.lower() not in _WORDS
    scalar = whole.text if plain else json.dumps(whole.text, ensure_ascii=False)
    return f"{scalar} # {whole.comment}" if whole.comment else scalar
