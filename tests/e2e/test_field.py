"""A dozen small projects of the field trial, each with the backend of another kind, through ``init``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = (
    "markupsafe",
    "frozenlist",
    "murmurhash",
    "argon2-cffi-bindings",
    "bcrypt",
    "charset-normalizer",
    "rpds-py",
    "contourpy",
    "levenshtein",
    "fnv-hash-fast",
    "tree-sitter-python",
    "tomlkit",
)


@pytest.mark.e2e
@pytest.mark.network
@pytest.mark.parametrize("name", NAMES)
def test_the_verdicts_of_a_project_are_as_expected(name: str, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "tools" / "field.py"), "--home", str(tmp_path), name]
    done = subprocess.run(command, env={**os.environ, "NO_COLOR": "1"}, capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()[-2:]) == (0, ["as", "expected"]), done.stdout + done.stderr
