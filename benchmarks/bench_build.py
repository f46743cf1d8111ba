"""Time ``ftwheel build`` of the setuptools example against what people type today, in one run.

    python benchmarks/bench_build.py [--rounds N] [--json FILE]

Every contender makes both halves with the same two interpreters from a fresh copy of the example: ``ftwheel build`` at
once, repaired, compared and imported; ``uv build --wheel`` and ``python -m build --wheel`` one after the other and
nothing else. The contenders take turns, so that a slow minute of the machine hits all of them, and the medians are
compared. One round before fills the caches of all. FTWHEEL_PYTHON and FTWHEEL_PYTHON_FT name the interpreters, as in
the tests.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from results import keep

from ftwheel.io.system.virtual_environments import find_uv

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "setuptools-c"
AIMS = {"uv build": 0.8, "python -m build": 0.4}
# Bytecode makes every contender faster, and is on where people build.
ENVIRON = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def run(*command: str | Path) -> None:
    done = subprocess.run(command, env=ENVIRON, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")


def seconds(contender: Callable[[Path, Path], None], place: Path) -> float:
    """The wall time of making both halves from a fresh copy of the example."""
    shutil.rmtree(place, ignore_errors=True)
    source, out = place / "example", place / "out"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("build", "dist", "*.egg-info"))
    start = time.perf_counter()
    contender(source, out)
    taken = time.perf_counter() - start
    if len(list(out.glob("*.whl"))) != 2:
        sys.exit(f"{out}: not two wheels")
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description="Time ftwheel build against uv build and python -m build.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the figures to a file too")
    arguments = parser.parse_args()
    try:
        pythons = [os.environ["FTWHEEL_PYTHON"], os.environ["FTWHEEL_PYTHON_FT"]]
    except KeyError as error:
        sys.exit(f"{error.args[0]} is not set: it names one of the two interpreters")
    uv = find_uv()
    if uv is None:
        sys.exit("no uv to compare with: pip install uv")
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        frontends = []
        for number, python in enumerate(pythons):
            run(uv, "venv", "--quiet", "--python", python, place / f"env{number}")
            frontends.append(place / f"env{number}" / ("Scripts" if sys.platform == "win32" else "bin") / "python")
            run(uv, "pip", "install", "--quiet", "--python", frontends[-1], "build")

        def with_ftwheel(source: Path, out: Path) -> None:
            run(sys.executable, "-m", "ftwheel", "build", source, "--python", ",".join(pythons), "-o", out)

        def with_uv(source: Path, out: Path) -> None:
            for python in pythons:
                run(uv, "build", "--wheel", "--python", python, "--out-dir", out, source)

        def with_build(source: Path, out: Path) -> None:
            for python in frontends:
                run(python, "-m", "build", "--wheel", "--outdir", out, source)

        contenders = {"ftwheel build": with_ftwheel, "uv build": with_uv, "python -m build": with_build}
        times: dict[str, list[float]] = {name: [] for name in contenders}
        for number in range(arguments.rounds + 1):
            for label, contender in contenders.items():
                taken = seconds(contender, place / "work")
                if number:
                    times[label].append(taken)
    medians = {label: statistics.median(taken) for label, taken in times.items()}
    ratios = {label: medians["ftwheel build"] / medians[label] for label in AIMS}
    for label, taken in times.items():
        print(f"{label:16} {medians[label]:6.2f} s  ({min(taken):.2f} to {max(taken):.2f})")
    for label, aim in AIMS.items():
        print(f"ftwheel build takes {ratios[label]:.2f} of two {label} (aim: at most {aim})")
    keep("build", "Building a pair", medians, base="uv build", what="Time on the clock")
    if arguments.json:
        arguments.json.write_text(json.dumps({"seconds": times, "medians": medians, "ratios": ratios}, indent=2) + "\n")


if __name__ == "__main__":
    main()
