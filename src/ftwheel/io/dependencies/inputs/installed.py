"""Reads installed distributions, or those to be installed: ``pip inspect``, ``pip install --report``, an interpreter.

Sources: pip's documentation, "pip inspect JSON output specification" and "Installation Report" (version 1 of both).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Any

from ftwheel.core.dependencies.inputs import Dependencies, PinnedVersion, UnindexedDependency
from ftwheel.core.errors import InputError
from ftwheel.core.index.page import normalized
from ftwheel.io.dependencies.inputs.entries import DIRECT, edges
from ftwheel.io.dependencies.inputs.reading import read_json, shown
from ftwheel.io.dependencies.inputs.tables import LockTable, entries

__all__ = ["read_inspection", "read_interpreter", "read_report"]

_VERSION = "1"
_SECONDS = 60.0
# Run by the interpreter itself, because it may have no pip. Shadowed copies later on the path do not count.
_PROGRAM = """
import json, sys
from importlib import metadata
found = {}
for each in metadata.distributions():
    name = each.metadata["Name"]
    if name and name.lower() not in found:
        direct = each.read_text("direct_url.json")
        found[name.lower()] = {
            "metadata": {"name": name, "version": each.version, "requires_dist": list(each.requires or ())},
            "requested": each.read_text("REQUESTED") is not None,
            **({"direct_url": json.loads(direct)} if direct else {}),
        }
sys.stdout.buffer.write(json.dumps({"version": "1", "installed": list(found.values())}).encode())
"""


def read_interpreter(executable: str) -> Dependencies:
    """The distributions on this interpreter's path. Raises InputError if it does not respond like Python."""
    path = os.path.abspath(shutil.which(executable) or executable)
    try:
        done = subprocess.run(
            [path, "-E", "-B", "-c", _PROGRAM],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=True,
            cwd=os.path.dirname(path),  # so that the current folder is not on its path
        )
    except (OSError, subprocess.SubprocessError) as error:
        from ftwheel.io.system.not_python import not_a_python

        raise not_a_python(executable, error) from None
    return read_inspection(executable, read_json(executable, done.stdout))


def read_inspection(path: str, document: object) -> Dependencies:
    """Read the output of ``pip inspect``. Raises InputError."""
    return _read(path, _known(path, document), "installed")


def read_report(path: str, document: object) -> Dependencies:
    """Read the output of ``pip install --report``. Raises InputError.

    The files in it are for the interpreter that pip ran in, and are not valid for others.
    """
    return _read(path, _known(path, document), "install")


def _known(path: str, document: object) -> LockTable:
    table: dict[str, Any] = document if isinstance(document, dict) else {}
    if table.get("version") != _VERSION:
        raise InputError(
            f"{path}: version {shown(repr(table.get('version')))} of the format; only {_VERSION} is supported",
            hint="is it from pip inspect, or pip install --report?",
        )
    return LockTable(table, path)


def _read(path: str, document: LockTable, key: str) -> Dependencies:
    pins, roots, set_aside = [], [], []
    for entry in entries(document.table.get(key), f"{path}: {key}"):
        metadata = LockTable(entry.table_at("metadata"), f"{entry.where}: metadata")
        name = normalized(metadata.name)
        if entry.table.get("requested"):
            roots.append(name)
        if entry.table.get("is_direct") or "direct_url" in entry.table:
            set_aside.append(UnindexedDependency(name=name, origin=entry.where, reason=DIRECT))
            continue
        pins.append(
            PinnedVersion(
                name=name,
                version=metadata.text("version"),
                origin=entry.where,
                requires=edges(metadata.list("requires_dist"), entry.where),
            )
        )
    if len(roots) == len(pins) + len(set_aside):
        roots = []  # uv marks everything it installs as requested, so the mark means nothing
    return Dependencies(
        label=path,
        resolved=True,
        pins=tuple(pins),
        roots=tuple(dict.fromkeys(roots)),
        set_aside=tuple(set_aside),
    )
