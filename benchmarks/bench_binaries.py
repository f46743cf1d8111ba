"""Time reading compiled modules: merely decompressing, level 1, both levels, and two other tools, on the same wheels.

``python benchmarks/bench_binaries.py [FOLDER]``: FOLDER holds wheels; without it a few are got from the configured
index. The other tools are installed from there too, into a throw-away environment. Every measurement is a process
of its own; the runs take turns, the fastest of each counts, and CPU time is what is compared, as other work on the
machine changes it least.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from results import keep

ROUNDS = 3
WHEELS = ("contourpy==1.3.3", "kiwisolver==1.5.0", "numpy==2.4.6", "pillow==12.2.0", "scipy==1.17.1", "shapely==2.1.2")
TOOLS = ("abi3audit==0.0.26", "abi3t-doctor==0.1.0")
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")

_DECOMPRESS = """
import sys, zipfile
for path in sys.argv[1:]:
    with zipfile.ZipFile(path) as wheel:
        for name in wheel.namelist():
            if name.endswith((".so", ".pyd", ".dll", ".dylib")) or ".so." in name:
                wheel.read(name)
"""
_READ = """
import sys, zipfile
from ftwheel.io.binaries import read_extension
for path in sys.argv[2:]:
    with zipfile.ZipFile(path) as wheel:
        for name in wheel.namelist():
            if name.endswith((".so", ".pyd", ".dll", ".dylib")) or ".so." in name:
                read_extension(wheel.read(name), name, level2=sys.argv[1] == "2")
"""


def download(folder: Path) -> None:
    """Get the wheels of WHEELS for the free-threaded build of 3.13 on Linux."""
    platforms = [part for platform in PLATFORMS for part in ("--platform", platform)]
    pip = [
        "uv",
        "tool",
        "run",
        "--quiet",
        "--from",
        "pip",
        "pip",
    ]  # uv cannot download, and its environments have no pip
    command = [*pip, "download", "--quiet", "--no-deps", "--only-binary", ":all:", *platforms]
    command += ["--python-version", "313", "--implementation", "cp", "--abi", "cp313t", "--dest", str(folder), *WHEELS]
    subprocess.run(command, check=True)


def cpu_seconds(command: list[str]) -> float:
    """User and system time of one process; what it prints and how it ends does not matter."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else scratch / "wheels"
        if len(sys.argv) == 1:
            download(folder)
        wheels = sorted(str(path) for path in folder.glob("*.whl"))
        subprocess.run(["uv", "venv", "--quiet", "--python", sys.executable, str(scratch / "tools")], check=True)
        scripts = scratch / "tools" / ("Scripts" if os.name == "nt" else "bin")
        subprocess.run(["uv", "pip", "install", "--quiet", "--python", str(scripts / "python"), *TOOLS], check=True)
        python = sys.executable
        commands = {
            "decompress": [python, "-c", _DECOMPRESS, *wheels],
            "level 1": [python, "-c", _READ, "1", *wheels],
            "both levels": [python, "-c", _READ, "2", *wheels],
            "abi3t-doctor": [str(scripts / "abi3t-doctor"), "wheel", *wheels],
            "abi3audit": [str(scripts / "abi3audit"), "--assume-minimum-abi3", "3.2", *wheels],
        }
        best = dict.fromkeys(commands, float("inf"))
        for _ in range(ROUNDS):
            for label, command in commands.items():
                best[label] = min(best[label], cpu_seconds(command))
        size = sum(info.file_size for path in wheels for info in zipfile.ZipFile(path).infolist())
        print(f"{len(wheels)} wheels, {size / 1e6:.0f} MB unpacked; CPU seconds, fastest of {ROUNDS}")
        for label, seconds in best.items():
            print(f"{label:14} {seconds:7.2f}   {seconds / best['decompress']:5.2f} times decompressing")
        if len(sys.argv) == 1:
            keep("binaries", "Reading compiled modules", best, base="decompress", what="Processor time")


if __name__ == "__main__":
    main()
