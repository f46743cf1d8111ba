"""Fills in the workflow templates, so that no value can change the workflow around it.

A placeholder is ``@name@`` (lower case, dashes) where YAML has a whole value: at the end of its line, after ``key: ``
or ``- ``. The sign is that of CMake's and Meson's ``configure_file``; it means nothing to GitHub, while ``${{ }}``,
``$NAME`` and ``%`` do. Each value is written as the YAML scalar that reads back as the same text, quoted where it has
to be; a value with a control character or with ``${{``, which GitHub would evaluate, is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ftwheel.core.errors import InputError

__all__ = ["ACTION", "PLACEHOLDERS", "Value", "action_value", "pins", "placeholders", "render", "scalar"]

ACTION = "ftwheel/ftwheel"
"""Owner and name of the repository that is the GitHub Action."""

PLACEHOLDERS: Mapping[str, str] = {
    "action": "the Action and its release, from action_value()",
    "install": "what pip installs for the tests, as one line of arguments: '. --group test', '.[test]', '. pytest'",
    "tests": "what pytest runs, as one line of arguments: 'tests'",
}
"""All placeholders of all templates, and what each stands for."""

_PLACEHOLDER = re.compile(r"@([a-z][a-z-]*)@")
_PLACE = re.compile(r"^( *(?:- +)?[A-Za-z][\w-]*:| *-) @([a-z][a-z-]*)@$", re.MULTILINE)
_PLAIN = re.compile(r"[A-Za-z][\w./@-]*", re.ASCII)
_WORDS = frozenset({"false", "n", "no", "null", "off", "on", "true", "y", "yes"})  # no strings in YAML 1.1 or 1.2
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """The text of a value, and the comment behind it (none if empty)."""

    text: str
    comment: str = ""


def action_value(version: str, commit: str | None) -> Value:
    """How a workflow names ftwheel's Action: the commit of the release where it is known, else the release's tag.

    A released distribution knows its commit (``ftwheel.io.project.templates.release_commit``); a checkout does not,
    and a tag can be moved, so the comment says to zizmor and to the reader what is done and why.
    """
    if commit is None:
        comment = "zizmor: ignore[unpinned-uses] -- written by an unreleased ftwheel, which has no commit to pin"
        return Value(text=f"{ACTION}@v{version}", comment=comment)
    if not _COMMIT.fullmatch(commit):
        raise InputError(f"{commit!r} is not the hash of a commit", hint="give 40 hexadecimal digits")
    return Value(text=f"{ACTION}@{commit}", comment=f"v{version}")


def pins(template: str) -> dict[str, Value]:
    """The actions that a template uses, by their names without the owner: each pinned, with its release behind."""
    found = re.findall(r"uses: ([\w-]+/([\w-]+)@[0-9a-f]{40}) # (\S+)", template)
    return {name: Value(text=text, comment=release) for text, name, release in found}


def placeholders(template: str) -> tuple[str, ...]:
    """The names that a template wants values for, sorted."""
    return tuple(sorted(set(_PLACEHOLDER.findall(template))))


def render(template: str, values: Mapping[str, str | Value]) -> str:
    """The template with every placeholder replaced.

    Raises ValueError for a name that is in one of the two but not in the other, and for a placeholder that is not a
    whole value (both are mistakes in ftwheel, not of its user); InputError for a value that no workflow can hold.
    """
    wanted = placeholders(template)
    if tuple(sorted(values)) != wanted:
        raise ValueError(f"the template wants {_listed(wanted)}, given was {_listed(values)}")
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
            f"{name}: {whole.text!r} cannot stand in a workflow",
            hint="leave out control characters and ${{, which GitHub would evaluate",
        )
    return scalar(whole)


def scalar(whole: Value) -> str:
    """The YAML scalar that reads back as a value, quoted where it has to be, with its comment."""
    plain = _PLAIN.fullmatch(whole.text) and whole.text.lower() not in _WORDS
    scalar = whole.text if plain else json.dumps(whole.text, ensure_ascii=False)
    return f"{scalar} # {whole.comment}" if whole.comment else scalar
