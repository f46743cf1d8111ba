"""How many milliseconds the wrapper adds to a hook of the wrapped backend, on both interpreters.

Each hook runs in a fresh process, as a frontend runs it. The same run gives both figures: the processor time of the
whole call, and the part of it that passed inside the wrapped backend; the difference is the wrapper's, its imports
included. (Two processes to compare would differ by more than that difference on any machine that does something else.)

Run it with ``python3 dev.py bench -- hooks``, or with FTWHEEL_PYTHON and FTWHEEL_PYTHON_FT set.
"""

from __future__ import annotations

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

from results import keep, parse

from support.backend import SOURCE, c_source, environment, project

ROUNDS = 5
HOOKS = ("build_wheel", "build_editable", "build_sdist", "get_requires_for_build_wheel")
SETUP = """
from setuptools import Extension, setup
setup(packages=["demo"], ext_modules=[Extension("demo._ext", ["ext.c"])])
"""
# What a hook of setuptools loads in any case is loaded first, as the wrapper's use of it adds nothing: the backend,
# tomllib for pyproject.toml, and sysconfig's variables.
RUN = """
import json, sys, sysconfig, time, tomllib
sysconfig.get_config_vars()
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


def main() -> None:
    arguments = parse(__doc__)
    rounds, hooks = (1, HOOKS[-1:]) if arguments.short else (ROUNDS, HOOKS)
    files = {"setup.py": SETUP, "ext.c": c_source(), "demo/__init__.py": ""}
    figures: dict[str, float] = {}
    wrapped: dict[str, float] = {}
    print(f"{'processor time, ms, median':44}{'setuptools':>12}{'ftwheel-build adds':>20}")
    with tempfile.TemporaryDirectory() as folder:
        for build, variable in (("default", "FTWHEEL_PYTHON"), ("free-threaded", "FTWHEEL_PYTHON_FT")):
            python = environment(Path(folder) / "shared", os.environ[variable])
            source = project(Path(folder) / build, "setuptools.build_meta", files)
            for hook in hooks:
                row = measure(python, source, hook, rounds)
                print(f"{f'{build} {hook}':44}{row['wrapped']:12.0f}{row['added']:20.1f}", flush=True)
                label = f"{hook}, {build} build"
                figures[label], wrapped[label] = row["added"] / 1e3, row["wrapped"]
    title, what = "What ftwheel-build adds to a hook", f"Processor time, median of {rounds}"
    keep(arguments.results, "hooks", title, figures, what=what, more={"ms of setuptools itself": wrapped})


if __name__ == "__main__":
    main()
