"""A benchmark runs to its end, with the tools that it compares ftwheel with."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.images import Spec, elf
from support.wheels import make_wheel

ROOT = Path(__file__).resolve().parents[2]
NAME = "pkg-1.0-cp313-cp313t-manylinux_2_17_x86_64.whl"


@pytest.mark.network  # installs the tools
@pytest.mark.short
def test_readers_of_binaries_are_compared(tmp_path: Path) -> None:
    make_wheel(tmp_path, NAME, {"pkg/_ext.cpython-313t-x86_64-linux-gnu.so": elf(Spec(name="_ext"))})
    command = [sys.executable, str(ROOT / "benchmarks" / "bench_binaries.py"), str(tmp_path)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert said.startswith("1 wheels, ")
    rows = re.findall(r"^(\S.*?) +\d+\.\d+ +\d+\.\d+ times decompressing$", said, re.MULTILINE)
    assert rows == ["decompress", "level 1", "both levels", "abi3t-doctor", "abi3audit"]
