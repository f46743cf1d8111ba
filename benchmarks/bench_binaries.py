"""Time reading compiled modules: merely decompressing, level 1, both levels, and two other tools, on the same wheels.

Run it with ``python3 dev.py bench -- binaries``, on your own wheels as ``python benchmarks/bench_binaries.py FOLDER``.
Otherwise a few come from the configured index, and so do the other tools. Every measurement is a process of its own;
the runs take turns, the fastest of each counts, and processor time is what is compared, as other work on the machine
changes it least.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from results import install_peers, keep, parse

ROUNDS = 3
WHEELS = ("contourpy==1.3.3", "kiwisolver==1.5.0", "numpy==2.4.6", "pillow==12.2.0", "scipy==1.17.1", "shapely==2.1.2")
TOOLS = ("abi3audit", "abi3t-doctor")
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


def download(folder: Path, releases: Sequence[str]) -> None:
    """Get wheels for the free-threaded build of 3.13 on Linux."""
    platforms = [part for platform in PLATFORMS for part in ("--platform", platform)]
    pip = ["uv", "tool", "run", "--quiet", "pip"]  # uv cannot download, and its environments have no pip
    command = [*pip, "download", "--quiet", "--no-deps", "--only-binary", ":all:", *platforms]
    command += ["--python-version", "313", "--implementation", "cp", "--abi", "cp313t"]
    subprocess.run([*command, "--dest", folder, *releases], check=True)


def cpu_seconds(command: list[str]) -> float:
    """User and system time of one process; what it prints and how it ends does not matter."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    arguments = parse(__doc__, wheels=True)
    rounds = 1 if arguments.short else ROUNDS
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        folder = arguments.wheels or scratch / "wheels"
        if not arguments.wheels:
            download(folder, WHEELS[:1] if arguments.short else WHEELS)
        wheels = sorted(str(path) for path in folder.glob("*.whl"))
        scripts, versions = install_peers(scratch / "tools", *TOOLS)
        python = sys.executable
        commands = {
            "decompress": [python, "-c", _DECOMPRESS, *wheels],
            "ftwheel, level 1": [python, "-c", _READ, "1", *wheels],
            "ftwheel, both levels": [python, "-c", _READ, "2", *wheels],
            "abi3t-doctor": [str(scripts / "abi3t-doctor"), "wheel", *wheels],
            "abi3audit": [str(scripts / "abi3audit"), "--assume-minimum-abi3", "3.2", *wheels],
        }
        best = dict.fromkeys(commands, float("inf"))
        for _ in range(rounds):
            for label, command in commands.items():
                best[label] = min(best[label], cpu_seconds(command))
        size = sum(info.file_size for path in wheels for info in zipfile.ZipFile(path).infolist())
        print(f"{len(wheels)} wheels, {size / 1e6:.0f} MB unpacked; processor seconds, fastest of {rounds}")
        for label, seconds in best.items():
            print(f"{label:20} {seconds:7.2f}   {seconds / best['decompress']:5.2f} times decompressing")
        title = f"Reading the modules of {len(wheels)} wheels with {size / 1e6:.0f} MB unpacked"
        what = f"Processor time, fastest of {rounds}"
        keep(arguments.results, "binaries", title, best, base="decompress", what=what, versions=versions)


if __name__ == "__main__":
    main()
