"""What is made from the model of ``[tool.ftwheel]``: the JSON schema for editors and the tables of the documentation.

``python -m ftwheel_build.schema`` prints the schema, which is kept in ``schema.json`` beside this module;
``python -m ftwheel_build.schema --markdown`` prints the tables.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from typing import Any

from ftwheel_build.config import Config, name_of

__all__ = ["json_schema", "markdown"]


def _text(metadata: Any) -> dict[str, Any]:
    if metadata["choices"]:
        return {"type": "string", "enum": list(metadata["choices"])}
    if metadata["pattern"]:
        return {"type": "string", "pattern": f"^{metadata['pattern']}$"}
    return {"type": "string"}


def _field(item: Field[Any]) -> dict[str, Any]:
    metadata = item.metadata
    kind = metadata["kind"]
    described: dict[str, Any] = {"description": metadata["doc"]}
    if kind == "text":
        default = {"default": item.default} if item.default else {}
        return {**described, **_text(metadata), **default}
    if kind == "texts":
        return {**described, "type": "array", "items": _text(metadata)}
    if kind == "settings":
        value = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
        return {**described, "type": "object", "additionalProperties": value}
    if kind == "words":
        return {
            **described,
            "type": "object",
            "propertyNames": {"pattern": f"^{metadata['pattern']}$"},
            "additionalProperties": {"type": "string", "enum": list(metadata["choices"])},
        }
    return {**described, **_model(metadata["model"])}


def _model(model: type[Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name_of(item.name): _field(item) for item in fields(model)},
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


def _lines(model: type[Any], table: str) -> Iterator[str]:
    yield f"## `[{table}]`\n"
    yield "| key | value | default | meaning |"
    yield "|---|---|---|---|"
    nested = []
    for item in fields(model):
        metadata = item.metadata
        if metadata["kind"] == "table":
            nested.append((metadata["model"], f"{table}.{name_of(item.name)}"))
            continue
        value = {
            "text": " or ".join(f"`{choice}`" for choice in metadata.get("choices", ())) or "string",
            "texts": "array of strings",
            "settings": "table of strings or arrays of strings",
            "words": "table of strings",
        }[metadata["kind"]]
        default = f"`{item.default}`" if item.default not in ("", (), MISSING) else "-"
        yield f"| `{name_of(item.name)}` | {value} | {default} | {metadata['doc']} |"
    yield ""
    for other, name in nested:
        yield from _lines(other, name)


def markdown() -> str:
    """The keys of every table, as Markdown."""
    return "\n".join(_lines(Config, "tool.ftwheel"))


if __name__ == "__main__":
    print(markdown() if "--markdown" in sys.argv[1:] else json_schema(), end="")
