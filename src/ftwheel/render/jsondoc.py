"""The JSON that commands print: one object, with the version of its schema first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TextIO

__all__ = ["SCHEMA_VERSION", "write_document"]

SCHEMA_VERSION = 1  # raised when a key changes its meaning or is removed, not when one is added


def write_document(body: Mapping[str, Any], out: TextIO) -> None:
    """Write ``body`` as one indented object; non-ASCII text is escaped, so any output encoding works."""
    json.dump({"schema_version": SCHEMA_VERSION, **body}, out, indent=2, ensure_ascii=True)
    out.write("\n")
