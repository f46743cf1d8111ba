"""What it costs to start: Python alone, ``ftwheel --version`` and ``--help``, and other programs of the field.

Processor time of whole processes, which take turns. Run it with ``python3 dev.py bench -- start``.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from results import install_peers, keep, parse

ROUNDS = 9
TOOLS = ("auditwheel", "abi3audit", "cibuildwheel")


def processor(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    arguments = parse(__doc__)
    rounds = 1 if arguments.short else ROUNDS
    with tempfile.TemporaryDirectory() as place:
        scripts, versions = install_peers(Path(place), *TOOLS)
        commands = {"python -c pass": [sys.executable, "-c", "pass"]}
        for words in (["--version"], ["--help"], ["check", "--help"], ["check", "--explain", "FTW401"]):
            commands[" ".join(["ftwheel", *words])] = [sys.executable, "-m", "ftwheel", *words]
        commands |= {f"{tool} --help": [str(scripts / tool), "--help"] for tool in TOOLS}
        taken: dict[str, list[float]] = {label: [] for label in commands}
        for number in range(1 if arguments.short else 0, rounds + 1):
            for label, command in commands.items():
                seconds = processor(command)
                if number:  # the first round fills caches
                    taken[label].append(seconds)
    medians = {label: statistics.median(each) for label, each in taken.items()}
    for label, seconds in medians.items():
        print(f"{label:32} {seconds * 1e3:7.1f} ms  {seconds / medians['python -c pass']:5.2f} times python -c pass")
    what = f"Processor time, median of {rounds}"
    keep(arguments.results, "start", "Starting", medians, base="python -c pass", what=what, versions=versions)


if __name__ == "__main__":
    main()
