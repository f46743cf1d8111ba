"""How many milliseconds the wrapper adds to a hook of the wrapped backend, on both interpreters.

Each hook runs in a fresh process, as a frontend runs it. The same run gives both figures: the processor time of the
whole call, and the part of it that passed inside the wrapped backend; the difference is the wrapper's, its imports
included. (Two processes to compare would differ by more than that difference on any machine that does something else.)
Prints a table and, with ``--json``, the figures; exit code 1 when a hook costs more than the aim.

Run it through ``python3 dev.py bench -- hooks``, or with FTWHEEL_PYTHON and FTWHEEL_PYTHON_FT set.
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
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from results import keep

from support.backend import SOURCE, c_source, environment, project

AIM = 30.0  # milliseconds a hook, added to the wrapped backend's
HOOKS = ("build_wheel", "build_editable", "build_sdist", "get_requires_for_build_wheel")
SETUP = """
from setuptools import Extension, setup
setup(packages=["demo"], ext_modules=[Extension("demo._ext", ["ext.c"])])
"""
# The backend is imported first: the frontend would import it without the wrapper too.
RUN = """
import json, sys, time
import setuptools.build_meta as wrapped
hook, arguments = sys.argv[1], sys.argv[2:]
original, inside = getattr(wrapped, hook), []
def timed(*arguments):
    begin = time.process_time()
    try:
        return original(*arguments)
    finally:
        inside.append(time.process_time() - begin)
setattr(wrapped, hook, timed)
begin = time.process_time()
import ftwheel_build
getattr(ftwheel_build, hook)(*arguments)
whole = time.process_time() - begin
print("\\n" + json.dumps([whole, sum(inside)]))
"""


def measure(python: Path, source: Path, hook: str, rounds: int) -> dict[str, float]:
    """Median milliseconds of processor time: inside the wrapped backend, and added to that."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    wrapped, added = [], []
    for number in range(rounds + 1):
        for left in ("build", "out", "demo.egg-info"):
            shutil.rmtree(source / left, ignore_errors=True)
        (source / "out").mkdir()
        command = [str(python), "-c", RUN, hook, *([] if hook.startswith("get_") else ["out"])]
        output = subprocess.check_output(
            command, cwd=source, env=env | {"PYTHONPATH": str(SOURCE)}, stderr=subprocess.DEVNULL, text=True
        )
        whole, inside = json.loads(output.splitlines()[-1])
        if number:  # the first round writes byte code
            wrapped.append(1000 * inside)
            added.append(1000 * (whole - inside))
    return {"wrapped": statistics.median(wrapped), "added": statistics.median(added)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    files = {"setup.py": SETUP, "ext.c": c_source(), "demo/__init__.py": ""}
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for build, variable in (("default", "FTWHEEL_PYTHON"), ("free-threaded", "FTWHEEL_PYTHON_FT")):
            python = environment(Path(folder) / "shared", os.environ[variable])
            source = project(Path(folder) / build, "setuptools.build_meta", files)
            for hook in HOOKS:
                results[f"{build} {hook}"] = measure(python, source, hook, arguments.rounds)
    if arguments.json:
        print(json.dumps(results, indent=2))
    else:
        print(f"{'processor time, ms, median':44}{'setuptools':>12}{'ftwheel-build adds':>20}")
        for name, row in results.items():
            print(f"{name:44}{row['wrapped']:12.0f}{row['added']:20.1f}")
    figures = {"the hook of setuptools": 0.0, "ftwheel-build adds": 0.0}
    for row in results.values():
        figures = {
            label: max(figures[label], row[key] / 1e3)
            for label, key in (("the hook of setuptools", "wrapped"), ("ftwheel-build adds", "added"))
        }
    keep("hooks", "A hook of the build backend, at most", figures, base="the hook of setuptools", what="Processor time")
    worst = max(row["added"] for row in results.values())
    print(f"adds at most {worst:.1f} ms a hook, wanted at most {AIM:.0f}", file=sys.stderr)
    return int(worst > AIM)


if __name__ == "__main__":
    raise SystemExit(main())
