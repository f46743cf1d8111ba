"""The threat-model page names a test for each line; the tests exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_line_has_a_test_that_exists() -> None:
    text = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)` \|$", text, re.MULTILINE)
    heads = ("| what", "| inputs", "|---")
    rows = [line for line in text.splitlines() if line.startswith("| ") and line.count("|") == 4]
    assert len(named) == len([row for row in rows if not row.startswith(heads)]) > 20
    for file, test in named:
        assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"), (file, test)
