"""The JSON that commands print: one object, with the version of its schema first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TextIO

__all__ = ["SCHEMA_VERSION", "write_document", "write_json"]

SCHEMA_VERSION = 1  # raised when a key changes its meaning or is removed, not when one is added


def write_document(body: Mapping[str, Any], out: TextIO) -> None:
    """Write ``body`` as one indented object."""
    write_json({"schema_version": SCHEMA_VERSION, **body}, out)


def write_json(document: Mapping[str, Any], out: TextIO) -> None:
    """Write any JSON, with ``##[`` and non-ASCII text escaped: it is no workflow command, in any output encoding."""
    out.write(json.dumps(document, indent=2).replace("##[", "#\\u0023[") + "\n")
