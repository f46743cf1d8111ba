"""Reads and writes the findings that a project accepts: codes of ``ftwheel verify`` with targets or files."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from ftwheel.core.errors import ConfigurationError, InputError
from ftwheel.io.system.texts import read_text
from ftwheel.io.system.writing import write_text

__all__ = ["read_baseline", "write_baseline"]

_SCHEMA_VERSION = 1


def read_baseline(path: Path) -> frozenset[tuple[str, str]]:
    """Read the accepted findings, as pairs of a code and a target or file.

    Raises InputError if the file cannot be read, ConfigurationError if it is not a baseline.
    """
    try:
        document = json.loads(read_text(path, most=16 << 20))
        if document["schema_version"] != _SCHEMA_VERSION:
            raise ConfigurationError(f"{path}: schema version {document['schema_version']}, expected {_SCHEMA_VERSION}")
        return frozenset((str(code), str(one)) for code, accepted in document["accepted"].items() for one in accepted)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror})", hint="create one with ftwheel verify --write-baseline FILE"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"{path}: not a baseline ({type(error).__name__})",
            hint="create one with ftwheel verify --write-baseline FILE",
        ) from error


def write_baseline(path: Path, accepted: Iterable[tuple[str, str]]) -> None:
    """Write the accepted findings, sorted. Raises InputError if the file cannot be written."""
    by_code: dict[str, list[str]] = defaultdict(list)
    for code, one in sorted(set(accepted)):
        by_code[code].append(one)
    text = json.dumps({"schema_version": _SCHEMA_VERSION, "accepted": by_code}, indent=2) + "\n"
    write_text(path, text)
