"""What it costs to start: Python alone, ``ftwheel --version`` and ``--help``, and other programs of the field.

Processor time of whole processes, which take turns. Run it with ``python3 dev.py bench -- start``.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from results import keep

ROUNDS = 15
TOOLS = ("auditwheel", "abi3audit", "cibuildwheel")


def processor(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(["uv", "venv", "--quiet", "--python", sys.executable, place], check=True)
        scripts = Path(place) / ("Scripts" if os.name == "nt" else "bin")
        subprocess.run(["uv", "pip", "install", "--quiet", "--python", str(scripts / "python"), *TOOLS], check=True)
        commands = {"python -c pass": [sys.executable, "-c", "pass"]}
        for arguments in (["--version"], ["--help"], ["check", "--help"], ["check", "--explain", "FTW401"]):
            commands[" ".join(["ftwheel", *arguments])] = [sys.executable, "-m", "ftwheel", *arguments]
        commands |= {f"{tool} --help": [str(scripts / tool), "--help"] for tool in TOOLS}
        taken: dict[str, list[float]] = {label: [] for label in commands}
        for number in range(ROUNDS + 1):
            for label, command in commands.items():
                seconds = processor(command)
                if number:  # the first round fills caches
                    taken[label].append(seconds)
    medians = {label: statistics.median(each) for label, each in taken.items()}
    for label, seconds in medians.items():
        print(f"{label:32} {seconds * 1e3:7.1f} ms  {seconds / medians['python -c pass']:5.2f} times python -c pass")
    keep("start", "Starting", medians, base="python -c pass", what="Processor time")


if __name__ == "__main__":
    main()
