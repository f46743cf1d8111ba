"""What is made from the model of ``[tool.ftwheel]``: the JSON schema for editors and the tables of the documentation.

``python -m ftwheel_build.schema`` prints the schema, which is kept in ``schema.json`` beside this module;
``python -m ftwheel_build.schema --markdown`` prints the tables.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from ftwheel_build.config import Config, Key, Table, name_of

__all__ = ["json_schema", "markdown"]


def _text(key: Key) -> dict[str, Any]:
    if key.choices:
        return {"type": "string", "enum": list(key.choices)}
    if key.pattern:
        return {"type": "string", "pattern": f"^{key.pattern}$"}
    return {"type": "string"}


def _key(key: Key) -> dict[str, Any]:
    described: dict[str, Any] = {"description": key.doc}
    if key.kind == "text":
        default = {"default": key.default} if key.default else {}
        return {**described, **_text(key), **default}
    if key.kind == "texts":
        return {**described, "type": "array", "items": _text(key)}
    if key.kind == "settings":
        value = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
        return {**described, "type": "object", "additionalProperties": value}
    if key.kind == "words":
        return {
            **described,
            "type": "object",
            "propertyNames": {"pattern": f"^{key.pattern}$"},
            "additionalProperties": {"type": "string", "enum": list(key.choices)},
        }
    return {**described, **_model(key.model)}


def _model(model: type[Table]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name_of(name): _key(key) for name, key in model.keys.items()},
    }


def json_schema() -> str:
    """The schema of the table ``[tool.ftwheel]``, as text."""
    document = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "[tool.ftwheel]",
        "description": "What ftwheel-build and ftwheel are told by a project",
        **_model(Config),
    }
    return json.dumps(document, indent=2) + "\n"


def _lines(model: type[Table], table: str) -> Iterator[str]:
    yield f"## `[{table}]`\n"
    yield "| key | value | default | meaning |"
    yield "|---|---|---|---|"
    nested = []
    for name, key in model.keys.items():
        if key.kind == "table":
            nested.append((key.model, f"{table}.{name_of(name)}"))
            continue
        value = {
            "text": " or ".join(f"`{choice}`" for choice in key.choices) or "string",
            "texts": "array of strings",
            "settings": "table of strings or arrays of strings",
            "words": "table of strings",
        }[key.kind]
        default = f"`{key.default}`" if key.default else "-"
        yield f"| `{name_of(name)}` | {value} | {default} | {key.doc} |"
    yield ""
    for other, name in nested:
        yield from _lines(other, name)


def markdown() -> str:
    """The keys of every table, as Markdown."""
    return "\n".join(_lines(Config, "tool.ftwheel"))


if __name__ == "__main__":
    print(markdown() if "--markdown" in sys.argv[1:] else json_schema(), end="")
