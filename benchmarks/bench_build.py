"""Time ``ftwheel build`` of the setuptools example against what people type today, in one run.

Run it with ``python3 dev.py bench -- build``.

Every contender makes both halves with the same two interpreters from a fresh copy of the example: ``ftwheel build`` at
once, repaired, compared and imported; ``uv build --wheel`` and ``python -m build --wheel`` one after the other and
nothing else. The contenders take turns, so that a slow minute of the machine hits all of them, and the medians are
compared. Two rounds before fill the caches of all: ftwheel keeps bytecode of setuptools from the second build on.
FTWHEEL_PYTHON and FTWHEEL_PYTHON_FT name the interpreters, as in the tests.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from results import install_peers, keep, parse

from ftwheel.io.system.virtual_environments import find_uv

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "setuptools-c"
ROUNDS = 3
# Bytecode makes every contender faster, and is on where people build.
ENVIRON = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def run(*command: str | Path) -> None:
    done = subprocess.run(command, env=ENVIRON, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")


def seconds(contender: Callable[[Path, Path], None], place: Path, *, wheels: int) -> float:
    """The wall time of making the wheels from a fresh copy of the example."""
    shutil.rmtree(place, ignore_errors=True)
    source, out = place / "example", place / "out"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("build", "dist", "*.egg-info"))
    start = time.perf_counter()
    contender(source, out)
    taken = time.perf_counter() - start
    if len(list(out.glob("*.whl"))) != wheels:
        sys.exit(f"{out}: not {wheels} wheels")
    return taken


def main() -> None:
    arguments = parse(__doc__)
    rounds = 1 if arguments.short else ROUNDS
    try:
        pythons = [os.environ["FTWHEEL_PYTHON"], os.environ["FTWHEEL_PYTHON_FT"]]
    except KeyError as error:
        sys.exit(f"{error.args[0]} is not set: it names one of the two interpreters")
    if arguments.short:
        del pythons[0]
    uv = find_uv()
    if uv is None:
        sys.exit("no uv to compare with: pip install uv")
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        peers = [install_peers(place / f"env{number}", "build", python=each) for number, each in enumerate(pythons)]
        frontends = [scripts / "python" for scripts, _ in peers]

        def with_ftwheel(source: Path, out: Path) -> None:
            run(sys.executable, "-m", "ftwheel", "build", source, "--python", ",".join(pythons), "-o", out)

        def with_uv(source: Path, out: Path) -> None:
            for python in pythons:
                run(uv, "build", "--wheel", "--python", python, "--out-dir", out, source)

        def with_build(source: Path, out: Path) -> None:
            for python in frontends:
                run(python, "-m", "build", "--wheel", "--outdir", out, source)

        contenders = {"ftwheel build": with_ftwheel, "uv build, twice": with_uv, "python -m build, twice": with_build}
        times: dict[str, list[float]] = {name: [] for name in contenders}
        for number in range(1 if arguments.short else -1, rounds + 1):
            for label, contender in contenders.items():
                taken = seconds(contender, place / "work", wheels=len(pythons))
                if number > 0:
                    times[label].append(taken)
    medians = {label: statistics.median(taken) for label, taken in times.items()}
    for label, taken in times.items():
        ratio = medians[label] / medians["uv build, twice"]
        print(f"{label:22} {medians[label]:6.2f} s  ({min(taken):.2f} to {max(taken):.2f})  {ratio:.2f}")
    said = subprocess.run([uv, "--version"], check=True, capture_output=True, text=True).stdout
    versions = {"uv": said.split()[1]} | peers[0][1]
    what = f"Time on the clock, median of {rounds}"
    keep(arguments.results, "build", "Building a pair", medians, base="uv build, twice", what=what, versions=versions)


if __name__ == "__main__":
    main()
