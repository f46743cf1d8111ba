"""Every benchmark runs to its end with the tools that it compares ftwheel with, and its figures have their place."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = ROOT / "benchmarks"
NAMES = sorted(path.stem.removeprefix("bench_") for path in BENCHMARKS.glob("bench_*.py"))
PEERS = {
    "binaries": {"abi3audit", "abi3t-doctor"},
    "build": {"build", "uv"},
    "check": {"abi3audit", "abi3t-doctor"},
    "missing": {"abi3t-doctor", "python-ft-deps", "uv"},
    "simulate": {"nab", "pip", "uv"},
    "start": {"abi3audit", "auditwheel", "cibuildwheel"},
}


@pytest.mark.network  # installs the tools
@pytest.mark.short
@pytest.mark.parametrize("name", NAMES)
def test_it_runs_and_keeps_its_figures(name: str, tmp_path: Path) -> None:
    command = [sys.executable, str(BENCHMARKS / f"bench_{name}.py"), "--short", "--results", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    results = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in tmp_path.iterdir()}
    assert set(results[name]["versions"]) == PEERS.get(name, set())
    for kept in results.values():
        assert kept["seconds"]
        assert set(kept["ratios"]) == (set(kept["seconds"]) if kept["base"] else set())
        assert all(set(column) == set(kept["seconds"]) for column in kept["more"].values())


def test_every_kept_figure_has_a_place_in_the_docs() -> None:
    pages = [path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")]
    places = [name for page in pages for name in re.findall(r"<!-- figures: (\S+) -->", page)]
    assert sorted(places) == sorted(path.stem for path in BENCHMARKS.glob("results/*.json"))
    assert {re.sub("-.*", "", name) for name in places} == set(NAMES)
